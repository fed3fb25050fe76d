import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../core/crypto/hash.ts';
import { msat } from '../../../core/lib/units.ts';
import type { Failure } from '../../../core/onion/failures.ts';
import type { OfferHtlc } from '../../../core/payment/border.ts';
import type { OutgoingCommand, OutgoingContext, OutgoingPayment } from '../../../core/payment/outgoing-types.ts';
import { HEIGHT, NOW, channel, contextOf, errorFrom, hopOf, idOf, invoiceOf, kinds, ofKind, peelAll, payCommand, preimage, reachOffered, stepOut, updateOf } from './kit.ts';

const failed = (offer: OfferHtlc, names: readonly string[], failure: Failure): OutgoingCommand => ({
  kind: 'htlc_failed',
  channelNumber: offer.channelNumber,
  id: idOf(offer),
  removal: errorFrom(offer, names, failure),
});
const empty = new Uint8Array(0);
const details: Failure = { name: 'incorrect_or_unknown_payment_details', htlcMsat: msat(1n), height: HEIGHT };

/** Two ways: over alice (cheap, tried first) and over bob. */
const twoWays = invoiceOf({ routeHints: [[hopOf('alice', 1n)], [hopOf('bob', 2n, 2000)]] });
const both = contextOf([channel(1, 'alice', 5_000_000n), channel(2, 'bob', 5_000_000n)]);
const oneWay = invoiceOf({ routeHints: [[hopOf('alice', 1n)]] });

describe('failures of the payee', () => {
  it.each<[Failure, number]>([
    [details, 0x400f],
    [{ name: 'final_incorrect_cltv_expiry', cltvExpiry: 1 }, 18],
    [{ name: 'final_incorrect_htlc_amount', incomingHtlcAmt: msat(1n) }, 19],
    [{ name: 'permanent_node_failure' }, 0x6002],
    [{ name: 'invalid_onion_payload', type: 8n, offset: 3 }, 0x4016],
  ])('$0.name ends the payment', (failure, failureCode) => {
    const { state, offers } = reachOffered(twoWays, both);
    const part = { kind: 'returned', failureCode, hop: 1, atPayee: true } as const;
    const [next, actions] = stepOut(state, failed(offers[0]!, ['alice', 'payee'], failure), both);
    const reason = { reason: 'refused_by_payee', part } as const;
    expect(next).toStrictEqual({ ...state, status: 'failed', failure: reason, completedAtMs: NOW, parts: [{ ...state.parts[0]!, status: 'failed', failure: part }] });
    expect(actions).toEqual([
      { kind: 'store' },
      { kind: 'journal', event: { kind: 'part_failed', partId: 0, what: 'returned', failureCode, hop: 1 } },
      { kind: 'journal', event: { kind: 'payment_failed', reason: 'refused_by_payee' } },
      { kind: 'event', event: { kind: 'failed', failure: reason } },
    ]);
  });

  it('after mpp_timeout everything starts again, but only once all parts are back', () => {
    const ctx = contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 600_000n)]);
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    const [one, first] = stepOut(state, failed(offers[0]!, ['payee'], { name: 'mpp_timeout' }), ctx);
    expect([one.waitForParts, ofKind(first, 'offer_htlc')]).toEqual([true, []]);
    expect(stepOut(one, { kind: 'tick' }, ctx)).toEqual([one, []]);
    const [two, second] = stepOut(one, failed(offers[1]!, ['payee'], { name: 'mpp_timeout' }), ctx);
    expect(two).toMatchObject({ status: 'pending', waitForParts: false, attempts: 4 });
    expect(ofKind(second, 'offer_htlc').reduce((sum, { amountMsat }) => sum + amountMsat, 0n)).toBe(1_000_000n);
  });

  it('is not final while a part is open', () => {
    const ctx = contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 600_000n)]);
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    const [one, first] = stepOut(state, failed(offers[0]!, ['payee'], details), ctx);
    expect(one.status).toBe('pending');
    expect(one.giveUp?.reason).toBe('refused_by_payee');
    expect(kinds(first)).toEqual(['store', 'journal']);
    expect(stepOut(one, { kind: 'htlc_fulfilled', channelNumber: offers[1]!.channelNumber, id: idOf(offers[1]!), paymentPreimage: preimage, attributionData: undefined }, ctx)[0].status).toBe('succeeded');
    const [two] = stepOut(one, failed(offers[1]!, ['payee'], details), ctx);
    expect([two.status, two.failure?.reason]).toEqual(['failed', 'refused_by_payee']);
  });
});

