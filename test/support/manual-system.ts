import { type System, system } from '../../core/io/system.ts';

interface Timer {
  readonly atMs: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to go on; randomness is the real one. */
export function manualSystem(): System & { readonly advance: (ms: number) => void; readonly timerCount: () => number } {
  let nowMs = 1_000_000;
  const timers = new Set<Timer>();
  const next = (untilMs: number): Timer | undefined =>
    [...timers].filter((timer) => timer.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
  return {
    random: system.random,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timers: {
      after: (delayMs, task) => {
        const timer = { atMs: nowMs + delayMs, task };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    timerCount: () => timers.size,
    /** Runs what falls due on the way, in order. */
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let timer = next(untilMs); timer; timer = next(untilMs)) {
        nowMs = Math.max(nowMs, timer.atMs);
        timers.delete(timer);
        timer.task();
      }
      nowMs = untilMs;
    },
  };
}
