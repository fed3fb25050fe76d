import type { Answer } from '../../../core/api.ts';
import { isBeyondUs, isOurs, type Part, restingMsat, theirRestingMsat } from '../../format/parts.ts';

type Channel = Answer<'channel.get'>;
type Closing = Answer<'channel.closing'>;

/** A channel's capacity: solid is usable now, hatched is not. What is neither side's is in flight. */
export function partsOf(channel: Channel): readonly Part[] {
  const { capacitySat, sendableMsat, receivableMsat } = channel;
  const [ours, theirs] = [restingMsat(channel), theirRestingMsat(channel)];
  const inFlight: Part = { msat: capacitySat * 1000n - ours - theirs, fill: 'inflight' };
  if (channel.state !== 'normal') return [{ msat: ours, fill: 'onchain-later' }, inFlight, { msat: theirs, fill: 'reserve-remote' }]; // prettier-ignore
  return [
    { msat: ours - sendableMsat, fill: 'reserve' },
    { msat: sendableMsat, fill: 'local' },
    inFlight,
    { msat: receivableMsat, fill: 'remote' },
    { msat: theirs - receivableMsat, fill: 'reserve-remote' },
  ];
}

export type Share =
  /** What each side has, and how its bar is filled: a square of the legend looks like it. */
  | { readonly kind: 'split'; readonly parts: readonly Part[]; readonly ours: Part['fill']; readonly theirs: Part['fill'] }
  /** Nobody can say yet what of it is ours. */
  | { readonly kind: 'unknown' }
  /** Not known before, but the transaction in the block pays us this; it has still to be taken. */
  | { readonly kind: 'waiting'; readonly sat: bigint }
  /** The peer cheated: whatever the split was, all of it is taken for us. */
  | { readonly kind: 'penalty' }
  /** In the wallet again; `isAll`: nothing more is coming. */
  | { readonly kind: 'back'; readonly sat: bigint; readonly isAll: boolean }
  | { readonly kind: 'nothing' };

/** Whose the money in a channel is, as far as anybody knows. `closing` is there once its end began. */
export function shareOf(channel: Channel, closing?: Pick<Closing, 'transaction' | 'outputs' | 'backSat' | 'finalAtHeight'>): Share {
  const { state, spendClass, closingTxid } = channel;
  if (state === 'closed') return closing && closing.backSat > 0n ? { kind: 'back', sat: closing.backSat, isAll: true } : { kind: 'nothing' };
  if (closingTxid === undefined) return isBeyondUs(channel) ? { kind: 'unknown' } : splitOf(channel);
  if (closing && isBack(closing)) return { kind: 'back', sat: closing.backSat, isAll: closing.finalAtHeight !== undefined };
  // What spent it is not understood, so no split of it can be shown.
  if (spendClass === 'unknown') return { kind: 'nothing' };
  if (spendClass === 'revoked') return { kind: 'penalty' };
  if (!isBeyondUs(channel)) return splitOf(channel);
  const sat = (closing?.outputs ?? []).reduce((sum, output) => (isOurs(output) && output.takenBy !== 'peer' ? sum + (output.amountSat ?? 0n) : sum), 0n);
  return sat > 0n ? { kind: 'waiting', sat } : { kind: 'unknown' };
}

function splitOf(channel: Channel): Share {
  const parts = partsOf(channel);
  if (channel.state !== 'normal') return { kind: 'split', parts, ours: 'onchain-later', theirs: 'reserve-remote' };
  return { kind: 'split', parts, ours: channel.sendableMsat > 0n ? 'local' : 'reserve', theirs: channel.receivableMsat > 0n ? 'remote' : 'reserve-remote' };
}

/** Of what is ours for sure nothing waits any more, and all that was taken is in a block. */
function isBack({ transaction, outputs, backSat }: Pick<Closing, 'transaction' | 'outputs' | 'backSat'>): boolean {
  const waits = outputs.some((output) => (output.takenBy === undefined ? isOurs(output) : output.takenBy === 'us' && output.takenHeight === undefined));
  return transaction?.height !== undefined && backSat > 0n && !waits;
}
