import { describe, expect, test } from 'vitest';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { outPointKey, outputSumSat, txWeight, txid } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sweepStateCodec } from '../../../core/wallet/sweep-codec.ts';
import { coinsInFlight } from '../../../core/wallet/sweep-plan.ts';
import { coinOf } from '../../support/wallet-kit.ts';
import { scriptVerdict } from '../tx/interpreter.ts';
import {
  Sweeper,
  changeScript,
  claimOf,
  ownTx,
  rate,
  satPerVb,
  spentBy,
  wanted,
  wantedCommitment,
} from './sweep-kit.ts';

const amounts = (
  tx: { readonly inputs: readonly { txid: string; vout: number }[] },
  coins: readonly ReturnType<typeof coinOf>[],
): readonly bigint[] =>
  tx.inputs.flatMap((input) =>
    coins.filter((coin) => outPointKey(coin) === outPointKey(input)).map(({ amountSat }) => amountSat),
  );
const htlc = (n: number, deadlineHeight?: number, amountSat = 50_000n) =>
  claimOf({ kind: 'htlc_success', amountSat, n, ...(deadlineHeight === undefined ? {} : { deadlineHeight }) });

describe('an HTLC transaction with anchors', () => {
  test('gets a coin and change behind the HTLC, and pays the rate', () => {
    const coins = [coinOf(1, 40_000n)];
    const one = wanted({ kind: 'htlc_success', amountSat: 50_000n });
    const { txs, feeSat } = new Sweeper().only({ claims: [one.claim], coins });
    const tx = txs[0]!;
    expect(tx.outputs.map(({ amountSat }) => amountSat)).toEqual([50_000n, 40_000n - feeSat]);
    expect(toHex(tx.outputs[1]!.script)).toBe(toHex(changeScript));
    expect(satPerVb(feeSat, tx)).toBeCloseTo(10, 0);
    expect(scriptVerdict(tx, spentBy(tx, [one], coins))).toBe('valid');
  });

  test('takes the smallest coin that suffices, or the fewest together; what is dust goes to the fee', () => {
    const pick = (...of: readonly bigint[]) => {
      const coins = of.map((amountSat, n) => coinOf(n, amountSat));
      return amounts(ownTx(new Sweeper().only({ claims: [htlc(1)], coins })), coins).toSorted();
    };
    expect(pick(900n, 90_000n, 7_000n, 30_000n)).toEqual([7_000n]);
    expect(pick(900n, 1_500n, 1_600n, 1_700n)).toEqual([1_500n, 1_700n]);
    const close = [coinOf(1, 2_700n)];
    const { txs, feeSat } = new Sweeper().only({ claims: [htlc(1)], coins: close });
    expect([txs[0]!.outputs.length, feeSat]).toEqual([1, 2_700n]);
  });

  test('never spends what is not confirmed or not mature', () => {
    const coins = [
      coinOf(1, 50_000n, 'p2wpkh', { height: undefined }),
      coinOf(2, 50_000n, 'p2wpkh', { isCoinbase: true, height: 950 }),
    ];
    expect(new Sweeper().plan({ claims: [htlc(1)], coins })).toMatchObject({ packages: [], shortOfCoins: [{}] });
  });

  test('one for each HTLC, and no coin twice', () => {
    const coins = [1, 2, 3].map((n) => coinOf(n, 50_000n));
    const { packages } = new Sweeper().plan({ claims: [htlc(1), htlc(2), htlc(3)], coins });
    expect(new Set(packages.flatMap(({ coins: spent }) => spent.map(outPointKey))).size).toBe(3);
    expect(packages.map(({ txs }) => txs.length)).toEqual([1, 1, 1]);
  });
});

