import { describe, expect, test } from 'vitest';
import { ERROR_CODES, methods, type Method } from '../../../core/api.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { dispatch, subscribeWire } from '../../../core/node/dispatch.ts';
import { createLogger, jsonLine } from '../../../core/node/log.ts';
import { parametersOf } from '../../../core/cli-text.ts';
import { BALANCE, createFakeApp, PAYMENT } from '../../support/fake-app.ts';

const METHODS = Object.keys(methods) as Method[];
const HEX_32 = 'ab'.repeat(32);

/** Values that fit, by parameter name. */
const GOOD: Readonly<Record<string, unknown>> = {
  password: 'correct horse', newPassword: 'battery staple', mnemonic: 'abandon', address: 'bc1q', txid: HEX_32, vout: 0,
  frozen: true, feerateSatPerVb: 2, label: 'tea', nodeId: `02${HEX_32}`, peer: 'a@b:1', capacitySat: '100000',
  channelId: HEX_32, invoice: 'lnbc1', paymentHash: HEX_32, amountSat: '1', from: 0, direction: 'sent', format: 'csv', file: 'U0ZFUklDQg==',
}; // prettier-ignore

const requiredOf = (method: Method): readonly string[] =>
  parametersOf(method)
    .filter(({ isRequired }) => isRequired)
    .map(({ name }) => name);

const goodParams = (method: Method): Record<string, unknown> =>
  Object.fromEntries(requiredOf(method).map((name) => [name, GOOD[name]]));

