import { p2wsh, script } from '../../../core/bitcoin/script.ts';
import { decodeTx, encodeTx, txid as txidOf, unsignedInput, type OutPoint, type Tx } from '../../../core/bitcoin/transaction.ts';
import type { ChainFault, ChainListener, ChainSource, ChainTip, HistoryEntry, ScriptHistory } from '../../../core/chain/port.ts';
import { createChainSource } from '../../../core/io/chain-sources.ts';
import type { BlobStore, ChainSourceOptions, ChainTuning } from '../../../core/io/chain-options.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { sat } from '../../../core/lib/units.ts';
import type { Chain } from '../../../core/playground/chain-types.ts';

/** Quick enough for tests: nothing waits for these, they only bound how long a failure lasts. */
export const QUICK: Partial<ChainTuning> = { connectTimeoutMs: 2_000, requestTimeoutMs: 3_000, backoffMinMs: 5, backoffMaxMs: 40, pollMs: 15 };

/** Anybody can spend what is paid to this script; each number gives another one. */
export function openScript(n: number): { readonly script: Uint8Array; readonly hex: string; readonly witnessScript: Uint8Array } {
  const witnessScript = script({ number: n + 1000 }, 'DROP', 1);
  return { script: p2wsh(witnessScript), hex: toHex(p2wsh(witnessScript)), witnessScript };
}

export interface SpendPlan {
  readonly outPoint: OutPoint;
  readonly amountSat: bigint;
  readonly witnessScript: Uint8Array;
  readonly to: Uint8Array;
  readonly feeSat?: bigint;
}

export function spendOf({ outPoint, amountSat, witnessScript, to, feeSat = 2_000n }: SpendPlan): { readonly tx: Tx; readonly txid: string; readonly raw: Uint8Array } {
  const tx: Tx = {
    version: 2, locktime: 0, inputs: [{ ...unsignedInput(outPoint, 0xfffffffd), witness: [witnessScript] }],
    outputs: [{ amountSat: sat(amountSat - feeSat), script: to }],
  }; // prettier-ignore
  return { tx, txid: txidOf(tx), raw: encodeTx(tx) };
}

/** A faucet payment to a script; which of its outputs that is. */
export async function payTo(chain: Chain, scriptHex: string, amountSat: bigint): Promise<OutPoint> {
  const txid = await chain.pay(scriptHex, amountSat);
  const tx = decodeTx(fromHex(must(chain.index.tx(txid), 'payment').tx.hex));
  return { txid, vout: tx.outputs.findIndex((output) => toHex(output.script) === scriptHex) };
}

/** Remembers what a source tells and wakes whoever waits for it. */
export class Recorder implements ChainListener {
  readonly log: string[] = [];
  readonly faults: { readonly fault: ChainFault; readonly isFinal: boolean }[] = [];
  readonly histories = new Map<string, readonly HistoryEntry[]>();
  tip: ChainTip | undefined;
  syncedCount = 0;
  #waiting: { readonly holds: () => boolean; readonly done: () => void }[] = [];

  readonly onTip = (tip: ChainTip): void => {
    this.tip = tip;
    this.#note(`tip ${tip.height}`);
  };
  readonly onHistory = ({ script, entries }: ScriptHistory): void => {
    this.histories.set(toHex(script), entries);
    this.#note(`history ${entries.map(({ height }) => height ?? 'mempool').join(',')}`);
  };
  readonly onFault = (fault: ChainFault, isFinal: boolean): void => {
    this.faults.push({ fault, isFinal });
    this.#note(`fault ${fault.code}`);
  };
  readonly onSynced = (): void => {
    this.syncedCount++;
    this.#note('synced');
  };

  /** Resolves as soon as it holds; the test's own time limit ends it otherwise. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ holds, done }));
  }

  /** Heights of a script's history, undefined for waiting ones; `none` before it was told. */
  heights(scriptHex: string): readonly (number | undefined)[] | 'none' {
    return this.histories.get(scriptHex)?.map(({ height }) => height) ?? 'none';
  }
  untilHeights(scriptHex: string, heights: readonly (number | undefined)[]): Promise<void> {
    return this.until(() => JSON.stringify(this.heights(scriptHex)) === JSON.stringify(heights));
  }
  untilTip(chain: Chain): Promise<void> {
    return this.until(() => this.tip?.hash === chain.index.tip.hash);
  }
  untilFault(code: ChainFault['code']): Promise<void> {
    return this.until(() => this.faults.some(({ fault }) => fault.code === code));
  }

  #note(line: string): void {
    this.log.push(line);
    const ready = this.#waiting.filter(({ holds }) => holds());
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const { done } of ready) done();
  }
}

export interface Rig {
  readonly source: ChainSource;
  readonly told: Recorder;
  readonly bugs: unknown[];
}

const rigs: Rig[] = [];

/** A started source with a recorder; `stopRigs` stops all of them and shows that nothing of ours broke. */
export function rig(specs: string | readonly string[], options: ChainSourceOptions = {}, watch: readonly (readonly [Uint8Array, number])[] = []): Rig {
  const bugs: unknown[] = [];
  const made = createChainSource(specs, 'regtest', { onBug: (error) => bugs.push(error), ...options, tuning: { ...QUICK, ...options.tuning } });
  if (!made.ok) throw new Error(made.error);
  const told = new Recorder();
  for (const [watched, fromHeight] of watch) made.value.watchScript(watched, fromHeight);
  made.value.start(told);
  const it: Rig = { source: made.value, told, bugs };
  rigs.push(it);
  return it;
}

export async function stopRigs(): Promise<void> {
  const stopped = rigs.splice(0);
  await Promise.all(stopped.map(({ source }) => source.stop()));
  const bugs = stopped.flatMap((it) => it.bugs);
  if (bugs.length > 0) throw new AggregateError(bugs, 'the source broke inside');
}

/** Blobs in memory, by name. */
export function memoryBlobs(): { readonly blob: (name: string) => BlobStore; readonly stored: Map<string, Uint8Array> } {
  const stored = new Map<string, Uint8Array>();
  const blob = (name: string): BlobStore => ({
    load: () => Promise.resolve(stored.get(name)),
    save: (bytes) => {
      stored.set(name, bytes);
      return Promise.resolve();
    },
  });
  return { blob, stored };
}
