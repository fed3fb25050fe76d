import { hmac } from '@noble/hashes/hmac.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { concat } from '../lib/bytes.ts';

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  nobleSha256(parts.length === 1 ? parts[0]! : concat(...parts));
/** Bitcoin's double SHA-256. */
export const hash256 = (data: Uint8Array): Uint8Array => nobleSha256(nobleSha256(data));
export const ripemd160 = (data: Uint8Array): Uint8Array => nobleRipemd160(data);
export const hash160 = (data: Uint8Array): Uint8Array => nobleRipemd160(nobleSha256(data));
export const hmacSha256 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array =>
  hmac(nobleSha256, key, parts.length === 1 ? parts[0]! : concat(...parts));

/** The same for several messages under one key, whose part of the work is done once. */
export function hmacSha256With(key: Uint8Array): (message: Uint8Array) => Uint8Array {
  const keyed = hmac.create(nobleSha256, key);
  return (message) => keyed.clone().update(message).digest();
}

/** HKDF-SHA256 with empty info, as BOLT 8 uses it: two 32-byte keys. */
export function hkdfPair(salt: Uint8Array, inputKeyMaterial: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const okm = hkdf(nobleSha256, inputKeyMaterial, salt, undefined, 64);
  return [okm.slice(0, 32), okm.slice(32)];
}

/** HKDF-SHA256 to one 32-byte key bound to a purpose. */
export const hkdfKey = (salt: Uint8Array, inputKeyMaterial: Uint8Array, info: Uint8Array): Uint8Array =>
  hkdf(nobleSha256, inputKeyMaterial, salt, info, 32);
