/** How often somebody has to look. */
export const LOOK_MS = 5_000;
/** A clock that is looked at every five seconds and jumps so far has slept; not every system announces it. */
const SLEPT_MS = 60_000;

/** Whether the computer slept since the last look. */
export class ClockJumps {
  readonly #nowMs: () => number;
  #lastMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  look(): boolean {
    const passedMs = this.#nowMs() - this.#lastMs;
    this.#lastMs += passedMs;
    return passedMs > SLEPT_MS;
  }
}
