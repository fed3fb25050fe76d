import { concat } from '../lib/bytes.ts';
import { hash160, sha256 } from '../crypto/hash.ts';

/** The opcodes that Lightning's scripts use (BOLT 3). */
export const OP = {
  0: 0x00, PUSHDATA1: 0x4c, PUSHDATA2: 0x4d, '1NEGATE': 0x4f, 1: 0x51, 2: 0x52, 16: 0x60, IF: 0x63, NOTIF: 0x64, ELSE: 0x67,
  ENDIF: 0x68, RETURN: 0x6a, DROP: 0x75, DUP: 0x76, SWAP: 0x7c, SIZE: 0x82, EQUAL: 0x87, EQUALVERIFY: 0x88, IFDUP: 0x73,
  HASH160: 0xa9, CHECKSIG: 0xac, CHECKSIGVERIFY: 0xad, CHECKMULTISIG: 0xae, CHECKLOCKTIMEVERIFY: 0xb1, CHECKSEQUENCEVERIFY: 0xb2,
} as const; // prettier-ignore

export type OpName = keyof typeof OP;
/** An opcode by name, data to push, or a number to push minimally. */
export type ScriptItem = OpName | Uint8Array | { readonly number: number };

export function push(data: Uint8Array): Uint8Array {
  if (data.length === 0) return Uint8Array.of(OP[0]);
  if (data.length === 1 && data[0]! >= 1 && data[0]! <= 16) return Uint8Array.of(0x50 + data[0]!);
  if (data.length === 1 && data[0] === 0x81) return Uint8Array.of(OP['1NEGATE']);
  if (data.length < OP.PUSHDATA1) return concat(Uint8Array.of(data.length), data);
  if (data.length <= 0xff) return concat(Uint8Array.of(OP.PUSHDATA1, data.length), data);
  if (data.length <= 0xffff) return concat(Uint8Array.of(OP.PUSHDATA2, data.length & 0xff, data.length >> 8), data);
  throw new RangeError(`cannot push ${data.length} bytes`);
}

/** A script number: little-endian, sign bit in the top byte, shortest form. */
export function scriptNumber(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  if (bytes.length > 0 && bytes[bytes.length - 1]! & 0x80) bytes.push(value < 0 ? 0x80 : 0);
  else if (value < 0) bytes[bytes.length - 1]! |= 0x80;
  return Uint8Array.from(bytes);
}

export const script = (...items: readonly ScriptItem[]): Uint8Array =>
  concat(
    ...items.map((item) => {
      if (item instanceof Uint8Array) return push(item);
      if (typeof item === 'object') return push(scriptNumber(item.number));
      return Uint8Array.of(OP[item]);
    }),
  );

export const p2wsh = (witnessScript: Uint8Array): Uint8Array => concat(Uint8Array.of(OP[0], 32), sha256(witnessScript));
export const p2wpkh = (publicKey: Uint8Array): Uint8Array => concat(Uint8Array.of(OP[0], 20), hash160(publicKey));
/** The script code that signs a P2WPKH input (BIP 143). */
export const p2wpkhScriptCode = (publicKey: Uint8Array): Uint8Array =>
  script('DUP', 'HASH160', hash160(publicKey), 'EQUALVERIFY', 'CHECKSIG');

/** Segwit version and program of an output script; undefined for anything else (BIP 141). */
export function witnessProgram(scriptPubKey: Uint8Array): { readonly version: number; readonly program: Uint8Array } | undefined {
  const [opcode, length] = scriptPubKey;
  if (opcode === undefined || length === undefined || length < 2 || length > 40 || scriptPubKey.length !== length + 2) return undefined;
  if (opcode !== 0 && (opcode < 0x51 || opcode > 0x60)) return undefined;
  return { version: opcode === 0 ? 0 : opcode - 0x50, program: scriptPubKey.subarray(2) };
}

const isPayToAnchor = ({ version, program }: { readonly version: number; readonly program: Uint8Array }): boolean =>
  version === 1 && program.length === 2 && program[0] === 0x4e && program[1] === 0x73;

/** Smallest output that Bitcoin Core relays for a script (BOLT 3, "Dust Limits"). */
export function dustLimitSat(scriptPubKey: Uint8Array): bigint {
  if (scriptPubKey[0] === OP.RETURN) return 0n;
  const witness = witnessProgram(scriptPubKey);
  if (!witness) return scriptPubKey.length === 23 ? 540n : 546n;
  if (witness.version === 0) return witness.program.length === 20 ? 294n : 330n;
  if (isPayToAnchor(witness)) return 240n;
  return 354n;
}
