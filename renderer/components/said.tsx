import { useSyncExternalStore } from 'react';

/** Until a dialog that closes has given the rest of the window back to screen readers. */
const AFTER_MS = 200;

let said = '';
const listeners = new Set<() => void>();
const set = (text: string): void => {
  said = text;
  for (const listener of listeners) listener();
};

/** Has a screen reader say something that outlives the screen it was about. */
export function say(text: string): void {
  set('');
  setTimeout(() => set(text), AFTER_MS);
}

const listen = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** What was said last, for screen readers only; once in the window. */
export function Said() {
  const text = useSyncExternalStore(listen, () => said);
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  );
}
