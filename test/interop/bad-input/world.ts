/** Wallets in this process on a test network of their own, and the rules that every refusal keeps. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Answer, type ApiError, ERROR_CODES, type ErrorCode, type Method, methods } from '../../../core/api.ts';
import { type AppConfig, createApp } from '../../../core/index.ts';
import type { App } from '../../../core/node/app.ts';
import { dispatch } from '../../../core/node/dispatch.ts';
import { createLogger, jsonLine } from '../../../core/node/log.ts';
import { type ChainHandle, startChainProcess } from '../../../core/playground/chain-client.ts';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { KDF_FLOOR } from '../../../core/store/vault.ts';
import { until } from '../../support/headless-pair.ts';

export const PASSWORD = 'correct horse';
export type Channel = Answer<'channel.get'>;

/** A wallet's engine, asked as from outside: plain JSON in and out. */
export interface Wallet {
  readonly dir: string;
  readonly app: App;
  /** Log lines of the level debug. */
  readonly log: readonly string[];
  /** Everything that it answered, errors too. */
  readonly answers: readonly string[];
  readonly ask: (method: string, params?: unknown) => Promise<{ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ApiError }>;
  /** Throws on a refusal. */
  readonly call: <M extends Method>(method: M, params?: unknown) => Promise<Answer<M>>;
  readonly stop: () => Promise<void>;
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'sferic-bad-'));

export async function startWallet(config: Partial<AppConfig> & Pick<AppConfig, 'chain'>): Promise<Wallet> {
  const dir = config.dataDir ?? (await temporaryFolder());
  const log: string[] = [];
  const answers: string[] = [];
  const logger = createLogger({ level: 'debug', nowMs: () => Date.now(), write: (record) => void log.push(jsonLine(record)) });
  const app = await createApp({ network: 'regtest', log: logger, kdf: KDF_FLOOR, listen: { host: '127.0.0.1', port: 0 }, ...config, dataDir: dir });
  const ask: Wallet['ask'] = async (method, params = {}) => {
    const answer = await dispatch(app, method, params, logger);
    answers.push(JSON.stringify(answer));
    return answer;
  };
  const call = async <M extends Method>(method: M, params: unknown = {}): Promise<Answer<M>> => {
    const answer = await ask(method, params);
    if (!answer.ok) throw new Error(`${method}: ${answer.error.code}: ${answer.error.message}\n${log.slice(-3).join('\n')}`);
    return decodeAnswer(method, answer.value) as Answer<M>;
  };
  return { dir, app, log, answers, ask, call, stop: () => app.stop() };
}

const decodeAnswer = (method: Method, value: unknown): unknown => (methods[method].result as unknown as { decode: (wire: unknown) => unknown }).decode(value);

export const untilSynced = async (wallet: Wallet): Promise<void> =>
  void (await until('the chain', () => wallet.call('node.info'), ({ chain }) => chain?.state === 'synced'));

/** With coins of its own when `amountSat` is given, confirmed. */
export async function makeWallet(chain: ChainHandle, amountSat?: bigint, config: Partial<AppConfig> = {}): Promise<Wallet> {
  const wallet = await startWallet({ chain: [`electrum:tcp://127.0.0.1:${chain.electrumPort}`], ...config });
  await wallet.call('vault.create', { password: PASSWORD });
  await untilSynced(wallet);
  if (amountSat !== undefined) await fund(chain, wallet, amountSat);
  return wallet;
}

export async function fund(chain: ChainHandle, wallet: Wallet, amountSat: bigint): Promise<void> {
  const before = (await wallet.call('wallet.balance')).confirmedSat;
  const { address } = await wallet.call('wallet.newAddress');
  await chain.pay(scriptOf(address)!, amountSat);
  await chain.mine(1);
  await until('the coins', () => wallet.call('wallet.balance'), ({ confirmedSat }) => confirmedSat === before + amountSat);
  const wanted = (before + amountSat) * 1000n;
  await until('the book', () => wallet.call('ledger.balances'), (balances) => balances.some(({ account, balanceMsat }) => account === 'wallet' && balanceMsat === wanted));
}

export const uriOf = async (wallet: Wallet, port?: number): Promise<string> => {
  const { nodeId, listen } = await wallet.call('node.info');
  return `${nodeId}@127.0.0.1:${port ?? listen!.split(':')[1]}`;
};

export const channelOf = async (wallet: Wallet): Promise<Channel | undefined> => (await wallet.call('channel.list', { includeClosed: true }))[0];
export const untilUsable = (wallet: Wallet): Promise<Channel | undefined> =>
  until('the channel', () => channelOf(wallet), (channel) => channel?.state === 'normal' && channel.live);

/** Nothing is under way between them: each holds the commitments that the other signed last. */
export async function untilAtRest(one: Wallet, other: Wallet): Promise<void> {
  const both = async () => [await channelOf(one), await channelOf(other)] as const;
  await until('the channel at rest', both, ([ours, theirs]) =>
    ours !== undefined && theirs !== undefined && ours.pendingHtlcs === 0 && theirs.pendingHtlcs === 0 &&
    ours.localCommitmentNumber === theirs.remoteCommitmentNumber && theirs.localCommitmentNumber === ours.remoteCommitmentNumber &&
    ours.ourMsat === theirs.theirMsat); // prettier-ignore
}

