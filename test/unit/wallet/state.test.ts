import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import type { ScriptHistory } from '../../../core/bitcoin/history.ts';
import { decodeTx, outPointKey, txid, type OutPoint, type Tx } from '../../../core/bitcoin/transaction.ts';
import { GAP_LIMIT, initialCounters, markUsed, takeAddress } from '../../../core/wallet/accounts.ts';
import { balanceOf, ledgerOf, spendableCoins, unspentCoins, type Balance } from '../../../core/wallet/ledger.ts';
import { walletStateCodec } from '../../../core/wallet/state-codec.ts';
import {
  forgetOwnTransaction, handOutAddress, initialState, labelKey, recordOwnTransaction, release, reserve, setFrozen, setLabel, settleOwnTransactions,
  unconfirmedOwnTransactions, type WalletState,
} from '../../../core/wallet/state.ts'; // prettier-ignore
import { walletTransactions } from '../../../core/wallet/transactions.ts';
import { applyHistories, openView, withTip, type ChainView } from '../../../core/wallet/view.ts';
import { bareTx, foreignScript, standInScript } from '../../support/wallet-chain.ts';

const receive = (index: number): Uint8Array => standInScript({ kind: 'p2wpkh', branch: 'receive', index });
const change = (index: number): Uint8Array => standInScript({ kind: 'p2wpkh', branch: 'change', index });
const from = (n: number): OutPoint => ({ txid: toHex(new Uint8Array(32).fill(n)), vout: n });
const to = (script: Uint8Array, amountSat: bigint) => ({ script, amountSat: sat(amountSat) });
type Line = readonly [tx: Tx, height?: number | undefined];
const history = (script: Uint8Array, ...lines: readonly Line[]): ScriptHistory => ({
  script, entries: lines.map(([tx, height]) => ({ tx, txid: txid(tx), height, txIndex: height === undefined ? undefined : 2 })),
}); // prettier-ignore

interface Wallet {
  readonly view: ChainView;
  readonly state: WalletState;
}
const open = (tipHeight = 200): Wallet => ({
  state: initialState,
  view: openView(initialState, tipHeight, standInScript).view,
});
const tell = ({ view, state }: Wallet, ...histories: readonly ScriptHistory[]): Wallet =>
  applyHistories({ view, state, histories, scriptOf: standInScript, nowSeconds: 1000 });
const balance = ({ view, state }: Wallet): Balance => balanceOf(unspentCoins(ledgerOf(view, state), view, state));
const own = (tx: Tx, replaces: readonly string[] = []) => ({ tx, feeSat: sat(100n), createdAtSeconds: 50, replaces });

const income = bareTx([from(1)], [to(receive(0), 50_000n)]);
const incomeCoin = { txid: txid(income), vout: 0 };
const payment = bareTx([incomeCoin], [to(foreignScript(1), 20_000n), to(change(0), 29_900n)]);
const funded = tell(open(), history(receive(0), [income, 150]));

describe('addresses', () => {
  test('are never handed out twice, nor after someone used them', () => {
    const one = handOutAddress(initialState, 'p2wpkh', 'receive');
    const two = handOutAddress(one.state, 'p2wpkh', 'receive');
    expect([one.path.index, two.path.index]).toEqual([0, 1]);
    const used = markUsed(two.state.counters, [{ kind: 'p2wpkh', branch: 'receive', index: 6 }]);
    expect(takeAddress(used, 'p2wpkh', 'receive').path.index).toBe(7);
    expect(takeAddress(used, 'p2wpkh', 'change').path.index).toBe(0);
    expect(takeAddress(used, 'p2tr', 'receive').path.index).toBe(0);
    expect(markUsed(used, [{ kind: 'p2wpkh', branch: 'receive', index: 6 }])).toBe(used);
  });

  test('say when another wallet would not find them', () => {
    let counters = initialCounters;
    const beyond: boolean[] = [];
    for (let i = 0; i <= GAP_LIMIT; i++) {
      const taken = takeAddress(counters, 'p2tr', 'receive');
      counters = taken.counters;
      beyond.push(taken.beyondGap);
    }
    expect(beyond).toEqual([...Array.from({ length: GAP_LIMIT }, () => false), true]);
  });

  test('are watched twenty past the last one used or handed out', () => {
    expect(openView(initialState, 0, standInScript).added).toHaveLength(4 * GAP_LIMIT);
    const later = applyHistories({
      ...open(),
      histories: [history(receive(19), [bareTx([from(3)], [to(receive(19), 600n)])])],
      scriptOf: standInScript,
      nowSeconds: 1,
    });
    expect(later.added.map(({ path }) => path.index)).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i));
    expect(later.added.every(({ path }) => path.kind === 'p2wpkh' && path.branch === 'receive')).toBe(true);
    expect(later.state.counters.p2wpkh.receive.usedCount).toBe(20);
    expect(openView(later.state, 0, standInScript).added).toHaveLength(4 * GAP_LIMIT + 20);
    expect(later.view.book.byScript.get(toHex(receive(39)))).toEqual({ kind: 'p2wpkh', branch: 'receive', index: 39 });
  });

  test('of others are passed over', () => {
    const wallet = tell(open(), history(foreignScript(3), [bareTx([from(3)], [to(foreignScript(3), 600n)])]));
    expect(wallet.view.listings.size).toBe(0);
  });
});

