import type { Sat, Msat, FeeratePerKw } from '../lib/units.ts';
import { fromUtf8, toHex, utf8 } from '../lib/bytes.ts';
import { foreign } from '../lib/sanitize.ts';
import { channelTypeVector, preferredChannelType } from '../channel/channel-type.ts';
import type { Context } from '../channel/context.ts';
import { type ChannelFault, faultText } from '../channel/errors.ts';
import { type Handshake, type Proposal, fundingKnown, isFor, proposeChannel, receiveAccept, receiveFundingCreated, receiveFundingSigned, receiveOpen } from '../channel/handshake.ts';
import type { ChannelKeys } from '../channel/keys.ts';
import type { FundedChannel } from '../channel/types.ts';
import type { Feature } from '../wire/features.ts';
import { type Message, type MessageOf, channelIdOf } from '../wire/messages.ts';
import { ApiFailure } from './app.ts';
import type { ChannelAction } from '../channel/commands.ts';
import type { FundingPlan } from '../wallet/send.ts';
import type { Tx } from '../bitcoin/transaction.ts';
import type { NodeSystem } from './ports.ts';
import type { Turn } from './turns.ts';

/** Handshakes and unconfirmed channels that one peer may have with us at once (I-34). */
const MAX_PENDING_PER_PEER = 4;
const MAX_PENDING = 50;
const HANDSHAKE_TIMEOUT_MS = 60_000;

export interface OpenRequest {
  readonly fundingSatoshis: Sat;
  readonly pushMsat: Msat;
  readonly feeratePerKw: FeeratePerKw;
  /** The user said that the coins may be spent which closing channels needs. */
  readonly spendReserve: boolean;
}

interface Pending {
  handshake: Handshake;
  readonly peer: string;
  readonly ctx: Context;
  readonly cancelTimer: () => void;
  /** Of our own openings. */
  readonly ours: { readonly resolve: (channel: FundedChannel) => void; readonly reject: (error: ApiFailure) => void; plan: FundingPlan | undefined; readonly spendReserve: boolean } | undefined;
}

export interface OpeningsOptions {
  readonly system: NodeSystem;
  readonly negotiated: (peer: string) => (feature: Feature) => boolean;
  readonly nodeIdOf: (peer: string) => Uint8Array;
  /** The next number that no channel has had. */
  readonly nextChannelNumber: () => number;
  /** Called once a channel with this number is about to be stored: it is never given again. */
  readonly keepChannelNumber: (turn: Turn, channelNumber: number) => void;
  readonly keysOf: (channelNumber: number) => ChannelKeys;
  readonly contextFor: (keys: ChannelKeys) => Context;
  /** A wallet script that nobody was given before. */
  readonly freshScript: (turn: Turn) => Uint8Array;
  /** `proposals`: of all openings under way, this one included; none when their reserve may be spent. Throws ApiFailure. */
  readonly planFunding: (turn: Turn, reservation: string, script: Uint8Array, amountSat: Sat, proposals: readonly Proposal[] | 'spend_reserve') => FundingPlan;
  readonly signFunding: (plan: FundingPlan) => Tx;
  readonly recordFunding: (turn: Turn, reservation: string, plan: FundingPlan, tx: Tx) => void;
  readonly releaseCoins: (turn: Turn, reservation: string) => void;
  readonly send: (peer: string, message: Message) => void;
  readonly adopt: (turn: Turn, channel: FundedChannel, actions: readonly ChannelAction[]) => void;
  readonly isKnownChannel: (channelId: Uint8Array) => boolean;
  readonly unconfirmedOf: (peer: string) => number;
  readonly enqueue: (task: (turn: Turn) => void) => void;
  /** Why no channel may be accepted now, if so. */
  readonly refusal: () => string | undefined;
  /** Why the coins of this wallet do not allow this channel beside others on their way, if so. */
  readonly reserveRefusal: (proposal: Proposal, others: readonly Proposal[]) => string | undefined;
}

const faultFailure = (fault: ChannelFault): ApiFailure =>
  new ApiFailure('channel_refused', `The channel was not opened: ${faultText(fault)}. Nothing was spent.`, { fault: fault.code });

