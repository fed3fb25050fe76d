import { describe, expect, test } from 'vitest';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { sweepStateCodec } from '../../../core/wallet/sweep.ts';
import { coinOf } from '../../support/wallet-kit.ts';
import { Sweeper, claimOf, ownTx, rate, satPerVb } from './sweep-kit.ts';

describe('a rate that was once published', () => {
  test('is not forgotten when a more urgent claim takes the coin, and there is none to pay it with (I-28)', () => {
    const sweeper = new Sweeper();
    const waiting = claimOf({ kind: 'htlc_timeout', amountSat: 50_000n, n: 1 });
    const urgent = claimOf({ kind: 'htlc_success', amountSat: 90_000n, n: 2, deadlineHeight: 1006 });
    const coins = [coinOf(1, 100_000n)];
    sweeper.only({ claims: [waiting], coins, feerateFor: () => rate(20) });
    const taken = sweeper.plan({ height: 1001, claims: [waiting, urgent], coins, feerateFor: () => rate(20) });
    expect(taken.packages.map(({ reason }) => reason)).toEqual(['htlc_success']);
    expect(taken.shortOfCoins.map(({ channelNumber }) => channelNumber)).toEqual([1]);
    sweeper.state = decodeWith(sweepStateCodec, encodeWith(sweepStateCodec, sweeper.state));
    const again = sweeper.only({ height: 1002, claims: [waiting], coins: [coinOf(2, 100_000n)], feerateFor: () => rate(5) });
    expect(satPerVb(again.feeSat, ownTx(again))).toBeGreaterThanOrEqual(20);
  });
});
