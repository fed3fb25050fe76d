import { type Codec, bytes, decodeWith, encodeWith, flag, mapped, struct, text16, u16, u64, u8 } from '../../codec/codec.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { ChannelKeys } from '../../channel/keys.ts';
import { decodeRevokedState } from '../../channel/onchain/penalty-record.ts';
import type { FundedChannel } from '../../channel/types.ts';
import { hkdfKey, hmacSha256 } from '../../crypto/hash.ts';
import { equal, fromHex, toHex, utf8 } from '../../lib/bytes.ts';
import type { Store } from '../../store/port.ts';
import { SESSION_BYTES } from '../../tower/messages.ts';
import { type Appointed, type TowerGrade, appointmentFor } from '../../tower/make.ts';
import type { NodeLog, NodeSystem, PeerNetwork } from '../ports.ts';
import { channelRecordKey, revokedRecordKey } from '../records.ts';
import type { Task, Turn } from '../turns.ts';
import { TowerClient, type TowerState, type TowerTarget } from './client.ts';
import type { StoredState } from './uploads.ts';

/** How long an acknowledgement may stay in memory: losing it costs a question to the tower, never a state. */
const KEEP_CURSOR_MS = 1_000;
/** With every payment something changes: it is told this often and not more. */
const TELL_MS = 500;
/** Appointments that another tower will want in a moment. */
const MAX_MADE = 32;

const grade: Codec<TowerGrade> = mapped(u8, (value) => {
  if (value > 1) throw new DecodeError(`tower grade ${value}`);
  return value === 0 ? 'signed' : 'own';
}, (value) => (value === 'signed' ? 0 : 1)); // prettier-ignore
const towerRecord = struct({ format: u8, host: text16, port: u16, grade });
const cursorRecord = struct({ format: u8, next: u64, isClosing: flag, session: bytes(SESSION_BYTES) });

export interface TowersOptions {
  readonly store: Store;
  readonly network: PeerNetwork;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  readonly chainHash: Uint8Array;
  /** What the keys for the towers are derived from. */
  readonly nodeKey: Uint8Array;
  readonly channels: () => readonly FundedChannel[];
  readonly channel: (channelNumber: number) => FundedChannel | undefined;
  readonly keysOf: (channelNumber: number) => ChannelKeys;
  readonly enqueue: (task: Task) => void;
  readonly onChanged: () => void;
}

interface Cursor {
  next: number;
  isClosing: boolean;
  readonly session: Uint8Array;
}

interface Tower {
  readonly id: string;
  readonly client: TowerClient;
  readonly ourKey: Uint8Array;
  readonly cursors: Map<number, Cursor>;
  readonly changed: Set<number>;
}

export interface TowerView {
  readonly target: TowerTarget;
  readonly state: TowerState;
  readonly lastError: string | undefined;
  readonly lastSeenMs: number | undefined;
  readonly blockHeight: number | undefined;
  readonly isWatching: boolean | undefined;
  readonly channels: readonly { readonly channel: FundedChannel; readonly acked: number; readonly behind: number }[];
}

/** All watchtowers of this wallet. They are given what punishes each revoked state; nothing ever waits for them. */
export class Towers {
  readonly #options: TowersOptions;
  readonly #towers = new Map<string, Tower>();
  readonly #made = new Map<string, Appointed>();
  #isRunning = false;
  #cancelKeep: (() => void) | undefined;
  #cancelTell: (() => void) | undefined;

