import type { ScriptHistory } from '../bitcoin/history.ts';

export type { HistoryEntry, ScriptHistory } from '../bitcoin/history.ts';

/** The best block as far as its proof of work was checked. */
export interface ChainTip {
  readonly height: number;
  /** Display form. */
  readonly hash: string;
  /** Header time in seconds. */
  readonly timeSeconds: number;
}

/** sat/vB by confirmation target in blocks; absurd rates are dropped, the rest is at least the relay floor. Empty: the source cannot tell. */
export type FeeEstimates = ReadonlyMap<number, number>;

export type PublishResult =
  | { readonly ok: true }
  /** `known`: it is in the mempool or a block already; that is success for whoever wants it there. */
  | { readonly ok: false; readonly code: 'missing_inputs' | 'fee_too_low' | 'conflict' | 'rejected' | 'unreachable'; readonly reason: string };

export type ChainFault =
  | { readonly code: 'unreachable'; readonly reason: string }
  | { readonly code: 'other_network'; readonly reason: string }
  | { readonly code: 'invalid_header'; readonly reason: string }
  | { readonly code: 'invalid_merkle_proof'; readonly reason: string }
  | { readonly code: 'protocol_violation'; readonly reason: string }
  | { readonly code: 'pruned'; readonly reason: string };

export interface ChainListener {
  /** A new best block, or the same height again after a reorg. Histories that changed with it were told before; several blocks at once are one tip. */
  readonly onTip: (tip: ChainTip) => void;
  readonly onHistory: (history: ScriptHistory) => void;
  /** The source misbehaves or is away; it goes on trying by itself (with back-off) unless `final`. */
  readonly onFault: (fault: ChainFault, final: boolean) => void;
  /** Every watched script's history is known up to the tip. Told again after new scripts, and after the source was away. */
  readonly onSynced: () => void;
}

/** One source of chain data. Both adapters (Electrum servers, bitcoind) speak this and nothing else. */
export interface ChainSource {
  readonly name: string;
  /** Connects in the background; what happens is told to the listener, in order, one call at a time. */
  readonly start: (listener: ChainListener) => void;
  /** Idempotent. `fromHeight`: where a source that scans blocks must begin for this script (its birthday). */
  readonly watchScript: (script: Uint8Array, fromHeight: number) => void;
  readonly publish: (rawTx: Uint8Array) => Promise<PublishResult>;
  /** Parents first, the paying child last; sources without packages send one after another. */
  readonly publishPackage: (rawTxs: readonly Uint8Array[]) => Promise<PublishResult>;
  readonly feeEstimates: () => Promise<FeeEstimates>;
  /** By its header, where that is at hand. */
  readonly blockTimeSeconds?: (height: number) => number | undefined;
  /**
   * Asks for the newest state at once, after sleep for instance. True: everything up to the newest block has been told.
   * False: nobody answers; `onSynced` follows when somebody does.
   */
  readonly catchUp: () => Promise<boolean>;
  readonly stop: () => Promise<void>;
}
