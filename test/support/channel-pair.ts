import { deepStrictEqual } from 'node:assert';
import { networks } from '../../core/bitcoin/network.ts';
import { type OutPoint, type Tx, decodeTx, txid, unsignedInput, withWitness } from '../../core/bitcoin/transaction.ts';
import { commitmentNumberOf } from '../../core/tx/commitment.ts';
import { channelObscuringFactor } from '../../core/channel/sign.ts';
import { channelTypeVector } from '../../core/channel/channel-type.ts';
import { decodeChannel, encodeChannel, encodeHtlc } from '../../core/channel/codec.ts';
import type { ChannelAction, ChannelCommand } from '../../core/channel/commands.ts';
import type { Context } from '../../core/channel/context.ts';
import { fundingKnown, proposeChannel, receiveAccept, receiveFundingCreated, receiveFundingSigned, receiveOpen } from '../../core/channel/handshake.ts';
import type { ChannelKeys } from '../../core/channel/keys.ts';
import { transition } from '../../core/channel/machine.ts';
import type { ChannelParams, FundedChannel } from '../../core/channel/types.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import { p2wpkh } from '../../core/bitcoin/script.ts';
import { useFastestCurve } from '../../core/io/native-curve.ts';
import { fromHex, toHex, utf8 } from '../../core/lib/bytes.ts';
import type { Result } from '../../core/lib/result.ts';
import { type Sat, feeratePerKw, msat, sat } from '../../core/lib/units.ts';
import type { ChannelType } from '../../core/tx/weights.ts';
import { type Message, type MessageName, type MessageOf, decodeMessage, encodeMessage } from '../../core/wire/messages.ts';
import { SecondCalculator } from './second-calculator.ts';

useFastestCurve();

/** OP_TRUE. */
export const ANYBODY = Uint8Array.of(0x51);

const secret = (name: string): Uint8Array => sha256(utf8(name));
export const keysOf = (name: string): ChannelKeys => ({
  fundingSecret: secret(`${name} funding`), revocationBasepointSecret: secret(`${name} revocation`),
  paymentBasepointSecret: secret(`${name} payment`), delayedPaymentBasepointSecret: secret(`${name} delayed`),
  htlcBasepointSecret: secret(`${name} htlc`), commitmentSeed: secret(`${name} seed`),
}); // prettier-ignore

export const walletScriptOf = (name: string): Uint8Array => p2wpkh(publicKey(secret(`${name} wallet`)));

export const contextOf = (name: string, over: Partial<Context> = {}): Context => ({
  keys: keysOf(name), blockHeight: 500, chainHash: networks.regtest.chainHash,
  feerates: { commitment: feeratePerKw(2500), closing: feeratePerKw(2500), urgent: feeratePerKw(5000) }, ...over,
}); // prettier-ignore

export function valueOf<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`unexpected: ${JSON.stringify(result.error)}`);
  return result.value;
}

/** What the state is after it went through its stored form, as after a restart. */
export const restored = (channel: FundedChannel): FundedChannel => decodeChannel(encodeChannel(channel), [...channel.commitments.htlcs.values()].map(encodeHtlc));

/** What may only leave when the state that knows of it is stored (I-5). */
const NEEDS_STORE: ReadonlySet<MessageName> = new Set([
  'funding_signed', 'channel_ready', 'update_add_htlc', 'update_fulfill_htlc', 'update_fail_htlc', 'update_fail_malformed_htlc', 'update_fee',
  'commitment_signed', 'revoke_and_ack', 'shutdown', 'closing_signed', 'closing_complete', 'closing_sig',
]); // prettier-ignore

function expectStoredFirst(command: ChannelCommand, actions: readonly ChannelAction[]): void {
  // A repetition on a new connection was stored when it was sent first.
  let stored = command.kind === 'receive' && command.message.name === 'channel_reestablish';
  for (const action of actions) {
    if (action.kind === 'store') stored = true;
    const closes = action.kind === 'commitment' || (action.kind === 'publish' && action.label === 'closing');
    const needs = closes ? command.kind !== 'block' : action.kind === 'send' && NEEDS_STORE.has(action.message.name);
    if (needs && !stored) throw new Error(`${action.kind === 'send' ? action.message.name : action.kind} leaves before it is stored`);
  }
}

