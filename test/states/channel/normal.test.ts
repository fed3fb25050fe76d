import { describe, expect, it } from 'vitest';
import { offer, preimageOf, reachNormal } from '../../support/channel-pair.ts';

describe.each(['anchors', 'static_remotekey'] as const)('a %s channel in normal operation', (channelType) => {
  it('becomes normal on both sides', () => {
    const pair = reachNormal({ channelType });
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['normal', 'normal']);
  });

  it('carries a payment and settles it', () => {
    const pair = reachNormal({ channelType });
    pair.do('alice', offer(1, 50_000_000n));
    pair.run();
    expect(pair.take('bob', 'htlc_received')).toHaveLength(1);
    pair.do('bob', { kind: 'fulfill_htlc', id: 0n, paymentPreimage: preimageOf(1), attributionData: undefined });
    pair.run();
    expect(pair.take('alice', 'htlc_fulfilled')).toHaveLength(1);
    expect(pair.bob.commitments.ourMsat).toBe(50_000_000n);
    expect(pair.alice.commitments.theirMsat).toBe(50_000_000n);
    expect(pair.alice.commitments.htlcs.size).toBe(0);
    expect(pair.bob.commitments.htlcs.size).toBe(0);
  });

  it('carries on after a disconnect at every message', () => {
    for (let cut = 0; cut < 14; cut++) {
      const pair = reachNormal({ channelType, pushMsat: 300_000_000n });
      pair.do('alice', offer(1, 50_000_000n));
      pair.do('bob', offer(2, 20_000_000n));
      for (const side of ['alice', 'bob'] as const) pair.do(side, { kind: 'sign' });
      for (let i = 0; i < cut; i++) {
        const side = i % 2 ? 'alice' : 'bob';
        pair.deliver(side);
        pair.do(side, { kind: 'sign' });
      }
      pair.disconnect().reconnect().run();
      expect(pair.alice.link.status, `cut ${cut}`).toBe('live');
      expect([pair.alice.phase, pair.bob.phase]).toEqual(['normal', 'normal']);
      const received = new Set(pair.take('bob', 'htlc_received').map((action) => action.add.id));
      if (received.size > 0) pair.do('bob', { kind: 'fulfill_htlc', id: 0n, paymentPreimage: preimageOf(1), attributionData: undefined });
      pair.run();
      expect(pair.alice.commitments.ourMsat).toBe(pair.bob.commitments.theirMsat);
      expect(pair.alice.commitments.theirMsat).toBe(pair.bob.commitments.ourMsat);
    }
  });

  it.each([true, false])('closes co-operatively (simple close %s)', (simpleClose) => {
    const pair = reachNormal({ channelType, simpleClose, pushMsat: 300_000_000n });
    pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
    expect(pair.alice.closingTxs.length).toBeGreaterThan(0);
    expect(pair.bob.closingTxs.length).toBeGreaterThan(0);
  });
});
