import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { outPointKey, txid, type OutPoint, type Tx, type TxOutput } from '../../../core/bitcoin/transaction.ts';
import type { AddressBook } from '../../../core/wallet/accounts.ts';
import { balanceOf, ledgerOf, unspentCoins } from '../../../core/wallet/ledger.ts';
import { initialState, recordOwnTransaction, type WalletState } from '../../../core/wallet/state.ts';
import { walletTransactions } from '../../../core/wallet/transactions.ts';
import { applyHistories, openView, withTip, type ChainView } from '../../../core/wallet/view.ts';
import { TestChain, foreignScript, standInScript } from '../../support/wallet-chain.ts';

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pay' as const), inputs: fc.nat(3), outputs: fc.array(fc.nat(40), { minLength: 1, maxLength: 4 }), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('payOwn' as const), inputs: fc.nat(2), outputs: fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mine' as const), count: fc.nat(5), reward: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reorg' as const), depth: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), pick: fc.nat(), output: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const), pick: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('tell' as const), seed: fc.nat() }) },
); // prettier-ignore
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Numbers below 24 are ours. */
const scriptOf = (n: number): Uint8Array =>
  n < 24
    ? standInScript({ kind: n % 2 ? 'p2tr' : 'p2wpkh', branch: n % 4 < 2 ? 'receive' : 'change', index: n >> 2 })
    : foreignScript(n);

class Run {
  readonly chain = new TestChain();
  state: WalletState = initialState;
  view: ChainView;
  readonly #own = new Set<string>();

  constructor() {
    this.view = openView(this.state, 0, standInScript).view;
  }

  take(one: Step): void {
    const { chain } = this;
    if (one.kind === 'mine') chain.mine(one.count, scriptOf(one.reward));
    else if (one.kind === 'reorg') this.#reorg(one.depth);
    else if (one.kind === 'tell') this.tell(this.#shuffledScripts(one.seed).slice(0, 10));
    else if (one.kind === 'pay' || one.kind === 'payOwn') this.#pay(one);
    else this.#disturb(one);
    this.view = withTip(this.view, chain.tipHeight);
    checkSums(this.view, this.state);
  }

  #reorg(depth: number): void {
    this.chain.disconnect(depth);
  }

  #pay({ kind, inputs, outputs, pick }: Extract<Step, { kind: 'pay' | 'payOwn' }>): void {
    const unspent = [...this.chain.unspent().values()].filter(
      (o) => kind === 'pay' || isOurs(this.view.book, o.script),
    );
    const spent: (OutPoint & TxOutput)[] = [];
    for (let i = 0; i < inputs && unspent.length > 0; i++)
      spent.push(...unspent.splice((pick * 31 + i * 7) % unspent.length, 1));
    const isOwn = kind === 'payOwn' && spent.length > 0;
    const tx = this.chain.make(
      spent.length > 0 ? spent : [{ txid: toHex(new Uint8Array(32).fill(7)), vout: pick % 1_000_000 }],
      paid(outputs, spent),
    );
    if (
      spent.length === 0 &&
      this.chain
        .placed()
        .some((p) => p.tx.inputs.some((i) => i.vout === tx.inputs[0]!.vout && i.txid === tx.inputs[0]!.txid))
    )
      return;
    this.chain.broadcast(tx);
    if (!isOwn) return;
    this.#own.add(txid(tx));
    this.state = recordOwnTransaction(this.state, { tx, feeSat: sat(0n), createdAtSeconds: 5 });
  }

  #disturb(one: Extract<Step, { kind: 'replace' | 'evict' }>): void {
    const victims = this.chain.mempool.filter((tx) => !this.#hasOwnDescendant(tx));
    const victim = victims[one.pick % Math.max(1, victims.length)];
    if (!victim) return;
    this.chain.evict(victim);
    if (one.kind === 'replace')
      this.chain.broadcast(
        this.chain.make(victim.inputs.slice(0, 1), [{ amountSat: sat(777n), script: scriptOf(one.output) }]),
      );
  }

  /** Own ones stay in the mempool, so that what was recorded is also the chain's truth. */
  #hasOwnDescendant(tx: Tx): boolean {
    const before = this.chain.mempool;
    this.chain.evict(tx);
    const evicted = before.filter((one) => !this.chain.mempool.includes(one));
    this.chain.mempool = before;
    return evicted.some((one) => this.#own.has(txid(one)));
  }

  #shuffledScripts(seed: number): Uint8Array[] {
    const scripts = [...this.view.book.byScript.values()].map(standInScript);
    return scripts
      .map((script, i) => ({ script, key: (i * 7919 + seed * 104729) % 1009 }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ script }) => script);
  }

  tell(scripts: readonly Uint8Array[]): void {
    const histories = scripts.map((script) => this.chain.historyOf(script));
    const { view, state } = applyHistories({
      view: this.view,
      state: this.state,
      histories,
      scriptOf: standInScript,
      nowSeconds: 9,
    });
    this.view = view;
    this.state = state;
  }

  tellAll(seed: number): void {
    const scripts = this.#shuffledScripts(seed);
    for (let at = 0; at < scripts.length; at += 1 + (seed % 17)) this.tell(scripts.slice(at, at + 1 + (seed % 17)));
  }
}