describe('coins', () => {
  test('have one status each', () => {
    const coinbase = bareTx([{ txid: '0'.repeat(64), vout: 0xffff_ffff }], [to(receive(1), 7_000n)]);
    const foreign = bareTx([from(4)], [to(receive(2), 300n), to(receive(3), 4_000n)]);
    const wallet = tell(
      funded,
      history(receive(1), [coinbase, 102]),
      history(receive(2), [foreign]),
      history(receive(3), [foreign]),
    );
    const zero = {
      confirmedSat: 50_000n,
      unconfirmedSat: 4_300n,
      immatureSat: 7_000n,
      frozenSat: 0n,
      lockedSat: 0n,
      spendableSat: 50_000n,
    };
    expect(balance(wallet)).toEqual(zero);
    const mature = { ...wallet, view: withTip(wallet.view, 201) };
    expect(balance(mature)).toEqual({ ...zero, immatureSat: 0n, confirmedSat: 57_000n, spendableSat: 57_000n });
    const frozen = { ...mature, state: setFrozen(mature.state, incomeCoin, true) };
    expect(balance(frozen)).toEqual({
      ...zero,
      immatureSat: 0n,
      confirmedSat: 7_000n,
      spendableSat: 7_000n,
      frozenSat: 50_000n,
    });
    const locked = { ...frozen, state: valueOf(reserve(frozen.state, 'a channel', [incomeCoin])) };
    expect(balance(locked)).toMatchObject({ lockedSat: 50_000n, frozenSat: 0n });
    const coins = unspentCoins(ledgerOf(locked.view, locked.state), locked.view, locked.state);
    expect(spendableCoins(coins).map(({ amountSat }) => amountSat)).toEqual([7_000n]);
    const freed = { ...locked, state: setFrozen(release(locked.state, 'a channel'), incomeCoin, false) };
    expect(balance(freed)).toEqual(balance(mature));
  });

  test('two of one script in one transaction count twice, and histories told twice count once', () => {
    const double = bareTx([from(9)], [to(receive(4), 1_000n), to(receive(4), 1_000n)]);
    const wallet = tell(open(), history(receive(4), [double, 120]));
    expect(balance(wallet).confirmedSat).toBe(2_000n);
    expect(balance(tell(wallet, history(receive(4), [double, 120]))).confirmedSat).toBe(2_000n);
  });
});

const valueOf = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T => {
  if (!result.ok) throw new Error('refused');
  return result.value;
};

describe('reservations', () => {
  test('take all coins or none, and no coin twice', () => {
    const first = valueOf(reserve(initialState, 'a', [from(1), from(2)]));
    expect(reserve(first, 'b', [from(3), from(2)])).toEqual({
      ok: false,
      error: { code: 'already_reserved', outPoint: from(2) },
    });
    expect(reserve(first, 'a', [from(3)])).toEqual({ ok: false, error: { code: 'reservation_exists', id: 'a' } });
    expect(release(first, 'a')).toEqual(initialState);
    expect(release(release(first, 'a'), 'a')).toEqual(initialState);
  });
});

