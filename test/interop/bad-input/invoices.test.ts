import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signRecoverable } from '../../../core/crypto/secp256k1.ts';
import { encodeInvoice } from '../../../core/invoice/bolt11.ts';
import { numberToWords } from '../../../core/invoice/words.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import type { ApiFailure } from '../../../core/node/app.ts';
import { paymentFailure } from '../../../core/node/words.ts';
import { FEATURES, featureVector } from '../../../core/wire/features.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { DESCRIPTION, HASH, SECRET, bitVector, signedText, valid } from '../../unit/invoice/helpers.ts';
import { keyOf } from '../../states/payment/kit.ts';
import {
  type Expected, NOTHING_PAID, type Wallet, type World, channelOf, expectHarmless, expectRefusal, expectWords, invoiceOf, makeWallet, openChannel, pay,
  standingOf, startWorld, untilAtRest, untilUsable,
} from './world.ts'; // prettier-ignore
import { until } from '../../support/headless-pair.ts';

let world: World;
let proxy: TcpProxy;
/** Alice pays over a channel to Bob. */
let alice: Wallet;
let bob: Wallet;

beforeAll(async () => {
  world = await startWorld();
  [alice, bob] = [world.keep(await makeWallet(world.chain, 5_000_000n)), world.keep(await makeWallet(world.chain))];
  proxy = await startTcpProxy(Number((await bob.call('node.info')).listen!.split(':')[1]));
  await openChannel(world.chain, alice, bob, { port: proxy.port });
});
afterAll(async () => {
  await world.stop();
  await proxy.close();
});

const now = (): number => Math.floor(Date.now() / 1000);
const timestamp = (): number[] => numberToWords(now(), 7);
const strangerSigns = (hash: Uint8Array) => signRecoverable(hash, keyOf('a stranger'));

/** A sound invoice of somebody whom nobody knows. */
function strangersInvoice(changes: Partial<Parameters<typeof encodeInvoice>[0]> = {}): string {
  const data: Parameters<typeof encodeInvoice>[0] = {
    network: 'regtest', amountMsat: msat(1_000_000n), timestampSeconds: now(), paymentHash: keyOf('a hash'), paymentSecret: keyOf('a secret'), description: 'tea',
    descriptionHash: undefined, expirySeconds: 3600, minFinalCltvExpiryDelta: 18, fallbackAddresses: [], routeHints: [],
    features: featureVector([FEATURES.varOnionOptin, FEATURES.paymentSecret]), paymentMetadata: undefined, ...changes,
  }; // prettier-ignore
  const text = encodeInvoice(data, strangerSigns);
  if (!text.ok) throw new Error(text.error.code);
  return text.value;
}

