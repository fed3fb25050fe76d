/** The truth that an Electrum server (protocol 1.4) tells: one plain function a method, reading the index. */
import type { ChainIndex, IndexedBlock, IndexedTx } from './chain-index.ts';
import { scriptHashOf } from './chain-index.ts';
import { ElectrumError } from './electrum-lies.ts';
import { btc, txJson } from './core-json.ts';
import { merkleProof } from './merkle.ts';
import { sha256 } from './raw-tx.ts';
import type { FeeSource } from './fees.ts';

type Params = readonly unknown[];
interface HistoryItem {
  tx_hash: string;
  height: number;
  fee?: number;
}
interface Unspent {
  tx_hash: string;
  tx_pos: number;
  height: number;
  value: number;
}

export const PROTOCOL = '1.4';
export const MAX_HEADERS = 2016;
const SERVER = 'playground 1.0';

const refuse = (message: string, code = 1): never => {
  throw new ElectrumError(message, code);
};
const INVALID_PARAMS = -32602;

export class ElectrumAnswers {
  readonly #index: ChainIndex;
  readonly #fees: FeeSource;

  constructor(index: ChainIndex, fees: FeeSource) {
    this.#index = index;
    this.#fees = fees;
  }

  tip(): { height: number; hex: string } {
    const { height, headerHex } = this.#index.tip;
    return { height, hex: headerHex };
  }

  /** Of the Electrum protocol: null without history, else SHA-256 over "txid:height:" of all of it. */
  statusOf(history: readonly HistoryItem[]): string | null {
    return history.length === 0
      ? null
      : sha256(Buffer.from(history.map((h) => `${h.tx_hash}:${h.height}:`).join(''))).toString('hex');
  }

  status(scriptHash: string): string | null {
    return this.statusOf(this.history(scriptHash));
  }