describe('failures on the way', () => {
  const byHop: readonly (readonly [string, Failure])[] = [
    ['temporary_node_failure', { name: 'temporary_node_failure' }],
    ['permanent_channel_failure', { name: 'permanent_channel_failure' }],
    ['unknown_next_peer', { name: 'unknown_next_peer' }],
    ['temporary_channel_failure', { name: 'temporary_channel_failure', channelUpdate: empty }],
    ['fee_insufficient without an update', { name: 'fee_insufficient', htlcMsat: msat(1n), channelUpdate: empty }],
    ['channel_disabled', { name: 'channel_disabled', disabledFlags: 0, channelUpdate: empty }],
    ['expiry_too_soon', { name: 'expiry_too_soon', channelUpdate: empty }],
    ['invalid_onion_hmac of the next node', { name: 'invalid_onion_hmac', sha256OfOnion: new Uint8Array(32) }],
  ];
  it.each(byHop)('%s: the other way is tried', (_, failure) => {
    const { state, offers } = reachOffered(twoWays, both);
    expect(offers).toMatchObject([{ channelNumber: 1 }]);
    const [next, actions] = stepOut(state, failed(offers[0]!, ['alice'], failure), both);
    expect(next.status).toBe('pending');
    expect(ofKind(actions, 'offer_htlc')).toMatchObject([{ channelNumber: 2, amountMsat: 1_002_100n }]);
    expect(next.parts[0]!.failure).toMatchObject({ kind: 'returned', hop: 0, atPayee: false });
  });

  it.each(byHop)('%s: without another way the payment fails, and ends', (_, failure) => {
    const ctx = contextOf([channel(1, 'alice', 5_000_000n)]);
    const { state, offers } = reachOffered(oneWay, ctx);
    const [next] = stepOut(state, failed(offers[0]!, ['alice'], failure), ctx);
    expect(next.status).toBe('failed');
    expect(['no_route', 'insufficient_balance']).toContain(next.failure?.reason);
  });

  it.each([
    ['an unreadable error', { kind: 'fail', reason: new Uint8Array(292), attributionData: undefined }, { kind: 'unreadable', blamedHop: undefined }],
    ['a malformed onion', { kind: 'fail_malformed', sha256OfOnion: new Uint8Array(32), failureCode: 0xc005 }, { kind: 'malformed', failureCode: 0xc005 }],
  ] as const)('%s: the other way is tried', (_, removal, failure) => {
    const { state, offers } = reachOffered(twoWays, both);
    const [next, actions] = stepOut(state, { kind: 'htlc_failed', channelNumber: 1, id: idOf(offers[0]!), removal }, both);
    expect(next.parts[0]).toMatchObject({ status: 'failed', failure });
    expect(ofKind(actions, 'offer_htlc')).toMatchObject([{ channelNumber: 2 }]);
  });
});