const rows: [name: string, invoice: () => string | Promise<string>, expected: Expected, params?: object][] = [
  ['with a bad checksum', async () => {
    const text = await invoiceOf(bob, 1_000n);
    return text.slice(0, -1) + (text.endsWith('q') ? 'p' : 'q');
  }, { code: 'invoice_bad_checksum', happened: /typing error/, money: NOTHING_PAID, advice: /copy it again/i }],
  ['that is none', () => 'hello', { code: 'invoice_malformed', happened: /not a lightning invoice/i, money: NOTHING_PAID, advice: /copy all of it/i }],
  ['of another network', () => valid.vectors[0]!.invoice, { code: 'invoice_other_network', happened: /another network \(mainnet\)/, money: NOTHING_PAID, advice: /on the network of this wallet/ }],
  ['with an unknown even feature', () => strangersInvoice({ features: bitVector([8, 14, 100]) }),
    { code: 'invoice_unknown_feature', happened: /feature 100/, money: NOTHING_PAID, advice: /newer version/ }],
  ['without a payment secret', () => signedText('lnbcrt1m', [...timestamp(), ...HASH, ...DESCRIPTION]), { code: 'invoice_missing_secret', happened: /no payment secret/, money: NOTHING_PAID, advice: /ask for a new one/i }],
  ['with an amount finer than a millisatoshi', () => signedText('lnbcrt1p', [...timestamp(), ...HASH, ...SECRET, ...DESCRIPTION]), { code: 'invoice_sub_msat_amount', happened: /finer than a millisatoshi/, money: NOTHING_PAID, advice: /ask for a new one/i }],
  ['with a final expiry over 2016 blocks away', () => strangersInvoice({ minFinalCltvExpiryDelta: 2016 }), { code: 'invoice_expiry_too_far', happened: /20\d\d blocks/, money: NOTHING_PAID, advice: /shorter/ }],
  ['that expired', () => strangersInvoice({ timestampSeconds: now() - 7200 }), { code: 'invoice_expired', happened: /expired on 20/, money: NOTHING_PAID, advice: /ask for a new one/i }],
  ['of this wallet itself', () => invoiceOf(alice, 1_000n), { code: 'invoice_own', happened: /your own/, money: NOTHING_PAID, advice: /should pay you/ }],
  ['without an amount', () => invoiceOf(bob, undefined), { code: 'amount_missing', happened: /leaves the amount to you/, money: NOTHING_PAID, advice: /say how much/i }],
  ['with less than it asks for', () => invoiceOf(bob, 5_000n), { code: 'amount_out_of_bounds', happened: /at least 5 sat/, money: NOTHING_PAID, advice: /pay that/i }, { amountMsat: '4999' }],
  ['with over twice what it asks for', () => invoiceOf(bob, 5_000n), { code: 'amount_out_of_bounds', happened: /more than twice/, money: NOTHING_PAID, advice: /digit too many/ }, { amountMsat: '10001' }],
  ['to which no way leads', () => strangersInvoice(), { code: 'no_route', happened: /no way leads/i, money: NOTHING_PAID, advice: /open a channel/i }],
  ['over the balance', () => invoiceOf(bob, 2_000_000_000n), { code: 'insufficient_balance', happened: /2000000 sat are wanted, \d{6} sat are possible now.*reserve/, money: NOTHING_PAID, advice: /pay less/i }],
]; // prettier-ignore

describe('an invoice', () => {
  test.each(rows)('%s', async (...[, make, expected, params = {}]) => {
    const invoice = await make();
    await expectHarmless(alice, () => pay(alice, invoice, params), expected);
    // A look at it, before anything is paid, says the same.
    const { amountMsat } = params as { readonly amountMsat?: string };
    const quoted = await alice.ask('payment.quote', { invoice, ...(amountMsat === undefined ? {} : { amountMsat }) });
    if (quoted.ok) expect(quoted.value).toMatchObject({ payable: false, reason: { code: expected.code } });
    else expectWords(quoted.error, expected);
  });

  test('whose amount the channel cannot carry by one millisatoshi, and by none', async () => {
    const { sendableMsat } = (await channelOf(alice))!;
    const error = await expectHarmless(alice, async () => pay(alice, await invoiceOf(bob, sendableMsat + 1n)), {
      code: 'insufficient_balance', happened: /possible now/, money: NOTHING_PAID, advice: /pay less/i,
    }); // prettier-ignore
    expect(error.data).toMatchObject({ possibleMsat: String(sendableMsat) });
    const { possibleMsat } = await alice.call('payment.quote', { invoice: await invoiceOf(bob, sendableMsat + 1n) });
    expect(possibleMsat).toBe(sendableMsat);
  });

  test('whose way costs more than may be spent on it, in percent of the amount', async () => {
    const { nodeId } = await bob.call('node.info');
    // 1 sat and 3 % of 100 000 sat.
    const dear = { nodeId: fromHex(nodeId!), shortChannelId: 1n << 40n, feeBaseMsat: 1000, feeProportionalMillionths: 30_000, cltvExpiryDelta: 40 };
    const invoice = strangersInvoice({ amountMsat: msat(100_000_000n), routeHints: [[dear]] });
    const look = (params: object = {}) => alice.call('payment.quote', { invoice, ...params });
    expect(await look()).toMatchObject({ payable: false, reason: { code: 'fee_limit_too_low', data: { neededMsat: '3001000', limitMsat: '1000000' } } });
    expect(await look({ maxFeePercent: 3 })).toMatchObject({ payable: false, maxFeeMsat: 3_000_000n });
    expect(await look({ maxFeePercent: 3.01 })).toMatchObject({ payable: true, feeMsat: 3_001_000n, maxFeeMsat: 3_001_000n });
    // Of little the tenth part is little: 10 sat are always allowed.
    const small = strangersInvoice({ amountMsat: msat(100_000n), routeHints: [[{ ...dear, feeBaseMsat: 7000 }]] });
    expect(await alice.call('payment.quote', { invoice: small, maxFeePercent: 0 })).toMatchObject({ payable: true, feeMsat: 10_000n });
    await expectHarmless(alice, () => pay(alice, invoice), { code: 'fee_limit_too_low', happened: /over your limit/, money: NOTHING_PAID, advice: /raise the limit/i });
  });

  test('that is paid already, and the same again with payAgain', async () => {
    const invoice = await invoiceOf(bob, 1_000_000n);
    expect(await pay(alice, invoice)).toMatchObject({ ok: true, value: { state: 'succeeded' } });
    await untilAtRest(alice, bob);
    const expected: Expected = { code: 'already_paid', happened: /paid already/, money: NOTHING_PAID, advice: /explicitly/ };
    await expectHarmless(alice, () => pay(alice, invoice), expected);
    // Consent lets it go out; the payee has the money and refuses a second one, which comes back whole.
    const again = await pay(alice, invoice, { payAgain: true });
    expect(again).toMatchObject({ ok: true, value: { state: 'failed', failure: { code: expect.stringContaining('refused_by_payee') } } });
    await untilAtRest(alice, bob);
    expect((await alice.call('ledger.balances')).find(({ account }) => account === 'payments:sent')?.balanceMsat).toBe(1_000_000n);
  });

  test('that is being paid', async () => {
    const invoice = await invoiceOf(bob, 2_000_000n);
    const [first, second] = await Promise.all([pay(alice, invoice), pay(alice, invoice)]);
    const refused = [first, second].find(({ ok }) => !ok)!;
    expect([first, second].filter(({ ok }) => ok)).toMatchObject([{ value: { state: 'succeeded' } }]);
    await expectRefusal(refused, { code: 'payment_in_progress', happened: /right now/, money: /nothing is paid twice/i, advice: /wait/i });
  });

  test('while the peer is offline', async () => {
    const invoice = await invoiceOf(bob, 1_000_000n);
    proxy.refuse(true);
    proxy.cut();
    await until('the peer to be gone', () => channelOf(alice), (channel) => channel?.live === false);
    await expectHarmless(alice, () => pay(alice, invoice), { code: 'insufficient_balance', happened: /peer is not connected/, money: NOTHING_PAID, advice: /wait until the peer/i });
    proxy.refuse(false);
    await untilUsable(alice);
    expect(await pay(alice, invoice)).toMatchObject({ ok: true, value: { state: 'succeeded' } });
  });
});

