import { networks } from '../../core/bitcoin/network.ts';
import { decodeTx } from '../../core/bitcoin/transaction.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { utf8 } from '../../core/lib/bytes.ts';
import { backupHandlers } from '../../core/node/handlers/backup.ts';
import { channelHandlers } from '../../core/node/handlers/channels.ts';
import { historyHandlers } from '../../core/node/handlers/history.ts';
import { paymentHandlers } from '../../core/node/handlers/payments.ts';
import { walletHandlers } from '../../core/node/handlers/wallet.ts';
import { SfericNode } from '../../core/node/node.ts';
import type { HdNode } from '../../core/crypto/hd.ts';
import type { WalletKeys } from '../../core/wallet/keys.ts';
import type { NodeLog, NodeSystem } from '../../core/node/ports.ts';
import type { StoreFault } from '../../core/store/port.ts';
import { decodeMessage } from '../../core/wire/messages.ts';
import { FakeChain } from './fake-chain.ts';
import { MemoryNetwork } from './memory-network.ts';
import { EMPTY_IMAGE, type StoreImage } from './memory-store.ts';
import { type NodeName, type SideName, SIDES, masters, scriptOf } from './rig-keys.ts';
import type { Call, FaultPlan, RigImage, RigOptions, Watcher } from './crash-types.ts';
import { RigStore } from './rig-store.ts';

export type { Call, FaultPlan, RigImage, RigOptions, Watcher } from './crash-types.ts';

export interface Life {
  readonly node: SfericNode;
  readonly store: RigStore;
  alive: boolean;
  frozen: StoreFault | undefined;
}

interface Side {
  readonly master: HdNode;
  readonly marks: Map<number, number>;
  image: StoreImage;
  life: Life | undefined;
  lives: number;
}

interface Task {
  readonly lane: string;
  readonly run: () => void | Promise<void>;
}

const network = networks.regtest;
const handlers = { ...walletHandlers, ...channelHandlers, ...paymentHandlers, ...backupHandlers, ...historyHandlers };
type Handled = keyof typeof handlers;

