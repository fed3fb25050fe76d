import { randomFillSync } from 'node:crypto';

/** Cancels what was set; harmless when it already ran. */
export type Cancel = () => void;

export interface Timers {
  /** Runs `task` once, `delayMs` from now at the earliest. */
  readonly after: (delayMs: number, task: () => void) => Cancel;
}

/** Everything that no two runs have in common: handed in, so that a test or the simulation can decide it. */
export interface System {
  /** `length` bytes from the operating system's generator. */
  readonly random: (length: number) => Uint8Array;
  /** Wall clock, milliseconds since 1970; it may jump. */
  readonly nowMs: () => number;
  /** Milliseconds since some moment in the past; never goes back. */
  readonly monotonicMs: () => number;
  readonly timers: Timers;
}

export const system: System = {
  random: (length) => randomFillSync(new Uint8Array(length)),
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  timers: {
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
  },
};
