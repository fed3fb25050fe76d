import { type OutPoint, type Tx, outPointKey, txid, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import type { ChannelAction, ChannelCommand } from '../../../core/channel/commands.ts';
import type { Context } from '../../../core/channel/context.ts';
import { transition } from '../../../core/channel/machine.ts';
import { channelObscuringFactor } from '../../../core/channel/sign.ts';
import { type FundedChannel, htlcKey, offline } from '../../../core/channel/types.ts';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { feeratePerKw, sat } from '../../../core/lib/units.ts';
import { commitmentNumberOf } from '../../../core/tx/commitment.ts';
import type { DesiredClaim, DesiredCommitment } from '../../../core/tx/desired-claim.ts';
import type { Coin } from '../../../core/wallet/ledger.ts';
import { emptySweeps, planSweeps, sweepStateCodec } from '../../../core/wallet/sweep.ts';
import { type SideName, restored } from '../../support/channel-pair.ts';
import { coinOf, testKeys } from '../../support/wallet-kit.ts';
import type { GridChain, Offer } from './chain.ts';

export type Told = 'fulfilled' | 'failed' | 'removed fulfilled' | 'removed failed';
export interface Telling {
  readonly key: string;
  readonly what: Told;
  readonly height: number;
}

export const COIN_SAT = 300_000n;
export type Coins = Readonly<Record<SideName, readonly Coin[]>>;
const someCoins = (first: number): readonly Coin[] => Array.from({ length: 8 }, (_, i) => coinOf(first + i, COIN_SAT));
export const madeUpCoins: Coins = { alice: someCoins(1000), bob: someCoins(2000) };

function tellingOf(action: ChannelAction): readonly [key: string, what: Told] | undefined {
  switch (action.kind) {
    case 'htlc_fulfilled':
      return [htlcKey('offered', action.id), 'fulfilled'];
    case 'htlc_timed_out':
    case 'htlc_failed':
    case 'htlc_dropped':
      return [htlcKey('offered', action.id), 'failed'];
    case 'htlc_removed':
      return [htlcKey('received', action.id), action.fulfilled ? 'removed fulfilled' : 'removed failed'];
    default:
      return undefined;
  }
}

export interface ActorOptions {
  readonly side: SideName;
  readonly channel: FundedChannel;
  readonly ctx: Context;
  readonly penalties: ReadonlyMap<number, Uint8Array>;
  readonly restarts: boolean;
  readonly marketPerKw: number;
  readonly coins: readonly Coin[];
}

/** One side: its machine, the sweeper of its wallet, and what its node would hear from the chain. */
export class Actor {
  readonly side: SideName;
  channel: FundedChannel;
  readonly tellings: Telling[] = [];
  closedAt: number | undefined;
  claims: readonly DesiredClaim[] = [];
  #commitments: readonly DesiredCommitment[] = [];
  #ctx: Context;
  #sweeps = emptySweeps;
  readonly #options: ActorOptions;
  readonly #watched = new Map<string, OutPoint>();
  readonly #ghosts = new Set<string>();

  constructor(options: ActorOptions) {
    this.#options = options;
    this.side = options.side;
    this.channel = { ...restored(options.channel), link: offline };
    this.#ctx = options.ctx;
  }

  get height(): number {
    return this.#ctx.blockHeight;
  }

  do(command: ChannelCommand): void {
    const [next, actions] = transition(this.channel, command, this.#ctx);
    this.channel = next;
    for (const action of actions) this.#hear(action);
    if (this.#options.restarts) this.#restart();
  }

  #hear(action: ChannelAction): void {
    if (action.kind === 'claims') this.claims = action.claims;
    if (action.kind === 'commitment') this.#commitments = [action.desired];
    if (action.kind === 'watch_output') this.#watched.set(outPointKey(action.outPoint), { txid: action.outPoint.txid, vout: action.outPoint.vout });
    if (action.kind === 'forget') this.closedAt ??= this.height;
    const telling = tellingOf(action);
    if (telling) this.tellings.push({ key: telling[0], what: telling[1], height: this.height });
  }

  /** Nothing is left but what was stored. */
  #restart(): void {
    this.channel = { ...restored(this.channel), link: offline };
    this.#sweeps = decodeWith(sweepStateCodec, encodeWith(sweepStateCodec, this.#sweeps));
  }

  fundingSpent(tx: Tx, height: number | undefined): void {
    const number = commitmentNumberOf(tx, channelObscuringFactor(this.channel.config));
    this.do({ kind: 'funding_spent', tx, height, penaltyRecord: number === undefined ? undefined : this.#options.penalties.get(number) });
  }

  /** Tells the differences between what the channel knows and what the chain has, then the block itself. */
  see(chain: GridChain): void {
    this.#ctx = { ...this.#ctx, blockHeight: chain.tip };
    const funding = chain.spenderOf(this.channel.fundingOutPoint);
    const { spend } = this.channel;
    if (funding && (spend?.txid !== funding.txid || spend.height !== funding.height)) this.fundingSpent(funding.tx, funding.height);
    if (!funding && spend) this.do({ kind: 'funding_unspent' });
    for (let before = -1; before !== this.#watched.size; ) {
      before = this.#watched.size;
      for (const [key, outPoint] of this.#watched) this.#tell(key, outPoint, chain);
    }
    this.claims = [];
    this.#commitments = [];
    this.do({ kind: 'block' });
  }

  #tell(key: string, outPoint: OutPoint, chain: GridChain): void {
    const known = this.channel.outputSpends.find((spent) => outPointKey(spent.outPoint) === key);
    const spender = chain.spenderOf(outPoint);
    if (spender && (known?.txid !== spender.txid || known.height !== spender.height)) this.do({ kind: 'output_spent', outPoint, tx: spender.tx, height: spender.height });
    if (!spender && known && !this.#ghosts.has(key)) this.do({ kind: 'output_unspent', outPoint });
  }

  /** Somebody's transaction is in the mempool. */
  seeOffered(tx: Tx): void {
    for (const input of tx.inputs) {
      const key = outPointKey(input);
      const outPoint = this.#watched.get(key);
      const known = this.channel.outputSpends.find((spent) => outPointKey(spent.outPoint) === key);
      if (outPoint && known?.txid !== txid(tx)) this.do({ kind: 'output_spent', outPoint, tx, height: undefined });
    }
  }

  /** A spend of everything that this side wants is offered by somebody, and never confirms. */
  haunt(): void {
    for (const { outPoint } of this.claims) {
      const key = outPointKey(outPoint);
      if (this.#ghosts.has(key) || !this.#watched.has(key)) continue;
      this.#ghosts.add(key);
      const tx: Tx = { version: 2, locktime: 0, inputs: [unsignedInput(outPoint, 0)], outputs: [{ amountSat: sat(1000n), script: new Uint8Array(22) }] };
      this.do({ kind: 'output_spent', outPoint, tx, height: undefined });
    }
  }

  /** What this side has in the mempool for the next block. */
  offers(chain: GridChain): readonly Offer[] {
    const plan = planSweeps(this.#sweeps, {
      height: chain.tip, claims: this.claims, commitments: this.#commitments, feerateFor: () => feeratePerKw(this.#options.marketPerKw),
      minRelayFeeratePerKw: feeratePerKw(253), coins: this.#options.coins.filter((coin) => chain.isUnspent(coin)), keys: testKeys,
    }); // prettier-ignore
    this.#sweeps = plan.state;
    return plan.packages.flatMap(({ txs }) => txs.map((tx): Offer => ({ tx, by: this.side })));
  }
}
