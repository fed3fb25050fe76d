import type { NetworkName } from '../bitcoin/network.ts';
import { maxOffer } from '../channel/limits.ts';
import type { FundedChannel } from '../channel/types.ts';
import { encodeWith } from '../codec/codec.ts';
import { type InvoiceSigner, encodeInvoice } from '../invoice/bolt11.ts';
import { toHex } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { msat } from '../lib/units.ts';
import type { ChannelOffer } from '../payment/border.ts';
import { decodeIncoming, decodeOrder, decodeOutgoing, encodeIncoming, encodeOrder, encodeOutgoing, isIncomingPending, isOutgoingPending } from '../payment/codec.ts';
import type { PaymentFault } from '../payment/errors.ts';
import { invoiceExpiresAtMs } from '../payment/final-hop.ts';
import { transition as incomingTransition } from '../payment/incoming.ts';
import type { CreateFault, IncomingAction, IncomingCommand, IncomingContext, IncomingPayment, InvoiceRequest } from '../payment/incoming-types.ts';
import { paymentHashOf } from '../payment/create-invoice.ts';
import { paymentJournalEvent, paymentSubject } from '../payment/journal.ts';
import { transition as outgoingTransition } from '../payment/outgoing.ts';
import type { OutgoingAction, OutgoingCommand, OutgoingContext, OutgoingPayment } from '../payment/outgoing-types.ts';
import { parseReference } from '../payment/part.ts';
import type { Store } from '../store/port.ts';
import type { Channels, HtlcAction } from './channels.ts';
import { type BookKind, PaymentBook } from './payment-book.ts';
import type { NodeLog, NodeSystem } from './ports.ts';
import { ACCOUNT, orderKey } from './records.ts';
import type { Task, Turn } from './turns.ts';

export interface PaymentsOptions {
  readonly network: NetworkName;
  readonly nodeId: Uint8Array;
  readonly nodeKey: Uint8Array;
  readonly signInvoice: InvoiceSigner;
  readonly channels: () => Channels;
  readonly store: Store;
  readonly height: () => number;
  readonly supportsAttribution: (peerNodeId: Uint8Array) => boolean;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  readonly enqueue: (task: Task) => void;
  readonly onOutgoing: (turn: Turn, payment: OutgoingPayment) => void;
  readonly onIncoming: (turn: Turn, payment: IncomingPayment) => void;
  readonly onAlarm: (turn: Turn, code: string, detail: string) => void;
}

const ROWS_AT_ONCE = 200;
const MAX_PLACES = 2_000;
const OUTGOING: BookKind<OutgoingPayment> = { record: 'outgoingPayment', direction: 'o', encode: encodeOutgoing, decode: decodeOutgoing, isPending: isOutgoingPending };
const INCOMING: BookKind<IncomingPayment> = { record: 'incomingPayment', direction: 'i', encode: encodeIncoming, decode: decodeIncoming, isPending: isIncomingPending };

/** Runs the payment machines: HTLC news from the channels in, commands to the channels out, all within one turn. */
export class Payments {
  readonly #options: PaymentsOptions;
  readonly #outgoing: PaymentBook<OutgoingPayment>;
  readonly #incoming: PaymentBook<IncomingPayment>;
  /** Keys of the order by payment hash, of what was given last. */
  readonly #places = new Map<string, string>();
  #nextOrder = 0;
  #waitingSets = 0;

  constructor(options: PaymentsOptions) {
    this.#options = options;
    this.#outgoing = new PaymentBook(OUTGOING, options.store);
    this.#incoming = new PaymentBook(INCOMING, options.store);
  }

  /** Reads what is pending, and settles with the channels what a restart left open. */
  async load(): Promise<void> {
    await this.#outgoing.load();
    await this.#incoming.load();
    const [last] = await this.#options.store.list('paymentOrder', { reverse: true, limit: 1 });
    this.#nextOrder = last ? parseInt(last.key, 16) + 1 : 0;
    this.#options.enqueue((turn) => this.reconcile(turn));
  }

