import { networks } from '../../../core/bitcoin/network.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { channelHandlers } from '../../../core/node/handlers/channels.ts';
import { paymentHandlers } from '../../../core/node/handlers/payments.ts';
import { walletHandlers } from '../../../core/node/handlers/wallet.ts';
import { SfericNode } from '../../../core/node/node.ts';
import type { NodeLog, NodePorts, NodeSystem } from '../../../core/node/ports.ts';
import type { StoreFault } from '../../../core/store/port.ts';
import type { WalletKeys } from '../../../core/wallet/keys.ts';
import type { Feature } from '../../../core/wire/features.ts';
import { chance } from '../../support/chance.ts';
import type { EvidenceHost } from '../../support/invariants.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';
import { EMPTY_IMAGE, type StoreImage } from '../../support/memory-store.ts';
import { type NodeName, masters, scriptOf } from '../../support/rig-keys.ts';
import { RigStore } from '../../support/rig-store.ts';
import { type ChainImage, type Sent, SimChain } from './chain.ts';
import { type Delivery, honestDelivery, sourceFor } from './chain-port.ts';
import { Lanes } from './lanes.ts';

/** Everything that leaves or enters a node, for whoever looks on. */
export interface WorldWatcher {
  readonly onSend: (from: NodeName, bytes: Uint8Array, to: NodeName) => void;
  readonly onDelivered: (to: NodeName, bytes: Uint8Array, from: NodeName) => void;
  readonly onPublish: (from: NodeName, rawTxs: readonly Uint8Array[], results: readonly Sent[]) => void;
  readonly onDurable: (name: NodeName, before: StoreImage, after: StoreImage) => void;
  readonly onStarted: (name: NodeName, found: StoreImage) => void;
  readonly onLog: (name: NodeName, level: string, text: string) => void;
}

export interface Life {
  readonly node: SfericNode;
  readonly store: RigStore;
  alive: boolean;
  frozen: StoreFault | undefined;
}

export interface Place {
  image: StoreImage;
  marks: Map<number, number>;
  life: Life | undefined;
  lives: number;
  /** Of its clock, against the world's. */
  skewMs: number;
  delivery: Delivery;
  /** The next commit fails so. */
  diskFault: StoreFault | undefined;
}

/** Where a world begins: what is durable everywhere, and the chain. */
export interface WorldImage {
  readonly nowMs: number;
  readonly chain: ChainImage;
  readonly places: readonly { readonly name: NodeName; readonly image: StoreImage; readonly marks: ReadonlyMap<number, number>; readonly lives: number }[];
}

export interface WorldOptions {
  readonly names: readonly NodeName[];
  readonly seed: number;
  readonly watcher: WorldWatcher;
  readonly from?: WorldImage | undefined;
  /** Features that everybody hides. */
  readonly without?: readonly Feature[];
  /** What really leaves in place of a message. */
  readonly outgoing?: (from: NodeName, bytes: Uint8Array, to: NodeName) => readonly Uint8Array[];
  /** Chooses among what could happen next; the seed does without it. */
  readonly order?: () => number;
  /** Puts something between a node and its ports. */
  readonly wrap?: (name: NodeName, ports: NodePorts) => NodePorts;
}

const network = networks.regtest;
const handlers = { ...walletHandlers, ...channelHandlers, ...paymentHandlers };
export type Handled = keyof typeof handlers;
export type ParamsOf<M extends Handled> = Parameters<(typeof handlers)[M]>[1];
export type AnswerOf<M extends Handled> = Awaited<ReturnType<(typeof handlers)[M]>>;

