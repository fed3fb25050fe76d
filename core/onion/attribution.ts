import { keyStream } from '../crypto/aead.ts';
import { hmacSha256With } from '../crypto/hash.ts';
import { equalConstantTime } from '../lib/bytes.ts';
import { generateKey, mix } from './keys.ts';

/** Hops that attribution data has room for. */
export const MAX_ATTRIBUTED_HOPS = 20;
const HOLD_TIME_LENGTH = 4;
const HMAC_LENGTH = 4;
const HOLD_TIMES_LENGTH = MAX_ATTRIBUTED_HOPS * HOLD_TIME_LENGTH;
const HMAC_COUNT = (MAX_ATTRIBUTED_HOPS * (MAX_ATTRIBUTED_HOPS + 1)) / 2;
/** 20 hold times and 210 truncated HMACs: the `attribution_data` record of BOLT 2. */
export const ATTRIBUTION_LENGTH = HOLD_TIMES_LENGTH + HMAC_COUNT * HMAC_LENGTH;
/** A hold time counts tenths of a second. */
export const HOLD_TIME_UNIT_MS = 100;
const HOLD_TIME_MAX = 0xffff_ffff;

/** Hold time as nodes report it, from milliseconds; anything out of range is clamped. */
export const holdTimeOfMs = (milliseconds: number): number =>
  Math.min(HOLD_TIME_MAX, Math.max(0, Math.floor(milliseconds / HOLD_TIME_UNIT_MS) || 0));

/** Index of the first HMAC of node x: node 0 has 20, node 1 has 19, ... */
const blockStart = (node: number): number => node * MAX_ATTRIBUTED_HOPS - (node * (node - 1)) / 2;

/** Offset of `hmac_node_distance`; a node's HMACs stand in falling order of distance. */
const hmacAt = (node: number, distance: number): number =>
  HOLD_TIMES_LENGTH + HMAC_LENGTH * (blockStart(node) + MAX_ATTRIBUTED_HOPS - 1 - node - distance);

/** `hmac_0_distance`: over the return packet, distance + 1 hold times and the HMACs of the nodes behind. */
function hmacOf(hmac: (message: Uint8Array) => Uint8Array, data: Uint8Array, returnPacket: Uint8Array, distance: number): Uint8Array {
  const holdTimesLength = (distance + 1) * HOLD_TIME_LENGTH;
  const covered = new Uint8Array(returnPacket.length + holdTimesLength + distance * HMAC_LENGTH);
  covered.set(returnPacket);
  let at = returnPacket.length;
  covered.set(data.subarray(0, holdTimesLength), at);
  at += holdTimesLength;
  for (let node = 1; node <= distance; node++, at += HMAC_LENGTH) {
    const from = hmacAt(node, distance - node);
    covered.set(data.subarray(from, from + HMAC_LENGTH), at);
  }
  return hmac(covered).subarray(0, HMAC_LENGTH);
}

/** Room for one more hop in front: hold times move right, each node loses its HMAC of the greatest distance. */
function shifted(data: Uint8Array): Uint8Array {
  const moved = new Uint8Array(ATTRIBUTION_LENGTH);
  moved.set(data.subarray(0, HOLD_TIMES_LENGTH - HOLD_TIME_LENGTH), HOLD_TIME_LENGTH);
  for (let node = 0; node < MAX_ATTRIBUTED_HOPS - 1; node++) {
    const longest = MAX_ATTRIBUTED_HOPS - 2 - node;
    const from = hmacAt(node, longest);
    moved.set(data.subarray(from, from + (longest + 1) * HMAC_LENGTH), hmacAt(node + 1, longest));
  }
  return moved;
}

