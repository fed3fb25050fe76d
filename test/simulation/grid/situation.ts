import type { OutPoint, Tx } from '../../../core/bitcoin/transaction.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { type ChannelPair, type SideName, actionsOf, commitmentsOf, failHtlc, fulfill, offer, otherSide, preimageOf, reachNormal } from '../../support/channel-pair.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';
import { useRememberingCurve } from '../../support/remembering-curve.ts';
import type { Cell, Close, Preimage } from './plan.ts';

useRememberingCurve();

/** How an HTLC stands in a commitment. */
export type Standing = 'absent' | 'open' | 'fulfilled' | 'failed';

/** Everything that was ever offered, as whoever set the scene knows it: the expectations are worked out from this alone. */
export interface TrueHtlc {
  readonly by: SideName;
  readonly id: bigint;
  readonly n: number;
  readonly amountMsat: bigint;
  readonly expiry: number;
  readonly preimage: Preimage;
  /** Settled between the two long before the close: nobody waits for it. */
  readonly gone: boolean;
  readonly in: Readonly<Record<Close, Standing>>;
}

export interface Situation {
  readonly fundingTx: Tx;
  readonly pair: ChannelPair;
  readonly ourState: FundedChannel;
  /** The state in which the peer holds this as its newest commitment; for `ours` and `mutual` its newest of all. */
  readonly peerState: Readonly<Partial<Record<Close, FundedChannel>>>;
  readonly txs: Readonly<Partial<Record<Close, Tx>>>;
  readonly htlcs: readonly TrueHtlc[];
}

export const CAPACITY_SAT = 1_000_000n;
export const PUSH_MSAT = 450_000_000n;
export const FEERATE = 2500;

const bases = new Map<ChannelType, ChannelPair>();
function baseOf(channelType: ChannelType, fundingCoin: OutPoint | undefined): ChannelPair {
  const options = { channelType, feerate: FEERATE, pushMsat: PUSH_MSAT, simpleClose: false } as const;
  if (fundingCoin) return reachNormal({ ...options, fundingCoin });
  const known = bases.get(channelType) ?? reachNormal(options);
  bases.set(channelType, known);
  return known.copy();
}

const EVERYWHERE = (standing: Standing): Record<Close, Standing> => ({ ours: standing, theirs: standing, theirsNext: standing, revoked: standing, mutual: standing, future: standing });

type Standings = Partial<Record<Close, Standing>>;
interface NewHtlc extends Pick<TrueHtlc, 'by' | 'n' | 'preimage'>, Partial<Pick<TrueHtlc, 'amountMsat' | 'expiry' | 'gone'>> {
  /** Where it does not stand open. */
  readonly standing?: Standings;
}

const AMOUNT = 40_000_123n;
const EQUAL = 35_000_000n;

const endOf = (preimage: Preimage): Standing => (preimage === 'never' ? 'failed' : 'fulfilled');

class Scene {
  readonly pair: ChannelPair;
  readonly us: SideName;
  readonly peer: SideName;
  readonly htlcs: TrueHtlc[] = [];
  /** What the peer held at a moment, and would have published. */
  readonly states: Partial<Record<Close, FundedChannel>> = {};
  readonly txs: Partial<Record<Close, Tx>> = {};

  constructor(pair: ChannelPair, us: SideName) {
    this.pair = pair;
    this.us = us;
    this.peer = otherSide(us);
  }

  add({ by, n, preimage, amountMsat = AMOUNT, expiry = 700, standing = {}, gone = false }: NewHtlc): TrueHtlc {
    const [offered] = actionsOf(this.pair.do(by, offer(n, amountMsat, expiry)), 'htlc_offered');
    if (!offered) throw new Error(`HTLC ${n} was refused`);
    const htlc: TrueHtlc = { by, id: offered.id, n, amountMsat, expiry, preimage, gone, in: { ...EVERYWHERE('open'), ...standing } };
    this.htlcs.push(htlc);
    return htlc;
  }

  /** Moves the commitments on by two: what was before is revoked. */
  pay(n: number, amountMsat: bigint, standing: Standings): void {
    const { id } = this.add({ by: this.us, n, amountMsat, expiry: 650, preimage: 'before', standing: { ...EVERYWHERE('fulfilled'), ...standing }, gone: true });
    this.pair.run();
    this.pair.do(this.peer, fulfill(n, id));
    this.pair.run();
  }

