import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { txWeight, txid } from '../../../core/bitcoin/transaction.ts';
import { type AtRates, type ClosePreview, type PreviewedHtlc, type PreviewedTransaction, previewForceClose, summarize } from '../../../core/channel/onchain/preview.ts';
import { htlcKey } from '../../../core/channel/types.ts';
import { type FeeratePerKw, feeratePerKw } from '../../../core/lib/units.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';
import { type ChannelPair, type SideName, otherSide, reachNormal, valueOf } from '../../support/channel-pair.ts';
import { seeded } from '../../support/channel-walk.ts';
import { fullWeight } from '../../support/claim-builder.ts';
import { ClosePlay, type ClosePlan, labelOf, publishedBy, situation } from '../../support/close-play.ts';

const RATES: AtRates<FeeratePerKw> = [feeratePerKw(253), feeratePerKw(2500), feeratePerKw(25_000)];

const keyOf = (htlc: PreviewedTransaction['htlc'] | PreviewedHtlc): string | undefined => htlc && htlcKey(htlc.direction, htlc.id);

function previewOf(pair: ChannelPair, { us, commitment, atHeight }: ClosePlan): ClosePreview {
  const previews = valueOf(previewForceClose(pair[us], pair.ctx[us].keys, { commitment: commitment === 'ours' ? 'ours' : 'theirs', atHeight, feerates: RATES }));
  const found = previews.find((preview) => preview.commitment === commitment);
  expect(found, commitment).toBeDefined();
  return found!;
}

/** The preview of `plan` and what really happens, at each rate, are the same to the satoshi and the block. */
function expectTrue(plan: ClosePlan): void {
  const { pair, known } = situation(plan);
  fc.pre(plan.commitment !== 'theirs_next' || pair[plan.us].commitments.awaitingRevocation);
  const preview = previewOf(pair, plan);
  const ends = (htlc: PreviewedTransaction['htlc']): boolean => !htlc || known.get(keyOf(htlc)!) === htlc.preimageKnown;
  const peer = otherSide(plan.us);
  for (const i of [0, 1, 2] as const) {
    for (const { uneconomicAt, walletDeltaSat } of preview.transactions) if (uneconomicAt[i]) expect(walletDeltaSat[i]).toBe(0n);
    const expected = preview.transactions.filter(({ htlc, uneconomicAt, neededAt }) => ends(htlc) && !uneconomicAt[i] && neededAt[i]);
    const find = (side: SideName, label: string, htlc: string | undefined) => preview.transactions.find((tx) => (tx.by === 'us') === (side === plan.us) && tx.label === label && keyOf(tx.htlc) === htlc && ends(tx.htlc));
    const play = new ClosePlay(pair, plan, RATES[i], (side, claim, htlc) => {
      // What the peer does with its own main output and second stages is no part of the preview.
      if (side === peer && labelOf(claim) === 'sweep') return false;
      const label = labelOf(claim);
      const predicted = find(side, label, htlc);
      expect(preview.transactions.some((tx) => (tx.by === 'us') === (side === plan.us) && tx.label === label && keyOf(tx.htlc) === htlc), `${side} ${label} ${htlc} is foreseen`).toBe(true);
      // One that is not predicted in this outcome waits until another took its output.
      return predicted !== undefined && !predicted.uneconomicAt[i];
    }).run();
    for (const done of play.done) {
      const predicted = find(done.by, done.label, done.htlc);
      expect(predicted, `${done.by} ${done.label} ${done.htlc}`).toBeDefined();
      const { weight, signatures } = fullWeight(done.tx, play.coins);
      expect({ label: done.label, height: done.height, weight, feeSat: done.feeSat }).toEqual({ label: done.label, height: predicted!.confirmableAtHeight, weight: done.label === 'commitment' && plan.commitment === 'ours' ? weight : predicted!.weight, feeSat: predicted!.feeSat[i] });
      expect(txWeight(done.tx)).toBeLessThanOrEqual(predicted!.weight);
      // DER drops leading zeros: one byte in 256 signatures, four in four thousand million.
      expect(predicted!.weight - txWeight(done.tx)).toBeLessThanOrEqual(4 * signatures);
      if (predicted!.txid !== undefined) expect(txid(done.tx)).toBe(predicted!.txid);
      if (done.label !== 'commitment') expect(done.takenSat).toBe(predicted!.valueSat);
    }
    const names = (txs: readonly (Pick<PreviewedTransaction, 'label'> & { readonly who: string; readonly key: string | undefined })[]) => txs.map(({ label, who, key }) => `${who} ${label} ${key}`).toSorted();
    expect(names(play.done.map(({ label, by, htlc }) => ({ label, who: by === plan.us ? 'us' : 'peer', key: htlc })))).toEqual(names(expected.map(({ label, by, htlc }) => ({ label, who: by, key: keyOf(htlc) }))));
    const summary = summarize(preview, (htlc) => known.get(keyOf(htlc)!) ?? false);
    expect(play.walletDeltaSat(plan.us), `what comes back at ${RATES[i]}`).toBe(summary.backSat[i]);
    const gains = play.done.filter(({ by, label, tx, takenSat }) => by === plan.us && (label === 'sweep' || label === 'claim') && tx.outputs[0]!.amountSat <= takenSat);
    expect(summary.backAtHeight[i]).toBe(gains.length === 0 ? undefined : Math.max(...gains.map(({ height }) => height)));
    expect(summary.feesSat[i]).toBe(play.done.filter(({ by, label }) => by === plan.us && label !== 'commitment').reduce((sum, { feeSat }) => sum + feeSat, 0n));
  }
}

