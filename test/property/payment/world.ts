import { createErrorOnion, wrapErrorOnion } from '../../../core/onion/errors.ts';
import { type Failure, encodeFailure } from '../../../core/onion/failures.ts';
import { peelOnion } from '../../../core/onion/packet.ts';
import { decodePayload } from '../../../core/onion/payload.ts';
import { type Msat, msat } from '../../../core/lib/units.ts';
import type { ChannelOffer, FailedRemoval, OfferHtlc } from '../../../core/payment/border.ts';
import { decodeIncoming, decodeOutgoing, encodeIncoming, encodeOutgoing } from '../../../core/payment/codec.ts';
import type { IncomingAction, IncomingCommand, IncomingPayment } from '../../../core/payment/incoming-types.ts';
import type { OutgoingAction, OutgoingCommand, OutgoingPayment, PayCommand } from '../../../core/payment/outgoing-types.ts';
import { HEIGHT, NOW, contextOf, createdInvoice, hopOf, incomingContext, keyOf, ofKind, payCommand, stepIn, stepOut } from '../../states/payment/kit.ts';

interface WorldHtlc {
  readonly offer: OfferHtlc;
  readonly id: bigint;
  /** At the payee, once the hub (if any) passed it on. */
  arrived: { readonly amountMsat: Msat; readonly cltvExpiry: number; readonly onionRoutingPacket: Uint8Array } | undefined;
  /** What the payee or the hub answered; the payer has not heard yet. */
  answer: Uint8Array | FailedRemoval | undefined;
  done: 'fulfilled' | 'failed' | undefined;
}

export interface WorldChannel {
  readonly peer: 'payee' | 'alice';
  readonly capacityMsat: bigint;
}

/** Payer, payee and a hub between them; what is on the way is delivered, failed or lost in the order that the test draws. */
export class World {
  height = HEIGHT;
  nowMs = NOW;
  payer: OutgoingPayment | undefined;
  payee: IncomingPayment;
  readonly htlcs: WorldHtlc[] = [];
  /** Offers that a channel has not taken yet. */
  queue: OfferHtlc[] = [];
  successes = 0;
  failures = 0;
  reveals = 0;
  readonly #channels: readonly WorldChannel[];
  readonly #pay: PayCommand;
  #nextId = 0n;

  constructor(channels: readonly WorldChannel[], amountMsat: bigint, maxFeeMsat: bigint, attemptsLimit: number) {
    this.#channels = channels;
    const { state, invoice } = createdInvoice(msat(amountMsat), 'world', incomingContext(), [[hopOf('alice', 1n, 1000, 5000)]]);
    this.payee = state;
    this.#pay = payCommand(invoice, { maxFeeMsat: msat(maxFeeMsat), attemptsLimit, deadlineMs: NOW + 600_000, deadlineHeight: HEIGHT + 20 });
  }

