import { type Tx, outPointKey } from '../../../core/bitcoin/transaction.ts';
import { type SideName, otherSide } from '../../support/channel-pair.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { Actor, type Coins, type Telling, madeUpCoins } from './actor.ts';
import { GridChain, type Happening, type Mined, type Offer } from './chain.ts';
import { mergedSecondStage } from './cheat.ts';
import type { Branch } from './expected.ts';
import type { Cell, Close } from './plan.ts';
import { type Situation, preimageFor, situationOf } from './situation.ts';

export const START = 520;
const MOST_STEPS = 120;

export interface Played {
  readonly situation: Situation;
  readonly tellings: readonly Telling[];
  readonly closedAt: number | undefined;
  readonly branches: readonly Branch[];
  readonly mined: readonly Mined[];
  readonly happenings: readonly Happening[];
  readonly walletDeltaSat: Readonly<Record<SideName, bigint>>;
}

/** What a cell is played with: made up, or of a real chain. */
export interface Props {
  readonly situation: Situation;
  readonly coins: Coins;
}

/** What confirms when a reorg took the first close back. */
function otherClose({ close, reorg }: Cell): Close {
  if (reorg?.to === 'revoked') return 'revoked';
  if (close === 'ours' || close === 'mutual' || close === 'future') return 'theirs';
  if (close === 'theirs') return 'ours';
  const odd = (reorg?.depth ?? 0) % 2 === 1;
  return close === 'theirsNext' ? (odd ? 'theirs' : 'ours') : odd ? 'ours' : 'theirs';
}

/** One cell from the close to the end. */
export class Play {
  readonly #cell: Cell;
  readonly #situation: Situation;
  readonly #coins: Coins;
  readonly #chain = new GridChain(START);
  readonly #us: Actor;
  #peer: Actor;
  #close: Close;
  #closedIn = START + 1;
  #givenAfter = false;
  #isEmptyBlock = false;
  #seen: { tx: Tx; height: number }[] = [];
  readonly #branches: Branch[] = [];

  constructor(cell: Cell, { situation, coins }: Props = { situation: situationOf(cell), coins: madeUpCoins }) {
    this.#cell = cell;
    this.#close = cell.close;
    this.#situation = situation;
    this.#coins = coins;
    const { ourState, fundingTx } = this.#situation;
    this.#chain.give(ourState.fundingOutPoint, fundingTx.outputs[0]!);
    for (const side of ['alice', 'bob'] as const) for (const coin of coins[side]) this.#chain.give(coin, coin);
    this.#us = this.#actor(cell.us, cell.close, cell.restart);
    this.#peer = this.#actor(otherSide(cell.us), cell.close, false);
  }

  #actor(side: SideName, close: Close, restarts: boolean): Actor {
    const { pair, ourState, peerState, htlcs } = this.#situation;
    const isUs = side === this.#cell.us;
    const channel = isUs ? ourState : peerState[close] ?? peerState.theirs!;
    const actor = new Actor({ side, channel, ctx: { ...pair.ctx[side], blockHeight: START }, penalties: pair.penalties[side], restarts, marketPerKw: this.#cell.marketPerKw, coins: this.#coins[side] });
    if (isUs) return actor;
    for (const htlc of htlcs) if (htlc.by !== side && htlc.preimage === 'before' && !htlc.gone) this.#give(actor, htlc);
    return actor;
  }

  #give(actor: Actor, htlc: Situation['htlcs'][number]): void {
    actor.do({ kind: 'fulfill_htlc', id: htlc.id, paymentPreimage: preimageFor(htlc), attributionData: undefined });
  }

