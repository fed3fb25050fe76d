import { describe, expect, it } from 'vitest';
import { feeratePerKw, sat } from '../../../core/lib/units.ts';
import type { MessageOf } from '../../../core/wire/messages.ts';
import { type ChannelPair, type SideName, offer, reachNormal, sentNames } from '../../support/channel-pair.ts';
import { expectFails } from '../../support/channel-outcomes.ts';

const update = (pair: ChannelPair, rate: number): MessageOf<'update_fee'> => ({ name: 'update_fee', channelId: pair.bob.channelId, feeratePerKw: feeratePerKw(rate) });
const propose = (pair: ChannelPair, side: SideName, rate: number) => sentNames(pair.do(side, { kind: 'update_fee', feeratePerKw: feeratePerKw(rate) }));

describe('update_fee', () => {
  it('moves both commitments to the new rate', () => {
    const pair = reachNormal();
    expect(propose(pair, 'alice', 4000)).toEqual(['update_fee']);
    pair.run();
    expect([pair.alice.commitments.feeratePerKw, pair.bob.commitments.feeratePerKw]).toEqual([4000, 4000]);
    expect(pair.alice.commitments.feeUpdates).toEqual([]);
  });

  it('is for the opener alone', () => {
    const pair = reachNormal();
    expect(propose(pair, 'bob', 4000)).toEqual([]);
    expectFails(pair, 'alice', update(pair, 4000), 'fee_update_from_wrong_side');
  });

  it.each([[252, false], [253, true], [75_000, true], [75_001, false], [0xffff_ffff, false]] as const)('to %i is taken: %s', (rate, taken) => {
    const pair = reachNormal();
    if (taken) expect(pair.receive('bob', update(pair, rate))).toEqual([]);
    else expectFails(pair, 'bob', update(pair, rate), 'feerate_out_of_bounds');
  });

  it('may go to ten times our own estimate', () => {
    const pair = reachNormal();
    pair.ctx.bob = { ...pair.ctx.bob, feerates: { ...pair.ctx.bob.feerates, commitment: feeratePerKw(10_000) } };
    expect(pair.receive('bob', update(pair, 100_000))).toEqual([]);
    expectFails(pair, 'bob', update(pair, 100_001), 'feerate_out_of_bounds');
  });

  // The opener has 60 000 sat; reserve 10 000 and anchors 660 leave 49 340 for 1124 weight: 43 897 sat/kw.
  it('is what the opener can pay over its reserve, as sender and as receiver', () => {
    const pair = reachNormal({ pushMsat: 940_000_000n });
    expect(propose(pair.copy(), 'alice', 43_898)).toEqual([]);
    expect(propose(pair.copy(), 'alice', 43_897)).toEqual(['update_fee']);
    expect(pair.copy().receive('bob', update(pair, 43_897))).toEqual([]);
    expectFails(pair, 'bob', update(pair, 43_898), 'opener_cannot_pay_fee');
  });

  it('counts the HTLCs that are on their way', () => {
    const pair = reachNormal({ pushMsat: 900_000_000n });
    pair.do('alice', offer(1, 40_000_000n));
    // 49 340 sat for 1296 weight.
    expect(propose(pair.copy(), 'alice', 38_072)).toEqual([]);
    expect(propose(pair, 'alice', 38_071)).toEqual(['update_fee']);
    pair.run();
    expect(pair.bob.commitments.feeratePerKw).toBe(38_071);
  });

  it('sent several times counts as the last one', () => {
    const pair = reachNormal();
    for (const rate of [3000, 4000, 3500]) propose(pair, 'alice', rate);
    pair.run();
    expect(pair.bob.commitments.feeratePerKw).toBe(3500);
  });

  it('flooding takes no memory', () => {
    const pair = reachNormal();
    for (let rate = 1000; rate < 1200; rate++) pair.receive('bob', update(pair, rate));
    expect(pair.bob.commitments.feeUpdates).toHaveLength(1);
  });

  it('unsigned when the connection breaks did not happen', () => {
    const pair = reachNormal();
    propose(pair, 'alice', 4000);
    pair.deliver('bob');
    pair.disconnect().reconnect().run();
    expect([pair.alice.commitments.feeratePerKw, pair.bob.commitments.feeratePerKw]).toEqual([2500, 2500]);
    expect(pair.bob.commitments.feeUpdates).toEqual([]);
  });

  it('signed when the connection breaks is sent again', () => {
    const pair = reachNormal();
    propose(pair, 'alice', 4000);
    pair.do('alice', { kind: 'sign' });
    pair.disconnect().reconnect().run();
    expect([pair.alice.commitments.feeratePerKw, pair.bob.commitments.feeratePerKw]).toEqual([4000, 4000]);
  });

  // A timeout transaction of 663 weight: at 15 000 sat/kw 9945 sat, and 354 of dust limit.
  it('that trims too much is neither sent nor taken without anchors, and never matters with them', () => {
    const filled = (channelType: 'anchors' | 'static_remotekey') => {
      const pair = reachNormal({ channelType, capacitySat: sat(2_000_000n), feerate: 1000 });
      for (let n = 0; n < 6; n++) pair.do('alice', offer(n, 10_000_000n));
      return pair.run();
    };
    expect(propose(filled('anchors'), 'alice', 15_000)).toEqual(['update_fee']);
    const pair = filled('static_remotekey');
    expect(propose(pair.copy(), 'alice', 13_000)).toEqual(['update_fee']);
    expect(propose(pair, 'alice', 15_000)).toEqual([]);
    expectFails(pair, 'bob', update(pair, 15_000), 'dust_exposure_exceeded');
  });

  it('is not sent while shutting down', () => {
    const pair = reachNormal({ pushMsat: 100_000_000n });
    pair.do('alice', offer(1, 20_000_000n));
    pair.run();
    pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
    expect(propose(pair, 'alice', 4000)).toEqual([]);
  });
});
