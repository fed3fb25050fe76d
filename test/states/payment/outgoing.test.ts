import { describe, expect, it } from 'vitest';
import { msat } from '../../../core/lib/units.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import type { OutgoingPayment } from '../../../core/payment/outgoing-types.ts';
import { NO_MPP, HEIGHT, MPP, NOW, channel, contextOf, hopOf, idOf, invoiceOf, kinds, nodeOf, ofKind, payCommand, paymentHash, paymentSecret, peelAll, preimage, reachOffered, stepOut } from './kit.ts';

const direct = contextOf([channel(1, 'payee', 5_000_000n)]);

describe('paying a peer', () => {
  it('stores the whole payment, then offers one part without a fee', () => {
    const command = payCommand(invoiceOf());
    const [state, actions] = stepOut(undefined, command, direct);
    const [part] = state.parts;
    expect(state).toStrictEqual({
      paymentHash, paymentSecret, payeeNodeId: nodeOf('payee'), paymentMetadata: undefined, minFinalCltvExpiryDelta: 144,
      invoiceExpiresAtMs: NOW + 3_540_000, supportsMultiPart: true, description: 'tea', invoiceText: 'lnbcrt1...',
      amountMsat: 1_000_000n, maxFeeMsat: 10_000n, attemptsLimit: 20, attempts: 1, deadlineHeight: HEIGHT + 10, deadlineMs: NOW + 60_000,
      createdAtMs: NOW, entropy: command.entropy, shadowBlocks: state.shadowBlocks, nextPartId: 1, routes: [{ hops: [], excluded: false, limitMsat: undefined }],
      parts: [{
        partId: 0, channelNumber: 1, htlcId: undefined, amountMsat: 1_000_000n, feeMsat: 0n, hops: [], sessionKey: part!.sessionKey,
        finalCltvExpiry: HEIGHT + 147 + state.shadowBlocks, status: 'pending', failure: undefined,
      }],
      channelLimits: [], waitForParts: false, giveUp: undefined, status: 'pending', paymentPreimage: undefined, failure: undefined,
      completedAtMs: undefined, earlier: [],
    }); // prettier-ignore
    expect(kinds(actions)).toEqual(['store', 'journal', 'reply', 'journal', 'offer_htlc', 'event']);
    const [offer] = ofKind(actions, 'offer_htlc');
    expect(offer).toMatchObject({ channelNumber: 1, reference: `${toHex(paymentHash)}/0`, amountMsat: 1_000_000n, paymentHash, cltvExpiry: part!.finalCltvExpiry });
    const [final] = peelAll(offer!, ['payee']);
    expect(final!.nextPacket).toBeUndefined();
    expect(final!.fields).toEqual({ amtToForwardMsat: 1_000_000n, outgoingCltvValue: part!.finalCltvExpiry, paymentData: { paymentSecret, totalMsat: 1_000_000n } });
  });

  it('draws a shadow of 0 to 40 blocks from the entropy and uses one session key for one part', () => {
    const shadows = new Set<number>();
    const keys = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const [state] = stepOut(undefined, payCommand(invoiceOf(), { entropy: new Uint8Array(32).fill(i) }), direct);
      shadows.add(state.shadowBlocks);
      keys.add(toHex(state.parts[0]!.sessionKey));
    }
    expect(Math.max(...shadows)).toBeLessThanOrEqual(40);
    expect(shadows.size).toBeGreaterThan(10);
    expect(keys.size).toBe(60);
  });

  it('keeps the shadow within 2016 blocks', () => {
    const { offers } = reachOffered(invoiceOf({ minFinalCltvExpiryDelta: 2013 }), direct);
    expect(offers[0]!.cltvExpiry).toBe(HEIGHT + 2016);
  });

  it('knows the HTLC by channel and id once it is offered', () => {
    const [pending, actions] = stepOut(undefined, payCommand(invoiceOf()), direct);
    const [offer] = ofKind(actions, 'offer_htlc');
    const [state, more] = stepOut(pending, { kind: 'htlc_offered', reference: offer!.reference, id: 7n }, direct);
    expect(state).toStrictEqual({ ...pending, parts: [{ ...pending.parts[0]!, htlcId: 7n, status: 'offered' }] });
    expect(more).toEqual([{ kind: 'store' }]);
  });

  it('succeeds with the preimage', () => {
    const { state: before, offers } = reachOffered(invoiceOf(), direct);
    const later = { ...direct, nowMs: NOW + 500 };
    const [state, actions] = stepOut(before, { kind: 'htlc_fulfilled', channelNumber: 1, id: idOf(offers[0]!), paymentPreimage: preimage, attributionData: undefined }, later);
    expect(state).toStrictEqual({ ...before, status: 'succeeded', paymentPreimage: preimage, completedAtMs: NOW + 500, parts: [{ ...before.parts[0]!, status: 'fulfilled' }] });
    expect(actions).toEqual([
      { kind: 'store' },
      { kind: 'journal', event: { kind: 'part_fulfilled', partId: 0, amountMsat: 1_000_000n, feeMsat: 0n } },
      { kind: 'journal', event: { kind: 'payment_succeeded', amountMsat: 1_000_000n, feeMsat: 0n } },
      { kind: 'event', event: { kind: 'succeeded', paymentPreimage: preimage, amountMsat: 1_000_000n, feeMsat: 0n } },
    ]);
  });

  it('raises an alarm on a wrong preimage and ignores HTLCs of others', () => {
    const { state, offers } = reachOffered(invoiceOf(), direct);
    const wrong = { kind: 'htlc_fulfilled', channelNumber: 1, id: idOf(offers[0]!), paymentPreimage: new Uint8Array(32), attributionData: undefined } as const;
    expect(stepOut(state, wrong, direct)).toEqual([state, [{ kind: 'alarm', code: 'invalid_preimage', reference: offers[0]!.reference }]]);
    expect(stepOut(state, { ...wrong, id: 999n, paymentPreimage: preimage }, direct)).toEqual([state, []]);
    expect(stepOut(state, { ...wrong, channelNumber: 2, paymentPreimage: preimage }, direct)).toEqual([state, []]);
  });
});

