import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../core/crypto/hash.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { type Msat, msat } from '../../../core/lib/units.ts';
import { decryptErrorOnion } from '../../../core/onion/errors.ts';
import { readFulfillHoldTimes } from '../../../core/onion/attribution.ts';
import { decodeFailure } from '../../../core/onion/failures.ts';
import { createOnion } from '../../../core/onion/packet.ts';
import { encodePayload, finalPayload, type HopPayload, intermediatePayload } from '../../../core/onion/payload.ts';
import { decodeIncoming, encodeIncoming } from '../../../core/payment/codec.ts';
import type { IncomingAction, IncomingCommand, IncomingContext, IncomingPayment } from '../../../core/payment/incoming-types.ts';
import { HEIGHT, NOW, createdInvoice, incomingContext, joined, keyOf, kinds, nodeOf, ofKind, stepIn } from './kit.ts';

type Received = Extract<IncomingCommand, { kind: 'htlc_received' }>;
const AMOUNT = msat(1_000_000n);
const EXPIRY = HEIGHT + 150;
const ctx = incomingContext();

interface HtlcOptions {
  readonly channelNumber?: number;
  readonly id?: bigint;
  readonly amountMsat?: Msat;
  readonly cltvExpiry?: number;
  readonly payload?: Partial<HopPayload>;
  readonly secret?: Uint8Array;
  readonly total?: Msat;
  readonly paymentHash?: Uint8Array;
  readonly changes?: Partial<Received['add']>;
  readonly rest?: Partial<Received>;
}

const secrets = new Map<string, readonly Uint8Array[]>();
/** An HTLC for the invoice as an honest payer's peer would pass it on, changed by the options. */
function htlcFor(invoice: Pick<IncomingPayment, 'paymentHash' | 'paymentSecret'>, options: HtlcOptions = {}): Received {
  const { channelNumber = 1, id = 0n, amountMsat = AMOUNT, cltvExpiry = EXPIRY, total = AMOUNT, secret = invoice.paymentSecret, paymentHash = invoice.paymentHash } = options;
  const payload = encodePayload({ amtToForwardMsat: amountMsat, outgoingCltvValue: cltvExpiry, paymentData: { paymentSecret: secret, totalMsat: total }, ...options.payload });
  const onion = createOnion({ sessionKey: sha256(utf8(`${channelNumber}/${id}`)), hops: [{ nodeId: nodeOf('payee'), payload }], associatedData: paymentHash });
  if (!onion.ok) throw new Error(onion.error.code);
  secrets.set(`${channelNumber}/${id}`, onion.value.sharedSecrets);
  const add = { id, amountMsat, paymentHash, cltvExpiry, onionRoutingPacket: onion.value.packet, pathKey: undefined, ...options.changes };
  return { kind: 'htlc_received', channelNumber, add, overDustCap: false, attribution: false, ...options.rest };
}

/** The failures that the payer would read, by channel and id. */
function failuresIn(actions: readonly IncomingAction[]) {
  return ofKind(actions, 'fail_htlc').map(({ channelNumber, id, reason, attributionData }) => {
    const error = decryptErrorOnion(secrets.get(`${channelNumber}/${id}`)!, { reason, attributionData: attributionData && joined(attributionData) });
    if (!error.ok) throw new Error(error.error.code);
    const decoded = decodeFailure(error.value.failureMessage);
    if (!decoded.ok) throw new Error(decoded.error.code);
    return { channelNumber, id, failure: decoded.value.failure, holdTimes: error.value.holdTimes };
  });
}
const revealed = (actions: readonly IncomingAction[]): boolean => ofKind(actions, 'fulfill_htlc').length > 0;
const run = (state: IncomingPayment, commands: readonly IncomingCommand[], at: IncomingContext = ctx) =>
  commands.reduce<readonly [IncomingPayment, readonly IncomingAction[]]>(
    ([now, all], command) => {
      const [next, actions] = stepIn(now, command, at);
      return [next, [...all, ...actions]];
    },
    [state, []],
  );
