/** Everything the servers are asked about the chain, kept up to date step by step; reads are plain and synchronous. */
import { EventEmitter } from 'node:events';
import type { ChainBlock, ChainStep } from './chain-types.ts';
import { isCoinbase, sha256, type ChainTx, type TxOutput } from './raw-tx.ts';

export interface IndexedBlock {
  readonly height: number;
  readonly hash: string;
  readonly headerHex: string;
  readonly txids: readonly string[];
}
export interface IndexedTx {
  readonly tx: ChainTx;
  readonly place: Place;
  readonly scriptHashes: readonly string[];
}
/** A height, or the mempool. */
export type Place = number | 'mempool';
export interface Utxo extends TxOutput {
  readonly txid: string;
  readonly vout: number;
  readonly place: Place;
  readonly coinbase: boolean;
}

interface ScriptEntry {
  readonly mined: string[];
  readonly waiting: Set<string>;
  readonly unspent: Set<string>;
}
interface Entry {
  tx: ChainTx;
  place: Place;
  readonly scriptHashes: readonly string[];
}

/** Script hash of the Electrum protocol: SHA-256 of the script, read backwards. */
export const scriptHashOf = (scriptHex: string): string =>
  sha256(Buffer.from(scriptHex, 'hex')).reverse().toString('hex');
const outpointOf = (txid: string, vout: number): string => `${txid}:${vout}`;

