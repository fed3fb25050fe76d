import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../support/headless-pair.ts';
import { type Expected, PASSWORD, type Wallet, type World, channelOf, expectRefusal, invoiceOf, makeWallet, openChannel, pay, startWallet, startWorld, untilAtRest, untilSynced, untilUsable } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const full: Expected = { code: 'disk_full', happened: /disk is full/, money: /frozen to protect your money/, advice: /free some space/i };
/** Of 4096 bytes: enough for a channel and some payments. */
const FEW_PAGES = 90;
const AMOUNT_MSAT = 100_000n;
/** More than fit. */
const ATTEMPTS = 400;

/** A wallet whose disk has room for a few records only. */
const cramped = (amountSat?: bigint): Promise<Wallet> => makeWallet(world.chain, amountSat, { store: { maxPageCount: FEW_PAGES, reserveBytes: 4096 } });
/** The same data, on a larger disk. */
async function withSpace(wallet: Wallet): Promise<Wallet> {
  await wallet.stop();
  const again = world.keep(await startWallet({ dataDir: wallet.dir, chain: [`electrum:tcp://127.0.0.1:${world.chain.electrumPort}`] }));
  await again.call('vault.unlock', { password: PASSWORD });
  await untilSynced(again);
  return again;
}

interface Attempt {
  readonly invoice: string;
  readonly paymentHash: string;
  readonly answer: Awaited<ReturnType<Wallet['ask']>>;
}

/** Pays until something goes wrong; the last attempt is the one that did. */
async function payUntilFull(from: Wallet, to: Wallet, isFull: (attempt: Attempt) => boolean): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  for (let i = 0; i < ATTEMPTS; i++) {
    const made = await to.ask('invoice.create', { amountMsat: String(AMOUNT_MSAT), description: 'x'.repeat(300) });
    if (!made.ok) return [...attempts, { invoice: '', paymentHash: '', answer: made }];
    const { invoice, paymentHash } = made.value as { readonly invoice: string; readonly paymentHash: string };
    const attempt = { invoice, paymentHash, answer: await pay(from, invoice, { timeoutMs: 3000 }) };
    attempts.push(attempt);
    if (isFull(attempt)) return attempts;
  }
  throw new Error('the disk never was full');
}

/** Both tell the same of the channel and of every payment, and no payment is left in between. */
async function agree(payer: Wallet, payee: Wallet, attempts: readonly Attempt[]): Promise<number> {
  for (const wallet of [payer, payee]) await untilUsable(wallet);
  await untilAtRest(payer, payee);
  const [paid, received] = await until(
    'all payments to be final',
    async () => [(await payer.call('payment.list', { limit: 1000 })).filter(({ direction }) => direction === 'sent'), await payee.call('invoice.list', { limit: 1000 })] as const,
    ([sent]) => sent.every(({ state }) => state !== 'pending'),
    70_000,
  );
  let succeeded = 0;
  for (const { paymentHash } of attempts.filter((attempt) => attempt.paymentHash !== '')) {
    const ours = paid.find((payment) => payment.paymentHash === paymentHash);
    const theirs = received.find((invoice) => invoice.paymentHash === paymentHash);
    expect(ours?.state === 'succeeded').toBe(theirs?.state === 'paid');
    if (ours?.state === 'succeeded') succeeded++;
  }
  const [ours, theirs] = [(await channelOf(payer))!, (await channelOf(payee))!];
  expect([ours.ourMsat, ours.theirMsat]).toEqual([theirs.theirMsat, theirs.ourMsat]);
  expect(theirs.ourMsat).toBe(BigInt(succeeded) * AMOUNT_MSAT);
  const sent = (await payer.call('ledger.balances')).find(({ account }) => account === 'payments:sent');
  expect(sent?.balanceMsat).toBe(BigInt(succeeded) * AMOUNT_MSAT);
  return succeeded;
}

describe('the disk is full in the middle of a payment', () => {
  test('at the payer: it freezes, says so, and with space again both sides agree and every payment is final', async () => {
    const [payer, payee] = [await cramped(3_000_000n), world.keep(await makeWallet(world.chain))];
    const alarms: string[] = [];
    payer.app.subscribe((name, data) => {
      if (name === 'alarm') alarms.push((data as { readonly code: string }).code);
    });
    await openChannel(world.chain, payer, payee);
    const attempts = await payUntilFull(payer, payee, ({ answer }) => !answer.ok);
    await expectRefusal(attempts.at(-1)!.answer, full);
    // The one that was under way is told at once and does not hang until its time is over.
    expect(attempts.slice(0, -1).map(({ answer }) => answer.ok && (answer.value as { readonly state: string }).state)).toEqual(attempts.slice(1).map(() => 'succeeded'));
    expect(alarms).toEqual(['disk_full']);
    await expectRefusal(payer.ask('invoice.create', {}), full);
    await expectRefusal(pay(payer, attempts.at(-1)!.invoice), full);
    await until('the frozen side to hang up', () => channelOf(payee), (channel) => channel?.live === false);
    // Nothing is closed by force for it: the channel waits.
    expect(await channelOf(payee)).toMatchObject({ state: 'normal' });
    const restarted = await withSpace(payer);
    expect(await agree(restarted, payee, attempts)).toBeGreaterThan(1);
    expect(await pay(restarted, await invoiceOf(payee, 50_000n))).toMatchObject({ ok: true, value: { state: 'succeeded' } });
  });

  test('at the payee: it freezes, says so, and with space again both sides agree and every payment is final', async () => {
    const [payer, payee] = [world.keep(await makeWallet(world.chain, 3_000_000n)), await cramped()];
    await openChannel(world.chain, payer, payee);
    // Either its next invoice is refused, or a payment stands still that it can no longer answer.
    const attempts = await payUntilFull(payer, payee, ({ answer }) => answer.ok && (answer.value as { readonly state: string }).state === 'pending');
    await expectRefusal(payee.ask('invoice.create', {}), full);
    await until('the frozen side to hang up', () => channelOf(payer), (channel) => channel?.live === false);
    const restarted = await withSpace(payee);
    const { nodeId, listen } = await restarted.call('node.info');
    await payer.call('peer.connect', { address: `${nodeId}@${listen}` });
    expect(await agree(payer, restarted, attempts)).toBeGreaterThan(1);
    expect(await pay(payer, await invoiceOf(restarted, 50_000n))).toMatchObject({ ok: true, value: { state: 'succeeded' } });
  });
});