describe('what is refused before anything is sent', () => {
  const way = [hopOf('alice', 1n)];
  const hint = (delta: number) => [[hopOf('alice', 1n, 0, 0, delta)]];
  it.each([
    ['an expired invoice', invoiceOf({ timestampSeconds: NOW / 1000 - 3601 }), {}, direct, { code: 'invoice_expired', expiredAtMs: NOW - 1000 }],
    ['another network', invoiceOf({ network: 'mainnet' }), {}, direct, { code: 'other_network', expected: 'regtest', actual: 'mainnet' }],
    ['an unknown even feature', invoiceOf({ features: Uint8Array.of(0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0) }), {}, direct, { code: 'unknown_even_feature', bit: 84 }],
    ['no amount', invoiceOf({ amountMsat: undefined }), {}, direct, { code: 'amount_missing' }],
    ['zero', invoiceOf({ amountMsat: undefined }), { amountMsat: msat(0n) }, direct, { code: 'amount_too_low', minimumMsat: 1n }],
    ['too little', invoiceOf(), { amountMsat: msat(999_999n) }, direct, { code: 'amount_too_low', minimumMsat: 1_000_000n }],
    ['more than twice', invoiceOf(), { amountMsat: msat(2_000_001n) }, direct, { code: 'amount_too_high', maximumMsat: 2_000_000n }],
    ['our own invoice', invoiceOf({ payeeNodeId: nodeOf('payer') }), {}, direct, { code: 'own_invoice' }],
    ['a final expiry too far away', invoiceOf({ minFinalCltvExpiryDelta: 2014 }), {}, direct, { code: 'final_expiry_too_far', maximumBlocks: 2016, actualBlocks: 2017 }],
    ['no way', invoiceOf(), {}, contextOf([channel(1, 'alice', 5_000_000n)]), { code: 'no_route', reason: 'no_peer_on_route' }],
    ['a way that takes too long', invoiceOf({ routeHints: hint(1870) }), {}, contextOf([channel(1, 'alice', 5_000_000n)]), { code: 'no_route', reason: 'expiry_too_far' }],
    ['a fee limit too low', invoiceOf({ routeHints: [way] }), { maxFeeMsat: msat(1_099n) }, contextOf([channel(1, 'alice', 5_000_000n)]), { code: 'fee_limit_too_low', neededMsat: 1_100n, limitMsat: 1_099n }],
    ['too little balance', invoiceOf(), {}, contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 0n, { limit: 'offline' }), channel(3, 'payee', 300_000n, { limit: 'in_flight' })]),
      { code: 'insufficient_balance', wantedMsat: 1_000_000n, possibleMsat: 900_000n, limits: [
        { channelNumber: 1, maxOfferMsat: 600_000n, limit: 'reserve_and_fee' }, { channelNumber: 2, maxOfferMsat: 0n, limit: 'offline' }, { channelNumber: 3, maxOfferMsat: 300_000n, limit: 'in_flight' }] }],
    ['several parts where one is allowed', invoiceOf({ features: NO_MPP }), {}, contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 600_000n)]), { code: 'needs_multi_part', wantedMsat: 1_000_000n, possibleMsat: 600_000n }],
    ['less than the channel carries', invoiceOf(), {}, contextOf([channel(1, 'payee', 5_000_000n, { htlcMinimumMsat: msat(1_000_001n) })]), { code: 'amount_below_minimum', minimumMsat: 1_000_001n }],
    ['metadata that fills the onion', invoiceOf({ paymentMetadata: new Uint8Array(1300) }), {}, direct, { code: 'onion_too_large' }],
    ['a deadline in the past', invoiceOf(), { deadlineHeight: HEIGHT }, direct, { code: 'deadline_passed' }],
  ] as const)('%s', (_, invoice, changes, ctx, error) => {
    expect(stepOut(undefined, payCommand(invoice, changes), ctx)).toEqual([undefined, [{ kind: 'reply', result: { ok: false, error } }]]);
  }); // prettier-ignore

  it('allows exactly twice the amount, and exactly the fee limit', () => {
    expect(stepOut(undefined, payCommand(invoiceOf(), { amountMsat: msat(2_000_000n) }), direct)[0].amountMsat).toBe(2_000_000n);
    const ctx = contextOf([channel(1, 'alice', 5_000_000n)]);
    expect(stepOut(undefined, payCommand(invoiceOf({ routeHints: [way] }), { maxFeeMsat: msat(1_100n) }), ctx)[0].parts).toHaveLength(1);
  });
});

