/** A transaction as the test network sees it; parsed here and not by core/bitcoin, so that one can find the other's mistakes. */
import { createHash } from 'node:crypto';

export interface TxInput {
  readonly txid: string;
  readonly vout: number;
  readonly scriptSigHex: string;
  readonly sequence: number;
  /** Stack items as hex, bottom first. */
  readonly witness: readonly string[];
}

export interface TxOutput {
  readonly scriptHex: string;
  readonly valueSat: bigint;
}

export interface ChainTx {
  readonly txid: string;
  readonly wtxid: string;
  readonly hex: string;
  readonly version: number;
  readonly locktime: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly weight: number;
  readonly vsize: number;
  /** Bytes with and without witness. */
  readonly size: number;
  readonly baseSize: number;
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
export const doubleSha256 = (bytes: Uint8Array): Buffer => sha256(sha256(bytes));
/** Between the byte order of hashes on the wire and the one in which people read them. */
export const flipHex = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex');
const displayed = (hash: Buffer): string => hash.reverse().toString('hex');

const NULL_TXID = '00'.repeat(32);
export const isCoinbase = (tx: ChainTx): boolean => tx.inputs.length === 1 && tx.inputs[0]!.txid === NULL_TXID;

class Cursor {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new RangeError('transaction is cut short');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  count(): number {
    const first = this.take(1)[0]!;
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.take(2).readUInt16LE();
    if (first === 0xfe) return this.take(4).readUInt32LE();
    return Number(this.take(8).readBigUInt64LE());
  }

  chunk(): string {
    return this.take(this.count()).toString('hex');
  }

  /** Each element is at least one byte, so a huge count ends at the end of the bytes and not in memory. */
  list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.count(); left > 0; left--) items.push(read());
    return items;
  }
}

/** Throws RangeError when `hex` is not exactly one transaction. */
export function parseTx(hex: string): ChainTx {
  if (!/^([0-9a-f]{2})+$/i.test(hex)) throw new RangeError('transaction is not hex');
  const raw = Buffer.from(hex, 'hex');
  const cursor = new Cursor(raw);
  const version = cursor.take(4).readUInt32LE();
  const segwit = raw[4] === 0 && raw[5] === 1;
  if (segwit) cursor.take(2);
  const bodyAt = cursor.at;
  const plain = cursor.list(() => ({
    txid: displayed(Buffer.from(cursor.take(32))),
    vout: cursor.take(4).readUInt32LE(),
    scriptSigHex: cursor.chunk(),
    sequence: cursor.take(4).readUInt32LE(),
  }));
  const outputs = cursor.list(() => ({ valueSat: cursor.take(8).readBigUInt64LE(), scriptHex: cursor.chunk() }));
  const bodyEnd = cursor.at;
  const witnesses = plain.map(() => (segwit ? cursor.list(() => cursor.chunk()) : []));
  const locktimeBytes = cursor.take(4);
  if (cursor.at !== raw.length) throw new RangeError('bytes after the transaction');
  if (plain.length === 0) throw new RangeError('transaction has no inputs');
  const base = segwit ? Buffer.concat([raw.subarray(0, 4), raw.subarray(bodyAt, bodyEnd), locktimeBytes]) : raw;
  const weight = base.length * 3 + raw.length;
  return {
    txid: displayed(doubleSha256(base)),
    wtxid: displayed(doubleSha256(raw)),
    hex: hex.toLowerCase(),
    version,
    locktime: locktimeBytes.readUInt32LE(),
    inputs: plain.map((input, i) => ({ ...input, witness: witnesses[i]! })),
    outputs,
    weight,
    vsize: Math.ceil(weight / 4),
    size: raw.length,
    baseSize: base.length,
  };
}

/** Undefined instead of an error, for bytes that a client sent. */
export function tryParseTx(hex: unknown): ChainTx | undefined {
  try {
    return typeof hex === 'string' ? parseTx(hex) : undefined;
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
}

export function compactSize(n: number): Buffer {
  const out = Buffer.alloc(n < 0xfd ? 1 : n <= 0xffff ? 3 : 5);
  if (n < 0xfd) out.writeUInt8(n);
  else if (n <= 0xffff) {
    out.writeUInt8(0xfd);
    out.writeUInt16LE(n, 1);
  } else {
    out.writeUInt8(0xfe);
    out.writeUInt32LE(n, 1);
  }
  return out;
}

const sized = (hex: string): Buffer => Buffer.concat([compactSize(hex.length / 2), Buffer.from(hex, 'hex')]);
const u32 = (n: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(n >>> 0);
  return b;
};
const u64 = (n: bigint): Buffer => {
  const b = Buffer.alloc(8);
  b.writeBigUInt64LE(n);
  return b;
};

export interface TxDraft {
  readonly version?: number;
  readonly locktime?: number;
  readonly inputs: readonly {
    txid: string;
    vout: number;
    sequence?: number;
    scriptSigHex?: string;
    witness?: readonly string[];
  }[];
  readonly outputs: readonly TxOutput[];
}

/** The wire form as hex; version 2, final sequences and no locktime unless given. */
export function serializeTx({ version = 2, locktime = 0, inputs, outputs }: TxDraft): string {
  const segwit = inputs.some((i) => (i.witness?.length ?? 0) > 0);
  return Buffer.concat([
    u32(version),
    ...(segwit ? [Buffer.from([0, 1])] : []),
    compactSize(inputs.length),
    ...inputs.flatMap((i) => [
      Buffer.from(i.txid, 'hex').reverse(),
      u32(i.vout),
      sized(i.scriptSigHex ?? ''),
      u32(i.sequence ?? 0xffff_ffff),
    ]),
    compactSize(outputs.length),
    ...outputs.flatMap((o) => [u64(o.valueSat), sized(o.scriptHex)]),
    ...(segwit ? inputs.flatMap((i) => [compactSize(i.witness?.length ?? 0), ...(i.witness ?? []).map(sized)]) : []),
    u32(locktime),
  ]).toString('hex');
}
