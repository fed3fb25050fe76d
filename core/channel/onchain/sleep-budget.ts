import { POLICY, isReorgSafe } from '../policy.ts';
import type { FundedChannel, HtlcAdd } from '../types.ts';

/** Blocks that a penalty needs to be seen, sent and confirmed, reorganisation included (as BOLT 2 counts for HTLCs). */
export const PENALTY_MARGIN_BLOCKS = 18;

export interface SleepReason {
  /**
   * `breach_delay`: a commitment that the peer revoked could confirm and its delay run out. `htlc_expiry`: an incoming HTLC
   * whose preimage is known must be claimed before it expires.
   */
  readonly reason: 'breach_delay' | 'htlc_expiry';
  /** At least 0. */
  readonly blocks: number;
  readonly channelId: Uint8Array;
  /** The received HTLC that it is about. */
  readonly htlcId: bigint | undefined;
}

export interface SleepBudget {
  /** Undefined: nothing can be lost however long it takes. */
  readonly blocks: number | undefined;
  /** What binds first stands first. */
  readonly reasons: readonly SleepReason[];
}

/** Received HTLCs whose preimage could still come from elsewhere while we are off, such as those that were forwarded. */
export type MayBeSettled = (channel: FundedChannel, add: HtlcAdd) => boolean;
const NONE_FORWARDED: MayBeSettled = () => false;

function reasonsOf(channel: FundedChannel, blockHeight: number, mayBeSettled: MayBeSettled): SleepReason[] {
  if (channel.phase === 'closed') return [];
  const { channelId, commitments, spend, config, settledHtlcs } = channel;
  const reasons: SleepReason[] = [];
  const add = (reason: SleepReason['reason'], blocks: number, htlcId?: bigint): void => void reasons.push({ reason, blocks: Math.max(0, blocks), channelId, htlcId });
  const isOver = spend?.height !== undefined && isReorgSafe(config.fundingSatoshis, spend.height, blockHeight);
  // Without a revoked commitment there is nothing to cheat with; a close that is deep leaves no other to confirm.
  if (spend?.height !== undefined && spend.spendClass === 'revoked') add('breach_delay', spend.height + config.local.toSelfDelay - PENALTY_MARGIN_BLOCKS - blockHeight);
  else if (commitments.remoteNumber > 0 && !isOver) add('breach_delay', config.local.toSelfDelay - PENALTY_MARGIN_BLOCKS);
  if (isOver && spend?.spendClass === 'mutual') return reasons;
  for (const [key, { add: htlc, removal }] of commitments.htlcs) {
    if (htlc.direction !== 'received' || settledHtlcs.includes(key)) continue;
    if (removal?.what.kind !== 'fulfill' && !(removal === undefined && mayBeSettled(channel, htlc))) continue;
    add('htlc_expiry', htlc.cltvExpiry - POLICY.claimDeadlineBlocks - blockHeight, htlc.id);
  }
  return reasons;
}

/**
 * The most blocks that this computer may be off, from a chain of `blockHeight` on, without a loss in these channels
 *: whoever is back by then punishes and claims in time. HTLCs that we offered are no reason: a payment of
 * ours only takes longer.
 */
export function sleepBudget(channels: Iterable<FundedChannel>, blockHeight: number, mayBeSettled: MayBeSettled = NONE_FORWARDED): SleepBudget {
  const reasons = [...channels].flatMap((channel) => reasonsOf(channel, blockHeight, mayBeSettled)).sort((a, b) => a.blocks - b.blocks);
  return { blocks: reasons[0]?.blocks, reasons };
}

/** The same for one channel. */
export const sleepBudgetBlocks = (channel: FundedChannel, blockHeight: number, mayBeSettled: MayBeSettled = NONE_FORWARDED): SleepBudget =>
  sleepBudget([channel], blockHeight, mayBeSettled);
