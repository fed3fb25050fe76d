/** A wallet loses its data folder, and comes back from its words and a backup file, in another folder and another process. */
import { rm } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { Answer } from '../../../core/api.ts';
import { decodeTx } from '../../../core/bitcoin/transaction.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { fund, openChannel, startHeadlessPair, until, untilSynced, untilUsable, type HeadlessPair, type SourceKind } from '../../support/headless-pair.ts';
import { PASSWORD, type HeadlessProcess, startHeadlessProcess } from '../../support/headless-process.ts';

/** Payments go over the first, which has room for them. */
const CAPACITIES_SAT = [1_000_000n, 100_000n, 100_000n, 100_000n];
const ANCHORS_SAT = 660n;
const PAYMENTS = 12;

let pair: HeadlessPair | undefined;
let back: HeadlessProcess | undefined;
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') for (const [name, node] of [['bob', pair?.bob], ['back', back]] as const) console.info(name, node?.log.slice(-80).join('\n'));
  if (back?.isRunning) await back.stop();
  if (back) await rm(back.dataDir, { recursive: true, force: true });
  await pair?.stop();
  [pair, back] = [undefined, undefined];
});

/** A commitment pays us, who opened, our balance less the fee and the anchors, to the satoshi; answers with the output. */
async function expectPaysUs({ chain }: HeadlessPair, closingTxid: string, { capacitySat, ourMsat }: Answer<'channel.get'>): Promise<{ readonly vout: number; readonly amountSat: bigint }> {
  const { outputs } = decodeTx(fromHex(must(await chain.tx(closingTxid), 'the commitment').hex));
  const feeSat = capacitySat - outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  const amountSat = ourMsat / 1000n - feeSat - ANCHORS_SAT;
  const vout = outputs.findIndex((output) => output.amountSat === amountSat);
  expect(vout, `${amountSat} sat among ${outputs.map((output) => output.amountSat)}`).toBeGreaterThanOrEqual(0);
  return { vout, amountSat };
}

async function coinsOnChain({ chain }: HeadlessPair, node: HeadlessProcess): Promise<bigint> {
  const scripts = [...new Set((await node.rpc.call('wallet.coins')).map(({ address }) => scriptOf(address)!))];
  return (await Promise.all(scripts.map((script) => chain.balanceOf(script)))).reduce((sum, sat) => sum + sat, 0n);
}

const SOURCES: readonly SourceKind[] = ['electrum', 'bitcoind'];

