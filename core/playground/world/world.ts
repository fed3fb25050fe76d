import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, type EventName, type PlayNode as NodeName, PLAY_NODES, type PlayStep, type PlayWire } from '../../api.ts';
import { toHex } from '../../lib/bytes.ts';
import { createApp } from '../../index.ts';
import { ApiFailure, type App } from '../../node/app.ts';
import { encodeEvent } from '../../node/dispatch.ts';
import { silentLogger } from '../../node/log.ts';
import { KDF_FLOOR } from '../../store/vault.ts';
import { ChainHost } from '../chain-host.ts';
import { scriptOf } from '../regtest-address.ts';
import { Kinds, type KnownChannel } from './kinds.ts';
import { Diary } from './diary.ts';
import { PlayNode } from './play-node.ts';
import { viewOf } from './view.ts';
import { WaitedInVain, Waiting } from './waiting.ts';

export type WalletChannel = Answer<'channel.get'>;
type Closing = Answer<'channel.closing'>;

export interface WorldPort {
  readonly folder: string;
  readonly onProgress: (step: PlayStep) => void;
  /** Events of the person's wallet as they travel. */
  readonly onWalletEvent: (name: EventName, data: unknown) => void;
  readonly onChanged: () => void;
}

const GIFT_SAT = 20_000_000n;
const GIFTS = 6;
/** Whoever accepts a channel with anchors must be able to pay for closing it. */
const NODE_GIFT_SAT = 1_000_000n;
const FEERATE_SAT_PER_VB = 2;
/** Depth that a channel of the whitepaper's 0.1 BTC waits for. */
const OPEN_BLOCKS = 8;

export interface Opening {
  readonly node: NodeName;
  readonly capacitySat: bigint;
  readonly pushSat: bigint;
}

/** The channels of the first picture, with the figures of the stories that are told on them. */
export const FIRST_CHANNELS: readonly Opening[] = [
  { node: 'bob', capacitySat: 10_000_000n, pushSat: 5_000_000n },
  { node: 'carol', capacitySat: 10_000_000n, pushSat: 5_000_000n },
  { node: 'dave', capacitySat: 10_000_000n, pushSat: 0n },
  { node: 'cafe', capacitySat: 3_600_000n, pushSat: 0n },
];

/** A chain, four nodes and the person's wallet, and everything that can be done to them. */
export class World {
  readonly port: WorldPort;
  readonly host: ChainHost;
  readonly wallet: App;
  readonly nodes: ReadonlyMap<NodeName, PlayNode>;
  readonly kinds: Kinds;
  readonly waiting: Waiting;
  readonly diary: Diary;
  walletChannels: readonly WalletChannel[] = [];
  /** By channel: what the wallet still wants of one whose funding is spent, and what was taken. */
  closings: ReadonlyMap<string, Closing> = new Map();
  youSat = 0n;
  #isLooking = false;
  #isDue = false;
  #isOver = false;

  private constructor(port: WorldPort, host: ChainHost, wallet: App, nodes: ReadonlyMap<NodeName, PlayNode>, waiting: Waiting) {
    this.port = port;
    this.host = host;
    this.wallet = wallet;
    this.nodes = nodes;
    this.waiting = waiting;
    this.kinds = new Kinds(host.chain.index);
    this.diary = new Diary(() => host.chain.index.height);
  }

  static async start(port: WorldPort): Promise<World> {
    port.onProgress('chain');
    await rm(port.folder, { recursive: true, force: true });
    await mkdir(port.folder, { recursive: true, mode: 0o700 });
    const host = await ChainHost.start({ feerateSatPerVb: FEERATE_SAT_PER_VB });
    const chain = `electrum:tcp://127.0.0.1:${host.electrum.port}`;
    port.onProgress('nodes');
    const wallet = await createApp({ network: 'regtest', dataDir: join(port.folder, 'wallet'), chain: [chain], log: silentLogger, kdf: KDF_FLOOR });
    const waiting = new Waiting();
    const nodes = new Map(PLAY_NODES.map((id) => [id, new PlayNode({ id, folder: port.folder, chain, onChanged: () => void world.stir() })]));
    const world: World = new World(port, host, wallet, nodes, waiting);
    await world.#begin();
    return world;
  }