const text = (value: unknown): string => JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}` : field)) ?? '';
/** Lets everything that waits for promises alone happen. */
const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Timer {
  readonly atMs: number;
  readonly isAlive: () => boolean;
  readonly run: () => void;
}

/** Whole nodes in one process on one chain, one network and one clock, all of which follow from a seed. One step is one task of one of them. */
export class World implements EvidenceHost {
  readonly options: WorldOptions;
  readonly chain: SimChain;
  readonly network: MemoryNetwork<NodeName>;
  readonly draw: () => number;
  readonly lanes: Lanes;
  readonly places: ReadonlyMap<NodeName, Place>;
  /** Pairs that cannot reach each other, as `AB`. */
  readonly parted = new Set<string>();
  nowMs: number;
  steps = 0;
  readonly #timers = new Set<Timer>();

  constructor(options: WorldOptions) {
    this.options = options;
    this.draw = chance(options.seed);
    this.lanes = new Lanes(options.order ?? this.draw);
    this.nowMs = options.from?.nowMs ?? 1_700_000_000_000;
    this.chain = new SimChain(options.from?.chain);
    this.places = new Map(options.names.map((name) => {
      const known = options.from?.places.find((place) => place.name === name);
      return [name, { image: known?.image ?? EMPTY_IMAGE, marks: new Map(known?.marks), life: undefined, lives: known?.lives ?? 0, skewMs: 0, delivery: honestDelivery, diskFault: undefined }];
    })); // prettier-ignore
    const { watcher, outgoing, without } = options;
    this.network = new MemoryNetwork<NodeName>({
      without: without ?? [], post: (lane, run) => this.lanes.post(lane, run), point: (name) => this.isRunning(name), isAlive: (name) => this.isRunning(name),
      onSend: (from, bytes, to) => watcher.onSend(from, bytes, to), onDelivered: (to, bytes, from) => watcher.onDelivered(to, bytes, from), ...(outgoing ? { outgoing } : {}),
      mayDial: (from, to) => !this.parted.has(`${from}${to}`) && !this.parted.has(`${to}${from}`),
    }); // prettier-ignore
  }

  image(): WorldImage {
    const places = [...this.places].map(([name, { marks, lives }]) => ({ name, image: this.durable(name), marks: new Map(marks), lives }));
    return { nowMs: this.nowMs, chain: this.chain.image(), places };
  }

  place(name: NodeName): Place {
    const place = this.places.get(name);
    if (!place) throw new Error(`${name} is not of this world`);
    return place;
  }
  node(name: NodeName): SfericNode {
    const { life } = this.place(name);
    if (!life) throw new Error(`${name} is not running`);
    return life.node;
  }
  isRunning(name: NodeName): boolean {
    return this.places.get(name)?.life?.alive === true;
  }
  durable(name: NodeName): StoreImage {
    const place = this.place(name);
    return place.life?.alive ? place.life.store.image() : place.image;
  }
  markOf(name: NodeName, channelNumber: number): number | undefined {
    return this.place(name).marks.get(channelNumber);
  }
  frozenOf(name: NodeName): StoreFault | undefined {
    return this.place(name).life?.frozen;
  }
  isOnChain(txid: string): boolean {
    return this.chain.has(txid);
  }
  any<T>(list: readonly T[]): T {
    return list[Math.floor(this.draw() * list.length)]!;
  }

  /** Memory and what is on the way are gone; what was not durable is lost. */
  kill(name: NodeName): void {
    const place = this.place(name);
    if (!place.life?.alive) return;
    place.life.alive = false;
    place.image = place.life.store.crash();
    this.network.died(name);
  }

  start(name: NodeName, recoveryReason?: string): void {
    const place = this.place(name);
    const found = place.image;
    const lifeNumber = ++place.lives;
    const { watcher, wrap } = this.options;
    const isAlive = (): boolean => life.alive;
    const when = (run: () => void | Promise<void>) => () => (life.alive ? run() : undefined);
    const store = new RigStore(found, {
      post: (run) => this.lanes.post(`disk ${name}`, when(run)), point: isAlive,
      fault: () => {
        const { diskFault } = place;
        place.diskFault = undefined;
        return diskFault;
      },
      onDurable: (before, after) => watcher.onDurable(name, before, after),
      onFault: (fault) => (life.frozen = fault), sabotage: undefined,
    }); // prettier-ignore
    const ports: NodePorts = {
      store, log: this.#log(name, isAlive), system: this.#system(name, lifeNumber, isAlive),
      highWater: {
        read: (channel) => place.marks.get(channel),
        raise: (channel, revoked) => {
          if (!life.alive) return new Promise(() => undefined);
          place.marks.set(channel, Math.max(place.marks.get(channel) ?? -1, revoked));
          return Promise.resolve();
        },
      },
      chain: sourceFor({
        chain: this.chain, delivery: () => place.delivery, tell: (run) => this.lanes.post(`chain ${name}`, when(run)),
        mayPublish: isAlive, onPublished: (rawTxs, results) => watcher.onPublish(name, rawTxs, results),
      }),
      network: this.network.portsOf(name, isAlive),
    }; // prettier-ignore
    const node = new SfericNode({ network, birthdayHeight: 0, recoveryReason }, wrap?.(name, ports) ?? ports, masters[name],
      (event, data) => life.alive && event === 'alarm' && watcher.onLog(name, 'alarm', text(data))); // prettier-ignore
    // Two hundred tweaks a start are most of its time.
    (node.keys as { scriptOf: WalletKeys['scriptOf'] }).scriptOf = scriptOf(name);
    const life: Life = { node, store, alive: true, frozen: undefined };
    place.life = life;
    watcher.onStarted(name, found);
    node.start().catch((error: unknown) => isAlive() && !life.frozen && watcher.onLog(name, 'error', `start failed: ${String(error)}`));
  }

  #log(name: NodeName, isAlive: () => boolean): NodeLog {
    const at = (level: string) => (message: string, fields?: object) => isAlive() && this.options.watcher.onLog(name, level, `${message} ${text(fields)}`);
    const quiet = (): void => undefined;
    return { error: at('error'), warn: at('warn'), info: quiet, debug: quiet };
  }

  #system(name: NodeName, life: number, isAlive: () => boolean): NodeSystem {
    let drawn = 0;
    return {
      nowMs: () => this.nowMs + this.place(name).skewMs,
      random: (length) => {
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; at += 32) bytes.set(sha256(utf8(`random ${name} ${life} ${drawn++}`)).subarray(0, Math.min(32, length - at)), at);
        return bytes;
      },
      soon: (task) => this.lanes.post(`turn ${name}`, () => (isAlive() ? task() : undefined)),
      timers: {
        after: (delayMs, run) => {
          const timer = { atMs: this.nowMs + delayMs, isAlive, run };
          this.#timers.add(timer);
          return () => void this.#timers.delete(timer);
        },
      },
    };
  }

  /** One task; with none left the clock goes on to the next timer. */
  async step(): Promise<void> {
    this.steps++;
    const task = this.lanes.next(this.steps);
    if (task) await task();
    else this.#tick();
    await microtasks();
  }

  #tick(): void {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (!timer.isAlive()) this.#timers.delete(timer);
      else if (!next || timer.atMs < next.atMs) next = timer;
    }
    if (!next) return;
    this.nowMs = Math.max(this.nowMs, next.atMs);
    // What these set in turn waits for the next tick.
    const due = [...this.#timers].filter(({ atMs }) => atMs <= this.nowMs);
    for (const timer of due) if (this.#timers.delete(timer)) timer.run();
  }

  /** Until nothing waits but timers. */
  async drain(): Promise<void> {
    await microtasks();
    for (let count = 0; this.lanes.waiting > 0; count++) {
      if (count > 50_000) throw new Error('I-34: the nodes never come to rest');
      await this.step();
    }
  }

  /** A request of a user; never answered when the node dies first. */
  call<M extends Handled>(name: NodeName, method: M, params: ParamsOf<M>): Promise<AnswerOf<M>> {
    const { life } = this.place(name);
    if (!life?.alive) return new Promise(() => undefined);
    const handler = handlers[method] as unknown as (node: SfericNode, params: unknown) => AnswerOf<M>;
    return new Promise((resolve, reject) => {
      new Promise<AnswerOf<M>>((answer) => answer(handler(life.node, params))).then((answer) => life.alive && resolve(answer), (error: unknown) => life.alive && reject(error));
    });
  }
}
