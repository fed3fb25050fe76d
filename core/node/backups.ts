import type { Answer, EventData, EventName } from '../api.ts';
import { BACKUP_FILE_CHARACTERS } from '../api.ts';
import { STORE } from '../channel/context.ts';
import { basepointsOf } from '../channel/keys.ts';
import { type StaticChannel, restoredChannel, staticIdOf, staticPartOf } from '../channel/static-backup.ts';
import type { FundedChannel } from '../channel/types.ts';
import { type TypeOf, bytes, decodeWith, encodeWith, list16, struct, u64, u8 } from '../codec/codec.ts';
import { toBase64, tryFromBase64 } from '../codec/base64.ts';
import { equal, toHex } from '../lib/bytes.ts';
import { txidBytes } from '../bitcoin/transaction.ts';
import { type Backup, openBackup, sealBackup } from '../store/backup-file.ts';
import type { Store } from '../store/port.ts';
import { atLeastHandedOut, handedOutOf } from '../wallet/accounts.ts';
import { ApiFailure } from './app.ts';
import type { SfericNode } from './node.ts';
import type { ChannelNumbers } from './openings-wiring.ts';
import type { Turn } from './turns.ts';
import { backupFailure } from './words.ts';

const PROVEN_KEY = 'provenBackup';
const provenFile = struct({ format: u8, madeAtMs: u64, channelIds: list16(bytes(32)) });

/**
 * Backup files: made of the channels, proven, and brought back. The newest one that was seen to open is remembered, not the file
 * itself: one that was made and never read again may lie nowhere.
 */
export class Backups {
  readonly #node: SfericNode;
  readonly #key: Uint8Array;
  readonly #numbers: ChannelNumbers;
  readonly #emit: <N extends EventName>(name: N, data: EventData<N>) => void;
  #proven: TypeOf<typeof provenFile> | undefined;
  #told = '';

  /** `key`: 32 bytes of the path for backups; overwritten by `wipe`. */
  constructor(node: SfericNode, key: Uint8Array, numbers: ChannelNumbers, emit: <N extends EventName>(name: N, data: EventData<N>) => void) {
    this.#node = node;
    this.#key = key;
    this.#numbers = numbers;
    this.#emit = emit;
  }

  /** After the channels were read. */
  async load(store: Store): Promise<void> {
    const record = await store.get('setting', PROVEN_KEY);
    if (record) this.#proven = decodeWith(provenFile, record);
    this.#told = this.#text();
  }

  wipe(): void {
    this.#key.fill(0);
  }

