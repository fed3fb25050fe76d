import { describe, expect, test } from 'vitest';
import { bigsize, encodeWith } from '../../../core/codec/codec.ts';
import { keyStream } from '../../../core/crypto/aead.ts';
import { hmacSha256, sha256 } from '../../../core/crypto/hash.ts';
import { ecdh, publicKey } from '../../../core/crypto/secp256k1.ts';
import { useFastestCurve } from '../../../core/io/native-curve.ts';
import { concat, fromHex, toHex, xor } from '../../../core/lib/bytes.ts';
import { generateKey } from '../../../core/onion/keys.ts';
import { HOP_PAYLOADS_LENGTH, ONION_LENGTH, createOnion, peelOnion } from '../../../core/onion/packet.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import { onionVector, unframed } from './vectors.ts';

const sessionKey = fromHex(onionVector.generate.session_key);
const associatedData = fromHex(onionVector.generate.associated_data);
const hops = onionVector.generate.hops.map(({ pubkey, payload }) => ({
  nodeId: fromHex(pubkey),
  payload: unframed(payload),
}));
const nodeKeys = onionVector.decode.map((key) => fromHex(key));

function vectorOnion() {
  const onion = createOnion({ sessionKey, hops, associatedData });
  if (!onion.ok) throw new Error(onion.error.code);
  return onion.value;
}

/** An onion for one hop whose unwrapped payloads begin with `plain`, authentic whatever they say. */
function authenticOnion(plain: Uint8Array, nodeKey: Uint8Array): Uint8Array {
  const ephemeral = fromHex('12'.repeat(32));
  const sharedSecret = ecdh(publicKey(nodeKey), ephemeral);
  const clear = new Uint8Array(HOP_PAYLOADS_LENGTH).fill(0xff);
  clear.set(plain.subarray(0, HOP_PAYLOADS_LENGTH));
  const payloads = xor(clear, keyStream(generateKey('rho', sharedSecret), HOP_PAYLOADS_LENGTH));
  const hmac = hmacSha256(generateKey('mu', sharedSecret), payloads, associatedData);
  return concat(Uint8Array.of(0), publicKey(ephemeral), payloads, hmac);
}

for (const curve of ['reference curve', 'native curve']) {
  describe(`BOLT 4 onion vector, ${curve}`, () => {
    test('creates the packet', () => {
      if (curve === 'native curve') useFastestCurve();
      expect(toHex(vectorOnion().packet)).toBe(onionVector.onion);
    });

    test('peels hop after hop down to the final node', () => {
      const { sharedSecrets } = vectorOnion();
      let packet: Uint8Array | undefined = fromHex(onionVector.onion);
      for (const [index, nodeKey] of nodeKeys.entries()) {
        const peeled = peelOnion(packet!, nodeKey, associatedData);
        if (!peeled.ok) throw new Error(peeled.error.code);
        expect(toHex(peeled.value.payload)).toBe(toHex(hops[index]!.payload));
        expect(peeled.value.sharedSecret).toEqual(sharedSecrets[index]);
        packet = peeled.value.nextPacket;
        expect(packet?.length).toBe(index < 4 ? ONION_LENGTH : undefined);
      }
    });
  });
}

describe('creating an onion', () => {
  test('tells when the payloads do not fit', () => {
    const fits = createOnion({
      sessionKey,
      associatedData,
      hops: [{ nodeId: hops[0]!.nodeId, payload: new Uint8Array(1265) }],
    });
    expect(fits.ok).toBe(true);
    const over = createOnion({
      sessionKey,
      associatedData,
      hops: [{ nodeId: hops[0]!.nodeId, payload: new Uint8Array(1266) }],
    });
    expect(over).toEqual({ ok: false, error: { code: 'payloads_too_large', expected: 1300, actual: 1301 } });
  });

  test('refuses a node id that is no point', () => {
    const bad = [hops[0]!, { nodeId: new Uint8Array(33).fill(2), payload: hops[1]!.payload }];
    bad[1]!.nodeId.fill(0xff, 1);
    expect(createOnion({ sessionKey, associatedData, hops: bad })).toEqual({
      ok: false,
      error: { code: 'invalid_node_id', hop: 1 },
    });
  });

  test('carries 20 hops to the last byte', () => {
    const keys = Array.from({ length: 20 }, (_, index) => new Uint8Array(32).fill(index + 1));
    const long = keys.map((key, index) => ({ nodeId: publicKey(key), payload: new Uint8Array(32).fill(index + 1) }));
    const onion = createOnion({ sessionKey, associatedData, hops: long });
    if (!onion.ok) throw new Error(onion.error.code);
    const seen: Uint8Array[] = [];
    for (let packet: Uint8Array | undefined = onion.value.packet, hop = 0; packet; hop++) {
      const peeled = peelOnion(packet, keys[hop]!, associatedData);
      if (!peeled.ok) throw new Error(peeled.error.code);
      seen.push(peeled.value.payload);
      packet = peeled.value.nextPacket;
    }
    expect(seen).toEqual(long.map(({ payload }) => payload));
  });
});

