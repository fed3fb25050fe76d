import { DecodeError } from '../../core/codec/reader.ts';
import type { PeerNetwork } from '../../core/node/ports.ts';
import type { PeerLink, PeerLinkHandler } from '../../core/transport/link.ts';
import { type Feature, FEATURES, featureBits, featureVector } from '../../core/wire/features.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/messages.ts';
import { NODE_IDS, type NodeName, type SideName, nameOfNode } from './rig-keys.ts';

export interface MemoryNetworkOptions<Name extends NodeName = SideName> {
  readonly without: readonly Feature[];
  readonly post: (lane: string, run: () => void) => void;
  readonly point: (side: Name, what: string) => boolean;
  readonly isAlive: (side: Name) => boolean;
  readonly onSend: (from: Name, bytes: Uint8Array, to: Name) => void;
  readonly onDelivered: (to: Name, bytes: Uint8Array, from: Name) => void;
  /** What really goes out in place of a message; without it, the message. */
  readonly outgoing?: (from: Name, bytes: Uint8Array, to: Name) => readonly Uint8Array[];
  readonly mayDial?: (from: Name, to: Name) => boolean;
}

/** Both ends of one connection; messages and its end are tasks, in order for each direction. */
class Wire<Name extends NodeName> {
  readonly ends: readonly [dialler: WireEnd<Name>, accepter: WireEnd<Name>];
  readonly options: MemoryNetworkOptions<Name>;
  isOpen = true;

  constructor(options: MemoryNetworkOptions<Name>, dialler: Name, accepter: Name) {
    this.options = options;
    this.ends = [new WireEnd(this, dialler, accepter, false), new WireEnd(this, accepter, dialler, true)];
  }

  joins(one: Name, other: Name): boolean {
    return this.ends.every(({ side }) => side === one || side === other);
  }

  /** What is on the way is lost; `unaware` learns of it only with `timeOut`. */
  break(unaware?: Name): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const end of this.ends) if (end.side !== unaware) this.options.post(end.lane, () => end.ended('the connection broke'));
  }
  /** Pings that nobody answered. */
  timeOut(): void {
    for (const end of this.ends) this.options.post(end.lane, () => end.ended('no answer for long'));
  }
}

class WireEnd<Name extends NodeName> implements PeerLink {
  readonly side: Name;
  readonly peer: Name;
  readonly lane: string;
  readonly isIncoming: boolean;
  readonly theirNodeId: Uint8Array;
  readonly host = 'rig';
  readonly port = 9735;
  readonly bufferedBytes = 0;
  readonly #wire: Wire<Name>;
  #handler: PeerLinkHandler | undefined;
  #early: (() => void)[] = [];
  #closed = false;

  constructor(wire: Wire<Name>, side: Name, peer: Name, isIncoming: boolean) {
    this.#wire = wire;
    this.side = side;
    this.peer = peer;
    this.lane = `net ${side} ${peer}`;
    this.isIncoming = isIncoming;
    this.theirNodeId = NODE_IDS[peer];
  }

