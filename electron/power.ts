import type { PowerMonitor } from 'electron';
import { ClockJumps, LOOK_MS } from '../core/index.ts';

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

/** Sleep, shutdown and absence, as the system tells of them. */
export function watchPower({ monitor, onSuspend, onResume, onShutdown, lock, idleMinutes, nowMs }: PowerPort): { readonly look: () => void } {
  const jumps = new ClockJumps(nowMs);
  monitor.on('suspend', onSuspend);
  monitor.on('resume', () => {
    jumps.look();
    onResume();
  });
  monitor.on('shutdown', onShutdown);
  monitor.on('lock-screen', lock);
  const look = (): void => {
    if (jumps.look()) onResume();
    if (idleMinutes() > 0 && monitor.getSystemIdleTime() >= idleMinutes() * 60) lock();
  };
  setInterval(look, LOOK_MS).unref();
  return { look };
}
