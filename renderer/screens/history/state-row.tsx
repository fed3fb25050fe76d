import { memo } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Icon } from '../../components/icon.tsx';
import type { IconName } from '../../components/icons.tsx';
import { groups } from '../../format/amounts.ts';
import { momentFormat } from '../../format/times.ts';
import { type I18n, useI18n } from '../../i18n/context.ts';
import type { ChannelState } from '../../state/state-book.ts';

export type Side = NonNullable<ChannelState['ours']>;
export type Change = Side['changes'][number];

const moments = new Map<string, Intl.DateTimeFormat>();
/** Making one takes longer than a row does. */
function momentOf(language: string): Intl.DateTimeFormat {
  const known = moments.get(language) ?? momentFormat(language);
  moments.set(language, known);
  return known;
}

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
  if (rate !== undefined && rateBefore !== undefined && rate !== rateBefore) return { text: t('change.rate', { from: groups(BigInt(rateBefore)), to: groups(BigInt(rate)) }), icon: 'settings' };
  return { text: t('change.again'), icon: 'retry' };
}

/** Whether a commitment is signed, may be published, or is revoked. */
export const standingOf = (side: Side | undefined): 'unsigned' | 'signed' | 'revoked' => (!side ? 'unsigned' : side.revokedAtMs === undefined ? 'signed' : 'revoked');

function Standing({ side, isPublished }: { readonly side: Side | undefined; readonly isPublished: boolean }) {
  const { t } = useI18n();
  const standing = standingOf(side);
  return (
    <span className={isPublished ? 'standing standing-published' : `standing standing-${standing}`} title={t(isPublished ? 'standing.published' : `standing.${standing}`)}>
      <Icon name={isPublished ? 'block' : standing} small />
      <span className="visually-hidden">{t(isPublished ? 'standing.published' : `standing.${standing}`)}</span>
    </span>
  );
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

/** One state; drawn again only when something of it changed. */
export const StateRow = memo(
  function StateRow({ number, index, top, state, before, isMissing, channel, isChosen, onChoose }: StateRowProps) {
    const { t, language } = useI18n();
    const side = state?.ours ?? state?.theirs;
    const summary = state && summaryOf(state, before, t);
    const inFlight = side ? channel.capacitySat * 1000n - side.ourMsat - side.theirMsat : 0n;
    const isValid = state !== undefined && (standingOf(state.ours) === 'signed' || standingOf(state.theirs) === 'signed');
    const published = channel.spendClass === 'local' ? 'ours' : channel.spendClass === 'mutual' ? undefined : 'theirs';
    const isPublished = (owner: 'ours' | 'theirs'): boolean => channel.closingCommitmentNumber === number && published === owner;
    return (
      <div role="row" aria-rowindex={index + 2} className={`state${isValid ? ' is-valid' : ''}${isChosen ? ' is-chosen' : ''}`} style={{ transform: `translateY(${top}px)` }}>
        <span role="cell" className="c-number">
          <button type="button" className="state-number" aria-pressed={isChosen} aria-label={t('states.number', { number: String(number) })} onClick={() => onChoose(number)}>
            {groups(BigInt(number))}
          </button>
        </span>
        <span role="cell" className="c-time">
          {side && momentOf(language).format(side.signedAtMs)}
        </span>
        <span role="cell" className="c-change">
          {summary ? <><Icon name={summary.icon} small /> <span>{summary.text}</span></> : isMissing ? t('states.missing') : <span className="skeleton w-70" />}
        </span>
        <span role="cell" className="c-amount">
          {summary?.change && <Amount msat={summary.change.amountMsat} exact unit={false} />}
        </span>
        <span role="cell" className="c-bar">
          {side && <Shares our={side.ourMsat} inFlight={inFlight} total={channel.capacitySat * 1000n} />}
        </span>
        <span role="cell" className="c-you">
          {side && <Amount msat={side.ourMsat} exact unit={false} />}
        </span>
        <span role="cell" className="c-inflight">
          {inFlight > 0n && <Amount msat={inFlight} exact unit={false} />}
        </span>
        <span role="cell" className="c-peer">
          {side && <Amount msat={side.theirMsat} exact unit={false} />}
        </span>
        <span role="cell" className="c-rate">
          {side?.feeratePerKw !== undefined && groups(BigInt(side.feeratePerKw))}
        </span>
        <span role="cell" className="c-yours">
          {state && <Standing side={state.ours} isPublished={isPublished('ours')} />}
        </span>
        <span role="cell" className="c-theirs">
          {state && <Standing side={state.theirs} isPublished={isPublished('theirs')} />}
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
  const percent = (msat: bigint): number => Number((msat * 10_000n) / total) / 100;
  const [left, middle] = [percent(our), percent(inFlight)];
  return (
    <svg className="shares" aria-hidden="true">
      <rect className="fill-local" width={`${left}%`} height="100%" />
      <rect className="fill-inflight" x={`${left}%`} width={`${middle}%`} height="100%" />
      <rect className="fill-remote" x={`${left + middle}%`} width={`${Math.max(0, 100 - left - middle)}%`} height="100%" />
    </svg>
  );
}
