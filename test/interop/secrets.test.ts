/** Nothing secret is written anywhere, whatever happens: a whole life of a wallet with known words, searched afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { networks } from '../../core/bitcoin/network.ts';
import { commitmentSecret } from '../../core/crypto/commitment-secrets.ts';
import { masterNode, mnemonicOf, mnemonicToEntropyBytes, seedOf } from '../../core/crypto/hd.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { type RpcClient, RpcFailure, connectRpc } from '../../core/io/rpc-client.ts';
import { openStore } from '../../core/io/sqlite/open.ts';
import { unlockVault } from '../../core/io/vault-file.ts';
import { utf8 } from '../../core/lib/bytes.ts';
import { decodeIncoming, decodeOutgoing } from '../../core/payment/codec.ts';
import { type ChainHandle, startChainProcess } from '../../core/playground/chain-client.ts';
import { scriptOf } from '../../core/playground/regtest-address.ts';
import { passwordBytes } from '../../core/store/vault.ts';
import { backupKey, channelKeys, nodeSecret } from '../../core/wallet/keys.ts';
import { until } from '../support/headless-pair.ts';
import { type Needle, bytesNeedle, filesUnder, found, textNeedle, wordsNeedles } from '../support/secret-scan.ts';

const PASSWORD = 'tr0ub4dor and three';
const NEXT_PASSWORD = 'another secret of mine';
const MEMOS = ['Two loaves of rye bread', 'Rent for the garden house'] as const;
/** Drawn once, from nothing that anybody uses. */
const MNEMONIC = mnemonicOf(sha256(utf8('a wallet whose words everybody may know')).slice(0, 16));
const CHILD = fileURLToPath(new URL('../support/crashing-child.ts', import.meta.url));

interface Life {
  readonly dir: string;
  readonly rpc: RpcClient;
  readonly child: ChildProcess;
  readonly address: string;
  /** All that it wrote to its two outputs. */
  readonly output: () => string;
}

async function begin(dir: string, chain: ChainHandle, mnemonic: string | undefined): Promise<Life> {
  await mkdir(join(dir, 'reports'), { recursive: true });
  await writeFile(join(dir, 'password'), PASSWORD, { mode: 0o600 });
  if (mnemonic) await writeFile(join(dir, 'words'), mnemonic, { mode: 0o600 });
  const flags = [
    '--network', 'regtest', '--data-dir', join(dir, 'data'), '--listen', '127.0.0.1:0', '--chain', `electrum:tcp://127.0.0.1:${chain.electrumPort}`,
    '--password-file', join(dir, 'password'), ...(mnemonic ? ['--mnemonic-file', join(dir, 'words')] : ['--init']), '--log-level', 'debug',
  ]; // prettier-ignore
  // As somebody may have set them: reports for every end, and a password where a report would copy it from.
  const env = { PATH: process.env['PATH'], NODE_OPTIONS: `--report-uncaught-exception --report-on-fatalerror --report-directory=${join(dir, 'reports')}`, WALLET_PASSWORD: PASSWORD };
  const child = spawn(process.execPath, [CHILD, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ready = await new Promise<{ readonly rpc: string; readonly nodeId: string; readonly listen: string }>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', (line) => resolve(JSON.parse(line)));
    child.once('exit', (code) => reject(new Error(`it ended with ${code}\n${output}`)));
  });
  return { dir, child, rpc: await connectRpc(ready.rpc), address: `${ready.nodeId}@${ready.listen}`, output: () => output };
}

async function end({ child, rpc }: Life): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
  await rpc.closed;
}

/** All that the wallet answered, refusals too. */
const answers: string[] = [];
const wire = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? '';

async function ask(life: Life, method: string, params: object = {}): Promise<Record<string, unknown>> {
  try {
    const answer = (await life.rpc.request(method, params)) as Record<string, unknown>;
    // The one call whose purpose is to show them.
    if (method !== 'vault.revealSeed') answers.push(wire(answer));
    return answer;
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error;
    answers.push(wire({ code: error.code, message: error.message, data: error.data }));
    return { refused: error.code };
  }
}

/** A line that no client of ours would send. */
async function sayRaw(life: Life, line: string): Promise<void> {
  const socket = connect(join(life.dir, 'data', 'rpc.sock'));
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (text: string) => answers.push(text));
  socket.end(`${line}\n`);
  await once(socket, 'close');
}

let folder: string;
let chain: ChainHandle;
/** Files of the wallet as they were while it ran, while it was locked, and after its crash. */
const files = new Map<string, Buffer>();
let output = '';
let needles: readonly Needle[] = [];
/** Preimages of what was paid: an answer may show them. */
let paid: readonly Needle[] = [];

const keep = async (moment: string, dir: string): Promise<void> => {
  for (const [path, content] of await filesUnder(dir)) files.set(`${moment}: ${path}`, content);
};

