import { sizeOf, checkBatch } from '../../store/batch.ts';
import { type StoreBatch, StoreError } from '../../store/port.ts';

interface Waiting {
  readonly batch: StoreBatch;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** Rows that share a transaction at most: bounds the pause in which they are sealed. One larger batch stays whole. */
const MAX_ROWS = 512;

export interface GroupCommit {
  readonly commit: (batch: StoreBatch) => Promise<void>;
  /** Makes this and every later commit fail; what is under way ends as it ends. */
  readonly fail: (error: StoreError) => void;
  /** Resolves when nothing is under way or waiting. */
  readonly idle: () => Promise<void>;
}

const asStoreError = (error: unknown): StoreError =>
  error instanceof StoreError ? error : new StoreError({ code: 'write_failed', reason: (error as Error).message });

/**
 * Gathers batches while `write` makes earlier ones durable. `write` gets them in the order given and is never called
 * twice at a time, nor again after it has failed.
 */
export function createGroupCommit(write: (batches: readonly StoreBatch[]) => Promise<void>): GroupCommit {
  let queue: Waiting[] = [];
  let isRunning = false;
  let fault: StoreError | undefined;
  let whenIdle: (() => void)[] = [];

  function takeGroup(): readonly Waiting[] {
    let rows = 0;
    let count = 0;
    for (const { batch } of queue) {
      rows += sizeOf(batch);
      if (count > 0 && rows > MAX_ROWS) break;
      count++;
    }
    const group = queue.slice(0, count);
    queue = queue.slice(count);
    return group;
  }

  function failAll(waiting: readonly Waiting[], error: StoreError): void {
    fault ??= error;
    for (const one of waiting) one.reject(fault);
    for (const one of queue) one.reject(fault);
    queue = [];
  }

  async function writeGroup(): Promise<void> {
    const group = takeGroup();
    try {
      if (fault) throw fault;
      await write(group.map(({ batch }) => batch));
      for (const one of group) one.resolve();
    } catch (error) {
      failAll(group, asStoreError(error));
    }
  }

  // A tick after the promises that the last commit resolved: whoever goes on to commit again shares the next group.
  const schedule = (): void =>
    process.nextTick(async () => {
      await writeGroup();
      if (queue.length > 0) return schedule();
      isRunning = false;
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    });

  return {
    commit: (batch) =>
      new Promise((resolve, reject) => {
        checkBatch(batch);
        if (fault) return reject(fault);
        queue.push({ batch, resolve, reject });
        if (isRunning) return;
        isRunning = true;
        schedule();
      }),
    fail: (error) => failAll([], error),
    idle: () =>
      new Promise((resolve) => {
        if (isRunning) whenIdle.push(resolve);
        else resolve();
      }),
  };
}
