import { type OutPoint, type Tx, encodeTx, txid, unsignedInput, withWitness } from '../../../core/bitcoin/transaction.ts';
import { p2wsh } from '../../../core/bitcoin/script.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import type { ChainHandle } from '../../../core/playground/chain-client.ts';
import type { Coin } from '../../../core/wallet/ledger.ts';
import { COIN_SAT, type Coins, madeUpCoins } from '../../simulation/grid/actor.ts';
import { CAPACITY_SAT } from '../../simulation/grid/situation.ts';
import { ANYBODY } from '../../support/channel-pair.ts';

/** Of one cell: what pays for its channel, and what both wallets have for fees. */
export interface CellCoins {
  readonly fundingCoin: OutPoint;
  readonly coins: Coins;
}

const openToAll = p2wsh(ANYBODY);
const SIDE_COINS = [...madeUpCoins.alice, ...madeUpCoins.bob];
const FEE_SAT = 500_000n;

/** Real coins for so many cells, in the next two blocks. */
export async function coinsForCells(chain: ChainHandle, count: number): Promise<readonly CellCoins[]> {
  const ofCell = [{ amountSat: sat(CAPACITY_SAT), script: openToAll }, ...SIDE_COINS.map(({ script }) => ({ amountSat: sat(COIN_SAT), script }))];
  const outputs = Array.from({ length: count }, () => ofCell).flat();
  const totalSat = outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n) + FEE_SAT;
  const paidBy = await chain.pay(toHex(openToAll), totalSat);
  await chain.mine(1);
  const coin = (await chain.utxosOf(toHex(openToAll))).find((one) => one.txid === paidBy);
  const unsigned: Tx = { version: 2, locktime: 0, inputs: [unsignedInput({ txid: paidBy, vout: coin!.vout }, 0)], outputs };
  await chain.mineTxs([toHex(encodeTx(withWitness(unsigned, 0, [ANYBODY])))]);
  const id = txid(unsigned);
  return Array.from({ length: count }, (_, cell): CellCoins => {
    const at = (index: number): OutPoint => ({ txid: id, vout: cell * ofCell.length + index });
    const real = (coin: Coin, index: number): Coin => ({ ...coin, ...at(1 + index) });
    const all = SIDE_COINS.map(real);
    return { fundingCoin: at(0), coins: { alice: all.slice(0, madeUpCoins.alice.length), bob: all.slice(madeUpCoins.alice.length) } };
  });
}
