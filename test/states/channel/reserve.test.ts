import { describe, expect, it } from 'vitest';
import { RESERVED_HTLCS, channelReserveSat, mayAcceptChannel, maySpend, newChannelReserveSat, requiredReserveSat } from '../../../core/channel/onchain/reserve.ts';
import { previewForceClose } from '../../../core/channel/onchain/preview.ts';
import { feeratePerKw, sat } from '../../../core/lib/units.ts';
import { type ChannelPair, type SideName, commitmentsOf, fulfill, offer, otherSide, reachNormal, valueOf } from '../../support/channel-pair.ts';

const STRESS = feeratePerKw(25_000);

function withHtlcs(count: number, by: SideName, options: Parameters<typeof reachNormal>[0] = {}): ChannelPair {
  const pair = reachNormal({ pushMsat: 500_000_000n, ...options });
  for (let n = 0; n < count; n++) pair.do(by, offer(n, 40_000_000n, 800));
  pair.run();
  for (let n = 0; n < count; n++) pair.do(otherSide(by), fulfill(n, BigInt(n)));
  return pair;
}

/** Fees that our wallet pays at the stress rate, by the preview: child and HTLC transactions. */
function paidFromWallet(pair: ChannelPair, side: SideName): bigint {
  const [preview] = valueOf(previewForceClose(pair[side], pair.ctx[side].keys, { commitment: 'ours', atHeight: 520, feerates: [STRESS, STRESS, STRESS] }));
  return preview!.transactions
    .filter(({ by, label, htlc, neededAt, uneconomicAt }) => by === 'us' && label !== 'sweep' && label !== 'commitment' && neededAt[0] && !uneconomicAt[0] && (!htlc || htlc.preimageKnown === (htlc.direction === 'received')))
    .reduce((sum, { feeSat }) => sum + feeSat[0], 0n);
}

describe('the reserve of a channel', () => {
  it.each(['alice', 'bob'] as const)('pays child and HTLC transactions that %s really needs at the stress rate, and little more', (side) => {
    for (const by of ['alice', 'bob'] as const) {
      for (const count of [0, 1, RESERVED_HTLCS, 5, 9]) {
        const pair = withHtlcs(count, by);
        const reserveSat = channelReserveSat(pair[side], STRESS);
        const neededSat = paidFromWallet(pair, side);
        expect(reserveSat >= neededSat, `${count} by ${by}`).toBe(true);
        // Beyond the HTLCs that it is counted with at least, what is over is the 73rd byte of signatures and a P2TR change.
        if (count >= RESERVED_HTLCS) expect(reserveSat - neededSat < neededSat / 10n, `${count} by ${by}: ${reserveSat} for ${neededSat}`).toBe(true);
      }
    }
  });

  it('grows with every HTLC that has an output and is worth its fee', () => {
    const at = (count: number) => channelReserveSat(withHtlcs(count, 'alice').alice, STRESS);
    expect(at(3) > at(RESERVED_HTLCS)).toBe(true);
    expect(at(0)).toBeGreaterThan(0n);
    const small = reachNormal({ pushMsat: 500_000_000n });
    const before = channelReserveSat(small.alice, STRESS);
    for (let n = 0; n < 4; n++) small.do('alice', offer(n, 300_000n, 800));
    expect(channelReserveSat(small.run().alice, STRESS)).toBe(before);
  });

  it('is nothing where the transactions carry their own fees', () => {
    expect(channelReserveSat(withHtlcs(3, 'alice', { channelType: 'static_remotekey' }).alice, STRESS)).toBe(0n);
  });

  it('is nothing once the commitment of the peer is confirmed, and that of the HTLCs once ours is', () => {
    const pair = withHtlcs(3, 'alice');
    const whole = channelReserveSat(pair.alice, STRESS);
    const [ours] = commitmentsOf(pair.copy().do('alice', { kind: 'force_close', reason: 'user' }));
    const [theirs] = commitmentsOf(pair.copy().do('bob', { kind: 'force_close', reason: 'user' }));
    const after = (tx: typeof ours, height: number | undefined) => {
      const twin = pair.copy();
      twin.fundingSpent('alice', tx!, height);
      return channelReserveSat(twin.alice, STRESS);
    };
    expect(after(theirs, 600)).toBe(0n);
    expect(after(ours, 600)).toBeGreaterThan(0n);
    expect(after(ours, 600)).toBeLessThan(whole);
    expect(after(ours, undefined)).toBe(whole);
    expect(channelReserveSat({ ...pair.alice, phase: 'closed' }, STRESS)).toBe(0n);
    expect(channelReserveSat({ ...pair.alice, phase: 'fallen_behind' }, STRESS)).toBe(0n);
  });

  it('is nothing at a rate that the commitment pays itself but for its HTLCs', () => {
    expect(channelReserveSat(reachNormal({ feerate: 6000 }).alice, feeratePerKw(253))).toBeLessThan(1000n);
  });
});

describe('the wallet', () => {
  const channels = [withHtlcs(2, 'alice').alice, withHtlcs(4, 'bob').alice];
  const reserveSat = requiredReserveSat(channels, STRESS);
  const now = { channels, stressFeeratePerKw: STRESS };

  it('holds the reserve of all channels together', () => {
    expect(reserveSat).toBe(channels.reduce((sum, channel) => sum + channelReserveSat(channel, STRESS), 0n));
  });

  it('may spend down to the reserve and not below', () => {
    const spendableSat = sat(reserveSat + 100_000n);
    expect(maySpend({ ...now, spendableSat, spentSat: sat(100_000n) })).toEqual({ ok: true, value: reserveSat });
    expect(maySpend({ ...now, spendableSat, spentSat: sat(100_001n) })).toEqual({ ok: false, error: { code: 'below_reserve', reserveSat, remainingSat: reserveSat - 1n, missingSat: 1n } });
    expect(maySpend({ ...now, spendableSat: sat(5n), spentSat: sat(10n) })).toMatchObject({ ok: false, error: { remainingSat: 0n, missingSat: reserveSat + 5n } });
    expect(maySpend({ ...now, channels: [], spendableSat: sat(7n), spentSat: sat(7n) }).ok).toBe(true);
  });

  it('may take one channel more only while it could close that too', () => {
    const rate = feeratePerKw(2500);
    const moreSat = newChannelReserveSat('anchors', rate, STRESS);
    const wanted = { ...now, channelType: 'anchors', feeratePerKw: rate } as const;
    expect(moreSat).toBe(channelReserveSat(reachNormal().bob, STRESS));
    expect(mayAcceptChannel({ ...wanted, spendableSat: sat(reserveSat + moreSat) })).toEqual({ ok: true, value: reserveSat + moreSat });
    expect(mayAcceptChannel({ ...wanted, spendableSat: sat(reserveSat + moreSat - 1n) })).toMatchObject({ ok: false, error: { missingSat: 1n } });
    expect(mayAcceptChannel({ ...wanted, spendableSat: sat(reserveSat + moreSat), spentSat: sat(1n) })).toMatchObject({ ok: false, error: { missingSat: 1n } });
  });

  it('takes a static_remotekey channel whatever it holds, but does not open one from the reserve', () => {
    const wanted = { ...now, channelType: 'static_remotekey', feeratePerKw: feeratePerKw(2500), spendableSat: reserveSat } as const;
    expect(mayAcceptChannel({ ...wanted, spendableSat: sat(0n) }).ok).toBe(true);
    expect(mayAcceptChannel({ ...wanted, spentSat: sat(20_000n) })).toMatchObject({ ok: false, error: { missingSat: 20_000n } });
  });
});
