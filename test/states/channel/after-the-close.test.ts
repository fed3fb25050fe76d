import { describe, expect, it } from 'vitest';
import { type Tx, txid, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import { sat } from '../../../core/lib/units.ts';
import { type ChannelPair, type SideName, actionsOf, commitmentsOf, fulfill, hashOf, offer, preimageOf, reachNormal } from '../../support/channel-pair.ts';

const commitmentOf = (pair: ChannelPair, side: SideName): Tx => commitmentsOf(pair.copy().do(side, { kind: 'force_close', reason: 'user' }))[0]!;
const at = (pair: ChannelPair, blockHeight: number) => {
  pair.ctx.alice = { ...pair.ctx.alice, blockHeight };
  return pair.do('alice', { kind: 'block' });
};
const taking = (id: string, vout: number, witness: readonly Uint8Array[] = []): Tx => ({ version: 2, locktime: 0, inputs: [{ ...unsignedInput({ txid: id, vout }, 0), witness }], outputs: [] });

/** Alice is where she was when her HTLC was added; Bob is two commitments further and publishes. */
function lostData(): { readonly pair: ChannelPair; readonly id: string; readonly htlcVout: number } {
  const pair = reachNormal({ pushMsat: 300_000_000n });
  pair.do('alice', offer(0, 40_000_000n));
  pair.run();
  const old = pair.alice;
  pair.do('alice', offer(1, 10_000_000n));
  pair.run();
  pair.do('bob', fulfill(1));
  pair.run();
  const tx = commitmentOf(pair, 'bob');
  pair.alice = old;
  pair.fundingSpent('alice', tx, 600);
  expect(pair.alice.spend?.spendClass).toBe('future');
  return { pair, id: txid(tx), htlcVout: tx.outputs.findIndex(({ amountSat }) => amountSat === 40_000n) };
}

describe('after a data loss, the commitment of the peer', () => {
  it('shows the preimage of an HTLC that we still know of', () => {
    const { pair, id, htlcVout } = lostData();
    const shown = taking(id, htlcVout, [preimageOf(0)]);
    const told = actionsOf(pair.do('alice', { kind: 'output_spent', outPoint: { txid: id, vout: htlcVout }, tx: shown, height: undefined }), 'htlc_fulfilled');
    expect(told).toMatchObject([{ id: 0n, paymentHash: hashOf(0), paymentPreimage: preimageOf(0) }]);
  });
});

describe('what the payments were told six blocks deep', () => {
  it('is not told again when a reorganisation brings another commitment, told undone before or not', () => {
    for (const undoneFirst of [true, false]) {
      const pair = reachNormal({ pushMsat: 300_000_000n });
      // Too small for an output: it ends with the commitment.
      pair.do('alice', offer(0, 300_000n));
      pair.run();
      const own = commitmentOf(pair, 'alice');
      pair.fundingSpent('alice', commitmentOf(pair, 'bob'), 600);
      expect(actionsOf(at(pair, 605), 'htlc_timed_out')).toHaveLength(1);
      if (undoneFirst) pair.do('alice', { kind: 'funding_unspent' });
      pair.fundingSpent('alice', own, 601);
      expect(actionsOf(at(pair, 606), 'htlc_timed_out')).toEqual([]);
    }
  });
});

describe('two HTLCs of one hash', () => {
  it('are booked by what became of each: one taken with the preimage, one that came back', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    pair.do('alice', offer(5, 40_000_000n, 650));
    pair.do('alice', offer(5, 40_000_000n, 660));
    pair.run();
    const tx = commitmentOf(pair, 'bob');
    const first = tx.outputs.findIndex(({ amountSat }) => amountSat === 40_000n);
    const second = tx.outputs.findLastIndex(({ amountSat }) => amountSat === 40_000n);
    pair.fundingSpent('alice', tx, 600);
    const out = (vout: number) => ({ txid: txid(tx), vout });
    const taken = pair.do('alice', { kind: 'output_spent', outPoint: out(first), tx: taking(txid(tx), first, [preimageOf(5)]), height: 620 });
    expect(actionsOf(taken, 'htlc_fulfilled')).toHaveLength(2);
    pair.do('alice', { kind: 'output_spent', outPoint: out(second), tx: taking(txid(tx), second), height: 661 });
    const ended = at(pair, 700);
    expect(actionsOf(ended, 'ledger').filter(({ reason }) => reason === 'sent_on_chain').map(({ deltaMsat }) => deltaMsat)).toEqual([-40_000_000n]);
    expect(actionsOf(ended, 'htlc_timed_out')).toEqual([]);
  });
});

describe('a close of a large channel', () => {
  it('is settled two blocks deeper', () => {
    const pair = reachNormal({ capacitySat: sat(10_000_000n), pushMsat: 300_000_000n });
    pair.do('alice', offer(0, 300_000n));
    pair.run();
    pair.fundingSpent('alice', commitmentOf(pair, 'bob'), 600);
    expect(actionsOf(at(pair, 606), 'htlc_timed_out')).toEqual([]);
    expect(actionsOf(at(pair, 607), 'htlc_timed_out')).toHaveLength(1);
  });
});