  note(close: Close, tx = this.commitmentOf(this.peer)): void {
    this.states[close] = this.pair[this.peer];
    this.txs[close] = tx;
  }

  commitmentOf(side: SideName): Tx {
    return commitmentsOf(this.pair.copy().do(side, { kind: 'force_close', reason: 'user' }))[0]!;
  }

  remove({ by, n, id }: TrueHtlc, preimage: Preimage): void {
    this.pair.do(otherSide(by), preimage === 'never' ? failHtlc(id) : fulfill(n, id));
  }

  /** Signs, and has everything that waits for `by` and the answer of the other delivered, but for what the other would sign itself. */
  commit(by: SideName, deliverAnswer: boolean): void {
    this.pair.do(by, { kind: 'sign' });
    while (this.pair.deliver(otherSide(by)));
    if (deliverAnswer) while (this.pair.deliver(by));
  }
}

/** The HTLCs of the kind that stand in every commitment, the revoked one among them. */
function addStanding(scene: Scene, { htlc, preimage, close }: Coordinates): void {
  const add = (htlcOf: NewHtlc): TrueHtlc => scene.add(close === 'future' ? { ...htlcOf, standing: { ...htlcOf.standing, revoked: 'absent' } } : htlcOf);
  const { us, peer } = scene;
  if (htlc === 'offered') add({ by: us, n: 1, preimage });
  if (htlc === 'received') add({ by: peer, n: 2, expiry: 705, preimage });
  if (htlc === 'dust') {
    add({ by: us, n: 3, amountMsat: 300_000n, preimage });
    add({ by: peer, n: 4, amountMsat: 310_999n, expiry: 705, preimage });
  }
  if (htlc === 'equal') {
    add({ by: us, n: 5, amountMsat: EQUAL, preimage });
    add({ by: us, n: 5, amountMsat: EQUAL, expiry: 720, preimage });
    add({ by: peer, n: 5, amountMsat: EQUAL, expiry: 710, preimage });
  }
  if (htlc === 'removed' && close === 'revoked') {
    const standing = { ...EVERYWHERE(endOf(preimage)), revoked: 'open' } as const;
    add({ by: us, n: 6, preimage, standing, gone: true });
    add({ by: peer, n: 7, amountMsat: AMOUNT + 5_000_000n, expiry: 705, preimage, standing, gone: true });
  }
  scene.pair.run();
}

/** The half-way states, in which the commitments differ. */
function addHalfWay(scene: Scene, { close, htlc, preimage }: Coordinates): void {
  const { pair, us, peer } = scene;
  const revoked = 'absent';
  if (close === 'theirsNext') return addNext(scene, { htlc, preimage });
  if (htlc === 'notYet') {
    if (close === 'theirs') scene.note('theirs');
    const standing = close === 'revoked' ? { revoked } : close === 'ours' ? { revoked, ours: 'absent' } : { revoked, ours: 'absent', theirs: 'absent' };
    scene.add({ by: us, n: 8, preimage, standing: standing as Standings });
    if (close === 'theirs') pair.do(us, { kind: 'sign' });
    else if (close === 'ours') {
      scene.commit(us, false);
      // The revocation alone comes back.
      pair.deliver(us);
    } else pair.run();
  }
  if (htlc === 'removed' && close !== 'revoked') {
    // Whoever received it removes it, and it is gone from the other's commitment alone.
    const by = close === 'ours' ? us : peer;
    const removed = scene.add({ by, n: 9, preimage, standing: { revoked, [close]: endOf(preimage) } });
    pair.run();
    scene.remove(removed, preimage);
    scene.commit(otherSide(by), true);
  }
}

