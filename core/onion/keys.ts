import { type Codec, bytes } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { hmacSha256, sha256 } from '../crypto/hash.ts';
import { isPoint, multiplyPoint } from '../crypto/secp256k1.ts';
import { utf8 } from '../lib/bytes.ts';

const TYPES = {
  rho: utf8('rho'),
  mu: utf8('mu'),
  um: utf8('um'),
  pad: utf8('pad'),
  ammag: utf8('ammag'),
  ammagext: utf8('ammagext'),
  blinded_node_id: utf8('blinded_node_id'),
} as const;

export type KeyType = keyof typeof TYPES;

/** A 32-byte key for one use of a shared secret (BOLT 4, "Key Generation"). */
export const generateKey = (type: KeyType, secret: Uint8Array): Uint8Array => hmacSha256(TYPES[type], secret);

/** Our side of a Diffie-Hellman with a valid point: the SHA-256 of the compressed shared point. */
export type Ecdh = (point: Uint8Array) => Uint8Array;

/** The factor that turns an ephemeral key into the next hop's (BOLT 4, "Blinding Ephemeral Onion Keys"). */
export const blindingFactor = (ephemeralKey: Uint8Array, sharedSecret: Uint8Array): Uint8Array =>
  sha256(ephemeralKey, sharedSecret);

/** Undefined where libsecp256k1 would refuse: no point, or a factor that is not a scalar. */
export function tryMultiply(point: Uint8Array, factor: Uint8Array): Uint8Array | undefined {
  if (!isPoint(point)) return undefined;
  try {
    return multiplyPoint(point, factor);
  } catch {
    return undefined;
  }
}

/** XORs `stream` into `target`, in place. */
export function mix(target: Uint8Array, stream: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i]! ^= stream[i]!;
}

const bytes33 = bytes(33);
/** A compressed point that is on the curve. */
export const point: Codec<Uint8Array> = {
  encode: bytes33.encode,
  decode: (r) => {
    const value = bytes33.decode(r);
    if (!isPoint(value)) throw new DecodeError('not a point of the curve');
    return value;
  },
};
