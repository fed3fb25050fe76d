import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/bolt3/commitment-secrets.json' with { type: 'json' };
import {
  commitmentPoint, commitmentSecret, emptySecretStore, FIRST_INDEX, insertSecret, revealedSecret, secretAt, secretIndexOf,
  type SecretStore,
} from '../../../core/crypto/commitment-secrets.ts'; // prettier-ignore
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';

const seed = new Uint8Array(32).fill(0xff);

function storeOf(count: number, from = seed): SecretStore {
  let store = emptySecretStore;
  for (let n = 0; n < count; n++) store = insertSecret(store, secretIndexOf(n), commitmentSecret(from, n))!;
  return store;
}

describe('BOLT 3 appendix D, generation', () => {
  it.each(vectors.generation)('$name', ({ seed, index, secret }) => {
    expect(toHex(secretAt(fromHex(seed), BigInt(index)))).toBe(secret);
  });
});

describe('BOLT 3 appendix D, storage', () => {
  it.each(vectors.storage)('$name', ({ insertions }) => {
    let store: SecretStore | undefined = emptySecretStore;
    for (const { index, secret, accepted } of insertions) {
      store = insertSecret(store!, BigInt(index), fromHex(secret));
      expect(store !== undefined).toBe(accepted);
    }
  });
});

describe('per-commitment secrets', () => {
  it('starts at index 2^48 - 1 and counts down', () => {
    expect(FIRST_INDEX).toBe(281474976710655n);
    expect([0, 1, 42].map(secretIndexOf)).toEqual([281474976710655n, 281474976710654n, 281474976710613n]);
  });

  it('makes the point of the secret', () => {
    expect(commitmentPoint(seed, 7)).toEqual(publicKey(commitmentSecret(seed, 7)));
  });

  it('gives back every revealed secret and none that is still to come', () => {
    const gives = fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.integer({ min: 1, max: 200 }),
      (from, count) => {
        const store = storeOf(count, from);
        for (let n = 0; n < count; n++)
          expect(revealedSecret(store, secretIndexOf(n))).toEqual(commitmentSecret(from, n));
        expect(revealedSecret(store, secretIndexOf(count))).toBeUndefined();
        expect(revealedSecret(store, 0n)).toBeUndefined();
      },
    );
    fc.assert(gives, { numRuns: 10 });
  });

  it('keeps no more than 49 secrets, the last one at slot 48', () => {
    expect(storeOf(200).filter(Boolean).length).toBeLessThanOrEqual(9);
    const full = insertSecret(emptySecretStore, 0n, seed)!;
    expect(full.length).toBe(49);
    expect(revealedSecret(full, FIRST_INDEX)).toEqual(secretAt(seed, FIRST_INDEX));
  });

  it('refuses a secret of another tree as soon as it covers an earlier one', () => {
    const other = new Uint8Array(32).fill(1);
    expect(insertSecret(storeOf(1), secretIndexOf(1), commitmentSecret(other, 1))).toBeUndefined();
  });
});