describe('why a balance is too small, in words', () => {
  const words = (limit: 'in_flight' | 'htlc_count' | 'offline' | 'reserve_and_fee'): ApiFailure =>
    paymentFailure({ code: 'insufficient_balance', wantedMsat: msat(5_000n), possibleMsat: msat(1_001n), limits: [{ channelNumber: 1, maxOfferMsat: msat(1_001n), limit }] });

  test.each([
    ['in_flight', /under way at once/, /try again in a moment/i],
    ['htlc_count', /too many payments/i, /try again in a moment/i],
    ['reserve_and_fee', /reserve/, /pay less/i],
    ['offline', /not connected/, /wait/i],
  ] as const)('%s', (limit, happened, advice) => {
    expectWords(words(limit), { code: 'insufficient_balance', happened, money: NOTHING_PAID, advice });
    expect(words(limit).message).toContain('5 sat are wanted, 1.001 sat are possible now');
  });

  test('no channel at all', () => {
    const none = paymentFailure({ code: 'insufficient_balance', wantedMsat: msat(5_000n), possibleMsat: msat(0n), limits: [] });
    expectWords(none, { code: 'insufficient_balance', happened: /no open channel/, money: NOTHING_PAID, advice: /open a channel/i });
  });
});

test('an invoice of this wallet that asks for nothing, or says too much, is not made', async () => {
  await untilAtRest(alice, bob);
  const before = await standingOf(bob);
  await expectRefusal(bob.ask('invoice.create', { amountMsat: '0' }), { code: 'amount_out_of_bounds', happened: /amount/, money: /nothing was made/i, advice: /choose|name|leave/i });
  expect(await bob.ask('invoice.create', { description: 'é'.repeat(639) })).toMatchObject({ ok: false, error: { code: 'invoice_limit' } });
  expect(await standingOf(bob)).toEqual(before);
});
