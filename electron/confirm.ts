import { type ConfirmedMethod, methods, shellMethods } from '../core/api.ts';
import { ApiFailure, decodeWith } from '../core/index.ts';

/** What a person is asked by the main process itself. */
export interface Question {
  readonly title: string;
  readonly lines: readonly string[];
  readonly yes: string;
}

/** A request as the main process understands it. */
export interface Reading {
  /** What will be carried out: the request with every limit written out that the person was shown. */
  readonly params: unknown;
  /** Undefined where there is nothing to lose yet. */
  readonly question: Question | undefined;
  /** What a payment costs at most, fee included; undefined for whatever is always asked. */
  readonly costMsat?: bigint;
}

export interface ConfirmPort {
  readonly read: (method: ConfirmedMethod, params: never) => Promise<Reading>;
  /** A dialog of the system; the page can neither see nor answer it. */
  readonly ask: (question: Question) => Promise<boolean>;
  /** Whether a real hand touched keyboard or mouse just now; each touch counts once. */
  readonly takeGesture: () => boolean;
  /** What may be paid within a day without a question, in msat. */
  readonly unaskedMsat: () => bigint;
  /** Which wallet the window shows: a yes for one is none for another. */
  readonly world: () => string;
  /** 32 bytes in hex. */
  readonly randomToken: () => string;
  /** A clock that nobody sets. */
  readonly nowMs: () => number;
}

interface Granted {
  readonly world: string;
  readonly method: ConfirmedMethod;
  readonly request: string;
  readonly params: unknown;
  readonly untilMs: number;
}

const TOKEN_MS = 60_000;
const MAX_TOKENS = 16;
const DAY_MS = 24 * 3_600_000;

const refusal = (message: string): ApiFailure => new ApiFailure('not_confirmed', message);

/** The same text for the same request, whatever the order of its names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === 'bigint') return `${field}n`;
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field;
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function decoded(method: ConfirmedMethod, wire: unknown): never {
  const { params } = method === 'shell.connect' ? shellMethods[method] : methods[method];
  const result = decodeWith<never>(params as never, wire);
  if (!result.ok) throw new ApiFailure(result.error.code, result.error.message, result.error.data);
  return result.value;
}

/**
 * What spends, closes or reveals needs the person's yes, and the page is not asked for it: a page that somebody else took
 * over could say anything. The main process reads the request itself, shows what it read, and gives a token for exactly
 * that: good once, for a minute, with the limits that were shown. Small payments go without a question up to a daily sum,
 * if a hand touched the window just before.
 */
export class Confirmations {
  readonly #port: ConfirmPort;
  readonly #granted = new Map<string, Granted>();
  #unasked: { readonly world: string; readonly atMs: number; readonly costMsat: bigint }[] = [];
  #isAsking = false;

  constructor(port: ConfirmPort) {
    this.#port = port;
  }

  /** Rejects with ApiFailure: what was wrong with the request, or `not_confirmed`. */
  async confirm({ method, params: wire }: { readonly method: ConfirmedMethod; readonly params: unknown }): Promise<{ readonly token: string }> {
    const params = decoded(method, wire);
    const world = this.#port.world();
    const reading = await this.#port.read(method, params);
    // Used up in any case: what a hand did for this is not good for the next.
    const hasHand = this.#port.takeGesture();
    if (!this.#isSmall(reading, hasHand, world)) await this.#ask(reading);
    const token = this.#port.randomToken();
    for (const [old] of [...this.#granted].slice(0, Math.max(0, this.#granted.size - MAX_TOKENS + 1))) this.#granted.delete(old);
    this.#granted.set(token, { world, method, request: canonical(params), params: reading.params, untilMs: this.#port.nowMs() + TOKEN_MS });
    return { token };
  }

  /** The parameters to carry out. A token that was shown is gone, whether it fitted or not. */
  redeem(method: ConfirmedMethod, wire: unknown, token: unknown): unknown {
    const request = canonical(decoded(method, wire));
    const granted = typeof token === 'string' ? this.#granted.get(token) : undefined;
    if (!granted || typeof token !== 'string') throw refusal('You did not confirm this, so nothing was done.');
    this.#granted.delete(token);
    if (granted.world !== this.#port.world()) throw refusal('You confirmed this for another wallet, so nothing was done.');
    if (granted.method !== method || granted.request !== request) throw refusal('This is not what you confirmed, so nothing was done.');
    if (this.#port.nowMs() > granted.untilMs) throw refusal('You confirmed this too long ago, so nothing was done. Do it again.');
    return granted.params;
  }

  /** Every yes is forgotten: the window was locked, or the computer slept. */
  forget(): void {
    this.#granted.clear();
  }

  #isSmall({ question, costMsat }: Reading, hasHand: boolean, world: string): boolean {
    if (!question) return true;
    if (costMsat === undefined || !hasHand) return false;
    const nowMs = this.#port.nowMs();
    this.#unasked = this.#unasked.filter(({ atMs }) => nowMs - atMs < DAY_MS);
    if (world !== this.#port.world()) return false;
    const sumMsat = this.#unasked.reduce((sum, paid) => (paid.world === world ? sum + paid.costMsat : sum), costMsat);
    if (sumMsat > this.#port.unaskedMsat()) return false;
    this.#unasked.push({ world, atMs: nowMs, costMsat });
    return true;
  }

  async #ask({ question }: Reading): Promise<void> {
    if (!question) return;
    if (this.#isAsking) throw refusal('Another question waits for your answer, so nothing was done. Answer that one first.');
    this.#isAsking = true;
    try {
      if (!(await this.#port.ask(question))) throw refusal('You did not confirm it, so nothing was done.');
    } finally {
      this.#isAsking = false;
    }
  }
}
