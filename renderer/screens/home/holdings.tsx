import { Fragment } from 'react';
import { Amount } from '../../components/amount.tsx';
import { Card } from '../../components/card.tsx';
import { dateOfHeight } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Money, MoneyLine } from './money.ts';

const GROUPS = ['ready', 'later', 'held'] as const;
const SWATCH = { local: 'sw-local', remote: 'sw-remote', inflight: 'sw-inflight', onchain: 'sw-onchain', reserve: 'sw-reserve', 'reserve-remote': 'sw-reserve-remote', 'onchain-later': 'sw-onchain-later' } as const;

function Line({ line, tip }: { readonly line: MoneyLine; readonly tip: number | undefined }) {
  const { t, language } = useI18n();
  const waits = tip !== undefined && line.height !== undefined && line.height > tip + 1;
  return (
    <tr>
      <td>
        <span className="key">
          <span className={`swatch ${SWATCH[line.fill]}`} />
          {t(line.key, { channels: line.channels ?? 0 })}
        </span>
      </td>
      <td>{waits ? t('moneyWhen.about', { date: dateOfHeight(line.height ?? 0, tip ?? 0, language) }) : t(line.when)}</td>
      <td>
        <Amount msat={line.msat} exact unit={false} />
      </td>
    </tr>
  );
}

/** Of some channels nobody can say yet what is ours: said, and in no sum. */
function UnknownLine({ channels }: { readonly channels: number }) {
  const { t } = useI18n();
  return (
    <tr>
      <td>
        <span className="key">
          <span className={`swatch ${SWATCH['reserve-remote']}`} />
          {t('money.unknown', { channels })}
        </span>
      </td>
      <td>{t('moneyWhen.unknown')}</td>
      <td className="muted">{t('money.notKnown')}</td>
    </tr>
  );
}

/** Where everything is and when it can be used. */
export function Holdings({ money }: { readonly money: Money }) {
  const { t } = useI18n();
  const { value: info } = useAnswer('node.info', {}, ['chain.updated', 'peer.updated', 'channel.updated']);
  return (
    <Card flush title={<>{t(money.unknown > 0 ? 'home.where.known' : 'home.where')} <Amount msat={money.totalMsat} /></>}>
      <table className="table ledger">
        <thead className="visually-hidden">
          <tr>
            <th>{t('home.column.what')}</th>
            <th>{t('home.column.when')}</th>
            <th>{t('home.column.amount')}</th>
          </tr>
        </thead>
        <tbody>
          {GROUPS.map((group) => {
            const lines = money.lines.filter((line) => line.group === group);
            const hasUnknown = group === 'later' && money.unknown > 0;
            return (
              (lines.length > 0 || hasUnknown) && (
                <Fragment key={group}>
                  <tr className="group">
                    <th colSpan={3} scope="rowgroup">
                      {t(`home.group.${group}`)}
                    </th>
                  </tr>
                  {lines.map((line) => (
                    <Line key={line.key} line={line} tip={info?.chain?.height} />
                  ))}
                  {hasUnknown && <UnknownLine channels={money.unknown} />}
                </Fragment>
              )
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={2}>{t(money.unknown > 0 ? 'home.together.known' : 'home.together')}</td>
            <td>
              <Amount msat={money.totalMsat} exact unit={false} />
            </td>
          </tr>
        </tfoot>
      </table>
    </Card>
  );
}
