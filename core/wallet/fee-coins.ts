import { toDer } from '../bitcoin/der.ts';
import { INPUT_WEIGHT, inputKindOf } from '../bitcoin/signer.ts';
import { dustLimitSat, p2wpkhScriptCode } from '../bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../bitcoin/sighash.ts';
import { type Tx, type TxInput, type TxOutput, unsignedInput, withWitness } from '../bitcoin/transaction.ts';
import { publicKey, sign } from '../crypto/secp256k1.ts';
import { type FeeratePerKw, feeOfWeight, sat } from '../lib/units.ts';
import { outputWeight } from '../tx/weights.ts';
import type { Coin } from './ledger.ts';
import type { WalletKeys } from './keys.ts';

/** Final for no lock, replaceable by a higher fee (BIP 125). */
const REPLACEABLE = 0xffff_fffd;

export interface Funded {
  readonly inputs: readonly TxInput[];
  readonly change: TxOutput;
  readonly coins: readonly Coin[];
}

/** Wallet coins that pay for transactions which bring no fee of their own; each is used once a plan. */
export class FeeCoins {
  readonly #keys: Pick<WalletKeys, 'secretOf'>;
  #left: readonly Coin[];

  constructor(coins: readonly Coin[], keys: Pick<WalletKeys, 'secretOf'>) {
    this.#keys = keys;
    // Small ones first, so that the big ones stay for what comes; version 0 ones, whose signature needs no other input.
    this.#left = coins.filter(({ script }) => inputKindOf(script) === 'p2wpkh').toSorted((a, b) => (a.amountSat < b.amountSat ? -1 : a.amountSat > b.amountSat ? 1 : 0));
  }

  /**
   * Inputs and change for a transaction of `baseWeight` with change but without these inputs, which has `ownSat` over its
   * other outputs and must pay `rate` for itself and for `parentWeight` that paid `parentFeeSat` already. The missing
   * amount when the coins do not suffice.
   */
  fund(need: { readonly baseWeight: number; readonly ownSat: bigint; readonly changeScript: Uint8Array; readonly rate: FeeratePerKw; readonly parentWeight?: number; readonly parentFeeSat?: bigint }): Funded | { readonly missingSat: bigint } {
    const { baseWeight, ownSat, changeScript, rate, parentWeight = 0, parentFeeSat = 0n } = need;
    const changeWeight = outputWeight(changeScript);
    const least = dustLimitSat(changeScript);
    const chosen: Coin[] = [];
    let have = ownSat;
    const feeNow = (): bigint => feeOfWeight(baseWeight + changeWeight + chosen.length * INPUT_WEIGHT.p2wpkh + parentWeight, rate) - parentFeeSat;
    for (const coin of this.#left) {
      if (have - feeNow() >= least) break;
      // A coin that costs more than it brings helps nobody.
      if (coin.amountSat <= feeOfWeight(INPUT_WEIGHT.p2wpkh, rate)) continue;
      chosen.push(coin);
      have += coin.amountSat;
    }
    const rest = have - feeNow();
    if (rest < least) return { missingSat: least - rest };
    this.#left = this.#left.filter((coin) => !chosen.includes(coin));
    return { coins: chosen, inputs: chosen.map((coin) => unsignedInput(coin, REPLACEABLE)), change: { amountSat: sat(rest), script: changeScript } };
  }

  /** Signs the coins' inputs, which stand at `firstIndex` and behind it. */
  signed(tx: Tx, coins: readonly Coin[], firstIndex: number): Tx {
    return coins.reduce((signed, coin, i) => {
      const secret = this.#keys.secretOf(coin.path);
      const key = publicKey(secret);
      const hash = sighashV0(tx, firstIndex + i, p2wpkhScriptCode(key), coin.amountSat, SIGHASH_ALL);
      const witness = [toDer(sign(hash, secret), SIGHASH_ALL), key];
      secret.fill(0);
      return withWitness(signed, firstIndex + i, witness);
    }, tx);
  }
}
