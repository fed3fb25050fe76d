import { beforeEach, describe, expect, test } from 'vitest';
import { CONFIRMED_METHODS, methods, type ConfirmedMethod } from '../../../core/api.ts';
import { type ConfirmPort, Confirmations, type Question, type Reading } from '../../../electron/confirm.ts';
import { createGestures } from '../../../electron/gestures.ts';
import { readRequest } from '../../../electron/readings.ts';
import { sayIn } from '../../../electron/texts/index.ts';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const SEND = { address: ADDRESS, amountSat: '1000' };
const CHANNEL = 'cd'.repeat(32);
const NODE = `02${'ab'.repeat(32)}`;

describe('a yes of the person', () => {
  let nowMs: number;
  let world: string;
  let count: number;
  let says: boolean;
  let hand: boolean;
  let reading: Reading;
  let asked: Question[];
  let port: ConfirmPort;
  let confirmations: Confirmations;
  const QUESTION: Question = { title: 'Send?', lines: [], yes: 'Send' };
  const confirm = async (params: unknown = SEND, method: ConfirmedMethod = 'wallet.send'): Promise<string> => (await confirmations.confirm({ method, params })).token;
  const refusal = { code: 'not_confirmed' };

  beforeEach(() => {
    [nowMs, world, count, says, hand, asked] = [1000, 'mainnet', 0, true, false, []];
    reading = { params: { ...SEND, maxFeeSat: '300' }, question: QUESTION };
    port = {
      read: async () => reading,
      ask: async (question) => {
        asked.push(question);
        return says;
      },
      takeGesture: () => hand, world: () => world, unaskedMsat: () => 50_000n, randomToken: () => `${++count}`.padStart(64, '0'), nowMs: () => nowMs,
    }; // prettier-ignore
    confirmations = new Confirmations(port);
  });

  test('gives a token for what was shown, with the limits that were shown', async () => {
    const token = await confirm();
    expect(asked).toEqual([QUESTION]);
    expect(confirmations.redeem('wallet.send', SEND, token)).toEqual({ ...SEND, maxFeeSat: '300' });
  });

  test('counts once', async () => {
    const token = await confirm();
    confirmations.redeem('wallet.send', SEND, token);
    expect(() => confirmations.redeem('wallet.send', SEND, token)).toThrow(expect.objectContaining(refusal));
  });

  test.each([
    ['another amount', 'wallet.send', { ...SEND, amountSat: '1001' }],
    ['another address', 'wallet.send', { ...SEND, address: `${ADDRESS}q` }],
    ['everything instead', 'wallet.send', { address: ADDRESS }],
    ['a higher fee', 'wallet.send', { ...SEND, maxFeeSat: '400' }],
    ['the reserve too', 'wallet.send', { ...SEND, spendReserve: true }],
    ['another method', 'channel.close', { channelId: CHANNEL, address: ADDRESS }],
  ] as const)('is not good for %s, and is gone after the attempt', async (_, method, params) => {
    const token = await confirm();
    expect(() => confirmations.redeem(method, params, token)).toThrow(expect.objectContaining(refusal));
    expect(() => confirmations.redeem('wallet.send', SEND, token)).toThrow(expect.objectContaining(refusal));
  });

  test('is good for the same request in another order and with defaults written out', async () => {
    reading = { params: 'carried out', question: QUESTION };
    const token = await confirm({ invoice: 'lnbcrt1', maxFeeMsat: '7' }, 'payment.send');
    expect(confirmations.redeem('payment.send', { timeoutMs: 60_000, maxFeeMsat: '7', payAgain: false, invoice: 'lnbcrt1' }, token)).toBe('carried out');
  });

  test.each([undefined, null, '', 'x', 7, {}, ['0'.repeat(64)], '0'.repeat(64)])('is nothing without a token: %j', async (token) => {
    await confirm();
    expect(() => confirmations.redeem('wallet.send', SEND, token)).toThrow(expect.objectContaining(refusal));
  });

  test('ends after a minute, with a lock and with sleep', async () => {
    const late = await confirm();
    nowMs += 60_001;
    expect(() => confirmations.redeem('wallet.send', SEND, late)).toThrow(expect.objectContaining(refusal));
    const locked = await confirm();
    confirmations.forget();
    expect(() => confirmations.redeem('wallet.send', SEND, locked)).toThrow(expect.objectContaining(refusal));
  });

  test('for the playground is none for the own wallet, whenever the window changed', async () => {
    world = 'playground';
    const token = await confirm();
    world = 'mainnet';
    expect(() => confirmations.redeem('wallet.send', SEND, token)).toThrow(expect.objectContaining(refusal));
    hand = true;
    reading = { params: SEND, question: QUESTION, costMsat: 50_000n };
    world = 'playground';
    const { promise, resolve } = Promise.withResolvers<Reading>();
    confirmations = new Confirmations({ ...port, read: () => promise });
    const late = confirm();
    world = 'mainnet';
    resolve(reading);
    const lateToken = await late;
    expect(asked).toHaveLength(2);
    expect(() => confirmations.redeem('wallet.send', SEND, lateToken)).toThrow(expect.objectContaining(refusal));
  });

  test('is not given when the person says no, and for nothing that is no request', async () => {
    says = false;
    await expect(confirm()).rejects.toMatchObject(refusal);
    await expect(confirm({ address: 7 })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(confirm({ ...SEND, nobodyKnowsThis: 1 })).rejects.toMatchObject({ code: 'bad_request' });
    expect(asked).toHaveLength(1);
  });

  test('one question at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    confirmations = new Confirmations({ ...port, ask: () => promise });
    const first = confirm();
    await Promise.resolve();
    await Promise.resolve();
    await expect(confirm()).rejects.toMatchObject(refusal);
    resolve(true);
    expect(await first).toBeTypeOf('string');
  });

  test('small payments need no question up to the daily sum, but a hand at the window', async () => {
    reading = { params: SEND, question: QUESTION, costMsat: 20_000n };
    await confirm();
    expect(asked).toHaveLength(1);
    hand = true;
    await confirm();
    await confirm();
    expect(asked).toHaveLength(1);
    await confirm();
    expect(asked).toHaveLength(2);
    nowMs += 24 * 3_600_000;
    await confirm();
    expect(asked).toHaveLength(2);
  });

  test('whatever is no payment is asked, however small', async () => {
    hand = true;
    await confirm();
    expect(asked).toHaveLength(1);
  });

  test('tokens do not pile up', async () => {
    const tokens: string[] = [];
    for (let made = 0; made < 20; made++) tokens.push(await confirm());
    expect(() => confirmations.redeem('wallet.send', SEND, tokens[3])).toThrow(expect.objectContaining(refusal));
    expect(confirmations.redeem('wallet.send', SEND, tokens[19])).toBeDefined();
  });
});

