/**
 * Cells of the grid on the real chain process: every transaction in its mempool and its blocks, with its relay policy, lock
 * times and scripts, at the heights at which the channel machines meant it; and taken back by its reorganisations.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Tx, encodeTx, txid } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { type ChainHandle, startChainProcess } from '../../../core/playground/chain-client.ts';
import type { Happening } from '../../simulation/grid/chain.ts';
import { checkCell } from '../../simulation/grid/check.ts';
import { type Cell, grid, nameOf } from '../../simulation/grid/plan.ts';
import { START } from '../../simulation/grid/play.ts';
import { makeSituation } from '../../simulation/grid/situation.ts';
import { SIDES, walletScriptOf } from '../../support/channel-pair.ts';
import { coinsForCells } from './real-coins.ts';

interface Told {
  readonly name: string;
  readonly happenings: readonly Happening[];
}
const hexOf = (tx: Tx): string => toHex(encodeTx(tx));

/** One after another along one chain, all cells at once; what one cell undoes, all undo. */
class Replay {
  readonly #chain: ChainHandle;
  readonly #told: readonly Told[];
  transactions = 0;

  constructor(chain: ChainHandle, told: readonly Told[]) {
    this.#chain = chain;
    this.#told = told;
  }

  async run(): Promise<void> {
    const branches = Math.max(...this.#told.map(({ happenings }) => happenings.filter((one) => 'undone' in one).length)) + 1;
    for (let branch = 0; branch < branches; branch++) {
      const parts = this.#told.map(({ name, happenings }) => ({ name, ...partOf(happenings, branch) }));
      const undone = new Set(parts.map((part) => part.undone));
      if (undone.size > 1) throw new Error('the cells do not undo the same blocks');
      const [depth] = undone;
      if (depth) await this.#chain.invalidate((await this.#chain.height()) - depth + 1);
      const blocks = new Map<number, { readonly name: string; readonly tx: Tx }[]>();
      for (const { name, blocks: own } of parts) for (const { height, txs } of own) blocks.set(height, [...(blocks.get(height) ?? []), ...txs.map((tx) => ({ name, tx }))]);
      for (const [height, txs] of [...blocks].toSorted(([a], [b]) => a - b)) await this.#mine(height, txs, branch > 0);
    }
  }

  async #mine(height: number, txs: readonly { readonly name: string; readonly tx: Tx }[], isLaterBranch: boolean): Promise<void> {
    const missing = height - 1 - (await this.#chain.height());
    if (missing > 0) await this.#chain.mineEmpty(missing);
    if (txs.length === 0) return void (await this.#chain.mineEmpty(1));
    for (const { name, tx } of txs) {
      const submitted = await this.#chain.submit(hexOf(tx));
      // On a later branch the mempool may still hold what was mined on the first: a miner takes the newer one.
      if (!submitted.accepted && !isLaterBranch) throw new Error(`${name}: refused for block ${height}: ${submitted.reason}`);
    }
    await this.#chain.mineTxs(txs.map(({ tx }) => hexOf(tx)));
    for (const { name, tx } of txs) {
      const found = await this.#chain.tx(txid(tx));
      if (found?.height !== height) throw new Error(`${name}: ${txid(tx)} is not in block ${height}`);
    }
    this.transactions += txs.length;
  }
}

/** What a cell did between the how-many-th reorganisation and the next; `undone` comes before. */
function partOf(happenings: readonly Happening[], branch: number): { readonly undone: number | undefined; readonly blocks: readonly Extract<Happening, { readonly height: number }>[] } {
  let at = 0;
  let undone: number | undefined;
  const blocks: Extract<Happening, { readonly height: number }>[] = [];
  for (const one of happenings) {
    if ('undone' in one) {
      at++;
      if (at === branch) ({ undone } = one);
    } else if (at === branch) blocks.push(one);
  }
  return { undone, blocks };
}

const { cells } = grid();
const without = cells.filter(({ reorg, restart }) => !reorg && !restart);
/** Every one of so many, so that all closes and HTLCs are among them. */
const some = (depth: number, every: number): readonly Cell[] => cells.filter(({ reorg, restart }) => reorg?.depth === depth && restart).filter((_, i) => i % every === 0);

describe('on the real chain', () => {
  let chain: ChainHandle;
  beforeEach(async () => void (chain = await startChainProcess()), 60_000);
  afterEach(() => chain?.stop());

  async function replayed(chosen: readonly Cell[]): Promise<void> {
    const coins = await coinsForCells(chain, chosen.length);
    const played = chosen.map((cell, i) => checkCell(cell, { situation: makeSituation(cell, coins[i]!.fundingCoin), coins: coins[i]!.coins }));
    await chain.mineTxs(played.map(({ situation }) => hexOf(situation.fundingTx)));
    await chain.mineEmpty(START - (await chain.height()));
    const replay = new Replay(chain, played.map(({ happenings }, i) => ({ name: nameOf(chosen[i]!), happenings })));
    await replay.run();
    for (const side of SIDES) {
      const script = toHex(walletScriptOf(side));
      const paid = played.flatMap(({ mined }) => mined.flatMap(({ tx }) => tx.outputs)).filter((output) => toHex(output.script) === script);
      expect(await chain.balanceOf(script)).toBe(paid.reduce((sum, { amountSat }) => sum + amountSat, 0n));
    }
    console.log(`${chosen.length} cells, ${replay.transactions} transactions on the real chain`);
  }

  it(`${without.length} cells end as they should, side by side`, () => replayed(without), 180_000);
  it.each([1, 3, 6])('and some after a reorganisation of %i to another commitment', (depth) => replayed(some(depth, 4)), 180_000);
});
