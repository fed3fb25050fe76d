import { describe, expect, test } from 'vitest';
import { outPointKey, txWeight } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { replacementFee } from '../../../core/wallet/sweep-terms.ts';
import { coinOf, scriptAt } from '../../support/wallet-kit.ts';
import { scriptVerdict } from '../tx/interpreter.ts';
import {
  Sweeper,
  claimOf,
  destinationScript,
  ownTx,
  rate,
  satPerVb,
  spentBy,
  wanted,
  type WantedKind,
} from './sweep-kit.ts';

const coins = [1, 2, 3].map((n) => coinOf(n, 100_000n));

describe('which transactions', () => {
  test.each<WantedKind>([
    'revoked_to_local',
    'revoked_htlc',
    'revoked_second_stage',
    'offered_htlc_timeout_remote',
    'received_htlc_success_remote',
    'to_local_delayed',
    'to_remote',
  ])('%s is taken to the destination by a transaction that relays', (kind) => {
    const one = wanted({ kind, amountSat: 50_000n });
    const tx = ownTx(new Sweeper().only({ claims: [one.claim] }));
    expect(scriptVerdict(tx, spentBy(tx, [one], []))).toBe('valid');
    expect(tx.outputs.map(({ script }) => toHex(script))).toEqual([toHex(destinationScript)]);
  });

  test.each([
    ['htlc_success', 'anchors'], ['htlc_timeout', 'anchors'], ['htlc_success', 'static_remotekey'], ['htlc_timeout', 'static_remotekey'],
  ] as const)('%s of our commitment with %s', (kind, channelType) => {
    for (const type of ['p2wpkh', 'p2tr'] as const) {
      const feeCoins = [coinOf(5, 60_000n, type)];
      const one = wanted({ kind, channelType, amountSat: 50_000n });
      const tx = ownTx(new Sweeper().only({ claims: [one.claim], coins: feeCoins }));
      expect(tx.inputs).toHaveLength(channelType === 'anchors' ? 2 : 1);
      expect(outPointKey(tx.inputs[0]!)).toBe(outPointKey(one.claim.outPoint));
      // bcoin knows no Taproot: it stops at the coin, behind the HTLC's input. test/unit/bitcoin/sign-beside.test.ts checks those.
      const verdict = type === 'p2tr' && channelType === 'anchors' ? 'DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM' : 'valid';
      expect(scriptVerdict(tx, spentBy(tx, [one], feeCoins))).toBe(verdict);
    }
  }); // prettier-ignore

  test('every contested claim stands alone, the others share one', () => {
    const claims = [
      claimOf({ kind: 'revoked_to_local', amountSat: 50_000n, n: 1 }), claimOf({ kind: 'revoked_htlc', amountSat: 50_000n, n: 2 }),
      claimOf({ kind: 'to_local_delayed', amountSat: 50_000n, n: 3 }), claimOf({ kind: 'to_remote', amountSat: 50_000n, n: 4 }), claimOf({ kind: 'to_remote', amountSat: 50_000n, n: 5 }),
    ]; // prettier-ignore
    const { packages } = new Sweeper().plan({ claims });
    expect(packages.map(({ outPoints }) => outPoints.length)).toEqual([1, 1, 3]);
    expect(packages.map(({ reason }) => reason)).toEqual(['penalty', 'penalty', 'sweep']);
    expect(packages[2]!.channelNumbers.toSorted()).toEqual([3, 4, 5]);
  });

  test('only what the next block may hold', () => {
    const claims = [1000, 1001, 1002].map((earliestHeight, n) =>
      claimOf({ kind: 'revoked_htlc', amountSat: 50_000n, n, earliestHeight }),
    );
    expect(
      new Sweeper()
        .plan({ height: 1000, claims })
        .packages.map(({ channelNumbers }) => channelNumbers[0])
        .toSorted(),
    ).toEqual([0, 1]);
  });

  test('the same again with every block while nothing changes', () => {
    const sweeper = new Sweeper();
    const claims = [
      claimOf({ kind: 'to_remote', amountSat: 50_000n, n: 1 }),
      claimOf({ kind: 'htlc_success', amountSat: 50_000n, n: 2, deadlineHeight: 1200 }),
    ];
    const first = sweeper.plan({ claims, coins });
    const second = sweeper.plan({ claims, coins, height: 1001 });
    expect(first.packages.map(({ step }) => step)).toEqual(['first', 'first']);
    expect(second.packages).toEqual(first.packages.map((one) => ({ ...one, step: 'again' })));
    expect(
      new Sweeper().plan({
        claims: [claimOf({ kind: 'htlc_timeout', channelType: 'static_remotekey', amountSat: 50_000n })],
      }).packages,
    ).toHaveLength(1);
  });

  test('an outpoint that is listed twice is taken once', () => {
    const claim = claimOf({ kind: 'to_remote', amountSat: 50_000n });
    expect(ownTx(new Sweeper().only({ claims: [claim, claim] })).inputs).toHaveLength(1);
  });
});