describe('own transactions', () => {
  const sent = { ...funded, state: recordOwnTransaction(funded.state, own(payment)) };

  test('count from the moment they are recorded', () => {
    expect(balance(sent)).toMatchObject({ confirmedSat: 0n, unconfirmedSat: 29_900n, spendableSat: 29_900n });
    const [line] = walletTransactions(ledgerOf(sent.view, sent.state), sent.state, () => undefined);
    expect(line).toMatchObject({
      netSat: -20_100n,
      feeSat: 100n,
      height: undefined,
      timeSeconds: 50,
      isOwnPending: true,
    });
    expect(
      unconfirmedOwnTransactions(sent.state, ledgerOf(sent.view, sent.state)).map((raw) => txid(decodeTx(raw))),
    ).toEqual([txid(payment)]);
  });

  test('give everything back when they are forgotten', () => {
    const forgotten = { ...sent, state: forgetOwnTransaction(sent.state, txid(payment)) };
    expect(balance(forgotten)).toEqual(balance(funded));
  });

  test('stay until they are buried, through a reorg too', () => {
    const listed = (height: number | undefined): Wallet =>
      tell(sent, history(receive(0), [income, 150], [payment, height]), history(change(0), [payment, height]));
    const settle = ({ view, state }: Wallet, tip: number) => settleOwnTransactions(state, ledgerOf(view, state), tip);
    const confirmed = listed(201);
    expect(settle(confirmed, 205)).toEqual({ state: confirmed.state, lost: [] });
    expect(settle(confirmed, 206).state.ownTransactions).toEqual([]);
    expect(settle(confirmed, 206).lost).toEqual([]);
    const reorganised = tell(confirmed, history(receive(0), [income, 150]), history(change(0)));
    expect(balance(reorganised)).toEqual(balance(sent));
    expect(unconfirmedOwnTransactions(reorganised.state, ledgerOf(reorganised.view, reorganised.state))).toHaveLength(
      1,
    );
  });

  test('lose against a confirmed double spend, and are told as lost when it is buried', () => {
    const other = bareTx([incomeCoin], [to(foreignScript(8), 49_000n)], 5);
    const beaten = tell(sent, history(receive(0), [income, 150], [other, 201]));
    expect(balance(beaten)).toMatchObject({ confirmedSat: 0n, unconfirmedSat: 0n });
    const ledger = ledgerOf(beaten.view, beaten.state);
    expect(settleOwnTransactions(beaten.state, ledger, 205).lost).toEqual([]);
    const settled = settleOwnTransactions(beaten.state, ledger, 206);
    expect(settled.lost.map((lost) => lost.txid)).toEqual([txid(payment)]);
    expect(settled.state.ownTransactions).toEqual([]);
  });

  test('the replacement stands while servers still list what it replaced', () => {
    const replacement = bareTx([incomeCoin], [to(foreignScript(1), 20_000n), to(change(0), 29_000n)]);
    const state = recordOwnTransaction(sent.state, own(replacement, [txid(payment)]));
    const wallet = tell(
      { ...sent, state },
      history(receive(0), [income, 150], [payment]),
      history(change(0), [payment]),
    );
    expect(balance(wallet).unconfirmedSat).toBe(29_000n);
  });

  test('count for nothing while a reorg has taken what they spend', () => {
    const without = tell(sent, history(receive(0)));
    expect(balance(without)).toMatchObject({ confirmedSat: 0n, unconfirmedSat: 0n });
    expect(balance(tell(without, history(receive(0), [income])))).toMatchObject({
      unconfirmedSat: 29_900n,
      spendableSat: 0n,
    });
  });

  test('may have inputs that a peer brought', () => {
    const joint = bareTx([incomeCoin, from(6)], [to(foreignScript(1), 60_000n), to(change(0), 1_000n)]);
    const state = recordOwnTransaction(funded.state, { ...own(joint), foreignInputs: [from(6)] });
    expect(balance({ ...funded, state })).toMatchObject({ confirmedSat: 0n, unconfirmedSat: 1_000n, spendableSat: 0n });
  });

  test('a chain of ten thousand unconfirmed ones is no trouble', () => {
    const chain: Tx[] = [];
    for (let i = 0; i < 10_000; i++) {
      const parent = chain.at(-1);
      chain.push(bareTx([parent ? { txid: txid(parent), vout: 0 } : from(2)], [to(receive(5), 100_000n - BigInt(i))]));
    }
    const wallet = tell(open(), history(receive(5), ...chain.toReversed().map((tx): Line => [tx])));
    expect(balance(wallet).unconfirmedSat).toBe(90_001n);
  });
});

