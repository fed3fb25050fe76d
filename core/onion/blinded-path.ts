import {
  type Codec,
  type TypeOf,
  bytes,
  bytes16,
  decodeWith,
  encodeWith,
  mapped,
  remaining,
  struct,
  u16,
  u32,
  u64,
} from '../codec/codec.ts';
import { tu32, tu64 } from '../codec/integers.ts';
import { DecodeError } from '../codec/reader.ts';
import { type Tlvs, tlv, tlvStream } from '../codec/tlv.ts';
import { open, seal } from '../crypto/aead.ts';
import { ecdh, isPoint, isScalar, multiplyScalars, publicKey } from '../crypto/secp256k1.ts';
import { isZero } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type Msat, msat } from '../lib/units.ts';
import { type Ecdh, blindingFactor, generateKey, point, tryMultiply } from './keys.ts';
import type { BlindingFault } from './payload.ts';

const amount = mapped<bigint, Msat>(tu64, msat, (value) => value);

/** BOLT 4, "Inside `encrypted_recipient_data`". */
const encryptedDataTable = {
  padding: tlv(1, remaining),
  shortChannelId: tlv(2, u64),
  nextNodeId: tlv(4, point),
  pathId: tlv(6, remaining),
  nextPathKeyOverride: tlv(8, point),
  paymentRelay: tlv(10, struct({ cltvExpiryDelta: u16, feeProportionalMillionths: u32, feeBaseMsat: tu32 })),
  paymentConstraints: tlv(12, struct({ maxCltvExpiry: u32, htlcMinimumMsat: amount })),
  allowedFeatures: tlv(14, remaining),
};
export const encryptedDataCodec = tlvStream(encryptedDataTable);
export type EncryptedData = Tlvs<typeof encryptedDataTable>;
export type PaymentRelay = TypeOf<typeof encryptedDataTable.paymentRelay.codec>;

export interface BlindedHop {
  readonly blindedNodeId: Uint8Array;
  readonly encryptedRecipientData: Uint8Array;
}
export interface BlindedPath {
  /** A node id, or the 9 bytes of a direction and short channel id. */
  readonly firstNodeId: Uint8Array;
  readonly firstPathKey: Uint8Array;
  readonly path: readonly BlindedHop[];
}

const nodeIdOrChannel: Codec<Uint8Array> = {
  encode: (w, v) => {
    if (v.length !== 33 && v.length !== 9) throw new RangeError(`neither node id nor channel: ${v.length} bytes`);
    w.bytes(v);
  },
  decode: (r) => {
    const first = r.u8();
    const rest = first < 2 ? bytes(8).decode(r) : bytes(32).decode(r);
    const value = Uint8Array.of(first, ...rest);
    if (first >= 2 && !isPoint(value)) throw new DecodeError('not a point of the curve');
    return value;
  },
};
const hop = struct({ blindedNodeId: point, encryptedRecipientData: bytes16 });

/** The `blinded_path` subtype of BOLT 4, "Route Blinding"; one without hops is refused. */
export const blindedPathCodec: Codec<BlindedPath> = {
  encode: (w, { firstNodeId, firstPathKey, path }) => {
    nodeIdOrChannel.encode(w, firstNodeId);
    point.encode(w, firstPathKey);
    w.u8(path.length);
    for (const one of path) hop.encode(w, one);
  },
  decode: (r) => {
    const firstNodeId = nodeIdOrChannel.decode(r);
    const firstPathKey = point.decode(r);
    const count = r.u8();
    if (count === 0) throw new DecodeError('a blinded path without hops');
    return { firstNodeId, firstPathKey, path: Array.from({ length: count }, () => hop.decode(r)) };
  },
};

const ZERO_NONCE = new Uint8Array(12);

export interface BlindedPathRequest {
  /** `e_0`: 32 fresh random bytes that are a valid scalar. */
  readonly sessionKey: Uint8Array;
  /** From the introduction node to ourselves; `data` is an encoded `encrypted_data_tlv`. */
  readonly hops: readonly { readonly nodeId: Uint8Array; readonly data: Uint8Array }[];
}

/** A path to ourselves that hides us (BOLT 4, "Route Blinding"). Fails on a node id that is no point. */
export function createBlindedPath({
  sessionKey,
  hops,
}: BlindedPathRequest): Result<BlindedPath, { readonly code: 'invalid_node_id'; readonly hop: number }> {
  const [first] = hops;
  if (!first || !isScalar(sessionKey)) throw new RangeError('a blinded path needs a session key and a hop');
  const path: BlindedHop[] = [];
  let ephemeral = sessionKey;
  for (const [index, { nodeId, data }] of hops.entries()) {
    if (!isPoint(nodeId)) return err({ code: 'invalid_node_id', hop: index });
    const sharedSecret = ecdh(nodeId, ephemeral);
    const blindedNodeId = tryMultiply(nodeId, generateKey('blinded_node_id', sharedSecret));
    if (!blindedNodeId) return err({ code: 'invalid_node_id', hop: index });
    path.push({ blindedNodeId, encryptedRecipientData: seal(generateKey('rho', sharedSecret), ZERO_NONCE, data) });
    ephemeral = multiplyScalars(ephemeral, blindingFactor(publicKey(ephemeral), sharedSecret));
  }
  return ok({ firstNodeId: first.nodeId, firstPathKey: publicKey(sessionKey), path });
}

const ecdhOf = (key: Uint8Array | Ecdh): Ecdh => (typeof key === 'function' ? key : (other) => ecdh(other, key));

