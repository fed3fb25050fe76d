import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { Answer, ParamsIn } from '../../core/api.ts';
import { asRequestError, request, type RequestError } from '../client/client.ts';
import { useEvent } from './use-event.ts';

export type ActivityEntry = Answer<'activity.list'>['entries'][number];
export type ActivityFilter = Omit<ParamsIn<'activity.list'>, 'after' | 'limit'>;

const PAGE = 50;
/** Pages that stay in memory around what is looked at; the others keep their place only. */
const KEPT = 12;
const REST_MS = 300;

interface Page {
  /** Where it begins: the end of the page before. */
  readonly after: string | undefined;
  readonly count: number;
  entries: readonly ActivityEntry[] | undefined;
}

/** The ledger as far as somebody has scrolled: pages one after another, those out of sight dropped and fetched again. */
export class ActivityBook {
  readonly #filter: ActivityFilter;
  readonly #watchers = new Set<() => void>();
  #pages: Page[] = [];
  #next: string | undefined;
  #isAtEnd = false;
  #lookedBackToMs: number | undefined;
  #error: RequestError | undefined;
  #isAsking = false;
  #isOver = false;
  #isStale = false;
  #sight: readonly [first: number, last: number] = [0, 0];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #version = 0;

  constructor(filter: ActivityFilter) {
    this.#filter = filter;
  }

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  };
  readonly version = (): number => this.#version;

  /** How many are known by now, and whether these are all. */
  get count(): number {
    return this.#pages.reduce((sum, { count }) => sum + count, 0);
  }
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }
  get isBegun(): boolean {
    return this.#pages.length > 0 || this.#isAtEnd;
  }
  /** How far a search has come while nothing more was found. */
  get lookedBackToMs(): number | undefined {
    return this.#lookedBackToMs;
  }
  get error(): RequestError | undefined {
    return this.#error;
  }

  at(index: number): ActivityEntry | undefined {
    const found = this.#pageOf(index);
    return found && found.page.entries?.[index - found.start];
  }
  #pageOf(index: number): { readonly page: Page; readonly start: number; readonly place: number } | undefined {
    let start = 0;
    for (const [place, page] of this.#pages.entries()) {
      if (index < start + page.count) return { page, start, place };
      start += page.count;
    }
    return undefined;
  }

  /** These rows are in sight; whoever sees the last one wants more. */
  want(first: number, last: number): void {
    this.#sight = [first, last];
    void this.#ask();
  }
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#isStale = true;
      void this.#ask();
    }, REST_MS);
  }
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (!this.#isOver) {
      const task = this.#task();
      if (!task) break;
      try {
        await task();
        this.#error = undefined;
      } catch (error) {
        this.#error = asRequestError(error);
        break;
      } finally {
        this.#version++;
        for (const watcher of this.#watchers) watcher();
      }
    }
    this.#isAsking = false;
  }

  #task(): (() => Promise<void>) | undefined {
    const [first, last] = this.#sight;
    // What is new stands at the top: only who is there sees it, and a list that is read does not move.
    if (this.#isStale && first === 0) return () => this.#begin();
    const near = (place: number): boolean => Math.abs(place - (this.#pageOf(first)?.place ?? 0)) <= KEPT / 2;
    for (const [place, page] of this.#pages.entries()) if (!near(place)) page.entries = undefined;
    const missing = [this.#pageOf(first), this.#pageOf(last)].find((found) => found && !found.page.entries);
    if (missing) return () => this.#again(missing.page);
    return !this.#isAtEnd && last >= this.count - 1 ? () => this.#more() : undefined;
  }

  async #begin(): Promise<void> {
    this.#isStale = false;
    const { entries, next, lookedBackToMs } = await this.#fetch(undefined);
    this.#pages = [{ after: undefined, count: entries.length, entries }];
    this.#went(next, lookedBackToMs);
  }
  async #more(): Promise<void> {
    const after = this.#next;
    const { entries, next, lookedBackToMs } = await this.#fetch(after);
    if (entries.length > 0 || this.#pages.length === 0) this.#pages.push({ after, count: entries.length, entries });
    this.#went(next, lookedBackToMs);
  }
  #went(next: string | undefined, lookedBackToMs: number | undefined): void {
    this.#next = next;
    this.#isAtEnd = next === undefined;
    this.#lookedBackToMs = lookedBackToMs;
  }
  async #again(page: Page): Promise<void> {
    const { entries } = await this.#fetch(page.after);
    page.entries = entries.slice(0, page.count);
  }

  #fetch(after: string | undefined): Promise<Answer<'activity.list'>> {
    return request('activity.list', { ...this.#filter, limit: PAGE, ...(after === undefined ? {} : { after }) });
  }
}

export function useActivity(filter: ActivityFilter): ActivityBook {
  const key = JSON.stringify(filter);
  const book = useMemo(() => new ActivityBook(JSON.parse(key) as ActivityFilter), [key]);
  useSyncExternalStore(book.subscribe, book.version);
  useEffect(() => {
    book.want(0, 0);
    return () => book.end();
  }, [book]);
  useEvent((name) => ['payment.updated', 'invoice.updated', 'wallet.updated', 'channel.updated'].includes(name) && book.refresh());
  return book;
}
