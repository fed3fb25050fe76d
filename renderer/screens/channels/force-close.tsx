import { useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Segments, Toggle } from '../../components/choice.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { Problem } from '../../components/problem.tsx';
import { groups } from '../../format/amounts.ts';
import { dateOfHeight } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';

type Preview = Answer<'channel.previewForceClose'>;
type Close = Preview['previews'][number];
type Planned = Close['transactions'][number];

const RATES = ['slow', 'normal', 'fast'] as const;
type Rate = (typeof RATES)[number];

interface ForceCloseProps {
  readonly channelId: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** What closing without the peer would do, shown before it can be done. */
export function ForceClose({ channelId, isOpen, onClose, onConfirm }: ForceCloseProps) {
  const { t } = useI18n();
  const [isSure, setSure] = useState(false);
  const end = (): void => {
    setSure(false);
    onClose();
  };
  return (
    <Dialog
      title={t('close.force.title')}
      isOpen={isOpen}
      onClose={end}
      alert
      wide
      actions={
        <>
          <Button look="primary" onPress={end}>
            {t('close.force.not')}
          </Button>
          <Button
            look="danger"
            isDisabled={!isSure}
            onPress={() => {
              end();
              onConfirm();
            }}
          >
            {t('close.force')}
          </Button>
        </>
      }
    >
      <p>{t('close.force.text')}</p>
      {isOpen && <Outlook channelId={channelId} />}
      <Toggle isOn={isSure} onChange={setSure}>
        {t('close.force.sure')}
      </Toggle>
    </Dialog>
  );
}

function Outlook({ channelId }: { readonly channelId: string }) {
  const { t } = useI18n();
  const { value, error } = useAnswer('channel.previewForceClose', { channelId, commitment: 'ours' }, ['channel.updated', 'chain.updated']);
  const [rate, setRate] = useState<Rate>('normal');
  const [close] = value?.previews ?? [];
  if (!value || !close) return error ? <Problem error={error} /> : <Skeleton />;
  const at = RATES.indexOf(rate) as 0 | 1 | 2;
  return (
    <>
      <Segments label={t('preview.rate')} value={rate} onChange={setRate} options={RATES.map((one, index) => [one, <RateName key={one} rate={one} satPerVb={value.feeratesSatPerVb[index] ?? 0} />] as const)} />
      <Sums preview={value} close={close} at={at} />
      <Transactions close={close} at={at} atHeight={value.atHeight} />
    </>
  );
}

function RateName({ rate, satPerVb }: { readonly rate: Rate; readonly satPerVb: number }) {
  const { t, language } = useI18n();
  return (
    <>
      {t(`speed.${rate}`)} <span className="faint">{`\u2009${t('payChain.rate.value', { rate: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(satPerVb) })}`}</span>
    </>
  );
}

function Sums({ preview, close, at }: { readonly preview: Preview; readonly close: Close; readonly at: 0 | 1 | 2 }) {
  const { t, language } = useI18n();
  const { backSat, backAtHeight, feesSat, leftSat, lostToDustSat } = close.summary;
  const height = backAtHeight[at];
  return (
    <dl className="facts preview-sums">
      <dt>{t('preview.back')}</dt>
      <dd className="strong lead">
        <Amount sat={backSat[at]} />
      </dd>
      <dt>{t('preview.when')}</dt>
      <dd>{height === null ? t('publish.nothing') : t('preview.when.value', { height: groups(BigInt(height)), blocks: height - preview.atHeight, date: dateOfHeight(height, preview.atHeight, language) })}</dd>
      <dt>{t('preview.fees')}</dt>
      <dd>
        <Amount sat={feesSat[at]} />
      </dd>
      {leftSat[at] > 0n && (
        <>
          <dt>{t('preview.left')}</dt>
          <dd>
            <Amount sat={leftSat[at]} /> <span className="faint">· {t('preview.left.text')}</span>
          </dd>
        </>
      )}
      {lostToDustSat > 0n && (
        <>
          <dt>{t('preview.dust')}</dt>
          <dd>
            <Amount sat={lostToDustSat} /> <span className="faint">· {t('preview.dust.text')}</span>
          </dd>
        </>
      )}
      {close.htlcs.length > 0 && (
        <>
          <dt>{t('preview.htlcs')}</dt>
          <dd>{t('preview.htlcs.text', { count: close.htlcs.length })}</dd>
        </>
      )}
    </dl>
  );
}

/** Which line of a transaction's remarks is the one to show. */
const remarkOf = (planned: Planned, at: 0 | 1 | 2): 'uneconomic' | 'unneeded' | 'signed' | 'preimage' | 'noPreimage' | 'none' =>
  !planned.neededAt[at] ? 'unneeded' : planned.uneconomicAt[at] ? 'uneconomic' : planned.htlc ? (planned.htlc.preimageKnown ? 'preimage' : 'noPreimage') : planned.label === 'commitment' ? 'signed' : 'none';

function Transactions({ close, at, atHeight }: { readonly close: Close; readonly at: 0 | 1 | 2; readonly atHeight: number }) {
  const { t, language } = useI18n();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="preview-table" tabIndex={0} role="region" aria-label={t('preview.transactions')}>
      <table className="table table-roomy">
        <caption className="visually-hidden">{t('preview.transactions')}</caption>
        <thead>
          <tr>
            <th>{t('preview.column.what')}</th>
            <th>{t('preview.column.by')}</th>
            <th>{t('preview.column.block')}</th>
            <th className="num">{t('preview.column.fee')}</th>
            <th className="num">{t('preview.column.brings')}</th>
            <th>{t('preview.column.remark')}</th>
          </tr>
        </thead>
        <tbody>
          {close.transactions.map((planned, index) => {
            const remark = remarkOf(planned, at);
            const isIdle = remark === 'uneconomic' || remark === 'unneeded';
            return (
              // oxlint-disable-next-line react/no-array-index-key -- the place is what others refer to
              <tr key={index} className={isIdle ? 'faint' : undefined}>
                <td className="nowrap">
                  {t(`preview.tx.${planned.label}`)}
                  {planned.htlc && <span className="faint"> · {t(`htlc.${planned.htlc.direction}`, { id: String(planned.htlc.id) })}</span>}
                </td>
                <td>{t(`preview.by.${planned.by}`)}</td>
                <td className="nowrap">
                  {groups(BigInt(planned.confirmableAtHeight))} <span className="faint">{dateOfHeight(planned.confirmableAtHeight, atHeight, language)}</span>
                </td>
                <td className="num">{isIdle ? '' : <Amount sat={planned.feeSat[at]} unit={false} />}</td>
                <td className="num">{planned.walletDeltaSat[at] === 0n ? '' : <Amount sat={planned.walletDeltaSat[at]} unit={false} />}</td>
                <td className="small">{remark === 'none' ? '' : t(`preview.remark.${remark}`)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