/** Event `changed`: after each batch of steps, with the script hashes whose history may differ from before. */
export class ChainIndex extends EventEmitter<{ changed: [touched: ReadonlySet<string>] }> {
  readonly #blocks: IndexedBlock[] = [];
  readonly #heights = new Map<string, number>();
  readonly #txs = new Map<string, Entry>();
  readonly #scripts = new Map<string, ScriptEntry>();
  readonly #spenders = new Map<string, string>();
  readonly #mempool = new Set<string>();
  #touched = new Set<string>();

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  /** Takes the whole batch before anybody is told, so nobody sees a half-connected block. */
  apply(steps: readonly ChainStep[]): void {
    if (steps.length === 0) return;
    this.#touched = new Set();
    for (const step of steps) {
      if (step.kind === 'block') this.#connect(step.block);
      else if (step.kind === 'unblock') this.#disconnect(step.block);
      else if (step.kind === 'enter') this.#put(step.tx, 'mempool');
      else if (this.#txs.get(step.txid)?.place === 'mempool') this.#drop(step.txid);
    }
    this.emit('changed', this.#touched);
  }

  get height(): number {
    return this.#blocks.length - 1;
  }
  get tip(): IndexedBlock {
    return this.#blocks.at(-1)!;
  }
  get mempoolTxids(): string[] {
    return [...this.#mempool];
  }
  block(height: number): IndexedBlock | undefined {
    return this.#blocks[height];
  }
  heightOf(blockHash: string): number | undefined {
    return this.#heights.get(blockHash);
  }
  tx(txid: string): IndexedTx | undefined {
    return this.#txs.get(txid);
  }
  txsOf(block: IndexedBlock): ChainTx[] {
    return block.txids.map((txid) => this.#txs.get(txid)!.tx);
  }
  /** The transaction, confirmed or not, that spends this output. */
  spenderOf(txid: string, vout: number): string | undefined {
    return this.#spenders.get(outpointOf(txid, vout));
  }
  output(txid: string, vout: number): TxOutput | undefined {
    return this.#txs.get(txid)?.tx.outputs[vout];
  }

  confirmations(place: Place): number {
    return place === 'mempool' ? 0 : this.height - place + 1;
  }

  /** Undefined when an input is unknown here, and for coinbases. */
  feeSat(tx: ChainTx): bigint | undefined {
    let sum = 0n;
    for (const { txid, vout } of tx.inputs) {
      const spent = this.output(txid, vout);
      if (!spent) return undefined;
      sum += spent.valueSat;
    }
    return sum - tx.outputs.reduce((total, o) => total + o.valueSat, 0n);
  }

  parentsInMempool(tx: ChainTx): string[] {
    return [...new Set(tx.inputs.map((i) => i.txid))].filter((txid) => this.#mempool.has(txid));
  }

  /** Confirmed ones in the chain's order, then those of the mempool. */
  historyOf(scriptHash: string): { readonly mined: readonly string[]; readonly waiting: readonly string[] } {
    const entry = this.#scripts.get(scriptHash);
    return { mined: entry?.mined ?? [], waiting: entry ? [...entry.waiting] : [] };
  }

  /** Not spent, not even in the mempool; includes outputs of the mempool. */
  utxosOf(scriptHash: string): Utxo[] {
    return [...(this.#scripts.get(scriptHash)?.unspent ?? [])].map((outpoint) => {
      const [txid, vout] = [outpoint.slice(0, 64), Number(outpoint.slice(65))];
      const { tx, place } = this.#txs.get(txid)!;
      return { txid, vout, place, coinbase: isCoinbase(tx), ...tx.outputs[vout]! };
    });
  }

  #connect(block: ChainBlock): void {
    if (block.height !== this.#blocks.length) throw new Error(`block ${block.height} does not follow ${this.height}`);
    const { height, hash, headerHex } = block;
    this.#blocks.push({ height, hash, headerHex, txids: block.txs.map((tx) => tx.txid) });
    this.#heights.set(hash, height);
    for (const tx of block.txs) this.#put(tx, height);
  }

  #disconnect(block: ChainBlock): void {
    if (this.tip.hash !== block.hash) throw new Error(`${block.hash} is not the tip`);
    this.#blocks.pop();
    this.#heights.delete(block.hash);
    // A transaction that was put back into the mempool before this step stays there.
    for (const tx of block.txs.toReversed()) if (this.#txs.get(tx.txid)?.place === block.height) this.#drop(tx.txid);
  }

  #put(tx: ChainTx, place: Place): void {
    const known = this.#txs.get(tx.txid);
    if (known) this.#unlist(known);
    const entry = known ?? this.#enter(tx, place);
    entry.place = place;
    entry.tx = tx; // its witness may be another than that of the one known before
    if (place === 'mempool') this.#mempool.add(tx.txid);
    for (const hash of entry.scriptHashes) {
      const script = this.#script(hash);
      if (place === 'mempool') script.waiting.add(tx.txid);
      else script.mined.push(tx.txid);
      this.#touched.add(hash);
    }
    // An unconfirmed child shows in its histories whether its parents are confirmed.
    this.#touchChildren(tx);
  }

  #enter(tx: ChainTx, place: Place): Entry {
    const scripts = new Set(tx.outputs.map((o) => scriptHashOf(o.scriptHex)));
    for (const { txid, vout } of tx.inputs) {
      const spent = this.output(txid, vout);
      if (!spent) continue;
      const hash = scriptHashOf(spent.scriptHex);
      scripts.add(hash);
      this.#spenders.set(outpointOf(txid, vout), tx.txid);
      this.#script(hash).unspent.delete(outpointOf(txid, vout));
    }
    const entry: Entry = { tx, place, scriptHashes: [...scripts] };
    this.#txs.set(tx.txid, entry);
    tx.outputs.forEach((o, vout) => {
      const outpoint = outpointOf(tx.txid, vout);
      // The output of the first block of all can never be spent. And a child may be here already: its parent
      // left the mempool a step ago and comes back by a block.
      if (place !== 0 && !this.#spenders.has(outpoint)) this.#script(scriptHashOf(o.scriptHex)).unspent.add(outpoint);
    });
    return entry;
  }

  #drop(txid: string): void {
    const entry = this.#txs.get(txid);
    if (!entry) return;
    this.#unlist(entry);
    this.#txs.delete(txid);
    entry.tx.outputs.forEach((o, vout) =>
      this.#script(scriptHashOf(o.scriptHex)).unspent.delete(outpointOf(txid, vout)),
    );
    for (const input of entry.tx.inputs) {
      const outpoint = outpointOf(input.txid, input.vout);
      if (this.#spenders.get(outpoint) !== txid) continue;
      this.#spenders.delete(outpoint);
      const spent = this.output(input.txid, input.vout);
      if (spent) this.#script(scriptHashOf(spent.scriptHex)).unspent.add(outpoint);
    }
    for (const hash of entry.scriptHashes) this.#touched.add(hash);
  }

  #unlist(entry: Entry): void {
    this.#mempool.delete(entry.tx.txid);
    for (const hash of entry.scriptHashes) {
      const script = this.#script(hash);
      script.waiting.delete(entry.tx.txid);
      if (entry.place === 'mempool') continue;
      const at = script.mined.lastIndexOf(entry.tx.txid);
      if (at >= 0) script.mined.splice(at, 1);
    }
  }

  #touchChildren(tx: ChainTx): void {
    tx.outputs.forEach((_, vout) => {
      const child = this.#txs.get(this.#spenders.get(outpointOf(tx.txid, vout)) ?? '');
      if (child?.place === 'mempool') for (const hash of child.scriptHashes) this.#touched.add(hash);
    });
  }

  #script(hash: string): ScriptEntry {
    let entry = this.#scripts.get(hash);
    if (!entry) this.#scripts.set(hash, (entry = { mined: [], waiting: new Set(), unspent: new Set() }));
    return entry;
  }
}
