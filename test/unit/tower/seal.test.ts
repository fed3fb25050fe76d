import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../core/codec/reader.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { decodeJustice } from '../../../core/tower/justice.ts';
import { type TowerMessage, TOWER_FAULTS, decodeTowerMessage, encodeTowerMessage, towerFault, towerRows } from '../../../core/tower/messages.ts';
import { MAX_BLOB_BYTES, MAX_PLAIN_BYTES, SIZE_CLASSES, hintOf, openBlob, sealBlob } from '../../../core/tower/seal.ts';
import { rows } from '../../../core/wire/messages.ts';

const ID = sha256(utf8('a transaction'));

describe('a blob', () => {
  it('opens with the whole id only', () => {
    const blob = sealBlob(ID, utf8('justice'));
    expect(openBlob(ID, blob)).toEqual(utf8('justice'));
    const sameHint = ID.slice();
    sameHint[31]! ^= 1;
    expect(toHex(hintOf(sameHint))).toBe(toHex(hintOf(ID)));
    expect(openBlob(sameHint, blob)).toBeUndefined();
  });

  it('does not open when a bit is flipped, or cut', () => {
    const blob = sealBlob(ID, utf8('justice'));
    for (let at = 0; at < blob.length; at += 97) {
      const flipped = blob.slice();
      flipped[at]! ^= 4;
      expect(openBlob(ID, flipped)).toBeUndefined();
    }
    for (const length of [0, 10, 40, 41, blob.length - 1]) expect(openBlob(ID, blob.subarray(0, length))).toBeUndefined();
  });

  it('never uses a nonce for two texts, and repeats itself for one', () => {
    const [a, b] = [sealBlob(ID, utf8('one')), sealBlob(ID, utf8('two'))];
    expect(toHex(a.subarray(0, 24))).not.toBe(toHex(b.subarray(0, 24)));
    expect(sealBlob(ID, utf8('one'))).toEqual(a);
  });

  it('property: any text up to the greatest comes back, in one of the classes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_PLAIN_BYTES }), (length) => {
        const plain = new Uint8Array(length).fill(7);
        const blob = sealBlob(ID, plain);
        expect(SIZE_CLASSES).toContain(blob.length - 40);
        expect(openBlob(ID, blob)).toEqual(plain);
      }),
      { numRuns: 30 },
    );
    expect(sealBlob(ID, new Uint8Array(MAX_PLAIN_BYTES)).length).toBe(MAX_BLOB_BYTES);
    expect(() => sealBlob(ID, new Uint8Array(MAX_PLAIN_BYTES + 1))).toThrow(RangeError);
  });

  it('of nonsense is a DecodeError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decodeJustice(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

describe('messages of a tower', () => {
  it('have odd numbers of the experimental range that no BOLT message has', () => {
    const known = new Set(rows.map(({ type }) => type));
    for (const { type } of towerRows) {
      expect(type % 2).toBe(1);
      expect(type).toBeGreaterThanOrEqual(32_768);
      expect(known.has(type as never)).toBe(false);
    }
    expect(new Set(towerRows.map(({ type }) => type)).size).toBe(towerRows.length);
  });

  it('come back as they were, and one with the greatest blob fits', () => {
    const session = new Uint8Array(16).fill(3);
    const message: TowerMessage = { name: 'tower_upload', session, appointments: [{ sequence: 5n, part: 1, isLast: true, hint: hintOf(ID), blob: new Uint8Array(MAX_BLOB_BYTES) }] };
    expect(decodeTowerMessage(encodeTowerMessage(message))).toEqual({ known: true, message });
  });

  it('name every fault with a number of its own', () => {
    const numbers = Object.values(TOWER_FAULTS);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [name, number] of Object.entries(TOWER_FAULTS)) expect(towerFault(number)).toBe(name);
    expect(towerFault(999)).toBeUndefined();
  });
});