/** The inverse of `shifted`; what fell off is zero. */
function unshifted(data: Uint8Array): Uint8Array {
  const moved = new Uint8Array(ATTRIBUTION_LENGTH);
  moved.set(data.subarray(HOLD_TIME_LENGTH, HOLD_TIMES_LENGTH));
  for (let node = 0; node < MAX_ATTRIBUTED_HOPS - 1; node++) {
    const longest = MAX_ATTRIBUTED_HOPS - 2 - node;
    const from = hmacAt(node + 1, longest);
    moved.set(data.subarray(from, from + (longest + 1) * HMAC_LENGTH), hmacAt(node, longest));
  }
  return moved;
}

const NO_PACKET = new Uint8Array(0);

export interface AttributionUpdate {
  readonly sharedSecret: Uint8Array;
  /** In units of 100 ms. */
  readonly holdTime: number;
  /** What came from downstream; undefined at the node that creates it, or behind a node without the feature. */
  readonly attributionData?: Uint8Array | undefined;
  /** The error packet as it is before our own stream is applied; nothing for a fulfilled HTLC. */
  readonly returnPacket?: Uint8Array | undefined;
}

/**
 * The 920 bytes of `attribution_data` for upstream (BOLT 4, "Returning Errors" and "Hold times for successful
 * payments"): initialised or shifted, our hold time and 20 HMACs added, obfuscated.
 */
export function updateAttribution({
  sharedSecret,
  holdTime,
  attributionData,
  returnPacket = NO_PACKET,
}: AttributionUpdate): Uint8Array {
  const usable = attributionData?.length === ATTRIBUTION_LENGTH;
  const data = usable ? shifted(attributionData) : new Uint8Array(ATTRIBUTION_LENGTH);
  new DataView(data.buffer, data.byteOffset).setUint32(0, holdTime);
  const hmac = hmacSha256With(generateKey('um', sharedSecret));
  for (let distance = 0; distance < MAX_ATTRIBUTED_HOPS; distance++) {
    data.set(hmacOf(hmac, data, returnPacket, distance), hmacAt(0, distance));
  }
  mix(data, keyStream(generateKey('ammagext', sharedSecret), ATTRIBUTION_LENGTH));
  return data;
}

/** One hop's layer off, seen by the origin: undefined when the HMAC at this distance from the route's end is wrong. */
export function peelAttribution(
  data: Uint8Array,
  {
    sharedSecret,
    umKey,
    returnPacket,
    distance,
  }: {
    readonly sharedSecret: Uint8Array;
    readonly umKey: Uint8Array;
    readonly returnPacket: Uint8Array;
    readonly distance: number;
  },
): { readonly holdTime: number; readonly rest: Uint8Array } | undefined {
  if (data.length !== ATTRIBUTION_LENGTH || distance >= MAX_ATTRIBUTED_HOPS) return undefined;
  const clear = data.slice();
  mix(clear, keyStream(generateKey('ammagext', sharedSecret), ATTRIBUTION_LENGTH));
  const at = hmacAt(0, distance);
  const expected = hmacOf(hmacSha256With(umKey), clear, returnPacket, distance);
  if (!equalConstantTime(expected, clear.subarray(at, at + HMAC_LENGTH))) return undefined;
  return { holdTime: new DataView(clear.buffer, clear.byteOffset).getUint32(0), rest: unshifted(clear) };
}

/**
 * Hold times of a fulfilled HTLC in units of 100 ms, from the first hop on, as far as the data can be verified: it
 * ends at the first hop that tampered with it or has no `option_attribution_data`.
 */
export function readFulfillHoldTimes(
  sharedSecrets: readonly Uint8Array[],
  attributionData: Uint8Array,
): readonly number[] {
  const holdTimes: number[] = [];
  let data = attributionData;
  for (const [hop, sharedSecret] of sharedSecrets.entries()) {
    const distance = sharedSecrets.length - 1 - hop;
    const peeled = peelAttribution(data, {
      sharedSecret,
      umKey: generateKey('um', sharedSecret),
      returnPacket: NO_PACKET,
      distance,
    });
    if (!peeled) break;
    holdTimes.push(peeled.holdTime);
    data = peeled.rest;
  }
  return holdTimes;
}