/**
 * Our Diffie-Hellman as the blinded node of a path, for `peelOnion`: the other side's point is tweaked, so the node's
 * private key stays where it is. Undefined when the path key is no point.
 */
export function blindedEcdh(key: Uint8Array | Ecdh, pathKey: Uint8Array): Ecdh | undefined {
  if (!isPoint(pathKey)) return undefined;
  const ours = ecdhOf(key);
  const tweak = generateKey('blinded_node_id', ours(pathKey));
  if (!isScalar(tweak)) return undefined;
  return (other) => {
    const tweaked = tryMultiply(other, tweak);
    // A valid point times a valid scalar is a point.
    if (!tweaked) throw new RangeError('not a point of the curve');
    return ours(tweaked);
  };
}

export interface UnblindedHop {
  readonly data: EncryptedData;
  /** For the next node: `next_path_key_override` where the path's creator set it. */
  readonly nextPathKey: Uint8Array;
}

/** Our part of a blinded path (BOLT 4, "Route Blinding", the reader of `encrypted_recipient_data`). */
export function unblind(
  encryptedRecipientData: Uint8Array,
  pathKey: Uint8Array,
  key: Uint8Array | Ecdh,
): Result<UnblindedHop, BlindingFault> {
  const fault = err({ code: 'invalid_onion_blinding' } as const);
  if (!isPoint(pathKey)) return fault;
  const sharedSecret = ecdhOf(key)(pathKey);
  const plain = open(generateKey('rho', sharedSecret), ZERO_NONCE, encryptedRecipientData);
  if (!plain) return fault;
  const data = tryDecode(plain);
  if (!data) return fault;
  const nextPathKey = data.nextPathKeyOverride ?? tryMultiply(pathKey, blindingFactor(pathKey, sharedSecret));
  return nextPathKey ? ok({ data, nextPathKey }) : fault;
}

function tryDecode(plain: Uint8Array): EncryptedData | undefined {
  try {
    return decodeWith(encryptedDataCodec, plain);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export const encodeEncryptedData = (data: EncryptedData): Uint8Array => encodeWith(encryptedDataCodec, data);

export interface BlindedHtlc {
  readonly amountMsat: Msat;
  readonly cltvExpiry: number;
}

/** Whether an HTLC keeps to the path's constraints; payments know no feature that a path could allow. */
export function meetsConstraints(data: EncryptedData, { amountMsat, cltvExpiry }: BlindedHtlc): boolean {
  if (data.allowedFeatures && !isZero(data.allowedFeatures)) return false;
  if (data.shortChannelId !== undefined && data.nextNodeId !== undefined) return false;
  const { paymentConstraints } = data;
  return (
    !paymentConstraints ||
    (cltvExpiry <= paymentConstraints.maxCltvExpiry && amountMsat >= paymentConstraints.htlcMinimumMsat)
  );
}

const MILLION = 1_000_000n;

export interface BlindedForward {
  readonly amtToForwardMsat: Msat;
  readonly outgoingCltvValue: number;
  readonly shortChannelId: bigint | undefined;
  readonly nextNodeId: Uint8Array | undefined;
}

/** What to forward, and where to (BOLT 4, "`payload` format", the reader inside a blinded route). */
export function blindedForward(data: EncryptedData, htlc: BlindedHtlc): Result<BlindedForward, BlindingFault> {
  const fault = err({ code: 'invalid_onion_blinding' } as const);
  const { paymentRelay, shortChannelId, nextNodeId } = data;
  if (!paymentRelay || (shortChannelId === undefined && nextNodeId === undefined) || !meetsConstraints(data, htlc))
    return fault;
  const rate = BigInt(paymentRelay.feeProportionalMillionths);
  const afterBase = htlc.amountMsat - BigInt(paymentRelay.feeBaseMsat);
  const outgoingCltvValue = htlc.cltvExpiry - paymentRelay.cltvExpiryDelta;
  if (afterBase < 0n || outgoingCltvValue < 0) return fault;
  const amtToForward = (afterBase * MILLION + MILLION + rate - 1n) / (MILLION + rate);
  return ok({ amtToForwardMsat: msat(amtToForward), outgoingCltvValue, shortChannelId, nextNodeId });
}

export interface PathFees {
  readonly feeBaseMsat: bigint;
  readonly feeProportionalMillionths: bigint;
  readonly cltvExpiryDelta: number;
}

/** What a sender pays for a whole path, from its hops' terms in path order (BOLT 4, "`payload` format"). */
export function aggregateFees(relays: readonly PaymentRelay[], minFinalCltvExpiryDelta: number): PathFees {
  return relays.reduceRight<PathFees>(
    (total, relay) => {
      const base = BigInt(relay.feeBaseMsat);
      const rate = BigInt(relay.feeProportionalMillionths);
      return {
        feeBaseMsat: (base * MILLION + total.feeBaseMsat * (MILLION + rate) + MILLION - 1n) / MILLION,
        feeProportionalMillionths:
          ((total.feeProportionalMillionths + rate) * MILLION + total.feeProportionalMillionths * rate + MILLION - 1n) /
          MILLION,
        cltvExpiryDelta: total.cltvExpiryDelta + relay.cltvExpiryDelta,
      };
    },
    { feeBaseMsat: 0n, feeProportionalMillionths: 0n, cltvExpiryDelta: minFinalCltvExpiryDelta },
  );
}
