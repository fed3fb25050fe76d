import { toHex } from '../lib/bytes.ts';
import { pendingKey } from '../payment/codec.ts';
import type { Store } from '../store/port.ts';
import type { Turn } from './turns.ts';

export interface BookKind<State> {
  readonly record: 'outgoingPayment' | 'incomingPayment';
  readonly direction: 'o' | 'i';
  readonly encode: (state: State) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => State;
  readonly isPending: (state: State) => boolean;
}

const PENDING = Uint8Array.of(1);

/** Payments of one direction by payment hash in hex: pending ones in memory, final ones read from the store when somebody asks. */
export class PaymentBook<State extends { readonly paymentHash: Uint8Array }> {
  readonly #kind: BookKind<State>;
  readonly #store: Store;
  readonly #pending = new Map<string, State>();

  constructor(kind: BookKind<State>, store: Store) {
    this.#kind = kind;
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const { key } of await this.#store.list('pendingPayment')) {
      if (!key.startsWith(this.#kind.direction)) continue;
      const hash = key.slice(1);
      const state = await this.#read(hash);
      if (state) this.#pending.set(hash, state);
    }
  }
  async #read(hash: string): Promise<State | undefined> {
    const record = await this.#store.get(this.#kind.record, hash);
    return record && this.#kind.decode(record);
  }

  get size(): number {
    return this.#pending.size;
  }
  get pending(): ReadonlyMap<string, State> {
    return this.#pending;
  }
  async find(hash: string): Promise<State | undefined> {
    return this.#pending.get(hash) ?? (await this.#read(hash));
  }

  /** The state of the turn, written once with its last value; a final one leaves memory when it is durable. */
  put(turn: Turn, state: State): void {
    const hash = toHex(state.paymentHash);
    this.#pending.set(hash, state);
    turn.writeLate(`${this.#kind.record}:${hash}`, () => this.#write(turn, hash));
  }
  #write(turn: Turn, hash: string): void {
    const state = this.#pending.get(hash);
    if (!state) return;
    const { record, direction, encode, isPending } = this.#kind;
    turn.write(record, hash, encode(state));
    const pending = isPending(state);
    turn.write('pendingPayment', pendingKey(direction, state.paymentHash), pending ? PENDING : undefined);
    if (!pending) turn.after(() => this.#forget(hash, state));
  }
  #forget(hash: string, state: State): void {
    if (this.#pending.get(hash) === state) this.#pending.delete(hash);
  }
}
