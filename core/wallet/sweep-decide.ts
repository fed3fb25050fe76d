import { FEERATE_FLOOR_PER_KW, type Sat, feeAtLeast, maxBigint, minBigint, sat } from '../lib/units.ts';
import { dustLimitSat, p2wpkh } from '../bitcoin/script.ts';
import { INPUT_WEIGHT } from '../bitcoin/signer.ts';
import { outPointKey } from '../bitcoin/transaction.ts';
import type { Coin } from './ledger.ts';
import { type CoinPool, type FeeFor, mostCoins, settleWithCoins, usefulCoins } from './sweep-coins.ts';
import type { SweepJob } from './sweep-jobs.ts';
import { type Settled, type SweepTemplate, settle, surplusSat, templateWeight } from './sweep-template.ts';
import { NOTHING_BESIDE, replacementFee, termsOf } from './sweep-terms.ts';
import type { PublishedSweep, SweepInput } from './sweep-types.ts';

/** What comes of a job. */
export type Decision =
  /** A new transaction, in place of those that it `replaces`. */
  | {
      readonly kind: 'build';
      readonly settled: Settled;
      readonly replaces: readonly PublishedSweep[];
      readonly missingSat: Sat | undefined;
    }
  /** The one that is out already. */
  | { readonly kind: 'again'; readonly sweep: PublishedSweep; readonly missingSat: Sat | undefined }
  /** The commitment without a child: it pays enough itself, or there are no coins. */
  | { readonly kind: 'parent'; readonly missingSat: Sat | undefined }
  | { readonly kind: 'short'; readonly missingSat: Sat }
  | { readonly kind: 'uneconomic' };

const wholeVbytes = (weight: number): number => 4 * Math.ceil(weight / 4);

const STAND_IN_COIN = { script: p2wpkh(new Uint8Array(33)) };

const sameOutPoints = (sweep: PublishedSweep, keys: ReadonlySet<string>): boolean =>
  sweep.outPoints.length === keys.size && sweep.outPoints.every((outPoint) => keys.has(outPointKey(outPoint)));

/** The one that is out for exactly these outputs. */
export function storedFor(job: SweepJob, published: readonly PublishedSweep[]): PublishedSweep | undefined {
  const keys = new Set(job.outPoints.map(outPointKey));
  return published.find((sweep) => sameOutPoints(sweep, keys));
}

