import { type OutPoint, type Tx, type TxOutput, decodeTx, outPointKey, sameOutPoint, txWeight, txid, unsignedInput } from '../../core/bitcoin/transaction.ts';
import type { ChainListener, ChainSource, ChainTip, PublishResult, ScriptHistory } from '../../core/chain/port.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../core/lib/bytes.ts';
import { sat } from '../../core/lib/units.ts';

interface Placed {
  readonly tx: Tx;
  height: number | undefined;
  txIndex: number | undefined;
}

/** What one node sees the chain through; `tell` hands the listener's calls to whoever decides when they happen. */
export interface FakeSource extends ChainSource {
  readonly tipChanged: () => void;
  readonly touched: (scripts: ReadonlySet<string>) => void;
}

/** A chain without proof of work and scripts: mempool, replacement, locks, blocks, histories by script. Nothing is random. */
export class FakeChain {
  height = 200;
  /** sat/vB of every target; undefined: no estimate. */
  feerate: number | undefined = 5;
  readonly #txs = new Map<string, Placed>();
  readonly #spenders = new Map<string, string>();
  readonly #byScript = new Map<string, Set<string>>();
  readonly #sources = new Set<FakeSource>();
  #made = 0;

  /** The same chain, without listeners, to go on from twice. */
  copy(): FakeChain {
    const twin = new FakeChain();
    twin.height = this.height;
    twin.feerate = this.feerate;
    twin.#made = this.#made;
    for (const { tx, height, txIndex } of this.#txs.values()) twin.#add(tx, height, txIndex);
    return twin;
  }

  get tip(): ChainTip {
    return { height: this.height, hash: toHex(sha256(utf8(`block ${this.height}`))), timeSeconds: 1_700_000_000 + this.height * 600 };
  }

  isSpent(outPoint: OutPoint): boolean {
    return [...this.#txs.values()].some(({ tx }) => tx.inputs.some((input) => sameOutPoint(input, outPoint)));
  }

  all(): readonly { readonly txid: string; readonly tx: Tx; readonly height: number | undefined }[] {
    return [...this.#txs].map(([id, { tx, height }]) => ({ txid: id, tx, height }));
  }
  has(id: string): boolean {
    return this.#txs.has(id);
  }
  spenderOf(outPoint: { readonly txid: string; readonly vout: number }): string | undefined {
    return this.#spenders.get(outPointKey(outPoint));
  }
  mempoolCount(): number {
    return [...this.#txs.values()].filter(({ height }) => height === undefined).length;
  }

  outputOf(key: string): TxOutput | undefined {
    const [id, vout] = key.split(':');
    return this.#txs.get(id!)?.tx.outputs[Number(vout)];
  }

  unspent(): ReadonlyMap<string, TxOutput> {
    const unspent = new Map<string, TxOutput>();
    for (const [id, { tx }] of this.#txs) {
      tx.outputs.forEach((output, vout) => {
        if (!this.#spenders.has(`${id}:${vout}`)) unspent.set(`${id}:${vout}`, output);
      });
    }
    return unspent;
  }

  /** What the transactions left to miners, faucet payments apart. */
  feesSat(): bigint {
    let fees = 0n;
    for (const { tx } of this.#txs.values()) {
      const spent = tx.inputs.map((input) => this.outputOf(outPointKey(input)));
      if (spent.some((output) => output === undefined)) continue;
      fees += spent.reduce((sum, output) => sum + output!.amountSat, 0n) - tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    }
    return fees;
  }

  /** Coins from nowhere. */
  pay(script: Uint8Array, amountSat: bigint): void {
    const from = unsignedInput({ txid: toHex(sha256(utf8(`faucet ${++this.#made}`))), vout: 0 }, 0xffff_fffd);
    this.#tell(this.#add({ version: 2, inputs: [from], outputs: [{ script, amountSat: sat(amountSat) }], locktime: 0 }, undefined, undefined));
  }

  publish(rawTx: Uint8Array): PublishResult {
    const tx = decodeTx(rawTx);
    const id = txid(tx);
    if (this.#txs.has(id)) return { ok: true };
    const missing = tx.inputs.map(outPointKey).find((key) => !this.outputOf(key));
    if (missing) return { ok: false, code: 'missing_inputs', reason: missing };
    if (!this.#isFinal(tx)) return { ok: false, code: 'rejected', reason: id };
    const rivals = [...new Set(tx.inputs.flatMap((input) => this.#spenders.get(outPointKey(input)) ?? []))];
    if (rivals.some((rival) => !this.#mayReplace(tx, rival))) return { ok: false, code: 'conflict', reason: rivals.join(' ') };
    const scripts = new Set<string>();
    for (const rival of rivals) this.#remove(rival, scripts);
    for (const script of this.#add(tx, undefined, undefined)) scripts.add(script);
    this.#tell(scripts);
    return { ok: true };
  }

  /** Whether the next block may hold it: lock time and relative locks in blocks (BIP 65, BIP 68). */
  #isFinal(tx: Tx): boolean {
    const isLocked = tx.locktime < 500_000_000 && tx.locktime > this.height && tx.inputs.some(({ sequence }) => sequence !== 0xffff_ffff);
    return !isLocked && tx.inputs.every(({ sequence, txid: id }) => {
      if (sequence >= 0x8000_0000 || (sequence & 0x40_0000) !== 0) return true;
      const height = this.#txs.get(id)?.height ?? this.height + 1;
      return this.height + 1 - height >= (sequence & 0xffff);
    });
  }

  #feeOf(tx: Tx): bigint {
    const inSat = tx.inputs.reduce((sum, input) => sum + (this.outputOf(outPointKey(input))?.amountSat ?? 0n), 0n);
    return inSat - tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  }

  /** More in all and a higher rate (BIP 125); what a block holds stays. */
  #mayReplace(tx: Tx, rival: string): boolean {
    const old = this.#txs.get(rival)!;
    const [fee, oldFee] = [this.#feeOf(tx), this.#feeOf(old.tx)];
    return old.height === undefined && fee > oldFee && fee * BigInt(txWeight(old.tx)) > oldFee * BigInt(txWeight(tx));
  }

  /** Mempools forget what waits, with all that spends it. */
  evict(id: string): void {
    const scripts = new Set<string>();
    this.#remove(id, scripts);
    this.#tell(scripts);
  }

  /** With all that spends it. */
  #remove(id: string, scripts: Set<string>): void {
    const placed = this.#txs.get(id);
    if (!placed) return;
    placed.tx.outputs.forEach((_, vout) => this.#remove(this.#spenders.get(`${id}:${vout}`) ?? '', scripts));
    for (const script of this.#scriptsOf(placed.tx)) {
      scripts.add(script);
      this.#byScript.get(script)?.delete(id);
    }
    for (const input of placed.tx.inputs) this.#spenders.delete(outPointKey(input));
    this.#txs.delete(id);
  }

  /** So many blocks, told as one: the first holds what waits, or, `full`, nothing of it. */
  mine(blocks = 1, full = false): void {
    this.height++;
    const scripts = new Set<string>();
    let txIndex = 1;
    for (const placed of full ? [] : this.#txs.values()) {
      if (placed.height !== undefined) continue;
      placed.height = this.height;
      placed.txIndex = txIndex++;
      for (const script of this.#scriptsOf(placed.tx)) scripts.add(script);
    }
    this.height += blocks - 1;
    this.#tell(scripts);
    for (const source of this.#sources) source.tipChanged();
  }

  #scriptsOf(tx: Tx): Set<string> {
    const scripts = new Set(tx.outputs.map(({ script }) => toHex(script)));
    for (const input of tx.inputs) {
      const spent = this.outputOf(outPointKey(input));
      if (spent) scripts.add(toHex(spent.script));
    }
    return scripts;
  }

  #add(tx: Tx, height: number | undefined, txIndex: number | undefined): Set<string> {
    const id = txid(tx);
    this.#txs.set(id, { tx, height, txIndex });
    for (const input of tx.inputs) this.#spenders.set(outPointKey(input), id);
    const scripts = this.#scriptsOf(tx);
    for (const script of scripts) {
      const known = this.#byScript.get(script) ?? new Set();
      known.add(id);
      this.#byScript.set(script, known);
    }
    return scripts;
  }

  #tell(scripts: ReadonlySet<string>): void {
    for (const source of this.#sources) source.touched(scripts);
  }

  historyOf(script: Uint8Array): ScriptHistory {
    const ids = [...(this.#byScript.get(toHex(script)) ?? [])];
    return { script, entries: ids.map((id) => ({ txid: id, ...this.#txs.get(id)! })) };
  }

  /** `tell` runs a task later, in order; `onPublish` decides whether a transaction gets out at all (the node may be dead). */
  source(tell: (task: () => void) => void, onPublish: (rawTx: Uint8Array) => boolean): FakeSource {
    const watched = new Map<string, Uint8Array>();
    let listener: ChainListener | undefined;
    let syncing = false;
    const history = (script: Uint8Array): void => {
      if (this.#byScript.has(toHex(script))) tell(() => listener?.onHistory(this.historyOf(script)));
    };
    const synced = (): void => {
      if (syncing) return;
      syncing = true;
      tell(() => {
        syncing = false;
        listener?.onSynced();
      });
    };
    const publish = (rawTx: Uint8Array): Promise<PublishResult> => {
      if (!onPublish(rawTx)) return new Promise(() => undefined);
      return Promise.resolve(this.publish(rawTx));
    };
    const source: FakeSource = {
      name: 'fake chain',
      start: (given) => {
        listener = given;
        tell(() => listener?.onTip(this.tip));
        for (const script of watched.values()) history(script);
        synced();
      },
      watchScript: (script) => {
        if (watched.has(toHex(script))) return;
        watched.set(toHex(script), script);
        if (!listener) return;
        history(script);
        synced();
      },
      publish,
      publishPackage: async (rawTxs) => {
        let last: PublishResult = { ok: true };
        for (const rawTx of rawTxs) last = await publish(rawTx);
        return last;
      },
      feeEstimates: () => Promise.resolve(new Map(this.feerate === undefined ? [] : [[2, this.feerate], [6, this.feerate], [144, this.feerate]])),
      catchUp: () => Promise.resolve(true),
      stop: () => {
        this.#sources.delete(source);
        return Promise.resolve();
      },
      tipChanged: () => tell(() => listener?.onTip(this.tip)),
      touched: (scripts) => {
        for (const script of scripts) {
          const bytes = watched.get(script);
          if (bytes) history(bytes);
        }
      },
    };
    this.#sources.add(source);
    return source;
  }
}
