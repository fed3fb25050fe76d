/** Channels opened by either side, and payments both ways over them, from one satoshi to the most that fits. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electrumAvailable } from '../../support/electrum-daemon.ts';
import { CAPACITY_SAT, World, type Opener } from './world.ts';

const PUSH_SAT = 900_000n;

/** Trimming at Electrum's 45 000 sat/kw and at the 10 sat/vB of the test chain, either kind of HTLC, and around it. */
const AMOUNTS_SAT = [
  1n, 2n, 10n, 353n, 354n, 545n, 546n, 1_999n, 2_012n, 2_112n, 2_204n, 2_304n, 10_000n, 29_999n, 30_189n, 30_381n, 31_989n, 32_181n, 40_000n, 123_456n,
]; // prettier-ignore

describe.skipIf(!electrumAvailable())('channels with Electrum', { timeout: 60_000 }, () => {
  let world: World;
  beforeAll(async () => void (world = await World.create()), 60_000);
  afterAll(() => world?.stop());

  describe.for([['us'], ['electrum']] as const)('opened by %s', ([opener]: readonly [Opener]) => {
    let point: string;
    let ourSat = opener === 'us' ? CAPACITY_SAT - PUSH_SAT : PUSH_SAT;

    it('opens with the terms of both', async () => {
      point = await world.openAndConfirm(opener, PUSH_SAT);
      const ours = (await world.sferic.channel(point))!;
      expect(ours).toMatchObject({
        isOpener: opener === 'us', channelType: 'static_remotekey', capacitySat: CAPACITY_SAT, ourMsat: ourSat * 1000n, theirMsat: (CAPACITY_SAT - ourSat) * 1000n,
        ourReserveSat: CAPACITY_SAT / 100n, theirReserveSat: CAPACITY_SAT / 100n, confirmationsNeeded: 3,
      }); // prettier-ignore
      // Electrum's rate on test networks is fixed; soon after the opening it asks for 1 more.
      expect(ours.feeratePerKw).toBe(opener === 'us' ? 2_500 : 45_001);
      expect(ours.shortChannelId).toBe((await world.electrum.channel(point))!.short_channel_id);
      await world.untilBooked(point, ourSat * 1000n);
    });

    it('pays 20 invoices of Electrum, trimmed ones among them', async () => {
      for (const amountSat of AMOUNTS_SAT) {
        expect(await world.payElectrum(amountSat)).toMatchObject({
          state: 'succeeded', amountMsat: amountSat * 1000n, feeMsat: 0n, parts: 1, paymentPreimage: expect.stringMatching(/^[0-9a-f]{64}$/),
        }); // prettier-ignore
        ourSat -= amountSat;
      }
      expect(await world.untilAgreed(point)).toBe(ourSat);
    });

    it('is paid 20 invoices by Electrum, trimmed ones among them', async () => {
      const paid: (readonly [paymentHash: string, amountSat: bigint])[] = [];
      for (const amountSat of AMOUNTS_SAT) {
        const { invoice, paymentHash } = await world.invoiceOfOurs(amountSat);
        expect(await world.electrum.pay(invoice)).toMatchObject({ success: true, payment_hash: paymentHash });
        ourSat += amountSat;
        paid.push([paymentHash, amountSat]);
      }
      expect(await world.untilAgreed(point)).toBe(ourSat);
      for (const [paymentHash, amountSat] of paid) {
        expect(await world.sferic.call('invoice.get', { paymentHash })).toMatchObject({ state: 'paid', receivedMsat: amountSat * 1000n });
      }
    });

    it('sends the most that it says it can, and not a satoshi more', async () => {
      const sendableSat = (await world.sferic.channel(point))!.sendableMsat / 1000n;
      const tooMuch = await world.electrum.invoice(sendableSat + 1n);
      expect(await world.sferic.call('payment.quote', { invoice: tooMuch })).toMatchObject({ payable: false, reason: { code: 'insufficient_balance' } });
      await expect(world.sferic.call('payment.send', { invoice: tooMuch })).rejects.toMatchObject({ code: 'insufficient_balance' });
      expect(await world.payElectrum(sendableSat)).toMatchObject({ state: 'succeeded', amountMsat: sendableSat * 1000n });
      ourSat -= sendableSat;
      expect(await world.untilAgreed(point)).toBe(ourSat);
    });

    it('receives the most that Electrum can send, and not a satoshi more', async () => {
      const mostSat = electrumSendableSat(opener, CAPACITY_SAT - ourSat, (await world.sferic.channel(point))!.feeratePerKw);
      const tooMuch = await world.invoiceOfOurs(mostSat + 1n);
      expect(await world.electrum.pay(tooMuch.invoice)).toMatchObject({ success: false });
      const most = await world.invoiceOfOurs(mostSat);
      expect(await world.electrum.pay(most.invoice)).toMatchObject({ success: true });
      ourSat += mostSat;
      expect(await world.untilAgreed(point)).toBe(ourSat);
    });

    it('is then closed, and the book agrees', async () => {
      await world.untilBooked(point, ourSat * 1000n);
      await world.expectNoHarm(point);
      // Out of the way of the next channel.
      await world.sferic.call('channel.close', { channelId: (await world.sferic.channel(point))!.channelId });
      await world.chain.untilSpent(point.slice(0, 64), Number(point.slice(65)));
      await world.mine(6);
    });
  });
});

/** Electrum's rule: reserve of 1 %, and as opener the fee of two more HTLCs at twice the rate and one at the rate. */
function electrumSendableSat(opener: Opener, balanceSat: bigint, feeratePerKw: number): bigint {
  const overReserve = balanceSat - CAPACITY_SAT / 100n;
  if (opener === 'us') return overReserve;
  const rate = BigInt(feeratePerKw);
  return (overReserve * 1000n - (724n + 2n * 172n) * 2n * rate - 172n * rate) / 1000n;
}