describe('the fee rate', () => {
  const feeAt = (sweeper: Sweeper, height: number, deadlineHeight: number | undefined, more = {}): number => {
    const { feeratePerKw } = sweeper.only({
      height,
      claims: [
        claimOf({
          kind: 'received_htlc_success_remote',
          amountSat: 1_000_000n,
          ...(deadlineHeight === undefined ? {} : { deadlineHeight }),
        }),
      ],
      ...more,
    });
    return feeratePerKw / 250;
  };

  test('asks for the blocks that are left, 144 at most', () => {
    const asked: number[] = [];
    const feerateFor = (target: number) => (asked.push(target), rate(10));
    feeAt(new Sweeper(), 1000, 5000, { feerateFor });
    feeAt(new Sweeper(), 1000, 1031, { feerateFor });
    expect(asked).toEqual([144, 30]);
  });

  test('climbs in the last 18 blocks to all but dust, two blocks before the deadline', () => {
    const sweeper = new Sweeper();
    const seen = Array.from({ length: 24 }, (_, i) => feeAt(sweeper, 1976 + i, 2000));
    expect(seen.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => expect.closeTo(10, 1)));
    for (let i = 7; i <= 22; i++) expect(seen[i]!, `${24 - i} blocks left`).toBeGreaterThan(seen[i - 1]! * 1.2);
    const last = ownTx(
      sweeper.only({
        height: 1999,
        claims: [claimOf({ kind: 'received_htlc_success_remote', amountSat: 1_000_000n, deadlineHeight: 2000 })],
      }),
    );
    expect(last.outputs[0]!.amountSat).toBeLessThan(1_000n);
    expect(last.outputs[0]!.amountSat).toBeGreaterThanOrEqual(294n);
    expect(seen[22]).toBeGreaterThan(6000);
  });

  test('spends half at most while time is left', () => {
    const claim = claimOf({ kind: 'received_htlc_success_remote', amountSat: 3_000n, deadlineHeight: 1100 });
    const { feeSat } = new Sweeper().only({ claims: [claim], feerateFor: () => rate(18) });
    expect(feeSat).toBeGreaterThan(1_450n);
    expect(feeSat).toBeLessThanOrEqual(1_500n);
  });

  test('never falls: neither with the estimate, nor after a reorg, nor through a restart', () => {
    const sweeper = new Sweeper();
    const claims = [claimOf({ kind: 'revoked_to_local', amountSat: 500_000n, deadlineHeight: 2000 })];
    const high = sweeper.only({ claims, feerateFor: () => rate(50) });
    expect(sweeper.only({ claims, height: 1001, feerateFor: () => rate(2) }).feeratePerKw).toBe(high.feeratePerKw);
    sweeper.plan({ claims: [], height: 1002 });
    expect(sweeper.only({ claims, height: 998, feerateFor: () => rate(2) }).feeratePerKw).toBe(high.feeratePerKw);
    const forgotten = new Sweeper();
    forgotten.state = { ...sweeper.state, published: [] };
    expect(forgotten.only({ claims, height: 1003, feerateFor: () => rate(2) }).feeratePerKw).toBeGreaterThanOrEqual(
      high.feeratePerKw,
    );
  });

  test('rises with the market when that pays for the replacement (BIP 125), and not before', () => {
    const sweeper = new Sweeper();
    const claims = [claimOf({ kind: 'to_remote', amountSat: 500_000n })];
    const first = sweeper.only({ claims, feerateFor: () => rate(10) });
    expect(sweeper.only({ claims, feerateFor: () => rate(10.8) }).step).toBe('again');
    const better = sweeper.only({ claims, feerateFor: () => rate(11.2) });
    expect(better).toMatchObject({ step: 'replacement' });
    expect(better.replaces).toHaveLength(1);
    expect(better.feeSat).toBeGreaterThanOrEqual(first.feeSat + BigInt(Math.ceil(txWeight(ownTx(better)) / 4)));
  });

  test('follows what mempools ask for, whatever that costs', () => {
    const sweeper = new Sweeper();
    const claims = [claimOf({ kind: 'to_remote', amountSat: 500_000n })];
    sweeper.only({ claims, feerateFor: () => rate(2) });
    const lifted = sweeper.only({ claims, feerateFor: () => rate(2), minRelayFeeratePerKw: rate(2.4) });
    expect(lifted.step).toBe('replacement');
    expect(satPerVb(lifted.feeSat, ...lifted.txs)).toBeGreaterThanOrEqual(2.4);
  });

  test('of what somebody else can take any time aims nearer with every block', () => {
    const asked: number[] = [];
    const sweeper = new Sweeper();
    const claims = [claimOf({ kind: 'offered_htlc_timeout_remote', amountSat: 50_000n })];
    for (let height = 1000; height < 1015; height++)
      sweeper.plan({ height, claims, feerateFor: (target) => (asked.push(target), rate(10)) });
    expect(asked).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 2, 2, 2, 2]);
  });
});

