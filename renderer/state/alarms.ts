import { createContext, useCallback, useContext, useMemo, useState } from 'react';
import type { ShellAnswer, ShellEventData } from '../../core/api.ts';
import { useEvent } from './use-event.ts';

export type Alarm = ShellEventData<'shell.alarm'>;
export interface AlarmBook {
  /** The newest of each wallet that nobody has put away. */
  readonly alarms: readonly Alarm[];
  readonly dismiss: (alarm: Alarm) => void;
}

export const AlarmContext = createContext<AlarmBook>({ alarms: [], dismiss: () => undefined });
export const useAlarms = (): AlarmBook => useContext(AlarmContext);

/** Heard at a place that is never taken away: neither a lock nor a visit to the playground forgets an alarm of the own wallet. */
export function useAlarmBook(): AlarmBook {
  const [alarms, setAlarms] = useState<readonly Alarm[]>([]);
  useEvent((name, data) => {
    if (name === 'shell.alarm') {
      const alarm = data as Alarm;
      setAlarms((before) => [...before.filter(({ whose }) => whose !== alarm.whose), alarm]);
    }
    // With the playground its wallet is gone.
    if (name === 'shell.updated' && (data as ShellAnswer<'shell.state'>).playground !== 'on') setAlarms((before) => (before.some(({ whose }) => whose === 'playground') ? before.filter(({ whose }) => whose === 'own') : before));
  });
  const dismiss = useCallback((alarm: Alarm) => setAlarms((before) => before.filter((one) => one !== alarm)), []);
  return useMemo(() => ({ alarms, dismiss }), [alarms, dismiss]);
}
