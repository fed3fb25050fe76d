import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { outPointKey, outputSumSat, txid, virtualSize, type Tx } from '../../../core/bitcoin/transaction.ts';
import { planChild, planReplacement, type BumpRequest } from '../../../core/wallet/bump.ts';
import { ledgerOf, type Coin, type Ledger } from '../../../core/wallet/ledger.ts';
import { signPlan, type TransactionPlan } from '../../../core/wallet/plan.ts';
import { planFunding, planSend } from '../../../core/wallet/send.ts';
import {
  initialState,
  recordOwnTransaction,
  type OwnTransaction,
  type WalletState,
} from '../../../core/wallet/state.ts';
import { applyHistories, openView, type ChainView } from '../../../core/wallet/view.ts';
import { foreignScript } from '../../support/wallet-chain.ts';
import { coinOf, entropyOf, p2wpkhSigned, scriptAt, testKeys } from '../../support/wallet-kit.ts';
import { bareTx } from '../../support/wallet-chain.ts';

const changeScript = scriptAt({ kind: 'p2wpkh', branch: 'change', index: 0 });
const laterChange = scriptAt({ kind: 'p2wpkh', branch: 'change', index: 1 });
const auxRand = new Uint8Array(32);

/** A wallet that received these amounts in block 100, each on an address of its own. */
function walletWith(amounts: readonly bigint[]): {
  readonly view: ChainView;
  readonly state: WalletState;
  readonly coins: readonly Coin[];
} {
  const opened = openView(initialState, 100, scriptAt).view;
  const histories = amounts.map((amount, index) => {
    const script = scriptAt({ kind: 'p2wpkh', branch: 'receive', index });
    const tx = bareTx([{ txid: toHex(new Uint8Array(32).fill(9)), vout: index }], [{ script, amountSat: sat(amount) }]);
    return { script, entries: [{ txid: txid(tx), tx, height: 100, txIndex: 1 }] };
  });
  const { view, state } = applyHistories({
    view: opened,
    state: initialState,
    histories,
    scriptOf: scriptAt,
    nowSeconds: 1,
  });
  return { view, state, coins: [...ledgerOf(view, state).coins.values()] };
}

const valueOf = <T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: { readonly code: string } },
): T => {
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
};

interface Sent {
  readonly own: OwnTransaction;
  readonly ledger: Ledger;
  readonly view: ChainView;
  readonly state: WalletState;
  readonly coins: readonly Coin[];
}

function sent(amounts: readonly bigint[], plan: (coins: readonly Coin[]) => TransactionPlan): Sent {
  const wallet = walletWith(amounts);
  const planned = plan(wallet.coins);
  const tx = signPlan(planned, testKeys, auxRand);
  const state = recordOwnTransaction(wallet.state, { tx, feeSat: planned.feeSat, createdAtSeconds: 2 });
  return { ...wallet, state, own: state.ownTransactions[0]!, ledger: ledgerOf(wallet.view, state) };
}

const pay =
  (amountSat: bigint, feerateSatPerVb: number) =>
  (coins: readonly Coin[]): TransactionPlan =>
    valueOf(
      planSend({
        coins,
        outputs: [{ script: foreignScript(1), amountSat: sat(amountSat) }],
        feerateSatPerVb,
        changeScript,
        tipHeight: 100,
        entropy: entropyOf(3),
      }),
    );

const bump = (from: Sent, feerateSatPerVb: number, more: Partial<BumpRequest> = {}) =>
  planReplacement({
    own: from.own,
    ledger: from.ledger,
    coins: from.coins,
    feerateSatPerVb,
    changeScript: laterChange,
    entropy: entropyOf(8),
    ...more,
  });

/** The rules of BIP 125 that a node checks: all the old inputs conflict, fee and rate above, no new unconfirmed input. */
function expectReplaces(old: OwnTransaction, plan: TransactionPlan, signed: Tx): void {
  expect(
    signed.inputs.some((input) => old.tx.inputs.some((before) => outPointKey(before) === outPointKey(input))),
  ).toBe(true);
  expect(plan.feeSat).toBeGreaterThanOrEqual(old.feeSat + BigInt(virtualSize(signed)));
  expect(Number(plan.feeSat) / plan.vsize).toBeGreaterThan(Number(old.feeSat) / virtualSize(old.tx));
  expect(plan.coins.every((coin) => coin.height !== undefined)).toBe(true);
  expect(plan.coins.reduce((sum, { amountSat }) => sum + amountSat, 0n)).toBe(outputSumSat(signed) + plan.feeSat);
}

