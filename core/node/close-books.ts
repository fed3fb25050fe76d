import { type FundedChannel, isRestored } from '../channel/types.ts';
import type { Store } from '../store/port.ts';
import type { NodeLog, NodeSystem } from './ports.ts';
import { ACCOUNT } from './records.ts';
import type { Task, Turn } from './turns.ts';

export interface CloseBooksOptions {
  readonly store: Store;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  readonly enqueue: (task: Task) => void;
}

/**
 * Once nothing more can come of a close, what is left in its account is what it has cost, or, below zero, what it brought
 * from a peer that cheated; by a state newer than our data, what payments had moved of which nothing is known any more; of a
 * restored channel, all that came back. To be called when the channel's end is durable, and after a restart, which may have come first.
 */
async function bookEndOfCloses(closed: readonly FundedChannel[], { store, system, log, enqueue }: CloseBooksOptions): Promise<void> {
  try {
    for (const channel of closed) {
      const { config: { channelNumber }, fundingOutPoint: { txid: reference } } = channel;
      const closing = ACCOUNT.closing(channelNumber);
      const leftMsat = await store.balanceMsat(closing);
      if (leftMsat === 0n) continue;
      const { account, reason } = restOf(channel, leftMsat);
      const entry = leftMsat < 0n
        ? { debit: closing, credit: account, amountMsat: -leftMsat, reason }
        : { debit: account, credit: closing, amountMsat: leftMsat, reason }; // prettier-ignore
      enqueue((turn) => turn.ledger({ timeMs: system.nowMs(), reference, ...entry }));
    }
  } catch (error) {
    log.error('the books could not be read', { reason: String(error) });
  }
} // prettier-ignore

function restOf({ spend, closeReason }: FundedChannel, leftMsat: bigint): { readonly account: string; readonly reason: string } {
  if (isRestored({ closeReason })) return { account: ACCOUNT.restored, reason: 'restored' };
  if (spend?.spendClass === 'future' || spend?.spendClass === 'lost_local') return { account: ACCOUNT.dataLoss, reason: 'data_loss' };
  return leftMsat < 0n ? { account: ACCOUNT.penalties, reason: 'penalty' } : { account: ACCOUNT.onchainFees, reason: 'close_fee' };
}

/** Closes that are over, but not in the books yet. */
export class ClosesToBook {
  readonly #options: CloseBooksOptions;
  readonly #waiting = new Set<FundedChannel>();

  constructor(options: CloseBooksOptions) {
    this.#options = options;
  }
  add(channel: FundedChannel): void {
    this.#waiting.add(channel);
  }
  /** Not before the wallet has been told of all that the closes brought. */
  book(turn: Turn): void {
    const closed = [...this.#waiting];
    this.#waiting.clear();
    if (closed.length > 0) turn.after(() => void bookEndOfCloses(closed, this.#options));
  }
}