describe('short of coins', () => {
  test('the nearest deadline comes first, the others are told with what they lack', () => {
    const coins = [coinOf(1, 5_000n)];
    const { packages, shortOfCoins } = new Sweeper().plan({ claims: [htlc(1, 1600), htlc(2, 1100), htlc(3)], coins });
    expect(packages.map(({ channelNumbers }) => channelNumbers)).toEqual([[2]]);
    expect(shortOfCoins.map(({ channelNumber, deadlineHeight }) => [channelNumber, deadlineHeight])).toEqual([[1, 1600], [3, undefined]]); // prettier-ignore
    const { missingSat } = shortOfCoins[0]!;
    const enough = new Sweeper().plan({
      claims: [htlc(1, 1600), htlc(2, 1100)],
      coins: [...coins, coinOf(2, missingSat)],
    });
    expect(enough.shortOfCoins).toEqual([]);
    expect(
      new Sweeper().plan({ claims: [htlc(1, 1600), htlc(2, 1100)], coins: [...coins, coinOf(2, missingSat - 1n)] })
        .shortOfCoins,
    ).toHaveLength(1);
  });

  test('what there is goes out all the same when it is enough to be relayed', () => {
    const { packages, shortOfCoins } = new Sweeper().plan({
      claims: [htlc(1, 1100)],
      coins: [coinOf(1, 1_500n)],
      feerateFor: () => rate(20),
    });
    expect(packages.map(({ feeSat }) => feeSat)).toEqual([1_500n]);
    expect(shortOfCoins).toHaveLength(1);
  });

  test('a nearer deadline takes the coin of a sweep that is out, and pays for pushing it out', () => {
    const sweeper = new Sweeper();
    const coins = [coinOf(1, 50_000n)];
    const calm = sweeper.only({ claims: [htlc(1, 2000)], coins });
    const { packages, shortOfCoins } = sweeper.plan({ claims: [htlc(1, 2000), htlc(2, 1050)], coins, height: 1001 });
    expect(packages).toMatchObject([{ channelNumbers: [2], replaces: [txid(ownTx(calm))], step: 'replacement' }]);
    expect(packages[0]!.feeSat).toBeGreaterThan(calm.feeSat + 200n);
    expect(shortOfCoins).toMatchObject([{ channelNumber: 1 }]);
  });

  test('the coin of a sweep that paid more than a claim is worth is left to it', () => {
    const sweeper = new Sweeper();
    const coins = [coinOf(1, 1_000_000n)];
    const big = htlc(1, 2000, 5_000_000n);
    const calm = sweeper.only({ claims: [big], coins, feerateFor: () => rate(100) });
    const { packages, shortOfCoins } = sweeper.plan({
      claims: [big, htlc(2, 1100, 3_000n)],
      coins,
      height: 1001,
      feerateFor: () => rate(5),
    });
    expect(packages).toEqual([{ ...calm, step: 'again' }]);
    expect(shortOfCoins).toMatchObject([{ channelNumber: 2 }]);
  });

  test('a coin that somebody else spent is replaced by another in the same block, at no lower rate', () => {
    const sweeper = new Sweeper();
    const coins = [coinOf(1, 30_000n), coinOf(2, 60_000n)];
    const first = sweeper.only({ claims: [htlc(1, 1500)], coins, feerateFor: () => rate(30) });
    const second = sweeper.only({
      claims: [htlc(1, 1500)],
      coins: [coins[1]!],
      height: 1001,
      feerateFor: () => rate(5),
    });
    expect(second.coins.map(outPointKey)).toEqual([outPointKey(coins[1]!)]);
    expect(second.feeratePerKw).toBeGreaterThanOrEqual(first.feeratePerKw);
  });
});

