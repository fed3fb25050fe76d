import {
  type TypeOf,
  bigsize,
  boundedLength,
  bytes,
  decodeWith,
  encodeWith,
  mapped,
  remaining,
  struct,
  u64,
} from '../codec/codec.ts';
import { tu32, tu64 } from '../codec/integers.ts';
import { DecodeError, Reader } from '../codec/reader.ts';
import { type Tlvs, type UnknownRecord, tlv, tlvStream } from '../codec/tlv.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type Msat, msat } from '../lib/units.ts';
import { point } from './keys.ts';

const amount = mapped<bigint, Msat>(tu64, msat, (value) => value);

/** BOLT 4, "`payload` format". */
const payloadTable = {
  amtToForwardMsat: tlv(2, amount),
  outgoingCltvValue: tlv(4, tu32),
  shortChannelId: tlv(6, u64),
  paymentData: tlv(8, struct({ paymentSecret: bytes(32), totalMsat: amount })),
  encryptedRecipientData: tlv(10, remaining),
  currentPathKey: tlv(12, point),
  paymentMetadata: tlv(16, remaining),
  totalAmountMsat: tlv(18, amount),
};
type PayloadField = keyof typeof payloadTable;

export const payloadCodec = tlvStream(payloadTable);
export type PaymentData = TypeOf<typeof payloadTable.paymentData.codec>;
/** Every record of a hop's payload; `unknownRecords` are the odd ones that the table does not know. */
export type HopPayload = Tlvs<typeof payloadTable>;

export const encodePayload = (payload: HopPayload): Uint8Array => encodeWith(payloadCodec, payload);

/** For a hop outside of a blinded path that is not the final one. */
export const intermediatePayload = (forward: {
  readonly amtToForwardMsat: Msat;
  readonly outgoingCltvValue: number;
  readonly shortChannelId: bigint;
}): Uint8Array => encodePayload(forward);

/** For a final node that gave a payment secret. Custom records have odd types of 65536 and above. */
export const finalPayload = (final: {
  readonly amtToForwardMsat: Msat;
  readonly outgoingCltvValue: number;
  readonly paymentSecret: Uint8Array;
  readonly totalMsat: Msat;
  readonly paymentMetadata?: Uint8Array | undefined;
  readonly customRecords?: readonly UnknownRecord[] | undefined;
}): Uint8Array => {
  const { amtToForwardMsat, outgoingCltvValue, paymentSecret, totalMsat, paymentMetadata, customRecords } = final;
  return encodePayload({
    amtToForwardMsat,
    outgoingCltvValue,
    paymentData: { paymentSecret, totalMsat },
    paymentMetadata,
    unknownRecords: customRecords,
  });
};

/** Inside a blinded path, before its end; `currentPathKey` at the introduction node only. */
export const blindedIntermediatePayload = (hop: {
  readonly encryptedRecipientData: Uint8Array;
  readonly currentPathKey?: Uint8Array | undefined;
}): Uint8Array => encodePayload(hop);

/** At the end of a blinded path. */
export const blindedFinalPayload = (hop: {
  readonly encryptedRecipientData: Uint8Array;
  readonly currentPathKey?: Uint8Array | undefined;
  readonly amtToForwardMsat: Msat;
  readonly outgoingCltvValue: number;
  readonly totalAmountMsat: Msat;
}): Uint8Array => encodePayload(hop);

/** What `invalid_onion_payload` reports: the record's type and where it starts; 0 and 0 where there is none to blame. */
export interface PayloadFault {
  readonly code: 'invalid_onion_payload';
  readonly type: bigint;
  readonly offset: number;
}
/** Inside a blinded path every fault has the same answer, so that probing tells nothing. */
export interface BlindingFault {
  readonly code: 'invalid_onion_blinding';
}

const payloadFault = (type: bigint, offset: number): PayloadFault => ({
  code: 'invalid_onion_payload',
  type,
  offset: Math.min(offset, 0xffff),
});

/** Any bytes; never throws. */
export function decodePayload(stream: Uint8Array): Result<HopPayload, PayloadFault> {
  try {
    return ok(decodeWith(payloadCodec, stream));
  } catch (error) {
    if (error instanceof DecodeError) return err(firstFault(stream));
    throw error;
  }
}

/** Goes over a stream that was refused, record by record, for the type and offset to report. */
function firstFault(stream: Uint8Array): PayloadFault {
  let previous = -1n;
  for (let offset = 0; offset < stream.length;) {
    const reader = new Reader(stream.subarray(offset));
    let type = 0n;
    try {
      type = bigsize.decode(reader);
      reader.bytes(boundedLength(reader, bigsize.decode(reader)));
      if (type <= previous) return payloadFault(type, offset);
      decodeWith(payloadCodec, stream.subarray(offset, offset + reader.position));
    } catch {
      return payloadFault(type, offset);
    }
    previous = type;
    offset += reader.position;
  }
  return payloadFault(0n, 0);
}

