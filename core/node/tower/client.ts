import { DecodeError } from '../../codec/reader.ts';
import { toHex } from '../../lib/bytes.ts';
import { foreign } from '../../lib/sanitize.ts';
import type { PeerLink } from '../../transport/link.ts';
import { TOWER_VERSION, type TowerMessage, type TowerMessageOf, decodeTowerMessage, encodeTowerMessage, towerFault } from '../../tower/messages.ts';
import type { TowerGrade } from '../../tower/make.ts';
import { checkInit, ourInit } from '../../wire/init.ts';
import { decodeMessage, encodeMessage } from '../../wire/messages.ts';
import type { NodeLog, NodeSystem, PeerNetwork } from '../ports.ts';
import { type StoredState, Upload, type UploadOptions } from './uploads.ts';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;

export interface TowerTarget {
  readonly nodeId: Uint8Array;
  readonly host: string;
  readonly port: number;
  readonly grade: TowerGrade;
}

export type TowerState = 'connecting' | 'connected' | 'away' | 'refused';

export interface TowerClientOptions {
  readonly target: TowerTarget;
  /** Of this tower alone: it does not learn our node id, and two towers cannot tell that we are one. */
  readonly ourKey: Uint8Array;
  readonly chainHash: Uint8Array;
  readonly network: PeerNetwork;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  /** Channels to be guarded, and the names of their sessions. */
  readonly channels: () => ReadonlyMap<number, Uint8Array>;
  /** Sessions of channels that are resolved for good. */
  readonly closing: () => readonly Uint8Array[];
  readonly upload: (channelNumber: number) => Pick<UploadOptions, 'appoint' | 'read'>;
  /** States of a channel that the peer has revoked. */
  readonly revokedCount: (channelNumber: number) => number;
  readonly onAcked: (channelNumber: number, next: number) => void;
  readonly onClosed: (session: Uint8Array) => void;
  readonly onChanged: () => void;
}

/** One tower: a connection that is dialled again for as long as it is wanted, and what goes over it. */
export class TowerClient {
  readonly #options: TowerClientOptions;
  readonly #uploads = new Map<number, Upload>();
  readonly #asked = new Set<number>();
  /** Why a channel stands still until the next connection. */
  readonly #refused = new Set<number>();
  #link: PeerLink | undefined;
  #terms: TowerMessageOf<'tower_terms'> | undefined;
  #hasInit = false;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #stopped = false;
  #state: TowerState = 'connecting';
  #lastError: string | undefined;
  #lastSeenMs: number | undefined;
  #status: { readonly blockHeight: number; readonly isWatching: boolean } | undefined;

  constructor(options: TowerClientOptions) {
    this.#options = options;
  }

