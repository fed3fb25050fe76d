import { type JournalWrite, type LedgerWrite, type RecordWrite, type Store, type StoreBatch, StoreError, type StoreFault, type TableName } from '../store/port.ts';
import type { HighWaterMarks, NodeLog, NodeSystem } from './ports.ts';

/** What one turn changes and causes. Records are written once with their last value, effects run in the order given. */
export class Turn {
  readonly #records = new Map<string, RecordWrite>();
  readonly #journal: JournalWrite[] = [];
  readonly #ledger: LedgerWrite[] = [];
  readonly effects: (() => void)[] = [];
  readonly highWater = new Map<number, number>();
  /** Channels that a command touched: they may have something to sign when the turn ends. */
  readonly touched = new Set<number>();
  /** Runs once, before the batch is made. */
  readonly #lateWrites = new Map<string, () => void>();

  write(table: TableName, key: string, value: Uint8Array | undefined): void {
    this.#records.set(`${table}/${key}`, { table, key, value });
  }
  /** Whatever `record` names is written once at the end of the turn, however often it changes in it. */
  writeLate(record: string, write: () => void): void {
    this.#lateWrites.set(record, write);
  }
  journal(entry: JournalWrite): void {
    this.#journal.push(entry);
  }
  ledger(entry: LedgerWrite): void {
    if (entry.amountMsat > 0n) this.#ledger.push(entry);
  }
  /** Runs when everything that this turn changed is durable. */
  after(effect: () => void): void {
    this.effects.push(effect);
  }

  batch(): StoreBatch | undefined {
    for (const write of this.#lateWrites.values()) write();
    this.#lateWrites.clear();
    if (this.#records.size === 0 && this.#journal.length === 0 && this.#ledger.length === 0) return undefined;
    return { records: [...this.#records.values()], journal: this.#journal, ledger: this.#ledger };
  }
}

export type Task = (turn: Turn) => void;

export interface TurnsOptions {
  readonly store: Store;
  readonly highWater: HighWaterMarks;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  /** Ends a turn: signs what waits in the touched channels. */
  readonly finish: (turn: Turn) => void;
  readonly onFrozen: (fault: StoreFault) => void;
}

/**
 * The node's single thread of thought. What arrives together is one turn: machines run, the store makes the outcome
 * durable in one commit (group commit), and only then messages, transactions and answers leave, in order. Turns overlap
 * with commits under way; effects never do. After a failed commit nothing leaves any more (I-7).
 */
export class Turns {
  readonly #options: TurnsOptions;
  #waiting: Task[] = [];
  #scheduled = false;
  #released: Promise<void> = Promise.resolve();
  #frozen: StoreFault | undefined;
  #stopped = false;
  /** Whoever waits for effects that will never come once writing has failed. */
  readonly #hopeful = new Set<(error: StoreError) => void>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  get frozen(): StoreFault | undefined {
    return this.#frozen;
  }
  get waitingCount(): number {
    return this.#waiting.length;
  }

  enqueue(task: Task): void {
    if (this.#stopped || this.#frozen) return;
    this.#waiting.push(task);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.system.soon(() => this.#run());
  }

  /** What `work` gives; rejects with the StoreError when writing fails before, since its effects never come then. */
  unlessFrozen<T>(work: Promise<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#frozen) return reject(new StoreError(this.#frozen));
      this.#hopeful.add(reject);
      const settle = (): void => void this.#hopeful.delete(reject);
      Promise.resolve(work).then(resolve, reject).finally(settle);
    });
  }

  /** Resolves when all that was enqueued until now is durable and has taken effect. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.enqueue((turn) => turn.after(resolve));
      if (this.#stopped || this.#frozen) resolve();
    });
  }

  /** Takes nothing more; what is under way is finished. */
  async stop(): Promise<void> {
    if (!this.#frozen) await this.idle();
    this.#stopped = true;
    await this.#released.catch(() => undefined);
  }

  #run(): void {
    this.#scheduled = false;
    const tasks = this.#waiting;
    this.#waiting = [];
    const turn = new Turn();
    for (const task of tasks) this.#contain(() => task(turn));
    this.#contain(() => this.#options.finish(turn));
    this.#release(turn);
  }

  #contain(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#options.log.error('a turn failed', { reason: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
    }
  }

  #release(turn: Turn): void {
    if (this.#frozen) return;
    const { store, highWater } = this.#options;
    const batch = turn.batch();
    const raises = [...turn.highWater].map(([channel, commitment]) => [channel, commitment] as const);
    const durable = batch ? store.commit(batch) : Promise.resolve();
    // The mark follows the database: a crash in between leaves it lower, which is sound.
    const marked: Promise<unknown> =
      raises.length === 0 ? durable : durable.then(() => Promise.all(raises.map(([channel, commitment]) => highWater.raise(channel, commitment))));
    marked.catch(() => undefined);
    this.#released = this.#takeEffect(this.#released, marked, turn);
  }

  async #takeEffect(before: Promise<void>, durable: Promise<unknown>, turn: Turn): Promise<void> {
    await before;
    try {
      await durable;
    } catch (error) {
      this.#freeze(error);
    }
    if (this.#frozen) return;
    for (const effect of turn.effects) this.#contain(effect);
  }

  #freeze(error: unknown): void {
    if (this.#frozen) return;
    this.#frozen = error instanceof StoreError ? error.fault : { code: 'write_failed', reason: error instanceof Error ? error.message : 'unknown' };
    this.#options.log.error('writing failed: nothing is sent any more', { code: this.#frozen.code });
    this.#options.onFrozen(this.#frozen);
    for (const reject of this.#hopeful) reject(new StoreError(this.#frozen));
    this.#hopeful.clear();
  }
}
