import { Fragment } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Card } from '../../components/card.tsx';
import { useI18n } from '../../i18n/context.ts';
import type { Money, MoneyLine } from './money.ts';

const GROUPS = ['ready', 'later', 'held'] as const;
const SWATCH = { local: 'sw-local', remote: 'sw-remote', inflight: 'sw-inflight', onchain: 'sw-onchain', reserve: 'sw-reserve', 'reserve-remote': 'sw-reserve-remote', 'onchain-later': 'sw-onchain-later' } as const;

function Line({ line, channels }: { readonly line: MoneyLine; readonly channels: number }) {
  const { t } = useI18n();
  return (
    <tr>
      <td>
        <span className="key">
          <span className={`swatch ${SWATCH[line.fill]}`} />
          {t(line.key, { channels })}
        </span>
      </td>
      <td>{t(line.when)}</td>
      <td>
        <Amount msat={line.msat} exact unit={false} />
      </td>
    </tr>
  );
}

/** Where everything is and when it can be used. */
export function Holdings({ money, channels }: { readonly money: Money; readonly channels: Answer<'channel.list'> | undefined }) {
  const { t } = useI18n();
  const open = channels?.filter(({ state, live }) => state === 'normal' && live).length ?? 0;
  return (
    <Card flush title={<>{t('home.where')} <Amount msat={money.totalMsat} /></>}>
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
            return (
              lines.length > 0 && (
                <Fragment key={group}>
                  <tr className="group">
                    <th colSpan={3} scope="rowgroup">
                      {t(`home.group.${group}`)}
                    </th>
                  </tr>
                  {lines.map((line) => (
                    <Line key={line.key} line={line} channels={open} />
                  ))}
                </Fragment>
              )
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={2}>{t('home.together')}</td>
            <td>
              <Amount msat={money.totalMsat} exact unit={false} />
            </td>
          </tr>
        </tfoot>
      </table>
    </Card>
  );
}