/** One transition; its result must survive storage unchanged, and what leaves must be stored before. */
export function step(channel: FundedChannel, command: ChannelCommand, ctx: Context): readonly [FundedChannel, readonly ChannelAction[]] {
  const [next, actions] = transition(channel, command, ctx);
  deepStrictEqual({ ...restored(next), link: next.link }, next);
  expectStoredFirst(command, actions);
  return [next, actions];
}

export type SideName = 'alice' | 'bob';
export const SIDES = ['alice', 'bob'] as const;
export const otherSide = (side: SideName): SideName => (side === 'alice' ? 'bob' : 'alice');

export interface PairOptions {
  readonly channelType?: ChannelType;
  readonly capacitySat?: Sat;
  readonly pushMsat?: bigint;
  readonly simpleClose?: boolean;
  readonly feerate?: number;
  /** The coin that is spent for the channel: one that anybody may spend (P2WSH of OP_TRUE), where a real chain has to take it. */
  readonly fundingCoin?: OutPoint;
  /** Terms that a side announces in place of our policy's. */
  readonly aliceTerms?: Partial<ChannelParams>;
  readonly bobTerms?: Partial<ChannelParams>;
}

/** Two machines and the messages on their way between them. Alice opens. */
export class ChannelPair {
  readonly ctx: { alice: Context; bob: Context } = { alice: contextOf('alice'), bob: contextOf('bob') };
  readonly queues: { alice: Uint8Array[]; bob: Uint8Array[] } = { alice: [], bob: [] };
  readonly actions: { alice: ChannelAction[]; bob: ChannelAction[] } = { alice: [], bob: [] };
  /** Penalty records by the commitment's number. */
  readonly penalties: { alice: Map<number, Uint8Array>; bob: Map<number, Uint8Array> } = { alice: new Map(), bob: new Map() };
  /** What each side's disk holds: the state at the last `store`. */
  readonly disk: { alice: FundedChannel; bob: FundedChannel };
  alice: FundedChannel;
  bob: FundedChannel;
  readonly fundingTx: Tx;
  /** Follows every commitment with code of its own. */
  readonly calculator: SecondCalculator;
  readonly simpleClose: boolean;
  /** Sees every action with the state that it came with. */
  onAction: ((side: SideName, action: ChannelAction, channel: FundedChannel) => void) | undefined;

  constructor({ channelType = 'anchors', capacitySat = sat(1_000_000n), pushMsat = 0n, simpleClose = true, feerate = 2500, fundingCoin = { txid: '11'.repeat(32), vout: 0 }, aliceTerms = {}, bobTerms = {} }: PairOptions = {}) {
    this.simpleClose = simpleClose;
    const negotiated = (feature: string): boolean => feature !== 'simpleClose' || simpleClose;
    const common = { channelNumber: 1, localAlias: 1n, negotiated };
    const [waiting, proposed] = proposeChannel({
      ...common, peerNodeId: publicKey(secret('bob node')), temporaryChannelId: secret('temporary'), fundingSatoshis: capacitySat, pushMsat: msat(pushMsat),
      feeratePerKw: feeratePerKw(feerate), channelTypeVector: channelTypeVector({ channelType, scidAlias: false }),
    }, this.ctx.alice); // prettier-ignore
    const { upfrontShutdownScript: aliceScript, ...aliceLimits } = aliceTerms;
    const open = { ...proposed, ...aliceLimits, tlvs: { ...proposed.tlvs!, ...(aliceScript ? { upfrontShutdownScript: aliceScript } : {}) } } as MessageOf<'open_channel'>;
    const opening = { ...waiting, local: { ...waiting.local, ...aliceTerms } };
    const [answering, answered] = valueOf(receiveOpen(through(open), { ...common, localAlias: 2n, peerNodeId: publicKey(secret('alice node')) }, this.ctx.bob));
    const { upfrontShutdownScript: bobScript, ...bobLimits } = bobTerms;
    const accept = { ...answered, ...bobLimits, tlvs: { ...answered.tlvs!, ...(bobScript ? { upfrontShutdownScript: bobScript } : {}) } } as MessageOf<'accept_channel'>;
    const fundee = { ...answering, config: { ...answering.config, local: { ...answering.config.local, ...bobTerms } } };
    const accepted = valueOf(receiveAccept(opening, through(accept)));
    const funding: Tx = {
      version: 2, locktime: 0, inputs: [unsignedInput(fundingCoin, 0)], outputs: [{ amountSat: capacitySat, script: accepted.fundingScript }],
    }; // prettier-ignore
    const outPoint: OutPoint = { txid: txid(funding), vout: 0 };
    const [signing, created] = fundingKnown(accepted, outPoint, this.ctx.alice);
    this.fundingTx = withWitness(funding, 0, [ANYBODY]);
    const [bob, bobActions] = valueOf(receiveFundingCreated(fundee, through(created), () => walletScriptOf('bob'), this.ctx.bob));
    const signed = bobActions.flatMap((action) => (action.kind === 'send' && action.message.name === 'funding_signed' ? [action.message] : []))[0]!;
    const [alice, aliceActions] = valueOf(receiveFundingSigned(signing, through(signed), { freshScript: () => walletScriptOf('alice'), signedFundingTx: () => this.fundingTx }, this.ctx.alice));
    this.alice = alice;
    this.bob = bob;
    this.disk = { alice: restored(alice), bob: restored(bob) };
    this.actions.alice.push(...aliceActions);
    this.actions.bob.push(...bobActions);
    this.calculator = new SecondCalculator(through(open), through(accept), through(created), through(signed));
  }