describe('our commitment', () => {
  const coins = [coinOf(1, 100_000n), coinOf(2, 3_000_000n)];

  test('is brought to the rate by a child at its anchor', () => {
    const { commitment } = wantedCommitment({});
    const { txs, feeSat } = new Sweeper().only({ commitments: [commitment], coins });
    expect(txs[0]).toBe(commitment.tx);
    expect(satPerVb(feeSat, ...txs)).toBeGreaterThanOrEqual(10);
    expect(satPerVb(feeSat, ...txs)).toBeLessThan(10.2);
    const child = txs[1]!;
    expect(scriptVerdict(child, spentBy(child, [], coins, [{ id: txid(commitment.tx), tx: commitment.tx }]))).toBe(
      'valid',
    );
    expect(outputSumSat(child) + feeSat - commitment.feeSat).toBe(100_330n);
  });

  test('pays no more where mempools ask for all of it', () => {
    const { commitment } = wantedCommitment({ feeratePerKw: 1_000 });
    const { txs, feeSat } = new Sweeper().only({ commitments: [commitment], coins, minRelayFeeratePerKw: rate(10) });
    expect(satPerVb(feeSat, ...txs)).toBeGreaterThanOrEqual(10);
    expect(satPerVb(feeSat, ...txs)).toBeLessThan(10.2);
  });

  test.each([
    ['without anchors', { channelType: 'static_remotekey' as const }],
    ['that pays enough itself', { feeratePerKw: 2_600 }],
  ])('%s goes out alone', (_, of) => {
    expect(new Sweeper().only({ commitments: [wantedCommitment(of).commitment], coins }).txs).toHaveLength(1);
  });

  test('goes out alone when there is no coin, and that is told', () => {
    expect(new Sweeper().plan({ commitments: [wantedCommitment({ n: 7 }).commitment] })).toMatchObject({
      packages: [{ txs: [{}] }],
      shortOfCoins: [{ channelNumber: 7 }],
    });
  });

  test('is replaced upward with the deadline, by what is at stake', () => {
    const climb = (atStakeSat: bigint, lostAtDeadlineSat = atStakeSat) => {
      const sweeper = new Sweeper();
      const { commitment } = wantedCommitment({ deadlineHeight: 1030, atStakeSat, lostAtDeadlineSat });
      return Array.from({ length: 30 }, (_, i) => {
        const one = sweeper.only({ height: 1000 + i, commitments: [commitment], coins });
        return { rate: one.feeratePerKw / 250, feeSat: one.feeSat, childWeight: txWeight(ownTx(one)) };
      });
    };
    const known = climb(400_000n);
    known.forEach(({ rate: now, feeSat }, i) =>
      expect(i === 0 || (now >= known[i - 1]!.rate && feeSat >= known[i - 1]!.feeSat)).toBe(true),
    );
    expect(known[28]!.feeSat).toBeGreaterThan(199_000n);
    expect(known[28]!.feeSat).toBeLessThan(201_000n);
    // A balance only waits: it is brought in at the market's rate, and the climb is for the HTLCs alone.
    const withBalance = climb(3_000_000n, 40_000n);
    expect(withBalance[28]!.feeSat).toBeGreaterThan(19_900n);
    expect(withBalance[29]!.feeSat).toBeLessThan(20_500n);
    expect(climb(3_000_000n, 0n)[29]!.rate).toBeCloseTo(10, 0);
  });

  test('with nothing of ours in it costs us nothing', () => {
    const { commitment } = wantedCommitment({ deadlineHeight: 1010, atStakeSat: 0n });
    const { packages, shortOfCoins } = new Sweeper().plan({ commitments: [commitment], coins });
    expect(packages.map(({ txs }) => txs)).toEqual([[commitment.tx]]);
    expect(shortOfCoins).toEqual([]);
  });

  test('of which little is ours is brought in for half of that at most', () => {
    const { commitment } = wantedCommitment({ atStakeSat: 6_000n, lostAtDeadlineSat: 0n });
    const { feeSat, txs } = new Sweeper().only({ commitments: [commitment], coins, feerateFor: () => rate(200) });
    expect(txs).toHaveLength(2);
    expect(feeSat).toBeLessThanOrEqual(3_000n + commitment.feeSat);
  });
});

describe('the memory', () => {
  const claims = [claimOf({ kind: 'to_remote', amountSat: 50_000n, n: 4 }), htlc(1, 1100)];

  test('says which coins are in flight', () => {
    const sweeper = new Sweeper();
    sweeper.plan({ claims, coins: [coinOf(1, 50_000n), coinOf(2, 60_000n)] });
    expect(coinsInFlight(sweeper.state).map(outPointKey)).toEqual([outPointKey(coinOf(1, 50_000n))]);
  });

  test('comes back from its stored form, and goes on the same', () => {
    const sweeper = new Sweeper();
    const coins = [coinOf(1, 50_000n, 'p2tr')];
    const first = sweeper.plan({ claims, coins, commitments: [wantedCommitment({}).commitment] });
    const bytes = encodeWith(sweepStateCodec, sweeper.state);
    const restarted = new Sweeper();
    restarted.state = decodeWith(sweepStateCodec, bytes);
    expect(restarted.state).toEqual(sweeper.state);
    expect(restarted.plan({ claims, coins }).packages.map(({ txs }) => txs)).toEqual(
      first.packages.filter(({ reason }) => reason !== 'commitment').map(({ txs }) => txs),
    );
    expect(() => decodeWith(sweepStateCodec, Uint8Array.of(1, ...bytes.slice(1)))).toThrow(DecodeError);
    for (let cut = 0; cut < bytes.length; cut += 7)
      expect(() => decodeWith(sweepStateCodec, bytes.slice(0, cut))).toThrow(DecodeError);
  });
});