describe('a replacement', () => {
  test('pays from the change, and the payee the same', () => {
    const before = sent([100_000n], pay(40_000n, 2));
    const plan = valueOf(bump(before, 10));
    const signed = signPlan(plan, testKeys, auxRand);
    expectReplaces(before.own, plan, signed);
    expect(plan.feeSat).toBe(1410n);
    expect(signed.outputs.find(({ script }) => toHex(script) === toHex(foreignScript(1)))?.amountSat).toBe(40_000n);
    expect(signed.outputs.find(({ script }) => toHex(script) === toHex(changeScript))?.amountSat).toBe(58_590n);
    signed.inputs.forEach((_, i) => expect(p2wpkhSigned(signed, i, plan.coins[i]!)).toBe(true));
  });

  test('takes its place in the ledger', () => {
    const before = sent([100_000n], pay(40_000n, 2));
    const plan = valueOf(bump(before, 10));
    const tx = signPlan(plan, testKeys, auxRand);
    const state = recordOwnTransaction(before.state, {
      tx,
      feeSat: plan.feeSat,
      createdAtSeconds: 3,
      replaces: [before.own.txid],
    });
    const ids = ledgerOf(before.view, state).transactions.map(({ facts }) => facts.txid);
    expect(ids).toContain(txid(tx));
    expect(ids).not.toContain(before.own.txid);
  });

  test('pays for its own relay when the rate hardly rises', () => {
    const before = sent([100_000n], pay(40_000n, 2));
    const plan = valueOf(bump(before, 2.01));
    expect(plan.feeSat).toBe(before.own.feeSat + BigInt(plan.vsize));
    expectReplaces(before.own, plan, signPlan(plan, testKeys, auxRand));
  });

  test('adds confirmed coins where the change is too little', () => {
    const before = sent([100_000n, 30_000n], pay(99_000n, 2));
    expect(before.own.tx.inputs).toHaveLength(1);
    const unconfirmed = coinOf(77, 5_000_000n, 'p2wpkh', { height: undefined });
    const plan = valueOf(bump(before, 50, { coins: [...before.coins, unconfirmed] }));
    expect(plan.coins.map(({ amountSat }) => amountSat).toSorted()).toEqual([100_000n, 30_000n]);
    expectReplaces(before.own, plan, signPlan(plan, testKeys, auxRand));
  });

  test('of a sweep shrinks what it delivers', () => {
    const sweep = (coins: readonly Coin[]): TransactionPlan =>
      valueOf(
        planSend({
          coins,
          outputs: [],
          sweepTo: foreignScript(2),
          feerateSatPerVb: 1,
          changeScript,
          tipHeight: 100,
          entropy: entropyOf(3),
        }),
      );
    const before = sent([50_000n], sweep);
    expect(bump(before, 20)).toMatchObject({ ok: false, error: { code: 'insufficient_funds' } });
    const plan = valueOf(bump(before, 20, { shrinkVout: 0 }));
    expect(plan.unsigned.outputs).toEqual([{ script: foreignScript(2), amountSat: 50_000n - 2200n }]);
    expectReplaces(before.own, plan, signPlan(plan, testKeys, auxRand));
  });

  test('obeys BIP 125 for any amounts and rates, or is refused', () => {
    let replaced = 0;
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(5_000n, 200_000n), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 10, max: 80 }),
        fc.integer({ min: 10, max: 2000 }),
        fc.nat(90),
        (amounts, tenths, newTenths, share) => {
          const total = amounts.reduce((sum, amount) => sum + amount, 0n);
          const wallet = walletWith(amounts);
          const planned = planSend({
            coins: wallet.coins,
            outputs: [{ script: foreignScript(1), amountSat: sat((total * BigInt(share)) / 100n + 294n) }],
            feerateSatPerVb: tenths / 10,
            changeScript,
            tipHeight: 100,
            entropy: entropyOf(3),
            acceptsHighFee: true,
          });
          if (!planned.ok) return;
          const before = sent(amounts, () => planned.value);
          const result = bump(before, newTenths / 10);
          expect(['replaced', 'insufficient_funds', 'feerate_not_higher']).toContain(
            result.ok ? 'replaced' : result.error.code,
          );
          if (!result.ok) return;
          replaced++;
          expectReplaces(before.own, result.value, signPlan(result.value, testKeys, auxRand));
        },
      ),
      { numRuns: 60 },
    );
    expect(replaced).toBeGreaterThan(10);
  });

  test('is refused below the present rate', () => {
    expect(bump(sent([100_000n], pay(40_000n, 5)), 5)).toMatchObject({
      ok: false,
      error: { code: 'feerate_not_higher' },
    });
    expect(bump(sent([100_000n], pay(40_000n, 5)), 1001)).toMatchObject({
      ok: false,
      error: { code: 'feerate_too_high' },
    });
  });

  test('is refused once a block has the transaction', () => {
    const before = sent([100_000n], pay(40_000n, 2));
    const histories = [changeScript, before.coins[0]!.script].map((script) => ({
      script,
      entries: [...(before.view.listings.get(toHex(script)) ?? []).map(({ facts }) => facts), before.own].map((one) =>
        'tx' in one
          ? { txid: one.txid, tx: one.tx, height: 101, txIndex: 3 }
          : { txid: one.txid, tx: bareTx([], []), height: 100, txIndex: 1 },
      ),
    }));
    const { view, state } = applyHistories({
      view: before.view,
      state: before.state,
      histories,
      scriptOf: scriptAt,
      nowSeconds: 4,
    });
    expect(bump({ ...before, ledger: ledgerOf(view, state) }, 10)).toEqual({
      ok: false,
      error: { code: 'already_confirmed' },
    });
  });

  test('is refused when something of ours spends the change', () => {
    const first = sent([100_000n], pay(40_000n, 2));
    const change = [...first.ledger.coins.values()].find(({ path }) => path.branch === 'change')!;
    const child = planSend({
      coins: [change],
      outputs: [{ script: foreignScript(5), amountSat: sat(10_000n) }],
      feerateSatPerVb: 2,
      changeScript: laterChange,
      tipHeight: 100,
      entropy: entropyOf(1),
    });
    const tx = signPlan(valueOf(child), testKeys, auxRand);
    const state = recordOwnTransaction(first.state, { tx, feeSat: sat(282n), createdAtSeconds: 5 });
    expect(bump({ ...first, ledger: ledgerOf(first.view, state) }, 10)).toEqual({
      ok: false,
      error: { code: 'has_descendants', txid: txid(tx) },
    });
  });

  test("never touches a channel's funding transaction", () => {
    const fund = (coins: readonly Coin[]): TransactionPlan =>
      valueOf(
        planFunding({
          coins,
          fundingScript: foreignScript(3),
          amountSat: sat(40_000n),
          feerateSatPerVb: 2,
          changeScript,
          tipHeight: 100,
          entropy: entropyOf(3),
        }),
      );
    expect(bump(sent([100_000n], fund), 10)).toEqual({ ok: false, error: { code: 'not_replaceable' } });
  });
});