  get #offers(): readonly ChannelOffer[] {
    return this.#channels.map(({ peer, capacityMsat }, channelNumber) => {
      const held = this.htlcs.reduce((sum, htlc) => (htlc.offer.channelNumber === channelNumber && htlc.done !== 'failed' ? sum + htlc.offer.amountMsat : sum), 0n);
      const left = capacityMsat > held ? capacityMsat - held : 0n;
      return { channelNumber, peerNodeId: peer === 'payee' ? this.#pay.invoice.payeeNodeId : this.#pay.invoice.routeHints[0]![0]!.nodeId, maxOfferMsat: msat(left), limit: 'reserve_and_fee', ourMsat: msat(capacityMsat), htlcMinimumMsat: msat(1n) };
    });
  }

  /** What left the payer and did not come back, in msat. */
  get spentMsat(): bigint {
    return this.htlcs.reduce((sum, { offer, done }) => (done === 'failed' ? sum : sum + offer.amountMsat), 0n);
  }
  get #openHtlcs(): readonly WorldHtlc[] {
    return this.htlcs.filter(({ done }) => done === undefined);
  }

  begin(changes: Partial<PayCommand> = {}): void {
    this.out({ ...this.#pay, ...changes });
  }

  out(command: OutgoingCommand): readonly OutgoingAction[] {
    const [next, actions] = stepOut(this.payer, command, contextOf(this.#offers, { blockHeight: this.height, nowMs: this.nowMs }));
    this.payer = next;
    this.queue.push(...ofKind(actions, 'offer_htlc'));
    for (const { event } of ofKind(actions, 'event')) {
      if (event.kind === 'succeeded') this.successes++;
      if (event.kind === 'failed') this.failures++;
    }
    return actions;
  }

  in(command: IncomingCommand): readonly IncomingAction[] {
    const [next, actions] = stepIn(this.payee, command, incomingContext({ blockHeight: this.height, nowMs: this.nowMs }));
    this.payee = next;
    for (const action of actions) {
      if (action.kind !== 'fulfill_htlc' && action.kind !== 'fail_htlc') continue;
      const htlc = this.htlcs.find(({ id }) => id === action.id)!;
      if (action.kind === 'fulfill_htlc') this.reveals++;
      if (htlc.answer || htlc.done) continue;
      htlc.answer = action.kind === 'fulfill_htlc' ? action.paymentPreimage : this.#wrapped(htlc, { kind: 'fail', reason: action.reason, attributionData: undefined });
    }
    return actions;
  }

  #hubSecret(htlc: WorldHtlc): Uint8Array | undefined {
    if (this.#channels[htlc.offer.channelNumber]!.peer === 'payee') return undefined;
    const peeled = peelOnion(htlc.offer.onionRoutingPacket, keyOf('alice'), htlc.offer.paymentHash);
    return peeled.ok ? peeled.value.sharedSecret : undefined;
  }
  #wrapped(htlc: WorldHtlc, removal: FailedRemoval): FailedRemoval {
    const sharedSecret = this.#hubSecret(htlc);
    return sharedSecret && removal.kind === 'fail' ? { ...removal, reason: wrapErrorOnion({ sharedSecret, reason: removal.reason }).reason } : removal;
  }

  /** A channel takes the oldest offer, or refuses it. */
  takeOffer(refuse: boolean): void {
    const offer = this.queue.shift();
    if (!offer) return;
    const room = this.#offers[offer.channelNumber]!.maxOfferMsat;
    if (refuse || room < offer.amountMsat) {
      this.out({ kind: 'htlc_refused', reference: offer.reference, fault: { code: refuse ? 'not_live' : 'insufficient_balance' } });
      return;
    }
    const id = this.#nextId++;
    this.htlcs.push({ offer, id, arrived: undefined, answer: undefined, done: undefined });
    this.out({ kind: 'htlc_offered', reference: offer.reference, id });
  }

  /** One HTLC travels on to the payee, or the hub fails it. */
  travel(pick: number, failure: Failure | undefined): void {
    const waiting = this.#openHtlcs.filter(({ arrived, answer }) => !arrived && !answer);
    const htlc = waiting[pick % Math.max(1, waiting.length)];
    if (!htlc) return;
    const { offer } = htlc;
    const hub = this.#channels[offer.channelNumber]!.peer === 'alice';
    if (!hub) htlc.arrived = offer;
    else {
      const peeled = peelOnion(offer.onionRoutingPacket, keyOf('alice'), offer.paymentHash);
      if (!peeled.ok) throw new Error(peeled.error.code);
      if (failure) {
        const { reason } = createErrorOnion({ sharedSecret: peeled.value.sharedSecret, failureMessage: encodeFailure(failure) });
        htlc.answer = { kind: 'fail', reason, attributionData: undefined };
        return;
      }
      const payload = decodePayload(peeled.value.payload);
      if (!payload.ok) throw new Error(payload.error.code);
      htlc.arrived = { amountMsat: payload.value.amtToForwardMsat!, cltvExpiry: payload.value.outgoingCltvValue!, onionRoutingPacket: peeled.value.nextPacket! };
    }
    this.tell(htlc);
  }

  tell({ arrived, id, offer }: WorldHtlc): void {
    this.in({ kind: 'htlc_received', channelNumber: offer.channelNumber, add: { ...arrived!, id, paymentHash: offer.paymentHash, pathKey: undefined }, overDustCap: false, attribution: false });
  }

  /** An answer reaches the payer, in one commit with the channel's step. */
  answer(pick: number): void {
    const answered = this.#openHtlcs.filter(({ answer }) => answer);
    const htlc = answered[pick % Math.max(1, answered.length)];
    if (!htlc?.answer) return;
    const { answer, id, offer } = htlc;
    const key = { channelNumber: offer.channelNumber, id };
    const fulfilled = answer instanceof Uint8Array;
    htlc.done = fulfilled ? 'fulfilled' : 'failed';
    if (fulfilled) this.out({ kind: 'htlc_fulfilled', ...key, paymentPreimage: answer, attributionData: undefined });
    else this.out({ kind: 'htlc_failed', ...key, removal: answer });
    if (htlc.arrived) this.in({ kind: 'htlc_removed', ...key, fulfilled });
  }

  pass(ms: number, blocks: number): void {
    this.nowMs += ms;
    this.height += blocks;
    this.in({ kind: 'tick' });
    this.out({ kind: 'tick' });
  }

  /** `committed`: the offer at hand got into its channel, but the payer's record of it did not get to disk. */
  crashPayer(committed: boolean): void {
    if (!this.payer) return;
    const offer = committed ? this.queue[0] : undefined;
    this.queue = [];
    if (offer && this.#offers[offer.channelNumber]!.maxOfferMsat >= offer.amountMsat) {
      this.htlcs.push({ offer, id: this.#nextId++, arrived: undefined, answer: undefined, done: undefined });
    }
    this.payer = decodeOutgoing(encodeOutgoing(this.payer));
    const openHtlcs = this.#openHtlcs.map(({ offer: { channelNumber, onionRoutingPacket }, id }) => ({ channelNumber, id, onionRoutingPacket }));
    this.out({ kind: 'reconcile', openHtlcs });
  }

  crashPayee(): void {
    this.payee = decodeIncoming(encodeIncoming(this.payee));
    const held = this.#openHtlcs.filter(({ arrived }) => arrived);
    this.in({ kind: 'reconcile', openHtlcs: held.map(({ offer: { channelNumber }, id }) => ({ channelNumber, id })) });
    for (const htlc of held) this.tell(htlc);
  }

  /** Everything that is under way comes to its end. */
  settle(): void {
    for (let i = 0; i < 400 && (this.queue.length > 0 || this.#openHtlcs.length > 0 || this.payer?.status === 'pending'); i++) {
      while (this.queue.length > 0) this.takeOffer(false);
      for (const _ of this.#openHtlcs) this.travel(0, undefined);
      for (const _ of this.#openHtlcs) this.answer(0);
      this.pass(61_000, 0);
    }
  }
}
