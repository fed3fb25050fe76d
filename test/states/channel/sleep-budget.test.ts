import { describe, expect, it } from 'vitest';
import { PENALTY_MARGIN_BLOCKS, sleepBudget, sleepBudgetBlocks } from '../../../core/channel/onchain/sleep-budget.ts';
import type { DesiredClaim } from '../../../core/tx/desired-claim.ts';
import { type ChannelPair, actionsOf, commitmentsOf, failHtlc, fulfill, offer, publishedLabels, reachNormal } from '../../support/channel-pair.ts';
import { builtClaim } from '../../support/claim-builder.ts';
import { SmallChain } from '../../support/small-chain.ts';

const NOW = 510;

/** Alice paid Bob once: each has revoked two commitments. */
function used(aliceDelay = 720, expiry = 700): ChannelPair {
  const pair = reachNormal({ pushMsat: 300_000_000n, aliceTerms: { toSelfDelay: aliceDelay } });
  pair.do('alice', offer(0, 20_000_000n, expiry));
  return pair.run();
}
const reasonsOf = (pair: ChannelPair, side: 'alice' | 'bob', height = NOW) => sleepBudgetBlocks(pair[side], height).reasons.map(({ reason, blocks, htlcId }) => [reason, blocks, htlcId]);

describe('the sleep budget of a channel', () => {
  it('that was never used has no end', () => {
    expect(sleepBudgetBlocks(reachNormal().alice, NOW)).toEqual({ blocks: undefined, reasons: [] });
  });

  it('is the delay that the peer must wait, less what a penalty needs', () => {
    expect(reasonsOf(used(720), 'alice')).toEqual([['breach_delay', 720 - PENALTY_MARGIN_BLOCKS, undefined]]);
    expect(sleepBudgetBlocks(used(1000).alice, NOW).blocks).toBe(1000 - PENALTY_MARGIN_BLOCKS);
    expect(sleepBudgetBlocks(used(10).alice, NOW).blocks).toBe(0);
  });

  it('is not shortened by what we offered, nor by what we cannot claim', () => {
    const pair = used();
    expect(reasonsOf(pair, 'alice').map(([reason]) => reason)).toEqual(['breach_delay']);
    expect(reasonsOf(pair, 'bob').map(([reason]) => reason)).toEqual(['breach_delay']);
    const paid = pair.copy();
    paid.do('bob', fulfill(0));
    paid.deliver('alice');
    expect(reasonsOf(paid, 'alice').map(([reason]) => reason)).toEqual(['breach_delay']);
    pair.do('bob', failHtlc(0n));
    expect(reasonsOf(pair, 'bob').map(([reason]) => reason)).toEqual(['breach_delay']);
  });

  it('is shortened by a received HTLC whose preimage is known, until it is gone', () => {
    const pair = used();
    pair.do('bob', fulfill(0));
    expect(reasonsOf(pair, 'bob')).toEqual([['htlc_expiry', 700 - 72 - NOW, 0n], ['breach_delay', 720 - PENALTY_MARGIN_BLOCKS, undefined]]);
    expect(sleepBudgetBlocks(pair.bob, 628).blocks).toBe(0);
    expect(sleepBudgetBlocks(pair.bob, 900).blocks).toBe(0);
    pair.run();
    expect(reasonsOf(pair, 'bob').map(([reason]) => reason)).toEqual(['breach_delay']);
  });

  it('is shortened by one whose preimage may come from elsewhere, when the caller says so', () => {
    const pair = used();
    expect(sleepBudgetBlocks(pair.bob, NOW, () => true).blocks).toBe(118);
    pair.do('bob', failHtlc(0n));
    expect(sleepBudgetBlocks(pair.bob, NOW, () => true).blocks).toBe(720 - PENALTY_MARGIN_BLOCKS);
  });

  it('ends exactly where the machine would close the channel for its deadline', () => {
    const pair = used();
    pair.do('bob', fulfill(0));
    const { blocks } = sleepBudgetBlocks(pair.bob, NOW);
    const wakesAt = (height: number) => {
      const twin = pair.copy();
      twin.ctx.bob = { ...twin.ctx.bob, blockHeight: height };
      return publishedLabels(twin.do('bob', { kind: 'block' }));
    };
    expect(wakesAt(NOW + blocks! - 1)).toEqual([]);
    expect(wakesAt(NOW + blocks!)).toEqual(['commitment']);
  });

  it('lets a penalty confirm before the cheater can take anything, and one more than the delay does not', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    const old = commitmentsOf(pair.copy().do('bob', { kind: 'force_close', reason: 'user' }))[0]!;
    pair.do('alice', offer(0, 20_000_000n));
    pair.run();
    // The worst: Bob publishes right after we fell asleep.
    const { blocks } = sleepBudgetBlocks(pair.alice, NOW);
    const cheatedAt = NOW + 1;
    const twin = pair.copy();
    twin.ctx.alice = { ...twin.ctx.alice, blockHeight: NOW + blocks! };
    const penalty = actionsOf(twin.fundingSpent('alice', old, cheatedAt), 'claims').at(-1)!.claims.find(({ method }) => method.kind === 'claim' && method.claim.kind === 'revoked_to_local');
    expect(penalty!.deadlineHeight).toBe(cheatedAt + 720);
    const freeBlocks = penalty!.deadlineHeight! - (NOW + blocks!) - 1;
    expect(freeBlocks).toBe(PENALTY_MARGIN_BLOCKS);
    // Bob's machine, that thinks the old commitment its newest, cannot take it in the meantime.
    const bob = reachNormal({ pushMsat: 300_000_000n });
    const [theirs] = actionsOf(bob.fundingSpent('bob', old, cheatedAt), 'claims').at(-1)!.claims;
    const chain = new SmallChain();
    chain.add(pair.alice.fundingOutPoint, pair.fundingTx.outputs[0]!);
    chain.confirm(old, cheatedAt);
    const build = (claim: DesiredClaim) => builtClaim(claim, { feerate: 1000, destinationScript: pair.alice.walletScript, coin: () => { throw new Error('no coin'); } })!; // prettier-ignore
    expect(chain.refusal(build(penalty!), NOW + blocks! + 1)).toBeUndefined();
    expect(chain.refusal(build(theirs!), penalty!.deadlineHeight! - 1)).toBe('input too young');
    expect(chain.refusal(build(theirs!), penalty!.deadlineHeight!)).toBeUndefined();
  });
});