describe('over the hints of an invoice', () => {
  it('counts fees and expiries backwards from the payee', () => {
    const invoice = invoiceOf({ routeHints: [[hopOf('alice', 11n, 1000, 100, 40), hopOf('bob', 12n, 500, 2000, 18)]] });
    const { state, offers } = reachOffered(invoice, contextOf([channel(1, 'alice', 5_000_000n)]));
    // bob keeps 500 + 1,000,000 * 2000 / 10^6 = 2500; alice 1000 + 1,002,500 * 100 / 10^6 = 1100 (rounded down).
    const final = HEIGHT + 147 + state.shadowBlocks;
    expect(offers).toMatchObject([{ amountMsat: 1_003_600n, cltvExpiry: final + 58 }]);
    expect(state.parts[0]).toMatchObject({ feeMsat: 3_600n });
    const [alice, bob, payee] = peelAll(offers[0]!, ['alice', 'bob', 'payee']);
    expect(alice!.fields).toEqual({ amtToForwardMsat: 1_002_500n, outgoingCltvValue: final + 18, shortChannelId: 11n });
    expect(bob!.fields).toEqual({ amtToForwardMsat: 1_000_000n, outgoingCltvValue: final, shortChannelId: 12n });
    expect(payee!.fields).toEqual({ amtToForwardMsat: 1_000_000n, outgoingCltvValue: final, paymentData: { paymentSecret, totalMsat: 1_000_000n } });
  });

  it('starts where a hint passes a peer of ours', () => {
    const invoice = invoiceOf({ routeHints: [[hopOf('alice', 11n), hopOf('bob', 12n)]] });
    const { offers } = reachOffered(invoice, contextOf([channel(1, 'bob', 5_000_000n)]));
    expect(peelAll(offers[0]!, ['bob', 'payee'])[0]!.fields.shortChannelId).toBe(12n);
  });

  it('prefers the payee itself, then the cheapest, then the first', () => {
    const invoice = invoiceOf({ routeHints: [[hopOf('alice', 1n, 2000)], [hopOf('bob', 2n, 1000)], [hopOf('carol', 3n, 1000)]] });
    const all = [channel(1, 'alice', 5_000_000n), channel(2, 'bob', 5_000_000n), channel(3, 'carol', 5_000_000n)];
    const via = (channels: typeof all) => reachOffered(invoice, contextOf(channels)).offers.map(({ channelNumber }) => channelNumber);
    expect(via([...all, channel(4, 'payee', 5_000_000n)])).toEqual([4]);
    expect(via(all)).toEqual([2]);
  });

  it('sends the metadata with every part', () => {
    const invoice = invoiceOf({ paymentMetadata: Uint8Array.of(1, 2, 3) });
    const { offers } = reachOffered(invoice, contextOf([channel(1, 'payee', 600_000n), channel(2, 'payee', 600_000n)]));
    expect(offers.map((offer) => peelAll(offer, ['payee'])[0]!.fields.paymentMetadata)).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)]);
  });
});

