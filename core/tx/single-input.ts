import type { Sat } from '../lib/units.ts';
import { type OutPoint, txidBytes, type TxOutput } from '../bitcoin/transaction.ts';
import { hash256 } from '../crypto/hash.ts';
import { compactSizeLength } from './weights.ts';

/**
 * A version 2 transaction with one input and an empty scriptSig, in pieces that are serialized once: commitment, HTLC and
 * closing transactions are such. `core/bitcoin` has the general form; this one is for the hot path.
 */
export interface SingleInputTx {
  /** Transaction id in wire order and index, 36 bytes. */
  readonly outPointBytes: Uint8Array;
  readonly sequence: number;
  readonly outputCount: number;
  readonly outputBytes: Uint8Array;
  readonly locktime: number;
}

export function outPointBytes(idBytes: Uint8Array, vout: number): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set(idBytes);
  new DataView(bytes.buffer).setUint32(32, vout, true);
  return bytes;
}

export const outPointToBytes = (outPoint: OutPoint): Uint8Array =>
  outPointBytes(txidBytes(outPoint.txid), outPoint.vout);

/** Amount, length and script of each; scripts under 253 bytes, as all that Lightning pays to are. */
export function serializeOutputs(outputs: readonly TxOutput[]): Uint8Array {
  let length = 0;
  for (const { script } of outputs) length += 9 + script.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { amountSat, script } of outputs) {
    if (script.length >= 0xfd) throw new RangeError(`output script of ${script.length} bytes`);
    view.setBigUint64(at, amountSat, true);
    bytes[at + 8] = script.length;
    bytes.set(script, at + 9);
    at += 9 + script.length;
  }
  return bytes;
}

/** Transaction id in wire order. */
export function txidBytesOf(tx: SingleInputTx): Uint8Array {
  const countLength = compactSizeLength(tx.outputCount);
  const bytes = new Uint8Array(4 + 1 + 41 + countLength + tx.outputBytes.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 2, true);
  bytes[4] = 1;
  bytes.set(tx.outPointBytes, 5);
  view.setUint32(42, tx.sequence, true);
  if (countLength === 1) bytes[46] = tx.outputCount;
  else {
    bytes[46] = 0xfd;
    view.setUint16(47, tx.outputCount, true);
  }
  bytes.set(tx.outputBytes, 46 + countLength);
  view.setUint32(bytes.length - 4, tx.locktime, true);
  return hash256(bytes);
}

export interface SpentOutput {
  readonly witnessScript: Uint8Array;
  readonly amountSat: Sat;
}

const ANYONECANPAY = 0x80;

function hashOfSequence(sequence: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, sequence, true);
  return hash256(bytes);
}

/**
 * BIP 143 for SIGHASH_ALL, or for SINGLE|ANYONECANPAY when there is one output: then both hash the same outputs. The
 * witness script is under 253 bytes.
 */
export function singleInputSighash(
  tx: SingleInputTx,
  { witnessScript, amountSat }: SpentOutput,
  sighashType: number,
): Uint8Array {
  const scriptEnd = 105 + witnessScript.length;
  const bytes = new Uint8Array(scriptEnd + 52);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 2, true);
  if ((sighashType & ANYONECANPAY) === 0) {
    bytes.set(hash256(tx.outPointBytes), 4);
    bytes.set(hashOfSequence(tx.sequence), 36);
  }
  bytes.set(tx.outPointBytes, 68);
  bytes[104] = witnessScript.length;
  bytes.set(witnessScript, 105);
  view.setBigUint64(scriptEnd, amountSat, true);
  view.setUint32(scriptEnd + 8, tx.sequence, true);
  bytes.set(hash256(tx.outputBytes), scriptEnd + 12);
  view.setUint32(scriptEnd + 44, tx.locktime, true);
  view.setUint32(scriptEnd + 48, sighashType, true);
  return hash256(bytes);
}