  constructor(options: TowersOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#options.store.list('tower')) {
      const { host, port, grade } = decodeWith(towerRecord, value);
      const tower = this.#make({ nodeId: fromHex(key), host, port, grade });
      for (const cursor of await this.#options.store.list('towerCursor', { prefix: key })) {
        const { next, isClosing, session } = decodeWith(cursorRecord, cursor.value);
        tower.cursors.set(Number.parseInt(cursor.key.slice(key.length), 16), { next: Number(next), isClosing, session });
      }
    }
  }

  start(): void {
    this.#isRunning = true;
    for (const { client } of this.#towers.values()) client.start();
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancelKeep?.();
    this.#cancelTell?.();
    for (const { client } of this.#towers.values()) client.stop();
  }

  get size(): number {
    return this.#towers.size;
  }
  has(nodeId: Uint8Array): boolean {
    return this.#towers.has(toHex(nodeId));
  }

  /** A tower that is known already is dialled at its new address; with another grade its states are handed over anew. */
  add(turn: Turn, target: TowerTarget): void {
    const id = toHex(target.nodeId);
    const old = this.#towers.get(id);
    const isSame = old?.client.target.grade === target.grade;
    const tower = this.#make(target);
    if (isSame) for (const [channelNumber, cursor] of old.cursors) tower.cursors.set(channelNumber, cursor);
    turn.write('tower', id, encodeWith(towerRecord, { format: 1, ...target }));
    for (const channelNumber of new Set([...(old?.cursors.keys() ?? []), ...this.#sessions(tower).keys()])) this.#write(turn, tower, channelNumber);
    turn.after(() => {
      if (old) this.#end(old, !isSame);
      if (this.#isRunning && this.#towers.get(id) === tower) tower.client.start();
      this.#tell();
    });
  }

  /** Asks the tower to delete what it has, if it is there, and forgets it. */
  remove(turn: Turn, nodeId: Uint8Array): boolean {
    const id = toHex(nodeId);
    const tower = this.#towers.get(id);
    if (!tower) return false;
    this.#towers.delete(id);
    turn.write('tower', id, undefined);
    for (const channelNumber of tower.cursors.keys()) turn.write('towerCursor', `${id}${channelRecordKey(channelNumber)}`, undefined);
    turn.after(() => {
      this.#end(tower, true);
      this.#tell();
    });
    return true;
  }

  #end(tower: Tower, forGood: boolean): void {
    if (forGood) for (const session of this.#sessions(tower).values()) tower.client.close(session);
    tower.client.stop();
  }

  /**
   * A state of the peer is revoked, which this turn makes durable: its appointment leaves with the turn's effects, so before
   * any later revocation of ours where the tower keeps up.
   */
  revoked(turn: Turn, channelNumber: number, number: number, record: Uint8Array): void {
    if (this.#towers.size === 0) return;
    turn.after(() => {
      for (const { client } of this.#towers.values()) client.revoked(channelNumber, { number, record });
      this.#tell();
    });
  }

  /** Nothing of this channel can be punished any more. */
  forgotten(turn: Turn, channel: FundedChannel): void {
    const { channelNumber } = channel.config;
    for (const tower of this.#towers.values()) {
      const cursor = this.#cursor(tower, channel);
      cursor.isClosing = true;
      this.#write(turn, tower, channelNumber);
      turn.after(() => {
        tower.client.endUpload(channelNumber);
        tower.client.close(cursor.session);
        this.#tell();
      });
    }
  }

  views(): readonly TowerView[] {
    return [...this.#towers.values()].map((tower): TowerView => {
      const { state, lastError, lastSeenMs, status } = tower.client.view;
      const channels = this.#guarded().map((channel) => {
        const acked = tower.cursors.get(channel.config.channelNumber)?.next ?? 0;
        return { channel, acked, behind: Math.max(0, channel.commitments.remoteNumber - acked) };
      });
      return { target: tower.client.target, state, lastError, lastSeenMs, blockHeight: status?.blockHeight, isWatching: status?.isWatching, channels };
    });
  }

  #guarded(): readonly FundedChannel[] {
    return this.#options.channels().filter(({ phase }) => phase !== 'closed');
  }

  #sessionOf({ ourKey, client }: Pick<Tower, 'ourKey' | 'client'>, channelId: Uint8Array): Uint8Array {
    return hmacSha256(ourKey, utf8(client.target.grade), channelId).slice(0, SESSION_BYTES);
  }

  #sessions(tower: Tower): ReadonlyMap<number, Uint8Array> {
    return new Map(this.#guarded().map((channel) => [channel.config.channelNumber, this.#cursor(tower, channel).session]));
  }

  #cursor(tower: Tower, { channelId, config: { channelNumber } }: FundedChannel): Cursor {
    const known = tower.cursors.get(channelNumber);
    if (known) return known;
    const fresh: Cursor = { next: 0, isClosing: false, session: this.#sessionOf(tower, channelId) };
    tower.cursors.set(channelNumber, fresh);
    return fresh;
  }

  #make(target: TowerTarget): Tower {
    const { nodeKey, network, system, log, chainHash } = this.#options;
    const ourKey = hkdfKey(utf8('sferic tower client 1'), nodeKey, target.nodeId);
    const client: TowerClient = new TowerClient({
      target, ourKey, chainHash, network, system, log, onChanged: () => this.#tell(),
      channels: () => this.#sessions(tower),
      closing: () => [...tower.cursors.values()].filter(({ isClosing }) => isClosing).map(({ session }) => session),
      upload: (channelNumber) => ({ appoint: (state) => this.#appoint(channelNumber, state, target.grade), read: (from, limit) => this.#read(channelNumber, from, limit) }),
      revokedCount: (channelNumber) => this.#options.channel(channelNumber)?.commitments.remoteNumber ?? 0,
      onAcked: (channelNumber, next) => this.#acked(tower, channelNumber, next),
      onClosed: (session) => this.#closed(tower, session),
    }); // prettier-ignore
    const tower: Tower = { id: toHex(target.nodeId), client, ourKey, cursors: new Map(), changed: new Set() };
    this.#towers.set(tower.id, tower);
    return tower;
  }

  /** Several towers of one grade get the same, made once. */
  #appoint(channelNumber: number, { number, record }: StoredState, grade: TowerGrade): Appointed | undefined {
    const key = `${channelNumber}:${number}:${grade}`;
    const known = this.#made.get(key);
    if (known) return known;
    const channel = this.#options.channel(channelNumber);
    const made = channel && appointmentFor(channel, this.#options.keysOf(channelNumber), { number, state: decodeRevokedState(record), grade });
    if (!made || this.#towers.size < 2) return made;
    this.#made.set(key, made);
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= MAX_MADE) break;
      this.#made.delete(oldest);
    }
    return made;
  }

  async #read(channelNumber: number, from: number, limit: number): Promise<readonly StoredState[]> {
    const prefix = channelRecordKey(channelNumber);
    const rows = await this.#options.store.list('revoked', { prefix, limit, ...(from > 0 ? { after: revokedRecordKey(channelNumber, from - 1) } : {}) });
    return rows.map(({ key, value }) => ({ number: Number.parseInt(key.slice(prefix.length), 16), record: value }));
  }

  /** What the tower says counts, also when it is less than we thought: then it has lost something and gets it again. */
  #acked(tower: Tower, channelNumber: number, next: number): void {
    const cursor = tower.cursors.get(channelNumber);
    if (!cursor || cursor.next === next) return;
    cursor.next = next;
    tower.changed.add(channelNumber);
    this.#tell();
    this.#cancelKeep ??= this.#options.system.timers.after(KEEP_CURSOR_MS, () => this.#keep());
  }

  /** Soon, and once for all that changed until then. */
  #tell(): void {
    if (!this.#isRunning) return;
    this.#cancelTell ??= this.#options.system.timers.after(TELL_MS, () => {
      this.#cancelTell = undefined;
      this.#options.onChanged();
    });
  }

  #keep(): void {
    this.#cancelKeep = undefined;
    this.#options.enqueue((turn) => {
      for (const tower of this.#towers.values()) {
        for (const channelNumber of tower.changed) this.#write(turn, tower, channelNumber);
        tower.changed.clear();
      }
    });
  }

  #write(turn: Turn, tower: Tower, channelNumber: number): void {
    const cursor = tower.cursors.get(channelNumber);
    turn.write('towerCursor', `${tower.id}${channelRecordKey(channelNumber)}`, cursor && encodeWith(cursorRecord, { format: 1, ...cursor, next: BigInt(cursor.next) }));
  }

  #closed(tower: Tower, session: Uint8Array): void {
    const [channelNumber] = [...tower.cursors].find(([, cursor]) => cursor.isClosing && equal(cursor.session, session)) ?? [];
    if (channelNumber === undefined) return;
    tower.cursors.delete(channelNumber);
    this.#options.enqueue((turn) => this.#write(turn, tower, channelNumber));
  }
}
