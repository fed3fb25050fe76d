import { DecodeError } from '../../codec/reader.ts';
import { equal, toHex, utf8 } from '../../lib/bytes.ts';
import type { PeerLink } from '../../transport/link.ts';
import { type Appointment, NO_SESSION, TOWER_FAULTS, TOWER_VERSION, type TowerFault, type TowerMessage, decodeTowerMessage, encodeTowerMessage } from '../../tower/messages.ts';
import { type Bucket, type TowerTerms, drawn } from '../../tower/terms.ts';
import { checkInit, ourInit } from '../../wire/init.ts';
import { decodeMessage, encodeMessage } from '../../wire/messages.ts';
import type { NodeLog, NodeSystem } from '../ports.ts';
import type { TowerBook } from './book.ts';

/** A client at work sends some messages a second and waits for acks; this is far above. */
const MESSAGES = { perSecond: 200, burst: 2_000 };
const BYTES = { perSecond: 8 * 1024 * 1024, burst: 64 * 1024 * 1024 };
const PRUNE_MS = 3_600_000;

const DETAIL: Readonly<Record<TowerFault, string>> = {
  unsupported_version: 'this tower speaks another version', other_chain: 'this tower watches another chain', not_introduced: 'tower_hello comes first',
  too_many_channels: 'no more channels for this client', too_many_blobs: 'no more states of this channel', too_many_bytes: 'no more bytes for this channel',
  blob_too_large: 'this blob is too large', out_of_order: 'sequence numbers must rise', too_fast: 'too many messages', tower_full: 'this tower takes nothing more',
  storage_failed: 'this tower cannot write now', malformed: 'malformed message',
}; // prettier-ignore

export interface TowerServerOptions {
  readonly book: TowerBook;
  readonly terms: TowerTerms;
  readonly chainHash: Uint8Array;
  readonly system: Pick<NodeSystem, 'nowMs' | 'timers'>;
  readonly log: NodeLog;
  /** What the tower has seen of the chain, and whether it sees more now. */
  readonly status: () => { readonly blockHeight: number; readonly isWatching: boolean };
  /** Told before the client hears that they are safe. */
  readonly onStored: (hints: readonly Uint8Array[]) => void;
}

interface Client {
  readonly link: PeerLink;
  hasInit: boolean;
  isIntroduced: boolean;
  messages: Bucket;
  bytes: Bucket;
}

/** Takes appointments from whoever connects, within the terms; acknowledges what is on disk. */
export class TowerServer {
  readonly #options: TowerServerOptions;
  /** One connection a client, by node id. */
  readonly #clients = new Map<string, Client>();
  #cancelPrune: (() => void) | undefined;
  #stopped = false;

