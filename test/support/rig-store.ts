import { type Store, type StoreBatch, StoreError, type StoreFault } from '../../core/store/port.ts';
import { type MemoryStore, type StoreImage, createMemoryStore } from './memory-store.ts';

/** Faults of ours, put in to see that they are found. */
export type Sabotage = 'disk_lies' | 'mark_not_raised' | 'goes_on_frozen' | 'ledger_torn' | 'htlcs_torn' | 'disk_forgets';

export interface RigStoreOptions {
  readonly post: (run: () => Promise<void>) => void;
  /** Whether the node lives on after this boundary. */
  readonly point: (what: string) => boolean;
  /** Asked once a commit. */
  readonly fault: () => StoreFault | undefined;
  readonly onDurable: (before: StoreImage, after: StoreImage) => void;
  readonly onFault: (fault: StoreFault) => void;
  readonly sabotage: Sabotage | undefined;
}

/** What a sabotaged disk makes of a batch. */
function torn(batch: StoreBatch, sabotage: Sabotage | undefined): StoreBatch {
  if (sabotage === 'ledger_torn') return { ...batch, ledger: [] };
  if (sabotage === 'htlcs_torn') return { ...batch, records: (batch.records ?? []).filter(({ table }) => table !== 'channelHtlc') };
  return batch;
}

interface Waiting {
  readonly batch: StoreBatch;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** A memory store whose disk works as a task of its own: batches given until then share a commit, as with the real one. */
export class RigStore implements Store {
  readonly #options: RigStoreOptions;
  readonly #inner: MemoryStore;
  #waiting: Waiting[] = [];
  #posted = false;
  #before: StoreImage;
  #fault: StoreError | undefined;

  constructor(start: StoreImage, options: RigStoreOptions) {
    this.#inner = createMemoryStore(start);
    this.#options = options;
    this.#before = start;
  }

  commit(batch: StoreBatch): Promise<void> {
    if (this.#fault) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      if (this.#options.sabotage === 'disk_lies') resolve();
      if (this.#posted) return;
      this.#posted = true;
      this.#options.post(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const { point, fault, onDurable, onFault, sabotage } = this.#options;
    this.#posted = false;
    const waiting = this.#waiting.splice(0);
    if (!point('commit begins')) return;
    const failed = fault();
    if (failed) {
      this.#fault = new StoreError(failed);
      onFault(failed);
      if (sabotage === 'goes_on_frozen') return waiting.forEach(({ resolve }) => resolve());
      for (const { reject } of waiting) reject(this.#fault);
      return;
    }
    const before = this.#inner.image();
    this.#before = before;
    await Promise.all(waiting.map(({ batch }) => this.#inner.commit(torn(batch, sabotage))));
    onDurable(before, this.#inner.image());
    if (!point('commit durable')) return;
    for (const { resolve } of waiting) resolve();
  }

  image(): StoreImage {
    return this.#inner.image();
  }
  /** What was durable before the last commit. */
  before(): StoreImage {
    return this.#before;
  }
  crash(): StoreImage {
    return this.#inner.crash();
  }

  readonly get: Store['get'] = (table, key) => this.#inner.get(table, key);
  readonly list: Store['list'] = (table, range) => this.#inner.list(table, range);
  readonly count: Store['count'] = (table) => this.#inner.count(table);
  readonly journal: Store['journal'] = (range) => this.#inner.journal(range);
  readonly ledger: Store['ledger'] = (range) => this.#inner.ledger(range);
  readonly balanceMsat: Store['balanceMsat'] = (account) => this.#inner.balanceMsat(account);
  readonly balances: Store['balances'] = () => this.#inner.balances();
  readonly close: Store['close'] = () => this.#inner.close();
}
