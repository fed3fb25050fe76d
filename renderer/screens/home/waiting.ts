import { useEffect, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { request } from '../../client/client.ts';
import { isBeyondUs, isOurs, restingMsat } from '../../format/parts.ts';

type Channel = Answer<'channel.list'>[number];

/** What of closing channels no balance counts, until it comes to the wallet. */
export interface Waiting {
  /** Ours for sure, and still to be taken. */
  readonly sat: bigint;
  /** In HTLCs: it comes back, or goes to whoever shows the preimage. */
  readonly inFlightSat: bigint;
  /** Channels of which nobody can say yet how much is ours. */
  readonly unknown: number;
  /** From this block on all of `sat` can be taken. */
  readonly height?: number;
}
export const NOTHING_WAITS: Waiting = { sat: 0n, inFlightSat: 0n, unknown: 0 };
const NOT_KNOWN: Waiting = { ...NOTHING_WAITS, unknown: 1 };

const sumOf = (outputs: Answer<'channel.closing'>['outputs']): bigint => outputs.reduce((sum, { amountSat }) => sum + (amountSat ?? 0n), 0n);

/** What is still to be taken from one closing channel. Before its commitment is in a block no output is told: then our share stands for them, unless the wallet counts it already or it is not known. */
export function waitingOf(
  channel: Pick<Channel, 'state' | 'spendClass' | 'isRestored' | 'channelType' | 'ourMsat' | 'offeredMsat'>,
  { transaction, outputs }: Pick<Answer<'channel.closing'>, 'transaction' | 'outputs'>,
): Waiting {
  if (outputs.length > 0 || transaction?.height !== undefined) {
    if (channel.spendClass === 'unknown' && !outputs.some(isOurs)) return NOT_KNOWN;
    const waiting = outputs.filter(({ takenBy }) => takenBy === undefined);
    const ours = waiting.filter(isOurs);
    const heights = ours.map(({ earliestHeight }) => earliestHeight ?? transaction?.height ?? 0);
    return { sat: sumOf(ours), inFlightSat: sumOf(waiting.filter(({ kind }) => kind === 'htlc')), unknown: 0, ...(heights.length > 0 ? { height: Math.max(...heights) } : {}) };
  }
  if (channel.spendClass === 'mutual') return NOTHING_WAITS;
  if (channel.spendClass === 'unknown' || isBeyondUs(channel)) return NOT_KNOWN;
  const paysAtOnce = channel.spendClass !== 'local' && channel.channelType !== 'anchors';
  return { sat: paysAtOnce ? 0n : restingMsat(channel) / 1000n, inFlightSat: channel.offeredMsat / 1000n, unknown: 0 };
}

/** The last to come says when all is there; while one has no height yet, nobody knows. */
export function waitingIn(each: readonly Waiting[]): Waiting {
  const waiting = each.filter(({ sat }) => sat > 0n);
  const sum = (of: (one: Waiting) => bigint): bigint => each.reduce((total, one) => total + of(one), 0n);
  const isDated = waiting.length > 0 && waiting.every(({ height }) => height !== undefined);
  return {
    sat: sum(({ sat }) => sat), inFlightSat: sum(({ inFlightSat }) => inFlightSat), unknown: each.reduce((total, { unknown }) => total + unknown, 0),
    ...(isDated ? { height: Math.max(...waiting.map(({ height }) => height ?? 0)) } : {}),
  }; // prettier-ignore
}

/** How much of closing channels has still to be taken; asked for again whenever the channels or the balance changed. */
export function useWaiting(channels: Answer<'channel.list'> | undefined, balance: Answer<'wallet.balance'> | undefined): Waiting {
  const [waiting, setWaiting] = useState(NOTHING_WAITS);
  useEffect(() => {
    let isOver = false;
    const closing = (channels ?? []).filter(({ state, closingTxid }) => state !== 'closed' && closingTxid !== undefined);
    const ask = async (): Promise<void> => {
      const each = await Promise.all(closing.map(async (channel) => waitingOf(channel, await request('channel.closing', { channelId: channel.channelId }))));
      if (!isOver) setWaiting(waitingIn(each));
    };
    // Locked or forgotten meanwhile: what is shown next asks again.
    ask().catch(() => undefined);
    return () => {
      isOver = true;
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- a new balance is a reason to ask again
  }, [channels, balance]);
  return waiting;
}
