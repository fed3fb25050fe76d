import { keyStream } from '../crypto/aead.ts';
import { hmacSha256 } from '../crypto/hash.ts';
import { concat, equalConstantTime } from '../lib/bytes.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import { ATTRIBUTION_LENGTH, MAX_ATTRIBUTED_HOPS, peelAttribution, updateAttribution } from './attribution.ts';
import { generateKey, mix } from './keys.ts';

const HMAC_LENGTH = 32;
/** What the failure and its padding add up to, so that the length tells nothing about the failure. */
export const PADDED_FAILURE_LENGTH = 256;
/** The longest route that the payloads allow; the origin always does this many rounds. */
export const MAX_ROUTE_HOPS = 27;
const MESSAGE_LENGTH_MAX = 65_535;
/** `update_fail_htlc` around `reason`: type, channel id, id, length. */
const FAIL_MESSAGE_OVERHEAD = 2 + 32 + 8 + 2;
/** Type and length in front of `attribution_data`. */
const ATTRIBUTION_RECORD_LENGTH = 1 + 3 + ATTRIBUTION_LENGTH;
export const MAX_REASON_LENGTH = MESSAGE_LENGTH_MAX - FAIL_MESSAGE_OVERHEAD;

/** What `update_fail_htlc` carries. */
export interface ErrorOnion {
  readonly reason: Uint8Array;
  readonly attributionData: Uint8Array | undefined;
}

/** Attribution is left out where it would push the message over its 65535 bytes. */
function attributionFor(reason: Uint8Array, update: () => Uint8Array): Uint8Array | undefined {
  return reason.length + ATTRIBUTION_RECORD_LENGTH <= MAX_REASON_LENGTH ? update() : undefined;
}

function obfuscated(sharedSecret: Uint8Array, packet: Uint8Array): Uint8Array {
  const reason = packet.slice();
  mix(reason, keyStream(generateKey('ammag', sharedSecret), reason.length));
  return reason;
}

const u16Bytes = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);

export interface FailureReport {
  /** Shared with the origin through the onion that is being failed. */
  readonly sharedSecret: Uint8Array;
  /** From `encodeFailure`. */
  readonly failureMessage: Uint8Array;
  /** In units of 100 ms; undefined where attribution data is not wanted. */
  readonly holdTime?: number | undefined;
  readonly paddedLength?: number;
}

/** The return packet of the erring node (BOLT 4, "Erring node"). */
export function createErrorOnion(report: FailureReport): ErrorOnion {
  const { sharedSecret, failureMessage, holdTime, paddedLength = PADDED_FAILURE_LENGTH } = report;
  const padLength = Math.max(0, paddedLength - failureMessage.length);
  const body = concat(u16Bytes(failureMessage.length), failureMessage, u16Bytes(padLength), new Uint8Array(padLength));
  if (body.length + HMAC_LENGTH > MAX_REASON_LENGTH) throw new RangeError('the failure does not fit into a message');
  return wrapErrorOnion({
    sharedSecret,
    reason: concat(hmacSha256(generateKey('um', sharedSecret), body), body),
    holdTime,
  });
}

export interface ErrorForward {
  readonly sharedSecret: Uint8Array;
  /** As received from downstream. */
  readonly reason: Uint8Array;
  readonly attributionData?: Uint8Array | undefined;
  /** In units of 100 ms; undefined where attribution data is not wanted. */
  readonly holdTime?: number | undefined;
}

/** The layer that every node on the way back adds (BOLT 4, "Intermediate nodes"). */
export function wrapErrorOnion({ sharedSecret, reason, attributionData, holdTime }: ErrorForward): ErrorOnion {
  return {
    reason: obfuscated(sharedSecret, reason),
    attributionData:
      holdTime === undefined
        ? undefined
        : attributionFor(reason, () =>
            updateAttribution({ sharedSecret, holdTime, attributionData, returnPacket: reason }),
          ),
  };
}

export interface DecryptedError {
  /** Index of the hop that failed the HTLC. */
  readonly hop: number;
  /** For `decodeFailure`. */
  readonly failureMessage: Uint8Array;
  /** In units of 100 ms, from the first hop on, as far as attribution data reached. */
  readonly holdTimes: readonly number[];
}
export interface UnreadableError {
  readonly code: 'unreadable_error';
  /** The first hop whose attribution could not be verified: it or its predecessor is to blame. Undefined without data. */
  readonly blamedHop: number | undefined;
  readonly holdTimes: readonly number[];
}

/** Keys for the rounds behind the route's end: constant, so that the route's length does not show in the time taken. */
const DUMMY_SECRET = new Uint8Array(32).fill(1);

/**
 * Who failed and why, from the origin's side (BOLT 4, "Origin node"). Always 27 rounds, whatever the route and
 * wherever the failure is found.
 */
export function decryptErrorOnion(
  sharedSecrets: readonly Uint8Array[],
  { reason, attributionData }: { readonly reason: Uint8Array; readonly attributionData?: Uint8Array | undefined },
): Result<DecryptedError, UnreadableError> {
  const hops = sharedSecrets.length;
  let packet = reason;
  // Longer routes have no HMAC for their first hops: silence there is nobody's fault.
  let attribution = hops <= MAX_ATTRIBUTED_HOPS ? attributionData : undefined;
  let found: { readonly hop: number; readonly body: Uint8Array } | undefined;
  let blamedHop: number | undefined;
  const holdTimes: number[] = [];
  for (let hop = 0; hop < Math.max(MAX_ROUTE_HOPS, hops); hop++) {
    const sharedSecret = sharedSecrets[hop] ?? DUMMY_SECRET;
    const umKey = generateKey('um', sharedSecret);
    packet = obfuscated(sharedSecret, packet);
    if (attribution && hop < hops && !found) {
      const peeled = peelAttribution(attribution, {
        sharedSecret,
        umKey,
        returnPacket: packet,
        distance: hops - 1 - hop,
      });
      if (peeled) holdTimes.push(peeled.holdTime);
      else blamedHop = hop;
      attribution = peeled?.rest;
    }
    const matches = isAuthentic(packet, umKey);
    if (matches && hop < hops && !found) found = { hop, body: packet.subarray(HMAC_LENGTH) };
  }
  if (!found) {
    // Every hop vouched for a packet that nobody signed: the last one made it up.
    const madeUp = hops > 0 && holdTimes.length === hops ? hops - 1 : undefined;
    return err({ code: 'unreadable_error', blamedHop: blamedHop ?? madeUp, holdTimes });
  }
  const failureMessage = failureIn(found.body);
  return failureMessage
    ? ok({ hop: found.hop, failureMessage, holdTimes })
    : err({ code: 'unreadable_error', blamedHop: found.hop, holdTimes });
}

const isAuthentic = (packet: Uint8Array, umKey: Uint8Array): boolean =>
  packet.length > HMAC_LENGTH &&
  equalConstantTime(hmacSha256(umKey, packet.subarray(HMAC_LENGTH)), packet.subarray(0, HMAC_LENGTH));

/** The failure in an authentic body; its padding is not looked at, since only the erring node could have written it. */
function failureIn(body: Uint8Array): Uint8Array | undefined {
  if (body.length < 2) return undefined;
  const length = must(body[0], 'the length') * 256 + must(body[1], 'the length');
  return length <= body.length - 2 ? body.slice(2, 2 + length) : undefined;
}
