import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Answer } from '../../core/api.ts';
import { asRequestError, request, type RequestError } from '../client/client.ts';
import { useEvent } from './use-event.ts';

export type ChannelState = Answer<'channel.states'>['states'][number];
export interface Newest {
  readonly ours: number;
  readonly theirs: number;
}

const PAGE = 32;
/** Pages that stay, around those that are looked at: memory does not grow with the length of the history. */
const KEPT = 24;
/** Updates of a busy channel are asked for this often and not more. */
const REST_MS = 150;
/** Somebody who passes this many rows at once reads none of them: they are asked for where he rests. */
const FLIGHT_ROWS = 48;
const LANDING_MS = 60;

interface Page {
  readonly states: ReadonlyMap<number, ChannelState>;
  /** Every state of it is revoked on both sides: nothing of it will ever change. */
  readonly isFinal: boolean;
}

/** States of one channel, fetched in pages where somebody looks; what is far from there is forgotten again. */
export class StateBook {
  readonly #channelId: string;
  readonly #pages = new Map<number, Page>();
  readonly #watchers = new Set<() => void>();
  #wanted: readonly number[] = [];
  #asking: number | undefined;
  #stale = new Set<number>();
  #newest: Newest | undefined;
  #error: RequestError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #landing: ReturnType<typeof setTimeout> | undefined;
  #seen: number | undefined;
  #version = 0;
  #isOver = false;

  constructor(channelId: string) {
    this.#channelId = channelId;
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };
  readonly version = (): number => this.#version;

  get newest(): Newest | undefined {
    return this.#newest;
  }
  get error(): RequestError | undefined {
    return this.#error;
  }
  get keptPages(): number {
    return this.#pages.size;
  }
  at(number: number): ChannelState | undefined {
    return this.#pages.get(Math.floor(number / PAGE))?.states.get(number);
  }
  /** Whether its page is there: a state that is missing then is missing in the journal. */
  isRead(number: number): boolean {
    return this.#pages.has(Math.floor(number / PAGE));
  }

  /** Somebody looks at these. The pages in sight come first, their neighbours after. */
  want(first: number, last: number): void {
    const [low, high] = [Math.floor(Math.max(0, Math.min(first, last)) / PAGE), Math.floor(Math.max(first, last) / PAGE)];
    const middle: number[] = [];
    for (let page = high; page >= low; page--) middle.push(page);
    this.#wanted = [...middle, low - 1, high + 1].filter((page) => page >= 0 && (this.#newest === undefined || page * PAGE <= Math.max(this.#newest.ours, this.#newest.theirs)));
    for (const page of this.#pages.keys()) if (page < low - KEPT / 2 || page > high + KEPT / 2) this.#pages.delete(page);
    const isFlying = this.#seen !== undefined && Math.abs(first - this.#seen) > FLIGHT_ROWS;
    this.#seen = first;
    clearTimeout(this.#landing);
    if (isFlying) this.#landing = setTimeout(() => void this.#ask(), LANDING_MS);
    else void this.#ask();
  }

  /** The channel went on. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#stale = new Set([...this.#pages].filter(([, { isFinal }]) => !isFinal).map(([page]) => page));
      if (this.#stale.size === 0 && this.#newest) this.#stale.add(Math.floor(Math.max(this.#newest.ours, this.#newest.theirs) / PAGE));
      void this.#ask();
    }, REST_MS);
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#landing);
  }

  async #ask(): Promise<void> {
    if (this.#asking !== undefined) return;
    for (let page = this.#next(); page !== undefined && !this.#isOver; page = this.#next()) {
      this.#asking = page;
      this.#stale.delete(page);
      try {
        const { newestOurs, newestTheirs, states } = await request('channel.states', { channelId: this.#channelId, from: page * PAGE, limit: PAGE });
        this.#newest = { ours: newestOurs, theirs: newestTheirs };
        this.#error = undefined;
        this.#keep(page, states);
      } catch (error) {
        this.#error = asRequestError(error);
        this.#wanted = [];
        this.#stale.clear();
      }
      this.#version++;
      for (const watcher of this.#watchers) watcher();
    }
    this.#asking = undefined;
  }

  #next(): number | undefined {
    return this.#wanted.find((page) => !this.#pages.has(page) || this.#stale.has(page)) ?? this.#stale.values().next().value;
  }

  #keep(page: number, states: readonly ChannelState[]): void {
    const before = this.#pages.get(page)?.states;
    // What did not change stays the same object, so that its row is not drawn again.
    const same = (state: ChannelState): ChannelState => {
      const old = before?.get(state.number);
      return old && isSame(old, state) ? old : state;
    };
    const isFinal = states.length === PAGE && states.every(({ ours, theirs }) => ours?.revokedAtMs !== undefined && theirs?.revokedAtMs !== undefined);
    this.#pages.set(page, { states: new Map(states.map((state) => [state.number, same(state)])), isFinal });
  }
}

/** A commitment never changes but by its revocation. */
const isSame = (a: ChannelState, b: ChannelState): boolean =>
  a.ours?.revokedAtMs === b.ours?.revokedAtMs && a.theirs?.revokedAtMs === b.theirs?.revokedAtMs && (a.ours === undefined) === (b.ours === undefined) && (a.theirs === undefined) === (b.theirs === undefined);

export function useStateBook(channelId: string): StateBook {
  const book = useMemo(() => new StateBook(channelId), [channelId]);
  useSyncExternalStore(book.subscribe, book.version);
  useEffect(() => () => book.end(), [book]);
  useEvent((name, data) => name === 'channel.updated' && (data as { readonly channelId: string }).channelId === channelId && book.refresh());
  return book;
}
