import { describe, expect, it } from 'vitest';
import { msat } from '../../../core/lib/units.ts';
import { type QuoteRequest, quote } from '../../../core/payment/quote.ts';
import { NO_MPP, NOW, channel, contextOf, hopOf, invoiceOf, payCommand, reachOffered, stepOut } from './kit.ts';

const request = (changes: Partial<QuoteRequest> = {}): QuoteRequest => ({ invoice: invoiceOf(), amountMsat: undefined, maxFeeMsat: msat(10_000n), known: undefined, ...changes });

describe('the quote before paying', () => {
  it('names the channels, the fee and the most that is possible', () => {
    const invoice = invoiceOf({ routeHints: [[hopOf('alice', 1n)], [hopOf('bob', 2n, 4000)]] });
    const ctx = contextOf([channel(1, 'alice', 5_000_000n), channel(2, 'bob', 2_000_000n)]);
    expect(quote(request({ invoice }), ctx)).toEqual({
      payable: true,
      amountMsat: 1_000_000n,
      feeMsat: 1_100n,
      worstFeeMsat: 4_100n,
      possibleMsat: 4_998_500n + 1_995_800n,
      parts: [{ channelNumber: 1, amountMsat: 1_000_000n, feeMsat: 1_100n, hops: 1 }],
    });
    expect(quote(request({ invoice, maxFeeMsat: msat(3_000n) }), ctx)).toMatchObject({ worstFeeMsat: 3_000n });
  });

  it('promises what pay then does', () => {
    const ctx = contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 700_000n)]);
    const quoted = quote(request(), ctx);
    const { state } = reachOffered(invoiceOf(), ctx);
    expect(quoted).toMatchObject({ payable: true, feeMsat: 0n, parts: state.parts.map(({ channelNumber, amountMsat }) => ({ channelNumber, amountMsat })) });
    expect(quote(request({ known: state }), ctx)).toMatchObject({ payable: false, fault: { code: 'in_progress' } });
  });

  it.each([
    ['an expired invoice', { invoice: invoiceOf({ timestampSeconds: NOW / 1000 - 4000 }) }, 5_000_000n, 'invoice_expired', 'ask_for_a_new_invoice'],
    ['too little', { amountMsat: msat(1n) }, 5_000_000n, 'amount_too_low', 'correct_the_amount'],
    ['too little balance', {}, 400_000n, 'insufficient_balance', 'pay_less_or_get_capacity'],
    ['a payee of single parts', { invoice: invoiceOf({ features: NO_MPP }) }, 400_000n, 'insufficient_balance', 'pay_less_or_get_capacity'],
  ] as const)('says why not: %s', (_, changes, offer, code, advice) => {
    const answer = quote(request(changes), contextOf([channel(1, 'payee', offer)]));
    expect(answer).toMatchObject({ payable: false, fault: { code }, advice, possibleMsat: offer });
  });

  it('tells waiting from having too little', () => {
    const answer = quote(request(), contextOf([channel(1, 'payee', 0n, { limit: 'offline' })]));
    expect(answer).toMatchObject({ payable: false, advice: 'wait_for_connection', possibleMsat: 0n });
  });

  it('changes nothing and pays nothing where pay would refuse', () => {
    const ctx = contextOf([channel(1, 'carol', 5_000_000n)]);
    const [state, actions] = stepOut(undefined, payCommand(invoiceOf()), ctx);
    expect([state, actions]).toEqual([undefined, [{ kind: 'reply', result: { ok: false, error: (quote(request(), ctx) as { fault: unknown }).fault } }]]);
  });
});
