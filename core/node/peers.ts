import { DecodeError } from '../codec/reader.ts';
import { fromUtf8, toHex, utf8 } from '../lib/bytes.ts';
import { foreign } from '../lib/sanitize.ts';
import type { Result } from '../lib/result.ts';
import type { PeerLink, PeerLinkError } from '../transport/link.ts';
import type { Feature } from '../wire/features.ts';
import { type NegotiatedFeatures, both, checkInit, ourInit } from '../wire/init.ts';
import { type Message, type MessageOf, decodeMessage, encodeMessage } from '../wire/messages.ts';
import type { NodeLog, NodeSystem, PeerNetwork } from './ports.ts';

export interface PeerTarget {
  readonly nodeId: Uint8Array;
  readonly host: string;
  readonly port: number;
}

interface Peer {
  readonly nodeId: string;
  /** Where to dial it; unknown for one that only ever came to us. */
  target: PeerTarget | undefined;
  link: PeerLink | undefined;
  features: NegotiatedFeatures | undefined;
  lastError: string | undefined;
  failures: number;
  dialing: Promise<Result<void, PeerLinkError>> | undefined;
  cancelRetry: (() => void) | undefined;
  readonly waiting: ((result: Result<void, PeerLinkError>) => void)[];
}

export interface PeerView {
  readonly nodeId: string;
  readonly address: string | undefined;
  readonly connected: boolean;
  readonly inbound: boolean;
  readonly lastError: string | undefined;
}

