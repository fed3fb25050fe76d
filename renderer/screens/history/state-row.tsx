import { memo } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Icon } from '../../components/icon.tsx';
import type { IconName } from '../../components/icons.tsx';
import { amountText, groups } from '../../format/amounts.ts';
import { rateOfWeight } from '../../format/rates.ts';
import { type Standing, standingIn } from '../../format/standing.ts';
import { localeOf } from '../../format/times.ts';
import { type I18n, useI18n } from '../../i18n/context.ts';
import { useShell } from '../../state/shell.ts';
import type { ChannelState } from '../../state/state-book.ts';

export type Side = NonNullable<ChannelState['ours']>;
export type Change = Side['changes'][number];

const formats = new Map<string, Intl.DateTimeFormat>();
/** Making one takes longer than a row does. */
function formatOf(language: string, isToday: boolean): Intl.DateTimeFormat {
  const key = `${language} ${isToday}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(localeOf(language), isToday ? { timeStyle: 'medium', hourCycle: 'h23' } : { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(key, known);
  return known;
}
/** To the second today, to the minute before; the detail has all of it. */
const shortMoment = (timeMs: number, language: string): string => formatOf(language, new Date(timeMs).toDateString() === new Date().toDateString()).format(timeMs);

/** A payment in flight by direction and number: ours go out. */
export const changeText = ({ direction, id, change }: Change, t: I18n['t']): string => t(`change.${direction}.${change}`, { id: String(id) });

/** What made this state from the one before: HTLCs, a fee rate, both, or the opening. */
function summaryOf(state: ChannelState, before: ChannelState | undefined, t: I18n['t']): { readonly text: string; readonly icon: IconName; readonly change?: Change } {
  const side = state.ours ?? state.theirs;
  const [first] = side?.changes ?? [];
  const rate = side?.feeratePerKw;
  const rateBefore = (before?.ours ?? before?.theirs)?.feeratePerKw;
  if (first && side && side.changes.length > 1) return { text: t('change.more', { count: side.changes.length }), icon: 'channels' };
  if (first) return { text: changeText(first, t), icon: first.change === 'added' ? (first.direction === 'offered' ? 'pay' : 'receive') : first.change === 'fulfilled' ? 'check' : 'cross', change: first };
  if (state.number === 0) return { text: t('change.opened'), icon: 'plus' };
  if (rate !== undefined && rateBefore !== undefined && rate !== rateBefore) return { text: t('change.rate', { from: rateOfWeight(rateBefore), to: rateOfWeight(rate) }), icon: 'settings' };
  return { text: t('change.again'), icon: 'retry' };
}

/** One element that the style sheet draws: hundreds of them go by while somebody scrolls. */
function StandingMark({ standing }: { readonly standing: Standing }) {
  const { t } = useI18n();
  const text = t(`standing.${standing}`);
  return <span className={`standing standing-${standing}`} role="img" title={text} aria-label={text} />;
}

interface StateRowProps {
  readonly number: number;
  readonly index: number;
  readonly top: number;
  readonly state: ChannelState | undefined;
  readonly before: ChannelState | undefined;
  /** Read, and not there. */
  readonly isMissing: boolean;
  readonly channel: Answer<'channel.get'>;
  readonly isChosen: boolean;
  readonly onChoose: (number: number) => void;
}

/** An amount without its unit, whole ones with room for the msat of others; no component of its own, since hundreds of them go by while somebody scrolls. */
function figure(msat: bigint, unit: 'sat' | 'btc') {
  const { whole, fraction } = amountText(msat, unit, true);
  return (
    <>
      {whole}
      {fraction === undefined ? <span className="no-msat" /> : <span className="faint">.{fraction}</span>}
    </>
  );
}

/** One state; drawn again only when something of it changed. */
export const StateRow = memo(
  function StateRow({ number, index, top, state, before, isMissing, channel, isChosen, onChoose }: StateRowProps) {
    const { t, language } = useI18n();
    const { unit } = useShell().shell;
    const side = state?.ours ?? state?.theirs;
    const summary = state && summaryOf(state, before, t);
    const inFlight = side ? channel.capacitySat * 1000n - side.ourMsat - side.theirMsat : 0n;
    const [ours, theirs] = [standingIn(channel, 'ours', number, state?.ours), standingIn(channel, 'theirs', number, state?.theirs)];
    const isValid = state !== undefined && [ours, theirs].some((standing) => standing === 'signed' || standing === 'published');
    return (
      <div role="row" aria-rowindex={index + 2} className={`state${isValid ? ' is-valid' : ''}${isChosen ? ' is-chosen' : ''}`} style={{ transform: `translateY(${top}px)` }}>
        <span role="cell" className="c-number">
          <button type="button" className="state-number" data-state={number} aria-pressed={isChosen} aria-label={t('states.number', { number: String(number) })} onClick={() => onChoose(number)}>
            {groups(BigInt(number))}
          </button>
        </span>
        <span role="cell" className="c-time">
          {side && shortMoment(side.signedAtMs, language)}
        </span>
        <span role="cell" className="c-change">
          {summary ? <><Icon name={summary.icon} small /> <span>{summary.text}</span></> : isMissing ? t('states.missing') : <span className="skeleton w-70" />}
        </span>
        <span role="cell" className="c-amount">
          {summary?.change && figure(summary.change.amountMsat, unit)}
        </span>
        <span role="cell" className="c-bar">
          {side && <Shares our={side.ourMsat} inFlight={inFlight} total={channel.capacitySat * 1000n} />}
        </span>
        <span role="cell" className="c-you">
          {side && figure(side.ourMsat, unit)}
        </span>
        <span role="cell" className="c-inflight">
          {inFlight > 0n && figure(inFlight, unit)}
        </span>
        <span role="cell" className="c-peer">
          {side && figure(side.theirMsat, unit)}
        </span>
        <span role="cell" className="c-rate">
          {side?.feeratePerKw !== undefined && rateOfWeight(side.feeratePerKw)}
        </span>
        <span role="cell" className="c-yours">
          {state && <StandingMark standing={ours} />}
        </span>
        <span role="cell" className="c-theirs">
          {state && <StandingMark standing={theirs} />}
        </span>
      </div>
    );
  },
  (a, b) =>
    a.number === b.number && a.top === b.top && a.state === b.state && a.before === b.before && a.isMissing === b.isMissing && a.isChosen === b.isChosen && a.onChoose === b.onChoose &&
    a.channel.closingCommitmentNumber === b.channel.closingCommitmentNumber && a.channel.spendClass === b.channel.spendClass, // prettier-ignore
);

/** The shares of a state, stacked with those above and below into one picture. */
function Shares({ our, inFlight, total }: { readonly our: bigint; readonly inFlight: bigint; readonly total: bigint }) {
  const percent = (msat: bigint): string => `${Number((msat * 10_000n) / total) / 100}%`;
  const [left, middle] = [percent(our), percent(our + inFlight)];
  return <span className="shares" style={{ backgroundImage: `linear-gradient(to right, var(--local) ${left}, var(--inflight) ${left} ${middle}, var(--remote) ${middle})` }} />;
}