const htlcOf = (amount: fc.Arbitrary<number>) =>
  fc.record({ by: fc.constantFrom<SideName>('alice', 'bob'), amountSat: amount, expiry: fc.integer({ min: 560, max: 900 }), known: fc.boolean() });
const plans = (channelType: ChannelType, commitment: ClosePlan['commitment']): fc.Arbitrary<ClosePlan> =>
  fc.record({
    channelType: fc.constant(channelType), commitment: fc.constant(commitment), us: fc.constantFrom<SideName>('alice', 'bob'), feerate: fc.constantFrom(253, 2500, 6000),
    push: fc.constantFrom(20, 300, 500, 900), atHeight: fc.integer({ min: 511, max: 700 }),
    // Either trimmed at every rate or far from it: what is worth less than 1000 sat may be forgotten before its time.
    htlcs: fc.array(fc.oneof(htlcOf(fc.integer({ min: 20, max: 340 })), htlcOf(fc.integer({ min: 6_000, max: 90_000 }))), { maxLength: 7 }),
  }); // prettier-ignore

describe.each(['anchors', 'static_remotekey'] as const)('the preview of a forced close, %s', (channelType) => {
  it.each(['ours', 'theirs', 'theirs_next'] as const)('by %s comes true to the satoshi and the block, whatever the HTLCs', (commitment) => {
    fc.assert(fc.property(plans(channelType, commitment), expectTrue), seeded(20));
  }, 240_000);

  it.each(['ours', 'theirs'] as const)('by %s has both outcomes of every HTLC', (commitment) => {
    const htlcs = (['alice', 'bob'] as const).flatMap((by) => [true, false].map((known) => ({ by, known, amountSat: 50_000, expiry: 800 })));
    const { pair } = situation({ channelType, commitment, us: 'alice', feerate: 2500, push: 400, atHeight: 520, htlcs });
    const [preview] = valueOf(previewForceClose(pair.alice, pair.ctx.alice.keys, { commitment, atHeight: 520, feerates: RATES }));
    expect(preview!.htlcs).toHaveLength(4);
    for (const htlc of preview!.htlcs) {
      for (const known of [true, false]) {
        const first = preview!.transactions.find((tx) => keyOf(tx.htlc) === keyOf(htlc) && tx.htlc?.preimageKnown === known);
        expect(first?.by, `${keyOf(htlc)} ${known}`).toBe((htlc.direction === 'received') === known ? 'us' : 'peer');
        const backWith = summarize(preview!, (other) => (other === htlc ? known : other.preimageKnown)).backSat[0];
        const backWithout = summarize(preview!, (other) => (other === htlc ? !known : other.preimageKnown)).backSat[0];
        expect(backWith > backWithout).toBe(first!.by === 'us');
      }
    }
    expect(preview!.htlcs.filter(({ preimageKnown }) => preimageKnown).map(({ direction }) => direction)).toEqual(['received']);
  });
});

