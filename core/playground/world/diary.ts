import type { PlayNode, PlayWire } from '../../api.ts';

type Entry = PlayWire['log'][number];
export interface News {
  readonly code: Entry['code'];
  readonly node?: PlayNode;
  readonly amountSat?: bigint;
  readonly blocks?: number;
}

const MAX_ENTRIES = 60;

/** What happened, newest first; the screen puts it into words. */
export class Diary {
  readonly #height: () => number;
  #entries: readonly Entry[] = [];
  #lastId = 0;

  constructor(height: () => number) {
    this.#height = height;
  }

  write({ amountSat, ...news }: News): void {
    const entry: Entry = { id: ++this.#lastId, timeMs: Date.now(), height: this.#height(), ...news, ...(amountSat === undefined ? {} : { amountSat: amountSat.toString() }) };
    this.#entries = [entry, ...this.#entries].slice(0, MAX_ENTRIES);
  }
  clear(): void {
    this.#entries = [];
  }
  get entries(): Entry[] {
    return [...this.#entries];
  }
}
