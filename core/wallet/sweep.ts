import { type Codec, listToEnd, mapped, struct, text16, u32, u8 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { type Tx, outPointKey } from '../bitcoin/transaction.ts';
import { type FeeratePerKw, feeratePerKw } from '../lib/units.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import { FeeCoins } from './fee-coins.ts';
import type { Coin } from './ledger.ts';
import type { WalletKeys } from './keys.ts';
import { type BuiltSweep, buildClaim, buildCommitmentChild } from './sweep-build.ts';

/** What is remembered of a wanted output: fees only rise, whatever restarts, reorgs and other claims do. */
export interface SweepEntry {
  readonly key: string;
  readonly feeratePerKw: FeeratePerKw;
  /** When it was last wanted: entries of outputs that nobody wants any more are dropped later. */
  readonly wantedAtHeight: number;
}
export type SweepState = ReadonlyMap<string, SweepEntry>;
export const emptySweeps: SweepState = new Map();

const VERSION = 1;
const entries = listToEnd(struct({ key: text16, feeratePerKw: u32, wantedAtHeight: u32 }));
export const sweepStateCodec: Codec<SweepState> = {
  encode: (w, state) => {
    u8.encode(w, VERSION);
    entries.encode(w, [...state.values()]);
  },
  decode: (r) => {
    const version = u8.decode(r);
    if (version !== VERSION) throw new DecodeError(`sweep record of version ${version}`);
    return mapped(entries, (list): SweepState => new Map(list.map((entry) => [entry.key, { ...entry, feeratePerKw: feeratePerKw(entry.feeratePerKw) }])), (state) => [...state.values()]).decode(r);
  },
};

export interface SweepInput {
  readonly height: number;
  readonly claims: readonly DesiredClaim[];
  readonly commitments: readonly DesiredCommitment[];
  readonly feerateFor: (targetBlocks: number) => FeeratePerKw;
  readonly minRelayFeeratePerKw: FeeratePerKw;
  /** Confirmed coins of the wallet that may pay fees. */
  readonly coins: readonly Coin[];
  readonly keys: Pick<WalletKeys, 'secretOf'>;
}

export interface SweepPackage {
  /** Parents first. */
  readonly txs: readonly Tx[];
  readonly reason: string;
  readonly feeratePerKw: FeeratePerKw;
}
export interface SweepPlan {
  readonly state: SweepState;
  readonly packages: readonly SweepPackage[];
  readonly shortOfCoins: readonly { readonly key: string; readonly missingSat: bigint }[];
  /** Not worth their fee now. */
  readonly uneconomic: readonly string[];
}

const CALM_TARGET_BLOCKS = 144;
/** In so many blocks before a deadline the rate climbs to what the claim is worth. */
const CLIMB_BLOCKS = 18;
const CLIMB_FACTOR = 1.5;
const FORGET_AFTER_BLOCKS = 144;

/**
 * The rate of a claim now: by the estimate for the blocks that are left, climbing step by step in the last ones, and never
 * below what was paid before (safety catalogue row 19). What it may cost at most is the builder's business.
 */
export function rateFor(deadlineHeight: number | undefined, last: FeeratePerKw | undefined, input: Pick<SweepInput, 'height' | 'feerateFor' | 'minRelayFeeratePerKw'>): FeeratePerKw {
  const left = deadlineHeight === undefined ? CALM_TARGET_BLOCKS : Math.max(1, deadlineHeight - input.height);
  const estimate = input.feerateFor(Math.min(left, CALM_TARGET_BLOCKS));
  const climbs = deadlineHeight !== undefined && left <= CLIMB_BLOCKS ? CLIMB_FACTOR ** (CLIMB_BLOCKS - left) : 1;
  const wanted = Math.min(estimate * climbs, 0xffff_ffff);
  return feeratePerKw(Math.ceil(Math.max(wanted, last ?? 0, input.minRelayFeeratePerKw)));
}

/** What to publish with this block: every wanted output in a transaction of its own, so that nobody can hold one up by another. */
export function planSweeps(before: SweepState, input: SweepInput): SweepPlan {
  const state = new Map<string, SweepEntry>();
  const packages: SweepPackage[] = [];
  const shortOfCoins: { key: string; missingSat: bigint }[] = [];
  const uneconomic: string[] = [];
  const coins = new FeeCoins(input.coins, input.keys);
  const take = (key: string, deadlineHeight: number | undefined, reason: string, build: (rate: FeeratePerKw) => BuiltSweep): void => {
    const rate = rateFor(deadlineHeight, before.get(key)?.feeratePerKw, input);
    const built = build(rate);
    const last = before.get(key)?.feeratePerKw ?? rate;
    state.set(key, { key, wantedAtHeight: input.height, feeratePerKw: built.kind === 'built' ? built.feeratePerKw : last });
    if (built.kind === 'built') packages.push({ txs: built.txs, reason, feeratePerKw: built.feeratePerKw });
    else if (built.kind === 'short') shortOfCoins.push({ key, missingSat: built.missingSat });
    else uneconomic.push(key);
  };
  for (const desired of soonestFirst(input.commitments)) {
    take(`commitment:${desired.channelNumber}`, desired.deadlineHeight, 'commitment', (rate) => buildCommitmentChild(desired, rate, coins));
  }
  for (const claim of soonestFirst(input.claims)) {
    if (claim.earliestHeight > input.height + 1) continue;
    const reason = claim.method.kind === 'claim' ? claim.method.claim.kind : `htlc_${claim.method.htlcTransaction.htlc.direction === 'offered' ? 'timeout' : 'success'}`;
    take(outPointKey(claim.outPoint), claim.deadlineHeight, reason, (rate) => buildClaim(claim, rate, input, coins));
  }
  for (const [key, entry] of before) {
    if (!state.has(key) && input.height - entry.wantedAtHeight < FORGET_AFTER_BLOCKS) state.set(key, entry);
  }
  return { state: same(before, state) ? before : state, packages, shortOfCoins, uneconomic };
}

/** Coins for fees go to whom time runs out first. */
const soonestFirst = <T extends { readonly deadlineHeight: number | undefined }>(wanted: readonly T[]): readonly T[] =>
  wanted.toSorted((a, b) => (a.deadlineHeight ?? Infinity) - (b.deadlineHeight ?? Infinity) || 0);

const same = (a: SweepState, b: SweepState): boolean =>
  a.size === b.size && [...a].every(([key, entry]) => b.get(key)?.feeratePerKw === entry.feeratePerKw && b.get(key)?.wantedAtHeight === entry.wantedAtHeight);

