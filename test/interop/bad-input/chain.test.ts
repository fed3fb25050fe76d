import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventData } from '../../../core/api.ts';
import { POLICY } from '../../../core/channel/policy.ts';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { until } from '../../support/headless-pair.ts';
import { type Expected, NOTHING_SENT, NOTHING_SPENT, PASSWORD, type Wallet, type World, expectHarmless, expectRefusal, makeWallet, standingOf, startWallet, startWorld, uriOf } from './world.ts';

let world: World;
let wallet: Wallet;
let peer: Wallet;
beforeAll(async () => {
  world = await startWorld();
  [wallet, peer] = [world.keep(await makeWallet(world.chain, 400_000n)), world.keep(await makeWallet(world.chain))];
});
afterAll(() => world.stop());
afterEach(() => world.chain.truth());

/** Nobody's: bcrt1, so of this network. */
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

describe('a channel', () => {
  const open = async (capacitySat: bigint) => wallet.ask('channel.open', { peer: await uriOf(peer), capacitySat: String(capacitySat) });

  test.each<[string, bigint, Expected]>([
    ['smaller than a channel may be', POLICY.minFundingSat - 1n, { code: 'funding_too_small', happened: /at least 20000 sat/, money: NOTHING_SPENT, advice: /larger/ }],
    ['of nothing', 0n, { code: 'funding_too_small', happened: /at least 20000 sat/, money: NOTHING_SPENT, advice: /larger/ }],
    ['larger than a channel may be', POLICY.maxFundingSat + 1n, { code: 'funding_too_large', happened: /at most 16777215 sat/, money: NOTHING_SPENT, advice: /smaller/ }],
    ['larger than the wallet', 500_000n, { code: 'insufficient_funds', happened: /1\d{5} sat are missing, fees of \d+ sat included\. 400000 sat can be spent/, money: NOTHING_SENT, advice: /smaller amount, or add coins/ }],
    ['that leaves nothing for the fee', 400_000n, { code: 'insufficient_funds', happened: /\d{3,4} sat are missing, fees of \d{3,4} sat included/, money: NOTHING_SENT, advice: /smaller amount, or add coins/ }],
  ])('%s', async (_, capacitySat, expected) => {
    const error = await expectHarmless(wallet, () => open(capacitySat), expected);
    if (expected.code !== 'insufficient_funds') return;
    const { missingSat, feeSat, availableSat } = error.data as Record<'missingSat' | 'feeSat' | 'availableSat', string>;
    expect(BigInt(missingSat)).toBe(capacitySat + BigInt(feeSat) - BigInt(availableSat));
  });
});

