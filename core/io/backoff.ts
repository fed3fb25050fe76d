import type { ChainEnvironment } from './chain-options.ts';

/** Pauses that double up to a maximum, each with jitter of half its length so that clients do not return together. */
export class Backoff {
  readonly #env: ChainEnvironment;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(env: ChainEnvironment) {
    this.#env = env;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** For a server that lied: as long as it gets. */
  punish(): void {
    this.#failures = 32;
  }

  /** Resolves after the pause, or at once on `wake`. */
  pause(): Promise<void> {
    const { backoffMinMs, backoffMaxMs } = this.#env.tuning;
    const fullMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(this.#failures++, 32));
    return new Promise((done) => {
      this.#wake = done;
      this.#timer = setTimeout(() => this.wake(), fullMs * (0.5 + this.#env.random() / 2));
    });
  }

  wake(): void {
    clearTimeout(this.#timer);
    this.#wake?.();
    this.#wake = undefined;
  }
}
