import { expect } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { hash256, sha256 } from '../../../core/crypto/hash.ts';
import { publicKey, sign, signRecoverable } from '../../../core/crypto/secp256k1.ts';
import { decodeInvoice, encodeInvoice } from '../../../core/invoice/bolt11.ts';
import type { Invoice, RouteHint } from '../../../core/invoice/types.ts';
import { compare, concat, utf8 } from '../../../core/lib/bytes.ts';
import { type Msat, msat } from '../../../core/lib/units.ts';
import { createErrorOnion, wrapErrorOnion } from '../../../core/onion/errors.ts';
import { type Failure, encodeFailure } from '../../../core/onion/failures.ts';
import { type PeeledOnion, peelOnion } from '../../../core/onion/packet.ts';
import { decodePayload } from '../../../core/onion/payload.ts';
import type { AttributionData, ChannelOffer, FailedRemoval, OfferHtlc, ReceivedHtlc } from '../../../core/payment/border.ts';
import { decodeIncoming, decodeOutgoing, encodeIncoming, encodeOutgoing } from '../../../core/payment/codec.ts';
import { transition as incomingTransition } from '../../../core/payment/incoming.ts';
import type { IncomingAction, IncomingCommand, IncomingContext, IncomingPayment, IncomingState } from '../../../core/payment/incoming-types.ts';
import { type PaymentJournalEvent, paymentJournalEvent } from '../../../core/payment/journal.ts';
import { type OutgoingState, transition as outgoingTransition } from '../../../core/payment/outgoing.ts';
import type { OutgoingAction, OutgoingCommand, OutgoingContext, OutgoingPayment, PayCommand } from '../../../core/payment/outgoing-types.ts';
import { FEATURES, featureVector } from '../../../core/wire/features.ts';
import { type MessageOf, encodeMessage } from '../../../core/wire/messages.ts';

export const keyOf = (name: string): Uint8Array => sha256(utf8(name));
export const nodeOf = (name: string): Uint8Array => publicKey(keyOf(name));
export const HEIGHT = 800_000;
export const NOW = 1_790_000_000_000;
export const preimage = sha256(utf8('a preimage'));
export const paymentHash = sha256(preimage);
export const paymentSecret = sha256(utf8('a secret'));

/** The terms of alice's and bob's hops towards the payee. */
export const hopOf = (name: string, shortChannelId: bigint, feeBaseMsat = 1000, feeProportionalMillionths = 100, cltvExpiryDelta = 40): RouteHint[number] => ({
  nodeId: nodeOf(name),
  shortChannelId,
  feeBaseMsat,
  feeProportionalMillionths,
  cltvExpiryDelta,
});

export const MPP = featureVector([FEATURES.varOnionOptin, FEATURES.paymentSecret, FEATURES.basicMpp + 1]);
export const NO_MPP = featureVector([FEATURES.varOnionOptin, FEATURES.paymentSecret]);

export const invoiceOf = (changes: Partial<Invoice> = {}): Invoice => ({
  network: 'regtest',
  amountMsat: msat(1_000_000n),
  timestampSeconds: NOW / 1000 - 60,
  paymentHash,
  paymentSecret,
  description: 'tea',
  descriptionHash: undefined,
  payeeNodeId: nodeOf('payee'),
  expirySeconds: 3600,
  minFinalCltvExpiryDelta: 144,
  fallbackAddresses: [],
  routeHints: [],
  features: MPP,
  paymentMetadata: undefined,
  ...changes,
});

export const channel = (channelNumber: number, peer: string, maxOfferMsat: bigint, changes: Partial<ChannelOffer> = {}): ChannelOffer => ({
  channelNumber,
  peerNodeId: nodeOf(peer),
  maxOfferMsat: msat(maxOfferMsat),
  limit: 'reserve_and_fee',
  ourMsat: msat(maxOfferMsat + 10_000n),
  htlcMinimumMsat: msat(1n),
  ...changes,
});

