import type { Tx } from './transaction.ts';

/** One transaction that pays to or spends from a watched script. */
export interface HistoryEntry {
  readonly txid: string;
  readonly tx: Tx;
  /** Undefined while it waits in the mempool. Confirmed ones are proven by a Merkle path to a checked header, or come from a full block of our own node. */
  readonly height: number | undefined;
  /** Place in its block; with the height it gives short_channel_id. */
  readonly txIndex: number | undefined;
}

/**
 * Everything known of one script, complete each time: what a reorg took away is simply no longer there.
 * Confirmed entries come first in chain order, then the mempool's.
 */
export interface ScriptHistory {
  readonly script: Uint8Array;
  readonly entries: readonly HistoryEntry[];
}