const text = (value: unknown): string => JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}` : field)) ?? '';

/** Lets everything that waits for promises alone happen. */
const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Two whole nodes in one process, joined by a network, a chain, disks and a clock that are all ours. Nothing happens but
 * one task at a time, in an order that is the same in every run; every boundary between what is durable and what leaves is
 * a numbered point at which either node can be made to die.
 */
export class CrashRig {
  readonly chain: FakeChain;
  readonly network: MemoryNetwork;
  readonly plan: FaultPlan;
  readonly watcher: Watcher;
  readonly options: RigOptions;
  readonly sides: Readonly<Record<SideName, Side>>;
  nowMs: number;
  /** Names of the boundaries passed, in order; the first has number 1. */
  readonly points: string[] = [];
  commits = 0;
  deliveries = 0;
  droppedAt = 0;
  #armed = false;
  #tasks: Task[] = [];
  #timers = new Set<{ readonly atMs: number; readonly life: () => boolean; readonly run: () => void }>();

  constructor(start: RigImage | undefined, options: RigOptions, plan: FaultPlan, watcher: Watcher) {
    this.plan = plan;
    this.watcher = watcher;
    this.options = options;
    this.nowMs = start?.nowMs ?? 1_700_000_000_000;
    this.chain = start?.chain.copy() ?? new FakeChain();
    const side = (name: SideName): Side => {
      const from = start?.sides[name];
      return { master: masters[name], marks: new Map(from?.marks), image: from?.image ?? EMPTY_IMAGE, life: undefined, lives: start?.lives ?? 0 };
    };
    this.sides = { A: side('A'), B: side('B') };
    this.network = new MemoryNetwork({
      without: options.without ?? [], post: (lane, run) => this.post(lane, run),
      point: (from, what) => this.point(from, what),
      isAlive: (name) => this.sides[name].life?.alive === true,
      onSend: (from, bytes) => this.#sent(from, bytes),
      onDelivered: (to, bytes) => this.#delivered(to, bytes),
    }); // prettier-ignore
    this.network.isDown = options.isolated === true;
  }

  image(): RigImage {
    const of = (name: SideName) => ({ image: this.sides[name].life?.store.image() ?? this.sides[name].image, marks: new Map(this.sides[name].marks) });
    return { nowMs: this.nowMs, chain: this.chain.copy(), sides: { A: of('A'), B: of('B') }, lives: Math.max(this.sides.A.lives, this.sides.B.lives) };
  }

  node(side: SideName): SfericNode {
    const life = this.sides[side].life;
    if (!life) throw new Error(`${side} is not running`);
    return life.node;
  }
  isRunning(side: SideName): boolean {
    return this.sides[side].life?.alive === true;
  }
  durable(name: NodeName): StoreImage {
    const side = name as SideName;
    return this.sides[side].life?.store.image() ?? this.sides[side].image;
  }

  markOf(side: NodeName, channelNumber: number): number | undefined {
    return this.sides[side as SideName].marks.get(channelNumber);
  }
  frozenOf(side: NodeName): StoreFault | undefined {
    return this.sides[side as SideName].life?.frozen;
  }
  isOnChain(txid: string): boolean {
    return this.chain.has(txid);
  }

  post(lane: string, run: Task['run']): void {
    this.#tasks.push({ lane, run });
  }

  /** Counting begins: what came before made the scene. */
  arm(): void {
    this.#armed = true;
    this.points.length = 0;
    this.commits = 0;
    this.deliveries = 0;
  }

  /** A boundary of `owner`; whether it still lives afterwards. */
  point(owner: SideName, what: string): boolean {
    if (!this.#armed) return this.isRunning(owner);
    this.points.push(`${owner} ${what}`);
    for (const { at, victims } of this.plan.kills ?? []) if (at === this.points.length) for (const victim of victims) this.kill(victim);
    return this.isRunning(owner);
  }

  /** Its memory and what is on the way from and to it are gone; only what is durable stays. */
  kill(side: SideName): void {
    const { life } = this.sides[side];
    if (!life?.alive) return;
    life.alive = false;
    const last = life.store.crash();
    this.sides[side].image = this.options.sabotage === 'disk_forgets' ? life.store.before() : last;
    this.network.died(side);
  }

  #sent(from: SideName, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (decoded.known) this.watcher.onSend(from, decoded.message, bytes);
  }

  #delivered(to: SideName, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (decoded.known) this.watcher.onDelivered(to, decoded.message);
    if (!this.#armed || ++this.deliveries !== this.plan.dropAfter) return;
    this.droppedAt = this.points.length;
    this.network.breakAll();
  }

  start(name: SideName): void {
    const side = this.sides[name];
    side.lives++;
    const found = side.image;
    const isAlive = (): boolean => life.alive;
    const when = (run: () => void | Promise<void>) => () => (life.alive ? run() : undefined);
    const store = new RigStore(found, {
      post: (run) => this.post(`disk ${name}`, when(run)), point: (what) => this.point(name, what),
      fault: () => (this.#armed && ++this.commits === this.plan.failCommit ? { code: 'disk_full' } : undefined),
      onDurable: (before, after) => this.watcher.onDurable(name, before, after),
      onFault: (fault) => (life.frozen = fault), sabotage: this.options.sabotage,
    }); // prettier-ignore
    const node = new SfericNode({ network, birthdayHeight: 0, isRestored: this.options.restored === name, recoveryReason: undefined }, {
      store, log: this.#log(name, isAlive), system: this.#system(name, side.lives, isAlive),
      highWater: {
        read: (channel) => side.marks.get(channel),
        raise: async (channel, revoked) => {
          if (!life.alive) return new Promise(() => undefined);
          if (this.options.sabotage === 'mark_not_raised') return undefined;
          side.marks.set(channel, Math.max(side.marks.get(channel) ?? -1, revoked));
          return this.point(name, 'mark raised') ? undefined : new Promise(() => undefined);
        },
      },
      chain: this.chain.source((run) => this.post(`chain ${name}`, when(run)), (raw) => this.#published(name, raw, isAlive)),
      network: this.network.portsOf(name, isAlive),
    }, side.master, (event, data) => {
      if (!life.alive) return;
      this.watcher.onEvent?.(name, event, data);
      if (event === 'alarm') this.watcher.onLog(name, 'alarm', text(data));
    }); // prettier-ignore
    // Two hundred tweaks a start are most of its time.
    (node.keys as { scriptOf: WalletKeys['scriptOf'] }).scriptOf = scriptOf(name);
    const life: Life = { node, store, alive: true, frozen: undefined };
    side.life = life;
    this.watcher.onStarted(name, found);
    // It may wait for a commit of its own, which is a task: not waited for here.
    node.start().catch((error: unknown) => isAlive() && !life.frozen && this.watcher.onLog(name, 'error', `start failed: ${String(error)}`));
  }

  #published(name: SideName, rawTx: Uint8Array, isAlive: () => boolean): boolean {
    if (!isAlive()) return false;
    const tx = decodeTx(rawTx);
    if (!this.point(name, 'publish')) return false;
    this.watcher.onPublish(name, tx);
    return true;
  }

  #log(name: SideName, isAlive: () => boolean): NodeLog {
    const at = (level: string) => (message: string, fields?: object) => isAlive() && this.watcher.onLog(name, level, `${message} ${text(fields)}`);
    return { error: at('error'), warn: at('warn'), info: at('info'), debug: () => undefined };
  }

  #system(name: SideName, life: number, isAlive: () => boolean): NodeSystem {
    let drawn = 0;
    const block = (): Uint8Array => sha256(utf8(`random ${name} ${life} ${drawn++}`));
    return {
      nowMs: () => this.nowMs,
      random: (length) => {
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; at += 32) bytes.set(block().subarray(0, Math.min(32, length - at)), at);
        return bytes;
      },
      soon: (task) => this.post(`turn ${name}`, () => (isAlive() ? task() : undefined)),
      timers: {
        after: (delayMs, run) => {
          const timer = { atMs: this.nowMs + delayMs, life: isAlive, run };
          this.#timers.add(timer);
          return () => void this.#timers.delete(timer);
        },
      },
    };
  }

  /** Runs tasks until none is left. */
  async drain(): Promise<void> {
    await microtasks();
    for (let count = 0; this.#tasks.length > 0; count++) {
      if (count > 20_000) throw new Error('the nodes never come to rest');
      await this.#next().run();
      await microtasks();
    }
  }

  /** The oldest task, or with an order of chance the oldest of any lane. */
  #next(): Task {
    const { order } = this.plan;
    const heads = order ? [...new Map(this.#tasks.toReversed().map((task) => [task.lane, task])).values()] : [];
    const chosen = order ? heads[Math.floor(order() * heads.length)]! : this.#tasks[0]!;
    this.#tasks.splice(this.#tasks.indexOf(chosen), 1);
    return chosen;
  }

  /** Lets the clock go on to the next timer, at most by `mostMs`; gives what passed. */
  async tick(mostMs: number): Promise<number> {
    const next = [...this.#timers].filter(({ life }) => life()).sort((a, b) => a.atMs - b.atMs)[0];
    const from = this.nowMs;
    this.nowMs = Math.max(from, Math.min(next?.atMs ?? Infinity, from + mostMs));
    for (const timer of this.#timers) if (!timer.life()) this.#timers.delete(timer);
    // What is due now; what these set in turn waits for the next tick.
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.nowMs)) if (this.#timers.delete(timer)) timer.run();
    await this.drain();
    return this.nowMs - from;
  }

  /** Whoever is dead, or frozen by its disk, is started again. */
  async revive(): Promise<void> {
    for (const side of SIDES) {
      if (this.sides[side].life?.frozen) this.kill(side);
      if (!this.isRunning(side)) this.start(side);
    }
    await this.drain();
  }

  /** Runs, revives and waits until `isQuiet`; false when that does not come within `patienceMs` of the rig's time. */
  async settle(isQuiet: () => boolean, patienceMs = 200_000): Promise<boolean> {
    await this.drain();
    await this.revive();
    for (let waited = 0; waited <= patienceMs; ) {
      if (SIDES.every((side) => this.isRunning(side) && !this.sides[side].life!.frozen) && isQuiet()) return true;
      waited += await this.tick(1_000);
      await this.revive();
    }
    return false;
  }

  /** A request of the user; what became of it is in the answer after `drain`. Lost when the node dies first. */
  call<M extends Handled>(side: SideName, method: M, params: Parameters<(typeof handlers)[M]>[1]): Call {
    const life = this.sides[side].life;
    const call: Call = { state: 'open', answer: undefined };
    if (!life?.alive) return { state: 'lost', answer: undefined };
    const end = (state: Call['state']) => (answer: unknown) => Object.assign(call, life.alive ? { state, answer } : { state: 'lost' });
    const handler = handlers[method] as (node: SfericNode, params: unknown) => unknown;
    new Promise((resolve) => resolve(handler(life.node, params))).then(end('answered'), end('refused'));
    return call;
  }
}
