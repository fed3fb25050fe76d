import { FEERATE_FLOOR_PER_KW, type FeeratePerKw, feeAtLeast, feeratePerKw, maxBigint, minBigint } from '../lib/units.ts';
import { INCREMENTAL_RELAY_SAT_PER_VB } from './bump.ts';
import type { SweepInput } from './sweep-types.ts';

/** The last blocks before a deadline, in which the rate climbs to the budget (BOLT 5 recommends 18). */
export const URGENT_BLOCKS = 18;
/** The climb is over this many blocks before the deadline: the next block is the last one that still counts. */
export const LAST_CALL_BLOCKS = 2;
/** The longest target that estimates are asked for. */
export const CALM_TARGET_BLOCKS = 144;
/** Somebody else can take it at any time: begin here, and aim one block nearer with every block that passes. */
const CONTESTED_TARGET_BLOCKS = 12;
const CONTESTED_NEAREST_TARGET = 2;
/** 8 000 sat/vB: Bitcoin Core refuses more than 10 000 from its own user unless told otherwise. */
export const MAX_SWEEP_FEERATE = feeratePerKw(2_000_000);

/** Rounded down. */
export const rateOfFee = (feeSat: bigint, weight: number): FeeratePerKw =>
  feeratePerKw(Math.min(0xffff_ffff, Math.max(0, Math.floor((Number(feeSat) * 1000) / weight))));

/** What is at stake, and until when. */
export interface Stake {
  /** `claim`: ordinary; `penalty`: tried down to 1 sat/vB; `commitment`: never given up. */
  readonly kind: 'claim' | 'penalty' | 'commitment';
  readonly valueSat: bigint;
  /** Of the value, what others can take from the deadline on: what the climb before it may cost. */
  readonly lostAtDeadlineSat: bigint;
  /** Of the value, what must remain: an output below the dust limit is not relayed. */
  readonly keepSat: bigint;
  readonly deadlineHeight: number | undefined;
  readonly contested: boolean;
  readonly sinceHeight: number;
  /** The highest of its outputs' entries. */
  readonly lastFeeratePerKw: number;
}

/** Weight and fee that count beside the transaction's own. */
export interface Beside {
  readonly weight: number;
  readonly feeSat: bigint;
}
export const NOTHING_BESIDE: Beside = { weight: 0, feeSat: 0n };

export interface Terms {
  /** What is due now, for the transaction together with what stands beside it. */
  readonly feeratePerKw: FeeratePerKw;
  /** The transaction's own fee, for its weight, may not be higher. */
  readonly budgetAt: (weight: number) => bigint;
  /** In its last blocks, or below what mempools take: raised even if the market alone would not pay for a replacement. */
  readonly urgent: boolean;
  readonly worthIt: boolean;
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** In how many blocks it should be confirmed: for a deadline, in those that still count. */
export function targetBlocks(
  { deadlineHeight, contested, sinceHeight }: Pick<Stake, 'deadlineHeight' | 'contested' | 'sinceHeight'>,
  height: number,
): number {
  if (deadlineHeight !== undefined) return clamp(deadlineHeight - 1 - height, 1, CALM_TARGET_BLOCKS);
  if (!contested) return CALM_TARGET_BLOCKS;
  return clamp(CONTESTED_TARGET_BLOCKS - (height - sinceHeight), CONTESTED_NEAREST_TARGET, CONTESTED_TARGET_BLOCKS);
}

/** From `from` to `to` in equal steps of their ratio: a budget of a thousand times the market is not spent half-way. */
function climbed(from: number, to: number, blocksLeft: number): number {
  if (to <= from) return from;
  const done = clamp((URGENT_BLOCKS - blocksLeft) / (URGENT_BLOCKS - LAST_CALL_BLOCKS), 0, 1);
  return done === 1 ? to : from * (to / from) ** done;
}

/** `weight`: of the transaction itself, as far as it is known before its coins are. */
export function termsOf(
  stake: Stake,
  weight: number,
  beside: Beside,
  input: Pick<SweepInput, 'height' | 'feerateFor' | 'minRelayFeeratePerKw'>,
): Terms {
  const { kind, valueSat, lostAtDeadlineSat, keepSat, deadlineHeight, lastFeeratePerKw } = stake;
  const floor = Math.max(input.minRelayFeeratePerKw, FEERATE_FLOOR_PER_KW);
  const market = Math.max(floor, input.feerateFor(targetBlocks(stake, input.height)));
  const blocksLeft = deadlineHeight === undefined ? undefined : deadlineHeight - input.height;
  const isNear = blocksLeft !== undefined && blocksLeft <= URGENT_BLOCKS;

  const ownFee = (rate: number, ownWeight = weight): bigint =>
    maxBigint(0n, feeAtLeast(ownWeight + beside.weight, rate) - beside.feeSat);
  const mostSat = minBigint(maxBigint(0n, valueSat - keepSat), feeAtLeast(weight, MAX_SWEEP_FEERATE));
  // Near a deadline all but dust: what is not paid now is lost. Else half, or what relaying takes.
  const calmSat = minBigint(mostSat, maxBigint(valueSat / 2n, ownFee(floor)));
  const budgetSat = isNear && kind !== 'commitment' ? mostSat : calmSat;
  const affordable = rateOfFee(budgetSat + beside.feeSat, weight + beside.weight);
  // A commitment leaves half of its HTLCs to what takes them; for a balance that only waits nobody climbs.
  const climbSat = kind === 'commitment' ? lostAtDeadlineSat / 2n : lostAtDeadlineSat;
  const top = Math.min(affordable, rateOfFee(climbSat + beside.feeSat, weight + beside.weight));
  const due = isNear ? climbed(market, top, blocksLeft) : market;
  const rate = Math.max(lastFeeratePerKw, Math.min(due, affordable));
  return {
    feeratePerKw: feeratePerKw(Math.min(0xffff_ffff, Math.floor(rate))),
    // What was paid before is paid again, if need be from the other half.
    budgetAt: (ownWeight) => minBigint(mostSat, maxBigint(budgetSat, ownFee(lastFeeratePerKw, ownWeight))),
    urgent: isNear || lastFeeratePerKw < floor,
    worthIt: kind === 'commitment' || isWorthIt(stake, weight, kind === 'penalty' ? floor : market),
  };
}

/** A penalty is judged at the lowest rate that relays: whatever it brings, the cheater must not have it. */
function isWorthIt({ valueSat, keepSat }: Stake, weight: number, rate: number): boolean {
  const feeSat = feeAtLeast(weight, rate);
  return feeSat < valueSat && valueSat - feeSat >= keepSat;
}

/** What a replacement has to pay at least for a weight: more in all, for its own relay too, and a higher rate (BIP 125). */
export function replacementFee(
  weight: number,
  replaced: readonly { readonly feeSat: bigint; readonly weight: number }[],
): bigint {
  if (replaced.length === 0) return 0n;
  const vsize = Math.ceil(weight / 4);
  const sumSat = replaced.reduce((sum, { feeSat }) => sum + feeSat, 0n);
  const inAll = sumSat + BigInt(Math.ceil(INCREMENTAL_RELAY_SAT_PER_VB * vsize));
  return replaced.reduce(
    (least, old) => maxBigint(least, (old.feeSat * BigInt(vsize)) / BigInt(Math.ceil(old.weight / 4)) + 1n),
    inAll,
  );
}
