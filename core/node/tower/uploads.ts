import { type Appointment, type TowerMessage, encodeTowerMessage } from '../../tower/messages.ts';
import type { Appointed } from '../../tower/make.ts';

/** Not acknowledged, of one channel: beyond this a slow tower waits, and nobody waits for it. */
const WINDOW_BYTES = 512 * 1024;
/** A message holds 65 535 bytes; one appointment of the largest size fits. */
const MAX_BATCH_BYTES = 61_000;
const APPOINTMENT_OVERHEAD_BYTES = 40;
/** States made ready before others get their turn: a signature takes a good part of a millisecond. */
const STATES_AT_ONCE = 8;

export interface StoredState {
  readonly number: number;
  readonly record: Uint8Array;
}

export interface UploadOptions {
  readonly session: Uint8Array;
  /** What the tower gets for a state; undefined for one that cannot be built again. */
  readonly appoint: (state: StoredState) => Appointed | undefined;
  /** Stored states from a number on, in order. */
  readonly read: (from: number, limit: number) => Promise<readonly StoredState[]>;
  readonly send: (message: Uint8Array) => void;
  readonly soon: (task: () => void) => void;
  readonly onError: (error: unknown) => void;
  readonly windowBytes?: number;
}

/**
 * The way of one channel's revoked states to one tower on one connection. The queue is the store itself: what is kept
 * here is how far was sent, and how far the tower has it on its disk.
 */
export class Upload {
  readonly #options: UploadOptions;
  readonly #maxBlobBytes: number;
  readonly #windowBytes: number;
  #acked: number;
  #next: number;
  /** Bytes by state, from the oldest that is not acknowledged. */
  readonly #waiting: { readonly number: number; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #isReading = false;
  /** Something may be in the store that was not there when it was read. */
  #hasNews = true;
  #ended = false;

  /** `next`: from where on the tower wants states. */
  constructor(options: UploadOptions, next: number, maxBlobBytes: number) {
    this.#options = options;
    this.#acked = next;
    this.#next = next;
    this.#maxBlobBytes = maxBlobBytes;
    this.#windowBytes = options.windowBytes ?? WINDOW_BYTES;
  }

  /** The tower has every state below. */
  get acked(): number {
    return this.#acked;
  }

  end(): void {
    this.#ended = true;
  }

  /** A state was revoked and is durable: it leaves at once unless older ones still have to. */
  revoked(state: StoredState): void {
    const isNext = !this.#hasNews && !this.#isReading && state.number >= this.#next && this.#waitingBytes < this.#windowBytes;
    if (isNext) return this.#sendStates([state]);
    this.#hasNews = true;
    this.work();
  }

  ack(next: number): void {
    if (next <= this.#acked) return;
    this.#acked = next;
    if (next > this.#next) this.#next = next;
    while (this.#waiting[0] && this.#waiting[0].number < next) this.#waitingBytes -= this.#waiting.shift()!.bytes;
    this.work();
  }

  /** Sends what is stored, as far as the tower keeps up. */
  work(): void {
    if (this.#ended || this.#isReading || !this.#hasNews || this.#waitingBytes >= this.#windowBytes) return;
    this.#isReading = true;
    this.#hasNews = false;
    this.#options.read(this.#next, STATES_AT_ONCE).then(
      (states) => this.#wasRead(states),
      (error: unknown) => this.#options.onError(error),
    );
  }

  #wasRead(states: readonly StoredState[]): void {
    this.#isReading = false;
    if (this.#ended) return;
    if (states.length === STATES_AT_ONCE) this.#hasNews = true;
    this.#sendStates(states);
    this.#options.soon(() => this.work());
  }

  #sendStates(states: readonly StoredState[]): void {
    let batch: Appointment[] = [];
    let batchBytes = 0;
    const flush = (): void => {
      if (batch.length > 0) this.#options.send(encodeTowerMessage({ name: 'tower_upload', session: this.#options.session, appointments: batch } satisfies TowerMessage));
      batch = [];
      batchBytes = 0;
    };
    for (const { number, record } of states) {
      if (number < this.#next) continue;
      this.#next = number + 1;
      for (const appointment of this.#appointments(number, record)) {
        const bytes = appointment.blob.length + APPOINTMENT_OVERHEAD_BYTES;
        if (batchBytes + bytes > MAX_BATCH_BYTES) flush();
        batch.push(appointment);
        batchBytes += bytes;
        this.#waiting.push({ number, bytes });
        this.#waitingBytes += bytes;
      }
    }
    flush();
  }

  #appointments(number: number, record: Uint8Array): readonly Appointment[] {
    const made = this.#options.appoint({ number, record });
    if (!made || made.blobs.some((blob) => blob.length > this.#maxBlobBytes)) return [];
    return made.blobs.map((blob, part) => ({ sequence: BigInt(number), part, isLast: part === made.blobs.length - 1, hint: made.hint, blob }));
  }
}
