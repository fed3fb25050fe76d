import { Transaction } from '@scure/btc-signer';
import { fromHex } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import { publicKey } from '../crypto/secp256k1.ts';
import { inputKindOf, type SpentOutput } from './signer.ts';
import type { Tx } from './transaction.ts';

/**
 * Signs the wallet's inputs of a transaction whose other inputs are signed elsewhere; those keep their witnesses.
 * `spent[i]` is what input i spends: all of them are needed, since a Taproot signature covers them (BIP 341).
 * `privateKeys[i]`: 32 bytes before the Taproot tweak, undefined for a foreign input. `auxRand`: 32 bytes (BIP 340).
 */
export function signBeside({
  tx,
  spent,
  privateKeys,
  auxRand,
}: {
  readonly tx: Tx;
  readonly spent: readonly SpentOutput[];
  readonly privateKeys: readonly (Uint8Array | undefined)[];
  readonly auxRand: Uint8Array;
}): Tx {
  const signer = new Transaction({
    version: tx.version, lockTime: tx.locktime, lowR: true, allowUnknownInputs: true, allowUnknownOutputs: true, disableScriptCheck: true,
  }); // prettier-ignore
  tx.inputs.forEach(({ txid, vout, sequence }, i) => {
    const { amountSat, script } = must(spent[i], 'the spent output');
    const key = privateKeys[i];
    const isTaproot = key !== undefined && inputKindOf(script) === 'p2tr';
    signer.addInput({
      txid: fromHex(txid), index: vout, sequence, witnessUtxo: { amount: amountSat as bigint, script },
      ...(isTaproot ? { tapInternalKey: publicKey(key).slice(1) } : {}),
    }); // prettier-ignore
  });
  for (const { script, amountSat } of tx.outputs) signer.addOutput({ script, amount: amountSat });
  privateKeys.forEach((key, i) => {
    if (!key) return;
    signer.signIdx(key, i, undefined, auxRand);
    signer.finalizeIdx(i);
  });
  return {
    ...tx,
    inputs: tx.inputs.map((input, i) =>
      privateKeys[i] ? { ...input, witness: must(signer.getInput(i).finalScriptWitness, 'the witness') } : input,
    ),
  };
}
