import { afterEach, expect, test } from 'vitest';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import {
  fund,
  openChannel,
  startHeadlessPair,
  until,
  untilUsable,
  type HeadlessPair,
  type SourceKind,
} from '../../support/headless-pair.ts';
import type { HeadlessProcess } from '../../support/headless-process.ts';
import { seededRandom } from '../../support/mutate.ts';
import { payThroughStorm, type Paid } from '../../support/stormy-payments.ts';

const PAYMENTS = Number(process.env['SFERIC_PAYMENTS'] ?? 1000);
/** `SFERIC_SEED` repeats the choices of a run; what meets what still depends on the machine. */
const SEED = Number(process.env['SFERIC_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const FUNDS_SAT = 20_000_000n;
const CAPACITY_SAT = 10_000_000n;

let pair: HeadlessPair | undefined;
afterEach(async ({ task }) => {
  if (pair && task.result?.state === 'fail') {
    for (const [name, { log }] of [['alice', pair.alice], ['bob', pair.bob]] as const) console.info(name, log.slice(-60).join('\n'));
  }
  await pair?.stop();
  pair = undefined;
});

async function expectPaidOnBothSides({ paymentHash, amountMsat, payer, payee }: Paid): Promise<void> {
  const sent = await payer.rpc.call('payment.get', { paymentHash, direction: 'sent' });
  const received = await payee.rpc.call('payment.get', { paymentHash, direction: 'received' });
  expect(sent).toMatchObject({ state: 'succeeded', amountMsat, feeMsat: 0n });
  expect(received).toMatchObject({ state: 'succeeded', amountMsat, paymentPreimage: sent.paymentPreimage });
}

async function allPayments(node: HeadlessProcess) {
  const found = [];
  for (let before: string | undefined; ;) {
    const page = await node.rpc.call('payment.list', { limit: 1000, ...(before === undefined ? {} : { before }) });
    found.push(...page);
    if (page.length < 1000) return found;
    before = page.at(-1)?.paymentHash;
  }
}

/** Every account of a side in msat; the books must say what the channel and the coins say. */
async function expectBooksToAgree(node: HeadlessProcess): Promise<void> {
  const accounts = new Map(
    (await node.rpc.call('ledger.balances')).map(({ account, balanceMsat }) => [account, balanceMsat]),
  );
  const channel = (await node.rpc.call('channel.list', {})).find(({ state }) => state === 'normal');
  const { confirmedSat, unconfirmedSat } = await node.rpc.call('wallet.balance');
  expect(accounts.get('channel:00000000') ?? 0n).toBe(channel?.ourMsat ?? 0n);
  expect(accounts.get('wallet') ?? 0n).toBe((confirmedSat + unconfirmedSat) * 1000n);
  expect([...accounts.values()].reduce((sum, balance) => sum + balance, 0n)).toBe(0n);
}

async function expectCoinsOfTheChain({ chain }: HeadlessPair, node: HeadlessProcess): Promise<bigint> {
  const coins = await node.rpc.call('wallet.coins');
  for (const { txid, vout, amountSat, address } of coins) {
    const onChain = await chain.utxosOf(scriptOf(address)!);
    expect(onChain.find((utxo) => utxo.txid === txid && utxo.vout === vout)?.valueSat).toBe(amountSat);
  }
  const { confirmedSat, unconfirmedSat } = await node.rpc.call('wallet.balance');
  expect(unconfirmedSat).toBe(0n);
  expect(coins.reduce((sum, { amountSat }) => sum + amountSat, 0n)).toBe(confirmedSat);
  return confirmedSat;
}

async function untilQuiet(nodes: readonly HeadlessProcess[], channelId: string) {
  const views = await until(
    'the channel to be quiet on both sides',
    () => Promise.all(nodes.map((node) => node.rpc.call('channel.get', { channelId }))),
    (both) => both.every(({ pendingHtlcs, live }) => pendingHtlcs === 0 && live) && both[0]?.localCommitmentNumber === both[1]?.remoteCommitmentNumber && both[1]?.localCommitmentNumber === both[0]?.remoteCommitmentNumber,
  ); // prettier-ignore
  return views as [(typeof views)[0], (typeof views)[0]];
}

const SOURCES: readonly SourceKind[] = ['electrum', 'bitcoind'];

test.each(SOURCES)('two processes pay each other while wire and processes fail (%s)', async (source) => {
  console.log(`seed ${SEED}`);
  const startedAt = performance.now();
  pair = await startHeadlessPair({ source, kdf: 'floor' });
  const { alice, bob, chain } = pair;
  await fund(pair, alice, FUNDS_SAT);
  const channelId = await openChannel(pair, CAPACITY_SAT);
  const { fundingTxid, fundingVout } = await alice.rpc.call('channel.get', { channelId });

  const { paid, counts } = await payThroughStorm({ pair, channelId, random: seededRandom(SEED), payments: PAYMENTS, kills: 6 });
  console.log(`${source}: ${JSON.stringify(counts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  expect(counts.payments).toBe(PAYMENTS);
  expect(Math.min(counts.cuts, counts.disconnects)).toBeGreaterThan(0);
  expect(counts.kills).toBeGreaterThan(0);

  for (const node of [alice, bob]) await untilUsable(node, channelId);
  const [ours, theirs] = await untilQuiet([alice, bob], channelId);
  expect([ours.ourMsat, ours.theirMsat]).toEqual([theirs.theirMsat, theirs.ourMsat]);
  expect(ours.ourMsat + ours.theirMsat).toBe(CAPACITY_SAT * 1000n);
  const movedToBob = paid.reduce((sum, { payer, amountMsat }) => sum + (payer === alice ? amountMsat : -amountMsat), 0n);
  expect(theirs.ourMsat).toBe(CAPACITY_SAT * 500n + movedToBob);

  for (const payment of paid) await expectPaidOnBothSides(payment);
  for (const node of [alice, bob]) {
    const listed = await allPayments(node);
    const done = listed.filter(({ state }) => state === 'succeeded').map(({ paymentHash }) => paymentHash);
    expect(done.toSorted()).toEqual(paid.map(({ paymentHash }) => paymentHash).toSorted());
    // An invoice whose maker was killed before it answered: nobody knows it, so nobody pays it.
    const others = listed.filter(({ state }) => state !== 'succeeded');
    expect(others.filter(({ direction, state }) => direction !== 'received' || state !== 'pending')).toEqual([]);
    await expectBooksToAgree(node);
  }

  await alice.rpc.call('channel.close', { channelId });
  const closingTxid = await chain.untilSpent(fundingTxid, fundingVout);
  await chain.mine(8);
  const [fundingTx, closingTx] = [await chain.tx(fundingTxid), await chain.tx(closingTxid)];
  const fees = fundingTx!.feeSat + closingTx!.feeSat;
  const untilTotal = async (): Promise<bigint> => (await Promise.all([alice, bob].map((node) => node.rpc.call('wallet.balance')))).reduce((sum, { confirmedSat }) => sum + confirmedSat, 0n);
  await until('all coins to be back', untilTotal, (total) => total === FUNDS_SAT - fees);
  const [alicesSat, bobsSat] = [await expectCoinsOfTheChain(pair, alice), await expectCoinsOfTheChain(pair, bob)];
  expect(alicesSat + bobsSat + fees).toBe(FUNDS_SAT);
  // Both may offer a closing transaction and pay for their own (BOLT 2, "Closing Negotiation"): one of them paid nothing.
  const untouched = FUNDS_SAT - CAPACITY_SAT - fundingTx!.feeSat;
  expect(bobsSat === theirs.ourMsat / 1000n || alicesSat === untouched + ours.ourMsat / 1000n).toBe(true);
  for (const node of [alice, bob]) {
    // The wallet's news and the channel's come one after the other.
    const [channel] = await until('the close to be final', () => node.rpc.call('channel.list', { includeClosed: true }), ([view]) => view?.closingTxid !== undefined);
    expect(channel).toMatchObject({ spendClass: 'mutual', closingTxid });
    await until('the close to be booked', () => node.rpc.call('ledger.balances'), (accounts) => accounts.find(({ account }) => account === 'channel:00000000')?.balanceMsat === 0n);
    await expectBooksToAgree(node);
    expect(await node.stop()).toBe(0);
  }
}); // prettier-ignore
