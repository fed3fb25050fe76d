import { channelIdOf } from '../wire/messages.ts';
import { type OutPoint, type Tx, txidBytes } from '../bitcoin/transaction.ts';
import { decodeChannel, encodeChannel, encodeHtlc, htlcRecordChanged } from '../channel/codec.ts';
import type { ChannelAction, ChannelCommand } from '../channel/commands.ts';
import type { Context, Feerates } from '../channel/context.ts';
import { fundingScriptOf } from '../channel/sign.ts';
import { encodeWith } from '../codec/codec.ts';
import { journalEvent } from '../channel/journal.ts';
import type { ChannelKeys } from '../channel/keys.ts';
import { transition } from '../channel/machine.ts';
import { offline, type FundedChannel } from '../channel/types.ts';
import { p2wsh } from '../bitcoin/script.ts';
import { toHex } from '../lib/bytes.ts';
import type { Message } from '../wire/messages.ts';
import type { Store } from '../store/port.ts';
import type { NodeLog, NodeSystem } from './ports.ts';
import { ACCOUNT, channelRecordKey, channelSubject, htlcRecordKey, revokedRecordKey } from './records.ts';
import type { Sweeps } from './sweeps.ts';
import type { Turn } from './turns.ts';

/** A channel in memory: ahead of the disk while a commit is under way. */
interface Slot {
  channel: FundedChannel;
  /** What the last turn gave to the store, to write only what changed since. */
  written: FundedChannel | undefined;
  readonly keys: ChannelKeys;
}

export interface ChannelsOptions {
  readonly keysOf: (channelNumber: number) => ChannelKeys;
  readonly chainHash: Uint8Array;
  readonly height: () => number;
  readonly feerates: () => Feerates;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  /** Never publish our own commitment: this copy of the data is stale (I-23). */
  readonly recovering: () => boolean;
  readonly revokedUpTo: (channelNumber: number) => number | undefined;
  /** Sends on the connection that the channel speaks on now, and on no later one: a slow disk may outlive a connection. */
  readonly senderTo: (peerNodeId: Uint8Array) => (message: Message) => void;
  readonly disconnect: (peerNodeId: Uint8Array, reason: string) => void;
  readonly publish: (label: string, tx: Tx) => void;
  readonly watchFunding: (turn: Turn, channel: FundedChannel) => void;
  readonly watchOutput: (turn: Turn, channel: FundedChannel, outPoint: OutPoint, script: Uint8Array) => void;
  readonly sweeps: Sweeps;
  /** What punishes a state of the peer becomes durable with this turn. */
  readonly onRevoked: (turn: Turn, channelNumber: number, commitmentNumber: number, record: Uint8Array) => void;
  readonly onForgotten: (turn: Turn, channel: FundedChannel) => void;
  readonly onChanged: (turn: Turn, channel: FundedChannel) => void;
  readonly onAlarm: (turn: Turn, channel: FundedChannel, code: string, detail: string) => void;
  /** Everything about HTLCs goes to the payments. */
  readonly onHtlc: (turn: Turn, channel: FundedChannel, action: HtlcAction) => void;
}

export type HtlcAction = Extract<ChannelAction, { readonly kind: `htlc_${string}` }>;

const isHtlcAction = (action: ChannelAction): action is HtlcAction => action.kind.startsWith('htlc_');

