import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer, Method, Params, PlayNode as NodeName } from '../../api.ts';
import { encodeTx, txid } from '../../bitcoin/transaction.ts';
import { signedLocalCommitment } from '../../channel/sign.ts';
import type { FundedChannel } from '../../channel/types.ts';
import { toHex, utf8 } from '../../lib/bytes.ts';
import { ApiFailure } from '../../node/app.ts';
import { channelHandlers } from '../../node/handlers/channels.ts';
import { paymentHandlers } from '../../node/handlers/payments.ts';
import { walletHandlers } from '../../node/handlers/wallet.ts';
import { silentLogger } from '../../node/log.ts';
import type { SfericNode } from '../../node/node.ts';
import { MADE_HERE, type Running, startNode } from '../../running-node.ts';
import { sha256 } from '../raw-tx.ts';

const handlers = { ...channelHandlers, ...paymentHandlers, ...walletHandlers };
type NodeMethod = keyof typeof handlers & Method;

export interface PlayNodeOptions {
  readonly id: NodeName;
  readonly folder: string;
  readonly chain: string;
  readonly onChanged: () => void;
}

/** A commitment as its owner would publish it, and which output is what. */
export interface Published {
  readonly txid: string;
  readonly hex: string;
  readonly toLocalVout: number;
}

/**
 * One of the others: a whole engine without a window. What a cheat or a stubborn payee does differently is done here from outside:
 * the engine itself keeps no old commitment and leaves no payment unanswered.
 */
export class PlayNode {
  readonly id: NodeName;
  /** It keeps what it is sent in flight, and says nothing. */
  isSilent = false;
  /** What it would show when it is asked while it is off. */
  channels: readonly FundedChannel[] = [];
  onChainSat = 0n;
  nodeId = '';
  readonly #options: PlayNodeOptions;
  /** By channel and commitment number: states at rest, revoked ones too. */
  readonly #remembered = new Map<string, Map<number, FundedChannel>>();
  #running: Running | undefined;
  #port = 0;

  constructor(options: PlayNodeOptions) {
    this.id = options.id;
    this.#options = options;
  }

  get isOnline(): boolean {
    return this.#running !== undefined;
  }
  get address(): string {
    return `${this.nodeId}@127.0.0.1:${this.#port}`;
  }
  get node(): SfericNode {
    if (!this.#running) throw new ApiFailure('peer_unreachable', 'This node is switched off. Nothing was done. Switch it on first.');
    return this.#running.node;
  }
  get #folder(): string {
    return join(this.#options.folder, this.id);
  }
  get #copy(): string {
    return `${this.#folder}-copy`;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const running = await startNode({
      config: { network: 'regtest', dataDir: this.#folder, chain: [this.#options.chain], listen: { host: '127.0.0.1', port: this.#port }, log: silentLogger },
      folder: this.#folder, vault: testVault(this.id), emit: () => this.#look(),
    }); // prettier-ignore
    const { payments } = running.node;
    const onHtlc = payments.onHtlc.bind(payments);
    payments.onHtlc = (turn, channel, action) => {
      if (!this.isSilent || action.kind !== 'htlc_received') onHtlc(turn, channel, action);
    };
    this.#running = running;
    await running.node.start();
    this.#port = running.node.listenPort ?? 0;
    this.nodeId = toHex(running.node.nodeId);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#look();
    this.#running = undefined;
    await running.node.stop();
    await running.highWater.close();
    await running.opened.store.close();
    this.#options.onChanged();
  }

  async call<M extends NodeMethod>(method: M, params: Params<M>): Promise<Answer<M>> {
    const handler = handlers[method] as unknown as (node: SfericNode, given: Params<M>) => Promise<Answer<M>> | Answer<M>;
    return this.node.turns.unlessFrozen(handler(this.node, params));
  }

  get isSynced(): boolean {
    return this.#running?.node.onchain.status.state === 'synced';
  }

  #look(): void {
    const node = this.#running?.node;
    if (!node) return;
    this.channels = node.channels.all();
    this.onChainSat = node.balance().confirmedSat;
    for (const channel of this.channels) {
      if (channel.phase !== 'normal' || channel.commitments.htlcs.size > 0) continue;
      const id = toHex(channel.channelId);
      const states = this.#remembered.get(id) ?? new Map<number, FundedChannel>();
      states.set(channel.commitments.localNumber, channel);
      this.#remembered.set(id, states);
    }
    this.#options.onChanged();
  }

  /** The revoked state in which it had most, where that is more than now. */
  bestOldState(channelId: string): FundedChannel | undefined {
    const now = this.channels.find((channel) => toHex(channel.channelId) === channelId);
    if (now?.phase !== 'normal') return undefined;
    const old = [...(this.#remembered.get(channelId)?.values() ?? [])].filter(({ commitments }) => commitments.localNumber < now.commitments.localNumber);
    const [first, ...others] = old;
    if (!first) return undefined;
    const best = others.reduce((most, state) => (state.commitments.ourMsat > most.commitments.ourMsat ? state : most), first);
    return best.commitments.ourMsat > now.commitments.ourMsat ? best : undefined;
  }

  /** Signs what it should never publish. */
  signOld(state: FundedChannel): Published {
    const { tx, commitment } = signedLocalCommitment(state, this.node.channels.keysOf(state.config.channelNumber));
    return { txid: txid(tx), hex: toHex(encodeTx(tx)), toLocalVout: commitment.outputs.findIndex(({ kind }) => kind === 'to_local') };
  }

  /** Copies its data as they are now, as somebody would who believes that this is a backup. */
  async copyData(): Promise<void> {
    await this.stop();
    await rm(this.#copy, { recursive: true, force: true });
    await cp(this.#folder, this.#copy, { recursive: true });
    await this.start();
  }

  /** Puts the copy back; what happened since is lost. */
  async putBack(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
    await cp(this.#copy, this.#folder, { recursive: true });
    await this.start();
  }
}

/** Always the same seed for the same name, known to everybody: worth nothing, and nobody can mistake it for a secret. */
const testVault = (id: NodeName) => ({
  network: 'regtest', birthdayHeight: MADE_HERE, passphrase: new Uint8Array(0),
  dataKey: new Uint8Array(sha256(utf8(`data of the playground's ${id}`))), entropy: new Uint8Array(sha256(utf8(`the playground's ${id}, worth nothing`)).subarray(0, 16)),
}); // prettier-ignore