export type ReadPayload =
  | {
      readonly kind: 'forward';
      readonly amtToForwardMsat: Msat;
      readonly outgoingCltvValue: number;
      readonly shortChannelId: bigint;
    }
  | {
      readonly kind: 'receive';
      readonly amtToForwardMsat: Msat;
      readonly outgoingCltvValue: number;
      /** `amt_to_forward` where the sender gave none. */
      readonly totalMsat: Msat;
      readonly paymentSecret: Uint8Array | undefined;
      readonly paymentMetadata: Uint8Array | undefined;
      readonly customRecords: readonly UnknownRecord[];
    }
  | {
      readonly kind: 'blinded_forward';
      readonly encryptedRecipientData: Uint8Array;
      readonly currentPathKey: Uint8Array | undefined;
    }
  | {
      readonly kind: 'blinded_receive';
      readonly encryptedRecipientData: Uint8Array;
      readonly currentPathKey: Uint8Array | undefined;
      readonly amtToForwardMsat: Msat;
      readonly outgoingCltvValue: number;
      readonly totalMsat: Msat;
    };

export interface PayloadPosition {
  readonly isFinal: boolean;
  /** Whether the incoming `update_add_htlc` carries a `path_key`. */
  readonly hasPathKey: boolean;
}

/**
 * What a payload asks of us, or the failure to answer with (BOLT 4, "`payload` format", the reader's requirements).
 * Amounts and expiries are compared with the HTLC by the payment machine.
 */
export function readPayload(
  stream: Uint8Array,
  position: PayloadPosition,
): Result<ReadPayload, PayloadFault | BlindingFault> {
  const decoded = decodePayload(stream);
  if (!decoded.ok) return position.hasPathKey ? err({ code: 'invalid_onion_blinding' }) : decoded;
  const payload = decoded.value;
  if (payload.encryptedRecipientData) return readBlinded(payload, payload.encryptedRecipientData, position);
  if (position.hasPathKey) return err({ code: 'invalid_onion_blinding' });
  if (payload.currentPathKey)
    return err(position.isFinal ? at(stream, 'currentPathKey') : { code: 'invalid_onion_blinding' });
  const { amtToForwardMsat, outgoingCltvValue, shortChannelId, paymentData } = payload;
  if (amtToForwardMsat === undefined) return err(at(stream, 'amtToForwardMsat'));
  if (outgoingCltvValue === undefined) return err(at(stream, 'outgoingCltvValue'));
  if (position.isFinal) {
    return ok({
      kind: 'receive',
      amtToForwardMsat,
      outgoingCltvValue,
      totalMsat: paymentData?.totalMsat ?? amtToForwardMsat,
      paymentSecret: paymentData?.paymentSecret,
      paymentMetadata: payload.paymentMetadata,
      customRecords: payload.unknownRecords ?? [],
    });
  }
  if (shortChannelId === undefined) return err(at(stream, 'shortChannelId'));
  return ok({ kind: 'forward', amtToForwardMsat, outgoingCltvValue, shortChannelId });
}

/** The fault of a field that should not be there, or of one that is missing (offset 0). */
function at(stream: Uint8Array, field: PayloadField): PayloadFault {
  const { type } = payloadTable[field];
  for (const reader = new Reader(stream); reader.left > 0;) {
    const offset = reader.position;
    if (bigsize.decode(reader) === type) return payloadFault(type, offset);
    reader.bytes(boundedLength(reader, bigsize.decode(reader)));
  }
  return payloadFault(type, 0);
}

const BLINDED_FORWARD: readonly string[] = ['encryptedRecipientData', 'currentPathKey'];
const BLINDED_RECEIVE: readonly string[] = [
  ...BLINDED_FORWARD,
  'amtToForwardMsat',
  'outgoingCltvValue',
  'totalAmountMsat',
];

function readBlinded(
  payload: HopPayload,
  encryptedRecipientData: Uint8Array,
  { isFinal, hasPathKey }: PayloadPosition,
): Result<ReadPayload, BlindingFault> {
  const fault = err({ code: 'invalid_onion_blinding' } as const);
  const { currentPathKey, amtToForwardMsat, outgoingCltvValue, totalAmountMsat } = payload;
  // The key comes either with the HTLC or in the payload, never both.
  if (hasPathKey === (currentPathKey !== undefined)) return fault;
  const allowed = isFinal ? BLINDED_RECEIVE : BLINDED_FORWARD;
  if (Object.keys(payload).some((field) => !allowed.includes(field))) return fault;
  if (!isFinal) return ok({ kind: 'blinded_forward', encryptedRecipientData, currentPathKey });
  if (amtToForwardMsat === undefined || outgoingCltvValue === undefined || totalAmountMsat === undefined) return fault;
  return ok({
    kind: 'blinded_receive',
    encryptedRecipientData,
    currentPathKey,
    amtToForwardMsat,
    outgoingCltvValue,
    totalMsat: totalAmountMsat,
  });
}
