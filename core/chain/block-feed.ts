import type { Tx } from '../bitcoin/transaction.ts';
import type { FeeratePerKw } from '../lib/units.ts';
import type { ChainFault, PublishResult } from './port.ts';

export interface FeedBlock {
  /** Display form, as all hashes here. */
  readonly hash: string;
  readonly previousHash: string;
  /** By transaction id, in the order of the block. */
  readonly txs: ReadonlyMap<string, Tx>;
}

/** Ends a round of questions; `moved` means that the chain changed meanwhile and the round is to be done again. */
export class FeedFault extends Error {
  override readonly name = 'FeedFault';
  readonly fault: ChainFault | 'moved';
  constructor(fault: ChainFault | 'moved') {
    super(fault === 'moved' ? fault : fault.reason);
    this.fault = fault;
  }
}

/** Whole blocks, for who looks at every transaction. Every method may reject with FeedFault. */
export interface BlockFeed {
  readonly name: string;
  /** Rejects with `other_network` when the source is for another one. */
  readonly checkNetwork: () => Promise<void>;
  readonly tip: () => Promise<{ readonly hash: string; readonly height: number }>;
  /** In the best chain; undefined above its end. */
  readonly hashAt: (height: number) => Promise<string | undefined>;
  readonly block: (hash: string) => Promise<FeedBlock>;
  /** Never rejects. */
  readonly publish: (rawTx: Uint8Array) => Promise<PublishResult>;
  /** Undefined when the source cannot tell. Never rejects. */
  readonly feerate: (targetBlocks: number) => Promise<FeeratePerKw | undefined>;
  readonly stop: () => void;
}