const unknown = (amountMsat: Msat = AMOUNT) => ({ name: 'incorrect_or_unknown_payment_details', htlcMsat: amountMsat, height: HEIGHT });

describe('an invoice of ours', () => {
  it('is stored with what its text says', () => {
    const { state, invoice, text, actions } = createdInvoice(AMOUNT);
    expect(state).toStrictEqual({
      paymentHash: sha256(state.paymentPreimage), paymentPreimage: state.paymentPreimage, paymentSecret: invoice.paymentSecret, paymentMetadata: undefined,
      amountMsat: AMOUNT, description: 'tea', createdAtMs: NOW, expirySeconds: 3600, minFinalCltvExpiryDelta: 144, invoiceText: text,
      status: 'open', sets: [], settlement: undefined,
    }); // prettier-ignore
    expect(kinds(actions)).toEqual(['store', 'journal', 'reply']);
    expect(invoice).toMatchObject({ paymentHash: state.paymentHash, amountMsat: AMOUNT, payeeNodeId: nodeOf('payee'), minFinalCltvExpiryDelta: 144, expirySeconds: 3600 });
    expect(state.paymentSecret).not.toEqual(state.paymentPreimage);
  });

  it('is refused for zero and for an expiry out of bounds', () => {
    const request = { amountMsat: msat(0n), description: '', expirySeconds: 3600, paymentMetadata: undefined, routeHints: [], entropy: new Uint8Array(32) };
    expect(stepIn(undefined, { kind: 'create', request }, ctx)[1]).toEqual([{ kind: 'reply', result: { ok: false, error: { code: 'amount_zero' } } }]);
    expect(stepIn(undefined, { kind: 'create', request: { ...request, amountMsat: AMOUNT, expirySeconds: 0 } }, ctx)[1]).toEqual([{ kind: 'reply', result: { ok: false, error: { code: 'expiry_out_of_bounds' } } }]);
  });

  it('expires, or is cancelled, once', () => {
    const { state } = createdInvoice(AMOUNT);
    expect(stepIn(state, { kind: 'tick' }, incomingContext({ nowMs: NOW + 3_600_000 }))).toEqual([state, []]);
    const [expired, actions] = stepIn(state, { kind: 'tick' }, incomingContext({ nowMs: NOW + 3_600_001 }));
    expect([expired, kinds(actions)]).toEqual([{ ...state, status: 'expired' }, ['store', 'journal', 'event']]);
    expect(stepIn(expired, { kind: 'cancel' }, ctx)).toEqual([expired, []]);
    expect(stepIn(state, { kind: 'cancel' }, ctx)[0].status).toBe('cancelled');
  });
});