const isOurs = (book: AddressBook, script: Uint8Array): boolean => book.byScript.has(toHex(script));

function paid(outputs: readonly number[], spent: readonly TxOutput[]): TxOutput[] {
  const total = spent.reduce((sum, { amountSat }) => sum + amountSat, 0n) || 1_000_000n;
  return outputs.map((n, i) => ({
    script: scriptOf(n),
    amountSat: sat(total / BigInt(outputs.length + 1) + BigInt(i)),
  }));
}

/** Whatever has been told so far: the list of transactions and the coins say the same. */
function checkSums(view: ChainView, state: WalletState): void {
  const ledger = ledgerOf(view, state);
  const net = walletTransactions(ledger, state, () => 1).reduce((sum, { netSat }) => sum + netSat, 0n);
  const coins = unspentCoins(ledger, view, state);
  expect(coins.reduce((sum, { amountSat }) => sum + amountSat, 0n)).toBe(net);
  const spent = ledger.transactions.flatMap(({ facts }) => (facts.isCoinbase ? [] : facts.inputKeys));
  expect(new Set(spent).size).toBe(spent.length);
}

/** A second calculator: walks the whole chain and knows nothing of histories. */
function naive(chain: TestChain, book: AddressBook) {
  const placed = chain.placed();
  const byId = new Map(placed.map((one) => [one.txid, one]));
  const ours = (output: TxOutput | undefined): boolean => output !== undefined && isOurs(book, output.script);
  const prevOf = (point: OutPoint): TxOutput | undefined => byId.get(point.txid)?.tx.outputs[point.vout];
  const trusted = (id: string): boolean => {
    const one = byId.get(id);
    if (!one) return false;
    return one.height !== undefined || one.tx.inputs.every((input) => ours(prevOf(input)) && trusted(input.txid));
  };
  const sums = { confirmed: 0n, unconfirmed: 0n, immature: 0n, trusted: 0n };
  for (const output of chain.unspent().values()) {
    if (!ours(output)) continue;
    const { height, txIndex } = byId.get(output.txid)!;
    if (txIndex === 0 && chain.tipHeight + 1 - height! < 100) sums.immature += output.amountSat;
    else if (height !== undefined) sums.confirmed += output.amountSat;
    else sums.unconfirmed += output.amountSat;
    if (height === undefined && trusted(output.txid)) sums.trusted += output.amountSat;
  }
  const nets = new Map<string, string>();
  for (const { tx, txid: id, height } of placed) {
    const mine = tx.outputs.filter(ours).reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const from = tx.inputs.map(prevOf).filter(ours) as TxOutput[];
    const spent = from.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const out = tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    if (from.length === 0 && !tx.outputs.some(ours)) continue;
    const fee = from.length === tx.inputs.length && spent >= out ? spent - out : 'unknown';
    nets.set(id, `${mine - spent} fee ${fee} at ${height}`);
  }
  return { sums, nets };
}

describe('the coins of a wallet', () => {
  test('agree with a walk over the whole chain, whatever was reorganised, replaced or told out of order', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(), (steps, seed) => {
        const run = new Run();
        for (const one of steps) run.take(one);
        // New addresses may come into view with what is told.
        for (let round = 0; round < 3; round++) run.tellAll(seed + round);
        const ledger = ledgerOf(run.view, run.state);
        const coins = unspentCoins(ledger, run.view, run.state);
        const { sums, nets } = naive(run.chain, run.view.book);
        const balance = balanceOf(coins);
        expect(balance).toEqual({
          confirmedSat: sums.confirmed, unconfirmedSat: sums.unconfirmed, immatureSat: sums.immature, frozenSat: 0n, lockedSat: 0n,
          spendableSat: sums.confirmed + sums.trusted,
        }); // prettier-ignore
        const lines = walletTransactions(ledger, run.state, () => 1);
        expect(
          new Map(
            lines.map(({ txid: id, netSat, feeSat, height }) => [
              id,
              `${netSat} fee ${feeSat ?? 'unknown'} at ${height}`,
            ]),
          ),
        ).toEqual(nets);
        compared += nets.size;

        // Told at once and from nothing, the same.
        const { view } = openView(run.state, run.chain.tipHeight, standInScript);
        const histories = [...view.book.byScript.values()].map((path) => run.chain.historyOf(standInScript(path)));
        const again = applyHistories({ view, state: run.state, histories, scriptOf: standInScript, nowSeconds: 9 });
        const fresh = unspentCoins(ledgerOf(again.view, again.state), again.view, again.state);
        expect(new Map(fresh.map((coin) => [outPointKey(coin), coin]))).toEqual(
          new Map(coins.map((coin) => [outPointKey(coin), coin])),
        );
      }),
      { numRuns: 100 },
    );
    expect(compared).toBeGreaterThan(300);
  });
});
