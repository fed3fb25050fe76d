import { createRequire } from 'node:module';
import type { CurveProvider } from '../crypto/curve-provider.ts';
import { useCurve } from '../crypto/secp256k1.ts';

/** The part of the package `secp256k1` that is used; scalars given for tweaking are changed in place. */
interface NativeSecp256k1 {
  privateKeyVerify(scalar: Uint8Array): boolean;
  privateKeyTweakAdd(scalar: Uint8Array, tweak: Uint8Array): Uint8Array;
  privateKeyTweakMul(scalar: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyVerify(point: Uint8Array): boolean;
  publicKeyCreate(scalar: Uint8Array): Uint8Array;
  publicKeyCombine(points: Uint8Array[]): Uint8Array;
  publicKeyTweakAdd(point: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyTweakMul(point: Uint8Array, tweak: Uint8Array): Uint8Array;
  ecdsaSign(hash: Uint8Array, scalar: Uint8Array): { signature: Uint8Array; recid: number };
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, point: Uint8Array): boolean;
  ecdsaRecover(signature: Uint8Array, recoveryId: number, hash: Uint8Array): Uint8Array;
}

function attempt<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}

const providerOf = (native: NativeSecp256k1): CurveProvider => ({
  name: 'libsecp256k1',
  isScalar: (scalar) => scalar.length === 32 && native.privateKeyVerify(scalar),
  isPoint: (point) => point.length === 33 && native.publicKeyVerify(point),
  publicKey: (scalar) => native.publicKeyCreate(scalar),
  sign: (hash, scalar) => {
    const { signature, recid } = native.ecdsaSign(hash, scalar);
    return { signature, recoveryId: recid };
  },
  verify: (signature, hash, point) => attempt(() => native.ecdsaVerify(signature, hash, point)) ?? false,
  recover: (signature, recoveryId, hash) => attempt(() => native.ecdsaRecover(signature, recoveryId, hash)),
  addPoints: (a, b) => attempt(() => native.publicKeyCombine([a, b])),
  multiplyPoint: (point, scalar) => native.publicKeyTweakMul(point, scalar),
  addToPoint: (point, scalar) => attempt(() => native.publicKeyTweakAdd(point, scalar)),
  addScalars: (a, b) => attempt(() => native.privateKeyTweakAdd(a.slice(), b)),
  multiplyScalars: (a, b) => native.privateKeyTweakMul(a.slice(), b),
});

/** libsecp256k1 where its binding loads. The package's own fallback (elliptic) is never loaded. */
export function nativeProvider(): CurveProvider | undefined {
  const native = attempt(() => createRequire(import.meta.url)('secp256k1/bindings.js') as NativeSecp256k1);
  return native && providerOf(native);
}

/** Switches to libsecp256k1 where it is there and passes the self-test; otherwise the reference stays. */
export function useFastestCurve(): void {
  const native = nativeProvider();
  if (native) useCurve(native);
}
