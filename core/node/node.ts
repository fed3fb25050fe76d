import type { EventData, EventName } from '../api.ts';
import type { Network } from '../bitcoin/network.ts';
import type { ChainTip } from '../chain/port.ts';
import { signRecoverable } from '../crypto/secp256k1.ts';
import type { HdNode } from '../crypto/hd.ts';
import { fromHex, fromUtf8, toHex, utf8 } from '../lib/bytes.ts';
import { backupKey, channelKeys, nodeSecret, walletKeys, type WalletKeys } from '../wallet/keys.ts';
import { isRestored } from '../channel/types.ts';
import type { Message } from '../wire/messages.ts';
import { publicKey } from '../crypto/secp256k1.ts';
import { ALARM_TEXT } from './alarms.ts';
import { Backups } from './backups.ts';
import { ApiFailure } from './app.ts';
import { Channels } from './channels.ts';
import { Clock } from './clock.ts';
import { ClosesToBook } from './close-books.ts';
import { peerGone, peerReady, receiveMessage } from './dispatch-peer.ts';
import { fundingEvents, undoVanished, watchChannelOutput, watchFunding } from './funding-events.ts';
import { keepFeerate } from './keep-feerate.ts';
import { Finals } from './finals.ts';
import { FoundOutputs } from './found-outputs.ts';
import { Funding } from './funding.ts';
import { Sweeps } from './sweeps.ts';
import { Standing } from './standing.ts';
import { balanceView, chainStatusView, peerView } from './status.ts';
import { Onchain } from './onchain.ts';
import type { Openings } from './openings.ts';
import { ChannelNumbers, openingsOf } from './openings-wiring.ts';
import { Payments } from './payments.ts';
import { type PeerTarget, Peers } from './peers.ts';
import { Policies } from './policies.ts';
import { ACCOUNT } from './records.ts';
import type { NodePorts } from './ports.ts';
import type { PeerLink } from '../transport/link.ts';
import { Towers } from './tower/towers.ts';
import { towerView } from './tower/view.ts';
import { type Task, type Turn, Turns } from './turns.ts';
import { channelView, invoiceView, paymentView } from './views.ts';

export interface NodeConfig {
  readonly network: Network;
  /** Undefined for a wallet that was just made. */
  readonly birthdayHeight: number | undefined;
  /** Its words are older than its database: channels of theirs may be open of which nothing is known here. */
  readonly isRestored?: boolean;
  /** Why this copy of the data may be stale, if so: then nothing of ours is published and peers speak first. */
  readonly recoveryReason: string | undefined;
}

const MAX_WAITING_MESSAGES = 500;

/** A running node: wires the machines to the ports. Everything that changes money goes through `turns`. */
export class SfericNode {
  readonly config: NodeConfig;
  readonly ports: NodePorts;
  readonly turns: Turns;
  readonly channels: Channels;
  readonly payments: Payments;
  readonly peers: Peers;
  readonly openings: Openings;
  readonly funding: Funding;
  readonly finals: Finals;
  readonly sweeps: Sweeps;
  readonly towers: Towers;
  readonly backups: Backups;
  readonly found: FoundOutputs;
  /** Channel numbers by `txid:vout` of outputs that their closing transactions made. */
  readonly outputOwners = new Map<string, number>();
  readonly onchain: Onchain;
  readonly policies = new Policies();
  readonly keys: WalletKeys;
  readonly nodeId: Uint8Array;
  readonly #nodeKey: Uint8Array;
  readonly #emit: <N extends EventName>(name: N, data: EventData<N>) => void;
  /** The connection of each peer as far as the turns have come; sockets may be further. */
  readonly #connections = new Map<string, PeerLink>();
  readonly #numbers = new ChannelNumbers();
  readonly #closes: ClosesToBook;
  readonly #standing: Standing;
  #listener: { readonly port: number; readonly close: () => void } | undefined;
  readonly #clock: Clock;

