import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../../core/index.ts';
import { connect } from '../../../core/io/sqlite/connection.ts';
import { DATABASE_NAME } from '../../../core/io/sqlite/open.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { type Expected, NOTHING_CHANGED, PASSWORD, type Wallet, type World, expectHarmless, expectRefusal, expectWords, filesOf, makeWallet, standingOf, startWallet, startWorld, temporaryFolder, untilSynced } from './world.ts';

const GOOD = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';

let world: World;
let chain: readonly string[];
beforeAll(async () => {
  world = await startWorld();
  chain = [`electrum:tcp://127.0.0.1:${world.chain.electrumPort}`];
});
afterAll(() => world.stop());

const empty = async (): Promise<Wallet> => world.keep(await startWallet({ chain }));

describe('words that make no wallet', () => {
  test.each([
    ['a word that is not in the list is named by its place', GOOD.replace('about', 'abuot'), /word 12 /i],
    ['a wrong checksum is named', GOOD.replace('about', 'zoo'), /checksum/],
    ['a wrong number of words is named', GOOD.split(' ').slice(1).join(' '), /11 words/],
  ])('%s', async (_, mnemonic, happened) => {
    const wallet = await empty();
    const expected: Expected = { code: 'invalid_mnemonic', happened, money: NOTHING_CHANGED, advice: /look|compare/i };
    const error = await expectRefusal(wallet.ask('vault.restore', { password: PASSWORD, mnemonic }), expected);
    expect(error.message).not.toMatch(/abandon|abuot|zoo/);
    expect(await wallet.call('vault.status')).toMatchObject({ state: 'missing' });
    await wallet.call('vault.restore', { password: PASSWORD, mnemonic: GOOD });
    expect(await wallet.call('vault.status')).toMatchObject({ state: 'unlocked' });
  });
});

describe('an open wallet', () => {
  let wallet: Wallet;
  beforeAll(async () => {
    wallet = world.keep(await makeWallet(world.chain, 500_000n));
  });

  const wrong: Expected = { code: 'wrong_password', happened: /does not open/, money: /nothing was changed/i, advice: /try again/ };

  test.each(['wrong horse', '', 'correct horse '])('a wrong password (%j) shows no words', async (password) => {
    await expectHarmless(wallet, () => wallet.ask('vault.revealSeed', { password }), wrong);
  });

  test('a wrong password changes no password', async () => {
    const before = (await filesOf(wallet.dir))['vault'];
    await expectHarmless(wallet, () => wallet.ask('vault.changePassword', { password: 'wrong horse', newPassword: 'battery staple' }), wrong);
    expect((await filesOf(wallet.dir))['vault']).toBe(before);
    expect(await wallet.call('vault.revealSeed', { password: PASSWORD })).toMatchObject({ hasPassphrase: false });
  });

  test('a password that is too short is not set', async () => {
    const answer = await wallet.ask('vault.changePassword', { password: PASSWORD, newPassword: 'short' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'bad_request', data: { parameter: 'newPassword' } } });
  });

  test('unlocking twice', async () => {
    await expectHarmless(wallet, () => wallet.ask('vault.unlock', { password: PASSWORD }), { code: 'unlocked', happened: /open already/, money: NOTHING_CHANGED, advice: /go on/ });
  });

  test.each([
    ['creating', 'vault.create', { password: PASSWORD }],
    ['restoring', 'vault.restore', { password: PASSWORD, mnemonic: GOOD }],
  ])('%s over a wallet', async (_, method, params) => {
    const before = (await filesOf(wallet.dir))['vault'];
    await expectHarmless(wallet, () => wallet.ask(method, params), { code: 'vault_exists', happened: /is a wallet in this folder/, money: NOTHING_CHANGED, advice: /another folder/ });
    expect((await filesOf(wallet.dir))['vault']).toBe(before);
  });

  test('an unknown method', async () => {
    await expectHarmless(wallet, () => wallet.ask('wallet.steal'), { code: 'unknown_method', happened: /wallet\.steal/, money: NOTHING_CHANGED, advice: /see the list/ });
  });

  test('an unknown parameter', async () => {
    const before = await standingOf(wallet);
    const answer = await wallet.ask('wallet.send', { address: 'x', amountSat: '1', dryRun: true });
    expect(answer).toMatchObject({ ok: false, error: { code: 'bad_request', message: 'There is no parameter "dryRun" here.' } });
    expect(await standingOf(wallet)).toEqual(before);
  });

  test('a second instance on the folder', async () => {
    const expected: Expected = { code: 'data_in_use', happened: /open in another program/, money: NOTHING_CHANGED, advice: /close/i };
    const second = await createApp({ network: 'regtest', dataDir: wallet.dir, chain, log: silentLogger }).catch((error: unknown) => error);
    expect(second).toBeInstanceOf(ApiFailure);
    expectWords(second as ApiFailure, expected);
    expect(await wallet.call('wallet.balance')).toMatchObject({ confirmedSat: 500_000n });
  });

  test('calls while it is locked, a wrong password, and the right one again', async () => {
    const before = await standingOf(wallet);
    await wallet.call('vault.lock');
    for (const method of ['wallet.balance', 'channel.list', 'invoice.create', 'payment.list', 'peer.list'])
      await expectRefusal(wallet.ask(method), { code: 'locked', happened: /is locked/, money: /nothing was done/, advice: /unlock/i });
    for (const password of ['wrong horse', '']) await expectRefusal(wallet.ask('vault.unlock', { password }), wrong);
    expect(await wallet.call('vault.status')).toMatchObject({ state: 'locked' });
    await wallet.call('vault.unlock', { password: PASSWORD });
    await untilSynced(wallet);
    expect(await standingOf(wallet)).toEqual(before);
  });
});

