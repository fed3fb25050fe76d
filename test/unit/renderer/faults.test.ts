import { describe, expect, test } from 'vitest';
import { PLAY_FAULTS } from '../../../core/api.ts';
import type { ApiFailure } from '../../../core/node/app.ts';
import { backupFailure, failureWords, paymentFailure, planFailure, reserveFailure } from '../../../core/node/words.ts';
import { failureTable } from '../../../core/onion/failures.ts';
import type { PaymentFault } from '../../../core/payment/errors.ts';
import type { PartFailure, PaymentFailure } from '../../../core/payment/outgoing-types.ts';
import { msat, sat } from '../../../core/lib/units.ts';
import { faultOf } from '../../../core/playground/world/guide.ts';
import { WaitedInVain } from '../../../core/playground/world/waiting.ts';
import { ApiFailure as Refusal } from '../../../core/node/app.ts';
import { faultWords } from '../../../renderer/format/fault-words.ts';
import { createI18n, type Language } from '../../../renderer/i18n/context.ts';
import { en } from '../../../renderer/i18n/en.ts';
import { failureText, flagsText, remedyOf, remedyText, toldText } from '../../../renderer/screens/pay/failure-text.ts';

const LANGUAGES: readonly Language[] = ['en', 'zh-Hans', 'zh-Hant'];
const WANTED = msat(3_000_000_000n);
const POSSIBLE = msat(1_817_800_001n);
const limits = (...list: readonly ('offline' | 'htlc_count' | 'in_flight' | 'reserve_and_fee')[]) => list.map((limit, channelNumber) => ({ channelNumber, maxOfferMsat: POSSIBLE, limit }));

const PAYMENT_FAULTS: readonly PaymentFault[] = [
  { code: 'insufficient_balance', wantedMsat: WANTED, possibleMsat: POSSIBLE, limits: [] },
  ...(['offline', 'htlc_count', 'in_flight', 'reserve_and_fee'] as const).map((limit) => ({ code: 'insufficient_balance', wantedMsat: WANTED, possibleMsat: POSSIBLE, limits: limits(limit) }) as const),
  { code: 'needs_multi_part', wantedMsat: WANTED, possibleMsat: POSSIBLE }, { code: 'amount_below_minimum', minimumMsat: WANTED }, { code: 'amount_too_low', minimumMsat: WANTED }, { code: 'amount_too_high', maximumMsat: WANTED },
  { code: 'fee_limit_too_low', neededMsat: WANTED, limitMsat: POSSIBLE },
]; // prettier-ignore

const REFUSALS: readonly ApiFailure[] = [
  ...PAYMENT_FAULTS.map(paymentFailure),
  reserveFailure(20_000n, 'send', 1_234_567n), reserveFailure(20_000n, 'open', 1_234_567n), reserveFailure(20_000n, 'send', undefined), reserveFailure(20_000n, 'send', 0n),
  planFailure({ code: 'insufficient_funds', missingSat: sat(10_001n), feeSat: sat(1_200n), availableSat: sat(2_000_000n) }), planFailure({ code: 'dust_amount', amountSat: sat(100n), limitSat: sat(1_294n) }),
  planFailure({ code: 'fee_share_too_high', feeSat: sat(12_000n), amountSat: sat(20_000n), limitPercent: 50 }),
  new Refusal('fee_limit_too_low', 'x', { feeSat: '12345', limitSat: '9999' }), new Refusal('funding_too_small', 'x', { minimumSat: '20000' }), new Refusal('funding_too_large', 'x', { maximumSat: '16777215' }),
]; // prettier-ignore

describe.each(LANGUAGES)('amounts of refusals in %s', (language) => {
  test('stand in groups, with everything filled in and nothing left of the engine’s own figures', () => {
    const { errorText } = createI18n(language);
    for (const refusal of REFUSALS) {
      const text = errorText(refusal);
      expect(text, refusal.message).not.toMatch(/\d{4}|[{}]|undefined/u);
      expect(text, refusal.message).toMatch(/\d/u);
    }
  });
  test('stand in the unit of the settings', () => {
    const text = createI18n(language, 'btc').errorText(paymentFailure(PAYMENT_FAULTS[1]!));
    expect(text).toContain('0.03\u202F000\u202F000\u202FBTC');
    expect(text).toContain('0.01\u202F817\u202F800.001\u202FBTC');
  });
});

test('each limit of a balance that is too small has its own sentence', () => {
  const { errorText } = createI18n('en');
  const texts = PAYMENT_FAULTS.slice(0, 6).map((fault) => errorText(paymentFailure(fault)));
  expect(new Set(texts).size).toBe(6);
  expect(texts[1]?.replaceAll('\u202F', ' ')).toBe('Too little can be sent: 3 000 000 sat are wanted, 1 817 800.001 sat are possible now. The peer is not connected. Nothing was paid. Wait until the peer is there again.');
});

test.each(LANGUAGES)('a backup file that is refused has its own sentence: %s', (language) => {
  const texts = (['no_backup', 'damaged', 'other_wallet', 'other_network', 'newer_version'] as const).map((fault) => createI18n(language).errorText(backupFailure(fault)));
  expect(new Set(texts).size).toBe(5);
  for (const text of texts) expect(/\p{Script=Han}/u.test(text)).toBe(language !== 'en');
});