  constructor(options: TowerServerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#pruneLater(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPrune?.();
    for (const { link } of this.#clients.values()) link.close('the tower stops');
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  accept(link: PeerLink): void {
    const id = toHex(link.theirNodeId);
    const nowMs = this.#options.system.nowMs();
    const client: Client = { link, hasInit: false, isIntroduced: false, messages: { left: MESSAGES.burst, atMs: nowMs }, bytes: { left: BYTES.burst, atMs: nowMs } };
    const old = this.#clients.get(id);
    this.#clients.set(id, client);
    // Whoever proves the key again may have lost the old connection without a word.
    old?.link.close('replaced by a new connection');
    link.start({
      onMessage: (bytes) => this.#received(client, bytes),
      onClose: () => {
        if (this.#clients.get(id) === client) this.#clients.delete(id);
      },
    });
    link.send(encodeMessage(ourInit({ chainHash: this.#options.chainHash, features: [] })));
  }

  /** Tells every client how far the tower has come. */
  tellStatus(): void {
    const message = encodeTowerMessage({ name: 'tower_status', ...this.#options.status() });
    for (const { link, isIntroduced } of this.#clients.values()) if (isIntroduced) link.send(message);
  }

  #received(client: Client, bytes: Uint8Array): void | Promise<void> {
    const nowMs = this.#options.system.nowMs();
    const messages = drawn(client.messages, 1, nowMs, MESSAGES);
    const drawnBytes = drawn(client.bytes, bytes.length, nowMs, BYTES);
    if (!messages || !drawnBytes) return this.#leave(client, 'too_fast');
    client.messages = messages;
    client.bytes = drawnBytes;
    try {
      return client.hasInit ? this.#message(client, bytes) : this.#init(client, bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#leave(client, 'malformed');
    }
  }

  #init(client: Client, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.known || decoded.message.name !== 'init') return client.link.close('no init came first');
    const checked = checkInit(decoded.message, { chainHash: this.#options.chainHash, features: [] });
    client.hasInit = checked.ok;
    if (checked.ok) return;
    const text = checked.error.code.replaceAll('_', ' ');
    client.link.send(encodeMessage({ name: 'error', channelId: new Uint8Array(32), data: utf8(text) }));
    client.link.close(text);
  }

  #message(client: Client, bytes: Uint8Array): void | Promise<void> {
    const decoded = decodeTowerMessage(bytes);
    if (!decoded.known) {
      // BOLT 1, "Lightning Message Format": it is OK to be odd.
      if (decoded.type % 2 === 0) client.link.close(`unknown message type ${decoded.type}`);
      return undefined;
    }
    const { message } = decoded;
    if (message.name === 'tower_hello') return this.#hello(client, message);
    if (!client.isIntroduced) return this.#leave(client, 'not_introduced');
    return this.#request(client, message);
  }

  #hello(client: Client, { version, chainHash }: Extract<TowerMessage, { name: 'tower_hello' }>): void {
    if (version !== TOWER_VERSION) return this.#leave(client, 'unsupported_version');
    if (!equal(chainHash, this.#options.chainHash)) return this.#leave(client, 'other_chain');
    client.isIntroduced = true;
    const { maxChannels, maxBlobBytes, maxBlobsPerChannel, maxBytesPerChannel, retentionSeconds } = this.#options.terms;
    this.#send(client, { name: 'tower_terms', version: TOWER_VERSION, maxChannels, maxBlobBytes, maxBlobsPerChannel, maxBytesPerChannel, retentionSeconds });
    this.#send(client, { name: 'tower_status', ...this.#options.status() });
  }

  async #request(client: Client, message: TowerMessage): Promise<void> {
    const { book, log } = this.#options;
    const id = client.link.theirNodeId;
    try {
      if (message.name === 'tower_session') this.#send(client, { name: 'tower_ack', session: message.session, nextSequence: await book.nextSequence(id, message.session, this.#nowSeconds()) });
      else if (message.name === 'tower_upload') await this.#upload(client, message.session, message.appointments);
      else if (message.name === 'tower_close') {
        await book.close(id, message.session);
        this.#send(client, { name: 'tower_closed', session: message.session });
      }
    } catch (error) {
      log.error('a request could not be carried out', { reason: String(error) });
      this.#leave(client, 'storage_failed', 'session' in message ? message.session : NO_SESSION);
    }
  }

  async #upload(client: Client, session: Uint8Array, appointments: readonly Appointment[]): Promise<void> {
    const stored = await this.#options.book.upload(client.link.theirNodeId, session, appointments, this.#nowSeconds());
    if (!stored.ok) return this.#refuse(client, stored.error, session);
    this.#options.onStored(appointments.map(({ hint }) => hint));
    return this.#send(client, { name: 'tower_ack', session, nextSequence: stored.value });
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.system.nowMs() / 1000);
  }

  #send({ link }: Client, message: TowerMessage): void {
    link.send(encodeTowerMessage(message));
  }

  #refuse(client: Client, fault: TowerFault, session: Uint8Array): void {
    this.#send(client, { name: 'tower_error', session, code: TOWER_FAULTS[fault], detail: DETAIL[fault] });
  }

  #leave(client: Client, fault: TowerFault, session: Uint8Array = NO_SESSION): void {
    this.#refuse(client, fault, session);
    client.link.close(DETAIL[fault]);
  }

  #pruneLater(delayMs: number): void {
    this.#cancelPrune = this.#options.system.timers.after(delayMs, () => {
      this.#options.book.prune(this.#nowSeconds()).then(
        (pruned) => pruned > 0 && this.#options.log.info('old channels were deleted', { channels: pruned }),
        (error: unknown) => this.#options.log.error('pruning failed', { reason: String(error) }),
      );
      if (!this.#stopped) this.#pruneLater(PRUNE_MS);
    });
  }
}