describe('new terms in a failure', () => {
  const insufficient = (channelUpdate: Uint8Array): Failure => ({ name: 'fee_insufficient', htlcMsat: msat(1n), channelUpdate });
  const ctx = contextOf([channel(1, 'alice', 5_000_000n)]);
  const retryWith = (update: Uint8Array, failure = insufficient(update)) => {
    const { state, offers } = reachOffered(oneWay, ctx);
    const [next, actions] = stepOut(state, failed(offers[0]!, ['alice'], failure), ctx);
    return { next, offers: ofKind(actions, 'offer_htlc') };
  };

  it.each([['with', 0], ['without', 2]] as const)('are used for the retry (%s message type)', (_, from) => {
    const { next, offers } = retryWith(updateOf('alice', 'payee', { feeBaseMsat: 3000, cltvExpiryDelta: 80, timestamp: 5 }).slice(from));
    expect(offers).toMatchObject([{ amountMsat: 1_003_100n, cltvExpiry: HEIGHT + 147 + next.shadowBlocks + 80 }]);
    expect(next.routes[1]!.hops[0]).toMatchObject({ feeBaseMsat: 3000, updatedAt: 5 });
  });

  it('count for the cltv delta too', () => {
    const update = updateOf('alice', 'payee', { cltvExpiryDelta: 100 });
    expect(retryWith(update, { name: 'incorrect_cltv_expiry', cltvExpiry: 1, channelUpdate: update }).offers[0]!.cltvExpiry).toBeGreaterThan(HEIGHT + 246);
  });

  it('never lead over the fee limit', () => {
    const { next, offers } = retryWith(updateOf('alice', 'payee', { feeBaseMsat: 9_901 }));
    expect(offers).toEqual([]);
    expect(next.failure?.reason).toBe('fee_limit_too_low');
  });

  it.each([
    ['signed by somebody else', updateOf('alice', 'payee', { feeBaseMsat: 3000 }, 'bob')],
    ['of another channel', updateOf('alice', 'payee', { feeBaseMsat: 3000, shortChannelId: 2n })],
    ['of another chain', updateOf('alice', 'payee', { feeBaseMsat: 3000, chainHash: sha256(empty) })],
    ['of the other direction', updateOf('alice', 'payee', { feeBaseMsat: 3000, channelFlags: updateOf('alice', 'payee', {})[111] === 0 ? 1 : 0 })],
    ['not newer', updateOf('alice', 'payee', { feeBaseMsat: 3000, timestamp: 0 })],
    ['disabled', updateOf('alice', 'payee', { feeBaseMsat: 3000, channelFlags: 2 | (updateOf('alice', 'payee', {})[111] ?? 0) })],
    ['cut short', updateOf('alice', 'payee', { feeBaseMsat: 3000 }).slice(0, 90)],
  ])('are not believed when %s', (_, update) => {
    const { next, offers } = retryWith(update);
    expect(offers).toEqual([]);
    expect(next).toMatchObject({ status: 'failed', failure: { reason: 'no_route' } });
  });

  it('a hop that repeats its complaint with ever newer terms is bounded by the attempts', () => {
    let { state, offers } = reachOffered(oneWay, ctx, { attemptsLimit: 5 });
    let sent = 1;
    for (let timestamp = 1; offers.length > 0 && timestamp < 20; timestamp++) {
      const [next, actions] = stepOut(state, failed(offers[0]!, ['alice'], insufficient(updateOf('alice', 'payee', { timestamp, feeBaseMsat: 1000 + timestamp }))), ctx);
      offers = ofKind(actions, 'offer_htlc');
      sent += offers.length;
      state = next;
      for (const offer of offers) [state] = stepOut(state, { kind: 'htlc_offered', reference: offer.reference, id: idOf(offer) }, ctx);
    }
    expect([sent, state.status, state.failure?.reason]).toEqual([5, 'failed', 'attempts_exhausted']);
  });
});

describe('a channel that refuses', () => {
  const ctx = contextOf([channel(1, 'payee', 5_000_000n), channel(2, 'payee', 700_000n)]);
  const refuse = (state: OutgoingPayment, offer: OfferHtlc, code: string) => stepOut(state, { kind: 'htlc_refused', reference: offer.reference, fault: { code } }, ctx);

  it('gets less, and the rest goes elsewhere', () => {
    const [state, actions] = stepOut(undefined, payCommand(invoiceOf()), ctx);
    const [next, more] = refuse(state, ofKind(actions, 'offer_htlc')[0]!, 'insufficient_balance');
    expect(next.parts[0]).toMatchObject({ status: 'failed', failure: { kind: 'refused', fault: 'insufficient_balance' } });
    expect(ofKind(more, 'offer_htlc').map(({ channelNumber, amountMsat }) => [channelNumber, amountMsat])).toEqual([[2, 700_000n], [1, 300_000n]]);
  });

  it('is left alone when it is closing; the payment ends when nothing is left', () => {
    const [state, actions] = stepOut(undefined, payCommand(invoiceOf()), ctx);
    const [next, more] = refuse(state, ofKind(actions, 'offer_htlc')[0]!, 'shutting_down');
    expect(ofKind(more, 'offer_htlc')).toEqual([]);
    expect(next).toMatchObject({ status: 'failed', failure: { reason: 'insufficient_balance', part: { kind: 'refused', fault: 'shutting_down' } } });
  });

  it('a refusal counts once', () => {
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    expect(refuse(state, offers[0]!, 'not_live')).toEqual([state, []]);
  });
});

