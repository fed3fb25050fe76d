import { describe, expect, test } from 'vitest';
import { feeratePerKw } from '../../../core/lib/units.ts';
import { STRESS_FEERATE_PER_KW, closeCost, closeCostSat, closeReserveSat } from '../../../core/wallet/close-cost.ts';
import { coinOf } from '../../support/wallet-kit.ts';
import { Sweeper, claimOf, rate, wantedCommitment } from './sweep-kit.ts';

describe('what a forced close costs', () => {
  test('is never less than what the sweeper pays at that rate', () => {
    const coins = Array.from({ length: 4 }, (_, n) => coinOf(n, 2_000_000n, n % 2 ? 'p2tr' : 'p2wpkh'));
    const claims = ['htlc_success', 'htlc_timeout'].map((kind, n) =>
      claimOf({ kind: kind as 'htlc_success', amountSat: 500_000n, n }),
    );
    const sweeper = new Sweeper();
    const stress = { coins, feerateFor: () => STRESS_FEERATE_PER_KW };
    const feeOf = (packages: readonly { readonly feeSat: bigint }[]): bigint =>
      packages.reduce((sum, { feeSat }) => sum + feeSat, 0n);
    const cost = closeCost({ channelType: 'anchors', htlcCount: 2, feeratePerKw: STRESS_FEERATE_PER_KW });
    const paid = {
      commitmentSat: feeOf(sweeper.plan({ ...stress, commitments: [wantedCommitment({}).commitment] }).packages),
      htlcsSat: feeOf(sweeper.plan({ ...stress, claims }).packages),
      sweepsSat: feeOf(
        [0, 1, 2].map((n) =>
          sweeper.only({ ...stress, claims: [claimOf({ kind: 'to_local_delayed', amountSat: 500_000n, n: 10 + n })] }),
        ),
      ),
    };
    for (const part of ['commitmentSat', 'htlcsSat', 'sweepsSat'] as const) {
      // The commitment here has no HTLC outputs: two of them are 344 weight.
      const most = cost[part] - (part === 'commitmentSat' ? 4_300n : 0n);
      expect(most, part).toBeGreaterThanOrEqual(paid[part]);
      expect(Number(most), part).toBeLessThan(Number(paid[part]) * 1.12);
    }
  });

  test('grows with every HTLC and with the rate; without anchors the coins pay nothing', () => {
    const at = (htlcCount: number, satPerVb: number) =>
      closeCostSat({ channelType: 'anchors', htlcCount, feeratePerKw: rate(satPerVb) });
    expect(at(1, 50)).toBeGreaterThan(at(0, 50));
    expect(Number(at(1, 100))).toBeCloseTo(Number(at(1, 50)) * 2, -1);
    expect(closeReserveSat({ channelType: 'static_remotekey', htlcCount: 5, feeratePerKw: feeratePerKw(12_500) })).toBe(
      0n,
    );
    expect(closeCostSat({ channelType: 'static_remotekey', htlcCount: 0, feeratePerKw: feeratePerKw(1000) })).toBe(
      538n,
    );
  });
});
