import { useEffect, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { request } from '../../client/client.ts';

/** Shares of ours in commitments on chain that nobody has taken yet: no balance counts them until they come to the wallet. */
const OURS: ReadonlySet<string> = new Set(['balance', 'penalty']);

/** How much of closing channels has still to be taken; asked for again whenever the channels or the balance changed. */
export function useWaiting(channels: Answer<'channel.list'> | undefined, balance: Answer<'wallet.balance'> | undefined): bigint {
  const [waitingSat, setWaitingSat] = useState(0n);
  useEffect(() => {
    let isOver = false;
    const closing = (channels ?? []).filter(({ state, closingTxid }) => state !== 'closed' && closingTxid !== undefined);
    void Promise.all(closing.map(({ channelId }) => request('channel.closing', { channelId }))).then(
      (answers) => {
        const open = answers.flatMap(({ outputs }) => outputs.filter(({ kind, takenBy }) => OURS.has(kind) && takenBy === undefined));
        if (!isOver) setWaitingSat(open.reduce((sum, { amountSat }) => sum + (amountSat ?? 0n), 0n));
      },
      () => undefined, // locked or forgotten meanwhile: what is shown next asks again
    );
    return () => {
      isOver = true;
    };
  }, [channels, balance]);
  return waitingSat;
}
