/** Fee rates that the servers tell, in sat/vB; tests and the playground's user set them. */
import type { Chain } from './chain-types.ts';

/** One rate for all targets, or a rate from each target (in blocks) on; undefined: "cannot say", as Core on regtest. */
export type FeeEstimate = number | Readonly<Record<number, number>> | undefined;

export interface FeeSource {
  estimateSatPerVb(targetBlocks: number): number | undefined;
  relaySatPerVb(): number;
}

export class Fees implements FeeSource {
  readonly #chain: Pick<Chain, 'mempoolMinFeerateSatPerVb'>;
  estimate: FeeEstimate;

  constructor(chain: Pick<Chain, 'mempoolMinFeerateSatPerVb'>, estimate: FeeEstimate = undefined) {
    this.#chain = chain;
    this.estimate = estimate;
  }

  relaySatPerVb(): number {
    return this.#chain.mempoolMinFeerateSatPerVb;
  }

  /** Of the largest target that is not above the one asked for; below the smallest, the smallest's. */
  estimateSatPerVb(targetBlocks: number): number | undefined {
    if (this.estimate === undefined || typeof this.estimate === 'number') return this.estimate;
    const rows = Object.entries(this.estimate)
      .map(([target, rate]) => [Number(target), rate] as const)
      .sort(([a], [b]) => a - b);
    return (rows.findLast(([target]) => target <= targetBlocks) ?? rows[0])?.[1];
  }
}
