/** What the servers and tests need of a chain; small, so that bcoin in this process and a real bitcoind both fit. */
import type { ChainIndex } from './chain-index.ts';
import type { ChainTx } from './raw-tx.ts';

export interface ChainBlock {
  readonly height: number;
  readonly hash: string;
  readonly headerHex: string;
  readonly txs: readonly ChainTx[];
}

/** What happened, in order. `leave` also comes for a transaction that a block of the same batch takes. */
export type ChainStep =
  | { readonly kind: 'block'; readonly block: ChainBlock }
  | { readonly kind: 'unblock'; readonly block: ChainBlock }
  | { readonly kind: 'enter'; readonly tx: ChainTx }
  | { readonly kind: 'leave'; readonly txid: string };

/** `reason` is Bitcoin Core's reject reason where there is one. */
export type Submitted =
  | { readonly accepted: true; readonly txid: string }
  | { readonly accepted: false; readonly txid: string; readonly reason: string };

/** Reasons that callers tell apart. */
export const REASON = {
  undecodable: 'TX decode failed',
  missingInputs: 'bad-txns-inputs-missingorspent',
  inMempool: 'txn-already-in-mempool',
  inChain: 'txn-already-known',
  absurdFee: 'max-fee-exceeded',
  lowFee: 'min relay fee not met',
} as const;

export interface MineOptions {
  /** Who gets the reward; the faucet by default. */
  readonly scriptHex?: string | undefined;
  /** Leaves the mempool waiting. */
  readonly empty?: boolean;
}

export interface SubmitOptions {
  /** Refuse a higher fee rate, like `maxfeerate` of Core's sendrawtransaction. */
  readonly maxFeerateSatPerVb?: number | undefined;
}

export interface Chain {
  readonly index: ChainIndex;
  /** Answers with the new blocks' hashes. */
  mine(count: number, options?: MineOptions): Promise<string[]>;
  /** One block of exactly these transactions, in this order, whatever the mempool thinks of them; the block's hash. */
  mineTxs(rawHexes: readonly string[], scriptHex?: string): Promise<string>;
  submit(rawHex: string, options?: SubmitOptions): Promise<Submitted>;
  /** Parents first, the child that pays for them last; one answer each. */
  submitPackage(rawHexes: readonly string[], options?: SubmitOptions): Promise<Submitted[]>;
  /** What `submit` would answer to each in turn; nothing changes. */
  check(rawHexes: readonly string[], options?: SubmitOptions): Promise<Submitted[]>;
  /** A faucet payment, into the mempool; its txid. */
  pay(scriptHex: string, valueSat: bigint): Promise<string>;
  /** Drops a transaction and its descendants from the mempool; false when it was not there. */
  evict(txid: string): Promise<boolean>;
  /** Replaces the last `depth` blocks by `depth + 1` empty ones; their transactions return to the mempool. */
  reorg(depth: number): Promise<void>;
  /** Cuts the chain below `height`; the transactions of the lost blocks return to the mempool. */
  invalidate(height: number): Promise<void>;
  /** Lowest fee rate that the mempool takes, never under its floor of 1 sat/vB. */
  setMempoolMinFeerate(satPerVb: number): Promise<void>;
  readonly mempoolMinFeerateSatPerVb: number;
  stop(): Promise<void>;
}
