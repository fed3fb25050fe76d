import { strictEqual, ok as assert } from 'node:assert';
import * as fc from 'fast-check';
import { txid } from '../../core/bitcoin/transaction.ts';
import type { ChannelAction } from '../../core/channel/commands.ts';
import { maxOffer } from '../../core/channel/limits.ts';
import type { Commitments } from '../../core/channel/types.ts';
import type { ChannelType } from '../../core/tx/weights.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { feeratePerKw, msat, sat } from '../../core/lib/units.ts';
import { encodeMessage } from '../../core/wire/messages.ts';
import { ChannelPair, type SideName, SIDES, actionsOf, failHtlc, fulfill, hashOf, otherSide, commitmentsOf } from './channel-pair.ts';
import { trimThreshold } from './second-transactions.ts';

/** Runs of a property: `PROPERTY_RUNS`, or few enough for every day. */
export const runsOr = (usual: number): number => Number(process.env['PROPERTY_RUNS'] ?? usual);
/** `PROPERTY_SEED` brings back a run; the seed of a failure is printed. */
export const seeded = (numRuns: number): { numRuns: number; seed?: number } => {
  const seed = process.env['PROPERTY_SEED'];
  return seed === undefined ? { numRuns: runsOr(numRuns) } : { numRuns: runsOr(numRuns), seed: Number(seed) };
};

type Amount =
  | { readonly at: 'plain'; readonly msat: number }
  /** Near a trim threshold of one side's commitment. */
  | { readonly at: 'dust'; readonly owner: SideName; readonly offset: number }
  /** Near the most that reserve, fees and limits allow. */
  | { readonly at: 'most'; readonly offset: number };

export type Op =
  | { readonly op: 'offer'; readonly side: SideName; readonly amount: Amount }
  | { readonly op: 'resolve'; readonly side: SideName; readonly pick: number; readonly how: 'fulfill' | 'fail' | 'malformed' }
  | { readonly op: 'fee'; readonly rate: number }
  | { readonly op: 'deliver'; readonly side: SideName; readonly count: number }
  | { readonly op: 'sign'; readonly side: SideName }
  | { readonly op: 'cut' }
  | { readonly op: 'restart'; readonly side: SideName }
  | { readonly op: 'shutdown'; readonly side: SideName }
  | { readonly op: 'run' };

const side = fc.constantFrom<SideName>('alice', 'bob');
const amount: fc.Arbitrary<Amount> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ at: fc.constant('plain' as const), msat: fc.integer({ min: 1, max: 40_000_000 }) }) },
  { weight: 3, arbitrary: fc.record({ at: fc.constant('dust' as const), owner: side, offset: fc.constantFrom(-1000, -1, 0, 1, 1000) }) },
  { weight: 2, arbitrary: fc.record({ at: fc.constant('most' as const), offset: fc.constantFrom(-1000, -1, 0, 1, 1000) }) },
);

const op = (withShutdown: boolean): fc.Arbitrary<Op> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ op: fc.constant('offer' as const), side, amount }) },
    { weight: 6, arbitrary: fc.record({ op: fc.constant('resolve' as const), side, pick: fc.nat(20), how: fc.constantFrom('fulfill' as const, 'fulfill' as const, 'fail' as const, 'malformed' as const) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('fee' as const), rate: fc.oneof(fc.integer({ min: 253, max: 20_000 }), fc.integer({ min: 253, max: 75_000 })) }) },
    { weight: 10, arbitrary: fc.record({ op: fc.constant('deliver' as const), side, count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 7, arbitrary: fc.record({ op: fc.constant('sign' as const), side }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('cut' as const) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('restart' as const), side }) },
    { weight: withShutdown ? 1 : 0, arbitrary: fc.record({ op: fc.constant('shutdown' as const), side }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('run' as const) }) },
  ); // prettier-ignore

const limits = fc.record({ dust: fc.constantFrom(354, 546, 1000, 5000, 10_000), extraReserve: fc.constantFrom(0, 1, 3000) });

/** A channel with random terms and what happens to it. */
export const walks = ({ withShutdown, maxLength = 60 }: { readonly withShutdown: boolean; readonly maxLength?: number }) =>
  fc.record({
    channelType: fc.constantFrom<ChannelType>('anchors', 'static_remotekey'),
    simpleClose: fc.boolean(),
    feerate: fc.constantFrom(253, 1000, 2500, 10_000),
    /** In thousandths of the capacity. */
    push: fc.constantFrom(0, 10, 300, 500),
    alice: limits,
    bob: limits,
    ops: fc.array(op(withShutdown), { minLength: 5, maxLength }),
  });
