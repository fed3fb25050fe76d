import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../core/api.ts';
import { amountText, groupedInput, groups, satOf } from '../../../renderer/format/amounts.ts';
import { dateOfHeight, timeText } from '../../../renderer/format/times.ts';
import { rateOf } from '../../../renderer/format/rates.ts';
import { moneyOf } from '../../../renderer/screens/home/money.ts';
import { NOTHING_WAITS, waitingIn, waitingOf } from '../../../renderer/screens/home/waiting.ts';
import { recognise, satOfBtc } from '../../../renderer/state/recognise.ts';

const T = '\u2009';
const INVOICE = `lnbcrt10u1p${'q'.repeat(60)}`;
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const NODE = `02${'ab'.repeat(32)}`;

describe('amounts', () => {
  test('thin spaces, no rounding up, msat where asked for', () => {
    expect(groups(1_614_548n)).toBe(`1${T}614${T}548`);
    expect(amountText(1_999n, 'sat', false)).toEqual({ whole: '1', fraction: undefined, unit: 'sat' });
    expect(amountText(1_999n, 'sat', true)).toEqual({ whole: '1', fraction: '999', unit: 'sat' });
    expect(amountText(-24_900_000n, 'sat', false).whole).toBe(`\u221224${T}900`);
    expect(amountText(123_456_789_012n, 'btc', false).whole).toBe(`1.23${T}456${T}789`);
    expect(amountText(-1n, 'sat', true)).toEqual({ whole: '\u22120', fraction: '001', unit: 'sat' });
  });
  test('what is shown is read back as the same amount, in both units and up to all bitcoins', () => {
    fc.assert(fc.property(fc.bigInt(0n, 2_100_000_000_000_000n), fc.constantFrom('sat' as const, 'btc' as const), (sat, unit) => satOf(amountText(sat * 1000n, unit, false).whole, unit) === sat));
  });
  test.each([['2000000', 'sat', `2${T}000${T}000`], [`2${T}000${T}00`, 'sat', `200${T}000`], ['', 'sat', ''], ['1.5', 'sat', '1.5'], ['abc', 'sat', 'abc'], ['0.01234567', 'btc', '0.01234567'], ['12345.', 'btc', `12${T}345.`], ['0,5', 'btc', '0,5']] as const)('typed %j in %s stands as %j', (text, unit, shown) => expect(groupedInput(text, unit)).toBe(shown)); // prettier-ignore
  test('grouping never changes what was typed', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'0123456789., ') }), fc.constantFrom('sat' as const, 'btc' as const), (text, unit) => satOf(groupedInput(text, unit), unit) === satOf(text, unit)));
  });
  test.each(['', '-1', '1.5', '1e3', '0x10', '１', '1,000', 'abc', '99999999999999999'])('%j is no amount in sat', (text) => expect(satOf(text, 'sat')).toBeUndefined());
  test('decimal bitcoins are exact', () => {
    expect([satOfBtc('0.00000001'), satOfBtc('20999999.99999999'), satOfBtc('1')]).toEqual([1n, 2_099_999_999_999_999n, 100_000_000n]);
    expect([satOfBtc('0.000000001'), satOfBtc('1e-8'), satOfBtc('-1'), satOfBtc('')]).toEqual(Array(4).fill(undefined));
  });
});

describe('times', () => {
  const now = new Date(2026, 10, 21, 13, 46).getTime();
  test.each([[0, 'en', 'now'], [0, 'zh-Hans', '刚刚'], [0, 'zh-Hant', '剛剛'], [-2, 'zh-Hans', '2 分钟前'], [-2, 'zh-Hant', '2 分鐘前'], [-120, 'en', '11:46'], [-60 * 20, 'en', '20 Nov 2026, 17:46']] as const)('%d minutes in %s: %s', (minutes, language, text) => expect(timeText(now + minutes * 60_000, language, { nowMs: now, isPast: true })).toBe(text)); // prettier-ignore
  test('a height that comes after midnight carries its day', () => {
    expect(dateOfHeight(106, 100, 'en', now)).toBe('14:46');
    expect(dateOfHeight(190, 100, 'en', now)).toBe('22 Nov, 04:46');
    expect(dateOfHeight(1000, 100, 'en', now)).toBe('27 Nov 2026');
  });
});

describe('fee rates', () => {
  test.each([['1', 1], [' 12.5 ', 12.5], ['12,5', 12.5], ['1000', 1000], ['1.001', 1.001]] as const)('%j is %d', (text, rate) => expect(rateOf(text)).toBe(rate));
  test.each(['', '0', '0.9', '1000.1', '1e2', '-3', '1 000', '5 sat', '1.2345', 'Infinity'])('%j is none', (text) => expect(rateOf(text)).toBeUndefined());
});

