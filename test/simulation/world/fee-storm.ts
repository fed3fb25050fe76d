import type { FundedChannel } from '../../../core/channel/types.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import type { Turn } from '../../../core/node/turns.ts';
import { type NodeName, scriptOf } from '../../support/rig-keys.ts';
import { addressOf, isQuiet, runUntil } from './starts.ts';
import { Watch } from './watch.ts';
import { World } from './world.ts';

const CALM_SAT_PER_VB = 2;
const SPIKE = 50;
const CAPACITY_SAT = 600_000n;
const COIN_SAT = 1_000_000n;
/** More than half of what a side can send, so that each channel carries one each way. */
const HTLC_MSAT = 155_000_000n;
const FEE_REFRESH_MS = 6 * 60_000;
const MOST_BLOCKS = 400;
const BOTH = ['A', 'B'] as const;

export interface FeeStorm {
  readonly channels: number;
  readonly htlcs: number;
  /** Blocks from the spike until the last commitment was in one. */
  readonly closedAfterBlocks: number;
  /** HTLCs that their receiver, who had the preimage, took before they expired. */
  readonly deadlinesMet: number;
  /** Between the last of them and its expiry. */
  readonly leastBlocksLeft: number;
  readonly feesSatPerChannel: number;
  /** The longest that both nodes took for one block. */
  readonly slowestBlockMs: number;
  readonly broken: readonly string[];
}

