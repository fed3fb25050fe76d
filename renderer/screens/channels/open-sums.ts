/** A funding transaction with one coin in, the channel and the change out: 154 vB, one more coin 68 more. */
const USUAL_FUNDING_VBYTES = 154;

export interface OpenSums {
  /** About: which coins are spent decides. */
  readonly feeSat: bigint | undefined;
  /** What leaves the coins on chain, the fee included. */
  readonly totalSat: bigint | undefined;
  /** One in a hundred, as peers ask for. */
  readonly reserveSat: bigint | undefined;
}

/** What opening a channel comes to, as far as amount and fee rate are known. */
export function openSums(capacitySat: bigint | undefined, feerateSatPerVb: number | undefined): OpenSums {
  const isGiven = capacitySat !== undefined && capacitySat > 0n;
  const feeSat = feerateSatPerVb === undefined ? undefined : BigInt(Math.ceil(USUAL_FUNDING_VBYTES * feerateSatPerVb));
  return { feeSat, totalSat: isGiven && feeSat !== undefined ? capacitySat + feeSat : undefined, reserveSat: isGiven ? capacitySat / 100n : undefined };
}
