/** Coins for everybody: block rewards on a script without a key (OP_TRUE in P2WSH), which anybody can spend unsigned. */
import type { ChainIndex, Utxo } from './chain-index.ts';
import { scriptHashOf } from './chain-index.ts';
import { serializeTx, sha256 } from './raw-tx.ts';

const OP_TRUE = '51';
export const FAUCET_SCRIPT = `0020${sha256(Buffer.from(OP_TRUE, 'hex')).toString('hex')}`;
const FAUCET_SCRIPT_HASH = scriptHashOf(FAUCET_SCRIPT);
const COINBASE_MATURITY = 100;
const FEE_SAT = 2_000n;
const DUST_SAT = 330n;

/** A signed payment to `scriptHex`, as hex; throws when the faucet is empty. */
export function faucetPayment(index: ChainIndex, scriptHex: string, valueSat: bigint): string {
  const chosen: Utxo[] = [];
  let inSat = 0n;
  for (const coin of spendable(index)) {
    if (inSat >= valueSat + FEE_SAT) break;
    chosen.push(coin);
    inSat += coin.valueSat;
  }
  if (inSat < valueSat + FEE_SAT) throw new Error('the faucet is empty: mine more blocks');
  const changeSat = inSat - valueSat - FEE_SAT;
  return serializeTx({
    inputs: chosen.map(({ txid, vout }) => ({ txid, vout, witness: [OP_TRUE] })),
    outputs: [
      { scriptHex, valueSat },
      ...(changeSat > DUST_SAT ? [{ scriptHex: FAUCET_SCRIPT, valueSat: changeSat }] : []),
    ],
  });
}

/** Confirmed ones only, so that no chain of unconfirmed payments grows; the largest first, so that few are needed. */
function spendable(index: ChainIndex): Utxo[] {
  return index
    .utxosOf(FAUCET_SCRIPT_HASH)
    .filter((u) => u.place !== 'mempool' && (!u.coinbase || index.confirmations(u.place) >= COINBASE_MATURITY))
    .sort((a, b) => (a.valueSat < b.valueSat ? 1 : a.valueSat > b.valueSat ? -1 : 0));
}
