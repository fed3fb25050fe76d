import { useEffect, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { request } from '../../client/client.ts';
import { restingMsat } from '../../format/parts.ts';

/** Shares of ours in commitments on chain that nobody has taken yet: no balance counts them until they come to the wallet. */
const OURS: ReadonlySet<string> = new Set(['balance', 'penalty']);

type Channel = Answer<'channel.list'>[number];

/** Newer than what this copy of the data knows: our last known share says nothing about them. */
const BEYOND_US: ReadonlySet<string> = new Set(['future', 'lost_local']);

export interface Waiting {
  readonly sat: bigint;
  /** Channels of which nobody can say yet how much is ours. */
  readonly unknown: number;
  /** From this block on all of it can be taken. */
  readonly height?: number;
}
export const NOTHING_WAITS: Waiting = { sat: 0n, unknown: 0 };

/** What is still to be taken from one closing channel. Before its commitment is in a block no output is told: then our share stands for them, unless the wallet counts it already or it is not known. */
export function waitingOf(channel: Pick<Channel, 'spendClass' | 'channelType' | 'ourMsat' | 'offeredMsat'>, { transaction, outputs }: Pick<Answer<'channel.closing'>, 'transaction' | 'outputs'>): Waiting {
  const ours = outputs.filter(({ kind }) => OURS.has(kind));
  if (ours.length > 0 || transaction?.height !== undefined) {
    const waiting = ours.filter(({ takenBy }) => takenBy === undefined);
    const heights = waiting.map(({ earliestHeight }) => earliestHeight ?? 0);
    return { sat: waiting.reduce((sum, { amountSat }) => sum + (amountSat ?? 0n), 0n), unknown: 0, ...(heights.length > 0 ? { height: Math.max(...heights) } : {}) };
  }
  if (BEYOND_US.has(channel.spendClass ?? '')) return { sat: 0n, unknown: 1 };
  const isCounted = channel.spendClass === 'mutual' || (channel.spendClass !== 'local' && channel.channelType !== 'anchors');
  return { sat: isCounted ? 0n : restingMsat(channel) / 1000n, unknown: 0 };
}

/** The last to come says when all is there; of one that has no height yet nobody knows. */
function together(a: Waiting, b: Waiting): Waiting {
  const height = Math.max(a.height ?? 0, b.height ?? 0);
  const isOpen = [a, b].some((one) => one.sat > 0n && one.height === undefined);
  return { sat: a.sat + b.sat, unknown: a.unknown + b.unknown, ...(height > 0 && !isOpen ? { height } : {}) };
}

/** How much of closing channels has still to be taken; asked for again whenever the channels or the balance changed. */
export function useWaiting(channels: Answer<'channel.list'> | undefined, balance: Answer<'wallet.balance'> | undefined): Waiting {
  const [waiting, setWaiting] = useState(NOTHING_WAITS);
  useEffect(() => {
    let isOver = false;
    const closing = (channels ?? []).filter(({ state, closingTxid }) => state !== 'closed' && closingTxid !== undefined);
    const ask = async (): Promise<void> => {
      const each = await Promise.all(closing.map(async (channel) => waitingOf(channel, await request('channel.closing', { channelId: channel.channelId }))));
      if (!isOver) setWaiting(each.reduce(together, NOTHING_WAITS));
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