/** `rivals`: sweeps that are out, still valid as far as we know, and spend one of the job's outputs. */
export function decide(
  job: SweepJob,
  stored: PublishedSweep | undefined,
  rivals: readonly PublishedSweep[],
  pool: CoinPool,
  input: SweepInput,
): Decision {
  const { template, stake, parent } = job;
  const beside = parent ?? NOTHING_BESIDE;
  const firstCoinWeight = template.takesCoins ? INPUT_WEIGHT.p2wpkh : 0;
  const { feeratePerKw, budgetAt, urgent, worthIt } = termsOf(
    stake,
    templateWeight(template, [], true) + firstCoinWeight,
    beside,
    input,
  );
  const standing = stored && pool.coinsOf(stored.coins) ? stored : undefined;
  const again = (missingSat?: Sat): Decision | undefined => standing && { kind: 'again', sweep: standing, missingSat };
  const giveUp = (): Decision =>
    again() ?? (parent ? { kind: 'parent', missingSat: undefined } : { kind: 'uneconomic' });

  if (parent && !stored && parent.feeSat >= feeAtLeast(parent.weight, feeratePerKw))
    return { kind: 'parent', missingSat: undefined };
  if (!worthIt) return giveUp();
  if (standing && standing.feeratePerKw >= feeratePerKw) return again()!;

  const floor = Math.max(input.minRelayFeeratePerKw, FEERATE_FLOOR_PER_KW);
  // By itself and with its parent, which may be in a mempool already or not; mempools count in whole virtual bytes.
  const least = (weight: number): bigint =>
    maxBigint(
      feeAtLeast(wholeVbytes(weight), floor),
      feeAtLeast(wholeVbytes(weight) + wholeVbytes(beside.weight), floor) - beside.feeSat,
    );
  const due = (weight: number): bigint =>
    minBigint(
      budgetAt(weight),
      maxBigint(least(weight), feeAtLeast(weight + beside.weight, feeratePerKw) - beside.feeSat),
    );
  const replacedBy = (coins: readonly Coin[]): readonly PublishedSweep[] => [
    ...new Set([...rivals, ...pool.holdersOf(coins).filter((sweep) => sweep !== stored)]),
  ];
  const toReplace: FeeFor = (coins, weight) => replacementFee(weight, replacedBy(coins));
  // While nothing presses, a small step of the market is not worth a replacement.
  if (standing && !urgent && due(standing.weight) < replacementFee(standing.weight, [standing])) return again()!;

  const feeFor: FeeFor = (coins, weight) => {
    const forced = toReplace(coins, weight);
    // Without a standing one the old transaction is most likely dead: what it paid must not stop us.
    return maxBigint(due(weight), standing ? (urgent ? forced : 0n) : minBigint(forced, budgetAt(weight)));
  };
  const accept = (settled: Settled, missingSat?: Sat): Decision | undefined => {
    const { coins, weight, feeSat } = settled;
    if (feeSat < least(weight)) return undefined;
    const wins = feeSat >= toReplace(coins, weight);
    if (
      standing
        ? !wins || feeFor(coins, weight) > budgetAt(weight)
        : !wins && pool.holdersOf(coins).some((sweep) => sweep !== stored)
    )
      return undefined;
    return { kind: 'build', settled, replaces: replacedBy(coins), missingSat };
  };

  if (!template.takesCoins) {
    const settled = settle(template, [], (weight) => feeFor([], weight));
    return ('feeSat' in settled ? accept(settled) : undefined) ?? giveUp();
  }
  const { own, free, unheld, all } = pool.tiersFor(stored);
  for (const tier of [own, free, unheld, all]) {
    const settled = settleWithCoins(template, usefulCoins(tier, feeratePerKw), feeFor);
    // Coins of others may be too dear to take, which makes them no coins for us.
    const decision = settled && (accept(settled) ?? (tier === all ? undefined : giveUp()));
    if (decision) return decision;
  }
  const missingSat = missing(job, usefulCoins(unheld, feeratePerKw), feeFor);
  return (
    again(missingSat) ??
    partly({ template, tiers: [unheld, all], floor, budgetAt, least, toReplace, accept, missingSat }) ??
    (parent ? { kind: 'parent', missingSat } : { kind: 'short', missingSat })
  );
}

/** One more coin, of the usual kind, would have to bring so much. */
function missing({ template }: SweepJob, usable: readonly Coin[], feeFor: FeeFor): Sat {
  const coins = mostCoins(usable);
  const withOneMore = [...coins, STAND_IN_COIN];
  const withRest = template.rest.required;
  const feeSat = feeFor(coins, templateWeight(template, withOneMore, withRest));
  const leastSat = withRest ? dustLimitSat(template.rest.script) : 0n;
  return sat(maxBigint(1n, feeSat + leastSat - surplusSat(template, coins)));
}

interface Partly {
  readonly template: SweepTemplate;
  readonly tiers: readonly (readonly Coin[])[];
  readonly floor: number;
  readonly budgetAt: (weight: number) => bigint;
  readonly least: (weight: number) => bigint;
  readonly toReplace: FeeFor;
  readonly accept: (settled: Settled, missingSat: Sat) => Decision | undefined;
  readonly missingSat: Sat;
}

/** Better late than never: all that the coins give, when it is enough to be relayed. */
function partly({
  template,
  tiers,
  floor,
  budgetAt,
  least,
  toReplace,
  accept,
  missingSat,
}: Partly): Decision | undefined {
  const leastSat = template.rest.required ? dustLimitSat(template.rest.script) : 0n;
  for (const tier of tiers) {
    const coins = mostCoins(usefulCoins(tier, floor));
    const weight = templateWeight(template, coins, template.rest.required);
    const allSat = minBigint(budgetAt(weight), surplusSat(template, coins) - leastSat);
    if (coins.length === 0 || allSat < maxBigint(least(weight), toReplace(coins, weight))) continue;
    const settled = settle(template, coins, () => allSat);
    const decision = 'feeSat' in settled ? accept(settled, missingSat) : undefined;
    if (decision) return decision;
  }
  return undefined;
}