async function refusal(method: string, params: unknown) {
  const app = createFakeApp();
  const result = await dispatch(app, method, params);
  expect(result.ok).toBe(false);
  expect(app.calls).toEqual([]);
  if (result.ok) throw new Error('accepted');
  expect(ERROR_CODES).toContain(result.error.code);
  expect(result.error.message).toMatch(/^[\p{L}\p{N}\p{P}\p{S} ]{5,300}$/u);
  expect(result.error.message).toMatch(/\.$/u);
  return result.error;
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe.each(METHODS)('%s', (method) => {
  test('gets parameters that fit, in code form', async () => {
    const app = createFakeApp();
    await dispatch(app, method, goodParams(method));
    expect(app.calls.map((call) => call.method)).toEqual([method]);
  });

  test('refuses a wrong type of all parameters and of each', async () => {
    for (const params of [1, 'text', true, [], [{}], () => 1, new Map(), new Uint8Array(3), 7n, Symbol('x'), new Date(0)]) {
      expect((await refusal(method, params)).code).toBe('bad_request');
    }
    for (const { name } of parametersOf(method)) {
      for (const wrong of [null, { a: 1 }, [[1]], -1.5, 12n, Number.NaN]) {
        const error = await refusal(method, { ...goodParams(method), [name]: wrong });
        expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining(name) });
      }
    }
  });

  test('refuses keys that it does not know, and shows little of them', async () => {
    expect((await refusal(method, { ...goodParams(method), extra: 1 })).message).toBe('There is no parameter "extra" here.');
    const strange = await refusal(method, { ...goodParams(method), [`\u202e\u0007${'x'.repeat(5000)}`]: 1 });
    expect(strange.message.length).toBeLessThan(100);
  });

  test('refuses what is huge or deep', async () => {
    const huge = 'x'.repeat(300_000);
    expect((await refusal(method, { ...goodParams(method), huge })).message).toBe('The request is too large.');
    for (const { name } of parametersOf(method)) {
      const error = await refusal(method, { ...goodParams(method), [name]: 'x'.repeat(name === 'file' ? 260_000 : 10_000) });
      expect(error.message).not.toContain('xxx');
      await refusal(method, { ...goodParams(method), [name]: Array.from({ length: 5000 }, () => 0) });
    }
    expect((await refusal(method, nested(50_000 / 10))).message).toBe('The request is nested too deep.');
    const circle: Record<string, unknown> = {};
    circle['a'] = circle;
    expect((await refusal(method, circle)).message).toBe('The request is nested too deep.');
  });

  test('refuses names that reach for prototypes, at any depth', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const polluted = JSON.parse(`{"${name}":{"polluted":true}}`) as object;
      // Not spread: that would call the setter of __proto__.
      const beside = Object.defineProperty(goodParams(method), name, { value: { polluted: true }, enumerable: true });
      for (const params of [polluted, beside, { ...goodParams(method), a: polluted }, { a: [polluted] }]) {
        expect((await refusal(method, params)).message).toBe('The request has a parameter with a name that is not allowed.');
      }
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('without parameters', () => {
  test.each(METHODS.filter((method) => requiredOf(method).length === 0))('%s takes that for none', async (method) => {
    const app = createFakeApp();
    await dispatch(app, method, undefined);
    await dispatch(app, method, null);
    await dispatch(app, method, {});
    expect(app.calls).toHaveLength(3);
    expect(app.calls[1]).toEqual(app.calls[0]);
  });

  test.each(METHODS.filter((method) => requiredOf(method).length > 0))('%s names the one that is missing', async (method) => {
    const [parameter] = requiredOf(method);
    const error = await refusal(method, undefined);
    expect(error).toEqual({ code: 'bad_request', message: `The parameter "${parameter}" is missing.`, data: { parameter } });
  });
});

describe('dispatch', () => {
  test.each(['', 'node', 'toString', '__proto__', 'constructor', 'hasOwnProperty', 'NODE.INFO', 'node.info '])(
    'knows no method %j',
    async (method) => {
      expect((await refusal(method, {})).code).toBe('unknown_method');
    },
  );

  test('repeats a short harmless piece of a foreign method name', async () => {
    const { message } = await refusal(`\u001b[31m${'m'.repeat(100_000)}`, {});
    expect(message.length).toBeLessThan(100);
    expect(message).not.toContain('\u001b');
  });

  test.each([
    ['payment.send', { invoice: 'lnbc', amountMsat: '1e3' }, 'The parameter "amountMsat" must be a whole number, written as text of digits.'],
    ['payment.send', { invoice: 'lnbc', amountMsat: 1000 }, 'The parameter "amountMsat" must be text.'],
    ['payment.send', { invoice: 'lnbc', timeoutMs: 1.5 }, 'The parameter "timeoutMs" must be a whole number.'],
    ['payment.send', { invoice: 'lnbc', timeoutMs: 600_001 }, 'The parameter "timeoutMs" must be at most 600000.'],
    ['payment.send', { invoice: 'l'.repeat(8001) }, 'The parameter "invoice" must have at most 8000 characters.'],
    ['payment.send', { invoice: 'lnbc', payAgain: 'yes' }, 'The parameter "payAgain" must be true or false.'],
    ['vault.create', { password: 'short' }, 'The parameter "password" must have at least 8 characters.'],
    ['vault.create', { password: 'correct horse', words: 13 }, 'The parameter "words" must be one of 12, 24.'],
    ['wallet.newAddress', { kind: 'p2pkh' }, 'The parameter "kind" must be one of p2wpkh, p2tr.'],
    ['channel.get', { channelId: HEX_32.toUpperCase() }, 'The parameter "channelId" must be 32 bytes in lower-case hex.'],
    ['node.subscribe', { events: ['a', 1] }, 'The parameter "events[1]" must be text.'],
    ['node.subscribe', { events: Array.from({ length: 51 }, () => 'a') }, 'The parameter "events" must have at most 50 entries.'],
    ['node.info', 5, 'The parameters must be an object with names and values.'],
  ])('%s: says what is wrong', async (method, params, sentence) => {
    expect((await refusal(method, params)).message).toBe(sentence);
  });

  test('fills in defaults and turns digits into bigint, beyond the exact numbers', async () => {
    const app = createFakeApp({ 'payment.send': () => PAYMENT });
    const result = await dispatch(app, 'payment.send', { invoice: 'lnbc', amountMsat: '9007199254740993' });
    const params = { invoice: 'lnbc', amountMsat: 9_007_199_254_740_993n, payAgain: false, timeoutMs: 60_000 };
    expect(app.calls).toEqual([{ method: 'payment.send', params }]);
    expect(result).toMatchObject({ ok: true, value: { amountMsat: '9007199254740993', feeMsat: '1' } });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  test('passes on a failure of the engine as it is', async () => {
    const app = createFakeApp({
      'payment.send': () => {
        throw new ApiFailure('no_route', 'There is no way.', { possibleMsat: '5' });
      },
    });
    expect(await dispatch(app, 'payment.send', { invoice: 'lnbc' })).toEqual({
      ok: false,
      error: { code: 'no_route', message: 'There is no way.', data: { possibleMsat: '5' } },
    });
  });

  test('says nothing of an exception outside, and all but secrets in the log', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'debug', nowMs: () => 0, write: (record) => lines.push(jsonLine(record)) });
    const secret = 'cd'.repeat(32);
    const app = createFakeApp({
      'payment.send': () => {
        throw new TypeError(`cannot read ${secret} of undefined`);
      },
    });
    const result = await dispatch(app, 'payment.send', { invoice: 'lnbc' }, log);
    expect(result).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(JSON.stringify(result)).not.toContain('cannot read');
    expect(lines.join('\n')).toContain('TypeError');
    expect(lines.join('\n')).toContain('cannot read');
    expect(lines.join('\n')).not.toContain(secret);
  });

  test('an answer that does not fit the contract does not leave', async () => {
    const app = createFakeApp({ 'payment.send': () => ({ ...PAYMENT, seed: 'abandon' }) });
    expect(await dispatch(app, 'payment.send', { invoice: 'lnbc' })).toMatchObject({ ok: false, error: { code: 'internal' } });
  });

  test('events are encoded; one that does not fit is left out', () => {
    const app = createFakeApp();
    const told: unknown[] = [];
    const end = subscribeWire(app, (name, data) => told.push({ name, data }));
    app.tell('wallet.updated', BALANCE);
    app.tell('wallet.updated', { ...BALANCE, seed: 'abandon' } as typeof BALANCE);
    app.tell('alarm', { code: 'breach', message: 'A peer cheated.' });
    expect(told).toEqual([
      { name: 'wallet.updated', data: expect.objectContaining({ confirmedSat: '2100000000000000' }) },
      { name: 'alarm', data: { code: 'breach', message: 'A peer cheated.' } },
    ]);
    end();
    app.tell('wallet.updated', BALANCE);
    expect(told).toHaveLength(2);
  });
});