describe('a batch', () => {
  const member = (n: number) => claimOf({ kind: 'to_remote', amountSat: 100_000n, n });

  test('is built anew in the same block when an input is gone, at the rate it had', () => {
    const sweeper = new Sweeper();
    const before = sweeper.only({ claims: [1, 2, 3].map(member), feerateFor: () => rate(30) });
    const after = sweeper.only({ claims: [1, 3].map(member), height: 1001, feerateFor: () => rate(3) });
    expect(after.outPoints).toHaveLength(2);
    expect(after.feeratePerKw).toBeGreaterThanOrEqual(before.feeratePerKw);
    expect(after.feeratePerKw).toBeLessThan(before.feeratePerKw * 1.02);
  });

  test('holds what goes to the same script, by which the books know the channel', () => {
    const claims = [1, 2, 3].map((n) =>
      claimOf({
        kind: 'to_remote',
        amountSat: 100_000n,
        n,
        ...(n === 2 ? { paidTo: scriptAt({ kind: 'p2wpkh', branch: 'change', index: 9 }) } : {}),
      }),
    );
    const { packages } = new Sweeper().plan({ claims });
    expect(packages.map(({ channelNumbers }) => channelNumbers.toSorted()).toSorted((a, b) => a.length - b.length)).toEqual([[2], [1, 3]]); // prettier-ignore
    for (const one of packages) expect(ownTx(one).outputs).toHaveLength(1);
  });

  test('is left alone by what matures later', () => {
    const sweeper = new Sweeper();
    const before = sweeper.only({ claims: [1, 2].map(member) });
    const { packages } = sweeper.plan({ claims: [1, 2, 3].map(member), height: 1001 });
    expect(packages.map(({ step, outPoints }) => [step, outPoints.length]).toSorted()).toEqual([['again', 2], ['first', 1]]); // prettier-ignore
    expect(packages.find(({ step }) => step === 'again')!.txs).toEqual(before.txs);
  });

  test('stays far below the standard weight', () => {
    const { packages } = new Sweeper().plan({ claims: Array.from({ length: 250 }, (_, n) => member(n)) });
    expect(packages.map(({ outPoints }) => outPoints.length).toSorted((a, b) => a - b)).toEqual([50, 100, 100]);
    for (const one of packages) expect(txWeight(ownTx(one))).toBeLessThan(400_000);
  });

  test('stays together in a spike that one of its members could not pay', () => {
    const sweeper = new Sweeper();
    const claims = [member(1), claimOf({ kind: 'to_remote', amountSat: 2_000n, n: 2 })];
    const before = sweeper.only({ claims, feerateFor: () => rate(2) });
    const after = sweeper.plan({ claims, height: 1001, feerateFor: () => rate(60) });
    expect(after.uneconomic).toEqual([]);
    expect(after.packages).toMatchObject([{ outPoints: before.outPoints, step: 'replacement' }]);
  });

  test('leaves out what does not pay for itself', () => {
    const crumb = claimOf({ kind: 'to_remote', amountSat: 400n, n: 9 });
    const planned = new Sweeper().plan({ claims: [member(1), crumb] });
    expect(planned.packages.map(({ outPoints }) => outPoints.length)).toEqual([1]);
    expect(planned.uneconomic).toEqual([crumb.outPoint]);
  });
});

