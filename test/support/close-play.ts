import { expect } from 'vitest';
import { type OutPoint, type Tx, outPointKey, txid } from '../../core/bitcoin/transaction.ts';
import { knownCommitment } from '../../core/channel/onchain/confirmed.ts';
import type { ClosePreview, PreviewedTransaction } from '../../core/channel/onchain/preview.ts';
import { htlcKey } from '../../core/channel/types.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../core/lib/bytes.ts';
import { msat, sat } from '../../core/lib/units.ts';
import type { DesiredClaim } from '../../core/tx/desired-claim.ts';
import type { ChannelType } from '../../core/tx/weights.ts';
import { type ChannelPair, SIDES, type SideName, actionsOf, commitmentsOf, fulfill, offer, otherSide, reachNormal } from './channel-pair.ts';
import { type FeeCoin, builtChild, builtClaim, coinScript } from './claim-builder.ts';
import { SmallChain } from './small-chain.ts';

const COIN_KEY = sha256(utf8('a coin of the wallet'));

/** A channel that is closed by force. */
export interface ClosePlan {
  readonly channelType: ChannelType;
  readonly us: SideName;
  readonly commitment: ClosePreview['commitment'];
  readonly feerate: number;
  /** In thousandths. */
  readonly push: number;
  readonly atHeight: number;
  readonly htlcs: readonly { readonly by: SideName; readonly amountSat: number; readonly expiry: number; readonly known: boolean }[];
}

export interface Situation {
  readonly pair: ChannelPair;
  /** Whether the receiver has the preimage, by our view's key. */
  readonly known: ReadonlyMap<string, boolean>;
}

/** The pair with the HTLCs in both commitments, and the preimages where the plan says; the other side has not heard of them, unless a commitment is on its way. */
export function situation({ channelType, us, commitment, feerate, push, htlcs }: ClosePlan): Situation {
  const pair = reachNormal({ channelType, feerate, capacitySat: sat(2_000_000n), pushMsat: BigInt(push) * 2_000_000n });
  const known = new Map<string, boolean>();
  const fulfills: (() => void)[] = [];
  const add = (n: number, { by, amountSat, expiry, known: isKnown }: ClosePlan['htlcs'][number]): void => {
    const [offered] = actionsOf(pair.do(by, { ...offer(n, 0n, expiry), amountMsat: msat(BigInt(amountSat) * 1000n + 7n) }), 'htlc_offered');
    if (!offered) return;
    known.set(htlcKey(by === us ? 'offered' : 'received', offered.id), isKnown);
    if (isKnown) fulfills.push(() => pair.do(otherSide(by), fulfill(n, offered.id)));
  };
  for (const [n, htlc] of htlcs.entries()) add(n, htlc);
  pair.run();
  for (const give of fulfills.splice(0)) give();
  if (commitment !== 'theirs_next') return { pair, known };
  // One more, signed by us: the peer holds two commitments, and has not revoked the older one as far as we know.
  add(htlcs.length, { by: us, amountSat: 30_000, expiry: 900, known: false });
  pair.do(us, { kind: 'sign' });
  return { pair, known };
}

/** What the publisher would publish. */
export function publishedBy(pair: ChannelPair, plan: ClosePlan): Tx {
  const twin = pair.copy();
  const publisher = plan.commitment === 'ours' ? plan.us : otherSide(plan.us);
  if (plan.commitment === 'theirs_next') while (twin.deliver(publisher));
  return commitmentsOf(twin.do(publisher, { kind: 'force_close', reason: 'user' }))[0]!;
}

export interface Done {
  readonly by: SideName;
  readonly label: PreviewedTransaction['label'];
  readonly htlc: string | undefined;
  readonly tx: Tx;
  readonly height: number;
  readonly feeSat: bigint;
  readonly takenSat: bigint;
}

const LABELS = { to_local_delayed: 'sweep', to_remote: 'sweep', offered_htlc_timeout_remote: 'claim', received_htlc_success_remote: 'claim' } as const;
export function labelOf({ method }: DesiredClaim): PreviewedTransaction['label'] {
  if (method.kind === 'claim') return LABELS[method.claim.kind as 'to_remote'];
  return method.htlcTransaction.htlc.direction === 'offered' ? 'htlc_timeout' : 'htlc_success';
}
const showsPreimage = ({ method }: DesiredClaim): boolean => (method.kind === 'htlc_tx' ? method.preimage !== undefined : method.claim.kind === 'received_htlc_success_remote');

/** Both machines on a chain that has every transaction as early as the network allows it. */
export class ClosePlay {
  readonly chain = new SmallChain();
  readonly done: Done[] = [];
  readonly coins: (FeeCoin & { readonly side: SideName })[] = [];
  readonly #pair: ChannelPair;
  readonly #plan: ClosePlan;
  readonly #rate: number;
  readonly #watched: Record<SideName, Set<string>> = { alice: new Set(), bob: new Set() };
  readonly #claims: Record<SideName, readonly DesiredClaim[]> = { alice: [], bob: [] };
  readonly #built = new Map<string, Tx | undefined>();
  readonly #htlcOfOutput = new Map<string, string>();
  readonly #isWorthIt: (side: SideName, claim: DesiredClaim, htlc: string | undefined) => boolean;

  constructor(pair: ChannelPair, plan: ClosePlan, rate: number, isWorthIt: (side: SideName, claim: DesiredClaim, htlc: string | undefined) => boolean) {
    this.#pair = pair.copy();
    this.#plan = plan;
    this.#rate = rate;
    this.#isWorthIt = isWorthIt;
    this.chain.add(pair.alice.fundingOutPoint, pair.fundingTx.outputs[0]!);
  }

