import { equal } from '../lib/bytes.ts';
import { sha256 } from './hash.ts';
import { publicKey } from './secp256k1.ts';

/** Commitment number n (counting up from 0) uses the secret at index 2^48 - 1 - n (BOLT 3). */
export const FIRST_INDEX = (1n << 48n) - 1n;
export const secretIndexOf = (commitmentNumber: number): bigint => FIRST_INDEX - BigInt(commitmentNumber);

function flipAndHash(value: Uint8Array, index: bigint, fromBit: number): Uint8Array {
  let secret = value;
  for (let bit = fromBit; bit >= 0; bit--) {
    if (((index >> BigInt(bit)) & 1n) === 0n) continue;
    const flipped = secret.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    secret = sha256(flipped);
  }
  return secret;
}

/** The per-commitment secret at a 48-bit index of a seed (BOLT 3, "Per-commitment Secret Requirements"). */
export const secretAt = (seed: Uint8Array, index: bigint): Uint8Array => flipAndHash(seed, index, 47);

/** Our secret for a commitment number. */
export const commitmentSecret = (seed: Uint8Array, commitmentNumber: number): Uint8Array =>
  secretAt(seed, secretIndexOf(commitmentNumber));

export const commitmentPoint = (seed: Uint8Array, commitmentNumber: number): Uint8Array =>
  publicKey(commitmentSecret(seed, commitmentNumber));

/**
 * The peer's revealed secrets: at most 49 slots, slot b holding the secret whose index has b trailing zero bits, from
 * which all earlier ones follow (BOLT 3, "Efficient Per-commitment Secret Storage").
 */
export type SecretStore = readonly ({ readonly index: bigint; readonly secret: Uint8Array } | undefined)[];

export const emptySecretStore: SecretStore = [];

function trailingZeros(index: bigint): number {
  let zeros = 0;
  while (zeros < 48 && ((index >> BigInt(zeros)) & 1n) === 0n) zeros++;
  return zeros;
}

/** Undefined when the secret does not generate the ones that came before it: the peer has not kept its tree. */
export function insertSecret(store: SecretStore, index: bigint, secret: Uint8Array): SecretStore | undefined {
  const slot = trailingZeros(index);
  for (let lower = 0; lower < slot; lower++) {
    const known = store[lower];
    if (known && !equal(flipAndHash(secret, known.index, slot - 1), known.secret)) return undefined;
  }
  const next = Array.from({ length: Math.max(store.length, slot + 1) }, (_, i) => store[i]);
  next[slot] = { index, secret };
  return next;
}

/** A secret that was revealed, or follows from a revealed one; undefined otherwise. */
export function revealedSecret(store: SecretStore, index: bigint): Uint8Array | undefined {
  for (let slot = 0; slot < store.length; slot++) {
    const known = store[slot];
    if (known && known.index >> BigInt(slot) === index >> BigInt(slot)) return flipAndHash(known.secret, index, slot - 1);
  }
  return undefined;
}