export type Walk = ReturnType<typeof walks> extends fc.Arbitrary<infer T> ? T : never;

const CAPACITY_SAT = 1_000_000n;

/** Walks a pair through random events and checks after every one what must hold always. */
export class Walker {
  readonly pair: ChannelPair;
  #offers = 0;
  /** Bytes of commitment_signed by sender and number (I-2). */
  readonly #signed = new Map<string, string>();
  /** Highest commitment of a side whose secret it sent. */
  readonly revoked = { alice: -1, bob: -1 };
  #shuttingDown = { alice: false, bob: false };

  constructor({ channelType, simpleClose, feerate, push, alice, bob }: Walk) {
    const dust = alice.dust > bob.dust ? alice.dust : bob.dust;
    const termsOf = ({ dust: own, extraReserve }: Walk['alice']) => ({
      dustLimitSatoshis: sat(BigInt(own)), channelReserveSatoshis: sat(BigInt(Math.max(10_000, dust) + extraReserve)),
    }); // prettier-ignore
    this.pair = new ChannelPair({
      channelType, simpleClose, feerate, capacitySat: sat(CAPACITY_SAT), pushMsat: CAPACITY_SAT * BigInt(push),
      aliceTerms: termsOf(alice), bobTerms: termsOf(bob),
    }).confirm(); // prettier-ignore
    this.pair.onAction = (name, action, channel) => this.#checkAction(name, action, channel.commitments);
    this.check();
  }

  perform(op: Op): void {
    const { pair } = this;
    switch (op.op) {
      case 'offer':
        return this.#offer(op.side, op.amount);
      case 'resolve':
        this.#resolve(op.side, op.pick, op.how);
        break;
      case 'fee':
        pair.do('alice', { kind: 'update_fee', feeratePerKw: feeratePerKw(op.rate) });
        break;
      case 'deliver':
        for (let i = 0; i < op.count; i++) pair.deliver(op.side);
        break;
      case 'sign':
        pair.do(op.side, { kind: 'sign' });
        break;
      case 'cut':
        pair.disconnect().reconnect();
        break;
      case 'restart':
        pair.restart(op.side).reconnect();
        break;
      case 'shutdown':
        pair.do(op.side, { kind: 'shutdown', script: pair[op.side].walletScript, reason: 'user' });
        this.#shuttingDown[op.side] = true;
        break;
      case 'run':
        pair.run();
    }
    this.check();
  }

  #offer(side: SideName, amount: Amount): void {
    const amountMsat = this.#amount(side, amount);
    const shuttingDown = this.pair[side].localShutdown !== undefined;
    const actions = this.pair.do(side, {
      kind: 'offer_htlc', reference: 'x', amountMsat: msat(amountMsat < 0n ? 0n : amountMsat), paymentHash: hashOf(this.#offers++), cltvExpiry: 700 + (this.#offers % 3),
      onionRoutingPacket: new Uint8Array(1366),
    }); // prettier-ignore
    assert(!shuttingDown || actionsOf(actions, 'htlc_offered').length === 0, 'no HTLC is offered after shutdown (I-25)');
    this.check();
  }

