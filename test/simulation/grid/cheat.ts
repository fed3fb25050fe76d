import { signBeside } from '../../../core/bitcoin/sign-beside.ts';
import { p2wsh } from '../../../core/bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../../../core/bitcoin/sighash.ts';
import { type Tx, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { sat } from '../../../core/lib/units.ts';
import type { DesiredClaim } from '../../../core/tx/desired-claim.ts';
import { htlcWitness } from '../../../core/tx/htlc.ts';
import { testKeys } from '../../support/wallet-kit.ts';
import type { Coin } from '../../../core/wallet/ledger.ts';

const FEE_SAT = 5_000n;

/** Several HTLC transactions of one commitment in one: what SINGLE|ANYONECANPAY lets whoever holds the signatures do. */
export function mergedSecondStage(claims: readonly DesiredClaim[], coin: Coin, changeScript: Uint8Array): Tx {
  const methods = claims.flatMap(({ method }) => (method.kind === 'htlc_tx' ? [method] : []));
  const unsigned: Tx = {
    version: 2,
    locktime: Math.max(...methods.map(({ htlcTransaction }) => htlcTransaction.tx.locktime)),
    inputs: [...methods.map(({ htlcTransaction }) => htlcTransaction.tx.inputs[0]!), unsignedInput(coin, 0xffff_fffd)],
    outputs: [...methods.map(({ htlcTransaction }) => htlcTransaction.tx.outputs[0]!), { amountSat: sat(coin.amountSat - FEE_SAT), script: changeScript }],
  };
  const inputs = unsigned.inputs.map((input, i) => {
    const method = methods[i];
    if (!method) return input;
    const { htlcTransaction, channelType, remoteSignature, preimage, privateKey } = method;
    const localSignature = sign(sighashV0(unsigned, i, htlcTransaction.witnessScript, htlcTransaction.amountSat, SIGHASH_ALL), privateKey);
    return { ...input, witness: htlcWitness(htlcTransaction, channelType, { localSignature, remoteSignature, preimage }) };
  });
  return signBeside({
    tx: { ...unsigned, inputs },
    spent: [...methods.map(({ htlcTransaction: { tx, amountSat, witnessScript } }) => ({ ...tx.inputs[0]!, amountSat, script: p2wsh(witnessScript) })), coin],
    privateKeys: [...methods.map(() => undefined), testKeys.secretOf(coin.path)],
    auxRand: new Uint8Array(32),
  });
}