/** Reads the wallet's own records with its password, as only its owner can. */
async function gatherNeedles(dataDir: string): Promise<void> {
  const { dataKey, entropy } = await unlockVault(join(dataDir, 'vault'), passwordBytes(PASSWORD));
  const opened = await openStore({ folder: dataDir, dataKey, random: randomBytes });
  const incoming = (await opened.store.list('incomingPayment')).map(({ value }) => decodeIncoming(value));
  const outgoing = (await opened.store.list('outgoingPayment')).map(({ value }) => decodeOutgoing(value));
  // Made from words, so its channels are counted from anywhere.
  const channelNumbers = (await opened.store.list('channel')).map(({ key }) => Number.parseInt(key, 16));
  await opened.store.close();
  expect(channelNumbers).toHaveLength(1);
  expect(incoming.length).toBeGreaterThan(2);
  expect(outgoing.length).toBeGreaterThan(1);

  const seed = seedOf(MNEMONIC, '');
  const master = masterNode(seed);
  const network = networks.regtest;
  const channels = [0, ...channelNumbers].flatMap((number) => {
    const keys = channelKeys(master, network, number);
    const secrets = [0, 1, 2, 5, 20].map((n) => [`commitment secret ${n}`, commitmentSecret(keys.commitmentSeed, n)] as const);
    return [...Object.entries(keys), ...secrets].map(([name, key]) => bytesNeedle(`channel ${number}: ${name}`, key as Uint8Array));
  });
  const onchain = ["m/84'/1'/0'", "m/84'/1'/0'/0/0", "m/84'/1'/0'/0/1", "m/84'/1'/0'/1/0", "m/86'/1'/0'"].map((path) => bytesNeedle(`private key ${path}`, master.derive(path).privateKey));
  const preimages = [...incoming, ...outgoing].flatMap(({ paymentPreimage }, i) => (paymentPreimage ? [bytesNeedle(`preimage ${i}`, paymentPreimage)] : []));
  const isPaid = (payment: { readonly status: string }): boolean => payment.status === 'paid' || payment.status === 'succeeded';
  paid = [...incoming, ...outgoing].flatMap((payment, i) => (isPaid(payment) && payment.paymentPreimage ? [bytesNeedle(`preimage ${i}`, payment.paymentPreimage)] : []));
  const sessions = outgoing.flatMap(({ parts }, i) => parts.map(({ sessionKey }) => bytesNeedle(`session key ${i}`, sessionKey)));
  expect(preimages.length).toBeGreaterThan(paid.length);
  expect(paid.length).toBeGreaterThan(1);
  expect(sessions.length).toBeGreaterThan(1);
  needles = [
    ...wordsNeedles(MNEMONIC),
    bytesNeedle('entropy', entropy), bytesNeedle('seed', seed), bytesNeedle('first half of the seed', seed.slice(0, 32)), bytesNeedle('master key', master.privateKey),
    bytesNeedle('node key', nodeSecret(master, network)), bytesNeedle('backup key', backupKey(master, network)), bytesNeedle('data key', dataKey),
    textNeedle('password', PASSWORD), textNeedle('later password', NEXT_PASSWORD),
    ...channels, ...onchain, ...preimages, ...sessions,
  ]; // prettier-ignore
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sferic-secrets-'));
  chain = await startChainProcess();
  const [ours, theirs] = await Promise.all([begin(join(folder, 'ours'), chain, MNEMONIC), begin(join(folder, 'theirs'), chain, undefined)]);
  try {
    await live(ours, theirs);
    ours.child.send('crash');
    const [code] = await once(ours.child, 'exit');
    expect(code).toBe(1);
    await keep('after the crash', join(ours.dir, 'data'));
    await keep('crash report', join(ours.dir, 'reports'));
    output = ours.output();
    await gatherNeedles(join(ours.dir, 'data'));
  } finally {
    await end(ours);
    await end(theirs);
  }
});
afterAll(async () => {
  await chain.stop();
  await rm(folder, { recursive: true, force: true });
});

const synced = async (life: Life): Promise<void> =>
  void (await until('the chain', () => life.rpc.call('node.info'), (info) => info.chain?.state === 'synced'));

