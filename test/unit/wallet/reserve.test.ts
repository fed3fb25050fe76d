import { expect, test } from 'vitest';
import { RESERVED_HTLCS, STRESS_FEERATE_PER_KW, newChannelReserveSat } from '../../../core/channel/onchain/reserve.ts';
import { feeOfWeight, feeratePerKw } from '../../../core/lib/units.ts';
import { HTLC_OUTPUT_WEIGHT } from '../../../core/tx/weights.ts';
import { coinOf } from '../../support/wallet-kit.ts';
import { Sweeper, claimOf, wantedCommitment } from './sweep-kit.ts';

test('the reserve of a channel is never less than what the sweeper takes from coins at that rate, and little more', () => {
  const coins = Array.from({ length: 4 }, (_, n) => coinOf(n, 2_000_000n, n % 2 ? 'p2tr' : 'p2wpkh'));
  const stress = { coins, feerateFor: () => STRESS_FEERATE_PER_KW };
  const { commitment } = wantedCommitment({ feeratePerKw: 253 });
  const sweeper = new Sweeper();
  const childSat = sweeper.only({ ...stress, commitments: [commitment] }).feeSat - commitment.feeSat;
  const claims = Array.from({ length: RESERVED_HTLCS }, (_, n) =>
    claimOf({ kind: 'htlc_success', amountSat: 500_000n, n }),
  );
  const htlcsSat = sweeper.plan({ ...stress, claims }).packages.reduce((sum, { feeSat }) => sum + feeSat, 0n);
  // The commitment here has no HTLC outputs, whose weight the child would pay for too.
  const outputsSat = feeOfWeight(RESERVED_HTLCS * HTLC_OUTPUT_WEIGHT, STRESS_FEERATE_PER_KW);
  const reserveSat = newChannelReserveSat('anchors', feeratePerKw(253), STRESS_FEERATE_PER_KW);
  expect(reserveSat).toBeGreaterThanOrEqual(childSat + htlcsSat + outputsSat);
  expect(Number(reserveSat)).toBeLessThan(Number(childSat + htlcsSat + outputsSat) * 1.1);
});
