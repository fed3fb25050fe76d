import type { NodeSystem } from './ports.ts';

/** Whoever waits for a payment to be final. */
export class Finals {
  readonly #timers: NodeSystem['timers'];
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(timers: NodeSystem['timers']) {
    this.#timers = timers;
  }

  /** Resolves when the payment is final, or after `timeoutMs`. */
  of(hash: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(hash) ?? new Set();
      this.#waiters.set(hash, waiters);
      const done = (): void => {
        cancel();
        waiters.delete(done);
        if (waiters.size === 0) this.#waiters.delete(hash);
        resolve();
      };
      const cancel = this.#timers.after(timeoutMs, done);
      waiters.add(done);
    });
  }

  isFinal(hash: string): void {
    for (const done of this.#waiters.get(hash) ?? []) done();
  }
}
