import { OutScript, Address, NETWORK, Transaction, selectUTXO } from '@scure/btc-signer';
import { fromHex, toHex } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import { publicKey } from '../crypto/secp256k1.ts';
import { witnessProgram } from './script.ts';
import type { OutPoint, Tx, TxOutput } from './transaction.ts';

/** An output that a transaction spends. */
export interface SpentOutput extends OutPoint, TxOutput {}

export type InputKind = 'p2wpkh' | 'p2tr';

/** What an input of ours weighs once signed: 41 bytes without witness, then count, signature and key (BIP 141, 143, 341). */
export const INPUT_WEIGHT: Readonly<Record<InputKind, number>> = {
  // The signature is 71 bytes at most, since its r is ground below 2^255.
  p2wpkh: 41 * 4 + 1 + 72 + 34,
  p2tr: 41 * 4 + 1 + 65,
};

/** Undefined for a script that the wallet has no keys for. */
export function inputKindOf(script: Uint8Array): InputKind | undefined {
  const witness = witnessProgram(script);
  if (witness?.version === 0 && witness.program.length === 20) return 'p2wpkh';
  return witness?.version === 1 && witness.program.length === 32 ? 'p2tr' : undefined;
}

const psbtInput = ({ txid, vout, amountSat, script }: SpentOutput, internalKey: Uint8Array | undefined) => ({
  txid: fromHex(txid),
  index: vout,
  witnessUtxo: { amount: amountSat as bigint, script },
  ...(internalKey ? { tapInternalKey: internalKey } : {}),
});

/** The library counts whole satoshi a byte: thousandths of a satoshi let it see fractional rates. */
const SCALE = 1000n;

/**
 * Picks inputs for `outputs` at `feerateSatPerVb` (any fraction): first an exact match that needs no change, then the
 * biggest ones. Undefined when all of them together are not enough. The result covers amount and fee without change.
 */
export function selectInputs<T extends SpentOutput>({
  candidates,
  outputs,
  feerateSatPerVb,
  changeScript,
  dustSat,
}: {
  readonly candidates: readonly T[];
  readonly outputs: readonly TxOutput[];
  readonly feerateSatPerVb: number;
  readonly changeScript: Uint8Array;
  readonly dustSat: bigint;
}): readonly T[] | undefined {
  const byKey = new Map<string, T>();
  const inputs = candidates.map((coin) => {
    byKey.set(`${coin.txid}:${coin.vout}`, coin);
    const isTaproot = inputKindOf(coin.script) === 'p2tr';
    // Any key path weighs the same, so the output key may stand for the internal one here.
    const input = psbtInput(coin, isTaproot ? coin.script.subarray(2) : undefined);
    return { ...input, witnessUtxo: { ...input.witnessUtxo, amount: coin.amountSat * SCALE } };
  });
  const selected = selectUTXO(
    inputs,
    outputs.map(({ script, amountSat }) => ({ script, amount: amountSat * SCALE })),
    'default',
    {
      feePerByte: BigInt(Math.ceil(feerateSatPerVb * Number(SCALE))), createTx: false, bip69: false,
      changeAddress: Address(NETWORK).encode(OutScript.decode(changeScript)), dust: dustSat * SCALE - 1n, dustRelayFeeRate: 1n,
      allowUnknownOutputs: true, disableScriptCheck: true,
    }, // prettier-ignore
  );
  return selected?.inputs.map((input) =>
    must(byKey.get(`${toHex(must(input.txid, 'the transaction id'))}:${input.index}`), 'the selected coin'),
  );
}

/**
 * Witnesses for every input: ECDSA over BIP 143 with a low r for P2WPKH, Schnorr over BIP 341 for P2TR key paths.
 * `spent[i]` and `privateKeys[i]` (32 bytes, before the Taproot tweak) belong to input i; `auxRand` is the 32 bytes of
 * BIP 340. Throws when a key does not belong to its script: that is a bug of ours.
 */
export function signInputs({
  tx,
  spent,
  privateKeys,
  auxRand,
}: {
  readonly tx: Tx;
  readonly spent: readonly SpentOutput[];
  readonly privateKeys: readonly Uint8Array[];
  readonly auxRand: Uint8Array;
}): Tx {
  const signer = new Transaction({
    version: tx.version, lockTime: tx.locktime, lowR: true, allowUnknownOutputs: true, disableScriptCheck: true,
  }); // prettier-ignore
  tx.inputs.forEach((input, i) => {
    const output = must(spent[i], 'the spent output');
    if (output.txid !== input.txid || output.vout !== input.vout)
      throw new Error(`bug: spent output ${i} is not that of the input`);
    const key = must(privateKeys[i], 'the private key');
    const internalKey = inputKindOf(output.script) === 'p2tr' ? publicKey(key).slice(1) : undefined;
    signer.addInput({ ...psbtInput(output, internalKey), sequence: input.sequence });
  });
  for (const { script, amountSat } of tx.outputs) signer.addOutput({ script, amount: amountSat });
  privateKeys.forEach((key, i) => signer.signIdx(key, i, undefined, auxRand));
  signer.finalize();
  return {
    ...tx,
    inputs: tx.inputs.map((input, i) => ({
      ...input,
      witness: must(signer.getInput(i).finalScriptWitness, 'the witness'),
    })),
  };
}