describe('the sleep budget of a channel that ends', () => {
  it('counts down from the breach itself', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n, aliceTerms: { toSelfDelay: 600 } });
    const old = commitmentsOf(pair.copy().do('bob', { kind: 'force_close', reason: 'user' }))[0]!;
    pair.do('alice', offer(0, 20_000_000n));
    pair.run();
    pair.fundingSpent('alice', old, 600);
    expect(sleepBudgetBlocks(pair.alice, 650).reasons[0]).toMatchObject({ reason: 'breach_delay', blocks: 600 - 50 - PENALTY_MARGIN_BLOCKS });
  });

  it('keeps the breach until the close is safe from a reorganisation, then only its HTLCs', () => {
    const pair = used();
    pair.do('bob', fulfill(0));
    const tx = commitmentsOf(pair.copy().do('bob', { kind: 'force_close', reason: 'user' }))[0]!;
    pair.ctx.bob = { ...pair.ctx.bob, blockHeight: 520 };
    pair.fundingSpent('bob', tx, 520);
    expect(reasonsOf(pair, 'bob', 524).map(([reason]) => reason)).toEqual(['htlc_expiry', 'breach_delay']);
    expect(reasonsOf(pair, 'bob', 525).map(([reason]) => reason)).toEqual(['htlc_expiry']);
  });

  it('has no end once it is closed', () => {
    expect(sleepBudgetBlocks({ ...used().alice, phase: 'closed' }, NOW).blocks).toBeUndefined();
  });
});

describe('the sleep budget of several channels', () => {
  it('is the least of them, and says which', () => {
    const short = { ...used(300).alice, channelId: new Uint8Array(32).fill(7) };
    const budget = sleepBudget([used().alice, short, reachNormal().alice], NOW);
    expect(budget.blocks).toBe(300 - PENALTY_MARGIN_BLOCKS);
    expect(budget.reasons[0]!.channelId).toEqual(short.channelId);
    expect(budget.reasons).toHaveLength(2);
  });

  it('of none has no end', () => expect(sleepBudget([], NOW).blocks).toBeUndefined());
});
