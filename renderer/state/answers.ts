import { useCallback, useSyncExternalStore } from 'react';
import { type AnyEvent, type AnyMethod, asRequestError, type Given, type Got, onEvent, request, type RequestError } from '../client/client.ts';

export interface AnswerState<T> {
  /** The last answer, kept while a newer one is fetched. */
  readonly value: T | undefined;
  readonly error: RequestError | undefined;
}

interface Entry {
  state: AnswerState<unknown>;
  readonly watchers: Set<() => void>;
  refresh: () => void;
  end: () => void;
}

/** With a hundred payments a second a list is asked for this often and not more. */
const REST_MS = 120;
const NOTHING: AnswerState<never> = { value: undefined, error: undefined };
const entries = new Map<string, Entry>();

function makeEntry(method: AnyMethod, params: unknown, refreshOn: readonly AnyEvent[], key: string): Entry {
  let isAsking = false;
  let isDue = false;
  const tell = (entry: Entry): void => entry.watchers.forEach((watcher) => watcher());
  const entry: Entry = {
    state: NOTHING,
    watchers: new Set(),
    refresh: () => {
      isDue = true;
      if (!isAsking) void ask();
    },
    end: () => undefined,
  };
  const ask = async (): Promise<void> => {
    isAsking = true;
    while (isDue && entries.get(key) === entry) {
      isDue = false;
      try {
        entry.state = { value: await request(method, params as Given<AnyMethod>), error: undefined };
      } catch (error) {
        entry.state = { value: entry.state.value, error: asRequestError(error) };
      }
      tell(entry);
      if (!isDue) await new Promise((done) => setTimeout(done, REST_MS));
    }
    isAsking = false;
  };
  entry.end = onEvent((name) => {
    if (entries.get(key) === entry && refreshOn.includes(name)) entry.refresh();
  });
  return entry;
}

/** Forgets every answer: another wallet, or a locked one. */
export const forgetAnswers = (): void => entries.clear();

/** An answer that is asked for again whenever one of the events is told. Components with the same question share it. */
export function useAnswer<M extends AnyMethod>(method: M, params: Given<M>, refreshOn: readonly AnyEvent[]): AnswerState<Got<M>> & { readonly refresh: () => void } {
  const key = `${method} ${JSON.stringify(params, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`;
  const events = refreshOn.join(' ');
  const entryOf = useCallback((): Entry => {
    const known = entries.get(key);
    if (known) return known;
    const made = makeEntry(method, JSON.parse(key.slice(method.length + 1)), events.split(' ') as AnyEvent[], key);
    entries.set(key, made);
    made.refresh();
    return made;
  }, [key, method, events]);
  const subscribe = useCallback(
    (watcher: () => void) => {
      const entry = entryOf();
      entry.watchers.add(watcher);
      return () => {
        entry.watchers.delete(watcher);
        if (entry.watchers.size > 0) return;
        entry.end();
        if (entries.get(key) === entry) entries.delete(key);
      };
    },
    [entryOf, key],
  );
  const state = useSyncExternalStore(subscribe, () => entries.get(key)?.state ?? NOTHING) as AnswerState<Got<M>>;
  return { ...state, refresh: () => entries.get(key)?.refresh() };
}
