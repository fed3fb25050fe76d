import { describe, expect, it } from 'vitest';
import { type Tx, txid } from '../../../core/bitcoin/transaction.ts';
import { type ChannelPair, type SideName, actionsOf, commitmentsOf, fulfill, offer, reachNormal } from '../../support/channel-pair.ts';

const CLOSED_AT = 600;
const commitmentOf = (pair: ChannelPair, side: SideName): Tx => commitmentsOf(pair.copy().do(side, { kind: 'force_close', reason: 'user' }))[0]!;

const at = (pair: ChannelPair, side: SideName, blockHeight: number) => {
  pair.ctx[side] = { ...pair.ctx[side], blockHeight };
  return pair.do(side, { kind: 'block' });
};
const confirmed = (pair: ChannelPair, side: SideName, tx: Tx) => {
  pair.ctx[side] = { ...pair.ctx[side], blockHeight: CLOSED_AT };
  return pair.fundingSpent(side, tx, CLOSED_AT);
};

describe('an HTLC output of a few satoshi that nobody takes', () => {
  // Over the dust limit of 354, under what a claim is ever worth.
  const CRUMB_MSAT = 360_000n;
  const withCrumb = (): ChannelPair => {
    const pair = reachNormal({ channelType: 'anchors', pushMsat: 300_000_000n });
    pair.do('alice', offer(0, CRUMB_MSAT));
    pair.run();
    return pair;
  };

  it.each(['alice', 'bob'] as const)('ends its payment once its expiry is buried, in the commitment of %s', (owner) => {
    const pair = withCrumb();
    const tx = commitmentOf(pair, owner);
    expect(tx.outputs.some(({ amountSat }) => amountSat === CRUMB_MSAT / 1000n)).toBe(true);
    confirmed(pair, 'alice', tx);
    expect(actionsOf(at(pair, 'alice', 704), 'htlc_timed_out')).toEqual([]);
    expect(actionsOf(at(pair, 'alice', 705), 'htlc_timed_out').map(({ id }) => id)).toEqual([0n]);
    expect(actionsOf(at(pair, 'alice', 706), 'htlc_timed_out')).toEqual([]);
  });

  it('is lost to its receiver, who has the preimage', () => {
    const pair = withCrumb();
    pair.do('bob', fulfill(0));
    const tx = commitmentOf(pair, 'bob');
    confirmed(pair, 'bob', tx);
    expect(actionsOf(at(pair, 'bob', 704), 'htlc_removed')).toEqual([]);
    expect(actionsOf(at(pair, 'bob', 705), 'htlc_removed').map(({ id, fulfilled }) => [id, fulfilled])).toEqual([[0n, false]]);
  });

  it('stays wanted when it is worth a claim', () => {
    const pair = reachNormal({ channelType: 'anchors', pushMsat: 300_000_000n });
    pair.do('alice', offer(0, 20_000_000n));
    pair.run();
    confirmed(pair, 'alice', commitmentOf(pair, 'alice'));
    expect(actionsOf(at(pair, 'alice', 900), 'htlc_timed_out')).toEqual([]);
  });
});

describe('a close together that was seen in the mempool before its last signature came', () => {
  it('is published by us too when it is gone again, and nobody closes by force', () => {
    const pair = reachNormal({ channelType: 'anchors', pushMsat: 300_000_000n });
    const closing = pair.copy();
    closing.do('alice', { kind: 'shutdown', script: closing.alice.walletScript, reason: 'user' });
    closing.run();
    const tx = actionsOf(closing.actions.bob, 'publish').find(({ label }) => label === 'closing')!.tx;
    // Alice has signed it, and has not heard of Bob's signature.
    const early = { ...closing.alice, phase: 'negotiating', closingTxs: [] } as const;
    pair.alice = early;
    pair.fundingSpent('alice', tx, undefined);
    expect(pair.alice.spend?.spendClass).toBe('mutual');
    const gone = pair.do('alice', { kind: 'funding_unspent' });
    expect(commitmentsOf(gone)).toEqual([]);
    expect(pair.alice.phase).toBe('negotiating');
    const again = at(pair, 'alice', CLOSED_AT);
    expect(actionsOf(again, 'publish').map((action) => txid(action.tx))).toEqual([txid(tx)]);
    expect(commitmentsOf(again)).toEqual([]);
  });
});
