/** What came of a close, read from the chain alone: which transactions took its outputs, and what they cost. */
import { expect } from 'vitest';
import { decodeTx } from '../../../core/bitcoin/transaction.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { until } from '../../support/electrum-daemon.ts';
import type { World } from './world.ts';

export interface ChainOutput {
  readonly vout: number;
  readonly amountSat: bigint;
  readonly scriptHex: string;
}

export async function outputsOf({ chain }: World, txid: string): Promise<readonly ChainOutput[]> {
  const { hex } = must(await chain.tx(txid), 'the transaction');
  return decodeTx(fromHex(hex)).outputs.map(({ amountSat, script }, vout) => ({ vout, amountSat, scriptHex: toHex(script) }));
}

export const feeOf = async ({ chain }: World, txid: string): Promise<bigint> => must(await chain.tx(txid), 'the transaction').feeSat;
export const heightOf = async ({ chain }: World, txid: string): Promise<number> => must((await chain.tx(txid))?.height, 'its block');

/** Each once, although a sweep may take several outputs. */
export async function feesOf(world: World, txids: Iterable<string>): Promise<bigint> {
  const fees = await Promise.all([...new Set(txids)].map((txid) => feeOf(world, txid)));
  return fees.reduce((sum, feeSat) => sum + feeSat, 0n);
}

/** Mines until the output is spent, in the mempool or a block, and answers by what. */
export async function mineUntilSpent(world: World, txid: string, vout: number, step = 10): Promise<string> {
  for (let mined = 0; mined <= 400; mined += step) {
    const spender = await world.chain.spenderOf(txid, vout);
    if (spender !== undefined) return spender;
    await world.mine(step);
  }
  throw new Error(`nobody takes ${txid}:${vout}`);
}

export async function mineTo(world: World, height: number): Promise<void> {
  const missing = height - (await world.chain.height());
  expect(missing).toBeGreaterThanOrEqual(0);
  if (missing > 0) await world.mine(missing);
}

/** Which transaction of the two wallets' own makes a coin that stays: our coins as the chain knows them. */
export async function ourCoinsOnChain({ sferic, chain }: World): Promise<bigint> {
  const coins = await sferic.call('wallet.coins', {});
  const scripts = [...new Set(coins.map(({ address }) => scriptOf(address)!))];
  return (await Promise.all(scripts.map((script) => chain.balanceOf(script)))).reduce((sum, x) => sum + x, 0n);
}

/** Sat by account, without those that are empty; whatever happened their sum is nought. */
export async function book({ sferic }: World): Promise<Readonly<Record<string, bigint>>> {
  const balances = await sferic.call('ledger.balances', {});
  expect(balances.reduce((sum, { balanceMsat }) => sum + balanceMsat, 0n)).toBe(0n);
  return Object.fromEntries(balances.filter(({ balanceMsat }) => balanceMsat !== 0n).map(({ account, balanceMsat }) => [account, balanceMsat]));
}

/** Our book, our wallet and the chain say the same, and of a closed channel nothing is left in the book. */
export async function expectBookToBe(world: World, expected: Readonly<Record<string, bigint>>): Promise<void> {
  const inMsat = Object.fromEntries(Object.entries(expected).filter(([, sat]) => sat !== 0n).map(([account, sat]) => [account, sat * 1000n]));
  await until('our book', () => book(world), (now) => Object.entries(inMsat).every(([account, msat]) => now[account] === msat), 5_000).catch(() => undefined);
  expect(await book(world)).toEqual(inMsat);
  expect(await ourCoinsOnChain(world)).toBe(expected['wallet']);
}

/** The channel is there until everything is `depth` 100, and closed then. */
export async function expectClosedAtDepth100(world: World, point: string, lastHeight: number): Promise<void> {
  await mineTo(world, lastHeight + 98);
  await world.untilSynced();
  expect((await world.sferic.channel(point))!.state).toBe('closing');
  await world.mine(1);
  await until('the channel to be closed', async () => (await world.sferic.channel(point))!.state, (state) => state === 'closed');
}
