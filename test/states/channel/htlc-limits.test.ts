import { describe, expect, it } from 'vitest';
import type { ChannelFaultCode } from '../../../core/channel/errors.ts';
import { maxOffer } from '../../../core/channel/limits.ts';
import { feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import type { MessageOf } from '../../../core/wire/messages.ts';
import { type ChannelPair, type PairOptions, SIDES, type SideName, actionsOf, hashOf, offer, otherSide, reachNormal, sentNames } from '../../support/channel-pair.ts';
import { expectFails } from '../../support/channel-outcomes.ts';

/** What a peer sends that keeps none of our rules. */
const add = (pair: ChannelPair, to: SideName, id: bigint, amountMsat: bigint, cltvExpiry = 700): MessageOf<'update_add_htlc'> => ({
  name: 'update_add_htlc', channelId: pair[to].channelId, id, amountMsat: msat(amountMsat), paymentHash: hashOf(Number(id)), cltvExpiry,
  onionRoutingPacket: new Uint8Array(1366),
}); // prettier-ignore

const refusal = (pair: ChannelPair, side: SideName, amountMsat: bigint, cltvExpiry = 700): ChannelFaultCode | undefined => {
  const before = pair[side];
  const [refused] = actionsOf(pair.do(side, offer(0, amountMsat, cltvExpiry)), 'htlc_refused');
  if (refused) expect(pair[side]).toBe(before);
  return refused?.fault.code;
};

describe('an HTLC that we offer', () => {
  it('counts ids up from 0, stored before it is sent', () => {
    const pair = reachNormal({ pushMsat: 100_000_000n });
    const first = pair.do('alice', offer(1, 1_000_000n));
    expect(first.map(({ kind }) => kind)).toEqual(['store', 'htlc_offered', 'send']);
    expect(actionsOf(first, 'htlc_offered')[0]?.id).toBe(0n);
    expect(actionsOf(pair.do('alice', offer(2, 1_000_000n)), 'htlc_offered')[0]?.id).toBe(1n);
    pair.run();
    expect(actionsOf(pair.do('alice', offer(3, 1_000_000n)), 'htlc_offered')[0]?.id).toBe(2n);
    expect(actionsOf(pair.do('bob', offer(4, 1_000_000n)), 'htlc_offered')[0]?.id).toBe(0n);
  });

  it('must be worth more than nothing and what the peer takes', () => {
    const pair = reachNormal({ bobTerms: { htlcMinimumMsat: msat(1000n) } });
    expect(refusal(pair, 'alice', 0n)).toBe('htlc_amount_too_small');
    expect(refusal(pair, 'alice', 999n)).toBe('htlc_amount_too_small');
    expect(refusal(pair, 'alice', 1000n)).toBeUndefined();
  });

  it('must expire in the future, and not too far in it', () => {
    const pair = reachNormal();
    expect(refusal(pair, 'alice', 1_000_000n, 510)).toBe('expiry_out_of_bounds');
    expect(refusal(pair, 'alice', 1_000_000n, 510 + 2017)).toBe('expiry_out_of_bounds');
    expect(refusal(pair, 'alice', 1_000_000n, 500_000_000)).toBe('expiry_out_of_bounds');
    expect(refusal(pair, 'alice', 1_000_000n, 511)).toBeUndefined();
    expect(refusal(pair, 'alice', 1_000_000n, 510 + 2016)).toBeUndefined();
  });

  it.each([
    ['the peer takes', { bobTerms: { maxAcceptedHtlcs: 5 } }],
    ['we take ourselves', { aliceTerms: { maxAcceptedHtlcs: 5 } }],
  ] as [string, PairOptions][])('keeps to the count of HTLCs that %s', (_, terms) => {
    const pair = reachNormal(terms);
    for (let i = 0; i < 5; i++) expect(refusal(pair, 'alice', 1_000_000n)).toBeUndefined();
    expect(refusal(pair, 'alice', 1_000_000n)).toBe('too_many_htlcs');
  });

  it('keeps to the value in flight that the peer takes', () => {
    const pair = reachNormal({ bobTerms: { maxHtlcValueInFlightMsat: msat(10_000_000n) } });
    expect(refusal(pair, 'alice', 10_000_001n)).toBe('in_flight_exceeded');
    expect(refusal(pair, 'alice', 9_000_000n)).toBeUndefined();
    expect(refusal(pair, 'alice', 1_000_001n)).toBe('in_flight_exceeded');
    expect(refusal(pair, 'alice', 1_000_000n)).toBeUndefined();
  });

  // 1124 + 2 * 172 weight at 5000 sat/kw is 7340 sat, anchors 660, reserve 10 000.
  it('leaves the opener its reserve, anchors, and the fee at twice the rate with one more HTLC', () => {
    const most = 1_000_000_000n - (10_000n + 660n + 7340n) * 1000n;
    expect(maxOffer(reachNormal().alice).amountMsat).toBe(most);
    expect(refusal(reachNormal(), 'alice', most + 1n)).toBe('insufficient_balance');
    expect(refusal(reachNormal(), 'alice', most)).toBeUndefined();
  });

  // 724 + 2 * 172 weight at 5000 sat/kw is 5340 sat.
  it('does so without anchors too', () => {
    const most = 1_000_000_000n - (10_000n + 5340n) * 1000n;
    expect(refusal(reachNormal({ channelType: 'static_remotekey' }), 'alice', most + 1n)).toBe('insufficient_balance');
    expect(refusal(reachNormal({ channelType: 'static_remotekey' }), 'alice', most)).toBeUndefined();
  });

  it('leaves who did not open just the reserve', () => {
    expect(refusal(reachNormal({ pushMsat: 300_000_000n }), 'bob', 290_000_001n)).toBe('insufficient_balance');
    expect(refusal(reachNormal({ pushMsat: 300_000_000n }), 'bob', 290_000_000n)).toBeUndefined();
  });

  // Opener's 13 470 sat: reserve 10 000, anchors 660, base fee 2810; 430 sat more for one HTLC.
  it('of who did not open needs an opener that can pay its fee', () => {
    const openerHas = (extraSat: bigint) => reachNormal({ pushMsat: (1_000_000n - 13_470n - extraSat) * 1000n });
    expect(refusal(openerHas(429n), 'bob', 50_000_000n)).toBe('insufficient_balance');
    expect(refusal(openerHas(430n), 'bob', 50_000_000n)).toBeUndefined();
  });

  it.each(['bob', 'alice'] as const)('keeps trimmed value under 50 000 sat in both commitments, here by the limit of %s', (side) => {
    const terms = { dustLimitSatoshis: sat(10_000n), channelReserveSatoshis: sat(10_000n) };
    const pair = reachNormal(side === 'alice' ? { aliceTerms: terms } : { bobTerms: terms });
    for (let i = 0; i < 5; i++) expect(refusal(pair, 'alice', 9_999_000n)).toBeUndefined();
    expect(refusal(pair, 'alice', 5001n)).toBe('dust_exposure_exceeded');
    expect(refusal(pair, 'alice', 5000n)).toBeUndefined();
    expect(refusal(pair, 'alice', 10_000_000n)).toBeUndefined();
  });
});

describe.each(['alice', 'bob'] as const)('trimmed value, by the limit of %s,', (side) => {
  const full = () => {
    const terms = { dustLimitSatoshis: sat(10_000n), channelReserveSatoshis: sat(10_000n) };
    const pair = reachNormal(side === 'alice' ? { aliceTerms: terms } : { bobTerms: terms });
    for (let i = 0; i < 5; i++) pair.do('alice', offer(i, 9_999_000n));
    return pair.run();
  };

  it('counts until its removal is irrevocable: the commitment that still has it can confirm', () => {
    const pair = full();
    pair.do('bob', { kind: 'fail_htlc', id: 0n, reason: new Uint8Array(256), attributionData: undefined });
    for (let step = 0; step < 20 && pair.alice.commitments.htlcs.size === 5; step++) {
      expect(refusal(pair.copy(), 'alice', 9_999_000n)).toBe('dust_exposure_exceeded');
      for (const name of SIDES) pair.do(name, { kind: 'sign' });
      pair.deliver(step % 2 === 0 ? 'alice' : 'bob');
    }
    expect(pair.alice.commitments.htlcs.size).toBe(4);
    expect(refusal(pair, 'alice', 9_999_000n)).toBeUndefined();
  });
});

describe('an HTLC that the peer offers', () => {
  it('may have any hash, also one that is known already', () => {
    const pair = reachNormal({ pushMsat: 100_000_000n });
    for (const id of [0n, 1n]) expect(pair.receive('bob', { ...add(pair, 'bob', id, 1_000_000n), paymentHash: hashOf(7) })).toEqual([]);
    expect(pair.bob.commitments.htlcs.size).toBe(2);
  });

  it.each([
    ['the next id', 1n], ['a large id', (1n << 64n) - 1n],
  ])('fails the channel when its id is %s', (_, id) => {
    const pair = reachNormal();
    expectFails(pair, 'bob', add(pair, 'bob', id, 1_000_000n), 'unexpected_htlc_id');
  });

  it('fails the channel when its id comes twice', () => {
    const pair = reachNormal();
    pair.receive('bob', add(pair, 'bob', 0n, 1_000_000n));
    expectFails(pair, 'bob', add(pair, 'bob', 0n, 1_000_000n), 'unexpected_htlc_id');
  });

  it.each([
    ['nothing', 0n, 'htlc_amount_too_small'], ['less than our htlc_minimum_msat', 999n, 'htlc_amount_too_small'],
    ['more than the peer has', 2_000_000_000n, 'insufficient_balance'], ['more than there is', (1n << 64n) - 1n, 'insufficient_balance'],
  ] as [string, bigint, ChannelFaultCode][])('fails the channel when it is worth %s', (_, amountMsat, code) => {
    const pair = reachNormal({ bobTerms: { htlcMinimumMsat: msat(1000n) } });
    expectFails(pair, 'bob', add(pair, 'bob', 0n, amountMsat), code);
  });

  it('may be worth our htlc_minimum_msat', () => {
    const pair = reachNormal({ bobTerms: { htlcMinimumMsat: msat(1000n) } });
    expect(pair.receive('bob', add(pair, 'bob', 0n, 1000n))).toEqual([]);
  });

  it('fails the channel when its expiry is a time', () => {
    const pair = reachNormal();
    expect(pair.receive('bob', add(pair, 'bob', 0n, 1_000_000n, 499_999_999))).toEqual([]);
    expectFails(pair, 'bob', add(pair, 'bob', 1n, 1_000_000n, 500_000_000), 'expiry_out_of_bounds');
  });

  it('fails the channel when there are too many', () => {
    const pair = reachNormal({ bobTerms: { maxAcceptedHtlcs: 5 } });
    for (let id = 0n; id < 5n; id++) expect(pair.receive('bob', add(pair, 'bob', id, 1_000_000n))).toEqual([]);
    expectFails(pair, 'bob', add(pair, 'bob', 5n, 1_000_000n), 'too_many_htlcs');
  });

  it('fails the channel when more is in flight than we take', () => {
    const pair = reachNormal({ bobTerms: { maxHtlcValueInFlightMsat: msat(10_000_000n) } });
    expect(pair.receive('bob', add(pair, 'bob', 0n, 10_000_000n))).toEqual([]);
    expectFails(pair, 'bob', add(pair, 'bob', 1n, 1000n), 'in_flight_exceeded');
  });

  // Base fee with one HTLC 3240, anchors 660, reserve 10 000.
  it('must leave an opener its reserve, fee and anchors at the current rate', () => {
    const most = 1_000_000_000n - (10_000n + 660n + 3240n) * 1000n;
    const pair = reachNormal();
    expect(pair.copy().receive('bob', add(pair, 'bob', 0n, most))).toEqual([]);
    expectFails(pair, 'bob', add(pair, 'bob', 0n, most + 1n), 'insufficient_balance');
  });

  it('must leave who did not open its reserve', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    expect(pair.copy().receive('alice', add(pair, 'alice', 0n, 290_000_000n))).toEqual([]);
    expectFails(pair, 'alice', add(pair, 'alice', 0n, 290_000_001n), 'insufficient_balance');
  });

  it('is passed on only when it is irrevocable', () => {
    const pair = reachNormal();
    pair.do('alice', offer(1, 1_000_000n));
    pair.do('alice', { kind: 'sign' });
    pair.deliver('bob');
    expect(sentNames(pair.do('bob', { kind: 'sign' }))).toEqual([]);
    pair.deliver('bob');
    pair.do('bob', { kind: 'sign' });
    pair.deliver('alice');
    pair.deliver('alice');
    expect(pair.take('bob', 'htlc_received')).toEqual([]);
    pair.deliver('bob');
    expect(pair.take('bob', 'htlc_received').map(({ add: { id } }) => id)).toEqual([0n]);
  });

  it.each([[2, false], [3, true]] as const)('%i times 9 999 sat from both sides at once are marked as over the dust cap: %s', (count, marked) => {
    const terms = { dustLimitSatoshis: sat(10_000n), channelReserveSatoshis: sat(10_000n) };
    const pair = reachNormal({ bobTerms: terms, pushMsat: 500_000_000n });
    for (const side of SIDES) for (let i = 0; i < count; i++) expect(refusal(pair, side, 9_999_000n)).toBeUndefined();
    pair.run();
    for (const side of SIDES) {
      const received = pair.take(side, 'htlc_received');
      expect(received).toHaveLength(count);
      expect(received.some(({ overDustCap }) => overDustCap)).toBe(marked);
    }
  });
});