export const contextOf = (channels: readonly ChannelOffer[], changes: Partial<OutgoingContext> = {}): OutgoingContext => ({
  network: 'regtest',
  nodeId: nodeOf('payer'),
  blockHeight: HEIGHT,
  nowMs: NOW,
  channels,
  ...changes,
});

export const payCommand = (invoice: Invoice, changes: Partial<PayCommand> = {}): PayCommand => ({
  kind: 'pay',
  invoice,
  invoiceText: 'lnbcrt1...',
  amountMsat: undefined,
  maxFeeMsat: msat(10_000n),
  attemptsLimit: 20,
  deadlineHeight: HEIGHT + 10,
  deadlineMs: NOW + 60_000,
  consentToPayAgain: false,
  entropy: sha256(utf8('entropy')),
  ...changes,
});

const journalled = (actions: readonly { readonly kind: string }[]): void => {
  for (const action of actions) {
    if (action.kind !== 'journal') continue;
    const { event } = action as unknown as { readonly event: PaymentJournalEvent };
    expect(decodeWith(paymentJournalEvent, encodeWith(paymentJournalEvent, event))).toStrictEqual(event);
  }
};

/** Nothing that leaves stands before the store that knows of it, and a changed state is always stored. */
function storedFirst(before: unknown, after: unknown, actions: readonly { readonly kind: string }[]): void {
  const stores = actions.filter(({ kind }) => kind === 'store').length;
  expect(stores).toBe(before === after ? 0 : 1);
  if (stores > 0) expect(actions[0]?.kind).toBe('store');
}

/** One step; every state goes through storage on its way. */
export function stepOut(state: OutgoingState, command: OutgoingCommand, ctx: OutgoingContext): readonly [OutgoingPayment, readonly OutgoingAction[]] {
  const [next, actions] = outgoingTransition(state, command, ctx);
  journalled(actions);
  storedFirst(state, next, actions);
  if (!next) return [next as never, actions];
  const reloaded = decodeOutgoing(encodeOutgoing(next));
  expect(reloaded).toStrictEqual(next);
  return [next === state ? next : reloaded, actions];
}

export function stepIn(state: IncomingState, command: IncomingCommand, ctx: IncomingContext): readonly [IncomingPayment, readonly IncomingAction[]] {
  const [next, actions] = incomingTransition(state, command, ctx);
  journalled(actions);
  // That a known part was told again is not stored.
  if (JSON.stringify(stripped(state)) !== JSON.stringify(stripped(next))) storedFirst(state, next, actions);
  if (!next) return [next as never, actions];
  expect(decodeIncoming(encodeIncoming(next))).toStrictEqual(untold(next));
  return [next, actions];
}

export const untold = (state: IncomingPayment): IncomingPayment => ({
  ...state,
  sets: state.sets.map((set) => ({ ...set, parts: set.parts.map((part) => ({ ...part, told: false })) })),
});
const stripped = (state: IncomingState): unknown =>
  state && JSON.parse(JSON.stringify(untold(state), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));

export const ofKind = <A extends { readonly kind: string }, K extends A['kind']>(actions: readonly A[], kind: K): readonly Extract<A, { readonly kind: K }>[] =>
  actions.filter((action): action is Extract<A, { readonly kind: K }> => action.kind === kind);
export const kinds = (actions: readonly { readonly kind: string }[]): readonly string[] => actions.map(({ kind }) => kind);

/** A payment whose first parts are offered: channel n gave id n0. */
export function reachOffered(invoice: Invoice, ctx: OutgoingContext, changes: Partial<PayCommand> = {}) {
  const [begun, actions] = stepOut(undefined, payCommand(invoice, changes), ctx);
  let state = begun;
  const offers = ofKind(actions, 'offer_htlc');
  for (const offer of offers) [state] = stepOut(state, { kind: 'htlc_offered', reference: offer.reference, id: idOf(offer) }, ctx);
  return { state, actions, offers };
}
export const idOf = (offer: OfferHtlc): bigint => BigInt(offer.channelNumber) * 1000n + BigInt(offer.reference.split('/')[1]!);

