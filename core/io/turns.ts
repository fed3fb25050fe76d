import type { System } from './system.ts';

/** A turn of the event loop may spend this long on the peers' bytes before everything else gets its chance. */
const BUDGET_MS = 8;

/**
 * Spreads the work that peers cause over turns of the event loop, first come first served, so that two hundred of
 * them flooding at once delay a payment or a timer by one budget instead of by the sum of their chunks.
 */
export class Turns {
  readonly #system: Pick<System, 'monotonicMs'>;
  readonly #waiting: (() => void)[] = [];
  #endsMs = 0;
  #isOpen = false;

  constructor(system: Pick<System, 'monotonicMs'>) {
    this.#system = system;
  }

  /** At once while the present turn's budget lasts, else in one of the next turns. Tasks must not throw. */
  run(task: () => void): void {
    if (!this.#isOpen) this.#begin();
    if (this.#waiting.length > 0 || this.#system.monotonicMs() >= this.#endsMs) this.#waiting.push(task);
    else task();
  }

  #begin(): void {
    this.#isOpen = true;
    this.#endsMs = this.#system.monotonicMs() + BUDGET_MS;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#isOpen = false;
    if (this.#waiting.length === 0) return;
    this.#begin();
    let done = 0;
    // At least one a turn, whatever the clock says.
    do this.#waiting[done++]!();
    while (done < this.#waiting.length && this.#system.monotonicMs() < this.#endsMs);
    this.#waiting.splice(0, done);
  }
}