/** A commitment of the peer that we signed, while it has not revoked the one before as far as we know. */
function addNext(scene: Scene, { htlc, preimage }: Pick<Coordinates, 'htlc' | 'preimage'>): void {
  const { pair, us, peer } = scene;
  const revoked = 'absent';
  if (htlc === 'removed') {
    const removed = scene.add({ by: peer, n: 10, preimage, standing: { revoked, theirsNext: endOf(preimage) } });
    pair.run();
    scene.note('theirs');
    scene.remove(removed, preimage);
  } else scene.note('theirs');
  scene.add({ by: us, n: 11, amountMsat: 25_000_456n, expiry: 730, preimage: 'never', standing: { revoked, ours: 'absent', theirs: 'absent' } });
  if (htlc === 'notYet') {
    pair.do(us, { kind: 'sign' });
    scene.add({ by: peer, n: 12, preimage, standing: { revoked, theirs: 'absent', theirsNext: 'absent' } });
    pair.do(peer, { kind: 'sign' });
    while (pair.deliver(us));
    while (pair.deliver(peer));
  } else scene.commit(us, false);
  scene.note('theirsNext');
}

/** The other side's knowledge comes to us; ours does not reach it any more. */
function giveBefore(scene: Scene): void {
  const { pair, us } = scene;
  for (const htlc of scene.htlcs) {
    if (htlc.gone || htlc.preimage !== 'before') continue;
    scene.remove(htlc, 'before');
    if (htlc.by !== us) continue;
    // It overtakes a revocation that is still on its way.
    pair.queues[us].splice(0, pair.queues[us].length - 1);
    pair.deliver(us);
  }
  pair.queues.alice.length = 0;
  pair.queues.bob.length = 0;
}

function negotiateClose(scene: Scene): void {
  const { pair, us } = scene;
  pair.do(us, { kind: 'shutdown', script: pair[us].walletScript, reason: 'user' });
  pair.run();
  const closing = actionsOf(pair.actions[us], 'publish').find(({ label }) => label === 'closing');
  if (!closing) throw new Error('no closing transaction');
  scene.note('mutual', closing.tx);
}

function upToDate(scene: Scene, cell: Coordinates): Situation {
  const { pair, us, peer } = scene;
  scene.pay(81, 12_000_000n, {});
  const first = scene.htlcs.length;
  addStanding(scene, cell);
  scene.note('revoked');
  if (cell.htlc === 'removed' && cell.close === 'revoked') {
    for (const htlc of scene.htlcs.slice(first)) scene.remove(htlc, cell.preimage);
    pair.run();
  }
  scene.pay(82, 13_000_000n, { revoked: 'absent' });
  addHalfWay(scene, cell);
  if (cell.htlc !== 'removed') giveBefore(scene);
  if (!scene.txs.theirs) scene.note('theirs');
  scene.txs.ours = scene.commitmentOf(us);
  scene.states.ours = pair[peer];
  if (cell.close === 'mutual') negotiateClose(scene);
  return { fundingTx: pair.fundingTx, pair, ourState: pair[us], peerState: scene.states, txs: scene.txs, htlcs: scene.htlcs };
}

/** We are where we were when the HTLCs came; the peer is two commitments further. */
function afterDataLoss(scene: Scene, cell: Coordinates): Situation {
  const { pair, us } = scene;
  scene.note('revoked');
  scene.pay(81, 12_000_000n, { revoked: 'absent' });
  addStanding(scene, cell);
  const ourState = pair[us];
  scene.note('theirs');
  scene.pay(82, 13_000_000n, { revoked: 'absent', theirs: 'absent' });
  scene.note('future');
  return { fundingTx: pair.fundingTx, pair, ourState, peerState: scene.states, txs: scene.txs, htlcs: scene.htlcs };
}

type Coordinates = Pick<Cell, 'us' | 'close' | 'channelType' | 'htlc' | 'preimage'>;
const known = new Map<string, Situation>();
/** Made once for all cells that share it. */
export function situationOf(cell: Coordinates): Situation {
  const key = [cell.us, cell.close, cell.channelType, cell.htlc, cell.preimage].join(' ');
  const made = known.get(key) ?? makeSituation(cell);
  known.set(key, made);
  return made;
}

/** `fundingCoin`: of a real chain. */
export function makeSituation(cell: Coordinates, fundingCoin?: OutPoint): Situation {
  const scene = new Scene(baseOf(cell.channelType, fundingCoin), cell.us);
  scene.pay(80, 11_000_000n, {});
  return cell.close === 'future' ? afterDataLoss(scene, cell) : upToDate(scene, cell);
}

export const preimageFor = ({ n }: TrueHtlc): Uint8Array => preimageOf(n);