describe('the fee limit (I-14)', () => {
  it('counts what open parts already cost', () => {
    const ctx = contextOf([channel(1, 'alice', 501_000n), channel(2, 'alice', 501_000n), channel(3, 'bob', 700_000n)]);
    const invoice = invoiceOf({ routeHints: [[hopOf('alice', 1n, 1000, 0)], [hopOf('bob', 2n, 2500, 0)]] });
    const retriesWith = (maxFeeMsat: bigint) => {
      const { state, offers } = reachOffered(invoice, ctx, { maxFeeMsat: msat(maxFeeMsat) });
      expect(offers.map(({ amountMsat }) => amountMsat)).toEqual([501_000n, 501_000n]);
      const [next, actions] = stepOut(state, failed(offers[0]!, ['alice'], { name: 'temporary_node_failure' }), ctx);
      expect(next.status).toBe('pending');
      return ofKind(actions, 'offer_htlc').map(({ channelNumber, amountMsat }) => [channelNumber, amountMsat]);
    };
    // The other part's 1000 are under way; bob wants 2500.
    expect(retriesWith(3_499n)).toEqual([]);
    expect(retriesWith(3_500n)).toEqual([[3, 502_500n]]);
  });
});

describe('limits in time', () => {
  const reach = (changes = {}) => reachOffered(twoWays, both, changes);
  const late = (ctx: Partial<OutgoingContext>): OutgoingContext => ({ ...both, ...ctx });
  it.each([
    ['the deadline in time', late({ nowMs: NOW + 60_000 }), 'deadline_passed'],
    ['the deadline in blocks', late({ blockHeight: HEIGHT + 10 }), 'deadline_passed'],
  ] as const)('no new part after %s', (_, ctx, reason) => {
    const { state, offers } = reach();
    const [next, actions] = stepOut(state, failed(offers[0]!, ['alice'], { name: 'temporary_node_failure' }), ctx);
    expect(ofKind(actions, 'offer_htlc')).toEqual([]);
    expect(next.failure?.reason).toBe(reason);
  });

  it('no new part after the invoice expired', () => {
    const { state, offers } = reach({ deadlineMs: NOW * 2 });
    const [next] = stepOut(state, failed(offers[0]!, ['alice'], { name: 'temporary_node_failure' }), late({ nowMs: NOW + 3_540_001 }));
    expect(next.failure?.reason).toBe('invoice_expired');
  });

  it('no new part after the user cancelled; what is open still decides', () => {
    const { state, offers } = reach();
    const [cancelled, actions] = stepOut(state, { kind: 'cancel' }, both);
    expect([cancelled.status, cancelled.giveUp?.reason, kinds(actions)]).toEqual(['pending', 'cancelled', ['store']]);
    expect(stepOut(cancelled, failed(offers[0]!, ['alice'], { name: 'temporary_node_failure' }), both)[0].failure?.reason).toBe('cancelled');
    const fulfilled = { kind: 'htlc_fulfilled', channelNumber: 1, id: idOf(offers[0]!), paymentPreimage: preimage, attributionData: undefined } as const;
    expect(stepOut(cancelled, fulfilled, both)[0]).toMatchObject({ status: 'succeeded', giveUp: undefined });
  });
});

