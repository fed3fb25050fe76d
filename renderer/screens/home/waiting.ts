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
}
export const NOTHING_WAITS: Waiting = { sat: 0n, unknown: 0 };

/** What is still to be taken from one closing channel. Before its commitment is in a block no output is told: then our share stands for them, unless the wallet counts it already or it is not known. */
export function waitingOf(channel: Pick<Channel, 'spendClass' | 'channelType' | 'ourMsat' | 'offeredMsat'>, { transaction, outputs }: Pick<Answer<'channel.closing'>, 'transaction' | 'outputs'>): Waiting {
  const ours = outputs.filter(({ kind }) => OURS.has(kind));
  if (ours.length > 0 || transaction?.height !== undefined) return { sat: ours.reduce((sum, { amountSat, takenBy }) => (takenBy === undefined ? sum + (amountSat ?? 0n) : sum), 0n), unknown: 0 };
  if (BEYOND_US.has(channel.spendClass ?? '')) return { sat: 0n, unknown: 1 };
  const isCounted = channel.spendClass === 'mutual' || (channel.spendClass !== 'local' && channel.channelType !== 'anchors');
  return { sat: isCounted ? 0n : restingMsat(channel) / 1000n, unknown: 0 };
}

/** How much of closing channels has still to be taken; asked for again whenever the channels or the balance changed. */
export function useWaiting(channels: Answer<'channel.list'> | undefined, balance: Answer<'wallet.balance'> | undefined): Waiting {
  const [waiting, setWaiting] = useState(NOTHING_WAITS);
  useEffect(() => {
    let isOver = false;
    const closing = (channels ?? []).filter(({ state, closingTxid }) => state !== 'closed' && closingTxid !== undefined);
    const ask = async (): Promise<void> => {
      const each = await Promise.all(closing.map(async (channel) => waitingOf(channel, await request('channel.closing', { channelId: channel.channelId }))));
      if (!isOver) setWaiting(each.reduce((total, { sat, unknown }) => ({ sat: total.sat + sat, unknown: total.unknown + unknown }), NOTHING_WAITS));
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
