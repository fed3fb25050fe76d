/** A wallet and its watchtowers in processes of their own, and a partner in this one who will cheat. */
import { rm } from 'node:fs/promises';
import { decodeTx, encodeTx, txid } from '../../core/bitcoin/transaction.ts';
import { type ChainHandle, startChainProcess } from '../../core/playground/chain-client.ts';
import { scriptOf } from '../../core/playground/regtest-address.ts';
import { fromHex, toHex } from '../../core/lib/bytes.ts';
import { type Cheater, type OldState, startCheater } from './cheater.ts';
import { until, untilSynced } from './headless-pair.ts';
import { type HeadlessProcess, startHeadlessProcess } from './headless-process.ts';
import type { Random } from './mutate.ts';
import { type TowerProcess, startTowerProcess } from './tower-process.ts';

const FUNDS_SAT = 20_000_000n;
const CAPACITY_SAT = 10_000_000n;
/** Below this an output does not pay for its own transaction. */
const WORTHWHILE_SAT = 1_000n;

export interface TowerWorld {
  readonly chain: ChainHandle;
  readonly spec: string;
  readonly wallet: HeadlessProcess;
  readonly cheater: Cheater;
  readonly channelId: string;
  readonly towers: TowerProcess[];
  readonly addTower: (grade: 'signed' | 'own') => Promise<TowerProcess>;
  readonly stop: () => Promise<void>;
}

/** With a channel in which each has half. */
export async function startTowerWorld(): Promise<TowerWorld> {
  const chain = await startChainProcess();
  const spec = `bitcoind:${chain.bitcoindUrl}`;
  const wallet = await startHeadlessProcess({ chain: [spec], kdf: 'floor' });
  const cheater = await startCheater(spec);
  const towers: TowerProcess[] = [];
  await untilSynced(wallet);
  await until('the cheater to see the chain', () => cheater.app.call('node.info', {}), (info) => info.chain?.state === 'synced');
  const { address } = await wallet.rpc.call('wallet.newAddress', {});
  await chain.pay(scriptOf(address)!, FUNDS_SAT);
  await chain.mine(1);
  await until('the coins', () => wallet.rpc.call('wallet.balance'), ({ confirmedSat }) => confirmedSat === FUNDS_SAT);
  const { channelId } = await wallet.rpc.call('channel.open', { peer: await cheater.address(), capacitySat: CAPACITY_SAT, pushMsat: CAPACITY_SAT * 500n });
  await chain.untilMempool(1);
  await chain.mine(8);
  await until('the channel', () => wallet.rpc.call('channel.get', { channelId }), ({ state, live }) => state === 'normal' && live);
  await until('the channel over there', () => cheater.app.call('channel.get', { channelId }), ({ state, live }) => state === 'normal' && live);
  return {
    chain, spec, wallet, cheater, channelId, towers,
    addTower: async (grade) => {
      const tower = await startTowerProcess(spec);
      towers.push(tower);
      await wallet.rpc.call('tower.add', { address: tower.address, grade });
      return tower;
    },
    stop: async () => {
      if (wallet.isRunning) await wallet.stop();
      await cheater.stop();
      for (const tower of towers) await tower.stop();
      await chain.stop();
      for (const { dataDir } of [wallet, ...towers]) await rm(dataDir, { recursive: true, force: true });
    },
  }; // prettier-ignore
}

/** Payments both ways, several at once so that many states hold HTLCs, until the cheater had `updates` commitments. */
export async function payUntil({ wallet, cheater }: TowerWorld, random: Random, updates: number): Promise<void> {
  const one = async (): Promise<void> => {
    const amountMsat = BigInt(1_000 + random.below(30_000_000));
    const [toCheater, description] = [random.below(2) === 0, ''];
    if (toCheater) {
      const { invoice } = await cheater.app.call('invoice.create', { amountMsat, description, expirySeconds: 3600 });
      await wallet.rpc.call('payment.send', { invoice }).catch(() => undefined);
    } else {
      const { invoice } = await wallet.rpc.call('invoice.create', { amountMsat });
      await cheater.app.call('payment.send', { invoice, payAgain: false, timeoutMs: 60_000 }).catch(() => undefined);
    }
  };
  while (cheater.count() < updates) {
    await Promise.all(Array.from({ length: 1 + random.below(4) }, one));
  }
}

/** Waits until nothing moves in the channel and every tower has every state; how many states of the cheater are revoked. */
export async function untilGuarded({ wallet, cheater, channelId }: TowerWorld): Promise<number> {
  const isAtRest = ({ pendingHtlcs, remoteCommitmentNumber }: { readonly pendingHtlcs: number; readonly remoteCommitmentNumber: number }): boolean => pendingHtlcs === 0 && remoteCommitmentNumber === cheater.count() - 1;
  const { remoteCommitmentNumber } = await until('the channel to be at rest', () => wallet.rpc.call('channel.get', { channelId }), isAtRest);
  await until(
    'the towers to have every state',
    () => wallet.rpc.call('tower.list'),
    (list) => list.length > 0 && list.every(({ state, behind, channels }) => state === 'connected' && behind === 0 && channels[0]?.acked === remoteCommitmentNumber),
    120_000,
  );
  return remoteCommitmentNumber;
}

/** Outputs of the cheater's commitment that a penalty takes. */
export const punishable = ({ commitment, tx }: OldState): readonly number[] =>
  commitment.outputs.flatMap(({ kind, amountSat }, vout) => ((kind === 'to_local' || kind.endsWith('_htlc')) && amountSat >= WORTHWHILE_SAT && tx.outputs[vout] ? [vout] : []));

/** Who took an output. */
export interface Taker {
  readonly txid: string;
  readonly script: string;
  readonly amountSat: bigint;
}

/** Waits until each of these outputs is spent by a transaction of its own, in the mempool or in a block. */
export async function untilTaken(chain: ChainHandle, id: string, vouts: readonly number[]): Promise<readonly Taker[]> {
  const takers: Taker[] = [];
  for (const vout of vouts) {
    const taker = await chain.untilSpent(id, vout);
    const { outputs, inputs } = decodeTx(fromHex((await chain.tx(taker))!.hex));
    if (inputs.length !== 1 || outputs.length !== 1) throw new Error(`output ${vout} of ${id} was taken together with others by ${taker}`);
    takers.push({ txid: taker, script: toHex(outputs[0]!.script), amountSat: outputs[0]!.amountSat });
  }
  return takers;
}

export const publishOld = ({ chain }: TowerWorld, { tx }: OldState): Promise<string> => chain.mineTxs([toHex(encodeTx(tx))]).then(() => txid(tx));