/** Both ways of paying, a payment that fails, mistakes of every kind, a closing by force. */
async function live(ours: Life, theirs: Life): Promise<void> {
  const data = join(ours.dir, 'data');
  await Promise.all([synced(ours), synced(theirs)]);
  await ask(ours, 'node.subscribe');
  ours.rpc.on((name, told) => void answers.push(wire({ name, told })));
  const { address } = await ours.rpc.call('wallet.newAddress', {});
  await chain.pay(scriptOf(address)!, 3_000_000n);
  await chain.mine(1);
  await until('the coins', () => ours.rpc.call('wallet.balance'), ({ confirmedSat }) => confirmedSat === 3_000_000n);
  const { channelId } = (await ask(ours, 'channel.open', { peer: theirs.address, capacitySat: '1000000', pushMsat: '400000000' })) as { channelId: string };
  await chain.untilMempool(1);
  await chain.mine(6);
  for (const life of [ours, theirs]) await until('the channel', () => life.rpc.call('channel.get', { channelId }), ({ state, live: isLive }) => state === 'normal' && isLive);

  const invoice = async (life: Life, amountMsat: string, description: string): Promise<string> => (await life.rpc.call('invoice.create', { amountMsat: BigInt(amountMsat), description })).invoice;
  const [paidOnce, received] = [await invoice(theirs, '4000000', MEMOS[0]), await invoice(theirs, '5000000', MEMOS[0])];
  for (const text of [paidOnce, received]) expect(await ask(ours, 'payment.send', { invoice: text })).toMatchObject({ state: 'succeeded' });
  const asked = (await ask(ours, 'invoice.create', { amountMsat: '7000000', description: MEMOS[1] })) as { invoice: string };
  expect(await ask(theirs, 'payment.send', { invoice: asked.invoice })).toMatchObject({ state: 'succeeded' });
  for (const amountMsat of ['1000', '2000']) await ask(ours, 'invoice.create', { amountMsat, description: MEMOS[1] }); // never paid
  // Refused by the payee, who has the money already; the error comes back through the onion.
  expect(await ask(ours, 'payment.send', { invoice: received, payAgain: true })).toMatchObject({ state: 'failed' });

  expect(await ask(ours, 'vault.revealSeed', { password: 'a wrong password' })).toEqual({ refused: 'wrong_password' });
  expect(await ask(ours, 'vault.revealSeed', { password: PASSWORD })).toMatchObject({ mnemonic: MNEMONIC });
  expect(await ask(ours, 'vault.unlock', { password: PASSWORD })).toEqual({ refused: 'unlocked' });
  expect(await ask(ours, 'vault.unlock', { password: PASSWORD, again: PASSWORD })).toEqual({ refused: 'bad_request' });
  expect(await ask(ours, 'vault.restore', { password: PASSWORD, mnemonic: MNEMONIC })).toEqual({ refused: 'vault_exists' });
  expect(await ask(ours, 'vault.restore', { password: PASSWORD, mnemonic: `${MNEMONIC} abandon` })).toEqual({ refused: 'invalid_mnemonic' });
  expect(await ask(ours, 'vault.restore', { password: PASSWORD, mnemonic: MNEMONIC.replace(/\w+$/, 'wrongword') })).toEqual({ refused: 'invalid_mnemonic' });
  expect(await ask(ours, 'vault.create', { password: 7, words: MNEMONIC })).toEqual({ refused: 'bad_request' });
  expect(await ask(ours, 'payment.send', { invoice: `${received.slice(0, -1)}b` })).toMatchObject({ refused: expect.stringMatching(/^invoice_/) });
  expect(await ask(ours, 'payment.send', { invoice: MNEMONIC })).toEqual({ refused: 'invoice_malformed' });
  expect(await ask(ours, 'peer.connect', { address: MNEMONIC })).toEqual({ refused: 'peer_address_malformed' });
  expect(await ask(ours, 'wallet.send', { address: MNEMONIC.slice(0, 100), amountSat: '1000' })).toEqual({ refused: 'address_malformed' });
  await sayRaw(ours, MNEMONIC);
  await sayRaw(ours, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vault.unlock', params: [PASSWORD] }));
  await sayRaw(ours, JSON.stringify({ jsonrpc: '2.0', id: 2, password: PASSWORD }));
  await keep('running', data);

  await ask(ours, 'vault.changePassword', { password: PASSWORD, newPassword: NEXT_PASSWORD });
  await ask(ours, 'vault.changePassword', { password: NEXT_PASSWORD, newPassword: PASSWORD });
  await ask(ours, 'vault.lock');
  await keep('locked', data);
  expect(await ask(ours, 'vault.unlock', { password: NEXT_PASSWORD })).toEqual({ refused: 'wrong_password' });
  await ask(ours, 'vault.unlock', { password: PASSWORD });
  await synced(ours);
  await ask(ours, 'channel.forceClose', { channelId });
  await chain.untilMempool(1);
  await chain.mine(8);
  await until('the channel on chain', () => ours.rpc.call('channel.get', { channelId }), ({ spendClass }) => spendClass === 'local');
  for (const method of ['node.info', 'channel.list', 'payment.list', 'payment.export', 'invoice.list', 'peer.list', 'wallet.transactions', 'ledger.balances']) await ask(ours, method, method === 'channel.list' ? { includeClosed: true } : {});
  await ask(ours, 'channel.history', { channelId });
}

test('the search has something to search', () => {
  const names = [...files.keys()].map((path) => path.replace(/^[^:]*: /, ''));
  for (const name of ['sferic.db', 'sferic.db-wal', 'vault', 'epoch', 'revoked', 'reserve']) expect(names).toContain(name);
  expect(names.some((name) => name.startsWith('chain'))).toBe(true);
  expect(names.some((name) => name.startsWith('logs/'))).toBe(true);
  expect([...files.keys()].filter((path) => path.startsWith('crash report: report.')).length).toBe(1);
  expect(output).toMatch(/ debug /);
  expect(output).toMatch(/an exception that nobody caught/);
  expect(answers.length).toBeGreaterThan(40);
  expect(needles.length).toBeGreaterThan(50);
});

describe('the search finds what is planted', () => {
  const secret = sha256(utf8('planted'));
  const around = (content: Buffer | string): Buffer => Buffer.concat([randomBytes(100), Buffer.from(content), randomBytes(100)]);
  test.each([
    ['raw', around(Buffer.from(secret))],
    ['backwards', around(Buffer.from(secret).reverse())],
    ['hex', around(Buffer.from(secret).toString('hex'))],
    ['upper-case hex', around(Buffer.from(secret).toString('hex').toUpperCase())],
    ['UTF-16', around(Buffer.from(Buffer.from(secret).toString('hex'), 'utf16le'))],
    ['base64', around(Buffer.from(secret).toString('base64'))],
    ['base64 inside of something longer', around(Buffer.concat([Buffer.from('x'), secret, Buffer.from('yz')]).toString('base64'))],
    ['a list of numbers', around(JSON.stringify([...secret]))],
    ['an array as JSON makes it', around(JSON.stringify(secret))],
  ])('%s', (_, content) => {
    expect(found(content, [bytesNeedle('planted', secret)])).toEqual(['planted']);
    expect(found(content, [bytesNeedle('another', sha256(secret))])).toEqual([]);
  });

  test('three words in a row, also as a list; not two', () => {
    const words = MNEMONIC.split(' ');
    expect(found(around(words.slice(4, 7).join(' ')), wordsNeedles(MNEMONIC))).toEqual(['words 5 to 7']);
    expect(found(around(JSON.stringify(words.slice(9))), wordsNeedles(MNEMONIC))).toEqual(['words 10 to 12']);
    expect(found(around(words.slice(4, 6).join(' ')), wordsNeedles(MNEMONIC))).toEqual([]);
  });

  test('the true secrets, in the true files', async () => {
    for (const name of ['password', 'entropy', 'node key', 'preimage 0', 'data key', 'channel 0: fundingSecret']) {
      const needle = needles.find((one) => one.name === name)!;
      for (const [path, content] of files) {
        const planted = Buffer.concat([content, needle.forms[0]!]);
        expect(found(planted, [needle]), path).toEqual([name]);
      }
    }
    // The words file is the one place where they are meant to stand.
    expect(found(Buffer.from(MNEMONIC), wordsNeedles(MNEMONIC)).length).toBe(10);
    expect(mnemonicToEntropyBytes(MNEMONIC)).toEqual(sha256(utf8('a wallet whose words everybody may know')).slice(0, 16));
  });
});

describe('no secret stands', () => {
  test.each(['running', 'locked', 'after the crash', 'crash report'])('in the files: %s', (moment) => {
    const hits = [...files].filter(([path]) => path.startsWith(`${moment}:`)).flatMap(([path, content]) => found(content, needles).map((name) => `${path}: ${name}`));
    expect(hits).toEqual([]);
  });

  test('in what it wrote for people and programs', () => {
    expect(found(Buffer.from(output), needles)).toEqual([]);
  });

  test('in what it answered, save the preimages of what was paid', () => {
    const names = new Set(paid.map(({ name }) => name));
    expect(found(Buffer.from(answers.join('\n')), needles).filter((name) => !names.has(name))).toEqual([]);
  });
});

test('what invoices are for stands nowhere in clear on the disk, nor in the logs', () => {
  const memos = MEMOS.map((memo) => textNeedle(memo, memo));
  expect([...files].flatMap(([path, content]) => found(content, memos).map((name) => `${path}: ${name}`))).toEqual([]);
  expect(found(Buffer.from(output), memos)).toEqual([]);
  expect(found(Buffer.from(answers.join('\n')), memos).length).toBe(2);
});

test('the report of a crash holds neither environment nor more of the command line than paths', () => {
  const [, report] = [...files].find(([path]) => path.startsWith('crash report: report.'))!;
  const { environmentVariables, header } = JSON.parse(report.toString('utf8')) as { environmentVariables?: object; header: { commandLine: string[] } };
  expect(environmentVariables ?? {}).toEqual({});
  expect(header.commandLine.join(' ')).toContain('--password-file');
});
