/** Payments that must not be made: wrong amounts, expired and unknown invoices, refused by either side without harm to the channel. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InvoiceData } from '../../../core/invoice/types.ts';
import { msat } from '../../../core/lib/units.ts';
import { electrumAvailable, until } from '../../support/electrum-daemon.ts';
import { electrumNodeSecret, forge, ourNodeSecret } from './forgery.ts';
import { World } from './world.ts';

const AMOUNT_SAT = 60_000n;
const HOUR_MS = 3_600_000;
/** incorrect_or_unknown_payment_details (BOLT 4). */
const UNKNOWN_DETAILS = 0x400f;

/** Each is refused with the same words, so that a prober learns nothing. */
const WRONG: readonly (readonly [string, Partial<InvoiceData>])[] = [
  ['a msat too little', { amountMsat: msat(AMOUNT_SAT * 1000n - 1n) }],
  ['half the amount', { amountMsat: msat(AMOUNT_SAT * 500n) }],
  ['more than twice the amount', { amountMsat: msat(AMOUNT_SAT * 2000n + 1n) }],
  ['an unknown payment hash', { paymentHash: new Uint8Array(32).fill(7) }],
  ['a wrong payment secret', { paymentSecret: new Uint8Array(32).fill(8) }],
];

const longAgo = (): Partial<InvoiceData> => ({ timestampSeconds: Math.floor(Date.now() / 1000) - 7200, expirySeconds: 3600 });

describe.skipIf(!electrumAvailable())('refusals between us and Electrum', { timeout: 60_000 }, () => {
  let world: World;
  let point: string;
  let ourSat: bigint;
  let [electrumKey, ourKey]: Uint8Array[] = [];
  beforeAll(async () => {
    world = await World.create();
    point = await world.openAndConfirm('us', 1_000_000n);
    ourSat = await world.untilAgreed(point);
    [electrumKey, ourKey] = await Promise.all([electrumNodeSecret(world.electrum), ourNodeSecret(world.sferic)]);
  }, 60_000);
  afterAll(() => world?.stop());
  afterEach(async () => {
    expect(await world.untilAgreed(point)).toBe(ourSat);
    await world.untilBooked(point, ourSat * 1000n);
    await world.expectNoHarm(point);
  });

  describe('we pay', () => {
    it.for(WRONG)('%s: Electrum refuses, and we know that it did', async ([, changes]) => {
      const invoice = forge(await world.electrum.invoice(AMOUNT_SAT), changes, electrumKey!);
      expect(await world.sferic.call('payment.send', { invoice })).toMatchObject({
        state: 'failed', failure: { code: `refused_by_payee:${UNKNOWN_DETAILS}` }, parts: 0,
      }); // prettier-ignore
    });

    it('an expired invoice, too little, or too much: we do not even begin', async () => {
      world.sferic.forgetWire();
      const fresh = await world.electrum.invoice(AMOUNT_SAT);
      const expired = forge(fresh, longAgo(), electrumKey!);
      expect(await world.sferic.call('payment.quote', { invoice: expired })).toMatchObject({ payable: false, reason: { code: 'invoice_expired' } });
      await expect(world.sferic.call('payment.send', { invoice: expired })).rejects.toMatchObject({ code: 'invoice_expired' });
      for (const amountMsat of [AMOUNT_SAT * 1000n - 1n, AMOUNT_SAT * 2000n + 1n]) {
        await expect(world.sferic.call('payment.send', { invoice: fresh, amountMsat })).rejects.toMatchObject({ code: 'amount_out_of_bounds' });
      }
      await expect(world.sferic.call('payment.send', { invoice: await world.electrum.invoice(0n) })).rejects.toMatchObject({ code: 'amount_missing' });
      expect(world.sferic.wire).not.toContain('> update_add_htlc');
    });

    it('up to twice the amount, or any amount that the invoice leaves open: Electrum takes it, and once', async () => {
      const invoice = await world.electrum.invoice(AMOUNT_SAT);
      expect(await world.sferic.call('payment.send', { invoice, amountMsat: AMOUNT_SAT * 2000n })).toMatchObject({ state: 'succeeded', amountMsat: AMOUNT_SAT * 2000n });
      const open = await world.electrum.invoice(0n);
      expect(await world.sferic.call('payment.send', { invoice: open, amountMsat: 12_345_000n })).toMatchObject({ state: 'succeeded', amountMsat: 12_345_000n });
      ourSat -= AMOUNT_SAT * 2n + 12_345n;
      await expect(world.sferic.call('payment.send', { invoice })).rejects.toMatchObject({ code: 'already_paid' });
    });
  });

  describe('Electrum pays', () => {
    it.for(WRONG)('%s: we refuse, and Electrum knows that we did', async ([, changes]) => {
      const { invoice, paymentHash } = await world.invoiceOfOurs(AMOUNT_SAT);
      const paid = await world.electrum.pay(forge(invoice, changes, ourKey!));
      expect(paid.success).toBe(false);
      expect(JSON.stringify(paid.log)).toContain('INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS');
      expect(await world.sferic.call('invoice.get', { paymentHash })).toMatchObject({ state: 'open' });
    });

    it('an expired invoice: Electrum does not even begin', async () => {
      const { invoice } = await world.invoiceOfOurs(AMOUNT_SAT);
      await expect(world.electrum.pay(forge(invoice, longAgo(), ourKey!))).rejects.toThrow(/expired/);
    });

    it('an invoice that expires on its way: we refuse', async () => {
      const { invoice, paymentHash } = await world.invoiceOfOurs(AMOUNT_SAT);
      await world.sferic.shiftClock(2 * HOUR_MS);
      try {
        const paid = await world.electrum.pay(invoice);
        expect(paid.success).toBe(false);
        expect(JSON.stringify(paid.log)).toContain('INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS');
        const state = async () => (await world.sferic.call('invoice.get', { paymentHash })).state;
        await until('our invoice to be closed', state, (s) => s === 'expired');
      } finally {
        await world.sferic.shiftClock(0);
      }
    });
  });
});