  run(): this {
    const { us, commitment, atHeight } = this.#plan;
    const commitmentTx = publishedBy(this.#pair, this.#plan);
    if (commitment === 'theirs_next') while (this.#pair.deliver(otherSide(us)));
    this.#noteHtlcs(commitmentTx);
    let tip = atHeight + 1;
    const publisher = commitment === 'ours' ? us : otherSide(us);
    const [desired] = commitment === 'ours' ? actionsOf(this.#pair.copy().do(us, { kind: 'force_close', reason: 'user' }), 'commitment').map((action) => action.desired) : [];
    this.#confirm(publisher, 'commitment', undefined, commitmentTx, tip);
    const child = desired && builtChild(desired, this.#with(us));
    if (child) this.#confirm(us, 'anchor_child', undefined, child, tip);
    for (const side of SIDES) {
      this.#at(side, tip);
      this.#hear(side, this.#pair.fundingSpent(side, commitmentTx, tip));
      if (child) this.#tell(side, child, tip);
    }
    for (;;) {
      const [next] = this.#candidates(Math.max(tip, atHeight + 2));
      if (!next) return this;
      tip = next.height;
      this.#confirm(next.side, labelOf(next.claim), next.htlc, next.tx, tip);
      if (next.htlc !== undefined) this.#htlcOfOutput.set(outPointKey({ txid: txid(next.tx), vout: 0 }), next.htlc);
      for (const side of SIDES) {
        this.#at(side, tip);
        this.#tell(side, next.tx, tip);
        this.#hear(side, this.#pair.do(side, { kind: 'block' }));
      }
    }
  }

  /** Which HTLC an output of the commitment is, by our view. */
  #noteHtlcs(tx: Tx): void {
    const { us, commitment } = this.#plan;
    const which = ({ ours: 'localCurrent', theirs: 'remoteCurrent', theirs_next: 'remoteNext' } as const)[commitment];
    const known = knownCommitment(this.#pair[us], this.#pair.ctx[us].keys, which)!;
    expect(known.commitment.txid).toBe(txid(tx));
    for (const { htlc, vout } of known.commitment.htlcs) {
      const direction = (htlc.direction === 'offered') === (commitment === 'ours') ? 'offered' : 'received';
      this.#htlcOfOutput.set(outPointKey({ txid: txid(tx), vout }), htlcKey(direction, htlc.id));
    }
  }

  #candidates(from: number): { readonly side: SideName; readonly claim: DesiredClaim; readonly tx: Tx; readonly height: number; readonly htlc: string | undefined }[] {
    const found = SIDES.flatMap((side) =>
      this.#claims[side].flatMap((claim) => {
        const htlc = this.#htlcOfOutput.get(outPointKey(claim.outPoint));
        if (!this.#isWorthIt(side, claim, htlc)) return [];
        const key = `${side} ${outPointKey(claim.outPoint)}`;
        if (!this.#built.has(key)) this.#built.set(key, builtClaim(claim, this.#with(side)));
        const tx = this.#built.get(key);
        if (!tx) return [];
        return [{ side, claim, tx, htlc, height: this.chain.earliest(tx, from) }];
      }),
    );
    return found.sort((a, b) => a.height - b.height || Number(showsPreimage(b.claim)) - Number(showsPreimage(a.claim)));
  }

  #with(side: SideName) {
    const coin = (): FeeCoin => {
      const amountSat = 5_000_000n;
      const outPoint = this.chain.coin({ amountSat: sat(amountSat), script: coinScript({ privateKey: COIN_KEY }) });
      const made = { ...outPoint, amountSat, privateKey: COIN_KEY };
      this.coins.push({ ...made, side });
      return made;
    };
    return { feerate: this.#rate, destinationScript: this.#pair[side].walletScript, coin };
  }

  #confirm(by: SideName, label: Done['label'], htlc: string | undefined, tx: Tx, height: number): void {
    const takenSat = this.chain.outputOf(tx.inputs[0]!)!.amountSat;
    this.chain.confirm(tx, height);
    this.done.push({ by, label, htlc, tx, height, takenSat, feeSat: this.chain.confirmed.at(-1)!.feeSat });
  }

  #at(side: SideName, blockHeight: number): void {
    this.#pair.ctx[side] = { ...this.#pair.ctx[side], blockHeight };
  }

  #hear(side: SideName, actions: ReturnType<ChannelPair['do']>): void {
    for (const { outPoint } of actionsOf(actions, 'watch_output')) this.#watched[side].add(outPointKey(outPoint));
    const said = actionsOf(actions, 'claims').at(-1);
    if (said) this.#claims[side] = said.claims;
  }

  #tell(side: SideName, tx: Tx, height: number): void {
    for (const input of tx.inputs) {
      const outPoint: OutPoint = { txid: input.txid, vout: input.vout };
      if (this.#watched[side].has(outPointKey(outPoint))) this.#hear(side, this.#pair.do(side, { kind: 'output_spent', outPoint, tx, height }));
    }
  }

  /** What the wallet of `side` has more than before. */
  walletDeltaSat(side: SideName): bigint {
    const script = toHex(this.#pair[side].walletScript);
    const spent = new Set(this.done.flatMap(({ tx }) => tx.inputs.map(outPointKey)));
    const inSat = this.done.flatMap(({ tx }) => tx.outputs).reduce((sum, output) => (toHex(output.script) === script ? sum + output.amountSat : sum), 0n);
    return this.coins.filter((coin) => coin.side === side && spent.has(outPointKey(coin))).reduce((sum, { amountSat }) => sum - amountSat, inSat);
  }
}