describe('a folder without a wallet', () => {
  test.each([
    ['vault.unlock', { password: PASSWORD }],
    ['vault.revealSeed', { password: PASSWORD }],
    ['vault.changePassword', { password: PASSWORD, newPassword: 'battery staple' }],
  ])('%s says so', async (method, params) => {
    const wallet = await empty();
    await expectRefusal(wallet.ask(method, params), { code: 'vault_missing', happened: /no wallet in this folder/, money: /nothing was done/, advice: /create or restore/i });
  });

  test('a folder that cannot be written to', async () => {
    const dir = await temporaryFolder();
    try {
      await writeFile(join(dir, 'file'), 'in the way');
      for (const dataDir of [join(dir, 'file'), join(dir, 'file', 'below'), '/proc/sferic']) {
        const failed = await createApp({ network: 'regtest', dataDir, chain, log: silentLogger }).catch((error: unknown) => error);
        expectWords(failed as ApiFailure, { code: 'data_not_writable', happened: /cannot be written/, money: NOTHING_CHANGED, advice: /permissions/ });
      }
      expect(await readFile(join(dir, 'file'), 'utf8')).toBe('in the way');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  test('a wallet that cannot start leaves no half of one behind', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, DATABASE_NAME));
    const wallet = world.keep(await startWallet({ chain, dataDir: dir }));
    expect(await wallet.ask('vault.create', { password: PASSWORD })).toMatchObject({ ok: false });
    expect(await wallet.call('vault.status')).toMatchObject({ state: 'missing' });
    await rm(join(dir, DATABASE_NAME), { recursive: true });
    await wallet.call('vault.create', { password: PASSWORD });
    expect(await wallet.call('vault.status')).toMatchObject({ state: 'unlocked' });
  });
});