describe('the list of transactions', () => {
  test('has the newest first, with times and labels', () => {
    const spent = tell(
      funded,
      history(receive(0), [income, 150], [payment, 180]),
      history(change(0), [payment, 180]),
      history(receive(1), [bareTx([from(5)], [to(receive(1), 700n)])]),
    );
    const state = setLabel(spent.state, labelKey('tx', txid(payment)), 'rent');
    const lines = walletTransactions(ledgerOf(spent.view, state), state, (height) => height * 600);
    expect(
      lines.map(({ netSat, feeSat, height, timeSeconds, label }) => ({ netSat, feeSat, height, timeSeconds, label })),
    ).toEqual([
      { netSat: 700n, feeSat: undefined, height: undefined, timeSeconds: 1000, label: undefined },
      { netSat: -20_100n, feeSat: 100n, height: 180, timeSeconds: 108_000, label: 'rent' },
      { netSat: 50_000n, feeSat: undefined, height: 150, timeSeconds: 90_000, label: undefined },
    ]);
    expect(setLabel(state, labelKey('tx', txid(payment)), '').labels.size).toBe(0);
  });
});

describe('the stored form', () => {
  const point = fc.record({
    txid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex),
    vout: fc.nat(0xffff_ffff),
  });
  const counter = fc.record({ handedOutCount: fc.nat(), usedCount: fc.nat() });
  const branches = fc.record({ receive: counter, change: counter });
  const states: fc.Arbitrary<WalletState> = fc
    .record({
      counters: fc.record({ p2wpkh: branches, p2tr: branches }),
      reservations: fc.array(fc.record({ id: fc.string(), outPoints: fc.array(point) })),
      frozen: fc.array(point),
      labels: fc.array(fc.tuple(fc.string(), fc.string())),
      seen: fc.array(fc.tuple(point, fc.nat())),
    })
    .map(({ seen, ...one }) => ({
      ...recordOwnTransaction(initialState, { ...own(payment), foreignInputs: [from(4)] }),
      counters: one.counters,
      reservations: one.reservations,
      reservedOutPoints: new Set(one.reservations.flatMap(({ outPoints }) => outPoints.map(outPointKey))),
      frozen: new Set(one.frozen.map(outPointKey)),
      labels: new Map(one.labels),
      firstSeenSeconds: new Map(seen.map(([{ txid: id }, at]) => [id, at])),
    }));

  test('is read back as it was', () => {
    fc.assert(fc.property(states, (state) => {
      expect(decodeWith(walletStateCodec, encodeWith(walletStateCodec, state))).toEqual(state);
    })); // prettier-ignore
    expect(decodeWith(walletStateCodec, encodeWith(walletStateCodec, initialState))).toEqual(initialState);
  });

  test('keeps its layout', () => {
    const state = setFrozen(setLabel(initialState, 'tx:1', 'é'), from(2), true);
    const expected = `01${'00'.repeat(32)}0000${'01'}${'02'.repeat(32)}00000002${'01'}000474783a310002c3a900`;
    expect(toHex(encodeWith(walletStateCodec, state))).toBe(expected);
  });

  test('of a later version, cut short or with a tail is refused as such', () => {
    const stored = encodeWith(walletStateCodec, recordOwnTransaction(initialState, own(payment)));
    expect(() => decodeWith(walletStateCodec, Uint8Array.of(2, ...stored.subarray(1)))).toThrow(DecodeError);
    for (let length = 0; length < stored.length; length++)
      expect(() => decodeWith(walletStateCodec, stored.slice(0, length))).toThrow(DecodeError);
    expect(() => decodeWith(walletStateCodec, Uint8Array.of(...stored, 0))).toThrow(DecodeError);
  });
});
