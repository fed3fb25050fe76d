/**
 * The layout of everything durable, in one list. Keys are 1 to 255 printable ASCII characters chosen by the owner,
 * ordered bytewise; they are not encrypted, so nothing secret or personal may stand in them. Values are sealed bytes
 * whose format the owner defines (first byte: version of the record's format). What the store itself keeps (epoch,
 * account sums) has tables of its own, see `core/io/sqlite/schema.ts`.
 */
export const tables = {
  /** Single values: wallet birthday, key counters. Key: name. */
  meta: 1,
  /** Current state of a channel without its HTLCs. Key: channel number, 8 hex digits. */
  channel: 2,
  /** One HTLC of a channel. Key: channel number, direction (o/r), id as 16 hex digits. */
  channelHtlc: 3,
  /** Penalty data of a revoked commitment. Key: channel number, commitment number as 12 hex digits. */
  revoked: 4,
  /** An outgoing payment and its parts, by payment hash. Finished ones too. */
  outgoingPayment: 5,
  /** An invoice of ours with its received parts, by payment hash. */
  incomingPayment: 6,
  /** Payments that are not final yet, so that a start reads only these. Key: o/i and payment hash. */
  pendingPayment: 7,
  /** Order of payments in time. Key: 12 hex digits of a counter. Value: direction and payment hash. */
  paymentOrder: 8,
  /** Peers that we want a connection to, with addresses. Key: node id. */
  peer: 9,
  /** On-chain wallet: address counters, own unconfirmed transactions, frozen coins, labels. */
  wallet: 10,
  /** Transactions that we want in a block until they are irrevocable. Key: txid. */
  broadcast: 11,
  /** What the user chose. Key: name. */
  setting: 12,
  /** Watchtowers that guard our channels. Key: node id. */
  tower: 13,
  /** How far a watchtower has a channel's revoked states. Key: node id, channel number. */
  towerCursor: 14,
  /** Of a tower's own database: one channel of a client. Key: short id of client and channel, 32 hex digits. */
  towerSession: 15,
  /** A sealed justice and its hint. Key: short id, sequence (12 hex digits), part (4). */
  towerBlob: 16,
  /** Finds a blob by its hint. Key: hint (32 hex digits), then the blob's key. */
  towerHint: 17,
  /** A revoked commitment that was published and is being punished. Key: its txid. */
  towerCase: 18,
} as const;

export type TableName = keyof typeof tables;

/** One change; `value` undefined deletes. The bytes must not change until the commit has resolved. */
export interface RecordWrite {
  readonly table: TableName;
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** One event of a channel's, payment's or the wallet's life; `subject` (a key) is for instance `channel:00000001`. */
export interface JournalWrite {
  readonly subject: string;
  readonly timeMs: number;
  readonly event: Uint8Array;
}
export interface JournalEntry extends JournalWrite {
  readonly sequence: number;
}

/** One movement between two accounts (keys), such as `channel:00000001` and `payments:out`, always above zero. */
export interface LedgerWrite {
  readonly timeMs: number;
  readonly debit: string;
  readonly credit: string;
  readonly amountMsat: bigint;
  /** What it belongs to: `open`, `payment`, `fee`, `close`, `penalty`... */
  readonly reason: string;
  readonly reference: string;
}
export interface LedgerEntry extends LedgerWrite {
  readonly sequence: number;
}

/** What becomes durable together or not at all. */
export interface StoreBatch {
  readonly records?: readonly RecordWrite[];
  readonly journal?: readonly JournalWrite[];
  readonly ledger?: readonly LedgerWrite[];
}

export interface StoredRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** `after` is exclusive and follows the direction: with `reverse` it is the key before which the list starts. */
export interface ListRange {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}
/** In order of sequence; with `reverse` the newest first, and `afterSequence` is where a page goes on downwards. */
export interface EntryRange {
  readonly afterSequence?: number;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export type StoreFault =
  | { readonly code: 'wrong_password' }
  | { readonly code: 'newer_version'; readonly expected: number; readonly actual: number }
  | { readonly code: 'corrupt_record'; readonly table: string; readonly key: string }
  | { readonly code: 'corrupt_database'; readonly reason: string }
  | { readonly code: 'in_use' }
  | { readonly code: 'not_writable'; readonly reason: string }
  | { readonly code: 'disk_full' }
  | { readonly code: 'write_failed'; readonly reason: string }
  /** Epochs inside and outside the database disagree: this is an old or a doubled copy. */
  | { readonly code: 'stale_copy'; readonly inside: number; readonly outside: number };

/** Thrown by every method below; the fault says which of the closed list it is. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly fault: StoreFault;
  constructor(fault: StoreFault) {
    super(fault.code);
    this.fault = fault;
  }
}

export interface Store {
  /**
   * Resolves once the batch is on disk (fsync). Batches given while a commit is under way share the next one, in the
   * order given. After a failed commit every later one fails with the same fault, until the store is opened again:
   * nothing may be sent that the disk does not know. Reads go on, so that the chain can still be watched. A batch
   * that breaks the port's own rules (key, amount) rejects with RangeError and leaves the others alone.
   */
  readonly commit: (batch: StoreBatch) => Promise<void>;
  /** Reads see what is committed, never what is only on its way. */
  readonly get: (table: TableName, key: string) => Promise<Uint8Array | undefined>;
  /** In key order. */
  readonly list: (table: TableName, range?: ListRange) => Promise<readonly StoredRecord[]>;
  readonly count: (table: TableName) => Promise<number>;
  readonly journal: (range: EntryRange & { readonly subject?: string }) => Promise<readonly JournalEntry[]>;
  /** With `account`: its debits and its credits. */
  readonly ledger: (range: EntryRange & { readonly account?: string }) => Promise<readonly LedgerEntry[]>;
  /** Sum of debits minus credits of an account, in msat (may be negative), as of the last durable commit. */
  readonly balanceMsat: (account: string) => Promise<bigint>;
  /** Every account that ever moved. */
  readonly balances: () => Promise<ReadonlyMap<string, bigint>>;
  /** Commits what was given, then closes. */
  readonly close: () => Promise<void>;
}