test.each(SOURCES)('four channels come back from words and a file, to the satoshi, and the books say so (%s)', async (source) => {
  pair = await startHeadlessPair({ source });
  const { alice, bob, chain } = pair;
  await fund(pair, alice, 2_000_000n, 4);
  const ids: string[] = [];
  await fund(pair, bob, 500_000n);
  for (const capacitySat of CAPACITIES_SAT) ids.push(await openChannel(pair, capacitySat));
  const { mnemonic } = await alice.rpc.call('vault.revealSeed', { password: PASSWORD });
  const { file, channels } = await alice.rpc.call('backup.run');
  expect(channels).toBe(4);

  // What happens from here on no file knows of.
  for (let i = 0; i < PAYMENTS; i++) {
    const [payer, payee] = i % 3 === 2 ? [bob, alice] : [alice, bob];
    const { invoice } = await payee.rpc.call('invoice.create', { amountMsat: 21_111_000n, description: 'a thing' });
    expect(await payer.rpc.call('payment.send', { invoice })).toMatchObject({ state: 'succeeded' });
  }
  const quiet = () => Promise.all(ids.map((channelId) => alice.rpc.call('channel.get', { channelId })));
  const before = await until('quiet channels', quiet, (views) => views.every(({ pendingHtlcs }) => pendingHtlcs === 0));
  expect(before.map(({ localCommitmentNumber }) => localCommitmentNumber > 0)).toEqual([true, false, false, false]);
  const closed = must(before[1], 'the channel');
  await alice.rpc.call('channel.close', { channelId: closed.channelId });
  await chain.untilSpent(closed.fundingTxid, closed.fundingVout);
  await chain.mine(1);
  const open = before.filter((view) => view !== closed);

  await until('the close to be in the wallet', () => alice.rpc.call('wallet.balance'), ({ unconfirmedSat }) => unconfirmedSat === 0n);
  await alice.stop();
  await rm(alice.dataDir, { recursive: true, force: true });
  // Nobody is there to see this close.
  await bob.rpc.call('channel.forceClose', { channelId: must(before[3], 'the channel').channelId });
  await chain.untilMempool(1);
  await chain.mine(3);

  back = await startHeadlessProcess({ chain: [source === 'electrum' ? `electrum:tcp://127.0.0.1:${chain.electrumPort}` : `bitcoind:${chain.bitcoindUrl}`], mnemonic });
  const node = back;
  expect(node.nodeId).toBe(alice.nodeId);
  await untilSynced(node);
  const coinsSat = (await node.rpc.call('wallet.balance')).confirmedSat;
  const drill = await node.rpc.call('backup.drill', { file });
  expect(drill.channels.map(({ isKnown }) => isKnown)).toEqual([false, false, false, false]);
  expect(await node.rpc.call('channel.list')).toEqual([]);
  expect(await node.rpc.call('backup.restore', { file })).toEqual({ restored: 4, skipped: 0 });
  for (const view of await node.rpc.call('channel.list', { includeClosed: true })) expect(view).toMatchObject({ isRestored: true, ourMsat: 0n, theirMsat: 0n });

  // Bob, an honest peer, closes what it still has.
  let sweptSat = 0n;
  const swept = new Map<string, bigint>();
  const outputs = [];
  for (const view of open) {
    const closingTxid = await chain.untilSpent(view.fundingTxid, view.fundingVout);
    outputs.push({ txid: closingTxid, ...(await expectPaysUs(pair, closingTxid, view)) });
  }
  await chain.mine(1);
  for (const { txid, vout, amountSat } of outputs) {
    const sweep = await chain.untilSpent(txid, vout);
    sweptSat += amountSat;
    swept.set(sweep, must(await chain.tx(sweep), 'the sweep').feeSat);
  }
  await chain.mine(1);
  const gainedSat = sweptSat - [...swept.values()].reduce((sum, feeSat) => sum + feeSat, 0n);
  const balance = await until('the coins to be back', () => node.rpc.call('wallet.balance'), ({ confirmedSat }) => confirmedSat === coinsSat + gainedSat);
  expect(balance.unconfirmedSat).toBe(0n);
  expect(await coinsOnChain(pair, node)).toBe(coinsSat + gainedSat);

  await chain.mine(100);
  const over = await until('the channels to be closed', () => node.rpc.call('channel.list', { includeClosed: true }), (views) => views.every(({ state }) => state === 'closed'));
  expect(over.map(({ channelId, spendClass }) => [channelId, spendClass]).toSorted()).toEqual(ids.map((id) => [id, id === closed.channelId ? 'mutual' : 'future']).toSorted());
  const books = await until('the books', () => node.rpc.call('ledger.balances'), (accounts) => accounts.find(({ account }) => account === 'restored')?.balanceMsat === -gainedSat * 1000n);
  expect(books.reduce((sum, { balanceMsat }) => sum + balanceMsat, 0n)).toBe(0n);
  expect(books.find(({ account }) => account === 'wallet')?.balanceMsat).toBe((coinsSat + gainedSat) * 1000n);
  for (const { account, balanceMsat } of books) if (/^(channel|closing):/u.test(account)) expect([account, balanceMsat]).toEqual([account, 0n]);
  expect(node.log.filter((line) => /\balarm\b/u.test(line))).toEqual([]);

  // It is no old copy: new channels open, with keys that no channel had, carry payments and outlive a crash.
  const { channelNumber, channelId } = await node.rpc.call('channel.open', { peer: bob.nodeId, capacitySat: 200_000n, pushMsat: 60_000_000n });
  expect(over.map((view) => view.channelNumber)).not.toContain(channelNumber);
  await chain.untilMempool(1);
  await chain.mine(8);
  for (const one of [node, bob]) await untilUsable(one, channelId);
  const pay = async (payer: HeadlessProcess, payee: HeadlessProcess): Promise<void> => {
    const { invoice } = await payee.rpc.call('invoice.create', { amountMsat: 7_000_000n, description: 'another thing' });
    expect(await payer.rpc.call('payment.send', { invoice })).toMatchObject({ state: 'succeeded' });
  };
  await pay(node, bob);
  await node.kill();
  await node.start();
  await untilUsable(node, channelId);
  await pay(bob, node);
}); // prettier-ignore
