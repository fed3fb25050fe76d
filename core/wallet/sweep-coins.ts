import { inputKindOf } from '../bitcoin/signer.ts';
import { type OutPoint, outPointKey } from '../bitcoin/transaction.ts';
import { COINBASE_MATURITY, type Coin } from './ledger.ts';
import { coinWeight, type Settled, settle, type SweepTemplate } from './sweep-template.ts';
import { feeAtLeast } from '../lib/units.ts';
import type { PublishedSweep } from './sweep-types.ts';

/** More than this for one fee is a sign of a wallet full of crumbs; the transaction stays small enough to be replaced. */
const MAX_FEE_COINS = 20;

export interface CoinTiers {
  readonly own: readonly Coin[];
  readonly free: readonly Coin[];
  readonly unheld: readonly Coin[];
  readonly all: readonly Coin[];
}

/** Coins for fees, handed out once in a plan. The sweeps that are under way hold theirs until their turn has come. */
export class CoinPool {
  readonly #free = new Map<string, Coin>();
  /** Coin to the sweep that spends it already; undefined for one whose outputs nobody wants now. */
  readonly #holders = new Map<string, PublishedSweep | undefined>();

  constructor(
    coins: readonly Coin[],
    height: number,
    published: readonly PublishedSweep[],
    isLive: (sweep: PublishedSweep) => boolean,
  ) {
    for (const coin of coins) {
      const isMature = !coin.isCoinbase || (coin.height !== undefined && height + 1 - coin.height >= COINBASE_MATURITY);
      // A replacement may not add what is unconfirmed (BIP 125, rule 2).
      if (coin.height !== undefined && isMature && inputKindOf(coin.script)) this.#free.set(outPointKey(coin), coin);
    }
    for (const sweep of published)
      for (const coin of sweep.coins) this.#holders.set(outPointKey(coin), isLive(sweep) ? sweep : undefined);
  }

  /** All of them, or undefined when one is spent, or taken in this plan. */
  coinsOf(outPoints: readonly OutPoint[]): readonly Coin[] | undefined {
    const coins = outPoints.flatMap((outPoint) => this.#free.get(outPointKey(outPoint)) ?? []);
    return coins.length === outPoints.length ? coins : undefined;
  }

  /** What a sweep may use, each tier with those before: its own coins, those that nobody holds, those of sweeps that are over, others'. */
  tiersFor(own: PublishedSweep | undefined): CoinTiers {
    const tiers: Record<keyof CoinTiers, Coin[]> = { own: [], free: [], unheld: [], all: [] };
    for (const [key, coin] of this.#free) {
      const holder = this.#holders.get(key);
      if (own && holder === own) tiers.own.push(coin);
      else if (!this.#holders.has(key)) tiers.free.push(coin);
      else tiers[holder === undefined ? 'unheld' : 'all'].push(coin);
    }
    const free = [...tiers.own, ...tiers.free];
    const unheld = [...free, ...tiers.unheld];
    return { own: tiers.own, free, unheld, all: [...unheld, ...tiers.all] };
  }

  /** The sweeps that would lose a coin to whoever takes these. */
  holdersOf(coins: readonly Coin[]): readonly PublishedSweep[] {
    return coins.flatMap((coin) => this.#holders.get(outPointKey(coin)) ?? []);
  }

  take(coins: readonly OutPoint[]): void {
    for (const coin of coins) this.#free.delete(outPointKey(coin));
  }

  /** The sweep's turn is over: what it did not take again is free. */
  release(sweep: PublishedSweep | undefined): void {
    for (const coin of sweep?.coins ?? []) this.#holders.delete(outPointKey(coin));
  }
}

const byAmount = (a: Coin, b: Coin): number => (a.amountSat < b.amountSat ? -1 : a.amountSat > b.amountSat ? 1 : 0);

/** Worth their own weight at the rate, smallest first. */
export const usefulCoins = (coins: readonly Coin[], feeratePerKw: number): readonly Coin[] =>
  coins.filter((coin) => coin.amountSat > feeAtLeast(coinWeight(coin), feeratePerKw)).toSorted(byAmount);

export type FeeFor = (coins: readonly Coin[], weight: number) => bigint;

const settledWith = (template: SweepTemplate, coins: readonly Coin[], feeFor: FeeFor): Settled | undefined => {
  const settled = settle(template, coins, (weight) => feeFor(coins, weight));
  return 'feeSat' in settled ? settled : undefined;
};

/** The smallest coin that suffices alone; else the fewest, the last of them as small as it may be. */
export function settleWithCoins(template: SweepTemplate, sorted: readonly Coin[], feeFor: FeeFor): Settled | undefined {
  for (const coin of sorted) {
    const settled = settledWith(template, [coin], feeFor);
    if (settled) return settled;
  }
  const biggest = sorted.toReversed().slice(0, MAX_FEE_COINS);
  for (let count = 2; count <= biggest.length; count++) {
    const head = biggest.slice(0, count - 1);
    if (!settledWith(template, biggest.slice(0, count), feeFor)) continue;
    const rest = sorted.slice(0, sorted.length - head.length);
    return rest.reduce<Settled | undefined>(
      (found, coin) => found ?? settledWith(template, [...head, coin], feeFor),
      undefined,
    );
  }
  return undefined;
}

/** The most that can be put together: the biggest coins. */
export const mostCoins = (sorted: readonly Coin[]): readonly Coin[] => sorted.slice(-MAX_FEE_COINS);