/** Channels on their way to a funding transaction: in memory only, gone with the connection (BOLT 2). */
export class Openings {
  readonly #options: OpeningsOptions;
  readonly #pending = new Set<Pending>();

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#pending.size;
  }
  /** Of all openings under way. */
  proposals(): readonly Proposal[] {
    return [...this.#pending].map(({ handshake }) => handshake.proposal);
  }

  /** Starts an opening; answers once the peer's signature is durable and the funding transaction is on its way. */
  open(turn: Turn, peer: string, request: OpenRequest): Promise<FundedChannel> {
    const { system, negotiated, nodeIdOf, send } = this.#options;
    const channelNumber = this.#freeNumber();
    const ctx = this.#contextOf(channelNumber);
    const features = negotiated(peer);
    const { spendReserve, ...terms } = request;
    const [handshake, message] = proposeChannel(
      {
        ...terms, channelNumber, peerNodeId: nodeIdOf(peer), temporaryChannelId: system.random(32), localAlias: this.#alias(),
        channelTypeVector: channelTypeVector(preferredChannelType(features)), negotiated: features,
      },
      ctx,
    ); // prettier-ignore
    const opened = new Promise<FundedChannel>((resolve, reject) => {
      const pending: Pending = { handshake, peer, ctx, cancelTimer: this.#timer(() => pending), ours: { resolve, reject, plan: undefined, spendReserve } };
      this.#pending.add(pending);
      turn.after(() => send(peer, message));
    });
    // It may end before this turn is durable and anybody waits for it: that must not end the program.
    opened.catch(() => undefined);
    return opened;
  }

  /** What strangers ask for costs neither a number nor an address before there is a channel: both lie on paths that a restore looks at. */
  #freeNumber(): number {
    const taken = new Set([...this.#pending].map(({ handshake }) => handshake.proposal.channelNumber));
    let channelNumber = this.#options.nextChannelNumber();
    while (taken.has(channelNumber)) channelNumber++;
    return channelNumber;
  }
  #contextOf(channelNumber: number): Context {
    return this.#options.contextFor(this.#options.keysOf(channelNumber));
  }

  #adopt(turn: Turn, channel: FundedChannel, actions: readonly ChannelAction[]): void {
    this.#options.keepChannelNumber(turn, channel.config.channelNumber);
    this.#options.adopt(turn, channel, actions);
  }

  #alias(): bigint {
    return new DataView(this.#options.system.random(8).buffer).getBigUint64(0);
  }

  #timer(pending: () => Pending): () => void {
    return this.#options.system.timers.after(HANDSHAKE_TIMEOUT_MS, () =>
      this.#options.enqueue((turn) => this.#drop(turn, pending(), new ApiFailure('channel_refused', 'The peer did not answer in time. Nothing was spent.'))),
    );
  }

  #drop(turn: Turn, pending: Pending, why: ApiFailure): void {
    if (!this.#pending.delete(pending)) return;
    pending.cancelTimer();
    if (!pending.ours) return;
    this.#options.releaseCoins(turn, reservationOf(pending.handshake));
    pending.ours.reject(why);
  }

  /** The connection is gone: so is every handshake on it. */
  disconnected(turn: Turn, peer: string): void {
    for (const pending of this.#pending) {
      if (pending.peer === peer) this.#drop(turn, pending, new ApiFailure('channel_refused', 'The peer ended the connection while the channel was being opened. Nothing was spent.'));
    }
  }

  #find(peer: string, id: Uint8Array): Pending | undefined {
    return [...this.#pending].find((pending) => pending.peer === peer && isFor(pending.handshake, id));
  }

  /** True when the message belongs to an opening. */
  receive(turn: Turn, peer: string, message: Message): boolean {
    switch (message.name) {
      case 'open_channel':
        this.#open(turn, peer, message);
        return true;
      case 'accept_channel':
        return this.#accept(turn, peer, message);
      case 'funding_created':
        return this.#created(turn, peer, message);
      case 'funding_signed':
        return this.#signed(turn, peer, message);
      case 'error':
        return this.#error(turn, peer, message);
      default:
        return false;
    }
  }

  #refuse(turn: Turn, peer: string, id: Uint8Array, text: string): void {
    turn.after(() => this.#options.send(peer, { name: 'error', channelId: id, data: utf8(text) }));
  }

  #open(turn: Turn, peer: string, message: MessageOf<'open_channel'>): void {
    const options = this.#options;
    const id = message.temporaryChannelId;
    // BOLT 2: a second open_channel before funding_created replaces the first.
    const old = this.#find(peer, id);
    if (old && !old.ours) this.#drop(turn, old, new ApiFailure('channel_refused', 'replaced'));
    const busy = [...this.#pending].filter((pending) => pending.peer === peer).length + options.unconfirmedOf(peer);
    const refusal = options.refusal() ?? (busy >= MAX_PENDING_PER_PEER || this.#pending.size >= MAX_PENDING ? 'too many channels are being opened' : undefined);
    if (refusal) {
      this.#refuse(turn, peer, id, refusal);
      return;
    }
    const channelNumber = this.#freeNumber();
    const ctx = this.#contextOf(channelNumber);
    const given = { channelNumber, peerNodeId: options.nodeIdOf(peer), localAlias: this.#alias(), negotiated: options.negotiated(peer) };
    const result = receiveOpen(message, given, ctx);
    if (!result.ok) {
      this.#refuse(turn, peer, id, faultText(result.error));
      return;
    }
    const [handshake, accept] = result.value;
    const tooPoor = options.reserveRefusal(handshake.proposal, this.proposals());
    if (tooPoor !== undefined) {
      this.#refuse(turn, peer, id, tooPoor);
      return;
    }
    const pending: Pending = { handshake, peer, ctx, cancelTimer: this.#timer(() => pending), ours: undefined };
    this.#pending.add(pending);
    turn.after(() => options.send(peer, accept));
  }

  #accept(turn: Turn, peer: string, message: MessageOf<'accept_channel'>): boolean {
    const pending = this.#find(peer, message.temporaryChannelId);
    if (pending?.handshake.kind !== 'opener_waits_for_accept' || !pending.ours) return false;
    const accepted = receiveAccept(pending.handshake, message);
    if (!accepted.ok) {
      this.#refuse(turn, peer, message.temporaryChannelId, faultText(accepted.error));
      this.#drop(turn, pending, faultFailure(accepted.error));
      return true;
    }
    try {
      const { proposal, fundingScript } = accepted.value;
      const plan = this.#options.planFunding(turn, reservationOf(accepted.value), fundingScript, proposal.fundingSatoshis, pending.ours.spendReserve ? 'spend_reserve' : this.proposals());
      pending.ours.plan = plan;
      const [handshake, created] = fundingKnown(accepted.value, { txid: plan.txid, vout: plan.vout }, pending.ctx);
      pending.handshake = handshake;
      turn.after(() => this.#options.send(peer, created));
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      this.#refuse(turn, peer, message.temporaryChannelId, 'the opening was cancelled');
      this.#drop(turn, pending, error);
    }
    return true;
  }

  #created(turn: Turn, peer: string, message: MessageOf<'funding_created'>): boolean {
    const pending = this.#find(peer, message.temporaryChannelId);
    if (pending?.handshake.kind !== 'fundee_waits_for_created') return false;
    this.#pending.delete(pending);
    pending.cancelTimer();
    if (this.#options.isKnownChannel(channelIdOf(message.fundingTxid, message.fundingOutputIndex))) {
      this.#refuse(turn, peer, message.temporaryChannelId, 'this funding output has a channel already');
      return true;
    }
    // The coins may have gone elsewhere since it was accepted.
    const tooPoor = this.#options.reserveRefusal(pending.handshake.proposal, this.proposals());
    if (tooPoor !== undefined) {
      this.#refuse(turn, peer, message.temporaryChannelId, tooPoor);
      return true;
    }
    const result = receiveFundingCreated(pending.handshake, message, () => this.#options.freshScript(turn), this.#options.contextFor(pending.ctx.keys));
    if (result.ok) this.#adopt(turn, ...result.value);
    else this.#refuse(turn, peer, message.temporaryChannelId, faultText(result.error));
    return true;
  }

  #signed(turn: Turn, peer: string, message: MessageOf<'funding_signed'>): boolean {
    const pending = this.#find(peer, message.channelId);
    const plan = pending?.ours?.plan;
    if (pending?.handshake.kind !== 'opener_waits_for_signature' || !pending.ours || !plan) return false;
    let funding: Tx | undefined;
    const finish = { freshScript: () => this.#options.freshScript(turn), signedFundingTx: () => (funding = this.#options.signFunding(plan)) };
    const result = receiveFundingSigned(pending.handshake, message, finish, this.#options.contextFor(pending.ctx.keys));
    if (!result.ok || !funding) {
      const fault: ChannelFault = result.ok ? { code: 'internal' } : result.error;
      this.#refuse(turn, peer, message.channelId, faultText(fault));
      this.#drop(turn, pending, faultFailure(fault));
      return true;
    }
    this.#pending.delete(pending);
    pending.cancelTimer();
    const [channel, actions] = result.value;
    this.#options.recordFunding(turn, reservationOf(pending.handshake), plan, funding);
    this.#adopt(turn, channel, actions);
    const { resolve } = pending.ours;
    turn.after(() => resolve(channel));
    return true;
  }

  #error(turn: Turn, peer: string, message: MessageOf<'error'>): boolean {
    const pending = this.#find(peer, message.channelId);
    if (!pending) return false;
    this.#drop(turn, pending, new ApiFailure('channel_refused', `The peer refused the channel: "${foreign(fromUtf8(message.data))}". Nothing was spent.`));
    return true;
  }
}

export const reservationOf = (handshake: Pick<Handshake, 'proposal'>): string => `open:${toHex(handshake.proposal.temporaryChannelId)}`;