describe('one HTLC that pays it', () => {
  it('stores that it settles, then releases the preimage', () => {
    const { state } = createdInvoice(AMOUNT);
    const [next, actions] = stepIn(state, htlcFor(state), ctx);
    const part = { channelNumber: 1, htlcId: 0n, amountMsat: AMOUNT, amtToForwardMsat: AMOUNT, cltvExpiry: EXPIRY, sharedSecret: secrets.get('1/0')![0], receivedAtMs: NOW, attribution: false, status: 'fulfilling' };
    expect(next).toStrictEqual({ ...state, status: 'settling', settlement: { totalMsat: AMOUNT, settledAtMs: NOW, parts: [part] } });
    expect(actions).toEqual([
      { kind: 'store' },
      { kind: 'journal', event: { kind: 'set_settling', totalMsat: AMOUNT, receivedMsat: AMOUNT, parts: 1 } },
      { kind: 'fulfill_htlc', channelNumber: 1, id: 0n, paymentPreimage: state.paymentPreimage, attributionData: undefined },
      { kind: 'event', event: { kind: 'settling', amountMsat: AMOUNT } },
    ]);
    const [paid, last] = stepIn(next, { kind: 'htlc_removed', channelNumber: 1, id: 0n, fulfilled: true }, ctx);
    expect(paid.status).toBe('paid');
    expect(kinds(last)).toEqual(['store', 'ledger', 'journal', 'event']);
    expect(ofKind(last, 'event')).toEqual([{ kind: 'event', event: { kind: 'received', amountMsat: AMOUNT } }]);
  });

  it('is fulfilled again when told again, and refused when new', () => {
    const { state } = createdInvoice(AMOUNT);
    const htlc = htlcFor(state);
    const [settling] = stepIn(state, htlc, ctx);
    const again = stepIn(decodeIncoming(encodeIncoming(settling)), htlc, incomingContext({ blockHeight: HEIGHT + 100 }));
    expect([again[0], kinds(again[1])]).toEqual([settling, ['fulfill_htlc']]);
    for (const at of [settling, stepIn(settling, { kind: 'htlc_removed', channelNumber: 1, id: 0n, fulfilled: true }, ctx)[0]]) {
      const [next, actions] = stepIn(at, htlcFor(state, { id: 1n }), ctx);
      expect([next, failuresIn(actions)]).toMatchObject([at, [{ id: 1n, failure: unknown() }]]);
    }
    // The same id in another channel is another HTLC.
    expect(failuresIn(stepIn(settling, htlcFor(state, { channelNumber: 2 }), ctx)[1])).toMatchObject([{ channelNumber: 2, failure: unknown() }]);
  });

  it('tells how long it was held where the peer takes attribution data', () => {
    const { state } = createdInvoice(AMOUNT);
    const half = { amountMsat: msat(500_000n), rest: { attribution: true } };
    const [waiting] = stepIn(state, htlcFor(state, half), ctx);
    const [, actions] = stepIn(waiting, htlcFor(state, { ...half, id: 1n }), incomingContext({ nowMs: NOW + 2_500 }));
    const times = ofKind(actions, 'fulfill_htlc').map(({ id, attributionData }) => readFulfillHoldTimes(secrets.get(`1/${id}`)!, joined(attributionData!)));
    expect(times).toEqual([[25], [0]]);
    const [, failing] = stepIn(waiting, { kind: 'tick' }, incomingContext({ nowMs: NOW + 61_000 }));
    expect(failuresIn(failing)).toMatchObject([{ holdTimes: [610], failure: { name: 'mpp_timeout' } }]);
  });

  it.each([
    ['exactly twice the amount', { total: msat(2_000_000n), amountMsat: msat(2_000_000n) }],
    ['more than the onion says', { changes: { amountMsat: msat(1_000_500n) } }],
    ['the last block that leaves 144', { cltvExpiry: HEIGHT + 144 }],
    ['2016 blocks', { cltvExpiry: HEIGHT + 2016 }],
  ] satisfies [string, HtlcOptions][])('may have %s', (_, options) => {
    const { state } = createdInvoice(AMOUNT);
    expect(revealed(stepIn(state, htlcFor(state, options), ctx)[1])).toBe(true);
  });

  it('may bring any amount where the invoice names none', () => {
    const { state } = createdInvoice(undefined);
    const [next, actions] = stepIn(state, htlcFor(state, { total: msat(7n), amountMsat: msat(7n) }), ctx);
    expect([next.status, ofKind(actions, 'fulfill_htlc').length]).toEqual(['settling', 1]);
  });
});

