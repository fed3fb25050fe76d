import { deepStrictEqual } from 'node:assert';
import { networks } from '../../core/bitcoin/network.ts';
import { type OutPoint, type Tx, decodeTx, txid, unsignedInput, withWitness } from '../../core/bitcoin/transaction.ts';
import { channelTypeVector } from '../../core/channel/channel-type.ts';
import { decodeChannel, encodeChannel, encodeHtlc } from '../../core/channel/codec.ts';
import type { ChannelAction, ChannelCommand } from '../../core/channel/commands.ts';
import type { Context } from '../../core/channel/context.ts';
import { fundingKnown, proposeChannel, receiveAccept, receiveFundingCreated, receiveFundingSigned, receiveOpen } from '../../core/channel/handshake.ts';
import type { ChannelKeys } from '../../core/channel/keys.ts';
import { transition } from '../../core/channel/machine.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import { p2wpkh } from '../../core/bitcoin/script.ts';
import { useFastestCurve } from '../../core/io/native-curve.ts';
import { utf8 } from '../../core/lib/bytes.ts';
import type { Result } from '../../core/lib/result.ts';
import { type Sat, feeratePerKw, msat, sat } from '../../core/lib/units.ts';
import type { ChannelType } from '../../core/tx/weights.ts';
import { type Message, decodeMessage, encodeMessage } from '../../core/wire/messages.ts';

useFastestCurve();

const secret = (name: string): Uint8Array => sha256(utf8(name));
export const keysOf = (name: string): ChannelKeys => ({
  fundingSecret: secret(`${name} funding`), revocationBasepointSecret: secret(`${name} revocation`),
  paymentBasepointSecret: secret(`${name} payment`), delayedPaymentBasepointSecret: secret(`${name} delayed`),
  htlcBasepointSecret: secret(`${name} htlc`), commitmentSeed: secret(`${name} seed`),
}); // prettier-ignore

export const contextOf = (name: string, over: Partial<Context> = {}): Context => ({
  keys: keysOf(name), blockHeight: 500, walletScript: p2wpkh(publicKey(secret(`${name} wallet`))), chainHash: networks.regtest.chainHash,
  feerates: { commitment: feeratePerKw(2500), closing: feeratePerKw(2500), urgent: feeratePerKw(5000) }, ...over,
}); // prettier-ignore

export function valueOf<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`unexpected: ${JSON.stringify(result.error)}`);
  return result.value;
}

/** What the state is after it went through its stored form, as after a restart. */
export const restored = (channel: FundedChannel): FundedChannel => decodeChannel(encodeChannel(channel), [...channel.commitments.htlcs.values()].map(encodeHtlc));

/** One transition; its result must survive storage unchanged. */
export function step(channel: FundedChannel, command: ChannelCommand, ctx: Context): readonly [FundedChannel, readonly ChannelAction[]] {
  const [next, actions] = transition(channel, command, ctx);
  deepStrictEqual({ ...restored(next), link: next.link }, next);
  return [next, actions];
}

export type SideName = 'alice' | 'bob';

/** Two machines and the messages on their way between them. */
export class ChannelPair {
  readonly ctx: { alice: Context; bob: Context } = { alice: contextOf('alice'), bob: contextOf('bob') };
  readonly queues: { alice: Uint8Array[]; bob: Uint8Array[] } = { alice: [], bob: [] };
  readonly actions: { alice: ChannelAction[]; bob: ChannelAction[] } = { alice: [], bob: [] };
  alice: FundedChannel;
  bob: FundedChannel;
  readonly fundingTx: Tx;