describe('what is not worth its fee', () => {
  test.each(['to_remote', 'received_htlc_success_remote', 'htlc_success'] as const)(
    '%s is told, and taken when fees fall',
    (kind) => {
      const sweeper = new Sweeper();
      const claims = [claimOf({ kind, amountSat: 2_000n, ...(kind === 'to_remote' ? {} : { deadlineHeight: 1900 }) })];
      expect(sweeper.plan({ claims, coins, feerateFor: () => rate(60) })).toMatchObject({
        packages: [],
        uneconomic: [claims[0]!.outPoint],
      });
      expect(sweeper.plan({ claims, coins, height: 1001, feerateFor: () => rate(2) })).toMatchObject({
        uneconomic: [],
        packages: [{}],
      });
    },
  );

  test('a penalty is tried as long as 1 sat/vB leaves something', () => {
    const at = (amountSat: bigint) =>
      new Sweeper().plan({
        claims: [claimOf({ kind: 'revoked_htlc', amountSat, deadlineHeight: 1900 })],
        feerateFor: () => rate(500),
      });
    expect(at(2_000n).packages).toHaveLength(1);
    expect(at(450n).packages).toHaveLength(1);
    expect(at(430n)).toMatchObject({ packages: [], uneconomic: [{}] });
    for (const { txs } of [2_000n, 450n].flatMap((amountSat) => at(amountSat).packages))
      expect(txs[0]!.outputs[0]!.amountSat).toBeGreaterThanOrEqual(294n);
  });

  test('what is out already is never taken back', () => {
    const sweeper = new Sweeper();
    const claims = [claimOf({ kind: 'received_htlc_success_remote', amountSat: 3_000n, deadlineHeight: 1900 })];
    const first = sweeper.only({ claims, feerateFor: () => rate(5) });
    const later = sweeper.plan({ claims, height: 1001, feerateFor: () => rate(400) });
    expect(later.uneconomic).toEqual([]);
    expect(later.packages[0]!.txs).toEqual(first.txs);
  });
});

test('a heavier replacement pays a higher rate too (BIP 125)', () => {
  expect(replacementFee(1200, [{ feeSat: 1000n, weight: 400 }])).toBe(3001n);
  expect(replacementFee(400, [{ feeSat: 1000n, weight: 400 }, { feeSat: 500n, weight: 400 }])).toBe(1600n); // prettier-ignore
});

test('what nobody wants for 144 blocks is forgotten', () => {
  const sweeper = new Sweeper();
  sweeper.plan({ claims: [claimOf({ kind: 'htlc_success', amountSat: 50_000n })], coins });
  sweeper.plan({ height: 1143 });
  expect([sweeper.state.entries.size, sweeper.state.published.length]).toEqual([1, 1]);
  sweeper.plan({ height: 1144 });
  expect([sweeper.state.entries.size, sweeper.state.published.length]).toEqual([0, 0]);
});
