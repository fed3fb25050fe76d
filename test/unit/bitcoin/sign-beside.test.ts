import { schnorr } from '@noble/secp256k1';
import { Transaction } from '@scure/btc-signer';
import { describe, expect, test } from 'vitest';
import { signBeside } from '../../../core/bitcoin/sign-beside.ts';
import { p2wsh } from '../../../core/bitcoin/script.ts';
import { signInputs, type SpentOutput } from '../../../core/bitcoin/signer.ts';
import { encodeTx, type Tx } from '../../../core/bitcoin/transaction.ts';
import { sat } from '../../../core/lib/units.ts';
import { coinOf, p2wpkhSigned, testKeys } from '../../support/wallet-kit.ts';
import { bareTx, foreignScript } from '../../support/wallet-chain.ts';

const auxRand = new Uint8Array(32).fill(7);
const coins = [coinOf(1, 50_000n), coinOf(2, 60_000n, 'p2tr'), coinOf(3, 70_000n, 'p2tr'), coinOf(4, 80_000n)];
const foreign: SpentOutput = {
  txid: '11'.repeat(32),
  vout: 3,
  amountSat: sat(330n),
  script: p2wsh(Uint8Array.of(0x51)),
};
const outputs = [{ script: foreignScript(1), amountSat: sat(200_000n) }];
const secrets = coins.map(({ path }) => testKeys.secretOf(path));

/** By the library's BIP 341 hash and another curve. */
function taprootSigned(tx: Tx, i: number, spent: readonly SpentOutput[]): Promise<boolean> {
  const parsed = Transaction.fromRaw(encodeTx(tx), {
    allowUnknownOutputs: true,
    allowUnknownInputs: true,
    disableScriptCheck: true,
  });
  const hash = parsed.preimageWitnessV1(i, spent.map(({ script }) => script), 0, spent.map(({ amountSat }) => amountSat as bigint)); // prettier-ignore
  const [signature] = tx.inputs[i]!.witness;
  return schnorr.verifyAsync(signature!, hash, spent[i]!.script.subarray(2));
}

describe('beside inputs that are signed elsewhere', () => {
  const spent = [foreign, ...coins];
  const witness = [Uint8Array.of(1, 2, 3), Uint8Array.of(0x51)];
  const bare = bareTx(spent, outputs);
  const tx = { ...bare, inputs: bare.inputs.map((input, i) => (i === 0 ? { ...input, witness } : input)) };
  const signed = signBeside({ tx, spent, privateKeys: [undefined, ...secrets], auxRand });

  test('coins are signed and the rest is left as it was', async () => {
    expect(signed.inputs[0]).toEqual(tx.inputs[0]);
    expect([1, 4].map((i) => p2wpkhSigned(signed, i, spent[i]!))).toEqual([true, true]);
    expect(await Promise.all([2, 3].map((i) => taprootSigned(signed, i, spent)))).toEqual([true, true]);
  });

  test("a Taproot signature covers the others' amounts", async () => {
    expect(await taprootSigned(signed, 2, [{ ...foreign, amountSat: sat(331n) }, ...coins])).toBe(false);
  });
});

test('with all keys it does what the wallet does', () => {
  const tx = bareTx(coins, outputs);
  expect(signBeside({ tx, spent: coins, privateKeys: secrets, auxRand })).toEqual(
    signInputs({ tx, spent: coins, privateKeys: secrets, auxRand }),
  );
});