describe('what the main process reads and shows', () => {
  const answers: Readonly<Record<string, unknown>> = {
    'invoice.decode': { payeeNodeId: NODE, paymentHash: 'ef'.repeat(32), amountMsat: '250000123' },
    'payment.quote': { maxFeeMsat: '1500' },
    'wallet.prepareSend': { amountSat: '777', feeSat: '100' },
    'wallet.prepareBump': { feeSat: '2000', oldFeeSat: '500' },
    'backup.drill': { madeAtMs: 1_700_000_000_000, channels: [{ isKnown: true }, { isKnown: false }, { isKnown: false }], missing: [] },
    'channel.get': { peerNodeId: NODE, ourMsat: '5000000', offeredMsat: '0' },
    'vault.status': { state: 'unlocked' },
  };
  const read = (method: ConfirmedMethod, params: object): Promise<Reading> =>
    readRequest({ call: (name) => (name in answers ? Promise.resolve(answers[name]) : Promise.reject(new Error(`not asked: ${name}`))), say: sayIn('en') }, method, params as never);
  const shown = async (method: ConfirmedMethod, params: object): Promise<string> => {
    const { question } = await read(method, params);
    return question ? [question.title, ...question.lines].join('\n') : '';
  };
  const grouped = (text: string): RegExp => new RegExp(text.replaceAll(/(.{4})(?=.)/gu, '$1 '), 'u');

  test('a payment: amount to the millisatoshi, payee, limit, hash; the limit is carried out', async () => {
    const text = await shown('payment.send', { invoice: 'lnbcrt1', payAgain: false, timeoutMs: 0 });
    expect(text.replaceAll('\u2009', ' ')).toContain('Pay 250 000.123 sat?');
    expect(text).toMatch(grouped(NODE));
    expect(text).toMatch(grouped('ef'.repeat(32)));
    expect(text.replaceAll('\u2009', ' ')).toContain('1.500 sat at most');
    const { params, costMsat } = await read('payment.send', { invoice: 'lnbcrt1', payAgain: false, timeoutMs: 0 });
    expect(params).toEqual({ invoice: 'lnbcrt1', payAgain: false, timeoutMs: 0, maxFeeMsat: '1500' });
    expect(costMsat).toBe(250_001_623n);
  });

  test('a payment that is made once more says so', async () => expect(await shown('payment.send', { invoice: 'lnbcrt1', payAgain: true, timeoutMs: 0 })).toContain('once more'));

  test('coins: the address, and a fee limit that was not given is written out', async () => {
    expect(await shown('wallet.send', { address: ADDRESS, amountSat: 777n })).toMatch(grouped(ADDRESS));
    expect(await shown('wallet.send', { address: ADDRESS })).toContain('everything');
    expect(await shown('wallet.send', { address: ADDRESS, spendReserve: true })).toContain('kept for closing');
    expect((await read('wallet.send', { address: ADDRESS, amountSat: 777n })).params).toEqual({ address: ADDRESS, amountSat: '777', maxFeeSat: '350' });
    expect((await read('wallet.send', { address: ADDRESS, amountSat: 777n, maxFeeSat: 120n })).params).toMatchObject({ maxFeeSat: '120' });
  });

  test('a higher fee: of what, so far and at most; the limit is carried out', async () => {
    const given = { txid: CHANNEL, feerateSatPerVb: 20 };
    const text = (await shown('wallet.bumpFee', given)).replaceAll('\u2009', ' ');
    expect(text).toMatch(grouped(CHANNEL));
    expect(text).toContain('Fee so far: 500 sat');
    expect(text).toContain('Fee: 3 200 sat at most');
    expect((await read('wallet.bumpFee', given)).params).toEqual({ ...given, maxFeeSat: '3200' });
    expect((await read('wallet.bumpFee', { ...given, maxFeeSat: 2000n })).params).toEqual({ ...given, maxFeeSat: '2000' });
  });

  test('a backup file: of when, and how many channels end; one that brings back nothing asks nothing', async () => {
    const text = await shown('backup.restore', { file: 'AA==' });
    expect(text).toContain('There are 2.');
    expect(text).toContain('2023-11-14');
    const known = await readRequest({ call: async () => ({ madeAtMs: 0, channels: [{ isKnown: true }], missing: [] }), say: sayIn('en') }, 'backup.restore', { file: 'AA==' } as never);
    expect(known.question).toBeUndefined();
  });

  test('a channel: with whom, and what is given away at once', async () => {
    const text = await shown('channel.open', { peer: `${NODE}@127.0.0.1:9735`, capacitySat: 2_000_000n, pushMsat: 1_000_000n });
    expect(text).toMatch(grouped(NODE));
    expect(text).toContain('(127.0.0.1:9735)');
    expect(text.replaceAll('\u2009', ' ')).toContain('at once: 1 000 sat');
  });

  test('closing: where the money goes when that is not this wallet', async () => {
    expect(await shown('channel.close', { channelId: CHANNEL, address: ADDRESS })).toMatch(grouped(ADDRESS));
    expect(await shown('channel.forceClose', { channelId: CHANNEL })).toContain('after days');
  });

  test('nothing that the page hands over rearranges the question', async () => {
    const text = await shown('channel.open', { peer: `${NODE}\u202e@evil\nFee: none`, capacitySat: 1n });
    expect(text).not.toMatch(/\u202e/u);
    expect(text.split('\n')).toHaveLength(3);
    expect(await shown('shell.connect', { network: 'mainnet', chainSources: ['bitcoind:http://user:secret@host:1'] })).not.toContain('secret');
  });

  test('every method of the list has a reader that asks, and every method that moves money is in the list', async () => {
    const given: Readonly<Record<ConfirmedMethod, object>> = {
      'wallet.send': { address: ADDRESS }, 'wallet.bumpFee': { txid: CHANNEL, feerateSatPerVb: 2 }, 'payment.send': { invoice: 'x' }, 'channel.open': { peer: NODE, capacitySat: 1n },
      'channel.close': { channelId: CHANNEL }, 'channel.forceClose': { channelId: CHANNEL }, 'tower.add': { address: NODE, grade: 'own' }, 'backup.restore': { file: 'AA==' }, 'vault.revealSeed': { password: 'x' },
      'shell.connect': { network: 'mainnet', chainSources: ['electrum:tcp://a:1'] },
    }; // prettier-ignore
    for (const method of CONFIRMED_METHODS) expect(await shown(method, given[method]), method).toMatch(/\?/u);
    // Reviewed: these change nothing that is worth money, or need the password itself.
    const harmless = new Set([
      'node.info', 'node.stop', 'node.subscribe', 'vault.status', 'vault.create', 'vault.restore', 'vault.unlock', 'vault.lock', 'vault.changePassword', 'vault.checkPassword', 'vault.confirmSeed',
      'wallet.balance', 'wallet.newAddress', 'wallet.coins', 'wallet.transactions', 'wallet.prepareSend', 'wallet.prepareBump', 'wallet.freezeCoin', 'wallet.label', 'wallet.feerates', 'peer.connect', 'peer.disconnect', 'peer.list',
      'channel.list', 'channel.get', 'channel.previewClose', 'channel.previewForceClose', 'channel.history', 'invoice.create', 'invoice.decode', 'invoice.list', 'invoice.get', 'payment.quote', 'payment.get', 'payment.list',
      'payment.export', 'payment.history', 'payment.label', 'activity.list', 'activity.export', 'channel.states', 'channel.revocations', 'channel.closing', 'channel.evidence',
      'tower.remove', 'tower.list', 'ledger.balances', 'backup.status', 'backup.run', 'backup.drill',
    ]); // prettier-ignore
    const unreviewed = Object.keys(methods).filter((name) => !harmless.has(name) && !CONFIRMED_METHODS.some((confirmed) => confirmed === name));
    expect(unreviewed).toEqual([]);
  });
});

describe('a hand at the window', () => {
  test('a touch counts once and for ten seconds; moving the mouse is none', () => {
    let nowMs = 0;
    let input: (event: unknown, input: { readonly type: string }) => void = () => undefined;
    const gestures = createGestures(() => nowMs);
    gestures.watch({ on: (_name: string, listener: typeof input) => (input = listener) } as never);
    expect(gestures.take()).toBe(false);
    input({}, { type: 'mouseMove' });
    expect(gestures.take()).toBe(false);
    input({}, { type: 'mouseUp' });
    expect([gestures.take(), gestures.take()]).toEqual([true, false]);
    input({}, { type: 'rawKeyDown' });
    nowMs += 10_001;
    expect(gestures.take()).toBe(false);
  });
});