describe('on chain', () => {
  const ctx = contextOf([channel(1, 'payee', 5_000_000n)]);
  it('a preimage found there is as good as any', () => {
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    const outcome = { kind: 'fulfilled', paymentPreimage: preimage } as const;
    expect(stepOut(state, { kind: 'htlc_resolved_on_chain', channelNumber: 1, id: idOf(offers[0]!), outcome }, ctx)[0].status).toBe('succeeded');
  });
  it('a timeout ends the part', () => {
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    const [next] = stepOut(state, { kind: 'htlc_resolved_on_chain', channelNumber: 1, id: idOf(offers[0]!), outcome: { kind: 'timed_out' } }, contextOf([]));
    expect(next).toMatchObject({ status: 'failed', parts: [{ failure: { kind: 'timed_out_on_chain' } }] });
  });
  it('a preimage after a failure is recorded as the payment that it is, with an alarm', () => {
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    const [lost] = stepOut(state, failed(offers[0]!, ['payee'], details), ctx);
    const fulfilled = { kind: 'htlc_fulfilled', channelNumber: 1, id: idOf(offers[0]!), paymentPreimage: preimage, attributionData: undefined } as const;
    const [next, actions] = stepOut(lost, fulfilled, ctx);
    expect(next).toMatchObject({ status: 'succeeded', failure: undefined });
    expect(ofKind(actions, 'alarm')).toMatchObject([{ code: 'fulfilled_after_failure' }]);
  });
});

describe('after a restart', () => {
  const ctx = contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 600_000n)]);
  const offline = contextOf([channel(1, 'payee', 0n, { limit: 'offline' }), channel(2, 'payee', 0n, { limit: 'offline' })]);

  it('keeps what the channels hold', () => {
    const { state, offers } = reachOffered(invoiceOf(), ctx);
    const openHtlcs = offers.map((offer) => ({ channelNumber: offer.channelNumber, id: idOf(offer), onionRoutingPacket: offer.onionRoutingPacket }));
    expect(stepOut(state, { kind: 'reconcile', openHtlcs }, offline)).toEqual([state, []]);
  });

  it('finds by its onion a part whose answer was lost, and fails one that was never committed', () => {
    const [state, actions] = stepOut(undefined, payCommand(invoiceOf()), ctx);
    const [first] = ofKind(actions, 'offer_htlc');
    const openHtlcs = [{ channelNumber: first!.channelNumber, id: 5n, onionRoutingPacket: first!.onionRoutingPacket }];
    const [next, more] = stepOut(state, { kind: 'reconcile', openHtlcs }, offline);
    expect(next.parts).toMatchObject([{ status: 'offered', htlcId: 5n }, { status: 'failed', failure: { kind: 'never_committed' } }]);
    expect(next.status).toBe('pending');
    expect(kinds(more)).toEqual(['store', 'journal']);
    // The same onion in another channel is another HTLC.
    const elsewhere = openHtlcs.map((htlc) => ({ ...htlc, channelNumber: 9 }));
    expect(stepOut(state, { kind: 'reconcile', openHtlcs: elsewhere }, offline)[0].status).toBe('failed');
  });

  it('an HTLC that ended unseen is never paid again without consent', () => {
    const { state } = reachOffered(invoiceOf(), ctx);
    const [next, actions] = stepOut(state, { kind: 'reconcile', openHtlcs: [] }, ctx);
    expect(ofKind(actions, 'alarm')).toHaveLength(2);
    expect(next).toMatchObject({ status: 'failed', failure: { reason: 'outcome_unknown' } });
    expect(stepOut(next, payCommand(invoiceOf()), ctx)[1]).toMatchObject([{ result: { error: { code: 'outcome_unknown' } } }]);
    expect(stepOut(next, payCommand(invoiceOf(), { consentToPayAgain: true }), ctx)[0]).toMatchObject({ status: 'pending', earlier: [{ amountMsat: 1_000_000n }] });
  });

  it('the error of a part that was offered before is still readable', () => {
    const { state, offers } = reachOffered(twoWays, both);
    expect(peelAll(offers[0]!, ['alice', 'payee'])).toHaveLength(2);
    const [next] = stepOut(state, failed(offers[0]!, ['alice', 'payee'], details), both);
    expect(next.failure?.part).toEqual({ kind: 'returned', failureCode: 0x400f, hop: 1, atPayee: true });
  });
});