describe('an HTLC that does not pay it', () => {
  const other = new Uint8Array(32).fill(9);
  it.each([
    ['a wrong secret', { secret: other }, unknown()],
    ['no secret', { payload: { paymentData: undefined } }, unknown()],
    ['too little in total', { total: msat(999_999n), amountMsat: msat(999_999n) }, unknown(msat(999_999n))],
    ['more than twice in total', { total: msat(2_000_001n) }, unknown()],
    ['more than twice in one part', { amountMsat: msat(2_000_001n) }, unknown(msat(2_000_001n))],
    ['an expiry too near', { cltvExpiry: HEIGHT + 143 }, unknown()],
    ['an expiry too far', { cltvExpiry: HEIGHT + 2017 }, unknown()],
    ['an expiry below the onion’s', { payload: { outgoingCltvValue: EXPIRY + 1 } }, { name: 'final_incorrect_cltv_expiry', cltvExpiry: EXPIRY }],
    ['an amount below the onion’s', { changes: { amountMsat: msat(999_999n) } }, { name: 'final_incorrect_htlc_amount', incomingHtlcAmt: 999_999n }],
    ['both faults: the BOLT’s first', { changes: { amountMsat: msat(1n) }, payload: { outgoingCltvValue: EXPIRY + 1 } }, { name: 'final_incorrect_cltv_expiry', cltvExpiry: EXPIRY }],
    ['too much dust', { rest: { overDustCap: true } }, { name: 'temporary_node_failure' }],
    ['no amount in the onion', { payload: { amtToForwardMsat: undefined } }, { name: 'invalid_onion_payload', type: 2n, offset: 0 }],
    ['an unknown even record', { payload: { unknownRecords: [{ type: 100n, value: other }] } }, undefined],
    ['a blinded payload', { payload: { encryptedRecipientData: other, currentPathKey: nodeOf('x'), paymentData: undefined, totalAmountMsat: AMOUNT } }, { name: 'invalid_onion_blinding' }],
  ] satisfies [string, HtlcOptions, unknown][])('%s', (_, options, failure) => {
    const { state } = createdInvoice(AMOUNT);
    const [next, actions] = stepIn(state, htlcFor(state, options), ctx);
    expect(next).toBe(state);
    expect(kinds(actions)).toEqual(['fail_htlc']);
    expect(failuresIn(actions)[0]!.failure).toMatchObject(failure ?? { name: 'invalid_onion_payload', type: 100n });
  });

  it('asks to be forwarded, even with the hash of our invoice (row 22)', () => {
    const { state } = createdInvoice(AMOUNT);
    const forward = intermediatePayload({ amtToForwardMsat: AMOUNT, outgoingCltvValue: EXPIRY, shortChannelId: 5n });
    const final = finalPayload({ amtToForwardMsat: AMOUNT, outgoingCltvValue: EXPIRY, paymentSecret: state.paymentSecret, totalMsat: AMOUNT });
    const onion = createOnion({ sessionKey: keyOf('s'), hops: [{ nodeId: nodeOf('payee'), payload: forward }, { nodeId: nodeOf('x'), payload: final }], associatedData: state.paymentHash });
    if (!onion.ok) throw new Error(onion.error.code);
    secrets.set('1/0', onion.value.sharedSecrets);
    const command = htlcFor(state);
    secrets.set('1/0', onion.value.sharedSecrets);
    for (const known of [state, undefined]) {
      const [, actions] = stepIn(known, { ...command, add: { ...command.add, onionRoutingPacket: onion.value.packet } }, ctx);
      expect([kinds(actions), failuresIn(actions)[0]!.failure]).toEqual([['fail_htlc'], { name: 'unknown_next_peer' }]);
    }
  });

  it('has the hash of nobody', () => {
    const { state } = createdInvoice(AMOUNT);
    const [none, actions] = stepIn(undefined, htlcFor(state), ctx);
    expect([none, failuresIn(actions)]).toMatchObject([undefined, [{ failure: unknown() }]]);
  });

  it.each([
    ['version', (packet: Uint8Array) => void (packet[0] = 1), 0xc004],
    ['HMAC', (packet: Uint8Array) => void (packet[1365]! ^= 1), 0xc005],
    ['key', (packet: Uint8Array) => void packet.fill(0, 1, 34), 0xc006],
  ])('has an onion with a bad %s', (_, spoil, failureCode) => {
    const { state } = createdInvoice(AMOUNT);
    const { add, ...command } = htlcFor(state);
    const onionRoutingPacket = add.onionRoutingPacket.slice();
    spoil(onionRoutingPacket);
    expect(stepIn(state, { ...command, add: { ...add, onionRoutingPacket } }, ctx)).toEqual([
      state,
      [{ kind: 'fail_malformed_htlc', channelNumber: 1, id: 0n, sha256OfOnion: sha256(onionRoutingPacket), failureCode }],
    ]);
  });

  it('has a path key: the one answer of blinded paths', () => {
    const { state } = createdInvoice(AMOUNT);
    for (const pathKey of [nodeOf('x'), new Uint8Array(33)]) {
      expect(stepIn(state, htlcFor(state, { changes: { pathKey } }), ctx)[1]).toMatchObject([{ kind: 'fail_malformed_htlc', failureCode: 0xc018 }]);
    }
  });

  it('comes after the invoice ended', () => {
    const { state } = createdInvoice(AMOUNT);
    const late = incomingContext({ nowMs: NOW + 3_600_001 });
    expect(failuresIn(stepIn(state, htlcFor(state), late)[1])).toMatchObject([{ failure: unknown() }]);
    expect(failuresIn(stepIn(stepIn(state, { kind: 'cancel' }, ctx)[0], htlcFor(state), ctx)[1])).toMatchObject([{ failure: unknown() }]);
  });

  it('lacks the metadata of the invoice', () => {
    const paymentMetadata = Uint8Array.of(1, 2);
    const state = { ...createdInvoice(AMOUNT).state, paymentMetadata };
    expect(failuresIn(stepIn(state, htlcFor(state), ctx)[1])).toMatchObject([{ failure: unknown() }]);
    expect(revealed(stepIn(state, htlcFor(state, { payload: { paymentMetadata } }), ctx)[1])).toBe(true);
  });
});