describe('several parts', () => {
  const three = contextOf([channel(1, 'payee', 300_000n), channel(2, 'payee', 600_000n), channel(3, 'payee', 500_000n)]);

  it('sizes them by what each channel can offer; all name the same total and secret', () => {
    const { state, offers } = reachOffered(invoiceOf({ features: MPP }), three);
    expect(offers.map(({ channelNumber, amountMsat }) => [channelNumber, amountMsat])).toEqual([[2, 600_000n], [3, 400_000n]]);
    for (const offer of offers) expect(peelAll(offer, ['payee'])[0]!.fields.paymentData).toEqual({ paymentSecret, totalMsat: 1_000_000n });
    expect(new Set(state.parts.map(({ finalCltvExpiry }) => finalCltvExpiry)).size).toBe(1);
    expect(new Set(state.parts.map(({ sessionKey }) => toHex(sessionKey))).size).toBe(2);
  });

  it('leaves no remainder below the minimum', () => {
    const ctx = contextOf([channel(1, 'payee', 999_500n), channel(2, 'payee', 400_000n, { htlcMinimumMsat: msat(5_000n) })]);
    expect(reachOffered(invoiceOf(), ctx).offers.map(({ amountMsat }) => amountMsat)).toEqual([995_000n, 5_000n]);
  });

  it('splits over a direct channel and a hint', () => {
    const ctx = contextOf([channel(1, 'payee', 700_000n), channel(2, 'alice', 5_000_000n)]);
    const invoice = invoiceOf({ routeHints: [[hopOf('alice', 1n, 10_000, 0)]] });
    // The whole over alice costs as much; one part is then preferred.
    expect(reachOffered(invoice, ctx).offers.map(({ channelNumber }) => channelNumber)).toEqual([2]);
    const proportional = invoiceOf({ routeHints: [[hopOf('alice', 1n, 0, 20_000)]] });
    const { state } = reachOffered(proportional, ctx);
    expect(state.parts.map(({ channelNumber, amountMsat, feeMsat }) => [channelNumber, amountMsat, feeMsat])).toEqual([[1, 700_000n, 0n], [2, 300_000n, 6_000n]]);
  });

  it('is final with the first preimage, though others are open; fees add up as they are paid', () => {
    const ctx = contextOf([channel(1, 'alice', 601_100n), channel(2, 'alice', 600_000n)]);
    const { state, offers } = reachOffered(invoiceOf({ routeHints: [[hopOf('alice', 1n, 1000, 0)]] }), ctx);
    const fulfil = (id: bigint, channelNumber: number) => ({ kind: 'htlc_fulfilled', channelNumber, id, paymentPreimage: preimage, attributionData: undefined }) as const;
    const [first, one] = stepOut(state, fulfil(idOf(offers[0]!), 1), ctx);
    expect(first.status).toBe('succeeded');
    expect(ofKind(one, 'event')).toMatchObject([{ event: { kind: 'succeeded', feeMsat: 1000n } }]);
    expect(ofKind(one, 'ledger')).toEqual([{ kind: 'ledger', reason: 'routing_fee', amountMsat: 1000n, reference: offers[0]!.reference }]);
    expect(stepOut(first, payCommand(invoiceOf(), { consentToPayAgain: true }), ctx)[1]).toMatchObject([{ result: { error: { code: 'in_progress' } } }]);
    const [second, two] = stepOut(first, fulfil(idOf(offers[1]!), 2), ctx);
    expect(second.completedAtMs).toBe(first.completedAtMs);
    expect(kinds(two)).toEqual(['store', 'journal', 'ledger', 'event']);
    expect(stepOut(second, fulfil(idOf(offers[1]!), 2), ctx)).toEqual([second, []]);
  });
});

