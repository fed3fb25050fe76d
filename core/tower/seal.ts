import { openX, sealX } from '../crypto/aead.ts';
import { hmacSha256, sha256 } from '../crypto/hash.ts';
import { concat, utf8 } from '../lib/bytes.ts';
import { HINT_BYTES } from './messages.ts';

const KEY_TAG = utf8('sferic tower blob key 1');
const NONCE_BYTES = 24;
const LENGTH_BYTES = 2;
const TAG_BYTES = 16;

/** What a plain text may fill, its length included; a blob shows the class and no more. */
export const SIZE_CLASSES: readonly number[] = [1_280, 5_120, 20_480, 60_000];
const LARGEST_CLASS = 60_000;
export const MAX_PLAIN_BYTES = LARGEST_CLASS - LENGTH_BYTES;
export const MAX_BLOB_BYTES = NONCE_BYTES + LARGEST_CLASS + TAG_BYTES;

/** What a tower compares with every transaction of a block: half of the id. `txidBytes` in wire order. */
export const hintOf = (txidBytes: Uint8Array): Uint8Array => txidBytes.slice(0, HINT_BYTES);

/** The other half is unknown until the transaction is published, so nobody can compute this from a hint. */
const keyOf = (txidBytes: Uint8Array): Uint8Array => sha256(KEY_TAG, txidBytes);

/**
 * XChaCha20-Poly1305 under a key that follows from the whole id of the revoked commitment. The nonce is a MAC of the
 * padded plain text: equal texts give equal blobs, so that a repetition tells nothing, and different ones (another tower's
 * grade, another part) never share a nonce. Throws RangeError over MAX_PLAIN_BYTES.
 */
export function sealBlob(txidBytes: Uint8Array, plain: Uint8Array): Uint8Array {
  const size = SIZE_CLASSES.find((each) => plain.length + LENGTH_BYTES <= each);
  if (size === undefined) throw new RangeError(`a blob of ${plain.length} bytes`);
  const padded = new Uint8Array(size);
  new DataView(padded.buffer).setUint16(0, plain.length);
  padded.set(plain, LENGTH_BYTES);
  const key = keyOf(txidBytes);
  const nonce = hmacSha256(key, padded).subarray(0, NONCE_BYTES);
  return concat(nonce, sealX(key, nonce, padded, hintOf(txidBytes)));
}

/** The plain text; undefined when the transaction is not the one that the blob was made for. */
export function openBlob(txidBytes: Uint8Array, blob: Uint8Array): Uint8Array | undefined {
  if (blob.length < NONCE_BYTES + TAG_BYTES + LENGTH_BYTES) return undefined;
  const padded = openX(keyOf(txidBytes), blob.subarray(0, NONCE_BYTES), blob.subarray(NONCE_BYTES), hintOf(txidBytes));
  if (!padded || padded.length < LENGTH_BYTES) return undefined;
  const length = new DataView(padded.buffer, padded.byteOffset).getUint16(0);
  return length + LENGTH_BYTES <= padded.length ? padded.slice(LENGTH_BYTES, LENGTH_BYTES + length) : undefined;
}