describe('several HTLCs', () => {
  const half = msat(500_000n);
  const halves = (state: IncomingPayment, changes: HtlcOptions = {}) => [htlcFor(state, { amountMsat: half, id: 0n }), htlcFor(state, { amountMsat: half, id: 1n, channelNumber: 2, ...changes })] as const;

  it('wait for each other and settle together', () => {
    const { state } = createdInvoice(AMOUNT);
    const [first, second] = halves(state);
    const [waiting, none] = stepIn(state, first, ctx);
    expect([kinds(none), waiting.status, waiting.sets[0]?.parts.length]).toEqual([['store'], 'open', 1]);
    const [next, actions] = stepIn(waiting, second, ctx);
    expect(kinds(actions)).toEqual(['store', 'journal', 'fulfill_htlc', 'fulfill_htlc', 'event']);
    const [one, some] = stepIn(next, { kind: 'htlc_removed', channelNumber: 1, id: 0n, fulfilled: true }, ctx);
    expect([one.status, ofKind(some, 'event')]).toEqual(['settling', []]);
    const [all, last] = stepIn(one, { kind: 'htlc_removed', channelNumber: 2, id: 1n, fulfilled: true }, ctx);
    expect([all.status, ofKind(last, 'event')]).toEqual(['paid', [{ kind: 'event', event: { kind: 'received', amountMsat: AMOUNT } }]]);
  });

  it('equal in hash, amount and expiry are told apart by channel and id (row 15)', () => {
    const { state } = createdInvoice(AMOUNT);
    const parts = [0n, 1n].map((id) => htlcFor(state, { amountMsat: msat(400_000n), id }));
    const [waiting] = run(state, [...parts, parts[0]!, parts[1]!]);
    expect(waiting.sets[0]?.parts).toHaveLength(2);
    const [gone] = stepIn(waiting, { kind: 'htlc_removed', channelNumber: 1, id: 0n, fulfilled: false }, ctx);
    expect(gone.sets[0]?.parts.map(({ htlcId }) => htlcId)).toEqual([1n]);
    expect(revealed(stepIn(gone, htlcFor(state, { amountMsat: msat(200_000n), id: 2n }), ctx)[1])).toBe(false);
  });

  it('fail with mpp_timeout after 60 s, all of them', () => {
    const { state } = createdInvoice(AMOUNT);
    const [waiting] = run(state, [0n, 1n].map((id) => htlcFor(state, { amountMsat: msat(400_000n), id })));
    expect(stepIn(waiting, { kind: 'tick' }, incomingContext({ nowMs: NOW + 59_999 }))).toEqual([waiting, []]);
    const [next, actions] = stepIn(waiting, { kind: 'tick' }, incomingContext({ nowMs: NOW + 60_000 }));
    expect([next, kinds(actions)]).toEqual([state, ['store', 'journal', 'fail_htlc', 'fail_htlc']]);
    expect(failuresIn(actions).map(({ failure }) => failure)).toEqual([{ name: 'mpp_timeout' }, { name: 'mpp_timeout' }]);
  });

  it('fail when an expiry comes near, whatever the clock says (partial set with a bad expiry)', () => {
    const { state } = createdInvoice(AMOUNT);
    const [first, second] = halves(state, { cltvExpiry: EXPIRY + 500 });
    const [waiting] = stepIn(state, first, ctx);
    const near = incomingContext({ blockHeight: EXPIRY - 77, nowMs: NOW - 10_000_000 });
    expect(stepIn(waiting, { kind: 'tick' }, incomingContext({ blockHeight: EXPIRY - 78 }))).toEqual([waiting, []]);
    expect(failuresIn(stepIn(waiting, { kind: 'tick' }, near)[1])).toHaveLength(1);
    const [next, actions] = stepIn(waiting, second, near);
    expect([revealed(actions), failuresIn(actions).length, next.sets]).toEqual([false, 2, []]);
  });

  it('with another total are another set; the ones left over fail when one settles', () => {
    const { state } = createdInvoice(AMOUNT);
    const stray = htlcFor(state, { amountMsat: half, total: msat(1_000_001n), id: 9n });
    const [waiting] = stepIn(state, stray, ctx);
    const [both, none] = stepIn(waiting, halves(state)[0], ctx);
    expect([revealed(none), both.sets.length]).toEqual([false, 2]);
    const [, actions] = stepIn(both, halves(state)[1], ctx);
    expect([ofKind(actions, 'fulfill_htlc').length, failuresIn(actions)]).toMatchObject([2, [{ id: 9n, failure: unknown(half) }]]);
  });

  it('of a set that began in time may come after the expiry of the invoice', () => {
    const { state } = createdInvoice(AMOUNT);
    const [first, second] = halves(state);
    const [waiting] = stepIn(state, first, incomingContext({ nowMs: NOW + 3_599_000 }));
    expect(stepIn(waiting, { kind: 'tick' }, incomingContext({ nowMs: NOW + 3_601_000 }))[0].status).toBe('open');
    expect(revealed(stepIn(waiting, second, incomingContext({ nowMs: NOW + 3_601_000 }))[1])).toBe(true);
  });

  it('are bounded per invoice and in all (I-34)', () => {
    let [state] = [createdInvoice(AMOUNT).state];
    const tiny = (id: bigint, total = AMOUNT) => htlcFor(state, { amountMsat: msat(1n), id, total });
    for (let id = 0n; id < 64n; id++) [state] = stepIn(state, tiny(id), ctx);
    expect(failuresIn(stepIn(state, tiny(64n), ctx)[1])).toMatchObject([{ failure: { name: 'temporary_node_failure' } }]);
    let [few] = [createdInvoice(AMOUNT).state];
    for (let i = 0n; i < 4n; i++) [few] = stepIn(few, tiny(i, msat(1_000_000n + i)), ctx);
    expect(failuresIn(stepIn(few, tiny(4n, msat(1_000_004n)), ctx)[1])).toMatchObject([{ failure: { name: 'temporary_node_failure' } }]);
    const full = incomingContext({ waitingSetsElsewhere: 200 });
    expect(failuresIn(stepIn(createdInvoice(AMOUNT).state, tiny(0n), full)[1])).toMatchObject([{ failure: { name: 'temporary_node_failure' } }]);
  });
});

