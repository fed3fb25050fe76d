import { concat } from '../lib/bytes.ts';

/** r and s as minimal positive integers, then the sighash byte: how a witness carries a signature (BIP 66). */
export function toDer(signature: Uint8Array, sighashType: number): Uint8Array {
  const r = derInteger(signature.subarray(0, 32));
  const s = derInteger(signature.subarray(32));
  return concat(Uint8Array.of(0x30, r.length + s.length), r, s, Uint8Array.of(sighashType));
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < 31 && bytes[from] === 0) from++;
  const body = bytes.subarray(from);
  const padded = body[0]! & 0x80 ? concat(Uint8Array.of(0), body) : body;
  return concat(Uint8Array.of(0x02, padded.length), padded);
}

/** The compact signature and sighash byte of a strict DER signature; undefined when it is not one. */
export function fromDer(der: Uint8Array): { readonly signature: Uint8Array; readonly sighashType: number } | undefined {
  const body = der.subarray(0, -1);
  const signature = new Uint8Array(64);
  if (body[0] !== 0x30 || body[1] !== body.length - 2) return undefined;
  let at = 2;
  for (const end of [32, 64]) {
    const length = body[at + 1];
    if (body[at] !== 0x02 || length === undefined || length === 0 || length > 33) return undefined;
    const integer = body.subarray(at + 2, at + 2 + length);
    const leadingZero = integer[0] === 0;
    if (integer.length !== length || integer[0]! & 0x80 || (leadingZero && (length === 1 || !(integer[1]! & 0x80)))) return undefined;
    const digits = leadingZero ? integer.subarray(1) : integer;
    if (digits.length > 32) return undefined;
    signature.set(digits, end - digits.length);
    at += 2 + length;
  }
  return at === body.length ? { signature, sighashType: der[der.length - 1]! } : undefined;
}