  /** What no channel holds any more, and of which none has told how it ended, is not waited for: after a start, and when a channel is forgotten. */
  reconcile(turn: Turn): void {
    const channels = this.#options.channels().all().filter(({ phase }) => phase !== 'closed');
    const open = channels.flatMap((channel) => [...channel.commitments.htlcs.values()].map(({ add }) => ({ channelNumber: channel.config.channelNumber, add })));
    const withHash = (hash: string, direction: 'offered' | 'received') => open.filter(({ add }) => add.direction === direction && toHex(add.paymentHash) === hash).map(({ channelNumber, add }) => ({ channelNumber, id: add.id, onionRoutingPacket: add.onionRoutingPacket }));
    for (const hash of this.#outgoing.pending.keys()) this.outgoing(turn, hash, { kind: 'reconcile', openHtlcs: withHash(hash, 'offered') });
    for (const hash of this.#incoming.pending.keys()) this.incoming(turn, hash, { kind: 'reconcile', openHtlcs: withHash(hash, 'received') });
  }

  /** Time passed or a block came. */
  tick(turn: Turn): void {
    for (const hash of this.#outgoing.pending.keys()) this.outgoing(turn, hash, { kind: 'tick' });
    const nowMs = this.#options.system.nowMs();
    for (const [hash, invoice] of this.#incoming.pending) {
      // Most invoices just wait to be paid: thousands of them must cost nothing.
      if (invoice.sets.length > 0 || nowMs > invoiceExpiresAtMs(invoice)) this.incoming(turn, hash, { kind: 'tick' });
    }
  }

  get pendingOutgoing(): number {
    return this.#outgoing.size;
  }
  findOutgoing(hash: string): Promise<OutgoingPayment | undefined> {
    return this.#outgoing.find(hash);
  }
  findIncoming(hash: string): Promise<IncomingPayment | undefined> {
    return this.#incoming.find(hash);
  }

  outgoingContext(): OutgoingContext {
    const { network, nodeId, height, system, channels } = this.#options;
    let offers: readonly ChannelOffer[] | undefined;
    return {
      network, nodeId, blockHeight: height(), nowMs: system.nowMs(),
      get channels() {
        return (offers ??= channels().all().filter((channel) => channel.phase === 'normal' && !channel.localShutdown && !channel.remoteShutdownScript).map(offerOf));
      },
    }; // prettier-ignore
  }

  /** A command to one outgoing payment; `known` is its stored state when it is not pending. */
  outgoing(turn: Turn, hash: string, command: OutgoingCommand, known?: OutgoingPayment, reply?: (result: Result<'accepted', PaymentFault>) => void): void {
    const before = this.#outgoing.pending.get(hash) ?? known;
    const [next, actions] = outgoingTransition(before, command, this.outgoingContext());
    if (next && next !== before) {
      this.#outgoing.put(turn, next);
      if (!before) this.#order(turn, 'o', next.paymentHash);
    }
    for (const action of actions) this.#performOutgoing(turn, hash, action, reply);
    const state = this.#outgoing.pending.get(hash);
    if (state && next !== before) this.#options.onOutgoing(turn, state);
  }

  #performOutgoing(turn: Turn, hash: string, action: OutgoingAction, reply: ((result: Result<'accepted', PaymentFault>) => void) | undefined): void {
    const { system } = this.#options;
    switch (action.kind) {
      case 'store':
      case 'event':
        return;
      case 'offer_htlc':
        this.#options.channels().command(turn, action.channelNumber, action);
        return;
      case 'reply':
        if (reply) turn.after(() => reply(action.result));
        return;
      case 'journal':
        turn.journal({ subject: paymentSubject('out', hash), timeMs: system.nowMs(), event: encodeWith(paymentJournalEvent, action.event) });
        return;
      case 'ledger':
        turn.ledger({ timeMs: system.nowMs(), debit: ACCOUNT.routingFees, credit: ACCOUNT.sent, amountMsat: action.amountMsat, reason: action.reason, reference: hash });
        return;
      case 'alarm':
        this.#options.onAlarm(turn, action.code, action.reference);
    }
  }

  #incomingContext(): IncomingContext {
    const { network, nodeKey, height, system, signInvoice } = this.#options;
    return {
      network, nodeKey, blockHeight: height(), nowMs: system.nowMs(), waitingSetsElsewhere: this.#waitingSets,
      encodeInvoice: (data) => encodeInvoice(data, signInvoice),
    }; // prettier-ignore
  }

  /** A command to one incoming payment; `known` is its stored state when it is not pending. */
  incoming(turn: Turn, hash: string, command: IncomingCommand, known?: IncomingPayment, reply?: (result: Result<string, CreateFault>) => void): void {
    const before = this.#incoming.pending.get(hash) ?? known;
    const ownSets = before?.sets.length ?? 0;
    const [next, actions] = incomingTransition(before, command, { ...this.#incomingContext(), waitingSetsElsewhere: this.#waitingSets - ownSets });
    this.#waitingSets += (next?.sets.length ?? 0) - ownSets;
    if (next && next !== before) {
      this.#incoming.put(turn, next);
      if (!before) this.#order(turn, 'i', next.paymentHash);
    }
    for (const action of actions) this.#performIncoming(turn, hash, action, reply);
    const state = this.#incoming.pending.get(hash);
    if (state && next !== before) this.#options.onIncoming(turn, state);
  }

  /** A new invoice; the answer comes when it is durable. */
  create(turn: Turn, request: InvoiceRequest, reply: (result: Result<string, CreateFault>) => void): void {
    this.incoming(turn, toHex(paymentHashOf(request.entropy)), { kind: 'create', request }, undefined, reply);
  }

  #performIncoming(turn: Turn, hash: string, action: IncomingAction, reply: ((result: Result<string, CreateFault>) => void) | undefined): void {
    const { system } = this.#options;
    switch (action.kind) {
      case 'store':
      case 'event':
      case 'ledger':
        return;
      case 'fulfill_htlc':
      case 'fail_htlc':
      case 'fail_malformed_htlc':
        this.#options.channels().command(turn, action.channelNumber, action);
        return;
      case 'reply':
        if (reply) turn.after(() => reply(action.result));
        return;
      case 'journal':
        turn.journal({ subject: paymentSubject('in', hash), timeMs: system.nowMs(), event: encodeWith(paymentJournalEvent, action.event) });
        return;
      case 'alarm':
        this.#options.onAlarm(turn, action.code, `${action.channelNumber}:${action.id}`);
    }
  }

  #order(turn: Turn, direction: 'o' | 'i', paymentHash: Uint8Array): void {
    turn.write('paymentOrder', orderKey(this.#nextOrder++), encodeOrder(direction, paymentHash));
  }

  /** News of an HTLC, from a channel. */
  onHtlc(turn: Turn, channel: FundedChannel, action: HtlcAction): void {
    const { channelNumber } = channel.config;
    switch (action.kind) {
      case 'htlc_offered':
      case 'htlc_refused': {
        const reference = parseReference(action.reference);
        if (reference) this.outgoing(turn, reference.paymentHashHex, action);
        return;
      }
      case 'htlc_fulfilled':
        this.#withOutgoing(turn, toHex(action.paymentHash), { ...action, channelNumber });
        return;
      case 'htlc_failed':
        this.#withOutgoing(turn, toHex(action.paymentHash), { ...action, channelNumber });
        return;
      case 'htlc_dropped':
        this.#withOutgoing(turn, toHex(action.paymentHash), { kind: 'htlc_dropped', channelNumber, id: action.id });
        return;
      case 'htlc_timed_out':
        this.#withOutgoing(turn, toHex(action.paymentHash), { kind: 'htlc_resolved_on_chain', channelNumber, id: action.id, outcome: { kind: 'timed_out' } });
        return;
      case 'htlc_received':
        this.#received(turn, channel, action);
        return;
      case 'htlc_removed':
        this.#withIncoming(turn, toHex(action.paymentHash), { kind: 'htlc_removed', channelNumber, id: action.id, fulfilled: action.fulfilled });
    }
  }

  #received(turn: Turn, channel: FundedChannel, action: Extract<HtlcAction, { kind: 'htlc_received' }>): void {
    const attribution = this.#options.supportsAttribution(channel.config.peerNodeId);
    const command = { kind: 'htlc_received', channelNumber: channel.config.channelNumber, add: action.add, overDustCap: action.overDustCap, attribution } as const;
    this.#withIncoming(turn, toHex(action.add.paymentHash), command);
  }

  /** An invoice that is not pending (paid, expired, not ours) is looked up first; the command follows in a later turn. */
  #withIncoming(turn: Turn, hash: string, command: IncomingCommand): void {
    if (this.#incoming.pending.has(hash)) this.incoming(turn, hash, command);
    else this.#lookUp(turn, () => this.#incoming.find(hash), (later, known) => this.incoming(later, hash, command, known)); // prettier-ignore
  }

  /** A payment that has ended hears of its HTLCs too: what was given up may yet turn out to be paid. */
  #withOutgoing(turn: Turn, hash: string, command: OutgoingCommand): void {
    if (this.#outgoing.pending.has(hash)) this.outgoing(turn, hash, command);
    else this.#lookUp(turn, () => this.#outgoing.find(hash), (later, known) => known && this.outgoing(later, hash, command, known)); // prettier-ignore
  }

  /** After this turn's own commit, so that the look-up sees what the turn has just written. */
  #lookUp<State>(turn: Turn, find: () => Promise<State | undefined>, then: (later: Turn, known: State | undefined) => void): void {
    const { enqueue, log } = this.#options;
    turn.after(() => {
      find().then(
        (known) => enqueue((later) => then(later, known)),
        (error: unknown) => log.error('a payment could not be read', { reason: String(error) }),
      );
    });
  }

  /** Newest first; `before` is the payment hash where the page before ended. */
  async page(limit: number, before: string | undefined, wanted: 'all' | 'i'): Promise<readonly (OutgoingPayment | IncomingPayment)[]> {
    const found: (OutgoingPayment | IncomingPayment)[] = [];
    for await (const payment of this.newestFirst(before, wanted)) {
      found.push(payment);
      if (found.length === limit) break;
    }
    return found;
  }

  /** One after another; `before` as in `page`. Whoever goes on where somebody stopped does not begin anew. */
  async *newestFirst(before?: string, wanted: 'all' | 'i' = 'all'): AsyncGenerator<OutgoingPayment | IncomingPayment, void> {
    let after = before === undefined ? undefined : this.#places.get(before);
    let started = before === undefined || after !== undefined;
    for (;;) {
      const rows = await this.#options.store.list('paymentOrder', { reverse: true, limit: ROWS_AT_ONCE, ...(after === undefined ? {} : { after }) });
      if (rows.length === 0) return;
      for (const { key, value } of rows) {
        after = key;
        const { direction, paymentHash } = decodeOrder(value);
        const hash = toHex(paymentHash);
        if (!started) {
          started = hash === before;
          continue;
        }
        if (wanted === 'i' && direction !== 'i') continue;
        const payment = direction === 'o' ? await this.findOutgoing(hash) : await this.findIncoming(hash);
        if (!payment) continue;
        this.#remember(hash, key);
        yield payment;
      }
    }
  }

  /** Where the last ones that were given stand: without it every page would be looked for from the newest on. */
  #remember(hash: string, key: string): void {
    this.#places.delete(hash);
    this.#places.set(hash, key);
    if (this.#places.size <= MAX_PLACES) return;
    const [oldest] = this.#places.keys();
    this.#places.delete(oldest ?? '');
  }
}

function offerOf(channel: FundedChannel): ChannelOffer {
  const { channelNumber, peerNodeId, remote } = channel.config;
  const live = channel.link.status === 'live';
  const { amountMsat, limit } = live ? maxOffer(channel) : { amountMsat: msat(0n), limit: 'offline' as const };
  return { channelNumber, peerNodeId, maxOfferMsat: amountMsat, limit, ourMsat: channel.commitments.ourMsat, htlcMinimumMsat: remote.htlcMinimumMsat };
}

