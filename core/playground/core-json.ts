/** Blocks and transactions as Bitcoin Core's JSON shows them. */
import { addressOf } from './regtest-address.ts';
import { isCoinbase, type ChainTx } from './raw-tx.ts';
import { scriptTypeOf } from './standard.ts';

// Node 24 has it, TypeScript's library does not yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** Satoshi as a JSON number with Core's eight decimals: 1e-7 would be valid JSON, but Core never writes it so. */
export const btc = (sat: bigint): object => {
  const digits = (sat < 0n ? -sat : sat).toString().padStart(9, '0');
  return rawJSON(`${sat < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`);
};

export const feerateJson = (satPerVb: number): object => btc(BigInt(Math.round(satPerVb * 1000)));

export function scriptJson(scriptHex: string): Record<string, unknown> {
  const address = addressOf(scriptHex);
  return { hex: scriptHex, ...(address === undefined ? {} : { address }), type: scriptTypeOf(scriptHex) };
}

export interface TxJsonExtra {
  readonly feeSat?: bigint | undefined;
  /** Of every input, for verbosity 3. */
  readonly prevout?: (txid: string, vout: number) => object | undefined;
}

export function txJson(tx: ChainTx, { feeSat, prevout }: TxJsonExtra = {}): Record<string, unknown> {
  return {
    txid: tx.txid,
    hash: tx.wtxid,
    version: tx.version,
    size: tx.size,
    vsize: tx.vsize,
    weight: tx.weight,
    locktime: tx.locktime,
    vin: tx.inputs.map((i) => {
      const witness = i.witness.length > 0 ? { txinwitness: i.witness } : {};
      if (isCoinbase(tx)) return { coinbase: i.scriptSigHex, ...witness, sequence: i.sequence };
      const spent = prevout?.(i.txid, i.vout);
      return {
        txid: i.txid,
        vout: i.vout,
        scriptSig: { hex: i.scriptSigHex },
        ...witness,
        ...(spent ? { prevout: spent } : {}),
        sequence: i.sequence,
      };
    }),
    vout: tx.outputs.map((o, n) => ({ value: btc(o.valueSat), n, scriptPubKey: scriptJson(o.scriptHex) })),
    ...(feeSat === undefined ? {} : { fee: btc(feeSat) }),
    hex: tx.hex,
  };
}

export interface Header {
  version: number;
  previousHash: string;
  merkleRoot: string;
  time: number;
  bits: number;
  nonce: number;
}

export function headerOf(headerHex: string): Header {
  const raw = Buffer.from(headerHex, 'hex');
  const hash = (at: number): string =>
    Buffer.from(raw.subarray(at, at + 32))
      .reverse()
      .toString('hex');
  return {
    version: raw.readInt32LE(0),
    previousHash: hash(4),
    merkleRoot: hash(36),
    time: raw.readUInt32LE(68),
    bits: raw.readUInt32LE(72),
    nonce: raw.readUInt32LE(76),
  };
}
