import { outPointKey, readCompactSize, readTx, txid as txidOf, txidBytes, txidFromBytes, type Tx } from '../../bitcoin/transaction.ts';
import { HEADER_BYTES, headerHash, parseHeader, type BlockHeader } from '../../chain/header.ts';
import { merkleRootOf } from '../../chain/merkle.ts';
import type { HistoryEntry, ScriptHistory } from '../../chain/port.ts';
import { Reader } from '../../codec/reader.ts';
import { equal } from '../../lib/bytes.ts';

export interface Block {
  readonly hash: string;
  readonly header: BlockHeader;
  readonly txs: readonly Tx[];
}

export interface ScriptRecord {
  readonly script: Uint8Array;
  /** Blocks from here to the tip have been looked through for it; higher than the tip: none yet. */
  scannedFrom: number;
  /** Birthday: from where it must be looked for. */
  fromHeight: number;
  /** False for one that only a stored progress knows: kept up to date but not told. */
  isWatched: boolean;
  readonly entries: Map<string, HistoryEntry>;
  told: string | undefined;
}

/** Transactions decoded between two pauses for the rest of the program. */
const SLICE = 200;
const keyOf = (script: Uint8Array): string => Buffer.from(script.buffer, script.byteOffset, script.length).toString('latin1');
const MAX_BLOCK_TXS = 20_000;

/** Whole or not at all; throws DecodeError. Lets others run in between: a full block takes tens of milliseconds. */
export async function decodeBlock(bytes: Uint8Array): Promise<Block> {
  const r = new Reader(bytes);
  const headerBytes = r.bytes(HEADER_BYTES);
  const count = readCompactSize(r, MAX_BLOCK_TXS);
  const txs: Tx[] = [];
  for (let i = 0; i < count; i++) {
    txs.push(readTx(r));
    if (i % SLICE === SLICE - 1) await new Promise((next) => setImmediate(next));
  }
  r.end();
  return { hash: txidFromBytes(headerHash(headerBytes)), header: parseHeader(headerBytes), txs };
}

/** The transactions that touch watched scripts, found by looking at all of them. */
export class ScriptLedger {
  readonly #records = new Map<string, ScriptRecord>();
  /** Outputs that pay to a record's script, by outPointKey. */
  readonly #outPoints = new Map<string, ScriptRecord>();

  get records(): Iterable<ScriptRecord> {
    return this.#records.values();
  }
  get size(): number {
    return this.#records.size;
  }

  record(script: Uint8Array): ScriptRecord | undefined {
    return this.#records.get(keyOf(script));
  }

  add(script: Uint8Array, fromHeight: number): ScriptRecord {
    const record: ScriptRecord = { script, fromHeight, scannedFrom: Infinity, isWatched: false, entries: new Map(), told: undefined };
    this.#records.set(keyOf(script), record);
    return record;
  }

  enter(record: ScriptRecord, entry: HistoryEntry): void {
    record.entries.set(entry.txid, entry);
    for (const [vout, output] of entry.tx.outputs.entries()) {
      if (equal(output.script, record.script)) this.#outPoints.set(outPointKey({ txid: entry.txid, vout }), record);
    }
  }

  leave(record: ScriptRecord, entry: HistoryEntry): void {
    record.entries.delete(entry.txid);
    for (const vout of entry.tx.outputs.keys()) {
      const key = outPointKey({ txid: entry.txid, vout });
      if (this.#outPoints.get(key) === record) this.#outPoints.delete(key);
    }
  }

  /** Whose history a transaction belongs to. */
  match(tx: Tx): Set<ScriptRecord> {
    const found = new Set<ScriptRecord>();
    for (const { script } of tx.outputs) {
      const record = this.#records.get(keyOf(script));
      if (record) found.add(record);
    }
    for (const input of tx.inputs) {
      const record = this.#outPoints.get(outPointKey(input));
      if (record) found.add(record);
    }
    return found;
  }

  /**
   * Enters what a block holds for us; `wrong_root` when it does hold something and its transactions are not the ones of its
   * header. Twice the same block changes nothing.
   */
  connect(block: Block, height: number): 'ok' | 'wrong_root' {
    const matches: [ScriptRecord, HistoryEntry][] = [];
    for (const [txIndex, tx] of block.txs.entries()) {
      const records = this.match(tx);
      if (records.size === 0) continue;
      const entry: HistoryEntry = { txid: txidOf(tx), tx, height, txIndex };
      // At once, since later transactions of the block may spend what this one pays.
      for (const record of records) {
        this.enter(record, entry);
        matches.push([record, entry]);
      }
    }
    if (matches.length === 0) return 'ok';
    const root = merkleRootOf(block.txs.map((tx) => txidBytes(txidOf(tx))));
    if (root.ok && equal(root.value, block.header.merkleRoot)) return 'ok';
    for (const [record, entry] of matches) this.leave(record, entry);
    return 'wrong_root';
  }

  /**
   * Takes back all blocks above a height. Their transactions wait again until the mempool shows that they do not: it may
   * list some that were looked at before and will not be looked at a second time.
   */
  disconnectAbove(height: number): void {
    for (const record of this.#records.values()) {
      for (const entry of record.entries.values()) {
        if (entry.height !== undefined && entry.height > height) this.enter(record, { ...entry, height: undefined, txIndex: undefined });
      }
    }
  }

  /** The mempool no longer has these. */
  retainWaiting(mempool: ReadonlySet<string>): void {
    for (const record of this.#records.values()) {
      for (const entry of record.entries.values()) if (entry.height === undefined && !mempool.has(entry.txid)) this.leave(record, entry);
    }
  }

  /** Enters waiting transactions, children after parents in whatever order they come; true when something was new. */
  enterWaiting(txs: ReadonlyMap<string, Tx>): boolean {
    let entered = 0;
    let before: number;
    do {
      before = entered;
      for (const [txid, tx] of txs) entered += this.#enterMatching(txid, tx);
    } while (entered > before);
    return entered > 0;
  }

  #enterMatching(txid: string, tx: Tx): number {
    const records = [...this.match(tx)].filter(({ entries }) => !entries.has(txid));
    for (const record of records) this.enter(record, { txid, tx, height: undefined, txIndex: undefined });
    return records.length;
  }

  /** Complete histories that differ from what was told before; they count as told now. */
  takeChanges(): ScriptHistory[] {
    const changes: ScriptHistory[] = [];
    for (const record of this.#records.values()) {
      // A partial history would show coins as unspent that later blocks spend.
      if (!record.isWatched || record.scannedFrom > record.fromHeight) continue;
      const entries = ordered([...record.entries.values()]);
      const now = entries.map(({ txid, height, txIndex }) => `${txid}:${height}:${txIndex}`).toSorted().join(' ');
      if (now === record.told) continue;
      record.told = now;
      changes.push({ script: record.script, entries });
    }
    return changes;
  }
}

function ordered(entries: readonly HistoryEntry[]): HistoryEntry[] {
  const confirmed = entries.filter(({ height }) => height !== undefined);
  const spent = new Set(confirmed.flatMap(({ tx }) => tx.inputs.map(outPointKey)));
  const waiting = entries.filter(({ height, tx }) => height === undefined && !tx.inputs.some((input) => spent.has(outPointKey(input))));
  return [...confirmed.toSorted((a, b) => (a.height ?? 0) - (b.height ?? 0) || (a.txIndex ?? 0) - (b.txIndex ?? 0)), ...waiting];
}

