import type { Sat } from '../lib/units.ts';
import { Writer } from '../codec/writer.ts';
import { hash256 } from '../crypto/hash.ts';
import { type Tx, type TxOutput, txidBytes, writeCompactSize } from './transaction.ts';

export const SIGHASH_ALL = 0x01;
/** What `option_anchors` HTLC transactions are signed with, so that inputs and outputs may be added (BOLT 3). */
export const SIGHASH_SINGLE_ANYONECANPAY = 0x83;

const ZERO = new Uint8Array(32);

function hashed(write: (w: Writer) => void): Uint8Array {
  const w = new Writer();
  write(w);
  return hash256(w.finish());
}

interface SharedHashes {
  readonly prevouts: Uint8Array;
  readonly sequences: Uint8Array;
  readonly outputs: Uint8Array;
}

// Without it a transaction of n inputs would hash all of them n times.
const sharedHashes = new WeakMap<Tx, SharedHashes>();

const outputsHash = (outputs: readonly TxOutput[]): Uint8Array =>
  hashed((w) => {
    for (const output of outputs) {
      w.u64le(output.amountSat);
      writeCompactSize(w, output.script.length);
      w.bytes(output.script);
    }
  });

function sharedHashesOf(tx: Tx): SharedHashes {
  const known = sharedHashes.get(tx);
  if (known) return known;
  const hashes = {
    prevouts: hashed((w) => tx.inputs.forEach((i) => (w.bytes(txidBytes(i.txid)), w.u32le(i.vout)))),
    sequences: hashed((w) => tx.inputs.forEach((i) => w.u32le(i.sequence))),
    outputs: outputsHash(tx.outputs),
  };
  sharedHashes.set(tx, hashes);
  return hashes;
}

/** The 32-byte hash that a segwit v0 input signs (BIP 143); `amountSat` and `scriptCode` are those of the spent output. */
export function sighashV0(
  tx: Tx,
  inputIndex: number,
  scriptCode: Uint8Array,
  amountSat: Sat,
  sighashType: number,
): Uint8Array {
  const input = tx.inputs[inputIndex];
  if (!input) throw new RangeError(`no input ${inputIndex}`);
  const anyoneCanPay = (sighashType & 0x80) !== 0;
  const base = sighashType & 0x1f;
  const single = base === 3;
  const none = base === 2;
  const ownOutput = tx.outputs[inputIndex];
  const outputs = single ? (ownOutput ? outputsHash([ownOutput]) : ZERO) : none ? ZERO : sharedHashesOf(tx).outputs;
  return hashed((w) => {
    w.u32le(tx.version >>> 0);
    w.bytes(anyoneCanPay ? ZERO : sharedHashesOf(tx).prevouts);
    w.bytes(anyoneCanPay || single || none ? ZERO : sharedHashesOf(tx).sequences);
    w.bytes(txidBytes(input.txid));
    w.u32le(input.vout);
    writeCompactSize(w, scriptCode.length);
    w.bytes(scriptCode);
    w.u64le(amountSat);
    w.u32le(input.sequence);
    w.bytes(outputs);
    w.u32le(tx.locktime);
    w.u32le(sighashType);
  });
}