describe('a child that pays for its parent', () => {
  const request = {
    parentCoins: [coinOf(4, 50_000n, 'p2wpkh', { height: undefined, isTrusted: false })], parentVsize: 300, parentFeeSat: sat(300n),
    feerateSatPerVb: 20, toScript: changeScript, tipHeight: 100, entropy: entropyOf(1),
  }; // prettier-ignore

  test('brings both to the rate', () => {
    const plan = valueOf(planChild(request));
    const signed = signPlan(plan, testKeys, auxRand);
    expect(Number(plan.feeSat + request.parentFeeSat)).toBe(20 * (300 + plan.vsize));
    expect(virtualSize(signed)).toBe(plan.vsize);
    expect(outputSumSat(signed) + plan.feeSat).toBe(50_000n);
  });

  test('still relays when the parent pays enough alone', () => {
    const plan = valueOf(planChild({ ...request, parentFeeSat: sat(60_000n) }));
    expect(plan.feeSat).toBe(BigInt(plan.vsize));
  });

  test('is refused when the output cannot pay for it', () => {
    const poor = [coinOf(4, 5_000n, 'p2wpkh', { height: undefined })];
    expect(planChild({ ...request, parentCoins: poor })).toMatchObject({
      ok: false,
      error: { code: 'insufficient_funds' },
    });
  });
});