  /** Both see the funding output, eleven deep. */
  confirm(height = 500): this {
    for (const side of SIDES) {
      this.ctx[side] = { ...this.ctx[side], blockHeight: height + 10 };
      this.do(side, this.fundingConfirmed(height));
    }
    return this.run();
  }

  fundingConfirmed(height: number | undefined, over: Partial<Extract<ChannelCommand, { kind: 'funding_confirmed' }>> = {}): Extract<ChannelCommand, { kind: 'funding_confirmed' }> {
    return { kind: 'funding_confirmed', height, txIndex: 1, isCoinbase: false, output: this.fundingTx.outputs[0]!, ...over };
  }

  /** Performs a command on one side; its messages wait for the other. */
  do(side: SideName, command: ChannelCommand): readonly ChannelAction[] {
    const [next, actions] = step(this[side], command, this.ctx[side]);
    this[side] = next;
    if (actions.some((action) => action.kind === 'store')) this.disk[side] = restored(next);
    for (const action of actions) {
      if (action.kind === 'penalty') this.penalties[side].set(action.commitmentNumber, action.record);
      if (action.kind !== 'send') continue;
      this.queues[otherSide(side)].push(encodeMessage(action.message));
      this.calculator.sent(side, action.message);
    }
    this.actions[side].push(...actions);
    for (const action of actions) this.onAction?.(side, action, next);
    return actions;
  }

  /** A message comes in that the other side never sent. */
  receive(side: SideName, message: Message): readonly ChannelAction[] {
    return this.do(side, { kind: 'receive', message: through(message) });
  }

  /** The oldest message to `side` arrives; false when there is none. */
  deliver(side: SideName): boolean {
    const bytes = this.queues[side].shift();
    if (!bytes) return false;
    const message = decoded(bytes);
    this.calculator.arrived(otherSide(side), message);
    this.do(side, { kind: 'receive', message });
    return true;
  }

  /** Messages on their way to `side`. */
  waiting(side: SideName): Message[] {
    return this.queues[side].map(decoded);
  }

  /** Delivers and commits until nothing moves. */
  run(): this {
    for (let round = 0; round < 1000; round++) {
      let moved = false;
      for (const side of SIDES) {
        while (this.deliver(side)) moved = true;
        if (this.do(side, { kind: 'sign' }).length > 0) moved = true;
      }
      if (!moved) return this;
    }
    throw new Error('the pair never comes to rest');
  }

  /** The connection breaks: whatever is on its way is lost. */
  disconnect(): this {
    this.queues.alice.length = 0;
    this.queues.bob.length = 0;
    this.calculator.disconnected();
    for (const side of SIDES) this.do(side, { kind: 'disconnect' });
    return this;
  }

  /** One side's program dies and starts again from its disk; the connection breaks with it. */
  restart(side: SideName): this {
    this.queues.alice.length = 0;
    this.queues.bob.length = 0;
    this.calculator.disconnected();
    this[side] = restored(this.disk[side]);
    this.do(otherSide(side), { kind: 'disconnect' });
    return this;
  }

  reconnect(simpleClose = this.simpleClose): this {
    for (const side of SIDES) this.do(side, { kind: 'connect', simpleClose, anySegwit: true });
    return this;
  }