  run(): Played {
    const { reorg } = this.#cell;
    this.#confirm(this.#cell.close);
    if (reorg) {
      for (let depth = 1; depth < reorg.depth; depth++) this.#step(true);
      this.#reorganise(reorg.depth);
    }
    for (let step = 0; this.#step(false); step++) if (step > MOST_STEPS) throw new Error(`no end at height ${this.#chain.tip}: ${this.#us.claims.map(({ method }) => (method.kind === 'claim' ? method.claim.kind : method.kind)).join(', ')}`);
    this.#endBranch();
    return {
      situation: this.#situation, tellings: this.#us.tellings, closedAt: this.#us.closedAt, branches: this.#branches, mined: this.#chain.mined, happenings: this.#chain.happenings,
      walletDeltaSat: { alice: this.#delta('alice'), bob: this.#delta('bob') },
    }; // prettier-ignore
  }

  /** The closing transaction gets into the next block, by whoever publishes it. */
  #confirm(close: Close, ownOffers = true): void {
    const tx = this.#situation.txs[close]!;
    const by = close === 'ours' || close === 'mutual' ? this.#us : this.#peer;
    if (close !== 'mutual' && ownOffers) by.do({ kind: 'force_close', reason: 'user' });
    const offers = close !== 'mutual' && ownOffers ? by.offers(this.#chain) : [];
    const all = offers.some((offer) => sameId(offer.tx, tx)) ? offers : [{ tx, by: by.side }];
    this.#mine(all);
    this.#closedIn = this.#chain.tip;
    if (this.#chain.spenderOf(this.#situation.ourState.fundingOutPoint)?.height !== this.#chain.tip) throw new Error(`${close} did not confirm`);
    this.#seeBlock();
  }

  #reorganise(depth: number): void {
    const { undoneFirst } = this.#cell;
    this.#endBranch();
    this.#close = otherClose(this.#cell);
    this.#chain.undo(depth);
    this.#peer = this.#actor(otherSide(this.#cell.us), this.#close, false);
    if (undoneFirst) this.#us.see(this.#chain);
    this.#confirm(this.#close, undoneFirst);
    for (let i = 0; i < depth; i++) this.#step(true);
  }

  #endBranch(): void {
    const tx = this.#chain.spenderOf(this.#situation.ourState.fundingOutPoint)!;
    const spenders = new Map(this.#chain.mined.flatMap((one) => one.tx.inputs.map((input) => [outPointKey(input), one] as const)));
    this.#branches.push({ close: this.#close, tx, tip: this.#chain.tip, seen: this.#seen, chain: { spenderOf: (outPoint) => spenders.get(outPointKey(outPoint)) } });
    this.#seen = [];
  }

  #mine(offers: readonly Offer[]): void {
    const mined = this.#chain.mine(offers);
    for (const { tx } of mined) this.#seen.push({ tx, height: this.#chain.tip });
    this.#isEmptyBlock = mined.length === 0;
  }

  #seeBlock(): void {
    this.#us.see(this.#chain);
    // What the peer hears of empty blocks is of no interest here: it claims when it can, and nobody asks it when it forgets.
    if (!this.#isEmptyBlock) this.#peer.see(this.#chain);
    this.#afterTheClose();
    if (this.#cell.ghosts) this.#us.haunt();
  }

  /** The preimages that come only now. */
  #afterTheClose(): void {
    if (this.#chain.tip <= this.#closedIn) return;
    for (const htlc of this.#situation.htlcs) {
      if (htlc.preimage !== 'after') continue;
      if (htlc.by === this.#cell.us) this.#give(this.#peer, htlc);
      else if (!this.#givenAfter) this.#give(this.#us, htlc);
    }
    this.#givenAfter = true;
  }

  /** The next block that matters; false when none does. */
  #step(mustBeNext: boolean): boolean {
    const offers = this.#offers();
    if (this.#cell.mempoolFirst) {
      for (const { tx, by } of offers.filter((offer) => offer.by !== this.#us.side)) {
        this.#seen.push({ tx, height: this.#us.height });
        if (by !== this.#us.side) this.#us.seeOffered(tx);
      }
    }
    const next = mustBeNext || offers.length > 0 ? this.#chain.tip + 1 : this.#nextHeight();
    if (next === undefined) return false;
    this.#chain.tip = next - 1;
    this.#mine(offers);
    this.#seeBlock();
    return true;
  }

  #offers(): readonly Offer[] {
    const fresh = ({ tx }: Offer): boolean => tx.inputs.every((input) => this.#chain.spenderOf(input) === undefined);
    const ours = this.#us.offers(this.#chain).filter(fresh);
    if (this.#close !== 'revoked') return [...ours, ...this.#peer.offers(this.#chain).filter(fresh)];
    const { cheat } = this.#cell;
    if (cheat === 'sleeps') return ours;
    const isStage = ({ method }: Actor['claims'][number]): boolean => method.kind === 'htlc_tx';
    // The cheater's HTLC transactions come before the penalty of those outputs.
    const stages = this.#peer.claims.filter(isStage);
    const kept = new Set(stages.map(({ outPoint }) => outPointKey(outPoint)));
    const allowed = ours.filter(({ tx }) => !tx.inputs.some((input) => kept.has(outPointKey(input))));
    return [...allowed, ...this.#stages(stages).filter(fresh)];
  }

  #stages(stages: Actor['claims']): readonly Offer[] {
    const { cheat, channelType } = this.#cell;
    const by = this.#peer.side;
    const due = stages.filter(({ earliestHeight }) => earliestHeight <= this.#chain.tip + 1);
    const aged = due.filter(({ outPoint }) => this.#chain.isUnspent(outPoint));
    if (cheat === 'second stages merged' && channelType === 'anchors') {
      const coin = this.#coins[by].find((one) => this.#chain.isUnspent(one))!;
      return aged.length === 0 ? [] : [{ by, tx: mergedSecondStage(aged, coin, this.#peer.channel.walletScript) }];
    }
    const keys = new Set(stages.map(({ outPoint }) => outPointKey(outPoint)));
    return this.#peer.offers(this.#chain).filter(({ tx }) => keys.has(outPointKey(tx.inputs[0]!)));
  }

  #nextHeight(): number | undefined {
    const { tip } = this.#chain;
    const heights = [
      ...this.#chain.mined.flatMap(({ height }) => [height + 4, height + 5, height + 98, height + 99]),
      ...[...this.#us.claims, ...this.#peer.claims].map(({ earliestHeight }) => earliestHeight - 1),
      ...this.#situation.htlcs.flatMap(({ expiry }) => [expiry + 4, expiry + 5]),
    ].filter((height) => height > tip);
    const isOver = this.#us.closedAt !== undefined && (this.#peer.claims.length === 0 || this.#isCheaterBeaten());
    return heights.length === 0 || isOver ? undefined : Math.min(...heights);
  }

  #isCheaterBeaten(): boolean {
    return this.#close === 'revoked' && this.#peer.claims.every(({ outPoint }) => !this.#chain.isUnspent(outPoint));
  }

  #delta(side: SideName): bigint {
    const script = toHex((side === this.#us.side ? this.#us : this.#peer).channel.walletScript);
    const coins = this.#coins[side].filter((coin) => !this.#chain.isUnspent(coin));
    const inSat = this.#chain.mined.flatMap(({ tx }) => tx.outputs).reduce((sum, output) => (toHex(output.script) === script ? sum + output.amountSat : sum), 0n);
    return coins.reduce((sum, { amountSat }) => sum - amountSat, inSat);
  }
}

const sameId = (a: Tx, b: Tx): boolean => a.locktime === b.locktime && a.inputs[0]!.txid === b.inputs[0]!.txid && a.inputs[0]!.vout === b.inputs[0]!.vout && a.outputs.length === b.outputs.length;