describe('data that is not as it was written', () => {
  const PAYEE = 'somebody';
  const corrupt: Expected = { code: 'data_corrupt', happened: /damaged/, money: /recover the money/, advice: /do not delete/i };
  let wallet: Wallet | undefined;
  let whole = '';
  afterEach(async () => {
    await wallet?.stop();
    if (whole !== '') await rm(whole, { recursive: true, force: true });
  });

  /** A wallet with records, locked, its files as they are then. */
  async function lockedWallet(): Promise<Wallet> {
    const made = world.keep(await makeWallet(world.chain, 100_000n));
    for (let i = 0; i < 3; i++) await made.call('invoice.create', { amountMsat: `${1000 + i}`, description: PAYEE });
    await made.call('vault.lock');
    whole = `${made.dir}-whole`;
    await mkdir(whole);
    await copyFile(join(made.dir, DATABASE_NAME), join(whole, DATABASE_NAME));
    return made;
  }

  async function sql(dir: string, ...statements: readonly string[]): Promise<void> {
    const connection = await connect(join(dir, DATABASE_NAME));
    for (const statement of statements) await connection.exec(statement);
    await connection.close();
  }

  /** The file as a whole is put back, which only suits where the refusal comes before anything is written. */
  async function refusesUntilRestored(made: Wallet, expected: Expected): Promise<void> {
    const damaged = (await filesOf(made.dir))[DATABASE_NAME];
    await expectRefusal(made.ask('vault.unlock', { password: PASSWORD }), expected);
    expect((await filesOf(made.dir))[DATABASE_NAME], 'the damaged file stays as it is').toBe(damaged);
    expect(await made.call('vault.status')).toMatchObject({ state: 'locked' });
    await copyFile(join(whole, DATABASE_NAME), join(made.dir, DATABASE_NAME));
    await opensWhole(made);
  }

  async function opensWhole(made: Wallet): Promise<void> {
    await made.call('vault.unlock', { password: PASSWORD });
    expect((await made.call('invoice.list')).length).toBe(3);
  }

  /** All that the wallet ever stored; not the store's own count of starts. */
  async function recordsOf(dir: string): Promise<readonly unknown[]> {
    const connection = await connect(join(dir, DATABASE_NAME));
    const rows = [
      await connection.all('SELECT table_id, key, hex(value) AS value FROM records WHERE table_id <> 0 ORDER BY table_id, key'),
      await connection.all('SELECT sequence, hex(value) AS value FROM journal ORDER BY sequence'),
      await connection.all('SELECT sequence, hex(value) AS value FROM ledger ORDER BY sequence'),
    ];
    await connection.close();
    return rows;
  }

  /** Damages the records of invoices, is refused, finds everything else as it was, and mends them. */
  async function refusesUntilMended(made: Wallet, ...damage: readonly string[]): Promise<void> {
    const [before] = (await recordsOf(made.dir)) as [readonly { readonly table_id: number; readonly key: string; readonly value: string }[]];
    await sql(made.dir, ...damage);
    const damaged = await recordsOf(made.dir);
    expect(damaged[0]).not.toEqual(before);
    await expectRefusal(made.ask('vault.unlock', { password: PASSWORD }), corrupt);
    expect(await recordsOf(made.dir), 'nothing is repaired in silence').toEqual(damaged);
    expect(await made.call('vault.status')).toMatchObject({ state: 'locked' });
    await sql(made.dir, ...before.filter(({ table_id }) => table_id === 6).map(({ key, value }) => `UPDATE records SET value = x'${value}' WHERE table_id = 6 AND key = '${key}'`));
    await opensWhole(made);
  }

  const newer: Expected = { code: 'data_newer_version', happened: /newer version/, money: NOTHING_CHANGED, advice: /install/i };

  test('a database of a newer version', async () => {
    wallet = await lockedWallet();
    await sql(wallet.dir, 'PRAGMA user_version = 99');
    await refusesUntilRestored(wallet, newer);
  });

  test('a vault of a newer version', async () => {
    wallet = await lockedWallet();
    const path = join(wallet.dir, 'vault');
    const vault = await readFile(path);
    await writeFile(path, vault.with(7, 9));
    await expectRefusal(wallet.ask('vault.unlock', { password: PASSWORD }), newer);
    await writeFile(path, vault);
    await wallet.call('vault.unlock', { password: PASSWORD });
  });

  test('a flipped bit in a record', async () => {
    wallet = await lockedWallet();
    const flipped = (byte: string): string => `CASE ${byte} WHEN x'00' THEN x'01' ELSE x'00' END`;
    await refusesUntilMended(wallet, `UPDATE records SET value = CAST(substr(value, 1, 40) || ${flipped('substr(value, 41, 1)')} || substr(value, 42) AS BLOB) WHERE table_id = 6`);
  });

  test('two records swapped', async () => {
    wallet = await lockedWallet();
    await refusesUntilMended(
      wallet,
      'CREATE TEMP TABLE two AS SELECT key, value FROM records WHERE table_id = 6 ORDER BY key LIMIT 2',
      'UPDATE records SET value = (SELECT value FROM two WHERE two.key <> records.key) WHERE table_id = 6 AND key IN (SELECT key FROM two)',
    );
  });

  test('a page of the file overwritten', async () => {
    wallet = await lockedWallet();
    const path = join(wallet.dir, DATABASE_NAME);
    const file = await readFile(path);
    file.fill(0x5a, 4096, 3 * 4096);
    await writeFile(path, file);
    await refusesUntilRestored(wallet, corrupt);
  });
});
