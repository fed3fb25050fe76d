import { describe, expect, test } from 'vitest';
import { keyStream } from '../../../core/crypto/aead.ts';
import { hmacSha256 } from '../../../core/crypto/hash.ts';
import { concat, fromHex, toHex, xor } from '../../../core/lib/bytes.ts';
import {
  ATTRIBUTION_LENGTH,
  holdTimeOfMs,
  readFulfillHoldTimes,
  updateAttribution,
} from '../../../core/onion/attribution.ts';
import {
  type ErrorOnion,
  MAX_REASON_LENGTH,
  createErrorOnion,
  decryptErrorOnion,
  wrapErrorOnion,
} from '../../../core/onion/errors.ts';
import { generateKey } from '../../../core/onion/keys.ts';
import { createOnion } from '../../../core/onion/packet.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import { attributionVector, errorVector } from './vectors.ts';

const vector = attributionVector;
/** From the first hop on; the vector goes from the erring node back. */
const secrets = vector.steps.map(({ shared_secret }) => fromHex(shared_secret)).toReversed();
const failureMessage = fromHex(vector.encoded_failure_message);
const PADDED = 1024;

/** The way back from `erring` to the origin; hops in `silent` have no attribution data. */
function returned({
  erring = 4,
  silent = [] as readonly number[],
  route = secrets,
  message = failureMessage,
} = {}): ErrorOnion {
  const holdTime = (hop: number) => (silent.includes(hop) ? undefined : hop + 1);
  let onion = createErrorOnion({
    sharedSecret: route[erring]!,
    failureMessage: message,
    holdTime: holdTime(erring),
    paddedLength: PADDED,
  });
  for (let hop = erring - 1; hop >= 0; hop--)
    onion = wrapErrorOnion({ sharedSecret: route[hop]!, ...onion, holdTime: holdTime(hop) });
  return onion;
}

