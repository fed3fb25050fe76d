import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { dustLimitSat } from '../../../core/bitcoin/script.ts';
import {
  type Tx,
  type TxOutput,
  outPointKey,
  outputSumSat,
  txHex,
  txid,
  txWeight,
} from '../../../core/bitcoin/transaction.ts';
import { parseTx } from '../../../core/playground/raw-tx.ts';
import { whyNotStandard } from '../../../core/playground/standard.ts';
import { sweepStateCodec } from '../../../core/wallet/sweep-codec.ts';
import type { SweepPackage } from '../../../core/wallet/sweep-types.ts';
import { coinOf } from '../../support/wallet-kit.ts';
import { scriptVerdict } from '../tx/interpreter.ts';
import { Sweeper, type WantedKind, ownTx, rate, spentBy, wanted, wantedCommitment } from './sweep-kit.ts';
import { ModelMempool } from './sweep-mempool.ts';

const START = 1000;
const kinds: WantedKind[] = ['revoked_to_local', 'revoked_htlc', 'revoked_second_stage', 'offered_htlc_timeout_remote', 'received_htlc_success_remote', 'to_local_delayed', 'to_remote', 'htlc_success', 'htlc_timeout']; // prettier-ignore
const WITHOUT_DEADLINE: readonly WantedKind[] = [
  'to_local_delayed',
  'to_remote',
  'offered_htlc_timeout_remote',
  'htlc_timeout',
];

interface WalkClaim {
  readonly kind: WantedKind;
  readonly amountSat: bigint;
  readonly deadlineIn: number;
  readonly earliestIn: number;
  /** Somebody else's spend of it confirms then. */
  readonly goneIn: number;
}
const claimArb: fc.Arbitrary<WalkClaim> = fc.record({
  kind: fc.constantFrom(...kinds),
  amountSat: fc.oneof(fc.bigInt(400n, 20_000n), fc.bigInt(20_000n, 5_000_000n)),
  deadlineIn: fc.integer({ min: 20, max: 290 }),
  earliestIn: fc.integer({ min: 0, max: 40 }),
  goneIn: fc.oneof(fc.constant(10_000), fc.integer({ min: 1, max: 250 })),
});
interface Walk {
  readonly claims: readonly WalkClaim[];
  readonly commitment: { readonly deadlineIn: number | null; readonly stakeSat: bigint; readonly lostPercent: bigint } | null;
  readonly coins: readonly { readonly amountSat: bigint; readonly taproot: boolean; readonly goneIn: number }[];
  readonly startSatPerVb: number;
  /** Of the market, the attacker and the reorgs. */
  readonly seed: number;
}
const BLOCKS = 300;
const walkArb: fc.Arbitrary<Walk> = fc.record({
  claims: fc.array(claimArb, { minLength: 1, maxLength: 9 }),
  commitment: fc.option(fc.record({ deadlineIn: fc.option(fc.integer({ min: 30, max: 250 })), stakeSat: fc.bigInt(0n, 3_000_000n), lostPercent: fc.bigInt(0n, 100n) })),
  coins: fc.array(fc.record({ amountSat: fc.oneof(fc.bigInt(600n, 10_000n), fc.bigInt(10_000n, 3_000_000n)), taproot: fc.boolean(), goneIn: fc.oneof(fc.constant(10_000), fc.integer({ min: 1, max: 290 })) }), { maxLength: 12 }),
  startSatPerVb: fc.integer({ min: 1, max: 60 }),
  seed: fc.nat(),
}); // prettier-ignore

const seen = { packages: 0, replacements: 0, again: 0, scripts: 0, short: 0, uneconomic: 0, lastCalls: 0 };

