import { useEffect, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { request } from '../../client/client.ts';

/** Shares of ours in commitments on chain that nobody has taken yet: no balance counts them until they come to the wallet. */
const OURS: ReadonlySet<string> = new Set(['balance', 'penalty']);

type Channel = Answer<'channel.list'>[number];

/** What is still to be taken from one closing channel. Before its commitment is in a block no output is told: then our share stands for them, unless the wallet counts it already. */
function waitingSatOf(channel: Channel, { transaction, outputs }: Answer<'channel.closing'>): bigint {
  const ours = outputs.filter(({ kind }) => OURS.has(kind));
  const isPaidAtOnce = channel.spendClass !== 'local' && channel.channelType !== 'anchors';
  const isKnown = channel.spendClass !== 'mutual' && channel.spendClass !== 'future' && !isPaidAtOnce;
  if (ours.length === 0 && transaction?.height === undefined) return isKnown ? channel.ourMsat / 1000n : 0n;
  return ours.reduce((sum, { amountSat, takenBy }) => (takenBy === undefined ? sum + (amountSat ?? 0n) : sum), 0n);
}

/** How much of closing channels has still to be taken; asked for again whenever the channels or the balance changed. */
export function useWaiting(channels: Answer<'channel.list'> | undefined, balance: Answer<'wallet.balance'> | undefined): bigint {
  const [waitingSat, setWaitingSat] = useState(0n);
  useEffect(() => {
    let isOver = false;
    const closing = (channels ?? []).filter(({ state, closingTxid }) => state !== 'closed' && closingTxid !== undefined);
    const ask = async (): Promise<void> => {
      const sums = await Promise.all(closing.map(async (channel) => waitingSatOf(channel, await request('channel.closing', { channelId: channel.channelId }))));
      if (!isOver) setWaitingSat(sums.reduce((total, sat) => total + sat, 0n));
    };
    // Locked or forgotten meanwhile: what is shown next asks again.
    ask().catch(() => undefined);
    return () => {
      isOver = true;
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- a new balance is a reason to ask again
  }, [channels, balance]);
  return waitingSat;
}