  #amount(side: SideName, amount: Amount): bigint {
    if (amount.at === 'plain') return BigInt(amount.msat);
    const channel = this.pair[side];
    if (amount.at === 'most') return maxOffer(channel).amountMsat + BigInt(amount.offset);
    const { config, commitments } = channel;
    const dust = amount.owner === side ? config.local.dustLimitSatoshis : config.remote.dustLimitSatoshis;
    return trimThreshold(dust, commitments.feeratePerKw, amount.owner === side, config.channelType === 'anchors') * 1000n + BigInt(amount.offset);
  }

  #resolve(side: SideName, pick: number, how: 'fulfill' | 'fail' | 'malformed'): void {
    const waiting = [...this.pair[side].commitments.htlcs.values()].filter((htlc) => htlc.add.direction === 'received');
    const htlc = waiting[pick % Math.max(1, waiting.length)];
    if (!htlc) return;
    const n = Number(this.#preimageNumber(htlc.add.paymentHash));
    if (how === 'fulfill') this.pair.do(side, fulfill(n, htlc.add.id));
    else if (how === 'fail') this.pair.do(side, failHtlc(htlc.add.id));
    else this.pair.do(side, { kind: 'fail_malformed_htlc', id: htlc.add.id, sha256OfOnion: new Uint8Array(32), failureCode: 0xc005 });
  }

  #preimageNumber(hash: Uint8Array): number {
    for (let n = 0; n < this.#offers; n++) {
      const known = this.#hashes[n] ?? (this.#hashes[n] = toHex(hashOf(n)));
      if (known === toHex(hash)) return n;
    }
    throw new Error('unknown hash');
  }
  readonly #hashes: string[] = [];

  /** What must hold after every step. */
  check(): void {
    const { pair } = this;
    for (const side of SIDES) {
      const { phase, commitments } = pair[side];
      assert(phase === 'normal' || phase === 'negotiating', `honest peers do not end in ${phase} (I-33)`);
      assert(commitments.localNumber > this.revoked[side], 'our newest commitment is not revoked (I-1)');
    }
  }

  #checkAction(side: SideName, action: ChannelAction, commitments: Commitments): void {
    assert(action.kind !== 'disconnect' && action.kind !== 'alarm', `honest peers have no cause for ${action.kind} (I-33)`);
    assert(action.kind !== 'commitment', 'no commitment is published');
    if (action.kind !== 'send') return;
    const { message } = action;
    if (message.name === 'error' || message.name === 'warning') throw new Error(`honest peers do not send ${message.name} (I-33): ${new TextDecoder().decode(message.data)}`);
    if (message.name === 'revoke_and_ack') this.revoked[side] = commitments.localNumber - 1;
    if (message.name === 'commitment_signed') {
      // The last one sent is for the commitment after the newest revoked one, also when it is sent again.
      const key = `${side} ${commitments.remoteNumber + 1}`;
      const bytes = toHex(encodeMessage(message));
      strictEqual(this.#signed.get(key) ?? bytes, bytes, `commitment_signed ${key} is sent again unchanged (I-2)`);
      this.#signed.set(key, bytes);
    }
  }

  /** Lets everything come to rest, ends every HTLC and checks what both sides agree on (I-32). */
  settle(): void {
    const { pair } = this;
    pair.run();
    this.check();
    for (const name of SIDES) {
      const received = [...pair[name].commitments.htlcs.values()].filter((htlc) => htlc.add.direction === 'received');
      for (const [i] of received.entries()) this.#resolve(name, i, i % 2 === 0 ? 'fulfill' : 'fail');
      this.check();
    }
    pair.run();
    this.check();
    for (const name of SIDES) {
      const peer = pair[otherSide(name)];
      const { commitments } = pair[name];
      strictEqual(commitments.htlcs.size, 0, 'every HTLC ended');
      strictEqual(commitments.feeUpdates.length, 0);
      strictEqual(commitments.ourMsat, peer.commitments.theirMsat);
      strictEqual(commitments.localNumber, peer.commitments.remoteNumber);
      strictEqual(commitments.feeratePerKw, peer.commitments.feeratePerKw);
      strictEqual(commitments.ourMsat + commitments.theirMsat, CAPACITY_SAT * 1000n);
      strictEqual(commitments.ourMsat, pair.calculator.books[name].msat[name]);
      strictEqual(this.#told(name), commitments.ourMsat, 'the ledger adds up to the balance');
    }
    if (SIDES.some((name) => this.#shuttingDown[name])) this.#checkClosed();
    this.#checkForceClose();
  }

  #told(side: SideName): bigint {
    return this.pair.take(side, 'ledger').reduce((sum, { deltaMsat }) => sum + deltaMsat, 0n);
  }

  /** Both hold a closing transaction that the other recognises. */
  #checkClosed(): void {
    const { pair } = this;
    for (const name of SIDES) {
      strictEqual(pair[name].phase, 'negotiating');
      const closing = actionsOf(pair.actions[name], 'publish').filter(({ label }) => label === 'closing');
      assert(closing.length > 0, `${name} has a closing transaction`);
      for (const { tx } of closing) assert(pair[otherSide(name)].closingTxids.includes(txid(tx)), 'the other side knows it');
    }
  }

  /** The commitment that each would publish is the one that the second calculator has. */
  #checkForceClose(): void {
    for (const name of SIDES) {
      const twin = this.pair.copy();
      const [published] = commitmentsOf(twin.do(name, { kind: 'force_close', reason: 'user' }));
      assert(published, 'a commitment is published');
      strictEqual(txid(published), this.pair.calculator.books[name].last?.txid, 'it is the newest commitment');
      twin.fundingSpent(otherSide(name), published, 600);
      strictEqual(twin[otherSide(name)].spend?.spendClass, 'remote');
      twin.fundingSpent(name, published, 600);
      strictEqual(twin[name].spend?.spendClass, 'local');
    }
  }
}