/** Park and Miller. */
function randomOf(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** The stake, or all that is ever paid for a weight. */
function isSpentUp(one: SweepPackage, stakeSat: bigint, parentFeeSat: bigint): boolean {
  const feeSat = one.feeSat - parentFeeSat;
  return feeSat >= (stakeSat * 9n) / 10n || Number(feeSat) >= 6_700 * (txWeight(ownTx(one)) / 4);
}

/** Standard, no dust, the fee that it says, scripts that hold. */
function checkNew(one: SweepPackage, parentFeeSat: bigint, spentOf: (tx: Tx) => readonly TxOutput[]): void {
  if (one.step === 'replacement') seen.replacements++;
  for (const tx of one.txs) expect(whyNotStandard(parseTx(txHex(tx)))).toBeUndefined();
  if (one.reason === 'commitment' && one.txs.length === 1) return;
  const tx = ownTx(one);
  const spent = spentOf(tx);
  expect(spent.reduce((sum, { amountSat }) => sum + amountSat, 0n) - outputSumSat(tx)).toBe(one.feeSat - parentFeeSat);
  expect(tx.outputs.every(({ amountSat, script }) => amountSat >= dustLimitSat(script))).toBe(true);
  expect(tx.inputs.every(({ sequence }) => sequence <= 0xffff_fffd)).toBe(true);
  const weight = one.txs.reduce((sum, each) => sum + txWeight(each), 0);
  expect((Number(one.feeSat) * 1000) / weight).toBeGreaterThanOrEqual(one.feeratePerKw);
  // Running all scripts takes too long; bcoin cannot judge Taproot coins.
  if (seen.packages % 10 !== 0 || spent.some(({ script }) => script[0] === 0x51)) return;
  expect(scriptVerdict(tx, spent)).toBe('valid');
  seen.scripts++;
}

function walk({ claims, commitment, coins: coinPlans, startSatPerVb, seed }: Walk): void {
  const random = randomOf(seed);
  const made = claims.map((one, n) => ({
    ...one,
    ...wanted({
      kind: one.kind,
      amountSat: one.amountSat,
      n,
      earliestHeight: START + one.earliestIn,
      ...(WITHOUT_DEADLINE.includes(one.kind) ? {} : { deadlineHeight: START + one.deadlineIn }),
    }),
  }));
  const ours =
    commitment &&
    wantedCommitment({
      n: 99,
      ...(commitment.deadlineIn === null ? {} : { deadlineHeight: START + commitment.deadlineIn }),
      atStakeSat: commitment.stakeSat,
      lostAtDeadlineSat: (commitment.stakeSat * commitment.lostPercent) / 100n,
    });
  const allCoins = coinPlans.map(({ amountSat, taproot, goneIn }, n) => ({
    coin: coinOf(n, amountSat, taproot ? 'p2tr' : 'p2wpkh'),
    goneIn,
  }));
  const parents = ours ? [{ id: txid(ours.commitment.tx), tx: ours.commitment.tx }] : [];
  const mempool = new ModelMempool();
  /** Highest rate so far. */
  const best = new Map<string, number>();
  let sweeper = new Sweeper();
  let satPerVb = startSatPerVb;
  let last: readonly SweepPackage[] = [];

  for (let block = 0; block < BLOCKS; block++) {
    const reorg = random(40);
    satPerVb = Math.min(500, Math.max(1, (satPerVb * (75 + random(60))) / 100));
    const height = START + block - (reorg < 6 ? Math.min(block, reorg) : 0);
    const estimate = (target: number): number =>
      Math.max(1, satPerVb * (target <= 2 ? 1.3 : target <= 12 ? 1.1 : target <= 50 ? 1 : 0.8));
    const minSatPerVb = Math.max(1, satPerVb * 0.2);
    const coins = allCoins.filter(({ goneIn }) => goneIn > block).map(({ coin }) => coin);
    for (const { coin, goneIn } of allCoins) if (goneIn === block) mempool.spend(coin);
    for (const { claim, goneIn } of made) if (goneIn === block) mempool.spend(claim.outPoint);
    mempool.setMin(minSatPerVb);
    const present = made.filter(({ goneIn }) => goneIn > block);
    if (block % 50 === 49) {
      const restarted = new Sweeper();
      restarted.state = decodeWith(sweepStateCodec, encodeWith(sweepStateCodec, sweeper.state));
      sweeper = restarted;
    }
    const { packages, shortOfCoins, uneconomic } = sweeper.plan({
      height, coins, claims: present.map(({ claim }) => claim), commitments: ours ? [ours.commitment] : [],
      feerateFor: (target) => rate(estimate(target)), minRelayFeeratePerKw: rate(minSatPerVb),
    }); // prettier-ignore
    const short = new Set(shortOfCoins.map(({ outPoint }) => outPointKey(outPoint)));
    const notWorth = new Set(uneconomic.map(outPointKey));
    const inPackage = new Map(
      packages.flatMap((one) => one.outPoints.map((outPoint) => [outPointKey(outPoint), one] as const)),
    );
    seen.short += short.size;
    seen.uneconomic += notWorth.size;

    expect(inPackage.size).toBe(packages.reduce((sum, { outPoints }) => sum + outPoints.length, 0));
    const spentCoins = packages.flatMap((one) => one.coins.map(outPointKey));
    expect(new Set(spentCoins).size, 'no coin twice').toBe(spentCoins.length);
    for (const { claim } of present) {
      const key = outPointKey(claim.outPoint);
      const told = inPackage.has(key) || short.has(key) || notWorth.has(key);
      expect(told, 'every claim that is due is published or reported').toBe(claim.earliestHeight <= height + 1);
      if (claim.contested && inPackage.has(key)) expect(inPackage.get(key)!.outPoints).toHaveLength(1);
    }

    for (const one of packages) {
      seen.packages++;
      const parentFeeSat = one.reason === 'commitment' ? ours!.commitment.feeSat : 0n;
      if (one.step === 'again') seen.again++;
      else checkNew(one, parentFeeSat, (tx) => spentBy(tx, made, coins, parents));
      const isChildless = one.reason === 'commitment' && one.txs.length === 1;
      const refused = mempool.offer(one, parentFeeSat);
      // What is out already and cannot be paid more is offered all the same, and so is a commitment without coins.
      const isHopeless = refused === 'min relay fee not met' && (one.step === 'again' || isChildless);
      if (!isHopeless) expect(refused, `${one.reason} ${one.step} in block ${block}`).toBeUndefined();

      for (const key of one.outPoints.map(outPointKey)) {
        const before = best.get(key) ?? 0;
        const stakeSat =
          made.find(({ claim }) => outPointKey(claim.outPoint) === key)?.claim.amountSat ??
          commitment?.stakeSat ??
          10_000_000n;
        // The rate may only fall where all of the stake goes to the fee, where coins are short, or where no child is worth the stake.
        const mayFall =
          short.has(key) || isChildless || (one.coins.length > 0 && isSpentUp(one, stakeSat, parentFeeSat));
        expect(one.step === 'again' || mayFall || one.feeratePerKw >= before, `${one.reason} in block ${block}`).toBe(
          true,
        );
        best.set(key, Math.max(before, one.feeratePerKw));
      }
    }

    for (const { claim } of present) {
      const one = inPackage.get(outPointKey(claim.outPoint));
      if (
        !one ||
        claim.deadlineHeight === undefined ||
        height < START ||
        claim.deadlineHeight < height ||
        short.has(outPointKey(claim.outPoint))
      )
        continue;
      const left = claim.deadlineHeight - height;
      const own = ownTx(one);
      const keepSat = dustLimitSat(own.outputs[0]!.script);
      const budgetSat = left <= 18 ? claim.amountSat - keepSat : claim.amountSat / 2n;
      // What went out while it was worth its fee stays out, but nobody pays more than a claim holds. Coins add to the weight.
      const marketSat = (estimate(Math.max(1, Math.min(144, left - 1))) * txWeight(own) * 1.1) / 4;
      if (one.reason !== 'penalty' && marketSat + Number(keepSat) >= Number(claim.amountSat)) continue;
      const satPerVbNow = (Number(one.feeSat) * 4) / txWeight(own);
      const needed = Math.min(estimate(Math.max(1, Math.min(144, left - 1))), (Number(budgetSat) * 4) / txWeight(own));
      // With another coin the budget may stand for a lower rate than before.
      if (one.coins.length > 0 && marketSat * 1.6 > Number(budgetSat)) continue;
      // No mempool takes what the whole claim can pay.
      if (needed < minSatPerVb) continue;
      // A replacement that is not worth its own relay waits: a step of 1 sat/vB.
      if (one.step !== 'again' || satPerVbNow < needed)
        expect(
          satPerVbNow * 1.01 + (one.coins.length > 0 ? 2 : 1),
          `${one.reason} ${left} blocks before its deadline`,
        ).toBeGreaterThanOrEqual(needed);
      if (left <= 2 && budgetSat < 900_000n && one.coins.length === 0) {
        seen.lastCalls++;
        expect(Number(one.feeSat) + 1.2 * (txWeight(own) / 4), 'all but dust at the last call').toBeGreaterThanOrEqual(
          Number(budgetSat),
        );
      }
    }
    last = packages;
    const cycled = last[random(Math.max(1, last.length))];
    if (cycled) mempool.evict(ownTx(cycled));
  }
}

test(
  'over 300 blocks of any market, with claims and coins vanishing and a transaction evicted in every block',
  { timeout: 60_000 },
  () => {
    fc.assert(fc.property(walkArb, walk), { numRuns: Number(process.env['SWEEP_WALKS'] ?? 15), endOnFailure: true });
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0);
  },
);