describe('a payment on chain', () => {
  const send = (params: object) => wallet.ask('wallet.send', { address: ADDRESS, amountSat: '10000', ...params });

  test.each<[string, object, Expected]>([
    ['to an address of another network', { address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' }, { code: 'address_other_network', happened: /another network \(mainnet\)/, money: NOTHING_SENT, advice: /network of this wallet/ }],
    ['to an address with a wrong character', { address: ADDRESS.replace('qw508', 'qw509') }, { code: 'address_malformed', happened: /not a bitcoin address/i, money: NOTHING_SENT, advice: /copy it again/i }],
    ['to an address that is cut off', { address: ADDRESS.slice(0, -4) }, { code: 'address_malformed', happened: /not a bitcoin address/i, money: NOTHING_SENT, advice: /copy it again/i }],
    ['of dust', { amountSat: '200' }, { code: 'dust_amount', happened: /200 sat is too small.*at least \d+ sat/, money: NOTHING_SENT, advice: /larger/ }],
    ['over the balance', { amountSat: '400000' }, { code: 'insufficient_funds', happened: /sat are missing, fees of \d+ sat included/, money: NOTHING_SENT, advice: /smaller/ }],
    ['whose fee is a great part of it', { amountSat: '1000', feerateSatPerVb: 900 }, { code: 'fee_absurd', happened: /more than \d+ % of the amount/, money: NOTHING_SENT, advice: /lower/ }],
    ['whose fee is over the limit given', { maxFeeSat: '10' }, { code: 'fee_limit_too_low', happened: /over your limit of 10 sat/, money: NOTHING_SENT, advice: /raise the limit/i }],
  ])('%s', async (_, params, expected) => {
    await expectHarmless(wallet, () => send(params), expected);
    expect(await world.chain.mempoolTxids()).toEqual([]);
  });

  test.each([0.5, 1001, 1e9, -1])('at an absurd fee rate (%d sat/vB)', async (feerateSatPerVb) => {
    const before = await standingOf(wallet);
    for (const method of ['wallet.send', 'wallet.prepareSend'])
      expect(await wallet.ask(method, { address: ADDRESS, amountSat: '10000', feerateSatPerVb })).toMatchObject({ ok: false, error: { code: 'bad_request', data: { parameter: 'feerateSatPerVb' } } });
    expect(await wallet.ask('channel.open', { peer: await uriOf(peer), capacitySat: '100000', feerateSatPerVb })).toMatchObject({ ok: false, error: { code: 'bad_request' } });
    expect(await standingOf(wallet)).toEqual(before);
  });

  test('that fails uses no address up: the words alone find the change of the next one', async () => {
    // More than the gap that a restore looks over.
    for (let i = 0; i < 25; i++) await send({ amountSat: '400000' });
    const sent = await wallet.call('wallet.send', { address: ADDRESS, amountSat: '10000' });
    await world.chain.untilTx(sent.txid);
    await world.chain.mine(1);
    const left = 400_000n - 10_000n - sent.feeSat;
    await until('the change', () => wallet.call('wallet.balance'), ({ confirmedSat }) => confirmedSat === left);
    const { mnemonic } = await wallet.call('vault.revealSeed', { password: PASSWORD });
    const restored = world.keep(await startWallet({ chain: [`electrum:tcp://127.0.0.1:${world.chain.electrumPort}`] }));
    await restored.call('vault.restore', { password: PASSWORD, mnemonic });
    await until('the restored coins', () => restored.call('wallet.balance'), ({ confirmedSat }) => confirmedSat === left);
    await restored.stop();
  });
});

describe('a server that', () => {
  const chainOf = async (): Promise<EventData<'chain.updated'>> => (await wallet.call('node.info')).chain!;
  /** Told the truth again, it is as if nothing had been. */
  async function recovers(confirmedSat: bigint): Promise<void> {
    await world.chain.truth();
    // A server that lied is not asked again for a minute; a start anew asks at once.
    await wallet.call('vault.lock');
    await wallet.call('vault.unlock', { password: PASSWORD });
    await until('the truth', () => wallet.call('wallet.balance'), (balance) => balance.confirmedSat === confirmedSat, 60_000);
    const height = await world.chain.height();
    await until('the true tip', chainOf, (chain) => chain.height === height && chain.state === 'synced', 60_000);
  }

  test('serves a false Merkle proof confirms nothing', async () => {
    const { confirmedSat } = await wallet.call('wallet.balance');
    await world.chain.tell('falseMerkleProof');
    const { address } = await wallet.call('wallet.newAddress');
    await world.chain.pay(scriptOf(address)!, 50_000n);
    await world.chain.pay(scriptOf(ADDRESS)!, 50_000n);
    await world.chain.mine(1);
    const { fault } = await until('the lie to be noticed', chainOf, (chain) => chain.fault !== undefined);
    expect(fault).toMatch(/claims a confirmation that is not true/);
    expect((await wallet.call('wallet.balance')).confirmedSat).toBe(confirmedSat);
    await recovers(confirmedSat + 50_000n);
  });

  test('serves a header without work is not followed', async () => {
    const { confirmedSat } = await wallet.call('wallet.balance');
    const { height } = await chainOf();
    await world.chain.tell('wrongHeader');
    await world.chain.mine(1);
    const noticed = await until('the lie to be noticed', chainOf, (chain) => chain.fault !== undefined);
    expect(noticed.fault).toMatch(/header|proof of work|work/i);
    expect(noticed.height).toBe(height);
    await recovers(confirmedSat);
    expect((await chainOf()).height).toBeGreaterThan(height);
  });

  test('names an absurd fee rate is not believed', async () => {
    await world.chain.tell('absurdFee');
    await world.chain.mine(1);
    const height = await world.chain.height();
    await until('the block', chainOf, (chain) => chain.height === height);
    const plan = await wallet.call('wallet.prepareSend', { address: ADDRESS, amountSat: '50000' });
    expect(plan.feerateSatPerVb).toBeLessThan(100);
    const rates = await wallet.call('wallet.feerates');
    expect(rates.fastSatPerVb).toBeLessThan(1001);
  });

  test('is for another network is not followed, and nothing is sent', async () => {
    const other = world.keep(await startWallet({ network: 'signet', chain: [`electrum:tcp://127.0.0.1:${world.chain.electrumPort}`] }));
    await other.call('vault.create', { password: PASSWORD });
    const { chain } = await until('the other network to be noticed', () => other.call('node.info'), (info) => info.chain?.fault !== undefined);
    expect(chain).toMatchObject({ state: 'away', fault: expect.stringMatching(/another network/) });
    await expectRefusal(other.ask('channel.open', { peer: await uriOf(peer), capacitySat: '100000' }), { code: 'chain_behind', happened: /not synchronised/, money: NOTHING_SPENT, advice: /wait/i });
    expect((await other.call('wallet.balance')).confirmedSat).toBe(0n);
  });

  test('refuses to pass a payment on is named without its own words, and the payment is kept', async () => {
    await recovers((await wallet.call('wallet.balance')).confirmedSat);
    await world.chain.tell('refuseBroadcast');
    const error = await expectRefusal(wallet.ask('wallet.send', { address: ADDRESS, amountSat: '20000' }), { code: 'publish_refused', happened: /did not take the transaction/, money: /kept/, advice: /offered again|wait|raise/i });
    expect(error.message).not.toMatch(/https|Update|<b>|\[31m/);
    await world.chain.truth();
    await world.chain.mine(1);
    await world.chain.untilTx(error.data!['txid'] as string);
    await world.chain.mine(1);
  });
});

test('a wallet of one network is not opened for another', async () => {
  const made = world.keep(await makeWallet(world.chain));
  await made.stop();
  const other = world.keep(await startWallet({ network: 'testnet', dataDir: made.dir, chain: [`electrum:tcp://127.0.0.1:${world.chain.electrumPort}`] }));
  await expectRefusal(other.ask('vault.unlock', { password: PASSWORD }), { code: 'chain_other_network', happened: /another network \(regtest\)/, money: /nothing was changed/i, advice: /start sferic for that network/i });
  expect(await other.call('vault.status')).toMatchObject({ state: 'locked' });
});