/** All channels: runs their machines and turns actions into writes and effects of the turn. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #slots = new Map<number, Slot>();
  readonly #byChannelId = new Map<string, number>();

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** Reads every channel that is not forgotten; all start offline. */
  async load(store: Store): Promise<void> {
    const htlcs = new Map<string, Uint8Array[]>();
    for (const { key, value } of await store.list('channelHtlc')) {
      const number = key.slice(0, 8);
      htlcs.set(number, [...(htlcs.get(number) ?? []), value]);
    }
    for (const { key, value } of await store.list('channel')) {
      const channel = decodeChannel(value, htlcs.get(key) ?? []);
      this.#add(channel, channel);
    }
  }

  #add(channel: FundedChannel, written: FundedChannel | undefined): Slot {
    const { channelNumber } = channel.config;
    const slot: Slot = { channel, written, keys: this.#options.keysOf(channelNumber) };
    this.#slots.set(channelNumber, slot);
    this.#byChannelId.set(toHex(channel.channelId), channelNumber);
    return slot;
  }

  all(): readonly FundedChannel[] {
    return [...this.#slots.values()].map(({ channel }) => channel);
  }
  of(peerNodeId: Uint8Array): readonly FundedChannel[] {
    const id = toHex(peerNodeId);
    return this.all().filter((channel) => toHex(channel.config.peerNodeId) === id);
  }
  get(channelNumber: number): FundedChannel | undefined {
    return this.#slots.get(channelNumber)?.channel;
  }
  byId(channelId: Uint8Array | string): FundedChannel | undefined {
    const number = this.#byChannelId.get(typeof channelId === 'string' ? channelId : toHex(channelId));
    return number === undefined ? undefined : this.get(number);
  }
  byFunding({ txid, vout }: OutPoint): FundedChannel | undefined {
    return this.byId(channelIdOf(txidBytes(txid), vout));
  }

  keysOf(channelNumber: number): ChannelKeys {
    return this.#options.keysOf(channelNumber);
  }

  contextOf(keys: ChannelKeys): Context {
    const { height, feerates, chainHash } = this.#options;
    return { keys, blockHeight: height(), feerates: feerates(), chainHash };
  }

  /** Takes over a channel whose handshake has just ended, with that transition's actions. */
  adopt(turn: Turn, channel: FundedChannel, actions: readonly ChannelAction[]): void {
    const slot = this.#add(channel, undefined);
    this.#perform(turn, slot, actions);
    this.#options.watchFunding(turn, channel);
  }

  /** One command to one channel; unknown numbers are passed over (the channel was forgotten meanwhile). */
  command(turn: Turn, channelNumber: number, command: ChannelCommand): void {
    const slot = this.#slots.get(channelNumber);
    if (!slot) return;
    if (command.kind === 'force_close' && this.#options.recovering()) return;
    const [next, actions] = transition(slot.channel, command, this.contextOf(slot.keys));
    const changed = next !== slot.channel;
    slot.channel = next;
    if (command.kind !== 'sign') turn.touched.add(channelNumber);
    this.#perform(turn, slot, actions);
    if (changed) this.#options.onChanged(turn, next);
  }

  /** Ends a turn: commits what waits in the channels that it touched. */
  finish(turn: Turn): void {
    for (const channelNumber of turn.touched) this.command(turn, channelNumber, { kind: 'sign' });
  }

  #perform(turn: Turn, slot: Slot, actions: readonly ChannelAction[]): void {
    for (const action of actions) {
      if (isHtlcAction(action)) this.#options.onHtlc(turn, slot.channel, action);
      else this.#performOther(turn, slot, action);
    }
  }

  #performOther(turn: Turn, slot: Slot, action: Exclude<ChannelAction, HtlcAction>): void {
    const { channel } = slot;
    const { channelNumber, peerNodeId } = channel.config;
    switch (action.kind) {
      case 'store':
        turn.writeLate(channelSubject(channelNumber), () => this.#write(turn, slot));
        return;
      case 'raise_high_water':
        turn.highWater.set(channelNumber, action.revokedCommitmentNumber);
        return;
      case 'send': {
        const send = this.#options.senderTo(peerNodeId);
        turn.after(() => send(action.message));
        return;
      }
      case 'disconnect':
        turn.after(() => this.#options.disconnect(peerNodeId, action.reason));
        return;
      case 'publish':
        turn.after(() => this.#options.publish(action.label, action.tx));
        return;
      case 'commitment':
        if (this.#mayPublish(turn, channel)) this.#options.sweeps.wantCommitment(turn, action.desired);
        return;
      case 'claims':
        this.#options.sweeps.wantClaims(turn, channelNumber, action.claims);
        return;
      case 'watch_output':
        this.#options.watchOutput(turn, channel, action.outPoint, action.script);
        return;
      case 'penalty':
        turn.write('revoked', revokedRecordKey(channelNumber, action.commitmentNumber), action.record);
        this.#options.onRevoked(turn, channelNumber, action.commitmentNumber, action.record);
        return;
      case 'journal':
        turn.journal({ subject: channelSubject(channelNumber), timeMs: this.#options.system.nowMs(), event: encodeWith(journalEvent, action.event) });
        return;
      case 'ledger':
        this.#ledger(turn, channelNumber, action);
        return;
      case 'alarm':
        this.#options.onAlarm(turn, channel, action.code, action.detail);
        return;
      case 'forget':
        this.#options.sweeps.wantClaims(turn, channelNumber, []);
        this.#options.onForgotten(turn, channel);
    }
  }

  /** I-1: the signer's own memory has the last word over what the database believes. */
  #isRevoked({ config, commitments }: FundedChannel): boolean {
    const revoked = this.#options.revokedUpTo(config.channelNumber);
    return revoked !== undefined && revoked >= commitments.localNumber;
  }
  /** At the start: a database that is older than what was revoked is a stale copy, whoever else knows of it. */
  checkMarks(turn: Turn): void {
    for (const channel of this.all()) if (this.#isRevoked(channel)) this.command(turn, channel.config.channelNumber, { kind: 'data_lost' });
  }

  #mayPublish(turn: Turn, channel: FundedChannel): boolean {
    const allowed = !this.#options.recovering() && !this.#isRevoked(channel);
    if (!allowed) this.#options.onAlarm(turn, channel, 'we_lost_data', 'our newest commitment was revoked before: it is not published');
    return allowed;
  }

  #ledger(turn: Turn, channelNumber: number, action: Extract<ChannelAction, { kind: 'ledger' }>): void {
    // What is settled on chain was moved out of the channel's account with its close.
    const isOnChain = action.reason === 'sent_on_chain' || action.reason === 'received_on_chain';
    const account = isOnChain ? ACCOUNT.closing(channelNumber) : ACCOUNT.channel(channelNumber);
    const other = {
      open: ACCOUNT.wallet, push: ACCOUNT.pushed, payment_sent: ACCOUNT.sent, payment_received: ACCOUNT.received,
      sent_on_chain: ACCOUNT.sent, received_on_chain: ACCOUNT.received,
      close: ACCOUNT.closing(channelNumber), close_fee: ACCOUNT.onchainFees,
    }[action.reason]; // prettier-ignore
    const gained = action.deltaMsat > 0n;
    turn.ledger({
      timeMs: this.#options.system.nowMs(), debit: gained ? account : other, credit: gained ? other : account,
      amountMsat: gained ? action.deltaMsat : -action.deltaMsat, reason: action.reason, reference: action.reference,
    }); // prettier-ignore
  }

  #write(turn: Turn, slot: Slot): void {
    const { channel, written } = slot;
    const { channelNumber } = channel.config;
    turn.write('channel', channelRecordKey(channelNumber), encodeChannel(channel));
    const before = written?.commitments.htlcs;
    for (const [key, htlc] of channel.commitments.htlcs) {
      if (htlcRecordChanged(before?.get(key), htlc)) turn.write('channelHtlc', htlcRecordKey(channelNumber, htlc.add.direction, htlc.add.id), encodeHtlc(htlc));
    }
    for (const [key, htlc] of before ?? []) {
      if (!channel.commitments.htlcs.has(key)) turn.write('channelHtlc', htlcRecordKey(channelNumber, htlc.add.direction, htlc.add.id), undefined);
    }
    slot.written = { ...channel, link: offline };
  }

  /** The output script that the chain is watched for. */
  static fundingScript(channel: FundedChannel): Uint8Array {
    return p2wsh(fundingScriptOf(channel.config));
  }
}

