import { outPointKey } from '../bitcoin/transaction.ts';
import { combineFeeEstimates } from '../chain/fees.ts';
import type { ChainFault, ChainListener, ChainSource, ChainTip, FeeEstimates, HistoryEntry, PublishResult, ScriptHistory } from '../chain/port.ts';
import { toHex } from '../lib/bytes.ts';
import { contained, type ChainEnvironment } from './chain-options.ts';
import { bestResult } from './publish-errors.ts';
import type { RankedSource } from './ranked-source.ts';

interface Part {
  readonly source: RankedSource;
  readonly histories: Map<string, ScriptHistory>;
  tip: ChainTip | undefined;
  state: 'busy' | 'fresh' | 'away' | 'refused';
}

/** While its source is away, what lies so deep is kept: a reorganisation that deep is an alarm anyway. */
const SAFE_DEPTH = 6;

/** Several kinds of sources as one: the tip with the most work, the union of all histories, failover by itself. */
export class CombinedSource implements ChainSource {
  readonly name: string;
  readonly #env: ChainEnvironment;
  readonly #parts: readonly Part[];
  readonly #told = new Map<string, string>();
  readonly #scripts = new Map<string, Uint8Array>();
  #listener: ChainListener | undefined;
  #toldTip: ChainTip | undefined;
  #owesSynced = true;

  constructor(sources: readonly RankedSource[], env: ChainEnvironment) {
    this.#env = env;
    this.#parts = sources.map((source) => ({ source, histories: new Map(), tip: undefined, state: 'busy' }));
    this.name = sources.map((source) => source.name).join(' + ');
  }

  start(listener: ChainListener): void {
    if (this.#listener) return;
    this.#listener = listener;
    for (const part of this.#parts) part.source.start(this.#listen(part));
  }

  watchScript(script: Uint8Array, fromHeight: number): void {
    const key = toHex(script);
    if (!this.#scripts.has(key)) {
      this.#scripts.set(key, script);
      this.#owesSynced = true;
      for (const part of this.#parts) if (part.state === 'fresh') part.state = 'busy';
    }
    for (const { source } of this.#parts) source.watchScript(script, fromHeight);
  }

  async publish(rawTx: Uint8Array): Promise<PublishResult> {
    return bestResult(await Promise.all(this.#parts.map(({ source }) => source.publish(rawTx))));
  }
  async publishPackage(rawTxs: readonly Uint8Array[]): Promise<PublishResult> {
    return bestResult(await Promise.all(this.#parts.map(({ source }) => source.publishPackage(rawTxs))));
  }
  async feeEstimates(): Promise<FeeEstimates> {
    return combineFeeEstimates(await Promise.all(this.#parts.map(({ source }) => source.feeEstimates())));
  }
  blockTimeSeconds(height: number): number | undefined {
    for (const { source } of this.#ranked()) {
      const timeSeconds = source.blockTimeSeconds?.(height);
      if (timeSeconds !== undefined) return timeSeconds;
    }
    return undefined;
  }
  async catchUp(): Promise<boolean> {
    const answers = await Promise.all(this.#parts.map(({ source }) => source.catchUp()));
    return answers.includes(true);
  }
  async stop(): Promise<void> {
    this.#listener = undefined;
    await Promise.all(this.#parts.map(({ source }) => source.stop()));
  }

  #listen(part: Part): ChainListener {
    return {
      onTip: (tip) => {
        part.tip = tip;
        this.#tellTip();
      },
      onHistory: (history) => {
        const key = toHex(history.script);
        part.histories.set(key, history);
        this.#tellHistory(key, history.script);
      },
      onFault: (fault, isFinal) => this.#faulted(part, fault, isFinal),
      onSynced: () => {
        part.state = 'fresh';
        this.#tellAll();
      },
    };
  }

  #faulted(part: Part, fault: ChainFault, isFinal: boolean): void {
    if (isFinal) part.state = 'refused';
    else if (!part.source.isAvailable) part.state = 'away'; // else it is one server of several
    if (this.#parts.every(({ state }) => state === 'away' || state === 'refused')) this.#owesSynced = true;
    this.#tell((listener) => listener.onFault(fault, isFinal && this.#parts.every(({ state }) => state === 'refused')));
    this.#tellAll();
  }

  #tellAll(): void {
    for (const [key, script] of this.#scripts) this.#tellHistory(key, script);
    this.#tellTip();
    const open = this.#parts.some(({ state }) => state === 'busy');
    if (!this.#owesSynced || open || !this.#parts.some(({ state }) => state === 'fresh')) return;
    this.#owesSynced = false;
    this.#tell((listener) => listener.onSynced());
  }

  #tellTip(): void {
    const tip = this.#ranked()[0]?.tip;
    if (!tip || tip.hash === this.#toldTip?.hash) return;
    this.#toldTip = tip;
    this.#tell((listener) => listener.onTip(tip));
  }

  #tellHistory(key: string, script: Uint8Array): void {
    const parts = this.#ranked().filter(({ histories }) => histories.has(key));
    if (parts.length === 0) return;
    const entries = this.#union(parts, key);
    const now = entries.map(({ txid, height, txIndex }) => `${txid}:${height}:${txIndex}`).toSorted().join(' ');
    if (this.#told.get(key) === now) return;
    this.#told.set(key, now);
    this.#tell((listener) => listener.onHistory({ script, entries }));
  }

  /** By what they know, most work first; those that are away come last. */
  #ranked(): Part[] {
    const isAway = (part: Part): number => (part.state === 'away' || part.state === 'refused' ? 1 : 0);
    return this.#parts.toSorted((a, b) =>
      isAway(a) - isAway(b) || (a.source.tipWork === b.source.tipWork ? 0 : a.source.tipWork > b.source.tipWork ? -1 : 1)); // prettier-ignore
  }

  /** Confirmed counts more than waiting; of two places the one that the source with the most work tells. */
  #union(parts: readonly Part[], key: string): HistoryEntry[] {
    const someHere = this.#parts.some(({ state }) => state === 'fresh');
    const deep = (this.#ranked()[0]?.tip?.height ?? Infinity) - SAFE_DEPTH + 1;
    const byTxid = new Map<string, HistoryEntry>();
    for (const part of parts) {
      const isAway = someHere && (part.state === 'away' || part.state === 'refused');
      for (const entry of part.histories.get(key)?.entries ?? []) {
        if (isAway && (entry.height === undefined || entry.height > deep)) continue;
        const known = byTxid.get(entry.txid);
        if (!known || (known.height === undefined && entry.height !== undefined)) byTxid.set(entry.txid, entry);
      }
    }
    const entries = [...byTxid.values()];
    const confirmed = entries.filter(({ height }) => height !== undefined);
    const spent = new Set(confirmed.flatMap(({ tx }) => tx.inputs.map(outPointKey)));
    const waiting = entries.filter(({ height, tx }) => height === undefined && !tx.inputs.some((input) => spent.has(outPointKey(input))));
    return [...confirmed.toSorted((a, b) => (a.height ?? 0) - (b.height ?? 0) || (a.txIndex ?? 0) - (b.txIndex ?? 0)), ...waiting];
  }

  #tell(task: (listener: ChainListener) => void): void {
    const listener = this.#listener;
    if (listener) contained(this.#env.onBug, () => task(listener));
  }
}
