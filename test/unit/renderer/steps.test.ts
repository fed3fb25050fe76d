import { describe, expect, test } from 'vitest';
import { faultWords, ofFixedAmount } from '../../../renderer/format/fault-words.ts';
import { createI18n } from '../../../renderer/i18n/context.ts';
import { isUnknown, stepsOf } from '../../../renderer/screens/pay/steps.ts';
import { headOf } from '../../../renderer/screens/receive-head.ts';

describe('what happened to a payment', () => {
  const marks = (payment: Parameters<typeof stepsOf>[0]) => stepsOf(payment).map(({ key, mark }) => [key, mark]);
  const failure = { code: 'no_route', message: 'x' };
  test('under way: the proof is waited for and not shown yet', () =>
    expect(marks({ state: 'pending', attempts: 1, parts: 1 })).toEqual([['pay.step.started', 'done'], ['pay.step.way.pending', 'live'], ['pay.step.proof.wait', 'wait']])); // prettier-ignore
  test('arrived', () => expect(marks({ state: 'succeeded', attempts: 2, parts: 2 })).toEqual([['pay.step.started', 'done'], ['pay.step.way.succeeded', 'done'], ['pay.step.proof', 'done']])); // prettier-ignore
  test('failed: offered, not carried, taken back', () => {
    const steps = stepsOf({ state: 'failed', attempts: 3, parts: 0, failure });
    expect(steps.map(({ key, mark }) => [key, mark])).toEqual([['pay.step.started', 'done'], ['pay.step.way.failed', 'failed'], ['pay.step.back', 'done']]); // prettier-ignore
    expect(steps[1]?.values).toEqual({ attempts: 3, parts: 1 });
  });
  test('failed before anything was offered: nothing is said to have been taken back', () => expect(marks({ state: 'failed', attempts: 0, parts: 0, failure })).toEqual([['pay.step.none', 'failed']]));
  test('without an answer: neither arrived nor back', () => {
    const payment = { state: 'failed', attempts: 1, parts: 1, failure: { code: 'outcome_unknown', message: 'x' } } as const;
    expect(isUnknown(payment)).toBe(true);
    expect(marks(payment)).toEqual([['pay.step.started', 'done'], ['pay.step.unknown', 'failed']]);
  });
});

describe('a balance that is too small', () => {
  const refusal = (fault: string, possibleMsat: string) => ({ code: 'insufficient_balance', message: 'x', data: { fault, wantedMsat: '3000000000', possibleMsat } }) as const;
  const keyOf = (error: Parameters<typeof faultWords>[0]) => faultWords(error, 'sat')?.key;
  test.each(['htlc_count', 'in_flight', 'reserve_and_fee', 'needs_multi_part'])('%s: less can be paid only where the payer says how much', (fault) => {
    expect(keyOf(refusal(fault, '5000'))).toBe(`fault.balance.${fault}`);
    expect(keyOf(ofFixedAmount(refusal(fault, '5000')))).toBe(`fault.balance.fixed.${fault}`);
  });
  test('no invoice of nothing is asked for', () => {
    expect(keyOf(ofFixedAmount(refusal('reserve_and_fee', '0')))).toBe('fault.balance.nothing.reserve_and_fee');
    expect(keyOf(refusal('in_flight', '0'))).toBe('fault.balance.nothing.in_flight');
    expect(keyOf(ofFixedAmount(refusal('offline', '0')))).toBe('fault.balance.offline');
  });
  test.each(['en', 'zh-Hans', 'zh-Hant'] as const)('the sentence names the most that an invoice may ask for: %s', (language) => {
    const text = createI18n(language).errorText(ofFixedAmount(refusal('reserve_and_fee', '1817800000')));
    expect(text.split('1\u202F817\u202F800').length).toBe(3);
  });
});

test('what stands over the screen of receiving follows the way and the invoice', () => {
  expect(headOf('lightning', undefined, 0)).toEqual({ key: 'receive.title', detail: 'lightning' });
  expect(headOf('both', undefined, 0)).toEqual({ key: 'receive.title', detail: 'lightning' });
  expect(headOf('chain', { state: 'open', expiresAtMs: 10 }, 0)).toEqual({ key: 'receive.title.chain', detail: 'chain' });
  expect(headOf('lightning', { state: 'open', expiresAtMs: 10 }, 9)).toEqual({ key: 'receive.title.waiting' });
  expect(headOf('both', { state: 'receiving', expiresAtMs: 10 }, 9)).toEqual({ key: 'receive.title.waiting' });
  expect(headOf('lightning', { state: 'open', expiresAtMs: 10 }, 10)).toEqual({ key: 'receive.title.expired' });
  expect(headOf('lightning', { state: 'expired', expiresAtMs: 10 }, 9)).toEqual({ key: 'receive.title.expired' });
  expect(headOf('lightning', { state: 'paid', expiresAtMs: 10 }, 11)).toEqual({ key: 'receive.arrived' });
});

test('no line ends within a figure of a sentence, or before its unit', () => expect(createI18n('en').t('play.open.text', { node: 'Bob' })).toContain('10\u202F000\u202F000\u202Fsat'));
