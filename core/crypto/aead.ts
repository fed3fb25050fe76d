import { chacha20, chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';

/** ChaCha20-Poly1305 (RFC 8439): 32-byte key, 12-byte nonce; the 16-byte tag stands at the end. */
export const seal = (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated?: Uint8Array): Uint8Array =>
  chacha20poly1305(key, nonce, associated).encrypt(plain);

/** Undefined when the tag does not fit. */
export function open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated?: Uint8Array): Uint8Array | undefined {
  return quiet(() => chacha20poly1305(key, nonce, associated).decrypt(sealed));
}

/** XChaCha20-Poly1305: the 24-byte nonce is long enough to be drawn at random for ever. */
export const sealX = (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Uint8Array =>
  xchacha20poly1305(key, nonce, associated).encrypt(plain);

/** Undefined when the tag does not fit. */
export function openX(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined {
  return quiet(() => xchacha20poly1305(key, nonce, associated).decrypt(sealed));
}

/** `length` bytes of ChaCha20 key stream with a zero nonce (BOLT 4, "Pseudo Random Byte Stream"). */
export const keyStream = (key: Uint8Array, length: number): Uint8Array =>
  chacha20(key, new Uint8Array(12), new Uint8Array(length));

function quiet(decrypt: () => Uint8Array): Uint8Array | undefined {
  try {
    return decrypt();
  } catch {
    return undefined;
  }
}