describe('after a restart', () => {
  const half = msat(500_000n);
  it('a set counts only what its channels tell again', () => {
    const { state } = createdInvoice(AMOUNT);
    const [first, second] = [htlcFor(state, { amountMsat: half }), htlcFor(state, { amountMsat: half, id: 1n })];
    const [waiting] = stepIn(state, first, ctx);
    const loaded = decodeIncoming(encodeIncoming(waiting));
    const [ghost, none] = stepIn(loaded, second, ctx);
    expect([revealed(none), ghost.status]).toEqual([false, 'open']);
    const [settled, actions] = stepIn(ghost, first, ctx);
    expect([settled.status, ofKind(actions, 'fulfill_htlc').length]).toEqual(['settling', 2]);
    // A part that no channel tells of again ends the set when its time is over.
    expect(failuresIn(stepIn(ghost, { kind: 'tick' }, incomingContext({ nowMs: NOW + 60_000 }))[1])).toHaveLength(2);
  });

  it('reconcile drops waiting parts that are gone, and closes settled ones', () => {
    const { state } = createdInvoice(AMOUNT);
    const [waiting] = stepIn(state, htlcFor(state, { amountMsat: half }), ctx);
    expect(stepIn(waiting, { kind: 'reconcile', openHtlcs: [{ channelNumber: 1, id: 0n }] }, ctx)).toEqual([waiting, []]);
    expect(stepIn(waiting, { kind: 'reconcile', openHtlcs: [{ channelNumber: 2, id: 0n }] }, ctx)).toEqual([state, [{ kind: 'store' }]]);
    const [settling] = stepIn(state, htlcFor(state), ctx);
    expect(stepIn(settling, { kind: 'reconcile', openHtlcs: [] }, ctx)[0].status).toBe('paid');
  });

  it('a settled HTLC that was lost on chain is an alarm, not an income', () => {
    const { state } = createdInvoice(AMOUNT);
    const [settling] = run(state, [htlcFor(state, { amountMsat: half }), htlcFor(state, { amountMsat: half, id: 1n })]);
    const [one, alarm] = stepIn(settling, { kind: 'htlc_removed', channelNumber: 1, id: 0n, fulfilled: false }, ctx);
    expect(ofKind(alarm, 'alarm')).toEqual([{ kind: 'alarm', code: 'settled_htlc_lost', channelNumber: 1, id: 0n }]);
    const [paid, actions] = stepIn(one, { kind: 'htlc_removed', channelNumber: 1, id: 1n, fulfilled: true }, ctx);
    expect([paid.status, ofKind(actions, 'event')]).toEqual(['paid', [{ kind: 'event', event: { kind: 'received', amountMsat: half } }]]);
  });
});

