import { type Tx, type TxOutput, decodeTx, outPointKey, txWeight, txid, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import type { ChainTip, ScriptHistory } from '../../../core/chain/port.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { type Entry, type PolicyView, type Refusal, ancestorsOf, judge, notFinal, scriptsOf, withDescendants } from './policy.ts';
import { TxBook } from './tx-book.ts';

export type Sent = { readonly ok: true; readonly known: boolean } | { readonly ok: false; readonly refusal: Refusal };

export interface ChainImage {
  readonly blocks: readonly { readonly hash: string; readonly txids: readonly string[] }[];
  readonly placed: readonly { readonly tx: Tx; readonly height: number | undefined; readonly txIndex: number | undefined }[];
  readonly made: number;
}

const FIRST_HEIGHT = 500;
const GENESIS_SECONDS = 1_700_000_000;

/** One chain for everybody: blocks, a mempool with relay policy, real scripts and lock times, miners with a floor, reorganisations. */
export class SimChain {
  /** What mempools take at least, and what miners take at least, in sat/vB. */
  minSatPerVb = 1;
  minerFloorSatPerVb = 1;
  readonly #blocks: { readonly hash: string; readonly txids: readonly string[] }[] = [];
  readonly #book = new TxBook();
  readonly #mempool = new Map<string, Entry>();
  readonly #listeners = new Set<{ readonly touched: (scripts: ReadonlySet<string>) => void; readonly tipChanged: () => void }>();
  #made = 0;
  scriptsRun = 0;

  constructor(from?: ChainImage) {
    for (const { tx, height, txIndex } of from?.placed ?? []) this.#book.put(tx, height, txIndex);
    this.#blocks.push(...(from?.blocks ?? []));
    this.#made = from?.made ?? 0;
  }

  /** Without what waits. */
  image(): ChainImage {
    const placed = [...this.#book.all()].filter(({ height }) => height !== undefined).map(({ tx, height, txIndex }) => ({ tx, height, txIndex }));
    return { blocks: [...this.#blocks], placed, made: this.#made };
  }

  get height(): number {
    return FIRST_HEIGHT + this.#blocks.length;
  }
  get tip(): ChainTip {
    return { height: this.height, hash: this.#blocks.at(-1)?.hash ?? toHex(sha256(utf8('the first block'))), timeSeconds: GENESIS_SECONDS + this.height * 600 };
  }
  has(id: string): boolean {
    return this.#book.has(id);
  }
  tx(id: string): Tx | undefined {
    return this.#book.get(id)?.tx;
  }
  heightOf(id: string): number | undefined {
    return this.#book.get(id)?.height;
  }
  spenderOf(outPoint: { readonly txid: string; readonly vout: number }): string | undefined {
    return this.#book.spenderOf(outPointKey(outPoint));
  }
  outputOf(key: string): TxOutput | undefined {
    return this.#book.outputOf(key);
  }
  mempool(): readonly Entry[] {
    return [...this.#mempool.values()];
  }
  confirmed(): readonly { readonly txid: string; readonly tx: Tx; readonly height: number }[] {
    return [...this.#book.all()].flatMap(({ txid: id, tx, height }) => (height === undefined ? [] : [{ txid: id, tx, height }]));
  }
  *unspent(): Iterable<readonly [key: string, output: TxOutput, height: number | undefined]> {
    for (const { txid: id, tx, height } of this.#book.all()) {
      for (const [vout, output] of tx.outputs.entries()) if (this.#book.spenderOf(`${id}:${vout}`) === undefined) yield [`${id}:${vout}`, output, height];
    }
  }
  /** Undefined for coins from nowhere. */
  feeSatOf(tx: Tx): bigint | undefined {
    let sum = 0n;
    for (const input of tx.inputs) {
      const spent = this.outputOf(outPointKey(input));
      if (!spent) return undefined;
      sum += spent.amountSat;
    }
    return sum - tx.outputs.reduce((total, { amountSat }) => total + amountSat, 0n);
  }

  listen(listener: { readonly touched: (scripts: ReadonlySet<string>) => void; readonly tipChanged: () => void }): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Coins from nowhere, in the next block. */
  pay(script: Uint8Array, amountSat: bigint): void {
    const from = unsignedInput({ txid: toHex(sha256(utf8(`faucet ${++this.#made}`))), vout: 0 }, 0xffff_fffd);
    const tx: Tx = { version: 2, inputs: [from], outputs: [{ script, amountSat: sat(amountSat) }], locktime: 0 };
    this.mine({ only: [], and: [tx] });
  }

  // The mempool

  readonly #view: PolicyView = {
    nextHeight: () => this.height + 1,
    minSatPerVb: () => this.minSatPerVb,
    output: (key) => {
      const output = this.outputOf(key);
      return output && { ...output, height: this.heightOf(key.slice(0, 64)) };
    },
    isSpentForGood: (key) => {
      const spender = this.#book.spenderOf(key);
      return spender !== undefined && !this.#mempool.has(spender);
    },
    waiting: (id) => this.#mempool.get(id),
    waitingSpender: (key) => this.#mempool.get(this.#book.spenderOf(key) ?? ''),
    childrenOf: (id) => (this.tx(id)?.outputs ?? []).flatMap((_, vout) => this.#mempool.get(this.#book.spenderOf(`${id}:${vout}`) ?? '') ?? []),
  };

  submit(rawTx: Uint8Array, payer?: { readonly feeSat: bigint; readonly vsize: number }): Sent {
    const tx = decodeTx(rawTx);
    const id = txid(tx);
    if (this.#book.has(id)) return { ok: true, known: true };
    const judged = judge(tx, this.#view, payer);
    if (!judged.ok) return { ok: false, refusal: judged.refusal };
    this.scriptsRun += tx.inputs.length;
    const touched = new Set<string>();
    for (const rival of judged.replaces) this.#forget(rival.txid, touched);
    this.#mempool.set(id, judged.entry);
    this.#book.put(tx, undefined, undefined, touched);
    this.#tell(touched);
    return { ok: true, known: false };
  }

  /** A parent and the child that pays for it: what lacks only fee is judged by what both pay. */
  submitPackage(rawTxs: readonly Uint8Array[]): readonly Sent[] {
    const alone = rawTxs.map((raw) => this.submit(raw));
    const late = rawTxs.filter((_, i) => alone[i]?.ok === false);
    const [parentRaw, childRaw] = rawTxs;
    const parentLate = alone[0]?.ok === false && alone[0].refusal.code === 'fee_too_low';
    if (late.length === 0 || rawTxs.length !== 2 || !parentLate || !parentRaw || !childRaw) return alone;
    const [parent, child] = [decodeTx(parentRaw), decodeTx(childRaw)];
    const parentFee = this.feeSatOf(parent);
    const childIn = child.inputs.reduce<bigint | undefined>((sum, input) => {
      const output = input.txid === txid(parent) ? parent.outputs[input.vout] : this.outputOf(outPointKey(input));
      return sum === undefined || !output ? undefined : sum + output.amountSat;
    }, 0n);
    if (parentFee === undefined || childIn === undefined) return alone;
    const feeSat = parentFee + childIn - child.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const vsize = Math.ceil(txWeight(parent) / 4) + Math.ceil(txWeight(child) / 4);
    if (Number(feeSat) < this.minSatPerVb * vsize) return alone;
    const first = this.submit(parentRaw, { feeSat, vsize });
    if (!first.ok) return [first, alone[1]!];
    const second = this.submit(childRaw);
    if (!second.ok && second.refusal.code !== 'conflict') this.evict(txid(parent));
    return [first, second];
  }

  /** Out of every mempool, with all that hangs on it. */
  evict(id: string): void {
    const entry = this.#mempool.get(id);
    if (!entry) return;
    const touched = new Set<string>();
    for (const gone of withDescendants(this.#view, [entry])) this.#forget(gone.txid, touched);
    this.#tell(touched);
  }

  /** Like full mempools that trim. */
  setMinFeerate(satPerVb: number): void {
    this.minSatPerVb = satPerVb;
    for (const entry of this.mempool()) {
      const group = withDescendants(this.#view, [entry]);
      if (group.every(({ feeSat, vsize }) => Number(feeSat) < satPerVb * vsize)) this.evict(entry.txid);
    }
  }

  // Blocks

  /** `only`: ids of what the miner takes; left out, all that pays its floor. `and`: what never was in the mempool. */
  mine({ only, and = [], quiet = false }: { readonly only?: readonly string[]; readonly and?: readonly Tx[]; readonly quiet?: boolean } = {}): void {
    const chosen = only ? only.flatMap((id) => this.#mempool.get(id) ?? []) : this.#worthMining();
    const height = this.height + 1;
    const touched = new Set<string>();
    const txids: string[] = [];
    const take = (tx: Tx, id: string): void => {
      if (this.#mempool.delete(id)) {
        const placed = this.#book.get(id)!;
        placed.height = height;
        placed.txIndex = txids.length + 1;
        for (const script of placed.scripts) touched.add(script);
      } else this.#book.put(tx, height, txids.length + 1, touched);
      txids.push(id);
    };
    for (const { tx, txid: id } of chosen) if (this.#fits(tx, txids)) take(tx, id);
    for (const tx of and) {
      const id = txid(tx);
      for (const input of tx.inputs) {
        const rival = this.#mempool.get(this.#book.spenderOf(outPointKey(input)) ?? '');
        for (const gone of rival && rival.txid !== id ? withDescendants(this.#view, [rival]) : []) this.#forget(gone.txid, touched);
      }
      take(tx, id);
    }
    this.#blocks.push({ hash: toHex(sha256(utf8(`block ${height} ${this.#made++} ${txids.join()}`))), txids });
    this.#tell(touched);
    if (!quiet) this.tellTip();
  }
  tellTip(): void {
    for (const listener of this.#listeners) listener.tipChanged();
  }

  #fits(tx: Tx, txids: readonly string[]): boolean {
    const ready = tx.inputs.every(({ txid: id }) => this.#book.get(id)?.height !== undefined || txids.includes(id));
    return ready && notFinal(tx, this.height + 1, (key) => this.heightOf(key.slice(0, 64))) === undefined;
  }

  /** By packages: a child may pay for its parents. */
  #worthMining(): readonly Entry[] {
    const order = new Map<string, Entry>();
    for (const entry of this.#mempool.values()) {
      const group = [...ancestorsOf(this.#view, entry.tx), entry].filter(({ txid: id }) => !order.has(id));
      const feeSat = group.reduce((sum, one) => sum + one.feeSat, 0n);
      const vsize = group.reduce((sum, one) => sum + one.vsize, 0);
      if (Number(feeSat) < this.minerFloorSatPerVb * vsize) continue;
      const ids = new Set(group.map(({ txid: id }) => id));
      // Parents were there before their children.
      for (const one of this.#mempool.values()) if (ids.has(one.txid)) order.set(one.txid, one);
    }
    return [...order.values()];
  }

  /** Replaces the last `depth` blocks by one more; `keep` of their transactions are in the new ones, in the first of them. */
  reorg(depth: number, keep: (id: string) => boolean): void {
    const back: string[] = [];
    const touched = new Set<string>();
    for (let i = 0; i < depth && this.#blocks.length > 0; i++) back.unshift(...this.#blocks.pop()!.txids);
    const faucet: Tx[] = [];
    for (const id of back) {
      const placed = this.#book.get(id)!;
      const feeSat = this.feeSatOf(placed.tx);
      if (feeSat === undefined) {
        faucet.push(placed.tx);
        continue;
      }
      placed.height = undefined;
      placed.txIndex = undefined;
      this.#mempool.set(id, { txid: id, tx: placed.tx, feeSat, vsize: Math.ceil(decodedSize(placed.tx)) });
      for (const script of placed.scripts) touched.add(script);
    }
    this.#sortMempool();
    this.#tell(touched);
    this.mine({ only: [...this.#mempool.keys()].filter((id) => back.includes(id) && keep(id)), and: faucet, quiet: true });
    for (let i = 0; i < depth; i++) this.mine({ only: [], quiet: true });
    // What depends on a lock that is not due on this branch leaves.
    for (const { tx, txid: id } of this.mempool()) if (notFinal(tx, this.height + 1, (key) => this.heightOf(key.slice(0, 64)))) this.evict(id);
    this.tellTip();
  }

  /** Parents before children, whatever came back in which order. */
  #sortMempool(): void {
    const sorted = new Map<string, Entry>();
    const visit = (entry: Entry): void => {
      if (sorted.has(entry.txid)) return;
      for (const parent of entry.tx.inputs) {
        const waiting = this.#mempool.get(parent.txid);
        if (waiting) visit(waiting);
      }
      sorted.set(entry.txid, entry);
    };
    for (const entry of this.#mempool.values()) visit(entry);
    this.#mempool.clear();
    for (const [id, entry] of sorted) this.#mempool.set(id, entry);
  }

  /** Whether a block could hold it next, by scripts and lock times alone: what a miner who is paid otherwise would ask. */
  isValid(tx: Tx): boolean {
    const spent = tx.inputs.map((input) => this.outputOf(outPointKey(input)));
    if (spent.includes(undefined) || tx.inputs.some((input) => this.#view.isSpentForGood(outPointKey(input)))) return false;
    if (tx.inputs.some((input) => this.#book.get(input.txid)?.height === undefined)) return false;
    if (notFinal(tx, this.height + 1, (key) => this.heightOf(key.slice(0, 64)))) return false;
    return (this.feeSatOf(tx) ?? -1n) >= 0n && scriptsOf(tx, spent as TxOutput[]) === 'valid';
  }

  historyOf(script: Uint8Array): ScriptHistory {
    return this.#book.historyOf(script);
  }
  knows(scriptHex: string): boolean {
    return this.#book.knows(scriptHex);
  }

  #forget(id: string, touched: Set<string>): void {
    this.#mempool.delete(id);
    this.#book.drop(id, touched);
  }

  #tell(touched: ReadonlySet<string>): void {
    if (touched.size > 0) for (const listener of this.#listeners) listener.touched(touched);
  }
}

const decodedSize = (tx: Tx): number => tx.inputs.reduce((sum, { witness }) => sum + 41 + witness.reduce((bytes, item) => bytes + item.length + 1, 0) / 4, 10) + tx.outputs.reduce((sum, { script }) => sum + 9 + script.length, 0);
