import { err, ok, type Result } from '../lib/result.ts';
import type { FeeEstimates } from './port.ts';

/** sat/vB. Below it nothing relays; above it nobody ever had to pay for long, so a source that says so is wrong or lying. */
export const FEE_FLOOR_SAT_PER_VB = 1;
export const FEE_CEILING_SAT_PER_VB = 1_000;
/** Used where no source can tell, as on regtest. */
export const FEE_FALLBACK_SAT_PER_VB = 10;
/** Confirmation targets in blocks that sources are asked for. */
export const FEE_TARGETS = [2, 6, 12, 36, 144, 1008] as const;

/**
 * One table from several sources: absurd and senseless rates are dropped, the rest raised to the floor; for each target the
 * middle value, of two the higher one (too low can miss a deadline, too high is bounded). A nearer target never costs less.
 */
export function combineFeeEstimates(sources: readonly FeeEstimates[]): FeeEstimates {
  const byTarget = new Map<number, number[]>();
  for (const source of sources) {
    for (const [target, rate] of source) {
      if (!Number.isSafeInteger(target) || target < 1 || !isSaneFeerate(rate)) continue;
      const rates = byTarget.get(target) ?? [];
      rates.push(Math.max(rate, FEE_FLOOR_SAT_PER_VB));
      byTarget.set(target, rates);
    }
  }
  const combined: [number, number][] = [];
  let least = 0;
  for (const target of [...byTarget.keys()].toSorted((a, b) => b - a)) {
    const rates = (byTarget.get(target) ?? []).toSorted((a, b) => a - b);
    least = Math.max(least, rates[Math.floor(rates.length / 2)] ?? 0);
    combined.push([target, least]);
  }
  return new Map(combined.toReversed());
}

/** Finite, above zero and not above the ceiling. */
export const isSaneFeerate = (satPerVb: number): boolean => Number.isFinite(satPerVb) && satPerVb > 0 && satPerVb <= FEE_CEILING_SAT_PER_VB;

export interface ChosenFeerate {
  readonly satPerVb: number;
  readonly from: 'estimate' | 'fallback';
}

/** The rate for a target: of the farthest known target that is not farther, else of the nearest known one, else the fallback. */
export function feerateForTarget(estimates: FeeEstimates, targetBlocks: number): ChosenFeerate {
  const targets = [...estimates.keys()].toSorted((a, b) => a - b);
  const target = targets.findLast((known) => known <= targetBlocks) ?? targets[0];
  const rate = target === undefined ? undefined : estimates.get(target);
  if (rate === undefined || !isSaneFeerate(rate)) return { satPerVb: FEE_FALLBACK_SAT_PER_VB, from: 'fallback' };
  return { satPerVb: Math.max(rate, FEE_FLOOR_SAT_PER_VB), from: 'estimate' };
}

/** For a rate that somebody chose: refuses what is absurd instead of bending it. */
export function checkFeerate(satPerVb: number): Result<number, 'too_low' | 'absurd'> {
  if (!Number.isFinite(satPerVb) || satPerVb > FEE_CEILING_SAT_PER_VB) return err('absurd');
  return satPerVb < FEE_FLOOR_SAT_PER_VB ? err('too_low') : ok(satPerVb);
}
