import { bigsize } from '../codec/codec.ts';
import { DecodeError, Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import { keyStream } from '../crypto/aead.ts';
import { hmacSha256, sha256 } from '../crypto/hash.ts';
import { ecdh, isPoint, isScalar, multiplyScalars, publicKey } from '../crypto/secp256k1.ts';
import { equalConstantTime, isZero } from '../lib/bytes.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import { type Ecdh, blindingFactor, generateKey, mix, tryMultiply } from './keys.ts';

export const ONION_VERSION = 0;
/** Bytes of `hop_payloads` in a payment's onion. */
export const HOP_PAYLOADS_LENGTH = 1300;
/** Version, ephemeral key and HMAC around the payloads. */
export const ONION_OVERHEAD = 1 + 33 + 32;
export const ONION_LENGTH = HOP_PAYLOADS_LENGTH + ONION_OVERHEAD;
const HMAC_LENGTH = 32;
const PAYLOADS_AT = 34;

export interface OnionHop {
  /** 33 bytes; the blinded node id inside a blinded path. */
  readonly nodeId: Uint8Array;
  /** The TLV stream without its length. */
  readonly payload: Uint8Array;
}

export interface OnionRequest {
  /** 32 fresh random bytes that are a valid scalar. */
  readonly sessionKey: Uint8Array;
  /** From the first receiving peer to the final node, at least one. */
  readonly hops: readonly OnionHop[];
  /** The payment hash, or nothing for an onion message. */
  readonly associatedData: Uint8Array;
  /** 1300 for a payment; onion messages may use 32768. */
  readonly payloadsLength?: number;
}

export interface Onion {
  readonly packet: Uint8Array;
  /** One per hop, in the order of the hops: what the errors that come back are read with. */
  readonly sharedSecrets: readonly Uint8Array[];
}

export type OnionCreationFault =
  | { readonly code: 'payloads_too_large'; readonly expected: number; readonly actual: number }
  | { readonly code: 'invalid_node_id'; readonly hop: number };

/** `length | payload`, what a hop finds before its HMAC. */
function framed(payload: Uint8Array): Uint8Array {
  if (payload.length < 2) throw new RangeError('payload lengths 0 and 1 are reserved');
  const writer = new Writer();
  bigsize.encode(writer, BigInt(payload.length));
  writer.bytes(payload);
  return writer.finish();
}

interface HopSecret {
  readonly sharedSecret: Uint8Array;
  readonly ephemeralKey: Uint8Array;
}

/** BOLT 4, "Packet Construction": the shared secret and ephemeral public key of every hop. */
function hopSecrets(sessionKey: Uint8Array, hops: readonly OnionHop[]): readonly HopSecret[] {
  const secrets: HopSecret[] = [];
  let privateKey = sessionKey;
  for (const [index, { nodeId }] of hops.entries()) {
    const ephemeralKey = publicKey(privateKey);
    const sharedSecret = ecdh(nodeId, privateKey);
    secrets.push({ sharedSecret, ephemeralKey });
    if (index < hops.length - 1) privateKey = multiplyScalars(privateKey, blindingFactor(ephemeralKey, sharedSecret));
  }
  return secrets;
}

/** BOLT 4, "Filler Generation": what the hops before the last one append and obfuscate on the way. */
function fillerOf(shifts: readonly number[], streams: readonly Uint8Array[], payloadsLength: number): Uint8Array {
  const filler = new Uint8Array(shifts.slice(0, -1).reduce((sum, shift) => sum + shift, 0));
  let length = 0;
  for (const [hop, shift] of shifts.slice(0, -1).entries()) {
    const from = payloadsLength - length;
    length += shift;
    mix(filler.subarray(0, length), must(streams[hop], 'the key stream').subarray(from));
  }
  return filler;
}

/**
 * A Sphinx packet (BOLT 4, "Packet Construction"): 1366 bytes for a payment. Fails when the payloads do not fit or a
 * node id, which comes from gossip or an invoice, is no point.
 */
export function createOnion(request: OnionRequest): Result<Onion, OnionCreationFault> {
  const { sessionKey, hops, associatedData, payloadsLength = HOP_PAYLOADS_LENGTH } = request;
  if (hops.length === 0 || !isScalar(sessionKey)) throw new RangeError('an onion needs a session key and a hop');
  const invalid = hops.findIndex(({ nodeId }) => !isPoint(nodeId));
  if (invalid >= 0) return err({ code: 'invalid_node_id', hop: invalid });
  const frames = hops.map(({ payload }) => framed(payload));
  const shifts = frames.map((frame) => frame.length + HMAC_LENGTH);
  const actual = shifts.reduce((sum, shift) => sum + shift, 0);
  if (actual > payloadsLength) return err({ code: 'payloads_too_large', expected: payloadsLength, actual });

  const secrets = hopSecrets(sessionKey, hops);
  const streams = secrets.map(({ sharedSecret }, hop) =>
    keyStream(
      generateKey('rho', sharedSecret),
      payloadsLength + (hop < hops.length - 1 ? must(shifts[hop], 'the shift') : 0),
    ),
  );
  const filler = fillerOf(shifts, streams, payloadsLength);
  const packet = new Uint8Array(payloadsLength + ONION_OVERHEAD);
  const payloads = packet.subarray(PAYLOADS_AT, PAYLOADS_AT + payloadsLength);
  payloads.set(keyStream(generateKey('pad', sessionKey), payloadsLength));
  let hmac: Uint8Array = new Uint8Array(HMAC_LENGTH);
  for (let hop = hops.length - 1; hop >= 0; hop--) {
    const frame = must(frames[hop], 'the payload');
    payloads.copyWithin(frame.length + HMAC_LENGTH, 0);
    payloads.set(frame);
    payloads.set(hmac, frame.length);
    mix(payloads, must(streams[hop], 'the key stream'));
    if (hop === hops.length - 1) payloads.set(filler, payloadsLength - filler.length);
    hmac = hmacSha256(generateKey('mu', must(secrets[hop], 'the secret').sharedSecret), payloads, associatedData);
  }
  packet[0] = ONION_VERSION;
  packet.set(must(secrets[0], 'the first secret').ephemeralKey, 1);
  packet.set(hmac, PAYLOADS_AT + payloadsLength);
  return ok({ packet, sharedSecrets: secrets.map(({ sharedSecret }) => sharedSecret) });
}

export type OnionFault =
  | {
      readonly code: 'invalid_onion_version' | 'invalid_onion_hmac' | 'invalid_onion_key';
      readonly sha256OfOnion: Uint8Array;
    }
  /** Names of the failure message's fields; type 0 where no record is to blame. */
  | {
      readonly code: 'invalid_onion_payload';
      readonly type: bigint;
      readonly offset: number;
      readonly sharedSecret: Uint8Array;
    };

export interface PeeledOnion {
  /** The TLV stream without its length; a copy. */
  readonly payload: Uint8Array;
  /** Undefined at the final node. */
  readonly nextPacket: Uint8Array | undefined;
  readonly sharedSecret: Uint8Array;
}

/**
 * One layer off (BOLT 4, "Onion Decryption"). `key` is our node's private key or its Diffie-Hellman; inside a blinded
 * path `blindedEcdh` of it. Any bytes may be given: every length is compared with the packet before it is used.
 */
export function peelOnion(
  packet: Uint8Array,
  key: Uint8Array | Ecdh,
  associatedData: Uint8Array,
): Result<PeeledOnion, OnionFault> {
  const bad = (code: 'invalid_onion_version' | 'invalid_onion_hmac' | 'invalid_onion_key') =>
    err({ code, sha256OfOnion: sha256(packet) });
  if (packet[0] !== ONION_VERSION) return bad('invalid_onion_version');
  if (packet.length <= ONION_OVERHEAD) return bad('invalid_onion_hmac');
  const ephemeralKey = packet.subarray(1, PAYLOADS_AT);
  if (!isPoint(ephemeralKey)) return bad('invalid_onion_key');
  const hmacAt = packet.length - HMAC_LENGTH;
  const payloads = packet.subarray(PAYLOADS_AT, hmacAt);
  const sharedSecret = typeof key === 'function' ? key(ephemeralKey) : ecdh(ephemeralKey, key);
  const expected = hmacSha256(generateKey('mu', sharedSecret), payloads, associatedData);
  if (!equalConstantTime(expected, packet.subarray(hmacAt))) return bad('invalid_onion_hmac');

  const unwrapped = keyStream(generateKey('rho', sharedSecret), 2 * payloads.length);
  mix(unwrapped.subarray(0, payloads.length), payloads);
  const bounds = payloadBounds(unwrapped.subarray(0, payloads.length));
  if (!bounds) return err({ code: 'invalid_onion_payload', type: 0n, offset: 0, sharedSecret });
  const payload = unwrapped.slice(bounds.from, bounds.to);
  const nextFrom = bounds.to + HMAC_LENGTH;
  const nextHmac = unwrapped.subarray(bounds.to, nextFrom);
  if (isZero(nextHmac)) return ok({ payload, nextPacket: undefined, sharedSecret });

  const nextKey = tryMultiply(ephemeralKey, blindingFactor(ephemeralKey, sharedSecret));
  if (!nextKey) return bad('invalid_onion_key');
  const nextPacket = new Uint8Array(packet.length);
  nextPacket[0] = ONION_VERSION;
  nextPacket.set(nextKey, 1);
  nextPacket.set(unwrapped.subarray(nextFrom, nextFrom + payloads.length), PAYLOADS_AT);
  nextPacket.set(nextHmac, hmacAt);
  return ok({ payload, nextPacket, sharedSecret });
}

/** Where the payload stands; undefined when its length is malformed, reserved, or leaves no room for the HMAC. */
function payloadBounds(payloads: Uint8Array): { readonly from: number; readonly to: number } | undefined {
  const reader = new Reader(payloads);
  try {
    const length = bigsize.decode(reader);
    if (length < 2n || length > BigInt(reader.left - HMAC_LENGTH)) return undefined;
    return { from: reader.position, to: reader.position + Number(length) };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
