import { useEffect, useRef } from 'react';
import { type Listener, onEvent } from '../client/client.ts';

/** Hears every event as long as the component is there. */
export function useEvent(listener: Listener): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => onEvent((name, data) => latest.current(name, data)), []);
}
