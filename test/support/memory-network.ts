import type { PeerNetwork } from '../../core/node/ports.ts';
import type { PeerLink, PeerLinkHandler } from '../../core/transport/link.ts';
import { type Feature, FEATURES, featureBits, featureVector } from '../../core/wire/features.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/messages.ts';
import { NODE_IDS, type SideName, otherSide, sideOf } from './rig-keys.ts';

export interface MemoryNetworkOptions {
  readonly without: readonly Feature[];
  readonly post: (lane: string, run: () => void) => void;
  readonly point: (side: SideName, what: string) => boolean;
  readonly isAlive: (side: SideName) => boolean;
  readonly onSend: (from: SideName, bytes: Uint8Array) => void;
  readonly onDelivered: (to: SideName, bytes: Uint8Array) => void;
}

/** Both ends of one connection; messages and its end are tasks, in order for each direction. */
class Wire {
  readonly ends: Readonly<Record<SideName, WireEnd>>;
  readonly options: MemoryNetworkOptions;
  isOpen = true;

  constructor(options: MemoryNetworkOptions, dialler: SideName) {
    this.options = options;
    this.ends = { A: new WireEnd(this, 'A', dialler === 'B'), B: new WireEnd(this, 'B', dialler === 'A') };
  }

  /** What is on the way is lost. */
  break(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const end of Object.values(this.ends)) this.options.post(`net ${end.side}`, () => end.ended('the connection broke'));
  }
}

class WireEnd implements PeerLink {
  readonly side: SideName;
  readonly isIncoming: boolean;
  readonly theirNodeId: Uint8Array;
  readonly host = 'rig';
  readonly port = 9735;
  readonly bufferedBytes = 0;
  readonly #wire: Wire;
  #handler: PeerLinkHandler | undefined;
  #early: (() => void)[] = [];
  #closed = false;

  constructor(wire: Wire, side: SideName, isIncoming: boolean) {
    this.#wire = wire;
    this.side = side;
    this.isIncoming = isIncoming;
    this.theirNodeId = NODE_IDS[otherSide(side)];
  }

  start(handler: PeerLinkHandler): void {
    this.#handler = handler;
    for (const run of this.#early.splice(0)) run();
  }

  send(message: Uint8Array): void {
    const { options, ends } = this.#wire;
    if (this.#closed || !this.#wire.isOpen || !options.isAlive(this.side)) return;
    const bytes = masked(message, options.without);
    if (!options.point(this.side, `send ${nameOf(bytes)}`)) return;
    options.onSend(this.side, bytes);
    const to = ends[otherSide(this.side)];
    options.post(`net ${to.side}`, () => to.deliver(bytes));
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
    options.onDelivered(this.side, bytes);
  }

  close(detail = 'closed'): void {
    if (this.#closed || !this.#wire.options.isAlive(this.side)) return;
    const { options, ends } = this.#wire;
    const to = ends[otherSide(this.side)];
    options.post(`net ${to.side}`, () => to.ended('closed by the peer'));
    options.post(`net ${this.side}`, () => this.ended(detail));
  }

  ended(detail: string): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#wire.options.isAlive(this.side)) this.#handler?.onClose({ code: 'closed', detail });
  }
}

/** Every node can dial the other while that one runs and takes peers. */
export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #wires = new Set<Wire>();
  readonly #listeners = new Map<SideName, (link: PeerLink) => void>();
  /** Nobody reaches anybody. */
  isDown = false;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
  }

  breakAll(): void {
    for (const wire of this.#wires) wire.break();
    this.#wires.clear();
  }

  died(side: SideName): void {
    this.#listeners.delete(side);
    this.breakAll();
  }

  portsOf(side: SideName, isAlive: () => boolean): PeerNetwork {
    return {
      listen: (onPeer) => {
        this.#listeners.set(side, onPeer);
        return Promise.resolve({ ok: true, value: { port: 9735, close: () => this.#listeners.delete(side) } });
      },
      dial: ({ nodeId }) =>
        new Promise((resolve) => {
          this.#options.post(`net ${side}`, () => {
            if (!isAlive()) return;
            const to = sideOf(nodeId);
            const accept = !this.isDown && to && to !== side && this.#options.isAlive(to) ? this.#listeners.get(to) : undefined;
            if (!accept) return resolve({ ok: false, error: { code: 'unreachable', detail: 'nobody is there' } });
            const wire = new Wire(this.#options, side);
            this.#wires.add(wire);
            resolve({ ok: true, value: wire.ends[side] });
            accept(wire.ends[otherSide(side)]);
          });
        }),
    };
  }
}

function nameOf(bytes: Uint8Array): string {
  const decoded = decodeMessage(bytes);
  return decoded.known ? decoded.message.name : `${decoded.type}`;
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