export interface PeersOptions {
  readonly network: PeerNetwork;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  readonly chainHash: Uint8Array;
  /** Whether a connection to this peer is wanted although nobody asked just now: it has a channel. */
  readonly isWanted: (nodeId: string) => boolean;
  /** `link` names this connection for `send`. */
  readonly onReady: (nodeId: string, features: NegotiatedFeatures, link: PeerLink) => void;
  readonly onMessage: (nodeId: string, message: Message) => void | Promise<void>;
  readonly onGone: (nodeId: string) => void;
  readonly onChanged: (view: PeerView) => void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;
/** Strangers that may be connected beside the peers that have channels (I-34). */
const MAX_STRANGERS = 50;

/** One connection a peer, dialled again with back-off and jitter as long as it is wanted. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  #active = false;
  #resting = false;
  #stopped = false;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** From now on peers may connect and be dialled; called once the chain is synced. */
  activate(): void {
    // A turn that was under way when the disk failed may still hear that the chain is synced.
    if (this.#stopped) return;
    this.#active = true;
    this.#resting = false;
    for (const peer of this.#peers.values()) this.#retryNow(peer);
  }

  /** Ends every connection; nothing is read, sent, accepted or dialled until `activate`. Whoever wants to connect waits for it. */
  rest(reason: string): void {
    if (this.#stopped) return;
    this.#active = false;
    this.#resting = true;
    for (const peer of this.#peers.values()) {
      peer.cancelRetry?.();
      const { link } = peer;
      if (!link) continue;
      this.#lost(peer, link, { code: 'closed', detail: reason });
      link.close(reason);
    }
  }

  stop(): void {
    this.#active = false;
    this.#stopped = true;
    for (const peer of this.#peers.values()) {
      peer.cancelRetry?.();
      peer.link?.close('the node stops');
    }
  }

  /** Remembers where a peer is; dials when it is wanted. */
  know(target: PeerTarget): void {
    const peer = this.#peer(toHex(target.nodeId));
    peer.target = target;
    this.#retryNow(peer);
  }

  /** It is wanted from now on: dials it where it is known. */
  seek(nodeId: string): void {
    const peer = this.#peers.get(nodeId);
    if (peer) this.#retryNow(peer);
  }

  #peer(nodeId: string): Peer {
    const known = this.#peers.get(nodeId);
    if (known) return known;
    const peer: Peer = {
      nodeId, target: undefined, link: undefined, features: undefined, lastError: undefined, failures: 0, dialing: undefined, cancelRetry: undefined, waiting: [],
    }; // prettier-ignore
    this.#peers.set(nodeId, peer);
    return peer;
  }

  isReady(nodeId: string): boolean {
    return this.#peers.get(nodeId)?.features !== undefined;
  }
  supports(nodeId: string, feature: Feature): boolean {
    const features = this.#peers.get(nodeId)?.features;
    return features !== undefined && both(features, feature);
  }
  targetOf(nodeId: string): PeerTarget | undefined {
    return this.#peers.get(nodeId)?.target;
  }
  views(): readonly PeerView[] {
    return [...this.#peers.values()].map(viewOf);
  }

  /** Connects, or waits for the connection under way; ok once init is exchanged. */
  async connect(target: PeerTarget): Promise<Result<void, PeerLinkError>> {
    const peer = this.#peer(toHex(target.nodeId));
    peer.target = target;
    if (peer.features) return { ok: true, value: undefined };
    peer.cancelRetry?.();
    return new Promise((resolve) => {
      peer.waiting.push(resolve);
      void this.#dial(peer);
    });
  }

  /** Ends the connection; with channels it is dialled again after a while. */
  disconnect(nodeId: string, reason: string): void {
    this.#peers.get(nodeId)?.link?.close(reason);
  }

  /** `on`: only if that connection is still the one; what a channel says belongs to the connection that it was said on. */
  send(nodeId: string, message: Message, on?: PeerLink): void {
    const peer = this.#peers.get(nodeId);
    if (!peer?.link || (on && peer.link !== on) || (!peer.features && message.name !== 'init')) return;
    peer.link.send(encodeMessage(message));
  }

  /** A link that somebody opened to us. */
  accept(link: PeerLink): void {
    const nodeId = toHex(link.theirNodeId);
    const strangers = [...this.#peers.values()].filter((peer) => peer.link && !this.#options.isWanted(peer.nodeId)).length;
    if (!this.#active || (strangers >= MAX_STRANGERS && !this.#options.isWanted(nodeId))) {
      link.start({ onMessage: () => undefined, onClose: () => undefined });
      link.close('too many connections');
      return;
    }
    this.#attach(this.#peer(nodeId), link);
  }

  async #dial(peer: Peer): Promise<void> {
    const { target } = peer;
    if (peer.link || peer.dialing || !target || this.#resting) return;
    const dialing = this.#options.network.dial(target).then((result): Result<void, PeerLinkError> => {
      peer.dialing = undefined;
      if (!result.ok) {
        this.#failed(peer, result.error);
        return result;
      }
      if (this.#stopped || this.#resting) {
        // Nothing leaves any more, not even an init (I-7); after sleep nothing before the chain is known again.
        const detail = this.#stopped ? 'the node stops' : 'the chain comes first';
        result.value.close(detail);
        const error = { code: 'closed', detail } as const;
        this.#failed(peer, error);
        return { ok: false, error };
      }
      this.#attach(peer, result.value);
      return { ok: true, value: undefined };
    });
    peer.dialing = dialing;
    await dialing;
  }

  /** One connection a peer: a new one that proved the same key replaces the old, which may be half dead. */
  #attach(peer: Peer, link: PeerLink): void {
    const old = peer.link;
    if (old) {
      this.#lost(peer, old, { code: 'closed', detail: 'replaced by a new connection' });
      old.close('replaced by a new connection');
    }
    peer.link = link;
    link.start({
      onMessage: (bytes) => this.#received(peer, link, bytes),
      onClose: (error) => this.#lost(peer, link, error),
    });
    link.send(encodeMessage(ourInit({ chainHash: this.#options.chainHash })));
  }

  #received(peer: Peer, link: PeerLink, bytes: Uint8Array): void | Promise<void> {
    if (peer.link !== link) return undefined;
    let decoded: ReturnType<typeof decodeMessage>;
    try {
      decoded = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#warn(link, `malformed message: ${error.message}`);
      return undefined;
    }
    if (!decoded.known) {
      // BOLT 1, "Lightning Message Format": it is OK to be odd.
      if (decoded.type % 2 === 0) this.#warn(link, `unknown message type ${decoded.type}`);
      return undefined;
    }
    const { message } = decoded;
    if (message.name === 'init') return this.#init(peer, link, message);
    if (!peer.features) return this.#beforeInit(peer, link, message);
    // A peer that comes only to complain is dialled ever more rarely.
    if (message.name !== 'error' && message.name !== 'warning') peer.failures = 0;
    return this.#options.onMessage(peer.nodeId, message);
  }

  #warn(link: PeerLink, text: string): void {
    link.send(encodeMessage({ name: 'warning', channelId: new Uint8Array(32), data: utf8(text) }));
    link.close(text);
  }

  #beforeInit(peer: Peer, link: PeerLink, message: Message): void {
    const said = message.name === 'error' || message.name === 'warning' ? foreign(fromUtf8(message.data)) : message.name;
    peer.lastError = said;
    link.close('no init came first');
  }

  #init(peer: Peer, link: PeerLink, message: MessageOf<'init'>): void {
    if (peer.features) return;
    const checked = checkInit(message, { chainHash: this.#options.chainHash });
    if (!checked.ok) {
      const text = checked.error.code.replaceAll('_', ' ');
      peer.lastError = text;
      this.#warn(link, text);
      return;
    }
    peer.features = checked.value;
    peer.lastError = undefined;
    for (const resolve of peer.waiting.splice(0)) resolve({ ok: true, value: undefined });
    this.#options.log.info('peer connected', { nodeId: peer.nodeId, inbound: link.isIncoming });
    this.#options.onReady(peer.nodeId, checked.value, link);
    this.#options.onChanged(viewOf(peer));
  }

  #lost(peer: Peer, link: PeerLink, error: PeerLinkError): void {
    if (peer.link !== link) return;
    const wasReady = peer.features !== undefined;
    peer.link = undefined;
    peer.features = undefined;
    this.#options.log.info('peer disconnected', { nodeId: peer.nodeId, code: error.code, detail: error.detail });
    if (wasReady) this.#options.onGone(peer.nodeId);
    this.#failed(peer, error);
  }

  #failed(peer: Peer, error: PeerLinkError): void {
    peer.lastError ??= `${error.code.replaceAll('_', ' ')}: ${error.detail}`;
    for (const resolve of peer.waiting.splice(0)) resolve({ ok: false, error: peer.lastError && error.code === 'closed' ? { code: 'closed', detail: peer.lastError } : error });
    this.#options.onChanged(viewOf(peer));
    peer.lastError = error.code === 'closed' ? peer.lastError : `${error.code.replaceAll('_', ' ')}: ${error.detail}`;
    this.#scheduleRetry(peer);
  }

  #scheduleRetry(peer: Peer): void {
    peer.cancelRetry?.();
    if (!this.#active || !peer.target || !this.#options.isWanted(peer.nodeId)) return;
    const { timers, random } = this.#options.system;
    const ceiling = Math.min(FIRST_RETRY_MS * 2 ** Math.min(peer.failures, 16), LAST_RETRY_MS);
    peer.failures++;
    const jitter = 0.5 + (random(1)[0]! / 255) * 0.5;
    peer.cancelRetry = timers.after(Math.round(ceiling * jitter), () => void this.#dial(peer));
  }

  #retryNow(peer: Peer): void {
    if (this.#active && peer.target && !peer.link && (peer.waiting.length > 0 || this.#options.isWanted(peer.nodeId))) void this.#dial(peer);
  }
}

const viewOf = (peer: Peer): PeerView => ({
  nodeId: peer.nodeId,
  address: peer.target && `${peer.target.host.includes(':') ? `[${peer.target.host}]` : peer.target.host}:${peer.target.port}`,
  connected: peer.features !== undefined,
  inbound: peer.link?.isIncoming ?? false,
  lastError: peer.features ? undefined : peer.lastError,
});