  #other(): WireEnd<Name> {
    const [first, second] = this.#wire.ends;
    return first === this ? second : first;
  }

  start(handler: PeerLinkHandler): void {
    this.#handler = handler;
    for (const run of this.#early.splice(0)) run();
  }

  send(message: Uint8Array): void {
    const { options } = this.#wire;
    if (this.#closed || !this.#wire.isOpen || !options.isAlive(this.side)) return;
    const bytes = masked(message, options.without);
    if (!options.point(this.side, `send ${nameOf(bytes)}`)) return;
    options.onSend(this.side, bytes, this.peer);
    for (const sent of options.outgoing?.(this.side, bytes, this.peer) ?? [bytes]) this.put(sent);
  }

  /** On its way without anybody having been asked. */
  put(bytes: Uint8Array): void {
    const to = this.#other();
    if (this.#wire.isOpen) this.#wire.options.post(to.lane, () => to.deliver(bytes));
  }

  deliver(bytes: Uint8Array): void {
    const { options } = this.#wire;
    if (!this.#wire.isOpen || this.#closed || !options.isAlive(this.side)) return;
    const handler = this.#handler;
    if (!handler) {
      this.#early.push(() => this.deliver(bytes));
      return;
    }
    if (!options.point(this.side, `receive ${nameOf(bytes)}`) || !this.#wire.isOpen) return;
    void handler.onMessage(bytes);
    options.onDelivered(this.side, bytes, this.peer);
  }

  close(detail = 'closed'): void {
    if (this.#closed || !this.#wire.options.isAlive(this.side)) return;
    const { options } = this.#wire;
    const to = this.#other();
    options.post(to.lane, () => to.ended('closed by the peer'));
    options.post(this.lane, () => this.ended(detail));
  }

  ended(detail: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#wire.options.isAlive(this.side)) this.#handler?.onClose({ code: 'closed', detail });
  }
}

/** Every node can dial the others while they run and take peers. */
export class MemoryNetwork<Name extends NodeName = SideName> {
  readonly #options: MemoryNetworkOptions<Name>;
  readonly #wires = new Set<Wire<Name>>();
  readonly #halfDead = new Set<Wire<Name>>();
  readonly #listeners = new Map<Name, (link: PeerLink) => void>();
  /** Nobody reaches anybody. */
  isDown = false;

  constructor(options: MemoryNetworkOptions<Name>) {
    this.#options = options;
  }

  breakAll(): void {
    for (const wire of this.#wires) wire.break();
    this.#wires.clear();
  }

  /** `unaware` goes on believing in the connection. */
  breakBetween(one: Name, other: Name, unaware?: Name): void {
    for (const wire of this.#wires) {
      if (!wire.joins(one, other)) continue;
      wire.break(unaware);
      this.#wires.delete(wire);
      if (unaware) this.#halfDead.add(wire);
    }
  }

  /** Whoever still believes in a connection that is gone learns of it. */
  timeOut(): void {
    for (const wire of this.#halfDead) wire.timeOut();
    this.#halfDead.clear();
  }

  died(side: Name): void {
    this.#listeners.delete(side);
    for (const wire of this.#wires) {
      if (!wire.ends.some((end) => end.side === side)) continue;
      wire.break();
      this.#wires.delete(wire);
    }
  }

  /** Bytes of nobody's making on the newest connection; false when there is none. */
  inject(from: Name, to: Name, bytes: Uint8Array): boolean {
    const wire = [...this.#wires].findLast((candidate) => candidate.isOpen && candidate.joins(from, to));
    wire?.ends.find(({ side }) => side === from)?.put(bytes);
    return wire !== undefined;
  }

  portsOf(side: Name, isAlive: () => boolean): PeerNetwork {
    return {
      listen: (onPeer) => {
        this.#listeners.set(side, onPeer);
        return Promise.resolve({ ok: true, value: { port: 9735, close: () => this.#listeners.delete(side) } });
      },
      dial: ({ nodeId }) =>
        new Promise((resolve) => {
          this.#options.post(`net ${side}`, () => {
            if (!isAlive()) return;
            const to = nameOfNode(nodeId) as Name | undefined;
            const reachable = !this.isDown && to && to !== side && this.#options.isAlive(to) && (this.#options.mayDial?.(side, to) ?? true);
            const accept = reachable ? this.#listeners.get(to) : undefined;
            if (!to || !accept) return resolve({ ok: false, error: { code: 'unreachable', detail: 'nobody is there' } });
            const wire = new Wire(this.#options, side, to);
            this.#wires.add(wire);
            const [dialled, accepted] = wire.ends;
            resolve({ ok: true, value: dialled });
            accept(accepted);
          });
        }),
    };
  }
}

function nameOf(bytes: Uint8Array): string {
  try {
    const decoded = decodeMessage(bytes);
    return decoded.known ? decoded.message.name : `${decoded.type}`;
  } catch (error) {
    if (error instanceof DecodeError) return 'noise';
    throw error;
  }
}

function masked(bytes: Uint8Array, without: readonly Feature[]): Uint8Array {
  if (without.length === 0) return bytes;
  const decoded = decodeMessage(bytes);
  if (!decoded.known || decoded.message.name !== 'init') return bytes;
  const hidden = new Set(without.flatMap((feature) => [FEATURES[feature], FEATURES[feature] + 1]));
  const keep = (vector: Uint8Array): Uint8Array => featureVector(featureBits(vector).filter((bit) => !hidden.has(bit)));
  const { globalfeatures, features } = decoded.message;
  return encodeMessage({ ...decoded.message, globalfeatures: keep(globalfeatures), features: keep(features) });
}
