import type { PowerMonitor } from 'electron';

export interface PowerPort {
  readonly monitor: Pick<PowerMonitor, 'on' | 'getSystemIdleTime'>;
  readonly onSuspend: () => void;
  readonly onResume: () => void;
  readonly onShutdown: () => void;
  /** Locks the window. */
  readonly lock: () => void;
  /** 0: never. */
  readonly idleMinutes: () => number;
  readonly nowMs: () => number;
}

const LOOK_MS = 5_000;
/** A clock that is looked at every five seconds and jumps so far has slept; not every system announces it. */
const SLEPT_MS = 60_000;

/** Sleep, shutdown and absence, as the system tells of them. */
export function watchPower({ monitor, onSuspend, onResume, onShutdown, lock, idleMinutes, nowMs }: PowerPort): { readonly look: () => void } {
  let lastMs = nowMs();
  monitor.on('suspend', onSuspend);
  monitor.on('resume', () => {
    lastMs = nowMs();
    onResume();
  });
  monitor.on('shutdown', onShutdown);
  monitor.on('lock-screen', lock);
  const look = (): void => {
    const sleptMs = nowMs() - lastMs;
    lastMs = nowMs();
    if (sleptMs > SLEPT_MS) onResume();
    if (idleMinutes() > 0 && monitor.getSystemIdleTime() >= idleMinutes() * 60) lock();
  };
  setInterval(look, LOOK_MS).unref();
  return { look };
}
