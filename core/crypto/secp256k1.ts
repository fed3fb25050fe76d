import * as noble from '@noble/secp256k1';
import { equal, fromHex } from '../lib/bytes.ts';
import type { CurveProvider } from './curve-provider.ts';
import { hmacSha256, sha256 } from './hash.ts';

noble.hashes.sha256 = (message) => sha256(message) as ReturnType<NonNullable<typeof noble.hashes.sha256>>;
noble.hashes.hmacSha256 = (key, message) => hmacSha256(key, message) as ReturnType<NonNullable<typeof noble.hashes.hmacSha256>>;

const ORDER = noble.Point.CURVE().n;
const toBig = noble.etc.bytesToNumberBE;
const toBytes = (scalar: bigint): Uint8Array => noble.etc.numberToBytesBE(scalar);
const pointOf = (bytes: Uint8Array): noble.Point => noble.Point.fromBytes(bytes);
const unlessInfinite = (point: noble.Point): Uint8Array | undefined => (point.is0() ? undefined : point.toBytes());

export const nobleProvider: CurveProvider = {
  name: '@noble/secp256k1',
  isScalar: (scalar) => scalar.length === 32 && noble.utils.isValidSecretKey(scalar),
  isPoint: (point) => point.length === 33 && noble.utils.isValidPublicKey(point, true),
  publicKey: (scalar) => noble.getPublicKey(scalar),
  sign: (hash, scalar) => {
    const recovered = noble.sign(hash, scalar, { prehash: false, format: 'recovered' });
    return { signature: recovered.slice(1), recoveryId: recovered[0]! };
  },
  verify: (signature, hash, point) => {
    try {
      return noble.verify(signature, hash, point, { prehash: false });
    } catch {
      return false;
    }
  },
  recover: (signature, recoveryId, hash) => {
    try {
      const bytes = new Uint8Array(65);
      bytes[0] = recoveryId;
      bytes.set(signature, 1);
      return noble.recoverPublicKey(bytes, hash, { prehash: false });
    } catch {
      return undefined;
    }
  },
  addPoints: (a, b) => unlessInfinite(pointOf(a).add(pointOf(b))),
  multiplyPoint: (point, scalar) => pointOf(point).multiply(toBig(scalar)).toBytes(),
  addToPoint: (point, scalar) => {
    const factor = toBig(scalar);
    return factor === 0n ? point : unlessInfinite(pointOf(point).add(noble.Point.BASE.multiply(factor)));
  },
  addScalars: (a, b) => {
    const sum = (toBig(a) + toBig(b)) % ORDER;
    return sum === 0n ? undefined : toBytes(sum);
  },
  multiplyScalars: (a, b) => toBytes((toBig(a) * toBig(b)) % ORDER),
};

let curve: CurveProvider = nobleProvider;

/** The provider in use, for logs. */
export const curveName = (): string => curve.name;

/** Uses `provider` from now on if it agrees with the reference on known answers; otherwise keeps the present one. */
export function useCurve(provider: CurveProvider): boolean {
  if (!passesSelfTest(provider)) return false;
  curve = provider;
  return true;
}

/** Known answers: RFC 6979 signatures, tweaks and malformed points, compared with the reference byte by byte. */
export function passesSelfTest(provider: CurveProvider): boolean {
  const secret = fromHex('0101010101010101010101010101010101010101010101010101010101010101');
  const tweak = fromHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');
  const hash = sha256(secret);
  const outcome = (p: CurveProvider): readonly (Uint8Array | undefined | boolean | number)[] => {
    const point = p.publicKey(secret);
    const { signature, recoveryId } = p.sign(hash, secret);
    const highS = signature.slice();
    highS.set(toBytes(ORDER - toBig(signature.slice(32))), 32);
    return [
      point, signature, recoveryId, p.verify(signature, hash, point), !p.verify(highS, hash, point), !p.verify(signature, tweak, point),
      p.recover(signature, recoveryId, hash), p.addPoints(point, p.publicKey(tweak)), p.multiplyPoint(point, tweak),
      p.addToPoint(point, tweak), p.addScalars(secret, tweak), p.multiplyScalars(secret, tweak),
      p.addScalars(secret, toBytes(ORDER - toBig(secret))), p.isPoint(point), !p.isPoint(new Uint8Array(33)),
      !p.isScalar(new Uint8Array(32)), !p.isScalar(toBytes(ORDER)), p.isScalar(tweak),
    ]; // prettier-ignore
  };
  try {
    const expected = outcome(nobleProvider);
    return outcome(provider).every((value, i) => {
      const wanted = expected[i];
      if (value === false) return false;
      return value instanceof Uint8Array && wanted instanceof Uint8Array ? equal(value, wanted) : value === wanted;
    });
  } catch {
    return false;
  }
}

export const isScalar = (scalar: Uint8Array): boolean => curve.isScalar(scalar);
export const isPoint = (point: Uint8Array): boolean => curve.isPoint(point);
export const publicKey = (scalar: Uint8Array): Uint8Array => curve.publicKey(scalar);
/** Compact 64-byte low-S ECDSA signature over a 32-byte hash. */
export const sign = (hash: Uint8Array, scalar: Uint8Array): Uint8Array => curve.sign(hash, scalar).signature;
export const signRecoverable = (hash: Uint8Array, scalar: Uint8Array): { readonly signature: Uint8Array; readonly recoveryId: number } =>
  curve.sign(hash, scalar);
export const verify = (signature: Uint8Array, hash: Uint8Array, point: Uint8Array): boolean => curve.verify(signature, hash, point);
export const recover = (signature: Uint8Array, recoveryId: number, hash: Uint8Array): Uint8Array | undefined =>
  curve.recover(signature, recoveryId, hash);
export const multiplyPoint = (point: Uint8Array, scalar: Uint8Array): Uint8Array => curve.multiplyPoint(point, scalar);
export const addToPoint = (point: Uint8Array, scalar: Uint8Array): Uint8Array | undefined => curve.addToPoint(point, scalar);
export const addPoints = (a: Uint8Array, b: Uint8Array): Uint8Array | undefined => curve.addPoints(a, b);
export const addScalars = (a: Uint8Array, b: Uint8Array): Uint8Array | undefined => curve.addScalars(a, b);
export const multiplyScalars = (a: Uint8Array, b: Uint8Array): Uint8Array => curve.multiplyScalars(a, b);
/** SHA-256 of the compressed shared point, the Diffie-Hellman of BOLT 4 and BOLT 8. */
export const ecdh = (point: Uint8Array, scalar: Uint8Array): Uint8Array => sha256(curve.multiplyPoint(point, scalar));