test('a refusal without figures, or with figures that are none, is said by its code', () => {
  expect(faultWords({ code: 'wrong_password', data: { fault: 'x' } }, 'sat')).toBeUndefined();
  expect(faultWords({ code: 'insufficient_balance', data: { fault: 'toString' } }, 'sat')).toBeUndefined();
  expect(faultWords({ code: 'insufficient_funds', data: undefined }, 'sat')).toBeUndefined();
  expect(createI18n('zh-Hans').errorText({ code: 'insufficient_balance', message: 'x' })).toMatch(/^\p{Script=Han}/u);
});

describe('a payment that did not arrive', () => {
  const REASONS: readonly PaymentFailure['reason'][] = ['no_route', 'insufficient_balance', 'needs_multi_part', 'amount_below_minimum', 'fee_limit_too_low', 'onion_too_large', 'refused_by_payee', 'invoice_expired', 'deadline_passed', 'attempts_exhausted', 'cancelled', 'outcome_unknown']; // prettier-ignore
  const told = (name: keyof typeof failureTable, hop = 0, atPayee = false, reason: PaymentFailure['reason'] = 'no_route') => failureWords({ reason, part: { kind: 'returned', failureCode: failureTable[name].code, hop, atPayee } });

  test.each(LANGUAGES)('every reason and every answer of a node is said in words with what to do: %s', (language) => {
    const { t } = createI18n(language);
    const failures = [...REASONS.map((reason) => failureWords({ reason, part: undefined })), ...Object.keys(failureTable).map((name) => told(name as keyof typeof failureTable)), { code: 'of_tomorrow', message: '' }];
    for (const failure of failures) {
      for (const text of [failureText(failure, t), remedyText(failure, t)]) {
        expect(text).not.toMatch(/[a-z]+_[a-z]+|\d/u);
        if (language !== 'en') expect(text).toMatch(/^\p{Script=Han}/u);
      }
    }
  });

  test('what is gone for good wants a new invoice, what may pass can be tried again, what may have arrived is asked about', () => {
    expect(remedyOf(told('unknown_next_peer'))).toBe('new_invoice');
    expect(remedyOf(told('permanent_channel_failure'))).toBe('new_invoice');
    expect(remedyOf(told('temporary_channel_failure'))).toBe('retry');
    expect(remedyOf(told('temporary_node_failure'))).toBe('retry');
    expect(remedyOf(told('incorrect_or_unknown_payment_details', 0, true, 'refused_by_payee'))).toBe('new_invoice');
    expect(remedyOf(failureWords({ reason: 'invoice_expired', part: undefined }))).toBe('new_invoice');
    expect(remedyOf(failureWords({ reason: 'deadline_passed', part: undefined }))).toBe('retry');
    expect(remedyOf(failureWords({ reason: 'outcome_unknown', part: undefined }))).toBe('ask');
    for (const failure of [told('unknown_next_peer'), failureWords({ reason: 'outcome_unknown', part: undefined })]) expect(failureText(failure, createI18n('en').t)).not.toBe(en['failure.no_route']);
  });

  test('the protocol’s own words stand in the small print: name, number as the BOLT writes it, and who said it', () => {
    const { t } = createI18n('en');
    expect(flagsText(16_394)).toBe('PERM|10');
    expect(flagsText(0x2002)).toBe('NODE|2');
    expect(flagsText(23)).toBe('23');
    expect(toldText(told('unknown_next_peer'), t)).toBe('In the words of the protocol (BOLT 4): unknown_next_peer, code 16394 (PERM|10), said by your peer');
    expect(toldText(told('temporary_channel_failure', 2), t)).toContain('said by node 3 on the way');
    expect(toldText(told('incorrect_or_unknown_payment_details', 1, true), t)).toContain('said by the payee');
    const odd: PartFailure = { kind: 'returned', failureCode: 0x0fff, hop: 1, atPayee: false };
    expect(toldText(failureWords({ reason: 'no_route', part: odd }), t)).toContain('?, code 4095 (4095)');
    expect(toldText(failureWords({ reason: 'no_route', part: { kind: 'vanished' } }), t)).toBeUndefined();
  });
});

describe('a step of a tour that failed', () => {
  test('has a sentence for every code, in every language', () => {
    for (const language of LANGUAGES) for (const code of PLAY_FAULTS) expect(createI18n(language).t(`tour.fault.${code}`)).not.toBe('');
  });
  test('gets its code from what was thrown', () => {
    expect(faultOf(new WaitedInVain('waited in vain for the penalty'))).toBe('took_too_long');
    expect(faultOf(new Refusal('channel_closing', 'x'))).toBe('channel_gone');
    expect(faultOf(new Refusal('peer_unreachable', 'x'))).toBe('node_off');
    expect(faultOf(new Refusal('bad_request', 'x', { fault: 'nothing_paid' }))).toBe('nothing_paid');
    expect(faultOf(new Refusal('bad_request', 'x', { fault: '__proto__' }))).toBe('other');
    expect(faultOf(new Error('bug'))).toBe('other');
  });
});
