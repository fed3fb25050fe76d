import { fromHex, reversed, toHex } from '../lib/bytes.ts';
import { type Sat, sat } from '../lib/units.ts';
import { DecodeError, Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import { hash256 } from '../crypto/hash.ts';

/** A transaction output by the display form of its transaction id (reversed hex) and its index. */
export interface OutPoint {
  readonly txid: string;
  readonly vout: number;
}
export interface TxInput extends OutPoint {
  readonly scriptSig: Uint8Array;
  readonly sequence: number;
  readonly witness: readonly Uint8Array[];
}
export interface TxOutput {
  readonly amountSat: Sat;
  readonly script: Uint8Array;
}
export interface Tx {
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly locktime: number;
}

export const outPointKey = ({ txid, vout }: OutPoint): string => `${txid}:${vout}`;
export const sameOutPoint = (a: OutPoint, b: OutPoint): boolean => a.txid === b.txid && a.vout === b.vout;
export const unsignedInput = (outPoint: OutPoint, sequence: number): TxInput => ({
  txid: outPoint.txid, vout: outPoint.vout, sequence, scriptSig: new Uint8Array(0), witness: [],
}); // prettier-ignore

export const withWitness = (tx: Tx, inputIndex: number, witness: readonly Uint8Array[]): Tx => ({
  ...tx,
  inputs: tx.inputs.map((input, i) => (i === inputIndex ? { ...input, witness } : input)),
});

/** Transaction id bytes in wire order. */
export const txidBytes = (txid: string): Uint8Array => reversed(fromHex(txid));
export const txidFromBytes = (bytes: Uint8Array): string => toHex(reversed(bytes));

export function writeCompactSize(w: Writer, size: number): void {
  if (size < 0xfd) w.u8(size);
  else if (size <= 0xffff) (w.u8(0xfd), w.u8(size & 0xff), w.u8(size >> 8));
  else (w.u8(0xfe), w.u32le(size));
}

/** Bitcoin's variable-length integer; canonical form only, at most `max`. */
export function readCompactSize(r: Reader, max: number): number {
  const first = r.u8();
  const [size, least] =
    first < 0xfd ? [BigInt(first), 0n] : first === 0xfd ? [BigInt(r.u8() + r.u8() * 256), 0xfdn]
    : first === 0xfe ? [BigInt(r.u32le()), 0x1_0000n] : [r.u64le(), 0x1_0000_0000n]; // prettier-ignore
  if (size < least) throw new DecodeError('compact size is not canonical');
  if (size > BigInt(max)) throw new DecodeError(`compact size ${size} exceeds ${max}`);
  return Number(size);
}

const writeVarBytes = (w: Writer, bytes: Uint8Array): void => {
  writeCompactSize(w, bytes.length);
  w.bytes(bytes);
};
const readVarBytes = (r: Reader): Uint8Array => r.bytes(readCompactSize(r, r.left)).slice();

function writeTx(w: Writer, tx: Tx, withWitnesses: boolean): void {
  w.u32le(tx.version >>> 0);
  if (withWitnesses) w.bytes(Uint8Array.of(0, 1));
  writeCompactSize(w, tx.inputs.length);
  for (const input of tx.inputs) {
    w.bytes(txidBytes(input.txid));
    w.u32le(input.vout);
    writeVarBytes(w, input.scriptSig);
    w.u32le(input.sequence);
  }
  writeCompactSize(w, tx.outputs.length);
  for (const output of tx.outputs) {
    w.u64le(output.amountSat);
    writeVarBytes(w, output.script);
  }
  if (withWitnesses) {
    for (const input of tx.inputs) {
      writeCompactSize(w, input.witness.length);
      for (const item of input.witness) writeVarBytes(w, item);
    }
  }
  w.u32le(tx.locktime);
}

const hasWitness = (tx: Tx): boolean => tx.inputs.some((input) => input.witness.length > 0);

function serialized(tx: Tx, withWitnesses: boolean): Uint8Array {
  const w = new Writer();
  writeTx(w, tx, withWitnesses);
  return w.finish();
}

/** Network form, with witnesses when there are any (BIP 144). */
export const encodeTx = (tx: Tx): Uint8Array => serialized(tx, hasWitness(tx));
export const txHex = (tx: Tx): string => toHex(encodeTx(tx));
export const txid = (tx: Tx): string => txidFromBytes(hash256(serialized(tx, false)));

/** BIP 141 weight. */
export function txWeight(tx: Tx): number {
  const stripped = serialized(tx, false).length;
  return hasWitness(tx) ? stripped * 3 + encodeTx(tx).length : stripped * 4;
}
export const virtualSize = (tx: Tx): number => Math.ceil(txWeight(tx) / 4);

/** Reads one transaction and leaves the reader behind it; throws DecodeError. */
export function readTx(r: Reader): Tx {
  const version = r.u32le() | 0;
  let inputCount = readCompactSize(r, r.left);
  const segwit = inputCount === 0;
  if (segwit) {
    if (r.u8() !== 1) throw new DecodeError('unknown transaction flag');
    inputCount = readCompactSize(r, r.left);
  }
  const bare: Omit<TxInput, 'witness'>[] = [];
  for (let i = 0; i < inputCount; i++) {
    bare.push({ txid: txidFromBytes(r.bytes(32)), vout: r.u32le(), scriptSig: readVarBytes(r), sequence: r.u32le() });
  }
  const outputCount = readCompactSize(r, r.left);
  const outputs: TxOutput[] = [];
  for (let i = 0; i < outputCount; i++) outputs.push({ amountSat: sat(r.u64le()), script: readVarBytes(r) });
  const inputs = bare.map((input) => ({ ...input, witness: segwit ? readWitness(r) : [] }));
  if (segwit && !inputs.some((input) => input.witness.length > 0)) throw new DecodeError('superfluous witness flag');
  return { version, inputs, outputs, locktime: r.u32le() };
}

function readWitness(r: Reader): Uint8Array[] {
  const count = readCompactSize(r, r.left);
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i++) items.push(readVarBytes(r));
  return items;
}

/** Throws DecodeError; what is left over is an error. */
export function decodeTx(bytes: Uint8Array): Tx {
  const r = new Reader(bytes);
  const tx = readTx(r);
  r.end();
  return tx;
}

/** Witness version of the transaction hash, which commits to signatures too. */
export const wtxid = (tx: Tx): string => txidFromBytes(hash256(encodeTx(tx)));

/** Total that leaves in outputs. */
export const outputSumSat = (tx: Tx): Sat => sat(tx.outputs.reduce((sum, output) => sum + output.amountSat, 0n));

export const emptyBytes = new Uint8Array(0);