  #open(): readonly FundedChannel[] {
    return this.#node.channels.all().filter(({ phase }) => phase !== 'closed');
  }

  status(): Answer<'backup.status'> {
    const open = this.#open();
    const held = new Set(this.#proven?.channelIds.map(toHex));
    return {
      channels: open.length, isCurrent: open.every(({ channelId }) => held.has(toHex(channelId))),
      ...(this.#proven ? { file: { madeAtMs: Number(this.#proven.madeAtMs), channels: this.#proven.channelIds.length } } : {}),
    }; // prettier-ignore
  }
  #text(): string {
    return JSON.stringify(this.status());
  }

  /** Tells of what changed, once it is durable. */
  look(turn: Turn): void {
    turn.writeLate('backup-event', () =>
      turn.after(() => {
        const text = this.#text();
        if (text === this.#told) return;
        this.#told = text;
        this.#emit('backup.updated', this.status());
      }),
    );
  }

  /** Throws ApiFailure when the channels are too many for one file. */
  make(): Answer<'backup.run'> {
    const { system } = this.#node.ports;
    const backup = this.#backup();
    const file = toBase64(sealBackup(backup, this.#context(), system.random));
    if (file.length > BACKUP_FILE_CHARACTERS) throw new ApiFailure('not_supported', 'There are more channels than a backup file holds. No file was made, and your money is where it was. Close some channels, then try again.');
    return { file, channels: backup.channels.length, madeAtMs: backup.madeAtMs };
  }

  /** It is there and opens: from now on it counts, unless one was seen that holds more of what is open. */
  #remember(turn: Turn, { madeAtMs, channels }: Backup): void {
    const channelIds = channels.map(staticIdOf);
    const openIn = (ids: readonly Uint8Array[]): number => this.#open().filter(({ channelId }) => ids.some((id) => equal(id, channelId))).length;
    if (this.#proven && openIn(this.#proven.channelIds) > openIn(channelIds)) return;
    this.#proven = { format: 1, madeAtMs: BigInt(madeAtMs), channelIds };
    turn.write('setting', PROVEN_KEY, encodeWith(provenFile, this.#proven));
    this.look(turn);
  }

  #context() {
    return { backupKey: this.#key, chainHash: this.#node.config.network.chainHash };
  }

  #backup(): Backup {
    const { peers, onchain, nodeId, ports } = this.#node;
    const channels = this.#open();
    const targets = [...new Set(channels.map(({ config }) => toHex(config.peerNodeId)))].flatMap((id) => peers.targetOf(id) ?? []);
    return {
      madeAtMs: ports.system.nowMs(), nodeId, birthdayHeight: onchain.birthdayHeight, nextChannelNumber: this.#numbers.next,
      addressCounts: handedOutOf(onchain.wallet.counters), peers: targets, channels: channels.map(staticPartOf),
    }; // prettier-ignore
  }

  /** What a file holds, opened with this wallet's seed and compared with its keys; throws ApiFailure. */
  read(text: string): Backup {
    const raw = tryFromBase64(text);
    const opened = raw ? openBackup(raw, this.#context()) : ({ ok: false, error: 'no_backup' } as const);
    if (!opened.ok) throw backupFailure(opened.error);
    const backup = opened.value;
    const isOurs = ({ config: { channelNumber, local } }: StaticChannel): boolean => {
      const ours = basepointsOf(this.#node.channels.keysOf(channelNumber));
      return (Object.keys(ours) as (keyof typeof ours)[]).every((name) => equal(ours[name], local.basepoints[name]));
    };
    if (!equal(backup.nodeId, this.#node.nodeId) || !backup.channels.every(isOurs)) throw backupFailure('damaged');
    return backup;
  }

  drill(turn: Turn, backup: Backup): Answer<'backup.drill'> {
    const { madeAtMs, channels } = backup;
    this.#remember(turn, backup);
    const held = new Set(channels.map((channel) => toHex(staticIdOf(channel))));
    const known = this.#node.channels;
    return {
      madeAtMs, channels: channels.map((channel) => ({ ...factsOf(channel), isKnown: known.byId(staticIdOf(channel)) !== undefined })),
      missing: this.#open().filter(({ channelId }) => !held.has(toHex(channelId))).map(factsOf),
    }; // prettier-ignore
  }

  /** All of the file that is not known here, in one turn; nothing at all when any of it cannot be. Throws ApiFailure. */
  restore(turn: Turn, backup: Backup): Answer<'backup.restore'> {
    const { channels, onchain, openings, ports } = this.#node;
    const fresh = backup.channels.filter((channel) => channels.byId(staticIdOf(channel)) === undefined);
    const proposed = new Set(openings.proposals().map(({ channelNumber }) => channelNumber));
    const isTaken = ({ config: { channelNumber } }: StaticChannel): boolean => channels.get(channelNumber) !== undefined || proposed.has(channelNumber);
    if (fresh.some(isTaken)) {
      throw new ApiFailure('not_supported', 'This wallet has opened channels with the keys of channels in the file. Nothing was changed and your money is where it was. Restore the words in an empty folder, and this file there.', { parameter: 'file', reason: 'keys_taken' });
    }
    this.#numbers.keep(turn, backup.nextChannelNumber - 1);
    onchain.update(turn, (state) => ({ ...state, counters: atLeastHandedOut(state.counters, backup.addressCounts) }));
    for (const channel of fresh) {
      const { fundingOutPoint: { txid, vout }, config } = channel;
      const event = { kind: 'restored', fundingTxid: txidBytes(txid), fundingOutputIndex: vout, capacitySat: config.fundingSatoshis, madeAtMs: BigInt(backup.madeAtMs) } as const;
      channels.adopt(turn, restoredChannel(channel), [STORE, { kind: 'journal', event }]);
    } // prettier-ignore
    this.#seekPeers(turn, fresh, backup);
    this.#remember(turn, backup);
    this.look(turn);
    ports.log.info('channels restored', { restored: fresh.length, madeAtMs: backup.madeAtMs });
    return { restored: fresh.length, skipped: backup.channels.length - fresh.length };
  }

  #seekPeers(turn: Turn, fresh: readonly StaticChannel[], backup: Backup): void {
    const { peers } = this.#node;
    const wanted = new Set(fresh.map(({ config }) => toHex(config.peerNodeId)));
    for (const target of backup.peers) {
      const id = toHex(target.nodeId);
      if (!wanted.has(id) || peers.targetOf(id)) continue;
      this.#node.rememberPeer(turn, target);
      turn.after(() => peers.know(target));
    }
    // A connection that began before says nothing of these channels: the next one does.
    turn.after(() => wanted.forEach((id) => (peers.isReady(id) ? peers.disconnect(id, 'channels were restored') : peers.seek(id))));
  }
}

const factsOf = (channel: Pick<FundedChannel, 'config' | 'fundingOutPoint'>): Answer<'backup.drill'>['missing'][number] => {
  const { config: { peerNodeId, fundingSatoshis }, fundingOutPoint: { txid, vout } } = channel;
  return { channelId: toHex(staticIdOf(channel)), peerNodeId: toHex(peerNodeId), capacitySat: fundingSatoshis, fundingTxid: txid, fundingVout: vout };
}; // prettier-ignore