  get target(): TowerTarget {
    return this.#options.target;
  }
  get view(): { readonly state: TowerState; readonly lastError: string | undefined; readonly lastSeenMs: number | undefined; readonly status: { readonly blockHeight: number; readonly isWatching: boolean } | undefined } {
    return { state: this.#state, lastError: this.#lastError, lastSeenMs: this.#lastSeenMs, status: this.#state === 'connected' ? this.#status : undefined };
  }

  start(): void {
    void this.#dial();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#link?.close('done with this tower');
  }

  revoked(channelNumber: number, state: StoredState): void {
    const upload = this.#uploads.get(channelNumber);
    if (upload) upload.revoked(state);
    else this.#ask(channelNumber);
  }

  /** Tells the tower to delete; it is told again with the next connection until it has answered. */
  close(session: Uint8Array): void {
    if (this.#terms) this.#send({ name: 'tower_close', session });
  }

  endUpload(channelNumber: number): void {
    this.#uploads.get(channelNumber)?.end();
    this.#uploads.delete(channelNumber);
  }

  async #dial(): Promise<void> {
    const { network, target, ourKey } = this.#options;
    const dialled = await network.dial({ nodeId: target.nodeId, host: target.host, port: target.port, ourKey });
    if (this.#stopped) {
      if (dialled.ok) this.#abandon(dialled.value);
      return;
    }
    if (!dialled.ok) return this.#lost(`${dialled.error.code.replaceAll('_', ' ')}: ${dialled.error.detail}`);
    const link = dialled.value;
    this.#link = link;
    link.start({
      onMessage: (bytes) => this.#received(link, bytes),
      onClose: ({ code, detail }) => this.#link === link && this.#lost(`${code.replaceAll('_', ' ')}: ${detail}`),
    });
    link.send(encodeMessage(ourInit({ chainHash: this.#options.chainHash, features: [] })));
  }

  #abandon(link: PeerLink): void {
    link.start({ onMessage: () => undefined, onClose: () => undefined });
    link.close('done with this tower');
  }

  #lost(reason: string): void {
    this.#link = undefined;
    this.#terms = undefined;
    this.#hasInit = false;
    for (const upload of this.#uploads.values()) upload.end();
    this.#uploads.clear();
    this.#asked.clear();
    this.#refused.clear();
    if (this.#state !== 'refused') {
      this.#state = 'away';
      this.#lastError = reason;
    }
    this.#options.log.info('tower away', { tower: toHex(this.target.nodeId), reason });
    this.#options.onChanged();
    if (this.#stopped) return;
    const ceiling = Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures++, 16), LAST_RETRY_MS);
    const jitter = 0.5 + (this.#options.system.random(1)[0]! / 255) * 0.5;
    this.#cancelRetry = this.#options.system.timers.after(Math.round(ceiling * jitter), () => void this.#dial());
  }

  #received(link: PeerLink, bytes: Uint8Array): void {
    if (this.#link !== link) return;
    try {
      if (this.#hasInit) this.#message(bytes);
      else this.#init(link, bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      link.close('malformed message');
    }
  }

  #init(link: PeerLink, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    const isInit = decoded.known && decoded.message.name === 'init';
    const checked = isInit ? checkInit(decoded.message, { chainHash: this.#options.chainHash, features: [] }) : undefined;
    if (!checked?.ok && checked?.error.code !== 'unknown_required_feature') return link.close(checked ? checked.error.code : 'no init came first');
    this.#hasInit = true;
    return this.#send({ name: 'tower_hello', version: TOWER_VERSION, chainHash: this.#options.chainHash });
  }

  #message(bytes: Uint8Array): void {
    const decoded = decodeTowerMessage(bytes);
    // BOLT 1: it is OK to be odd; of an ordinary node everything else is passed over as well.
    if (!decoded.known) return;
    const { message } = decoded;
    this.#lastSeenMs = this.#options.system.nowMs();
    if (message.name === 'tower_terms') this.#welcome(message);
    else if (message.name === 'tower_ack') this.#ack(message);
    else if (message.name === 'tower_closed') this.#options.onClosed(message.session);
    else if (message.name === 'tower_error') this.#error(message);
    else if (message.name === 'tower_status') {
      this.#status = { blockHeight: message.blockHeight, isWatching: message.isWatching };
      this.#options.onChanged();
    }
  }

  #welcome(terms: TowerMessageOf<'tower_terms'>): void {
    this.#terms = terms;
    this.#state = 'connected';
    this.#lastError = undefined;
    this.#failures = 0;
    for (const channelNumber of this.#options.channels().keys()) this.#ask(channelNumber);
    for (const session of this.#options.closing()) this.close(session);
    this.#options.log.info('tower connected', { tower: toHex(this.target.nodeId) });
    this.#options.onChanged();
  }

  #ask(channelNumber: number): void {
    const session = this.#options.channels().get(channelNumber);
    if (!this.#terms || !session || this.#asked.has(channelNumber)) return;
    this.#asked.add(channelNumber);
    this.#send({ name: 'tower_session', session });
  }

  #channelOf(session: Uint8Array): number | undefined {
    const id = toHex(session);
    for (const [channelNumber, name] of this.#options.channels()) if (toHex(name) === id) return channelNumber;
    return undefined;
  }

  #ack({ session, nextSequence }: TowerMessageOf<'tower_ack'>): void {
    const channelNumber = this.#channelOf(session);
    if (channelNumber === undefined || !this.#terms) return;
    // A tower that claims more than there is must not keep the next states from being sent.
    const revoked = this.#options.revokedCount(channelNumber);
    const next = nextSequence > BigInt(revoked) ? revoked : Number(nextSequence);
    const upload = this.#uploads.get(channelNumber);
    if (upload) upload.ack(next);
    else if (!this.#refused.has(channelNumber)) this.#begin(channelNumber, session, { next, maxBlobBytes: this.#terms.maxBlobBytes });
    this.#options.onAcked(channelNumber, next);
  }

  #begin(channelNumber: number, session: Uint8Array, { next, maxBlobBytes }: { readonly next: number; readonly maxBlobBytes: number }): void {
    const { log, system } = this.#options;
    const link = this.#link;
    const upload = new Upload({
      ...this.#options.upload(channelNumber), session, soon: system.soon,
      send: (message) => link?.send(message),
      onError: (error) => log.error('a revoked state could not be read', { reason: String(error) }),
    }, next, maxBlobBytes); // prettier-ignore
    this.#uploads.set(channelNumber, upload);
    upload.work();
  }

  #error({ session, code, detail }: TowerMessageOf<'tower_error'>): void {
    const fault = towerFault(code) ?? `fault ${code}`;
    this.#lastError = `${fault}: ${foreign(detail, 200)}`;
    this.#options.log.warn('the tower refuses', { tower: toHex(this.target.nodeId), fault });
    const channelNumber = this.#channelOf(session);
    if (channelNumber === undefined) this.#state = 'refused';
    else {
      this.#refused.add(channelNumber);
      this.endUpload(channelNumber);
    }
    this.#options.onChanged();
  }

  #send(message: TowerMessage): void {
    this.#link?.send(encodeTowerMessage(message));
  }
}
