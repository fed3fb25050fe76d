import type { EventName, ShellEventName } from '../core/api.ts';

export interface Told {
  readonly name: EventName | ShellEventName;
  readonly data: unknown;
}

/**
 * What the page is told of an engine's event. The window shows one wallet at a time; of the other it hears only what must not
 * wait, and of every alarm whose it is.
 */
export function tellingOf(whose: 'own' | 'playground', isPlaying: boolean, { name, data }: { readonly name: string; readonly data: unknown }): Told | undefined {
  const isShown = isPlaying === (whose === 'playground');
  if (name === 'alarm') return whose === 'own' || isShown ? { name: 'shell.alarm', data: { ...(data as object), whose } } : undefined;
  return isShown || name === 'playground.progress' ? { name: name as EventName, data } : undefined;
}