  async #begin(): Promise<void> {
    this.wallet.subscribe((name, data) => {
      this.port.onWalletEvent(name, encodeEvent(name, data));
      this.stir();
    });
    this.host.chain.index.on('changed', () => this.stir());
    // Nobody has to remember this password: wallet and folder end with the playground.
    await this.wallet.call('vault.create', { password: toHex(randomBytes(24)), words: 12, passphrase: '' });
    await this.wallet.call('vault.confirmSeed', {});
    for (const node of this.nodes.values()) await node.start();
    await this.waiting.until('everybody to see the chain', async () => ((await this.#isSynced()) ? true : undefined));
    this.port.onProgress('coins');
    await this.#giveCoins();
    this.port.onProgress('channels');
    for (const opening of FIRST_CHANNELS) await this.#fund(opening);
    await this.mine(OPEN_BLOCKS);
    for (const { node } of FIRST_CHANNELS) await this.untilOpen(node);
    this.diary.clear();
    this.diary.write({ code: 'ready' });
  }

  async #isSynced(): Promise<boolean> {
    const { chain } = await this.wallet.call('node.info', {});
    return chain?.state === 'synced' && [...this.nodes.values()].every(({ isSynced }) => isSynced);
  }

  async #giveCoins(): Promise<void> {
    const give = async (address: string, sat: bigint): Promise<void> => {
      const script = scriptOf(address);
      if (script) this.kinds.gift(await this.host.chain.pay(script, sat));
    };
    for (let count = 0; count < GIFTS; count++) await give((await this.wallet.call('wallet.newAddress', { kind: 'p2wpkh' })).address, GIFT_SAT);
    for (const node of this.nodes.values()) await give((await node.call('wallet.newAddress', { kind: 'p2wpkh' })).address, NODE_GIFT_SAT);
    await this.mine(1);
    const isThere = async (): Promise<boolean> => (await this.wallet.call('wallet.balance', {})).confirmedSat >= GIFT_SAT && [...this.nodes.values()].every(({ onChainSat }) => onChainSat > 0n);
    await this.waiting.until('the first coins', async () => ((await isThere()) ? true : undefined));
  }

  get height(): number {
    return this.host.chain.index.height;
  }

  nodeOf(id: NodeName): PlayNode {
    const node = this.nodes.get(id);
    if (!node) throw new Error(`bug: no node ${id}`);
    return node;
  }

  /** Looks at everything again, once at a time, and tells the screen. */
  stir(): void {
    this.#isDue = true;
    if (!this.#isLooking) void this.#lookAgain();
  }

  async #lookAgain(): Promise<void> {
    this.#isLooking = true;
    while (this.#isDue && !this.#isOver) {
      this.#isDue = false;
      try {
        const channels = await this.wallet.call('channel.list', { includeClosed: true });
        this.closings = await this.#closingsOf(channels);
        this.walletChannels = channels;
        this.youSat = (await this.wallet.call('wallet.balance', {})).confirmedSat;
      } catch {
        continue; // before there is a wallet
      }
      for (const { kind, node } of this.kinds.follow(this.#known())) {
        if (kind !== 'coins' && kind !== 'other') this.diary.write({ code: kind, ...(node ? { node } : {}) });
      }
      this.waiting.stir();
      this.port.onChanged();
    }
    this.#isLooking = false;
  }

  async #closingsOf(channels: readonly WalletChannel[]): Promise<ReadonlyMap<string, Closing>> {
    const spent = channels.filter(({ state, closingTxid }) => state !== 'closed' && closingTxid !== undefined);
    return new Map(await Promise.all(spent.map(async ({ channelId }) => [channelId, await this.wallet.call('channel.closing', { channelId })] as const)));
  }

  nodeByKey(nodeId: string): NodeName | undefined {
    return [...this.nodes.values()].find((node) => node.nodeId === nodeId)?.id;
  }

