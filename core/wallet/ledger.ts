import { toHex } from '../lib/bytes.ts';
import { type Sat, sat } from '../lib/units.ts';
import { type OutPoint, outPointKey } from '../bitcoin/transaction.ts';
import type { SpentOutput } from '../bitcoin/signer.ts';
import type { ScriptPath } from './accounts.ts';
import { type KnownTx, standingTransactions } from './standing.ts';
import type { OwnTransaction, WalletState } from './state.ts';
import { type ChainView, type Credit, factsOf } from './view.ts';

/** Coinbase outputs may be spent 100 blocks later (consensus). */
export const COINBASE_MATURITY = 100;

/** An output of ours, spent or not. */
export interface Coin extends SpentOutput {
  readonly path: ScriptPath;
  /** Undefined while unconfirmed. */
  readonly height: number | undefined;
  readonly isCoinbase: boolean;
  /** Confirmed, or made by transactions that spend nothing but trusted coins of ours: nobody else can undo those. */
  readonly isTrusted: boolean;
}

/** Everything of ours on chain and in flight, worked out anew from histories and own transactions each time. */
export interface Ledger {
  /** Parents before children. */
  readonly transactions: readonly KnownTx[];
  /** All outputs of ours by `txid:vout`, spent ones too. */
  readonly coins: ReadonlyMap<string, Coin>;
  /** Who spends an output of ours: transaction id by `txid:vout`. */
  readonly spenders: ReadonlyMap<string, string>;
}

interface Gathered {
  readonly known: ReadonlyMap<string, KnownTx>;
  readonly credits: ReadonlyMap<string, readonly Credit[]>;
  readonly creditKeys: ReadonlySet<string>;
}

/** While histories disagree about a transaction, it counts as least confirmed. */
const lessConfirmed = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(a, b);

function gather(view: ChainView, own: readonly OwnTransaction[]): Gathered {
  const known = new Map<string, KnownTx>();
  const credits = new Map<string, readonly Credit[]>();
  for (const listings of view.listings.values()) {
    for (const { facts, height, txIndex, credits: paid } of listings) {
      const earlier = known.get(facts.txid);
      const agreed = earlier ? lessConfirmed(earlier.height, height) : height;
      if (!earlier || earlier.height !== agreed)
        known.set(facts.txid, { facts, txIndex, height: agreed, ownOrder: undefined, needs: [] });
      if (paid.length === 0) continue;
      const others = credits.get(facts.txid);
      credits.set(facts.txid, others ? [...others, ...paid] : paid);
    }
  }
  own.forEach(({ txid, tx, foreignInputs }, ownOrder) => {
    const listed = known.get(txid);
    const foreign = new Set(foreignInputs.map(outPointKey));
    const needs = tx.inputs.map(outPointKey).filter((key) => !foreign.has(key));
    const unlisted = { facts: factsOf(txid, tx), height: undefined, txIndex: undefined, needs };
    known.set(txid, { ...(listed ?? unlisted), ownOrder });
    const paid: Credit[] = [];
    tx.outputs.forEach(({ script }, vout) => {
      const path = view.book.byScript.get(toHex(script));
      if (path) paid.push({ vout, path, key: outPointKey({ txid, vout }) });
    });
    credits.set(txid, paid);
  });
  const creditKeys = new Set<string>();
  for (const paid of credits.values()) for (const { key } of paid) creditKeys.add(key);
  return { known, credits, creditKeys };
}

/** The same histories and own transactions give the same ledger, in whatever order they came. */
export function ledgerOf(view: ChainView, state: WalletState): Ledger {
  const { known, credits, creditKeys } = gather(view, state.ownTransactions);
  const transactions = standingTransactions(known, creditKeys);
  const coins = new Map<string, Coin>();
  const spenders = new Map<string, string>();
  for (const { facts, height } of transactions) {
    const spent = facts.inputKeys.map((key) => coins.get(key));
    const isTrusted = height !== undefined || spent.every((coin) => coin?.isTrusted === true);
    const { txid, outputs, isCoinbase } = facts;
    for (const { vout, key, path } of credits.get(txid) ?? []) {
      const { amountSat, script } = outputs[vout]!;
      coins.set(key, { txid, vout, amountSat, script, path, height, isTrusted, isCoinbase });
    }
  }
  for (const { facts } of transactions) {
    for (const key of facts.inputKeys) if (coins.has(key)) spenders.set(key, facts.txid);
  }
  return { transactions, coins, spenders };
}

/** Why a coin can or cannot be spent now; each coin has exactly one status. */
export type CoinStatus =
  | 'confirmed'
  /** Our own change, spendable before it confirms. */
  | 'trusted'
  | 'unconfirmed'
  | 'immature'
  | 'frozen'
  /** Reserved for a transaction in the making. */
  | 'locked';

export function coinStatus(coin: Coin, state: WalletState, tipHeight: number): CoinStatus {
  const key = outPointKey(coin);
  if (state.reservedOutPoints.has(key)) return 'locked';
  if (state.frozen.has(key)) return 'frozen';
  if (coin.isCoinbase && (coin.height === undefined || tipHeight + 1 - coin.height < COINBASE_MATURITY))
    return 'immature';
  if (coin.height !== undefined) return 'confirmed';
  return coin.isTrusted ? 'trusted' : 'unconfirmed';
}

export interface CoinWithStatus extends Coin {
  readonly status: CoinStatus;
}

/** Unspent coins, each with its status. */
export function unspentCoins(ledger: Ledger, view: ChainView, state: WalletState): readonly CoinWithStatus[] {
  const unspent: CoinWithStatus[] = [];
  for (const [key, coin] of ledger.coins) {
    if (!ledger.spenders.has(key)) unspent.push({ ...coin, status: coinStatus(coin, state, view.tipHeight) });
  }
  return unspent;
}

/** What a new transaction may spend: confirmed coins, and our own change unless `confirmedOnly`. */
export const spendableCoins = (coins: readonly CoinWithStatus[], confirmedOnly = false): readonly CoinWithStatus[] =>
  coins.filter(({ status }) => status === 'confirmed' || (status === 'trusted' && !confirmedOnly));

/** Every unspent coin counts in exactly one of the fields but `spendableSat`. */
export interface Balance {
  readonly confirmedSat: Sat;
  /** Our own unconfirmed change and what others sent. */
  readonly unconfirmedSat: Sat;
  readonly immatureSat: Sat;
  readonly frozenSat: Sat;
  readonly lockedSat: Sat;
  /** Confirmed coins and our own change. */
  readonly spendableSat: Sat;
}

export function balanceOf(coins: readonly CoinWithStatus[]): Balance {
  const sums: Record<CoinStatus, bigint> = {
    confirmed: 0n,
    trusted: 0n,
    unconfirmed: 0n,
    immature: 0n,
    frozen: 0n,
    locked: 0n,
  };
  for (const { status, amountSat } of coins) sums[status] += amountSat;
  return {
    confirmedSat: sat(sums.confirmed),
    unconfirmedSat: sat(sums.unconfirmed + sums.trusted),
    immatureSat: sat(sums.immature),
    frozenSat: sat(sums.frozen),
    lockedSat: sat(sums.locked),
    spendableSat: sat(sums.confirmed + sums.trusted),
  };
}

/** Whether an outpoint is an unspent coin of ours. */
export const isUnspent = (ledger: Ledger, outPoint: OutPoint): boolean =>
  ledger.coins.has(outPointKey(outPoint)) && !ledger.spenders.has(outPointKey(outPoint));