  history(scriptHash: string): HistoryItem[] {
    const { mined, waiting } = this.#index.historyOf(scriptHash);
    return [
      ...mined.map((txid) => ({ tx_hash: txid, height: this.#index.tx(txid)!.place as number })),
      ...waiting.map((txid) => {
        const { tx } = this.#index.tx(txid)!;
        const height = this.#index.parentsInMempool(tx).length > 0 ? -1 : 0;
        return { tx_hash: txid, height, fee: Number(this.#index.feeSat(tx) ?? 0n) };
      }),
    ];
  }

  unspent(scriptHash: string): Unspent[] {
    return this.#index
      .utxosOf(scriptHash)
      .map((u) => ({
        tx_hash: u.txid,
        tx_pos: u.vout,
        height: u.place === 'mempool' ? 0 : u.place,
        value: Number(u.valueSat),
      }))
      .sort(
        (a, b) => (a.height || Infinity) - (b.height || Infinity) || (a.height === b.height ? a.tx_pos - b.tx_pos : 0),
      );
  }

  /** Confirmed: as if the mempool were not there; unconfirmed: what it adds or takes. */
  balance(scriptHash: string): { confirmed: number; unconfirmed: number } {
    let [confirmed, total] = [0n, 0n];
    const { mined, waiting } = this.#index.historyOf(scriptHash);
    for (const txid of [...mined, ...waiting]) {
      const { tx, place } = this.#index.tx(txid)!;
      let change = 0n;
      for (const o of tx.outputs) if (scriptHashOf(o.scriptHex) === scriptHash) change += o.valueSat;
      for (const i of tx.inputs) {
        const spent = this.#index.output(i.txid, i.vout);
        if (spent && scriptHashOf(spent.scriptHex) === scriptHash) change -= spent.valueSat;
      }
      total += change;
      if (place !== 'mempool') confirmed += change;
    }
    return { confirmed: Number(confirmed), unconfirmed: Number(total - confirmed) };
  }

  /** For a lying server: answers in which what spends from the script is missing. */
  withoutSpends(method: string, [hash]: Params): unknown {
    const spendsFrom = ({ tx }: IndexedTx): boolean =>
      tx.inputs.some((i) => {
        const spent = this.#index.output(i.txid, i.vout);
        return spent !== undefined && scriptHashOf(spent.scriptHex) === hash;
      });
    const shown = (): HistoryItem[] =>
      this.history(String(hash)).filter((h) => !spendsFrom(this.#index.tx(h.tx_hash)!));
    if (method === 'blockchain.scripthash.subscribe') return this.statusOf(shown());
    if (method === 'blockchain.scripthash.get_history') return shown();
    if (method === 'blockchain.scripthash.get_mempool') return shown().filter((h) => h.height <= 0);
    return this.answer(method, [hash]);
  }

  someOtherTx(): string {
    return this.#index.txsOf(this.#index.tip)[0]!.hex;
  }

  answer(method: string, params: Params): unknown {
    const handler = this.#methods[method];
    return handler ? handler(params) : refuse(`unknown method "${method}"`, -32601);
  }

  readonly #methods: Record<string, (params: Params) => unknown> = {
    'server.version': () => [SERVER, PROTOCOL],
    'server.features': () => ({
      genesis_hash: this.#index.block(0)!.hash,
      hash_function: 'sha256',
      hosts: {},
      pruning: null,
      protocol_min: PROTOCOL,
      protocol_max: PROTOCOL,
      server_version: SERVER,
    }),
    'server.banner': () => 'A test network: these coins are worth nothing',
    'server.donation_address': () => '',
    'server.peers.subscribe': () => [],
    'server.ping': () => null,
    'blockchain.headers.subscribe': () => this.tip(),
    'blockchain.block.header': ([height, checkpoint]) => {
      const { headerHex } = this.#block(height);
      return checkpoint
        ? { header: headerHex, ...this.#headerProof(this.#number(height), this.#number(checkpoint)) }
        : headerHex;
    },
    'blockchain.block.headers': ([start, count, checkpoint]) => {
      const first = this.#number(start);
      const found: string[] = [];
      for (let h = first; h < first + Math.min(this.#number(count), MAX_HEADERS) && h <= this.#index.height; h++)
        found.push(this.#index.block(h)!.headerHex);
      const proof =
        checkpoint && found.length > 0 ? this.#headerProof(first + found.length - 1, this.#number(checkpoint)) : {};
      return { hex: found.join(''), count: found.length, max: MAX_HEADERS, ...proof };
    },
    'blockchain.scripthash.subscribe': ([hash]) => this.status(this.#hash(hash)),
    'blockchain.scripthash.get_history': ([hash]) => this.history(this.#hash(hash)),
    'blockchain.scripthash.get_mempool': ([hash]) => this.history(this.#hash(hash)).filter((h) => h.height <= 0),
    'blockchain.scripthash.listunspent': ([hash]) => this.unspent(this.#hash(hash)),
    'blockchain.scripthash.get_balance': ([hash]) => this.balance(this.#hash(hash)),
    'blockchain.transaction.get': ([txid, verbose]) => {
      const found = this.#tx(txid);
      if (!verbose) return found.tx.hex;
      const block = found.place === 'mempool' ? undefined : this.#index.block(found.place);
      return {
        ...txJson(found.tx),
        ...(block ? { blockhash: block.hash, confirmations: this.#index.confirmations(found.place) } : {}),
      };
    },
    'blockchain.transaction.get_merkle': ([txid]) => {
      const { place, tx } = this.#tx(txid);
      if (place === 'mempool') return refuse('transaction is not in a block');
      const { txids } = this.#index.block(place)!;
      const pos = txids.indexOf(tx.txid);
      return { block_height: place, pos, merkle: merkleProof(txids, pos).branch };
    },
    'blockchain.transaction.id_from_pos': ([height, position, withProof]) => {
      const { txids } = this.#block(height);
      const pos = this.#number(position);
      const txid = txids[pos] ?? refuse(`no transaction at position ${pos} of that block`);
      return withProof ? { tx_hash: txid, merkle: merkleProof(txids, pos).branch } : txid;
    },
    'blockchain.estimatefee': ([blocks]) => {
      const rate = this.#fees.estimateSatPerVb(this.#number(blocks));
      return rate === undefined ? -1 : btc(BigInt(Math.round(rate * 1000))); // -1: "cannot say"
    },
    'blockchain.relayfee': () => btc(BigInt(Math.round(this.#fees.relaySatPerVb() * 1000))),
    'mempool.get_fee_histogram': () => this.#histogram(),
  };

  /** Pairs of fee rate and the virtual bytes that pay about that, the highest first. */
  #histogram(): [number, number][] {
    const rows = new Map<number, number>();
    for (const txid of this.#index.mempoolTxids) {
      const { tx } = this.#index.tx(txid)!;
      const rate = Math.floor(Number(this.#index.feeSat(tx) ?? 0n) / tx.vsize);
      rows.set(rate, (rows.get(rate) ?? 0) + tx.vsize);
    }
    return [...rows].sort(([a], [b]) => b - a);
  }

  #headerProof(height: number, checkpoint: number): { branch: readonly string[]; root: string } {
    if (height > checkpoint || checkpoint > this.#index.height)
      return refuse('header height must be <= cp_height, and that <= the tip', INVALID_PARAMS);
    const hashes = Array.from({ length: checkpoint + 1 }, (_, h) => this.#index.block(h)!.hash);
    return merkleProof(hashes, height);
  }

  #number(value: unknown): number {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : refuse(`${JSON.stringify(value)} should be a non-negative integer`, INVALID_PARAMS);
  }

  #hash(value: unknown): string {
    return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
      ? value
      : refuse(`${JSON.stringify(value)} is not a valid script hash`, INVALID_PARAMS);
  }

  #block(height: unknown): IndexedBlock {
    return this.#index.block(this.#number(height)) ?? refuse(`height ${String(height)} out of range`);
  }

  #tx(txid: unknown): IndexedTx {
    if (typeof txid !== 'string' || !/^[0-9a-f]{64}$/i.test(txid))
      return refuse(`${JSON.stringify(txid)} should be a transaction hash`, INVALID_PARAMS);
    return (
      this.#index.tx(txid) ??
      refuse('No such mempool or blockchain transaction. Use gettransaction for wallet transactions.', 2)
    );
  }
}
