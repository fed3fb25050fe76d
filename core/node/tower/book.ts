import { type Codec, decodeWith, encodeWith, struct, u32, u64, u8 } from '../../codec/codec.ts';
import { sha256 } from '../../crypto/hash.ts';
import { concat, fromHex, toHex } from '../../lib/bytes.ts';
import { type Result, err, ok } from '../../lib/result.ts';
import type { RecordWrite, Store } from '../../store/port.ts';
import { type Appointment, HINT_BYTES, type TowerFault } from '../../tower/messages.ts';
import { type Session, type TowerTerms, acceptUpload, freshSession } from '../../tower/terms.ts';

const CLIENT_BYTES = 33;
/** Rows of one commit while a session is deleted. */
const DELETE_SLICE = 500;
/** A session that is only asked about is written again so seldom. */
const TOUCH_SECONDS = 86_400;
const DIGITS = 12;
const PART_DIGITS = 4;

interface Entry {
  readonly client: string;
  session: Session;
  isClosing: boolean;
}

const record: Codec<{ readonly format: number; readonly nextSequence: bigint; readonly blobs: number; readonly bytes: bigint; readonly touchedSeconds: bigint }> = struct({
  format: u8, nextSequence: u64, blobs: u32, bytes: u64, touchedSeconds: u64,
}); // prettier-ignore

/** Of client and channel: a session of one client is out of reach for every other. */
const shortId = (client: Uint8Array, session: Uint8Array): string => toHex(sha256(client, session).subarray(0, 16));
const blobKey = (id: string, { sequence, part }: Pick<Appointment, 'sequence' | 'part'>): string => `${id}${sequence.toString(16).padStart(DIGITS, '0')}${part.toString(16).padStart(PART_DIGITS, '0')}`;
const sessionRecord = (id: string, { client, session }: Entry): RecordWrite => ({
  table: 'towerSession', key: id, value: concat(fromHex(client), encodeWith(record, { ...session, format: 1, touchedSeconds: BigInt(session.touchedSeconds) })),
}); // prettier-ignore

/** What a tower has of its clients: counts in memory, everything else in the store. */
export class TowerBook {
  readonly #store: Store;
  readonly #terms: TowerTerms;
  readonly #sessions = new Map<string, Entry>();
  #totalBytes = 0n;

  constructor(store: Store, terms: TowerTerms) {
    this.#store = store;
    this.#terms = terms;
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#store.list('towerSession')) {
      const { format: _, touchedSeconds, ...counts } = decodeWith(record, value.subarray(CLIENT_BYTES));
      this.#sessions.set(key, { client: toHex(value.subarray(0, CLIENT_BYTES)), session: { ...counts, touchedSeconds: Number(touchedSeconds) }, isClosing: false });
      this.#totalBytes += counts.bytes;
    }
  }

  get counts(): { readonly clients: number; readonly sessions: number; readonly totalBytes: bigint } {
    return { clients: new Set([...this.#sessions.values()].map(({ client }) => client)).size, sessions: this.#sessions.size, totalBytes: this.#totalBytes };
  }

  /** Where the client goes on: 0 for a session that is not known. Resolves when that much is on disk. */
  async nextSequence(client: Uint8Array, name: Uint8Array, nowSeconds: number): Promise<bigint> {
    const id = shortId(client, name);
    const entry = this.#sessions.get(id);
    if (!entry || entry.isClosing) return 0n;
    if (nowSeconds - entry.session.touchedSeconds > TOUCH_SECONDS) entry.session = { ...entry.session, touchedSeconds: nowSeconds };
    const { nextSequence } = entry.session;
    await this.#store.commit({ records: [sessionRecord(id, entry)] });
    return nextSequence;
  }

  /** Resolves when the batch is on disk, or with what is wrong with it. Rejects with StoreError. */
  async upload(client: Uint8Array, name: Uint8Array, appointments: readonly Appointment[], nowSeconds: number): Promise<Result<bigint, TowerFault>> {
    const id = shortId(client, name);
    const known = this.#sessions.get(id);
    if (known?.isClosing) return err('out_of_order');
    const refusal = known ? undefined : this.#refusal(toHex(client));
    if (refusal) return err(refusal);
    const entry = known ?? { client: toHex(client), session: freshSession(nowSeconds), isClosing: false };
    const accepted = acceptUpload(this.#terms, entry.session, appointments, { totalBytes: this.#totalBytes, nowSeconds });
    if (!accepted.ok) return accepted;
    const { session, appointments: fresh } = accepted.value;
    this.#totalBytes += session.bytes - entry.session.bytes;
    entry.session = session;
    this.#sessions.set(id, entry);
    const records = fresh.flatMap((appointment): RecordWrite[] => {
      const key = blobKey(id, appointment);
      return [
        { table: 'towerBlob', key, value: concat(appointment.hint, appointment.blob) },
        { table: 'towerHint', key: `${toHex(appointment.hint)}${key}`, value: Uint8Array.of(1) },
      ];
    });
    const { nextSequence } = session;
    // Even a mere repetition waits here: what it repeats may still be on its way to the disk.
    await this.#store.commit({ records: [...records, sessionRecord(id, entry)] });
    return ok(nextSequence);
  }

  #refusal(client: string): TowerFault | undefined {
    const own = [...this.#sessions.values()].filter((entry) => entry.client === client).length;
    if (own >= this.#terms.maxChannels) return 'too_many_channels';
    return own === 0 && this.counts.clients >= this.#terms.maxClients ? 'tower_full' : undefined;
  }

  /** Resolves when nothing of it is left. */
  close(client: Uint8Array, name: Uint8Array): Promise<void> {
    return this.#remove(shortId(client, name));
  }

  async #remove(id: string): Promise<void> {
    const entry = this.#sessions.get(id);
    if (!entry || entry.isClosing) return;
    entry.isClosing = true;
    for (;;) {
      const rows = await this.#store.list('towerBlob', { prefix: id, limit: DELETE_SLICE });
      if (rows.length === 0) break;
      const records = rows.flatMap(({ key, value }): RecordWrite[] => [
        { table: 'towerBlob', key, value: undefined },
        { table: 'towerHint', key: `${toHex(value.subarray(0, HINT_BYTES))}${key}`, value: undefined },
      ]);
      await this.#store.commit({ records });
    }
    await this.#store.commit({ records: [{ table: 'towerSession', key: id, value: undefined }] });
    this.#sessions.delete(id);
    this.#totalBytes -= entry.session.bytes;
  }

  /** Deletes what nobody has asked about for as long as the terms say; how many channels. */
  async prune(nowSeconds: number): Promise<number> {
    const old = [...this.#sessions].filter(([, { session }]) => nowSeconds - session.touchedSeconds > this.#terms.retentionSeconds).map(([id]) => id);
    for (const id of old) await this.#remove(id);
    return old.length;
  }

  /** Every blob under a hint, a few at a time. */
  async *blobs(hint: Uint8Array): AsyncGenerator<Uint8Array> {
    const prefix = toHex(hint);
    for (let after: string | undefined; ;) {
      const rows = await this.#store.list('towerHint', { prefix, limit: 100, ...(after === undefined ? {} : { after }) });
      for (const { key } of rows) {
        const value = await this.#store.get('towerBlob', key.slice(prefix.length));
        if (value) yield value.subarray(HINT_BYTES);
      }
      after = rows.at(-1)?.key;
      if (rows.length < 100) return;
    }
  }
}