/** What each node on the way finds, in the names' order. */
export function peelAll(offer: OfferHtlc, names: readonly string[]): readonly (PeeledOnion & { readonly fields: NonNullable<ReturnType<typeof fieldsOf>> })[] {
  let packet: Uint8Array | undefined = offer.onionRoutingPacket;
  return names.map((name) => {
    const peeled = peelOnion(packet!, keyOf(name), offer.paymentHash);
    if (!peeled.ok) throw new Error(peeled.error.code);
    packet = peeled.value.nextPacket;
    return { ...peeled.value, fields: fieldsOf(peeled.value.payload) };
  });
}
function fieldsOf(payload: Uint8Array) {
  const decoded = decodePayload(payload);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
}

/** The error that the last of the names creates and the ones before wrap. */
export function errorFrom(offer: OfferHtlc, names: readonly string[], failure: Failure): FailedRemoval {
  const secrets = peelAll(offer, names).map(({ sharedSecret }) => sharedSecret);
  let error = createErrorOnion({ sharedSecret: secrets.at(-1)!, failureMessage: encodeFailure(failure) });
  for (const sharedSecret of secrets.slice(0, -1).reverse()) error = wrapErrorOnion({ sharedSecret, reason: error.reason });
  return { kind: 'fail', reason: error.reason, attributionData: undefined };
}

/** A signed channel_update of `name` for its channel to `next`. */
export function updateOf(name: string, next: string, terms: Partial<MessageOf<'channel_update'>>, signer = name): Uint8Array {
  const message: MessageOf<'channel_update'> = {
    name: 'channel_update', signature: new Uint8Array(64), chainHash: networks.regtest.chainHash, shortChannelId: 1n, timestamp: 1000, messageFlags: 1,
    channelFlags: compare(nodeOf(name), nodeOf(next)) < 0 ? 0 : 1, cltvExpiryDelta: 40, htlcMinimumMsat: msat(0n), feeBaseMsat: 1000,
    feeProportionalMillionths: 100, htlcMaximumMsat: msat(10_000_000_000n), ...terms,
  }; // prettier-ignore
  const unsigned = encodeMessage(message);
  return concat(unsigned.slice(0, 2), sign(hash256(unsigned.slice(66)), keyOf(signer)), unsigned.slice(66));
}

export const incomingContext = (changes: Partial<IncomingContext> = {}): IncomingContext => ({
  network: 'regtest',
  nodeKey: keyOf('payee'),
  blockHeight: HEIGHT,
  nowMs: NOW,
  waitingSetsElsewhere: 0,
  encodeInvoice: (data) => encodeInvoice(data, (hash) => signRecoverable(hash, keyOf('payee'))),
  ...changes,
});

/** An open invoice of the payee, and what a payer reads in it. */
export function createdInvoice(amountMsat: Msat | undefined, seed = 'invoice', ctx = incomingContext(), routeHints: readonly RouteHint[] = []) {
  const request = { amountMsat, description: 'tea', expirySeconds: 3600, paymentMetadata: undefined, routeHints, entropy: sha256(utf8(seed)) };
  const [state, actions] = stepIn(undefined, { kind: 'create', request }, ctx);
  const [reply] = ofKind(actions, 'reply');
  if (!reply?.result.ok) throw new Error('no invoice');
  const decoded = decodeInvoice(reply.result.value, 'regtest');
  if (!decoded.ok) throw new Error(decoded.error.code);
  return { state, invoice: decoded.value, text: reply.result.value, actions };
}

export const receivedFrom = (offer: OfferHtlc, id = idOf(offer), changes: Partial<ReceivedHtlc> = {}): Extract<IncomingCommand, { kind: 'htlc_received' }> => ({
  kind: 'htlc_received',
  channelNumber: offer.channelNumber,
  add: { id, amountMsat: offer.amountMsat, paymentHash: offer.paymentHash, cltvExpiry: offer.cltvExpiry, onionRoutingPacket: offer.onionRoutingPacket, pathKey: undefined, ...changes },
  overDustCap: false,
  attribution: false,
});

export const joined = (data: AttributionData): Uint8Array => concat(data.htlcHoldTimes, data.truncatedHmacs);
