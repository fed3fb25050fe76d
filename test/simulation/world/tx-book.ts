import { type Tx, type TxOutput, outPointKey, txid } from '../../../core/bitcoin/transaction.ts';
import type { ScriptHistory } from '../../../core/chain/port.ts';
import { toHex } from '../../../core/lib/bytes.ts';

export interface Placed {
  readonly txid: string;
  readonly tx: Tx;
  /** That it pays or spends, in hex. */
  readonly scripts: ReadonlySet<string>;
  height: number | undefined;
  txIndex: number | undefined;
}

/** Transactions of blocks and mempool together, by what they spend and whom they pay. */
export class TxBook {
  readonly #txs = new Map<string, Placed>();
  /** By outpoint: at most one. */
  readonly #spenders = new Map<string, string>();
  readonly #byScript = new Map<string, Set<string>>();

  has(id: string): boolean {
    return this.#txs.has(id);
  }
  get(id: string): Placed | undefined {
    return this.#txs.get(id);
  }
  all(): Iterable<Placed> {
    return this.#txs.values();
  }
  spenderOf(key: string): string | undefined {
    return this.#spenders.get(key);
  }
  outputOf(key: string): TxOutput | undefined {
    const at = key.indexOf(':');
    return this.#txs.get(key.slice(0, at))?.tx.outputs[Number(key.slice(at + 1))];
  }
  knows(scriptHex: string): boolean {
    return this.#byScript.has(scriptHex);
  }
  historyOf(script: Uint8Array): ScriptHistory {
    const entries = [...(this.#byScript.get(toHex(script)) ?? [])].map((id) => {
      const { tx, height, txIndex } = this.#txs.get(id)!;
      return { txid: id, tx, height, txIndex };
    });
    return { script, entries };
  }

  /** `touched` gets the scripts whose history is another now. */
  put(tx: Tx, height: number | undefined, txIndex: number | undefined, touched?: Set<string>): void {
    const id = txid(tx);
    const scripts = new Set(tx.outputs.map(({ script }) => toHex(script)));
    for (const input of tx.inputs) {
      const spent = this.outputOf(outPointKey(input));
      if (spent) scripts.add(toHex(spent.script));
      this.#spenders.set(outPointKey(input), id);
    }
    this.#txs.set(id, { txid: id, tx, scripts, height, txIndex });
    for (const script of scripts) {
      touched?.add(script);
      const known = this.#byScript.get(script) ?? new Set();
      known.add(id);
      this.#byScript.set(script, known);
    }
  }

  drop(id: string, touched: Set<string>): void {
    const placed = this.#txs.get(id);
    if (!placed) return;
    for (const script of placed.scripts) {
      touched.add(script);
      this.#byScript.get(script)?.delete(id);
    }
    this.#txs.delete(id);
    for (const input of placed.tx.inputs) if (this.#spenders.get(outPointKey(input)) === id) this.#spenders.delete(outPointKey(input));
  }
}