describe('paying again', () => {
  const paid = (): OutgoingPayment => {
    const { state, offers } = reachOffered(invoiceOf(), direct);
    return stepOut(state, { kind: 'htlc_fulfilled', channelNumber: 1, id: idOf(offers[0]!), paymentPreimage: preimage, attributionData: undefined }, direct)[0];
  };

  it('is refused while a payment runs, also with consent', () => {
    const { state } = reachOffered(invoiceOf(), direct);
    for (const consentToPayAgain of [false, true]) {
      expect(stepOut(state, payCommand(invoiceOf(), { consentToPayAgain }), direct)).toEqual([state, [{ kind: 'reply', result: { ok: false, error: { code: 'in_progress' } } }]]);
    }
  });

  it('is refused once paid, unless the user consents; ids never start again', () => {
    const state = paid();
    expect(stepOut(state, payCommand(invoiceOf()), direct)).toEqual([state, [{ kind: 'reply', result: { ok: false, error: { code: 'already_paid', paidAtMs: NOW } } }]]);
    const [again, actions] = stepOut(state, payCommand(invoiceOf(), { consentToPayAgain: true }), direct);
    expect(ofKind(actions, 'offer_htlc').map(({ reference }) => reference)).toEqual([`${toHex(paymentHash)}/1`]);
    expect(again).toMatchObject({ status: 'pending', paymentPreimage: undefined, earlier: [{ amountMsat: 1_000_000n, feeMsat: 0n, completedAtMs: NOW }] });
    expect(again.parts[0]!.sessionKey).not.toEqual(state.parts[0]!.sessionKey);
    const [failed] = stepOut(stepOut(again, { kind: 'htlc_refused', reference: `${toHex(paymentHash)}/1`, fault: { code: 'not_live' } }, direct)[0], { kind: 'tick' }, direct);
    expect(failed.status).toBe('failed');
    expect(stepOut(failed, payCommand(invoiceOf()), direct)[1]).toMatchObject([{ result: { error: { code: 'already_paid' } } }]);
  });

  it('needs no consent after a failure', () => {
    const [pending, [, , , , offer]] = stepOut(undefined, payCommand(invoiceOf()), direct);
    const [failed] = stepOut(pending, { kind: 'htlc_refused', reference: offer!.kind === 'offer_htlc' ? offer!.reference : '', fault: { code: 'not_live' } }, direct);
    expect(failed.status).toBe('failed');
    expect(stepOut(failed, payCommand(invoiceOf()), direct)[0]).toMatchObject({ status: 'pending', earlier: [], nextPartId: 2 });
  });
});