describe('a preview', () => {
  const plain = (over: Partial<ClosePlan> = {}): ClosePlan => ({ channelType: 'anchors', commitment: 'ours', us: 'alice', feerate: 2500, push: 400, atHeight: 520, htlcs: [], ...over });

  it('says what is lost because it is too small', () => {
    const { pair } = situation(plain({ htlcs: [{ by: 'alice', amountSat: 300, expiry: 800, known: false }, { by: 'bob', amountSat: 200, expiry: 800, known: true }, { by: 'bob', amountSat: 100, expiry: 800, known: false }] }));
    expect(previewOf(pair, plain()).summary.lostToDustSat).toBe(500n);
    const poor = reachNormal({ pushMsat: 300_000n });
    const [preview] = valueOf(previewForceClose(poor.bob, poor.ctx.bob.keys, { commitment: 'theirs', atHeight: 520, feerates: RATES }));
    expect(preview!.summary).toMatchObject({ lostToDustSat: 300n, backSat: [0n, 0n, 0n], backAtHeight: [undefined, undefined, undefined] });
  });

  it('says which claims do not pay, where the limit really is', () => {
    const limitOf = (amountSat: number, rate: number): boolean => {
      const plan = plain({ htlcs: [{ by: 'alice', amountSat, expiry: 800, known: false }] });
      const { pair } = situation(plan);
      const [preview] = valueOf(previewForceClose(pair.alice, pair.ctx.alice.keys, { commitment: 'ours', atHeight: 520, feerates: [feeratePerKw(rate), feeratePerKw(rate), feeratePerKw(rate)] }));
      const [first, second] = preview!.transactions.filter(({ htlc, by }) => htlc && by === 'us');
      expect(second!.uneconomicAt[0]).toBe(first!.uneconomicAt[0]);
      const costSat = first!.feeSat[0] + second!.feeSat[0];
      expect(first!.uneconomicAt[0]).toBe(BigInt(amountSat) <= costSat);
      return first!.uneconomicAt[0];
    };
    const { pair } = situation(plain({ htlcs: [{ by: 'alice', amountSat: 50_000, expiry: 800, known: false }] }));
    const costSat = Number(previewOf(pair, plain()).transactions.filter(({ htlc, by }) => htlc && by === 'us').reduce((sum, { feeSat }) => sum + feeSat[1], 0n));
    expect(limitOf(costSat, 2500)).toBe(true);
    expect(limitOf(costSat + 1, 2500)).toBe(false);
  });

  it('needs no child where the commitment pays the rate', () => {
    const { pair } = situation(plain({ feerate: 6000 }));
    const { transactions } = previewOf(pair, plain());
    expect(transactions.find(({ label }) => label === 'anchor_child')?.neededAt).toEqual([false, false, true]);
    expect(transactions[0]?.paysRateAt).toEqual([true, true, false]);
  });

  it('counts the delay from the height that is asked for', () => {
    const { pair } = situation(plain());
    const heights = [520, 5000].map((atHeight) => previewOf(pair, plain({ atHeight })).summary.backAtHeight[0]);
    const delay = pair.alice.config.remote.toSelfDelay;
    expect(heights).toEqual([521 + delay, 5001 + delay]);
  });

  it('of what cannot happen is refused', () => {
    const { pair } = situation(plain());
    const params = { commitment: 'ours', atHeight: 520, feerates: RATES } as const;
    const { keys } = pair.ctx.alice;
    expect(previewForceClose({ ...pair.alice, phase: 'fallen_behind' }, keys, params)).toEqual({ ok: false, error: 'fallen_behind' });
    expect(previewForceClose({ ...pair.alice, phase: 'fallen_behind' }, keys, { ...params, commitment: 'theirs' }).ok).toBe(true);
    const tx = publishedBy(pair, plain());
    pair.fundingSpent('alice', tx, 600);
    expect(previewForceClose(pair.alice, keys, params)).toEqual({ ok: false, error: 'already_spent' });
  });

  it('changes nothing and needs no preimage', () => {
    const { pair } = situation(plain({ htlcs: [{ by: 'bob', amountSat: 50_000, expiry: 800, known: false }] }));
    const before = structuredClone(pair.alice);
    previewOf(pair, plain());
    expect(pair.alice).toEqual(before);
    expect([...pair.alice.commitments.htlcs.values()].every(({ removal }) => removal === undefined)).toBe(true);
  });
});