describe('one field for everything', () => {
  test.each([
    [INVOICE, { kind: 'invoice', invoice: INVOICE }], [`  ${INVOICE.toUpperCase()}\n`, { kind: 'invoice', invoice: INVOICE }], [`lightning:${INVOICE}`, { kind: 'invoice', invoice: INVOICE }], [`LIGHTNING://${INVOICE}`, { kind: 'invoice', invoice: INVOICE }],
    [ADDRESS, { kind: 'address', address: ADDRESS }], [ADDRESS.toUpperCase(), { kind: 'address', address: ADDRESS }], [`BITCOIN:${ADDRESS.toUpperCase()}`, { kind: 'address', address: ADDRESS }], [ADDRESS.replace('bc', 'bC'), { kind: 'address', address: ADDRESS.replace('bc', 'bC') }], [`bitcoin:${ADDRESS}?amount=0.001&label=tea`, { kind: 'address', address: ADDRESS, amountSat: 100_000n, label: 'tea' }],
    [`bitcoin:${ADDRESS}?lightning=${INVOICE}`, { kind: 'address', address: ADDRESS, invoice: INVOICE }], [`bitcoin:?lightning=${INVOICE}`, { kind: 'invoice', invoice: INVOICE }], [`bitcoin:${ADDRESS}?req-later=1`, { kind: 'unknown' }],
    [`${NODE}@127.0.0.1:9735`, { kind: 'peer', peer: `${NODE}@127.0.0.1:9735` }], [NODE, { kind: 'peer', peer: NODE }], ['ab'.repeat(32), { kind: 'transaction', txid: 'ab'.repeat(32) }],
    ['lno1qqq', { kind: 'later', what: 'offer' }], ['lnurl1dp68gurn8', { kind: 'later', what: 'lnurl' }], ['you@example.org', { kind: 'later', what: 'name' }],
    [`${'abandon '.repeat(11)}about`, { kind: 'seed' }], ['', { kind: 'nothing' }], ['hello', { kind: 'unknown' }],
  ] as const)('%s', (input, found) => expect(recognise(input)).toEqual(found)); // prettier-ignore
  test('whatever is put in, it is recognised in bounded time and never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => void recognise(text)));
    expect(recognise('a '.repeat(100_000)).kind).toBe('unknown');
  });
});

