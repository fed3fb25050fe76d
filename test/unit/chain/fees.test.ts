import { describe, expect, it } from 'vitest';
import { checkFeerate, combineFeeEstimates, FEE_FALLBACK_SAT_PER_VB, feerateForTarget } from '../../../core/chain/fees.ts';

const table = (rates: Record<number, number>): ReadonlyMap<number, number> => new Map(Object.entries(rates).map(([t, r]) => [Number(t), r]));

describe('fee rates', () => {
  it('of several sources: absurd ones are dropped, the middle counts, of two the higher', () => {
    const combined = combineFeeEstimates([table({ 2: 20, 6: 10 }), table({ 2: 30, 6: 12 }), table({ 2: 500_000, 6: 11 })]);
    expect([...combined]).toEqual([[2, 30], [6, 11]]);
  }); // prettier-ignore

  it('never cost less for a nearer target, never less than relays', () => {
    expect([...combineFeeEstimates([table({ 2: 3, 6: 8, 144: 0.2 })])]).toEqual([[2, 8], [6, 8], [144, 1]]);
  }); // prettier-ignore

  it('nonsense is nothing', () => {
    expect(combineFeeEstimates([table({ 2: -1, 6: NaN, 12: Infinity, 36: 0, 0: 5, 144: 1000.1 })]).size).toBe(0);
  });

  it('by target: the nearest not farther one, else the nearest, else the fallback', () => {
    const rates = table({ 2: 20, 6: 10, 144: 2 });
    expect([1, 2, 5, 6, 100, 144, 5000].map((target) => feerateForTarget(rates, target).satPerVb)).toEqual([20, 20, 20, 10, 10, 2, 2]);
    expect(feerateForTarget(new Map(), 6)).toEqual({ satPerVb: FEE_FALLBACK_SAT_PER_VB, from: 'fallback' });
  });

  it('a chosen rate is refused, not bent', () => {
    expect([checkFeerate(0.5), checkFeerate(1), checkFeerate(1000), checkFeerate(1000.5), checkFeerate(NaN)].map((r) => (r.ok ? 'ok' : r.error)))
      .toEqual(['too_low', 'ok', 'ok', 'absurd', 'absurd']); // prettier-ignore
  });
});