  constructor({ channelType = 'anchors', capacitySat = sat(1_000_000n), pushMsat = msat(0n), simpleClose = true, feerate = 2500 }: {
    channelType?: ChannelType; capacitySat?: Sat; pushMsat?: ReturnType<typeof msat>; simpleClose?: boolean; feerate?: number;
  } = {}) {
    const negotiated = (feature: string): boolean => feature !== 'simpleClose' || simpleClose;
    const common = { channelNumber: 1, localAlias: 1n, negotiated };
    const [waiting, open] = proposeChannel({
      ...common, peerNodeId: publicKey(secret('bob node')), temporaryChannelId: secret('temporary'), fundingSatoshis: capacitySat, pushMsat,
      feeratePerKw: feeratePerKw(feerate), channelTypeVector: channelTypeVector({ channelType, scidAlias: false }),
    }, this.ctx.alice); // prettier-ignore
    const [fundee, accept] = valueOf(receiveOpen(through(open), { ...common, localAlias: 2n, peerNodeId: publicKey(secret('alice node')) }, this.ctx.bob));
    const accepted = valueOf(receiveAccept(waiting, through(accept)));
    const funding: Tx = {
      version: 2, locktime: 0, inputs: [unsignedInput({ txid: '11'.repeat(32), vout: 0 }, 0)], outputs: [{ amountSat: capacitySat, script: accepted.fundingScript }],
    }; // prettier-ignore
    const outPoint: OutPoint = { txid: txid(funding), vout: 0 };
    const [signing, created] = fundingKnown(accepted, outPoint, this.ctx.alice);
    this.fundingTx = withWitness(funding, 0, [Uint8Array.of(1)]);
    const [bob, bobActions] = valueOf(receiveFundingCreated(fundee, through(created), this.ctx.bob));
    const signed = bobActions.flatMap((action) => (action.kind === 'send' && action.message.name === 'funding_signed' ? [action.message] : []))[0]!;
    const [alice, aliceActions] = valueOf(receiveFundingSigned(signing, through(signed), () => this.fundingTx, this.ctx.alice));
    this.alice = alice;
    this.bob = bob;
    this.actions.alice.push(...aliceActions);
    this.actions.bob.push(...bobActions);
  }

  /** Both see the funding output three deep. */
  confirm(height = 500): this {
    for (const side of ['alice', 'bob'] as const) {
      this.ctx[side] = { ...this.ctx[side], blockHeight: height + 10 };
      this.do(side, {
        kind: 'funding_confirmed', height, txIndex: 1, isCoinbase: false,
        output: this.fundingTx.outputs[0]!,
      }); // prettier-ignore
    }
    this.run();
    return this;
  }

  /** Performs a command on one side; its messages wait for the other. */
  do(side: SideName, command: ChannelCommand): readonly ChannelAction[] {
    const [next, actions] = step(this[side], command, this.ctx[side]);
    this[side] = next;
    for (const action of actions) if (action.kind === 'send') this.queues[side === 'alice' ? 'bob' : 'alice'].push(encodeMessage(action.message));
    this.actions[side].push(...actions);
    return actions;
  }

  /** The oldest message to `side` arrives; false when there is none. */
  deliver(side: SideName): boolean {
    const bytes = this.queues[side].shift();
    if (!bytes) return false;
    const decoded = decodeMessage(bytes);
    if (!decoded.known) throw new Error('unknown message');
    this.do(side, { kind: 'receive', message: decoded.message });
    return true;
  }

  /** Delivers and commits until nothing moves. */
  run(): this {
    for (let round = 0; round < 1000; round++) {
      let moved = false;
      for (const side of ['alice', 'bob'] as const) {
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
    for (const side of ['alice', 'bob'] as const) this.do(side, { kind: 'disconnect' });
    return this;
  }

  reconnect(simpleClose = true): this {
    for (const side of ['alice', 'bob'] as const) this.do(side, { kind: 'connect', simpleClose, anySegwit: true });
    return this;
  }

  take<K extends ChannelAction['kind']>(side: SideName, kind: K): Extract<ChannelAction, { readonly kind: K }>[] {
    return this.actions[side].filter((action): action is Extract<ChannelAction, { readonly kind: K }> => action.kind === kind);
  }
}

function through<M extends Message>(message: M): M {
  const decoded = decodeMessage(encodeMessage(message));
  if (!decoded.known) throw new Error('unknown message');
  return decoded.message as M;
}

export const reachNormal = (options: ConstructorParameters<typeof ChannelPair>[0] = {}): ChannelPair => new ChannelPair(options).confirm();

export const preimageOf = (n: number): Uint8Array => sha256(utf8(`preimage ${n}`));
export const hashOf = (n: number): Uint8Array => sha256(preimageOf(n));

export const offer = (n: number, amountMsat: bigint, cltvExpiry = 700): Extract<ChannelCommand, { kind: 'offer_htlc' }> => ({
  kind: 'offer_htlc', reference: `part ${n}`, amountMsat: msat(amountMsat), paymentHash: hashOf(n), cltvExpiry, onionRoutingPacket: new Uint8Array(1366),
}); // prettier-ignore

export { decodeTx };