/** All channels that A has are closed by force in one block, each with an HTLC each way, just when blocks cost fifty times as much. */
export class FeeStormRun {
  readonly #watch = new Watch();
  readonly #world: World;
  readonly #count: number;
  readonly #held: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#world = new World({ names: BOTH, seed: 50, watcher: this.#watch });
    this.#watch.world = this.#world;
  }

  async run(): Promise<FeeStorm> {
    await this.#openAll();
    const channels = this.#channels('A');
    await this.#offerEverywhere();
    const htlcs = this.#channels('A').flatMap((channel) => [...channel.commitments.htlcs.values()].map(({ add }) => ({ channel, add })));
    this.#world.parted.add('AB');
    this.#world.network.breakBetween('A', 'B');
    await this.#rest();
    for (const answer of this.#held) answer();
    await this.#rest();
    await this.#becomeDear();
    for (const { channelId, fundingOutPoint } of channels) {
      this.#watch.unpeaceful.add(fundingOutPoint.txid);
      void this.#world.call('A', 'channel.forceClose', { channelId: toHex(channelId) });
    }
    await this.#rest();
    return this.#untilOver(channels, htlcs);
  }

  async #untilOver(channels: readonly FundedChannel[], htlcs: readonly { readonly channel: FundedChannel; readonly add: { readonly direction: string; readonly cltvExpiry: number } }[]): Promise<FeeStorm> {
    const { chain } = this.#world;
    const spikeAt = chain.height;
    const expiry = Math.min(...htlcs.map(({ add }) => add.cltvExpiry));
    let slowestBlockMs = 0;
    while (chain.height < expiry && chain.height - spikeAt < MOST_BLOCKS) {
      const from = performance.now();
      chain.mine();
      await this.#rest();
      slowestBlockMs = Math.max(slowestBlockMs, performance.now() - from);
    }
    const closes = channels.map(({ fundingOutPoint }) => chain.spenderOf(fundingOutPoint));
    const heights = closes.map((id) => chain.heightOf(id ?? '') ?? Infinity);
    const takenAt = closes.flatMap((id) => chain.tx(id ?? '')!.outputs.flatMap(({ amountSat }, vout) => (amountSat === HTLC_MSAT / 1000n ? [chain.heightOf(chain.spenderOf({ txid: id!, vout }) ?? '') ?? Infinity] : [])));
    const ours = chain.confirmed().filter(({ txid, height }) => height > spikeAt && this.#watch.publisherOf.get(txid) === 'A');
    const feesSat = ours.reduce((sum, { tx }) => sum + (chain.feeSatOf(tx) ?? 0n), 0n);
    return {
      channels: channels.length, htlcs: htlcs.length, closedAfterBlocks: Math.max(...heights) - spikeAt,
      deadlinesMet: takenAt.filter((height) => height < expiry).length, leastBlocksLeft: expiry - Math.max(...takenAt),
      feesSatPerChannel: Math.round(Number(feesSat) / channels.length), slowestBlockMs, broken: this.#watch.evidence.broken,
    }; // prettier-ignore
  }

  #channels(name: NodeName): readonly FundedChannel[] {
    return this.#world.node(name).channels.all();
  }
  async #rest(): Promise<void> {
    await this.#world.drain();
  }

  async #openAll(): Promise<void> {
    const { chain } = this.#world;
    chain.setMinFeerate(CALM_SAT_PER_VB);
    chain.minerFloorSatPerVb = CALM_SAT_PER_VB;
    for (const name of BOTH) {
      for (let index = 0; index < this.#count; index++) chain.pay(scriptOf(name)({ kind: 'p2wpkh', branch: 'receive', index: index % 8 }), COIN_SAT);
      this.#world.start(name);
    }
    await runUntil(this.#world, () => isQuiet(this.#world, BOTH));
    for (let i = 0; i < this.#count; i++) {
      const [opener, fundee] = i % 2 === 0 ? BOTH : (['B', 'A'] as const);
      let isOpen = false;
      this.#world.call(opener, 'channel.open', { peer: addressOf(fundee), capacitySat: CAPACITY_SAT, pushMsat: (CAPACITY_SAT / 2n) * 1000n }).then(() => (isOpen = true), (error: unknown) => this.#watch.note(String(error)));
      if (!(await runUntil(this.#world, () => isOpen && isQuiet(this.#world, BOTH)))) throw new Error(`channel ${i + 1} was not opened: ${this.#watch.log.slice(-3).join('; ')}`);
      chain.mine();
      await this.#rest();
    }
    for (let i = 0; i < 6; i++) chain.mine();
    if (!(await runUntil(this.#world, () => isQuiet(this.#world, BOTH)))) throw new Error('the channels never come to rest');
  }

  /** Irrevocable on both sides, and no receiver says anything yet. */
  async #offerEverywhere(): Promise<void> {
    for (const name of BOTH) {
      const { payments, turns } = this.#world.node(name);
      const tell = payments.onHtlc.bind(payments);
      payments.onHtlc = (turn: Turn, channel: FundedChannel, action) => {
        if (action.kind === 'htlc_received') this.#held.push(() => turns.enqueue((later) => tell(later, channel, action)));
        else tell(turn, channel, action);
      };
    }
    for (let i = 0; i < this.#count; i++) {
      for (const [from, to] of [BOTH, ['B', 'A'] as const]) {
        const { invoice } = await this.#answered(this.#world.call(to, 'invoice.create', { amountMsat: HTLC_MSAT, description: '', expirySeconds: 86_400 }));
        void this.#world.call(from, 'payment.send', { invoice, payAgain: false, timeoutMs: 0 });
        await this.#rest();
      }
    }
    if (this.#held.length !== 2 * this.#count) throw new Error(`${this.#held.length} HTLCs are in flight`);
  }

  async #answered<T>(call: Promise<T>): Promise<T> {
    const [answer] = await Promise.all([call, this.#rest()]);
    return answer;
  }

  async #becomeDear(): Promise<void> {
    const { chain } = this.#world;
    chain.minerFloorSatPerVb = CALM_SAT_PER_VB * SPIKE;
    chain.setMinFeerate(CALM_SAT_PER_VB * SPIKE);
    const until = this.#world.nowMs + FEE_REFRESH_MS;
    await runUntil(this.#world, () => this.#world.nowMs >= until, 100_000);
    while (this.#world.nowMs < until) await this.#world.step();
    await this.#rest();
  }
}
