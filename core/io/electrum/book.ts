import { outPointKey, type Tx } from '../../bitcoin/transaction.ts';
import type { HeaderChain } from '../../chain/headers.ts';
import { verifyMerkleBranch, type MerkleErrorCode } from '../../chain/merkle.ts';
import type { HistoryEntry, ScriptHistory } from '../../chain/port.ts';
import { equal, toHex } from '../../lib/bytes.ts';
import { must, type Result } from '../../lib/result.ts';
import { scriptHashOf, type HistoryItem, type MerkleAnswer } from './protocol.ts';

interface Proof {
  readonly height: number;
  readonly txIndex: number;
  readonly blockHash: Uint8Array;
}

interface ScriptRecord {
  readonly script: Uint8Array;
  readonly scriptHash: string;
  /** What each server says, by its name. */
  readonly lists: Map<string, readonly HistoryItem[]>;
  /** Ever proven to be in a block; whether they still are, the header chain says. */
  readonly proven: Set<string>;
  /** What was told last, to tell only changes. */
  told: string | undefined;
}

const PRUNE_EVERY = 1_000;

/**
 * What all servers together say about the watched scripts. A transaction counts as confirmed by its proof alone: one server
 * that shows it is enough, none that hides it matters, and nothing unproven counts for more than the mempool.
 */
export class HistoryBook {
  readonly #headers: HeaderChain;
  readonly #scripts = new Map<string, ScriptRecord>();
  readonly #byHash = new Map<string, string>();
  readonly #txs = new Map<string, Tx>();
  readonly #proofs = new Map<string, Proof>();
  #prunedAt = 0;

  constructor(headers: HeaderChain) {
    this.#headers = headers;
  }

  /** False when it is watched already. */
  watch(script: Uint8Array): boolean {
    const key = toHex(script);
    if (this.#scripts.has(key)) return false;
    const scriptHash = scriptHashOf(script);
    this.#scripts.set(key, { script, scriptHash, lists: new Map(), proven: new Set(), told: undefined });
    this.#byHash.set(scriptHash, key);
    return true;
  }

  get scriptHashes(): Iterable<string> {
    return this.#byHash.keys();
  }
  isWatched(scriptHash: string): boolean {
    return this.#byHash.has(scriptHash);
  }

  tx(txid: string): Tx | undefined {
    return this.#txs.get(txid);
  }
  addTx(txid: string, tx: Tx): void {
    this.#txs.set(txid, tx);
  }

  setList(scriptHash: string, server: string, items: readonly HistoryItem[]): void {
    const record = this.#record(scriptHash);
    record.lists.set(server, items);
    for (const { txid } of items) if (this.#proofs.has(txid)) record.proven.add(txid);
  }

  /** The server is away: what only it said about the mempool is worth nothing any more; its proofs stay. */
  dropServer(server: string): void {
    for (const { lists } of this.#scripts.values()) lists.delete(server);
  }

  isProven(txid: string, height?: number): boolean {
    const proof = this.#proofs.get(txid);
    if (!proof || (height !== undefined && proof.height !== height)) return false;
    const hash = this.#headers.hashAt(proof.height);
    return hash !== undefined && equal(hash, proof.blockHash);
  }

  /** Checks a proof against our header at that height, which the caller made sure of. */
  addProof(scriptHash: string, txid: string, { height, txIndex, branch }: MerkleAnswer): Result<undefined, MerkleErrorCode> {
    const header = must(this.#headers.header(height), 'header of a proof');
    const tx = must(this.#txs.get(txid), 'transaction of a proof');
    const verified = verifyMerkleBranch({ tx, txid, txIndex, branch, merkleRoot: header.merkleRoot });
    if (!verified.ok) return verified;
    this.#proofs.set(txid, { height, txIndex, blockHash: must(this.#headers.hashAt(height), 'hash of a header') });
    this.#record(scriptHash).proven.add(txid);
    return verified;
  }

  /** Scripts of which this server claims a confirmation that could be proven by now and is not. */
  unprovenScripts(server: string): string[] {
    const found: string[] = [];
    for (const { scriptHash, lists } of this.#scripts.values()) {
      const claims = lists.get(server) ?? [];
      if (claims.some(({ txid, height }) => height !== undefined && height <= this.#headers.tipHeight && !this.isProven(txid, height))) {
        found.push(scriptHash);
      }
    }
    return found;
  }

  /** Histories that differ from what was told before; they count as told now. */
  takeChanges(): ScriptHistory[] {
    const changes: ScriptHistory[] = [];
    for (const record of this.#scripts.values()) {
      if (record.lists.size === 0 && record.told === undefined) continue; // nobody answered yet
      const entries = this.#entries(record);
      const now = entries.map(({ txid, height, txIndex }) => `${txid}:${height}:${txIndex}`).toSorted().join(' ');
      if (now === record.told) continue;
      record.told = now;
      changes.push({ script: record.script, entries });
    }
    this.#prune();
    return changes;
  }

  #record(scriptHash: string): ScriptRecord {
    return must(this.#scripts.get(must(this.#byHash.get(scriptHash), 'watched script')), 'watched script');
  }

  #entries(record: ScriptRecord): HistoryEntry[] {
    const txids = new Set(record.proven);
    for (const items of record.lists.values()) for (const { txid } of items) txids.add(txid);
    const confirmed: HistoryEntry[] = [];
    const waiting: HistoryEntry[] = [];
    for (const txid of txids) {
      const tx = this.#txs.get(txid);
      if (!tx) continue;
      const proof = this.isProven(txid) ? this.#proofs.get(txid) : undefined;
      if (proof) confirmed.push({ txid, tx, height: proof.height, txIndex: proof.txIndex });
      else if (this.#isListed(record, txid)) waiting.push({ txid, tx, height: undefined, txIndex: undefined });
    }
    confirmed.sort((a, b) => (a.height ?? 0) - (b.height ?? 0) || (a.txIndex ?? 0) - (b.txIndex ?? 0));
    const spent = new Set(confirmed.flatMap(({ tx }) => tx.inputs.map(outPointKey)));
    const possible = waiting.filter(({ tx }) => !tx.inputs.some((input) => spent.has(outPointKey(input))));
    return relevant(record.script, [...confirmed, ...possible]);
  }

  #isListed({ lists }: ScriptRecord, txid: string): boolean {
    for (const items of lists.values()) if (items.some((item) => item.txid === txid)) return true;
    return false;
  }

  /** Drops transactions that nobody lists and nothing proves any more. */
  #prune(): void {
    if (this.#txs.size < this.#prunedAt + PRUNE_EVERY) return;
    const kept = new Set<string>();
    for (const { lists, proven } of this.#scripts.values()) {
      for (const txid of proven) kept.add(txid);
      for (const items of lists.values()) for (const { txid } of items) kept.add(txid);
    }
    for (const txid of this.#txs.keys()) if (!kept.has(txid)) this.#txs.delete(txid);
    this.#prunedAt = this.#txs.size;
  }
}

/** Only what pays to the script or spends an output that does: a server may list anything. */
function relevant(script: Uint8Array, entries: readonly HistoryEntry[]): HistoryEntry[] {
  const paying = new Set<string>();
  for (const { txid, tx } of entries) {
    for (const [vout, output] of tx.outputs.entries()) if (equal(output.script, script)) paying.add(outPointKey({ txid, vout }));
  }
  return entries.filter(({ tx }) =>
    tx.outputs.some((output) => equal(output.script, script)) || tx.inputs.some((input) => paying.has(outPointKey(input)))); // prettier-ignore
}