describe('offers that cross a fee change', () => {
  // At 36 859 sat/kw a success transaction costs 25 911 sat: all three are trimmed, and nobody could know before.
  it('fail at the payee when they are trimmed by it and over the cap', () => {
    const pair = reachNormal({ channelType: 'static_remotekey', feerate: 253, pushMsat: 300_000_000n });
    for (let n = 0; n < 3; n++) expect(refusal(pair, 'bob', 20_000_000n)).toBeUndefined();
    pair.do('alice', { kind: 'update_fee', feeratePerKw: feeratePerKw(36_859) });
    pair.run();
    expect(pair.take('alice', 'htlc_received').map(({ overDustCap }) => overDustCap)).toEqual([false, false, true]);
  });
});

describe('limits hold both ways', () => {
  it.each(['alice', 'bob'] as const)('an HTLC that %s may offer is one that the other takes', (side) => {
    for (const pushMsat of [100_000_000n, 500_000_000n, 980_000_000n]) {
      const pair = reachNormal({ pushMsat });
      const { amountMsat } = maxOffer(pair[side]);
      if (amountMsat === 0n) continue;
      expect(refusal(pair, side, amountMsat)).toBeUndefined();
      pair.run();
      expect(pair[otherSide(side)].phase).toBe('normal');
      expect(pair[otherSide(side)].commitments.htlcs.size).toBe(1);
    }
  });
});
