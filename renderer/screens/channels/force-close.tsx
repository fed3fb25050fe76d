import { Fragment, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Segments, Toggle } from '../../components/choice.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { Problem } from '../../components/problem.tsx';
import { SPEEDS, type Speed } from '../../components/speed-choice.tsx';
import { groups } from '../../format/amounts.ts';
import { dateOfHeight } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import type { Channel } from './channel-tag.tsx';
import { type At, sumsOf } from './closing-sums.ts';
import { whenOf } from './when.ts';

type Preview = Answer<'channel.previewForceClose'>;
type Close = Preview['previews'][number];
type Planned = Close['transactions'][number];

/** Where each speed stands among the three rates of a preview. */
const AT: Readonly<Record<Speed, At>> = { slow: 0, normal: 1, fast: 2 };

interface ForceCloseProps {
  readonly channel: Channel;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** What closing without the peer would do, shown before it can be done. */
export function ForceClose({ channel, isOpen, onClose, onConfirm }: ForceCloseProps) {
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
      {isOpen && <Outlook channel={channel} />}
      <Toggle isOn={isSure} onChange={setSure}>
        {t('close.force.sure')}
      </Toggle>
    </Dialog>
  );
}

function Outlook({ channel }: { readonly channel: Channel }) {
  const { t } = useI18n();
  const { channelId } = channel;
  const { value, error } = useAnswer('channel.previewForceClose', { channelId, commitment: 'ours' }, ['channel.updated', 'chain.updated']);
  const [speed, setSpeed] = useState<Speed>('normal');
  const [close] = value?.previews ?? [];
  if (!value || !close) return error ? <Problem error={error} /> : <Skeleton />;
  const at = AT[speed];
  return (
    <>
      <Segments label={t('preview.rate')} value={speed} onChange={setSpeed} options={SPEEDS.map((one) => [one, <RateName key={one} speed={one} satPerVb={value.feeratesSatPerVb[AT[one]]} />] as const)} />
      <Sums channel={channel} preview={value} close={close} at={at} />
      <Transactions close={close} at={at} atHeight={value.atHeight} />
    </>
  );
}

function RateName({ speed, satPerVb }: { readonly speed: Speed; readonly satPerVb: number }) {
  const { t, language } = useI18n();
  return (
    <>
      {t(`speed.${speed}`)} <span className="faint">{`\u2009${t('payChain.rate.value', { rate: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(satPerVb) })}`}</span>
    </>
  );
}

/** From the share to what comes back, line by line, and when. */
function Sums({ channel, preview, close, at }: { readonly channel: Channel; readonly preview: Preview; readonly close: Close; readonly at: At }) {
  const { t, language } = useI18n();
  const { commitmentNumber, summary, htlcs } = close;
  const { value } = useAnswer('channel.states', { channelId: channel.channelId, from: commitmentNumber, limit: 1 }, ['channel.updated']);
  const state = value?.states.find(({ number }) => number === commitmentNumber)?.ours;
  const lines = sumsOf(channel, close, state && state.ourMsat / 1000n, at);
  const height = summary.backAtHeight[at];
  return (
    <>
      <dl className="facts sums">
        {lines.map(({ key, sat }) => (
          <Fragment key={key}>
            <dt>{t(`preview.sum.${key}`)}</dt>
            <dd>
              <Amount sat={sat} />
            </dd>
          </Fragment>
        ))}
        <dt>{t('preview.back')}</dt>
        <dd className="strong lead">
          <Amount sat={summary.backSat[at]} />
        </dd>
      </dl>
      <p>
        {height === null ? t('preview.never') : t('preview.when', whenOf(height, preview.atHeight, language))}
        {htlcs.length > 0 && <> {t('preview.htlcs', { count: htlcs.length })}</>}
      </p>
    </>
  );
}

/** Which line of a transaction's remarks is the one to show. */
const remarkOf = (planned: Planned, at: At): 'uneconomic' | 'unneeded' | 'signed' | 'preimage' | 'noPreimage' | 'none' =>
  !planned.neededAt[at] ? 'unneeded' : planned.uneconomicAt[at] ? 'uneconomic' : planned.htlc ? (planned.htlc.preimageKnown ? 'preimage' : 'noPreimage') : planned.label === 'commitment' ? 'signed' : 'none';

function Transactions({ close, at, atHeight }: { readonly close: Close; readonly at: At; readonly atHeight: number }) {
  const { t, language } = useI18n();
  const { shell } = useShell();
  const unit = shell.unit === 'sat' ? 'sat' : 'BTC';
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
            <th className="num">{t('preview.column.fee', { unit })}</th>
            <th className="num">{t('preview.column.brings', { unit })}</th>
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
                  {groups(BigInt(planned.confirmableAtHeight))} <span className="faint">· {dateOfHeight(planned.confirmableAtHeight, atHeight, language)}</span>
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
