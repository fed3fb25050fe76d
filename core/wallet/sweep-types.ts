import type { FeeratePerKw, Sat } from '../lib/units.ts';
import type { OutPoint, Tx } from '../bitcoin/transaction.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import type { Coin } from './ledger.ts';
import type { WalletKeys } from './keys.ts';

/** What is remembered of a wanted output (a claim's, or the anchor of our commitment). */
export interface SweepEntry {
  readonly outPoint: OutPoint;
  /** Highest rate it was ever published with, 0 before: the rate never falls, whatever regroups, restarts or reorgs. */
  readonly feeratePerKw: FeeratePerKw;
  /** Height at which the next block could hold it for the first time. */
  readonly sinceHeight: number;
  readonly lastWantedHeight: number;
}

/** The transaction that last went out for some outputs: offered again with every block until a better one replaces it. */
export interface PublishedSweep {
  readonly outPoints: readonly OutPoint[];
  /** Wallet coins among its inputs. */
  readonly coins: readonly OutPoint[];
  /** Signed; without its parent. */
  readonly tx: Tx;
  /** Of `tx`. */
  readonly weight: number;
  readonly feeSat: Sat;
  /** Of the transaction, or with its parent when it pays for one. */
  readonly feeratePerKw: FeeratePerKw;
}

export interface SweepState {
  /** By `txid:vout`. */
  readonly entries: ReadonlyMap<string, SweepEntry>;
  readonly published: readonly PublishedSweep[];
}
export const emptySweeps: SweepState = { entries: new Map(), published: [] };

export interface SweepInput {
  /** Of the best block: what is planned is for the next one. */
  readonly height: number;
  readonly claims: readonly DesiredClaim[];
  readonly commitments: readonly DesiredCommitment[];
  readonly feerateFor: (targetBlocks: number) => FeeratePerKw;
  /** What mempools take at least just now. */
  readonly minRelayFeeratePerKw: FeeratePerKw;
  /**
   * Confirmed coins that may pay fees. A coin that nothing but a sweep of this state spends, and that unconfirmed, must
   * be among them (see `coinsForSweeps`): one that is missing counts as spent by somebody else.
   */
  readonly coins: readonly Coin[];
  readonly keys: Pick<WalletKeys, 'secretOf'>;
  /** 32 random bytes for Schnorr signatures; left out they are zero, which BIP 340 allows. */
  readonly auxRand?: Uint8Array;
}

export type SweepReason = 'commitment' | 'htlc_success' | 'htlc_timeout' | 'penalty' | 'sweep';

export interface SweepPackage {
  /** Parents first. */
  readonly txs: readonly Tx[];
  readonly reason: SweepReason;
  /** `again`: the very transaction of an earlier call. */
  readonly step: 'first' | 'replacement' | 'again';
  readonly channelNumbers: readonly number[];
  /** Of all its transactions. */
  readonly feeSat: Sat;
  /** Of all its transactions together. */
  readonly feeratePerKw: FeeratePerKw;
  /** The claims' outpoints; of a commitment, its anchor's. */
  readonly outPoints: readonly OutPoint[];
  /** Wallet coins that it spends. */
  readonly coins: readonly OutPoint[];
  /** Ids of earlier transactions of ours that it pushes out. */
  readonly replaces: readonly string[];
}

export interface ShortOfCoins {
  readonly channelNumber: number;
  readonly outPoint: OutPoint;
  readonly deadlineHeight: number | undefined;
  /** So much more, in a coin of its own, would pay the rate that is due. */
  readonly missingSat: Sat;
}

export interface SweepPlan {
  /** Store it before anything is published. */
  readonly state: SweepState;
  /** In the order in which they must be offered. */
  readonly packages: readonly SweepPackage[];
  readonly shortOfCoins: readonly ShortOfCoins[];
  /** Not worth their fee at today's rates; looked at anew with the next block. */
  readonly uneconomic: readonly OutPoint[];
}
