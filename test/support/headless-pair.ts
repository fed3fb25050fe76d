/** Two wallets in processes of their own on a test network of their own, with a channel that each can pay over. */
import type { Answer } from '../../core/api.ts';
import { startChainProcess } from '../../core/playground/chain-client.ts';
import type { ChainHandle } from '../../core/playground/chain-client.ts';
import { scriptOf } from '../../core/playground/regtest-address.ts';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { startHeadlessProcess, type HeadlessProcess, type HeadlessSettings } from './headless-process.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** Polls, throws with the last value when the time is over. */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  for (const end = performance.now() + timeoutMs; ;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > end)
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}; last: ${inspect(value, { depth: 5 })}`);
    await sleep(20);
  }
}

type ChannelView = Answer<'channel.get'>;

export type SourceKind = 'electrum' | 'bitcoind';

export interface PairSettings extends Omit<HeadlessSettings, 'chain' | 'dataDir'> {
  readonly source: SourceKind;
}

export interface HeadlessPair {
  readonly chain: ChainHandle;
  /** Opens the channel, so it dials and pays the fees. */
  readonly alice: HeadlessProcess;
  readonly bob: HeadlessProcess;
  /** The wire from alice to bob. */
  readonly proxy: TcpProxy;
  readonly stop: () => Promise<void>;
}

export async function startHeadlessPair({ source, ...settings }: PairSettings): Promise<HeadlessPair> {
  const chain = await startChainProcess();
  const spec =
    source === 'electrum' ? `electrum:tcp://127.0.0.1:${chain.electrumPort}` : `bitcoind:${chain.bitcoindUrl}`;
  const start = (): Promise<HeadlessProcess> => startHeadlessProcess({ ...settings, chain: [spec] });
  const started = await Promise.allSettled([start(), start()]);
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  let proxy: TcpProxy | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => (node.isRunning ? node.stop() : undefined)));
    await proxy?.close();
    await chain.stop();
    await Promise.all(nodes.map(({ dataDir }) => rm(dataDir, { recursive: true, force: true })));
  };
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    const [alice, bob] = nodes as [HeadlessProcess, HeadlessProcess];
    proxy = await startTcpProxy(bob.port);
    for (const node of nodes) await untilSynced(node);
    return { chain, alice, bob, proxy, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function untilSynced(node: HeadlessProcess): Promise<void> {
  await until(
    'the chain',
    () => node.rpc.call('node.info'),
    ({ chain }) => chain?.state === 'synced',
  );
}

/** Pays a wallet so many coins of `amountSat` each and confirms them. */
export async function fund(
  { chain }: HeadlessPair,
  node: HeadlessProcess,
  amountSat: bigint,
  coins = 1,
): Promise<void> {
  const before = (await node.rpc.call('wallet.balance')).confirmedSat;
  for (let i = 0; i < coins; i++) {
    const { address } = await node.rpc.call('wallet.newAddress', {});
    await chain.pay(scriptOf(address)!, amountSat);
  }
  await chain.mine(1);
  const wanted = before + amountSat * BigInt(coins);
  await until(
    'the coins',
    () => node.rpc.call('wallet.balance'),
    ({ confirmedSat }) => confirmedSat === wanted,
  );
}

export const bobsAddress = ({ bob, proxy }: HeadlessPair): string => `${bob.nodeId}@127.0.0.1:${proxy.port}`;

/** Both ways carry payments when it resolves; half of the capacity is each side's. */
export async function openChannel(pair: HeadlessPair, capacitySat: bigint, peer = bobsAddress(pair)): Promise<string> {
  const { chain, alice, bob } = pair;
  const { channelId } = await alice.rpc.call('channel.open', { peer, capacitySat, pushMsat: capacitySat * 500n });
  await chain.untilMempool(1);
  await chain.mine(8);
  for (const node of [alice, bob]) await untilUsable(node, channelId);
  return channelId;
}

/** Throws at once when the channel can never be used again. */
export async function untilUsable(node: HeadlessProcess, channelId: string): Promise<void> {
  const isUsable = ({ state, live, closeReason }: ChannelView): boolean => {
    if (state !== 'opening' && state !== 'normal')
      throw new Error(`the channel is ${state}: ${closeReason ?? 'no reason'}\n${node.log.join('\n')}`);
    return state === 'normal' && live;
  };
  await until('the channel', () => node.rpc.call('channel.get', { channelId }), isUsable);
}
