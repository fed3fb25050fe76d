import { type Codec, amountMsat, bytes, bytes16, decodeWith, encodeWith, flag, list16, mapped, optional, struct, tagged, text16, u16, u32, u64, u8 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { toHex } from '../lib/bytes.ts';
import { failureReasons } from './errors.ts';
import type { HtlcSet, IncomingPayment, InvoiceStatus, ReceivedPart, SettledPart, WaitingPart } from './incoming-types.ts';
import type { OutgoingPart, OutgoingPayment, OutgoingStatus, PartFailure, PartStatus, PaymentFailure } from './outgoing-types.ts';
import type { Route, RouteHop } from './routes.ts';

/** First byte of both records. An older version would get a decoder of its own; a newer one is refused. */
const VERSION = 1;

/** One of a closed list as its place in it: names are only ever added, at the end. */
function choice<T extends string>(names: readonly T[]): Codec<T> {
  return {
    encode: (w, v) => {
      const index = names.indexOf(v);
      if (index < 0) throw new RangeError(`not in the list: ${v}`);
      w.u8(index);
    },
    decode: (r) => {
      const index = r.u8();
      const name = names[index];
      if (name === undefined) throw new DecodeError(`no choice ${index}`);
      return name;
    },
  };
}

const time: Codec<number> = mapped(
  u64,
  (value) => {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DecodeError(`time ${value}`);
    return Number(value);
  },
  (value) => BigInt(Math.max(0, Math.floor(value))),
);
const hash = bytes(32);
const point = bytes(33);

const hop: Codec<RouteHop> = struct({
  nodeId: point, shortChannelId: u64, feeBaseMsat: u32, feeProportionalMillionths: u32, cltvExpiryDelta: u16,
  htlcMinimumMsat: amountMsat, htlcMaximumMsat: optional(amountMsat), updatedAt: u32,
}); // prettier-ignore
const route: Codec<Route> = struct({ hops: list16(hop), excluded: flag, limitMsat: optional(amountMsat) });

const partFailure: Codec<PartFailure> = tagged('kind', {
  refused: [1, { fault: text16 }],
  returned: [2, { failureCode: u16, hop: u16, atPayee: flag }],
  malformed: [3, { failureCode: u16 }],
  unreadable: [4, { blamedHop: optional(u16) }],
  timed_out_on_chain: [5, {}],
  never_committed: [6, {}],
  vanished: [7, {}],
});
const paymentFailure: Codec<PaymentFailure> = struct({ reason: choice(failureReasons), part: optional(partFailure) });
const outgoingPart: Codec<OutgoingPart> = struct({
  partId: u32, channelNumber: u32, htlcId: optional(u64), amountMsat, feeMsat: amountMsat, finalCltvExpiry: u32,
  hops: list16(hop), sessionKey: hash, status: choice<PartStatus>(['pending', 'offered', 'fulfilled', 'failed']), failure: optional(partFailure),
}); // prettier-ignore

const outgoing: Codec<OutgoingPayment> = struct({
  paymentHash: hash, payeeNodeId: point, paymentSecret: hash, paymentMetadata: optional(bytes16), minFinalCltvExpiryDelta: u32,
  invoiceExpiresAtMs: time, supportsMultiPart: flag, description: optional(text16), invoiceText: text16,
  amountMsat, maxFeeMsat: amountMsat, attemptsLimit: u16, attempts: u16, deadlineHeight: u32, deadlineMs: time, createdAtMs: time,
  entropy: hash, shadowBlocks: u16, nextPartId: u32, parts: list16(outgoingPart), routes: list16(route),
  channelLimits: list16(struct({ channelNumber: u32, limitMsat: amountMsat })),
  waitForParts: flag, giveUp: optional(paymentFailure), status: choice<OutgoingStatus>(['pending', 'succeeded', 'failed']),
  paymentPreimage: optional(hash), failure: optional(paymentFailure), completedAtMs: optional(time),
  earlier: list16(struct({ amountMsat, feeMsat: amountMsat, completedAtMs: time })),
}); // prettier-ignore

const receivedPart = {
  channelNumber: u32, htlcId: u64, amountMsat, amtToForwardMsat: amountMsat, cltvExpiry: u32, sharedSecret: hash, receivedAtMs: time, attribution: flag,
}; // prettier-ignore
/** `told` is of this run only: nothing is told of yet after loading. */
const waitingPart = mapped<ReceivedPart, WaitingPart>(
  struct(receivedPart),
  (part) => ({ ...part, told: false }),
  ({ told: _, ...part }) => part,
);
const settledPart: Codec<SettledPart> = struct({ ...receivedPart, status: choice<SettledPart['status']>(['fulfilling', 'fulfilled', 'lost']) });
const htlcSet: Codec<HtlcSet> = struct({ totalMsat: amountMsat, firstSeenMs: time, parts: list16(waitingPart) });

const incoming: Codec<IncomingPayment> = struct({
  paymentHash: hash, paymentPreimage: hash, paymentSecret: hash, paymentMetadata: optional(bytes16), amountMsat: optional(amountMsat),
  description: text16, createdAtMs: time, expirySeconds: u32, minFinalCltvExpiryDelta: u16, invoiceText: text16,
  status: choice<InvoiceStatus>(['open', 'settling', 'paid', 'expired', 'cancelled']), sets: list16(htlcSet),
  settlement: optional(struct({ totalMsat: amountMsat, settledAtMs: time, parts: list16(settledPart) })),
}); // prettier-ignore

const versioned = <T>(codec: Codec<T>): Codec<T> => ({
  encode: (w, v) => {
    u8.encode(w, VERSION);
    codec.encode(w, v);
  },
  decode: (r) => {
    const version = u8.decode(r);
    if (version !== VERSION) throw new DecodeError(`payment record of version ${version}`);
    return codec.decode(r);
  },
});
const outgoingRecord = versioned(outgoing);
const incomingRecord = versioned(incoming);

/** Values of the tables `outgoingPayment` and `incomingPayment`. Decoding throws DecodeError on anything else. */
export const encodeOutgoing = (payment: OutgoingPayment): Uint8Array => encodeWith(outgoingRecord, payment);
export const decodeOutgoing = (record: Uint8Array): OutgoingPayment => decodeWith(outgoingRecord, record);
export const encodeIncoming = (payment: IncomingPayment): Uint8Array => encodeWith(incomingRecord, payment);
export const decodeIncoming = (record: Uint8Array): IncomingPayment => decodeWith(incomingRecord, record);

/** Whether a start must load it: the key then stands in `pendingPayment` too. */
export const isOutgoingPending = ({ status, parts }: OutgoingPayment): boolean =>
  status === 'pending' || parts.some((part) => part.status === 'pending' || part.status === 'offered');
export const isIncomingPending = ({ status }: IncomingPayment): boolean => status === 'open' || status === 'settling';

export const paymentKey = (paymentHash: Uint8Array): string => toHex(paymentHash);
export const pendingKey = (direction: 'o' | 'i', paymentHash: Uint8Array): string => direction + toHex(paymentHash);

const orderValue = struct({ direction: choice(['o', 'i'] as const), paymentHash: hash });
/** Values of the table `paymentOrder`. */
export const encodeOrder = (direction: 'o' | 'i', paymentHash: Uint8Array): Uint8Array => encodeWith(orderValue, { direction, paymentHash });
export const decodeOrder = (record: Uint8Array): { readonly direction: 'o' | 'i'; readonly paymentHash: Uint8Array } => decodeWith(orderValue, record);