  /** Both see the height `height` and are told of the block. */
  block(height: number): this {
    for (const side of SIDES) {
      this.ctx[side] = { ...this.ctx[side], blockHeight: height };
      this.do(side, { kind: 'block' });
    }
    return this;
  }

  /** The funding output is spent; with the record that `side` has kept for such a commitment. */
  fundingSpent(side: SideName, tx: Tx, height: number | undefined): readonly ChannelAction[] {
    const number = commitmentNumberOf(tx, channelObscuringFactor(this[side].config));
    return this.do(side, { kind: 'funding_spent', tx, height, penaltyRecord: number === undefined ? undefined : this.penalties[side].get(number) });
  }

  /** Another pair in the same state, to try something on; its calculator and queues start empty. */
  copy(): ChannelPair {
    const twin = Object.create(ChannelPair.prototype) as ChannelPair;
    return Object.assign(twin, this, {
      ctx: { ...this.ctx }, queues: { alice: [...this.queues.alice], bob: [...this.queues.bob] }, actions: { alice: [], bob: [] }, disk: { ...this.disk },
      penalties: { alice: new Map(this.penalties.alice), bob: new Map(this.penalties.bob) },
      onAction: undefined, calculator: { sent: () => undefined, arrived: () => undefined, disconnected: () => undefined },
    }); // prettier-ignore
  }

  take<K extends ChannelAction['kind']>(side: SideName, kind: K): Extract<ChannelAction, { readonly kind: K }>[] {
    return actionsOf(this.actions[side], kind);
  }
}

export const actionsOf = <K extends ChannelAction['kind']>(actions: readonly ChannelAction[], kind: K): Extract<ChannelAction, { readonly kind: K }>[] =>
  actions.filter((action): action is Extract<ChannelAction, { readonly kind: K }> => action.kind === kind);

/** What shall be published, our commitment among it. */
export const publishedLabels = (actions: readonly ChannelAction[]): string[] =>
  actions.flatMap((action) => (action.kind === 'publish' ? [action.label] : action.kind === 'commitment' ? ['commitment'] : []));

/** The commitments that shall be published. */
export const commitmentsOf = (actions: readonly ChannelAction[]): Tx[] => actionsOf(actions, 'commitment').map(({ desired }) => desired.tx);

/** The messages of one name among what is sent. */
export const sentOf = <N extends MessageName>(actions: readonly ChannelAction[], name: N): MessageOf<N>[] =>
  actions.flatMap((action) => (action.kind === 'send' && action.message.name === name ? [action.message as MessageOf<N>] : []));

/** Names of what is sent, in order. */
export const sentNames = (actions: readonly ChannelAction[]): MessageName[] => actionsOf(actions, 'send').map(({ message }) => message.name);

function decoded(bytes: Uint8Array): Message {
  const result = decodeMessage(bytes);
  if (!result.known) throw new Error('unknown message');
  return result.message;
}

/** A message as it comes out of the wire again. */
export const through = <M extends Message>(message: M): M => decoded(encodeMessage(message)) as M;

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The same signature with S in the upper half: valid by the curve, refused by relay and by BOLT 2. */
export function highS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${toHex(signature.subarray(32))}`);
  return fromHex(toHex(signature.subarray(0, 32)) + (ORDER - s).toString(16).padStart(64, '0'));
}

export const reachNormal = (options: PairOptions = {}): ChannelPair => new ChannelPair(options).confirm();

export const preimageOf = (n: number): Uint8Array => sha256(utf8(`preimage ${n}`));
export const hashOf = (n: number): Uint8Array => sha256(preimageOf(n));

export const offer = (n: number, amountMsat: bigint, cltvExpiry = 700): Extract<ChannelCommand, { kind: 'offer_htlc' }> => ({
  kind: 'offer_htlc', reference: `part ${n}`, amountMsat: msat(amountMsat), paymentHash: hashOf(n), cltvExpiry, onionRoutingPacket: new Uint8Array(1366),
}); // prettier-ignore

export const fulfill = (n: number, id = BigInt(n)): Extract<ChannelCommand, { kind: 'fulfill_htlc' }> => ({
  kind: 'fulfill_htlc', id, paymentPreimage: preimageOf(n), attributionData: undefined,
}); // prettier-ignore
export const failHtlc = (id: bigint): Extract<ChannelCommand, { kind: 'fail_htlc' }> => ({ kind: 'fail_htlc', id, reason: new Uint8Array(292), attributionData: undefined });

export { decodeTx };
