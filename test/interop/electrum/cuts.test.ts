/** The connection to Electrum breaks at every message of a payment, both ways. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electrumAvailable } from '../../support/electrum-daemon.ts';
import { AMOUNTS_SAT, interrupt, PLACES_AS_PAYEE, PLACES_AS_PAYER, strike, type Place } from './interruption.ts';
import { World } from './world.ts';

const ROWS = PLACES_AS_PAYER.map((asPayer, n): readonly [string, string, Place, Place, number] => {
  const asPayee = PLACES_AS_PAYEE[n]!;
  return [asPayer.join(' '), asPayee.join(' '), asPayer, asPayee, n];
});

// A reconnection takes Electrum a second of waiting: both directions wait at the same time, each with its own wallets.
describe.skipIf(!electrumAvailable())('a payment whose connection is cut', { timeout: 60_000 }, () => {
  let [paying, paid]: World[] = [];
  let [pointPaying, pointPaid]: string[] = [];
  beforeAll(async () => {
    [paying, paid] = await World.createAll(2);
    [pointPaying, pointPaid] = await Promise.all([paying!.openAndConfirm('us', 1_000_000n), paid!.openAndConfirm('us', 1_000_000n)]);
  }, 60_000);
  afterAll(() => Promise.all([paying?.stop(), paid?.stop()]));

  it.for(ROWS)('we pay, at %s; Electrum pays, at %s', async ([, , asPayer, asPayee, n]) => {
    const amountSat = AMOUNTS_SAT[n % AMOUNTS_SAT.length]!;
    const isPaid = await Promise.all([
      interrupt(paying!, { point: pointPaying!, payer: 'us', blow: 'cut', place: asPayer, amountSat }),
      interrupt(paid!, { point: pointPaid!, payer: 'electrum', blow: 'cut', place: asPayee, amountSat }),
    ]);
    expect(isPaid).toEqual([true, true]);
  });

  it('twelve payments each way at once', async () => {
    const world = paying!;
    const point = pointPaying!;
    const beforeSat = await world.untilAgreed(point);
    const amounts = Array.from({ length: 12 }, (_, n) => 500n + BigInt(n) * 4_000n);
    const theirInvoices = await Promise.all(amounts.map((amountSat) => world.electrum.invoice(amountSat)));
    const ourInvoices = await Promise.all(amounts.map((amountSat) => world.invoiceOfOurs(amountSat + 77n)));
    const { answered } = await strike(world, 'cut', ['<', 'commitment_signed', 'before', 3], () => {
      const sent = theirInvoices.map((invoice) => world.sferic.call('payment.send', { invoice, timeoutMs: 20_000 }));
      const received = ourInvoices.map(({ invoice }) => world.electrum.pay(invoice));
      return Promise.all([...sent, ...received]);
    });
    await world.untilOpen(point);
    const answers = (await answered) as readonly { readonly state?: string; readonly success?: boolean }[];
    expect(answers.map(({ state, success }) => state ?? success)).toEqual([...amounts.map(() => 'succeeded'), ...amounts.map(() => true)]);
    expect(await world.untilAgreed(point)).toBe(beforeSat + 12n * 77n);
    await world.expectNoHarm(point);
  });
});
