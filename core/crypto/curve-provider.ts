/**
 * What Sferic needs of secp256k1. Points are 33 bytes compressed, scalars and hashes 32, signatures 64 (r || s).
 * Every implementation gives byte-identical results; `@noble/secp256k1` is the reference.
 */
export interface CurveProvider {
  readonly name: string;
  readonly isScalar: (scalar: Uint8Array) => boolean;
  readonly isPoint: (point: Uint8Array) => boolean;
  readonly publicKey: (scalar: Uint8Array) => Uint8Array;
  /** RFC 6979, low S. */
  readonly sign: (hash: Uint8Array, scalar: Uint8Array) => { readonly signature: Uint8Array; readonly recoveryId: number };
  /** False for high S, as the network's relay rules demand. */
  readonly verify: (signature: Uint8Array, hash: Uint8Array, point: Uint8Array) => boolean;
  /** Any S. Undefined when there is no such key. */
  readonly recover: (signature: Uint8Array, recoveryId: number, hash: Uint8Array) => Uint8Array | undefined;
  /** Undefined at infinity. */
  readonly addPoints: (a: Uint8Array, b: Uint8Array) => Uint8Array | undefined;
  readonly multiplyPoint: (point: Uint8Array, scalar: Uint8Array) => Uint8Array;
  /** point + scalar * G; undefined at infinity. */
  readonly addToPoint: (point: Uint8Array, scalar: Uint8Array) => Uint8Array | undefined;
  /** Undefined when the sum is zero. */
  readonly addScalars: (a: Uint8Array, b: Uint8Array) => Uint8Array | undefined;
  readonly multiplyScalars: (a: Uint8Array, b: Uint8Array) => Uint8Array;
}