describe('confusion of hashes and secrets (row 23)', () => {
  const one = createdInvoice(AMOUNT, 'one').state;
  const two = createdInvoice(AMOUNT, 'two').state;
  const half = msat(500_000n);
  const attack = (options: readonly (HtlcOptions & { of: IncomingPayment })[], states: Map<IncomingPayment, IncomingPayment>) =>
    options.flatMap(({ of, ...option }, i) => {
      const [next, actions] = stepIn(states.get(of), htlcFor(of, { id: BigInt(i), ...option }), ctx);
      states.set(of, next);
      return actions;
    });
  const fresh = () => new Map([[one, one], [two, two]]);

  it('two hashes with one secret never make a set', () => {
    const actions = attack([{ of: one, amountMsat: half }, { of: two, amountMsat: half, secret: one.paymentSecret }, { of: two, amountMsat: half, secret: one.paymentSecret }], fresh());
    expect(revealed(actions)).toBe(false);
    expect(failuresIn(actions)).toHaveLength(2);
  });
  it('two totals with one secret never make a set', () => {
    expect(revealed(attack([{ of: one, amountMsat: half }, { of: one, amountMsat: half, total: msat(1_500_000n) }], fresh()))).toBe(false);
  });
  it('small totals never make a set', () => {
    expect(revealed(attack([{ of: one, amountMsat: half, total: half }, { of: one, amountMsat: half, total: half }], fresh()))).toBe(false);
  });
  it('an onion for one hash does not pass for another', () => {
    const { add, ...command } = htlcFor(one);
    const [, actions] = stepIn(two, { ...command, add: { ...add, paymentHash: two.paymentHash } }, ctx);
    expect(kinds(actions)).toEqual(['fail_malformed_htlc']);
  });
  it('an HTLC given to the wrong invoice is refused', () => {
    expect(revealed(stepIn(two, htlcFor(one, { secret: two.paymentSecret }), ctx)[1])).toBe(false);
  });
});
