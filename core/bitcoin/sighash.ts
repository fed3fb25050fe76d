import type { Sat } from '../lib/units.ts';
import { Writer } from '../codec/writer.ts';
import { hash256 } from '../crypto/hash.ts';
import { type Tx, txidBytes, writeCompactSize } from './transaction.ts';

export const SIGHASH_ALL = 0x01;
/** What `option_anchors` HTLC transactions are signed with, so that inputs and outputs may be added (BOLT 3). */
export const SIGHASH_SINGLE_ANYONECANPAY = 0x83;

const ZERO = new Uint8Array(32);

function hashed(write: (w: Writer) => void): Uint8Array {
  const w = new Writer();
  write(w);
  return hash256(w.finish());
}

/** The 32-byte hash that a segwit v0 input signs (BIP 143); `amountSat` and `scriptCode` are those of the spent output. */
export function sighashV0(tx: Tx, inputIndex: number, scriptCode: Uint8Array, amountSat: Sat, sighashType: number): Uint8Array {
  const input = tx.inputs[inputIndex];
  if (!input) throw new RangeError(`no input ${inputIndex}`);
  const anyoneCanPay = (sighashType & 0x80) !== 0;
  const base = sighashType & 0x1f;
  const single = base === 3;
  const ownOutput = tx.outputs[inputIndex];
  return hashed((w) => {
    w.u32le(tx.version >>> 0);
    w.bytes(anyoneCanPay ? ZERO : hashed((p) => tx.inputs.forEach((i) => (p.bytes(txidBytes(i.txid)), p.u32le(i.vout)))));
    w.bytes(anyoneCanPay || base !== 1 ? ZERO : hashed((s) => tx.inputs.forEach((i) => s.u32le(i.sequence))));
    w.bytes(txidBytes(input.txid));
    w.u32le(input.vout);
    writeCompactSize(w, scriptCode.length);
    w.bytes(scriptCode);
    w.u64le(amountSat);
    w.u32le(input.sequence);
    const outputs = base === 1 ? tx.outputs : single && ownOutput ? [ownOutput] : [];
    w.bytes(
      outputs.length === 0 && base !== 1
        ? ZERO
        : hashed((o) => {
            for (const output of outputs) {
              o.u64le(output.amountSat);
              writeCompactSize(o, output.script.length);
              o.bytes(output.script);
            }
          }),
    );
    w.u32le(tx.locktime);
    w.u32le(sighashType);
  });
}
