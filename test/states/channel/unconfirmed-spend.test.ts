import { describe, expect, it } from 'vitest';
import { txid } from '../../../core/bitcoin/transaction.ts';
import { POLICY } from '../../../core/channel/policy.ts';
import { type ChannelPair, type SideName, actionsOf, commitmentsOf, fulfill, offer, reachNormal } from '../../support/channel-pair.ts';

const EXPIRY = 800;
/** Alice owes an HTLC that she can fulfil. */
function withHtlc(): ChannelPair {
  const pair = reachNormal({ pushMsat: 500_000_000n });
  pair.do('bob', offer(0, 40_000_000n, EXPIRY));
  pair.run();
  pair.do('alice', fulfill(0, 0n));
  return pair;
}
const commitmentOf = (pair: ChannelPair, side: SideName) => commitmentsOf(pair.copy().do(side, { kind: 'force_close', reason: 'user' }))[0]!;
/** Whether alice wants her own commitment at the next block. */
function wantsAt(pair: ChannelPair, blockHeight: number): boolean {
  pair.ctx.alice = { ...pair.ctx.alice, blockHeight };
  return actionsOf(pair.do('alice', { kind: 'block' }), 'commitment').length > 0;
}

// I-28: offered again with every block, whatever a mempool showed us.
describe('while the spend of the funding output is only in the mempool', () => {
  it('our own commitment stays wanted, and no longer once it is in a block', () => {
    const pair = withHtlc();
    const ours = commitmentsOf(pair.do('alice', { kind: 'force_close', reason: 'user' }))[0]!;
    const seen = pair.fundingSpent('alice', ours, undefined);
    expect(actionsOf(seen, 'commitment').map(({ desired }) => txid(desired.tx))).toEqual([txid(ours)]);
    expect(wantsAt(pair, 601)).toBe(true);
    pair.fundingSpent('alice', ours, 602);
    expect(wantsAt(pair, 602)).toBe(false);
  });

  it("the peer's is waited for, until an HTLC would be lost", () => {
    const pair = withHtlc();
    pair.fundingSpent('alice', commitmentOf(pair, 'bob'), undefined);
    expect(wantsAt(pair, 601)).toBe(false);
    expect(wantsAt(pair, EXPIRY - POLICY.claimDeadlineBlocks - 1)).toBe(false);
    expect(wantsAt(pair, EXPIRY - POLICY.claimDeadlineBlocks)).toBe(true);
  });

  it("the peer's does not end a close of ours", () => {
    const pair = withHtlc();
    const theirs = commitmentOf(pair, 'bob');
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    pair.fundingSpent('alice', theirs, undefined);
    expect(wantsAt(pair, 601)).toBe(true);
    pair.fundingSpent('alice', theirs, 602);
    expect(wantsAt(pair, 602)).toBe(false);
  });

  it('nothing of ours is wanted by who lost data, whatever the deadlines', () => {
    const pair = withHtlc();
    const theirs = commitmentOf(pair, 'bob');
    pair.alice = { ...pair.alice, phase: 'fallen_behind', closeReason: 'data_loss' };
    pair.fundingSpent('alice', theirs, undefined);
    expect(wantsAt(pair, EXPIRY + 10)).toBe(false);
  });
});