/** From `from` to `to`, whose address is reached over `port`; usable when it resolves. */
export async function openChannel(chain: ChainHandle, from: Wallet, to: Wallet, { capacitySat = 1_000_000n, pushMsat = 0n, port }: { capacitySat?: bigint; pushMsat?: bigint; port?: number } = {}): Promise<string> {
  const { channelId } = await from.call('channel.open', { peer: await uriOf(to, port), capacitySat: String(capacitySat), pushMsat: String(pushMsat) });
  await chain.untilMempool(1);
  await chain.mine(6);
  for (const wallet of [from, to]) await untilUsable(wallet);
  return channelId;
}

export async function invoiceOf(wallet: Wallet, amountMsat: bigint | undefined, description = 'tea'): Promise<string> {
  return (await wallet.call('invoice.create', { description, ...(amountMsat === undefined ? {} : { amountMsat: String(amountMsat) }) })).invoice;
}
export const pay = (wallet: Wallet, invoice: string, more: object = {}) => wallet.ask('payment.send', { invoice, timeoutMs: 20_000, ...more });

export interface World {
  readonly chain: ChainHandle;
  /** Ends with the world; its folder goes too. */
  readonly keep: <T extends Wallet>(wallet: T) => T;
  readonly stop: () => Promise<void>;
}

export async function startWorld(): Promise<World> {
  const chain = await startChainProcess();
  const wallets: Wallet[] = [];
  return {
    chain,
    keep: (wallet) => {
      wallets.push(wallet);
      return wallet;
    },
    stop: async () => {
      await Promise.all(wallets.map((wallet) => wallet.stop()));
      await chain.stop();
      await Promise.all(wallets.map(({ dir }) => rm(dir, { recursive: true, force: true })));
    },
  };
}

/** Everything that a wallet shows of its money and its records. */
export async function standingOf(wallet: Wallet): Promise<unknown> {
  const channels = await wallet.call('channel.list', { includeClosed: true });
  const [balance, coins, transactions, payments, invoices, ledger] = await Promise.all([
    wallet.call('wallet.balance'), wallet.call('wallet.coins'), wallet.call('wallet.transactions'), wallet.call('payment.list'), wallet.call('invoice.list'),
    wallet.call('ledger.balances'),
  ]); // prettier-ignore
  const money = channels.map(({ channelId, ourMsat, theirMsat, state, pendingHtlcs, localCommitmentNumber }) => ({ channelId, ourMsat, theirMsat, state, pendingHtlcs, localCommitmentNumber }));
  return { balance, coins, transactions, payments, invoices, ledger, money };
}

/** Digest by path of all files that the wallet does not write by itself all the time. */
export async function filesOf(dir: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(names.toSorted().map(async (name) => [name.slice(dir.length + 1), createHash('sha256').update(await readFile(name)).digest('hex')] as const));
  return Object.fromEntries(files);
}

/** Code and words of a refusal: what happened, what it means for the money, what to do. */
export interface Expected {
  readonly code: ErrorCode;
  readonly happened: RegExp;
  readonly money: RegExp;
  readonly advice: RegExp;
}

export const NOTHING_PAID = /nothing (was|is) paid/i;
export const NOTHING_SENT = /nothing was sent/i;
export const NOTHING_SPENT = /nothing was spent/i;
export const NOTHING_CHANGED = /nothing was (changed|done)|no wallet was made/i;

/** What no sentence for people contains. */
const JARGON = /\bat [\w.<>]+ \(|\.ts\b|Error:|undefined|\[object|null\b|NaN|\n/;

export function expectWords(error: ApiError, { code, happened, money, advice }: Expected): void {
  expect(error).toMatchObject({ code });
  expect(ERROR_CODES).toContain(error.code);
  for (const part of [happened, money, advice]) expect(error.message).toMatch(part);
  expect(error.message).toMatch(/^[A-Z].{20,450}\.$/s);
  expect(error.message).not.toMatch(JARGON);
  expect(error.message).not.toContain(PASSWORD);
}

type Asked = Awaited<ReturnType<Wallet['ask']>>;

export async function expectRefusal(asked: Promise<Asked> | Asked, expected: Expected): Promise<ApiError> {
  const answer = await asked;
  if (answer.ok) throw new Error(`it was not refused: ${JSON.stringify(answer.value)}`);
  expectWords(answer.error, expected);
  return answer.error;
}

/** The refusal, and that the wallet stands as before and still answers. */
export async function expectHarmless(wallet: Wallet, asking: () => Promise<Asked>, expected: Expected): Promise<ApiError> {
  const before = await standingOf(wallet);
  const error = await expectRefusal(asking(), expected);
  expect(await standingOf(wallet)).toEqual(before);
  return error;
}
