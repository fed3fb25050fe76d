declare const unit: unique symbol;

/** Satoshi, 0 to 2^64 - 1. */
export type Sat = bigint & { readonly [unit]: 'sat' };
/** Millisatoshi, 0 to 2^64 - 1. */
export type Msat = bigint & { readonly [unit]: 'msat' };
/** Satoshi per 1000 weight units, the unit of BOLT fee fields. */
export type FeeratePerKw = number & { readonly [unit]: 'sat/kw' };

const U64_MAX = 0xffff_ffff_ffff_ffffn;

function u64(amount: bigint): bigint {
  if (amount < 0n || amount > U64_MAX) throw new RangeError(`amount out of u64 range: ${amount}`);
  return amount;
}

/** Checks the range; throws RangeError, so guard subtractions of foreign numbers before. */
export const sat = (amount: bigint): Sat => u64(amount) as Sat;
/** Checks the range; throws RangeError, so guard subtractions of foreign numbers before. */
export const msat = (amount: bigint): Msat => u64(amount) as Msat;
export const toMsat = (amount: Sat): Msat => msat(amount * 1000n);
/** Rounds down: what a commitment output holds (BOLT 3, "Commitment Transaction Outputs"). */
export const floorSat = (amount: Msat): Sat => sat(amount / 1000n);

export function feeratePerKw(rate: number): FeeratePerKw {
  if (!Number.isSafeInteger(rate) || rate < 0 || rate > 0xffff_ffff) throw new RangeError(`fee rate out of u32 range: ${rate}`);
  return rate as FeeratePerKw;
}

/** The lowest rate that relays: 1 sat/vB rounded up the way Bitcoin Core counts (BOLT 3 fee examples use it too). */
export const FEERATE_FLOOR_PER_KW = feeratePerKw(253);

export const feerateFromSatPerVb = (satPerVb: number): FeeratePerKw =>
  feeratePerKw(Math.max(FEERATE_FLOOR_PER_KW, Math.ceil(satPerVb * 250)));

/** Fee in satoshi, rounded up: what we build pays no less than the rate that is due. */
export const feeAtLeast = (weight: number, rate: number): Sat => sat(BigInt(Math.ceil((weight * rate) / 1000)));
/** Fee in satoshi, rounded down (BOLT 3, "Fee Calculation"). */
export const feeOfWeight = (weight: number, rate: FeeratePerKw): Sat => sat(BigInt(Math.floor((weight * rate) / 1000)));

export const minBigint = <T extends bigint>(a: T, b: T): T => (a < b ? a : b);
export const maxBigint = <T extends bigint>(a: T, b: T): T => (a > b ? a : b);