describe('peeling an onion', () => {
  const packet = fromHex(onionVector.onion);
  const changed = (at: number, value: number): Uint8Array => {
    const copy = packet.slice();
    copy[at] = value;
    return copy;
  };
  const peel = (onion: Uint8Array) => peelOnion(onion, nodeKeys[0]!, associatedData);

  test('refuses another version with the hash of the onion', () => {
    const onion = changed(0, 1);
    expect(peel(onion)).toEqual({ ok: false, error: { code: 'invalid_onion_version', sha256OfOnion: sha256(onion) } });
  });

  test('refuses an ephemeral key that is no point', () => {
    const onion = changed(1, 5);
    expect(peel(onion)).toEqual({ ok: false, error: { code: 'invalid_onion_key', sha256OfOnion: sha256(onion) } });
  });

  test('refuses a changed byte anywhere, and other associated data', () => {
    for (const at of [34, 700, 1333, 1334, 1365]) {
      const onion = changed(at, packet[at]! ^ 1);
      expect(peel(onion)).toEqual({ ok: false, error: { code: 'invalid_onion_hmac', sha256OfOnion: sha256(onion) } });
    }
    expect(peelOnion(packet, nodeKeys[0]!, new Uint8Array(32))).toMatchObject({
      ok: false,
      error: { code: 'invalid_onion_hmac' },
    });
  });

  test('takes a Diffie-Hellman in place of the key', () => {
    const peeled = peelOnion(packet, (point) => ecdh(point, nodeKeys[0]!), associatedData);
    expect(peeled.ok && toHex(peeled.value.payload)).toBe(toHex(hops[0]!.payload));
  });

  test('refuses reserved, malformed and oversized payload lengths', () => {
    const bad = [
      '00',
      '01',
      'fd04f3',
      'fd04f4',
      'fd0020',
      'fdffff',
      'fe00010000',
      'feffffffff',
      'ff00000000ffffffff',
      'ffffffffffffffffff',
    ];
    for (const length of bad) {
      const peeled = peel(authenticOnion(fromHex(length), nodeKeys[0]!));
      expect([length, peeled]).toMatchObject([
        length,
        { ok: false, error: { code: 'invalid_onion_payload', type: 0n, offset: 0 } },
      ]);
    }
    const whole = concat(encodeWith(bigsize, 1265n), new Uint8Array(1265 + 32));
    expect(peel(authenticOnion(whole, nodeKeys[0]!))).toMatchObject({ ok: true, value: { nextPacket: undefined } });
  });

  test('survives hostile packets', () => {
    expect(
      fuzz({
        name: 'peelOnion',
        input: (random) => mutate(packet, random),
        run: (input) => void peel(input),
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('survives hostile payloads inside authentic packets', () => {
    const plain = concat(Uint8Array.of(hops[0]!.payload.length), hops[0]!.payload, new Uint8Array(32).fill(7));
    expect(
      fuzz({
        name: 'peelOnion, authentic',
        input: (random) => authenticOnion(mutate(plain, random), nodeKeys[0]!),
        run: (input) => {
          const peeled = peel(input);
          if (!peeled.ok && peeled.error.code !== 'invalid_onion_payload') throw new Error(peeled.error.code);
          if (peeled.ok && peeled.value.payload.length > HOP_PAYLOADS_LENGTH) throw new Error('too long');
        },
      }),
    ).toBe(FUZZ_COUNT);
  });
});