  #known(): readonly KnownChannel[] {
    return this.walletChannels.flatMap(({ peerNodeId, fundingTxid, fundingVout }) => {
      const node = this.nodeByKey(peerNodeId);
      return node ? [{ node, fundingTxid, fundingVout }] : [];
    });
  }

  view(): PlayWire {
    return viewOf(this);
  }

  /** The channel with a node that payments go over. */
  openChannel(id: NodeName): WalletChannel | undefined {
    return this.walletChannels.find((channel) => channel.state === 'normal' && this.nodeByKey(channel.peerNodeId) === id);
  }

  async mine(blocks: number): Promise<void> {
    const { host } = this;
    await host.chain.mine(blocks);
    const { height } = this;
    this.diary.write({ code: 'blocks', blocks });
    await this.waiting.until('the wallet to see the block', async () => ((await this.wallet.call('node.info', {})).chain?.height ?? 0) >= height || undefined);
    this.stir();
  }

  async #fund({ node: id, capacitySat, pushSat }: Opening): Promise<string> {
    const node = this.nodeOf(id);
    const { channelId } = await this.wallet.call('channel.open', { peer: node.address, capacitySat, pushMsat: pushSat * 1000n });
    return channelId;
  }

  /** Usable on both sides. */
  untilOpen(id: NodeName): Promise<WalletChannel> {
    return this.waiting.until(`a channel with ${id}`, () => {
      const channel = this.openChannel(id);
      const theirs = this.nodeOf(id).channels.find(({ channelId }) => toHex(channelId) === channel?.channelId);
      return channel?.live && theirs?.phase === 'normal' && theirs.link.status === 'live' ? channel : undefined;
    });
  }

  /** One that nothing has moved in since it was opened: the same one when there is, else a new one instead of the old. */
  async freshChannel(opening: Opening): Promise<WalletChannel> {
    const { node: id, capacitySat, pushSat } = opening;
    await this.setOnline(id, true);
    this.nodeOf(id).isSilent = false;
    const present = this.openChannel(id);
    if (present?.live && present.pendingHtlcs === 0 && present.capacitySat === capacitySat && present.theirMsat === pushSat * 1000n) return present;
    if (present) await this.closeTogether(present.channelId);
    await this.#topUp(capacitySat);
    await this.#fund(opening);
    await this.mine(OPEN_BLOCKS);
    const opened = await this.untilOpen(id);
    this.diary.write({ code: 'opened', node: id });
    return opened;
  }

  /** Half for each, beside those that there are. */
  async openAnother(id: NodeName): Promise<void> {
    const node = this.nodeOf(id);
    if (!node.isOnline) throw new ApiFailure('peer_unreachable', 'This node is switched off. Nothing was spent. Switch it on first.');
    if (this.openChannel(id)) throw new ApiFailure('bad_request', 'There is a channel with this node already. Nothing was spent.');
    await this.freshChannel({ node: id, capacitySat: 10_000_000n, pushSat: 5_000_000n });
  }

  async closeTogether(channelId: string): Promise<void> {
    await this.waiting.until('both to be there', () => this.walletChannels.find((channel) => channel.channelId === channelId)?.live || undefined);
    await this.wallet.call('channel.close', { channelId });
    await this.waiting.until('the closing transaction', async () => (await this.wallet.call('channel.get', { channelId })).closingTxid);
    await this.mine(1);
  }

  /** The channel as it is when nothing is under way in it any more. */
  untilAtRest({ channelId }: WalletChannel): Promise<WalletChannel> {
    return this.waiting.until('the payments to settle', async () => {
      const channel = await this.wallet.call('channel.get', { channelId });
      return channel.pendingHtlcs === 0 ? channel : undefined;
    });
  }

  untilBalance(id: NodeName, fits: (channel: WalletChannel) => boolean): Promise<WalletChannel> {
    return this.waiting.until(`the balances with ${id}`, () => {
      const channel = this.openChannel(id);
      const theirs = this.nodeOf(id).channels.find(({ channelId }) => toHex(channelId) === channel?.channelId);
      return channel && fits(channel) && theirs?.commitments.htlcs.size === 0 ? channel : undefined;
    });
  }

  /** Block after block, until there is what is waited for: transactions that follow each other need one each. */
  async mineUntil<T>(what: string, look: () => T | undefined, most = 12): Promise<T> {
    for (let count = 0; count < most; count++) {
      await this.mine(1);
      const found = await this.waiting.until(what, look, 1_500).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw new WaitedInVain(`no ${what} in ${most} blocks`);
  }

  /** The wallet calls a node that has just come back. */
  async callAgain(id: NodeName): Promise<void> {
    const node = this.nodeOf(id);
    await this.waiting.until('the node to see the chain', () => node.isSynced || undefined);
    await this.wallet.call('peer.connect', { address: node.address }).catch(() => undefined); // else it is called again later
  }

  /** Enough for one more channel and for closing all of them. */
  async #topUp(capacitySat: bigint): Promise<void> {
    const { availableSat } = await this.wallet.call('wallet.balance', {});
    if (availableSat > capacitySat * 2n) return;
    const script = scriptOf((await this.wallet.call('wallet.newAddress', { kind: 'p2wpkh' })).address);
    if (script) this.kinds.gift(await this.host.chain.pay(script, GIFT_SAT * 2n));
    await this.mine(1);
    await this.waiting.until('the coins', async () => ((await this.wallet.call('wallet.balance', {})).availableSat > availableSat ? true : undefined));
  }

  /** A revoked state goes straight into a block; the wallet does the rest by itself. The id of the transaction. */
  async cheat(id: NodeName): Promise<string> {
    const node = this.nodeOf(id);
    const channel = this.openChannel(id);
    const state = channel && node.bestOldState(channel.channelId);
    if (!state) throw new ApiFailure('bad_request', 'This node has no revoked state that would be better for it than the present one. Nothing was done. Let it pay you something first.', { fault: 'no_better_state' });
    const { txid, hex, toLocalVout } = node.signOld(state);
    this.kinds.cheat(txid, toLocalVout);
    await this.host.chain.mineTxs([hex]);
    this.stir();
    return txid;
  }

  async setOnline(id: NodeName, isOnline: boolean): Promise<void> {
    const node = this.nodeOf(id);
    if (node.isOnline === isOnline) return;
    if (!isOnline) {
      await node.stop();
      this.diary.write({ code: 'offline', node: id });
      await this.waiting.until('the wallet to notice', () => this.openChannel(id)?.live !== true || undefined);
      return this.stir();
    }
    await node.start();
    await this.callAgain(id);
    this.diary.write({ code: 'online', node: id });
    this.stir();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.waiting.end();
    await this.wallet.stop().catch(() => undefined);
    for (const node of this.nodes.values()) await node.stop().catch(() => undefined);
    await this.host.stop().catch(() => undefined);
    await rm(this.port.folder, { recursive: true, force: true });
  }
}
