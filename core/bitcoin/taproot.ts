import { concat, utf8 } from '../lib/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { addToPoint } from '../crypto/secp256k1.ts';
import { must } from '../lib/result.ts';

/** BIP 340's hash with a domain. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const domain = sha256(utf8(tag));
  return sha256(domain, domain, ...parts);
}

/**
 * The 32-byte output key of a key-path-only Taproot output from a 33-byte public key (BIP 341; BIP 86 fixes the empty
 * script tree).
 */
export function taprootOutputKey(publicKey: Uint8Array): Uint8Array {
  const internalKey = publicKey.subarray(1);
  const tweak = taggedHash('TapTweak', internalKey);
  return must(addToPoint(concat(Uint8Array.of(2), internalKey), tweak), 'a tweaked point').slice(1);
}

/** Output script of a BIP 86 key. */
export const p2trKeyPath = (publicKey: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0x51, 32), taprootOutputKey(publicKey));