describe('where the money is', () => {
  const balance: Answer<'wallet.balance'> = { confirmedSat: 0n, unconfirmedSat: 7n, immatureSat: 5n, frozenSat: 3n, reservedSat: 2n, spendableSat: 11n, closeReserveSat: 0n, availableSat: 11n };
  const channel = (change: object): Answer<'channel.list'>[number] => ({ state: 'normal', live: true, ourMsat: 1_000_000n, theirMsat: 0n, offeredMsat: 0n, receivedMsat: 0n, sendableMsat: 900_000n, receivableMsat: 4n, ...change }) as never;
  test('every channel stands in one line, and the lines add up to the total', () => {
    const money = moneyOf(balance, [channel({}), channel({ live: false, sendableMsat: 0n }), channel({ state: 'opening' }), channel({ state: 'closing' }), channel({ state: 'closing', closingTxid: 'x' }), channel({ state: 'closed' })], { sat: 9n, inFlightSat: 0n, unknown: 0 });
    expect(Object.fromEntries(money.lines.map(({ key, msat }) => [key, msat]))).toEqual({
      'money.lightning': 900_000n, 'money.onChain': 11_000n, 'money.offline': 1_000_000n, 'money.opening': 1_000_000n, 'money.closing': 1_009_000n,
      'money.unconfirmed': 7_000n, 'money.immature': 5_000n, 'money.reserve': 100_000n, 'money.emergency': 2_000n, 'money.frozen': 3_000n,
    }); // prettier-ignore
    expect(money.totalMsat).toBe(money.lines.reduce((sum, { msat }) => sum + msat, 0n));
    expect(money.unknown).toBe(0);
  });
  test('a payment under way is in flight, no reserve and no balance; the total holds it once', () => {
    const money = moneyOf(balance, [channel({ offeredMsat: 300_000n, sendableMsat: 600_000n }), channel({ live: false, sendableMsat: 0n, offeredMsat: 1_000n })], { sat: 0n, inFlightSat: 40n, unknown: 0 });
    expect(money.lines.filter(({ key }) => /inFlight|reserve|offline|lightning/u.test(key)).map(({ key, msat }) => [key, msat])).toEqual([['money.lightning', 600_000n], ['money.inFlight', 341_000n], ['money.offline', 999_000n], ['money.reserve', 100_000n]]);
    expect(money.totalMsat).toBe(2_040_000n + (11n + 7n + 5n + 2n + 3n) * 1000n);
  });
  test('what an old copy or a backup file knows of a channel is in no sum; the channel is counted as not known until it is closed', () => {
    const money = moneyOf(balance, [channel({ state: 'fallen_behind' }), channel({ state: 'fallen_behind', isRestored: true, ourMsat: 0n }), channel({ state: 'closing', closingTxid: 'x' })], { sat: 0n, inFlightSat: 0n, unknown: 1 });
    expect(money.unknown).toBe(3);
    expect(money.lines.map(({ key }) => key)).not.toContain('money.closing');
  });
  test.each([
    ['an own commitment waits for its block: our share', { spendClass: 'local', channelType: 'anchors' }, { outputs: [] }, { sat: 1000n, inFlightSat: 0n, unknown: 0 }],
    ["the peer's, with anchors: our share", { spendClass: 'remote', channelType: 'anchors' }, { outputs: [] }, { sat: 1000n, inFlightSat: 0n, unknown: 0 }],
    ["the peer's, paying the wallet at once: counted there", { spendClass: 'remote', channelType: 'static_remotekey' }, { outputs: [] }, { sat: 0n, inFlightSat: 0n, unknown: 0 }],
    ['a close together: counted there', { spendClass: 'mutual', channelType: 'anchors' }, { outputs: [] }, { sat: 0n, inFlightSat: 0n, unknown: 0 }],
    ['one newer than our data, in no block yet: not known', { spendClass: 'future', channelType: 'anchors' }, { outputs: [] }, { sat: 0n, inFlightSat: 0n, unknown: 1 }],
    ['one newer than our data, in a block: what it pays us', { spendClass: 'future', channelType: 'anchors' }, { transaction: { height: 7 }, outputs: [{ kind: 'balance', amountSat: 750n }, { kind: 'other', amountSat: 90n }] }, { sat: 750n, inFlightSat: 0n, unknown: 0, height: 7 }],
    ['it can be taken from a block on', { spendClass: 'local', channelType: 'anchors' }, { transaction: { height: 7 }, outputs: [{ kind: 'balance', amountSat: 750n, earliestHeight: 727 }, { kind: 'balance', amountSat: 20n, earliestHeight: 9, takenBy: 'us' }] }, { sat: 750n, inFlightSat: 0n, unknown: 0, height: 727 }],
    ['HTLCs of an own commitment: in flight, before its block and in it', { spendClass: 'local', channelType: 'anchors', offeredMsat: 300_000n }, { outputs: [] }, { sat: 700n, inFlightSat: 300n, unknown: 0 }],
    ['HTLCs in a block that nobody has taken: in flight', { spendClass: 'local', channelType: 'anchors' }, { transaction: { height: 7 }, outputs: [{ kind: 'balance', amountSat: 690n, earliestHeight: 727 }, { kind: 'htlc', amountSat: 300n, earliestHeight: 90 }, { kind: 'htlc', amountSat: 5n, takenBy: 'peer' }] }, { sat: 690n, inFlightSat: 300n, unknown: 0, height: 727 }],
    ['from a backup file, closed by its peer, in no block yet: not known', { spendClass: 'remote', channelType: 'anchors', isRestored: true, ourMsat: 0n }, { outputs: [] }, { sat: 0n, inFlightSat: 0n, unknown: 1 }],
    ['from a backup file, closed together: the wallet counts it', { spendClass: 'mutual', channelType: 'anchors', isRestored: true, ourMsat: 0n }, { outputs: [] }, { sat: 0n, inFlightSat: 0n, unknown: 0 }],
    ['spent by nobody knows what, in a block or in none: not known', { spendClass: 'unknown', channelType: 'anchors' }, { transaction: { height: 7 }, outputs: [] }, { sat: 0n, inFlightSat: 0n, unknown: 1 }],
    ['taken already: nothing waits', { spendClass: 'future', channelType: 'anchors' }, { transaction: { height: 7 }, outputs: [{ kind: 'balance', amountSat: 750n, takenBy: 'us' }] }, { sat: 0n, inFlightSat: 0n, unknown: 0 }],
  ])('%s', (_title, change, closing, expected) => expect(waitingOf(channel(change), closing as never)).toEqual(expected)); // prettier-ignore
  test('several closing channels: the sum, and the block of the last, unless one has none yet', () => {
    const [a, b, c] = [{ sat: 5n, inFlightSat: 1n, unknown: 0, height: 40 }, { sat: 7n, inFlightSat: 0n, unknown: 0, height: 90 }, { sat: 0n, inFlightSat: 0n, unknown: 1 }];
    expect(waitingIn([a, b, c])).toEqual({ sat: 12n, inFlightSat: 1n, unknown: 1, height: 90 });
    expect(waitingIn([a, { ...c, sat: 3n }])).toEqual({ sat: 8n, inFlightSat: 1n, unknown: 1 });
    expect(waitingIn([])).toEqual(NOTHING_WAITS);
  });
});