describe('error onion', () => {
  test('BOLT 4 error vector: keys, payload and packet', () => {
    const { hops, failure_message } = errorVector.generate;
    for (const { hop_shared_secret, ammag_key } of hops)
      expect(toHex(generateKey('ammag', fromHex(hop_shared_secret)))).toBe(ammag_key);
    const last = hops[4]!;
    const sharedSecret = fromHex(last.hop_shared_secret);
    expect(toHex(generateKey('um', sharedSecret))).toBe(last.um_key);
    const created = createErrorOnion({ sharedSecret, failureMessage: fromHex(failure_message) });
    const clear = xor(created.reason, keyStream(fromHex(last.ammag_key), created.reason.length));
    expect(toHex(clear.subarray(32))).toBe(last.payload);
    let onion = created;
    for (const { hop_shared_secret } of hops.slice(0, 4).toReversed()) {
      onion = wrapErrorOnion({ sharedSecret: fromHex(hop_shared_secret), ...onion });
    }
    expect(toHex(onion.reason)).toBe(errorVector.errorpacket);
    expect(onion.attributionData).toBeUndefined();
    const route = hops.map(({ hop_shared_secret }) => fromHex(hop_shared_secret));
    expect(decryptErrorOnion(route, onion)).toEqual({
      ok: true,
      value: { hop: 4, failureMessage: fromHex('2002'), holdTimes: [] },
    });
  });

  test('BOLT 4 attribution vector: every node on the way back', () => {
    const hops = vector.pubkeys.map((pubkey) => ({ nodeId: fromHex(pubkey), payload: new Uint8Array(2) }));
    const forward = createOnion({ sessionKey: fromHex(vector.session_key), hops, associatedData: new Uint8Array(0) });
    expect(forward.ok && forward.value.sharedSecrets).toEqual(secrets);
    expect(toHex(generateKey('um', secrets[4]!))).toBe(vector.um_key);
    let onion: ErrorOnion | undefined;
    for (const { node, shared_secret, stream, error_packet, attribution_data } of vector.steps) {
      const sharedSecret = fromHex(shared_secret);
      const holdTime = vector.hold_times[node];
      onion = onion
        ? wrapErrorOnion({ sharedSecret, ...onion, holdTime })
        : createErrorOnion({ sharedSecret, failureMessage, holdTime, paddedLength: PADDED });
      expect(toHex(keyStream(generateKey('ammag', sharedSecret), stream.length / 2))).toBe(stream);
      expect(toHex(onion.reason)).toBe(error_packet);
      expect(toHex(onion.attributionData!)).toBe(attribution_data);
    }
    const clear = xor(fromHex(vector.steps[0]!.error_packet), fromHex(vector.steps[0]!.stream));
    expect(toHex(clear)).toBe(vector.raw_error_packet);
    expect(vector.raw_error_packet.startsWith(vector.payload, 64)).toBe(true);
    expect(decryptErrorOnion(secrets, onion!)).toEqual({
      ok: true,
      value: { hop: 4, failureMessage, holdTimes: vector.hold_times },
    });
  });

  test('finds each hop that can fail, with the hold times up to it', () => {
    for (let erring = 0; erring < secrets.length; erring++) {
      const holdTimes = Array.from({ length: erring + 1 }, (_, hop) => hop + 1);
      expect(decryptErrorOnion(secrets, returned({ erring }))).toEqual({
        ok: true,
        value: { hop: erring, failureMessage, holdTimes },
      });
    }
  });

  test('reads hold times up to the first node without attribution data', () => {
    expect(decryptErrorOnion(secrets, returned({ silent: [2] }))).toMatchObject({
      ok: true,
      value: { hop: 4, holdTimes: [1, 2] },
    });
    expect(decryptErrorOnion(secrets, returned({ silent: [0] }))).toMatchObject({
      ok: true,
      value: { hop: 4, holdTimes: [] },
    });
  });

  test('blames the hop that tampered, or the one before it', () => {
    for (let tampering = 0; tampering < 4; tampering++) {
      let onion = createErrorOnion({ sharedSecret: secrets[4]!, failureMessage, holdTime: 5 });
      for (let hop = 3; hop >= 0; hop--) {
        onion = wrapErrorOnion({ sharedSecret: secrets[hop]!, ...onion, holdTime: hop + 1 });
        if (hop === tampering) onion.reason[60]! ^= 1;
      }
      const read = decryptErrorOnion(secrets, onion);
      expect(read).toMatchObject({ ok: false, error: { code: 'unreadable_error', blamedHop: tampering } });
    }
    let madeUp = wrapErrorOnion({ sharedSecret: secrets[4]!, reason: new Uint8Array(292), holdTime: 5 });
    for (let hop = 3; hop >= 0; hop--) madeUp = wrapErrorOnion({ sharedSecret: secrets[hop]!, ...madeUp, holdTime: 1 });
    expect(decryptErrorOnion(secrets, madeUp)).toMatchObject({ ok: false, error: { blamedHop: 4 } });
    const random = { reason: new Uint8Array(292), attributionData: undefined };
    expect(decryptErrorOnion(secrets, random)).toEqual({
      ok: false,
      error: { code: 'unreadable_error', blamedHop: undefined, holdTimes: [] },
    });
  });

  test('blames a hop that changed a hold time behind it', () => {
    const onion = returned();
    const data = onion.attributionData!;
    data[4]! ^= 1;
    expect(decryptErrorOnion(secrets, onion)).toMatchObject({ ok: true, value: { hop: 4, holdTimes: [] } });
  });

  test('pads short failures to one length and leaves long ones whole', () => {
    const lengthOf = (length: number) =>
      createErrorOnion({ sharedSecret: secrets[0]!, failureMessage: new Uint8Array(length) }).reason.length;
    expect([2, 100, 256].map(lengthOf)).toEqual([292, 292, 292]);
    expect(lengthOf(300)).toBe(336);
  });

  test('leaves attribution out rather than exceed the message length', () => {
    const sharedSecret = secrets[0]!;
    const largest = new Uint8Array(MAX_REASON_LENGTH);
    expect(wrapErrorOnion({ sharedSecret, reason: largest, holdTime: 1 })).toMatchObject({
      attributionData: undefined,
    });
    const room = largest.subarray(924);
    expect(wrapErrorOnion({ sharedSecret, reason: room, holdTime: 1 }).attributionData).toHaveLength(
      ATTRIBUTION_LENGTH,
    );
    expect(() => createErrorOnion({ sharedSecret, failureMessage: largest })).toThrow(RangeError);
  });

  test('reads errors over the longest route, where attribution ends', () => {
    const route = Array.from({ length: 27 }, (_, hop) => new Uint8Array(32).fill(hop + 100));
    const erring26 = returned({ route, erring: 26 });
    expect(decryptErrorOnion(route, erring26)).toMatchObject({ ok: true, value: { hop: 26 } });
    const garbage = { reason: new Uint8Array(292), attributionData: new Uint8Array(ATTRIBUTION_LENGTH) };
    expect(decryptErrorOnion(route, garbage)).toMatchObject({ ok: false, error: { blamedHop: undefined } });
    const twenty = route.slice(0, 20);
    const holdTimes = Array.from({ length: 20 }, (_, hop) => hop + 1);
    expect(decryptErrorOnion(twenty, returned({ route: twenty, erring: 19 }))).toMatchObject({
      ok: true,
      value: { hop: 19, holdTimes },
    });
  });

  test('survives hostile error packets and attribution data', () => {
    const valid = returned();
    expect(
      fuzz({
        name: 'decryptErrorOnion',
        input: (random) => ({
          reason: mutate(valid.reason, random),
          attributionData: mutate(valid.attributionData!, random),
        }),
        run: (input) => {
          const read = decryptErrorOnion(secrets, input);
          if (read.ok && toHex(input.reason) !== toHex(valid.reason)) throw new Error('a changed packet was read');
          wrapErrorOnion({ sharedSecret: secrets[0]!, ...input, holdTime: 1 });
        },
        show: ({ reason, attributionData }) => `${toHex(reason)} ${toHex(attributionData)}`,
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('reads authentic packets whose lengths lie as unreadable, and blames their author', () => {
    expect(
      fuzz({
        name: 'decryptErrorOnion, authentic',
        input: (random) =>
          mutate(concat(Uint8Array.of(0, 4), random.bytes(4), Uint8Array.of(0, 4), random.bytes(4)), random),
        run: (body) => {
          const clear = concat(hmacSha256(generateKey('um', secrets[0]!), body), body);
          const read = decryptErrorOnion(secrets, wrapErrorOnion({ sharedSecret: secrets[0]!, reason: clear }));
          const length = body.length < 2 ? Infinity : body[0]! * 256 + body[1]! + 2;
          if (read.ok ? read.value.failureMessage.length + 2 !== length : length <= body.length)
            throw new Error('misread');
          if (!read.ok && body.length > 0 && read.error.blamedHop !== 0) throw new Error('blames somebody else');
        },
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('stays fast on the longest packet', () => {
    const reason = new Uint8Array(MAX_REASON_LENGTH);
    expect(
      fuzz({
        name: 'decryptErrorOnion, longest',
        input: (random) => ({
          reason: reason.fill(random.below(256), random.below(reason.length)),
          attributionData: random.bytes(ATTRIBUTION_LENGTH),
        }),
        run: (input) => void decryptErrorOnion(secrets, input),
        show: () => 'longest',
        count: 5,
      }),
    ).toBe(5);
  });
});

describe('hold times of a fulfilled HTLC', () => {
  test('BOLT 4 success vector: every node on the way back', () => {
    let attributionData: Uint8Array | undefined;
    for (const { node, attribution_data } of vector.success) {
      attributionData = updateAttribution({
        sharedSecret: secrets[node]!,
        holdTime: vector.hold_times[node]!,
        attributionData,
      });
      expect(toHex(attributionData)).toBe(attribution_data);
    }
    expect(readFulfillHoldTimes(secrets, attributionData!)).toEqual(vector.hold_times);
  });

  test('end where somebody tampered', () => {
    let attributionData = updateAttribution({ sharedSecret: secrets[4]!, holdTime: 5 });
    for (let hop = 3; hop >= 0; hop--) {
      if (hop === 1) attributionData[0]! ^= 1;
      attributionData = updateAttribution({ sharedSecret: secrets[hop]!, holdTime: hop + 1, attributionData });
    }
    expect(readFulfillHoldTimes(secrets, attributionData)).toEqual([1, 2]);
    expect(readFulfillHoldTimes(secrets, new Uint8Array(ATTRIBUTION_LENGTH))).toEqual([]);
    expect(readFulfillHoldTimes(secrets, new Uint8Array(3))).toEqual([]);
  });

  test('count tenths of a second', () => {
    expect([0, 99, 100, 1234, -5, Infinity, NaN].map(holdTimeOfMs)).toEqual([0, 0, 1, 12, 0, 0xffff_ffff, 0]);
  });

  test('survive hostile attribution data', () => {
    const valid = fromHex(vector.success[4]!.attribution_data);
    expect(
      fuzz({
        name: 'readFulfillHoldTimes',
        input: (random) => mutate(valid, random),
        run: (input) => {
          if (readFulfillHoldTimes(secrets, input).length > secrets.length) throw new Error('too many');
        },
      }),
    ).toBe(FUZZ_COUNT);
  });
});