  constructor(config: NodeConfig, ports: NodePorts, master: HdNode, emit: <N extends EventName>(name: N, data: EventData<N>) => void) {
    this.config = config;
    this.ports = ports;
    this.#emit = emit;
    this.keys = walletKeys(master, config.network);
    this.#nodeKey = nodeSecret(master, config.network);
    this.nodeId = publicKey(this.#nodeKey);
    const { store, system, log, chain, highWater } = ports;
    const enqueue = (task: Task): void => this.turns.enqueue(task);
    const keysOf = (channelNumber: number) => channelKeys(master, config.network, channelNumber);
    this.turns = new Turns({ store, highWater, system, log, finish: (turn) => this.channels.finish(turn), onFrozen: () => this.#frozen() });
    this.#clock = new Clock({
      timers: system.timers, chain, turns: this.turns,
      onTick: () => enqueue((turn) => {
        this.payments.tick(turn);
        this.#standing.look(turn);
      }),
      onSleep: () => this.peers.rest('this computer sleeps'), onDoubt: () => this.onchain.doubt(),
      onCaughtUp: () => enqueue((turn) => this.onchain.synced(turn)),
    }); // prettier-ignore
    this.#closes = new ClosesToBook({ store, system, log, enqueue });
    this.#standing = new Standing(this, emit);
    this.finals = new Finals(system.timers);
    this.onchain = new Onchain({
      chain, store, system, log, keys: this.keys, birthdayHeight: config.birthdayHeight, enqueue,
      onEvents: (turn, events) => fundingEvents(this, turn, events),
      onTip: (turn, tip) => this.#tip(turn, tip),
      onSynced: (turn) => {
        undoVanished(this, turn);
        // What was under way when the computer fell asleep may end with what was known before.
        if (this.#clock.isAwake) this.peers.activate();
        this.sweeps.synced(turn);
        this.#closes.book(turn);
        this.#standing.look(turn);
      },
      onWallet: (turn) => turn.after(() => emit('wallet.updated', this.balance())),
      onStatus: () => emit('chain.updated', this.chainStatus()),
      // Of a restored channel no entry took the capacity out: it went to the outside with its transaction.
      isFunding: (txid) => this.channels.all().some((channel) => channel.fundingOutPoint.txid === txid && channel.config.isOpener && !isRestored(channel)),
      accountOfOutput: (key) => this.#accountOf(key),
      onHistory: (turn, history) => this.found.history(turn, history),
      heldCoins: () => this.sweeps.heldCoins(),
    }); // prettier-ignore
    this.sweeps = new Sweeps({
      onchain: () => this.onchain, keys: this.keys, log,
      onShort: (turn, missingSat) => this.#alarm(turn, 'short_of_coins', `${missingSat} sat are missing`, undefined),
    }); // prettier-ignore
    this.found = new FoundOutputs({
      keysOf, isKnown: (channelNumber) => this.channels.get(channelNumber) !== undefined, watch: (script) => this.onchain.watchScript(script),
      freshScript: (turn) => this.onchain.newAddress(turn, 'p2wpkh', 'receive').script, sweeps: this.sweeps, log,
    }); // prettier-ignore
    this.channels = new Channels({
      keysOf, chainHash: config.network.chainHash, height: () => this.onchain.height, feerates: () => this.onchain.feerates(), system, log,
      recovering: () => this.isRecovering,
      revokedUpTo: (channelNumber) => highWater.read(channelNumber),
      senderTo: (peerNodeId) => this.#senderTo(toHex(peerNodeId)),
      disconnect: (peerNodeId, reason) => this.peers.disconnect(toHex(peerNodeId), reason),
      publish: (label, tx) => void this.onchain.publish(label, tx),
      watchFunding: (turn, channel) => watchFunding(this, turn, channel), sweeps: this.sweeps,
      watchOutput: (turn, channel, outPoint, script) => watchChannelOutput(this, turn, channel, { outPoint, script }),
      onRevoked: (turn, channelNumber, number, record) => this.towers.revoked(turn, channelNumber, number, record),
      onForgotten: (turn, channel) => {
        this.onchain.forget(channel.fundingOutPoint);
        this.towers.forgotten(turn, channel);
        this.#closes.add(channel);
        this.backups.look(turn);
        this.turns.enqueue((later) => this.payments.reconcile(later));
        if (this.onchain.status.state === 'synced') this.#closes.book(turn);
      },
      onChanged: (turn, channel) => turn.writeLate(`event:${channel.config.channelNumber}`, () => this.#channelChanged(turn, channel.config.channelNumber)),
      onAlarm: (turn, channel, code, detail) => this.#alarm(turn, code, detail, toHex(channel.channelId)),
      onHtlc: (turn, channel, action) => this.payments.onHtlc(turn, channel, action),
    }); // prettier-ignore
    this.towers = new Towers({
      store, network: ports.network, system, log, chainHash: config.network.chainHash, nodeKey: this.#nodeKey, enqueue, keysOf,
      channels: () => this.channels.all(), channel: (channelNumber) => this.channels.get(channelNumber), onChanged: () => emit('tower.updated', this.towers.views().map(towerView)),
    }); // prettier-ignore
    this.payments = new Payments({
      network: config.network.name, nodeId: this.nodeId, nodeKey: this.#nodeKey, signInvoice: (hash) => signRecoverable(hash, this.#nodeKey),
      channels: () => this.channels, store, height: () => this.onchain.height, system, log, enqueue,
      supportsAttribution: (peer) => this.peers.supports(toHex(peer), 'attributionData'),
      onOutgoing: (turn, payment) => turn.after(() => this.#paymentChanged(toHex(payment.paymentHash), payment)),
      onIncoming: (turn, invoice) => turn.after(() => emit('invoice.updated', invoiceView(invoice))),
      onAlarm: (turn, code, detail) => this.#alarm(turn, code, detail, undefined),
    }); // prettier-ignore
    this.peers = new Peers({
      network: ports.network, system, log, chainHash: config.network.chainHash,
      isWanted: (nodeId) => this.channels.of(fromHex(nodeId)).some(({ phase }) => phase !== 'closed'),
      onReady: (nodeId, _features, link) => enqueue((turn) => {
        this.#connections.set(nodeId, link);
        peerReady(this, turn, nodeId);
      }),
      onMessage: (nodeId, message) => this.#message(nodeId, message),
      onGone: (nodeId) => enqueue((turn) => {
        this.#connections.delete(nodeId);
        peerGone(this, turn, nodeId);
      }),
      onChanged: (view) => emit('peer.updated', this.peerView(view.nodeId)),
    }); // prettier-ignore
    this.funding = new Funding({ onchain: () => this.onchain, keys: this.keys, system });
    this.openings = openingsOf(this, keysOf, this.#numbers);
    this.backups = new Backups(this, backupKey(master, config.network), this.#numbers, emit);
  }

  /** Reads the store, starts watching the chain; peers follow once the chain is synced. */
  async start(): Promise<void> {
    const { store, network, log } = this.ports;
    await this.onchain.load();
    await this.sweeps.load(store);
    await this.channels.load(store);
    for (const channel of this.channels.all()) if (channel.phase === 'closed') this.#closes.add(channel);
    await this.#numbers.load(store, { isRestored: this.config.isRestored === true, random: this.ports.system.random });
    await this.backups.load(store);
    await this.payments.load();
    await this.towers.load();
    for (const { key, value } of await store.list('peer')) {
      const [host, port] = fromUtf8(value).split('\n');
      if (host !== undefined && port !== undefined) this.peers.know({ nodeId: fromHex(key), host, port: Number(port) });
    }
    await this.found.load(store);
    if (this.config.isRestored) this.found.start();
    this.onchain.start();
    this.towers.start();
    this.turns.enqueue((turn) => {
      this.channels.checkMarks(turn);
      for (const channel of this.channels.all()) if (channel.phase !== 'closed') watchFunding(this, turn, channel);
    });
    if (network.listen) {
      const listening = await network.listen((link) => this.peers.accept(link));
      if (!listening.ok) throw new ApiFailure('internal', `Cannot listen for peers: ${listening.error.detail}.`);
      this.#listener = listening.value;
    }
    this.#clock.start();
    log.info('node started', { nodeId: toHex(this.nodeId), channels: this.channels.all().length });
  }

  async stop(): Promise<void> {
    this.#clock.stop();
    this.#listener?.close();
    this.peers.stop();
    this.towers.stop();
    await this.onchain.stop();
    await this.turns.stop();
    this.#nodeKey.fill(0);
    this.backups.wipe();
  }

  /** The computer is about to sleep: connections end, and no clock is acted on before `wake`. */
  sleep(): void {
    this.#clock.sleep();
  }
  /** After sleep the chain comes first, then peers and clocks: see `Clock`. */
  wake(): Promise<void> {
    return this.#clock.wake();
  }

  /** This copy of the data may be stale: publish nothing, let peers speak first. */
  get isRecovering(): boolean {
    return this.config.recoveryReason !== undefined;
  }
  /** For the transport's handshake. */
  get ourKey(): Uint8Array {
    return this.#nodeKey;
  }
  get listenPort(): number | undefined {
    return this.#listener?.port;
  }

  /** Of the ledger, for an output of a channel. */
  #accountOf(key: string): string | undefined {
    const channelNumber = this.outputOwners.get(key);
    if (channelNumber !== undefined) return ACCOUNT.closing(channelNumber);
    return this.found.has(key) ? ACCOUNT.restored : undefined;
  }

  /** Whether `txid:vout` is a funding output or came out of one; of channels that are closed for good only since the start. */
  isChannelOutput(key: string): boolean {
    return this.#accountOf(key) !== undefined;
  }

  #senderTo(nodeId: string): (message: Message) => void {
    const link = this.#connections.get(nodeId);
    return (message) => link && this.peers.send(nodeId, message, link);
  }

  #message(nodeId: string, message: Message): void | Promise<void> {
    this.turns.enqueue((turn) => receiveMessage(this, turn, nodeId, message));
    // What waits here is memory: beyond this the peer has to wait too.
    return this.turns.waitingCount > MAX_WAITING_MESSAGES ? this.turns.idle() : undefined;
  }

  /** Keeps the address of a peer, so that a restart finds it again. */
  rememberPeer(turn: Turn, target: PeerTarget): void {
    turn.write('peer', toHex(target.nodeId), utf8(`${target.host}\n${target.port}`));
  }

  #tip(turn: Turn, tip: ChainTip): void {
    for (const channel of this.channels.all()) {
      if (channel.phase === 'closed') continue;
      this.channels.command(turn, channel.config.channelNumber, { kind: 'block' });
      keepFeerate(this, turn, channel);
    }
    undoVanished(this, turn);
    this.sweeps.block(turn);
    this.payments.tick(turn);
    this.#standing.look(turn);
    turn.after(() => this.#emit('chain.updated', this.chainStatus()));
    this.ports.log.debug('block', { height: tip.height });
  }

  /** Test chains stand still for hours; there the age of the tip says nothing. */
  get tipIsTooOld(): boolean {
    return this.config.network.name !== 'regtest' && this.onchain.tipIsOld();
  }
  get mayAddHtlcs(): boolean {
    return !this.tipIsTooOld && !this.isRecovering;
  }

  // Events and views

  #channelChanged(turn: Turn, channelNumber: number): void {
    turn.after(() => {
      const channel = this.channels.get(channelNumber);
      if (channel) this.#emit('channel.updated', channelView(channel, this.onchain.height));
    });
  }

  #paymentChanged(hash: string, payment: Parameters<typeof paymentView>[0] & { readonly status: string }): void {
    this.#emit('payment.updated', paymentView(payment));
    if (payment.status === 'pending') return;
    this.finals.isFinal(hash);
  }

  #alarm(turn: Turn, code: string, detail: string, channelId: string | undefined): void {
    this.ports.log.error('alarm', { code, detail, channelId });
    turn.after(() => this.#emit('alarm', { code, message: ALARM_TEXT[code] ?? detail, ...(channelId === undefined ? {} : { channelId }) }));
  }

  #frozen(): void {
    this.peers.stop();
    this.towers.stop();
    const code = this.turns.frozen?.code ?? 'write_failed';
    this.#emit('alarm', { code, message: ALARM_TEXT[code] ?? 'Writing to the disk failed. Channels are frozen.' });
  }

  balance(): EventData<'wallet.updated'> {
    return balanceView(this);
  }
  chainStatus(): EventData<'chain.updated'> {
    return chainStatusView(this);
  }
  peerView(nodeId: string): EventData<'peer.updated'> {
    return peerView(this, nodeId);
  }
}
