import { p2wpkh } from '../../core/bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../../core/bitcoin/sighash.ts';
import { signInputs } from '../../core/bitcoin/signer.ts';
import { type OutPoint, type Tx, type TxInput, txWeight, unsignedInput, withWitness } from '../../core/bitcoin/transaction.ts';
import { sign, publicKey } from '../../core/crypto/secp256k1.ts';
import { sat } from '../../core/lib/units.ts';
import { claimTx, claimWitness, signedClaimTx } from '../../core/tx/claim.ts';
import type { DesiredClaim, DesiredCommitment } from '../../core/tx/desired-claim.ts';
import { htlcWitness, withFeeInputs } from '../../core/tx/htlc.ts';
import { signedHtlcTx } from '../../core/tx/commitment.ts';

/** A coin of a wallet that pays fees. */
export interface FeeCoin extends OutPoint {
  readonly amountSat: bigint;
  /** Of its P2WPKH script. */
  readonly privateKey: Uint8Array;
}
export const coinScript = ({ privateKey }: Pick<FeeCoin, 'privateKey'>): Uint8Array => p2wpkh(publicKey(privateKey));

export interface BuildWith {
  readonly feerate: number;
  readonly destinationScript: Uint8Array;
  /** Asked for when a coin is needed. */
  readonly coin: () => FeeCoin;
}

const isSignature = (item: Uint8Array): boolean => item[0] === 0x30 && item.length >= 68 && item.length <= 72 && item[1] === item.length - 3;

/** What the signed transaction would weigh with signatures of the greatest length: 71 bytes for a wallet's, 72 for a channel's. */
export function fullWeight(tx: Tx, walletInputs: readonly OutPoint[] = []): { readonly weight: number; readonly signatures: number } {
  let weight = txWeight(tx);
  let signatures = 0;
  for (const input of tx.inputs) {
    const most = walletInputs.some(({ txid, vout }) => txid === input.txid && vout === input.vout) ? 71 : 72;
    for (const item of input.witness.filter(isSignature)) {
      weight += most - item.length;
      signatures++;
    }
  }
  return { weight, signatures };
}

/** Rounded up, as the sweeper does. */
const feeOf = (weight: number, feerate: number): bigint => BigInt(Math.ceil((weight * feerate) / 1000));

/** Signs the wallet's input, which stands last, and leaves the others as they are. */
function withCoinSigned(tx: Tx, coin: FeeCoin): Tx {
  const last = tx.inputs.length - 1;
  const alone = signInputs({
    tx, spent: tx.inputs.map(({ txid, vout }) => ({ txid, vout, amountSat: sat(coin.amountSat), script: coinScript(coin) })),
    privateKeys: tx.inputs.map(() => coin.privateKey), auxRand: new Uint8Array(32),
  }); // prettier-ignore
  return withWitness(tx, last, alone.inputs[last]!.witness);
}

/** First with no fee to see the weight, then for good. */
const paidByCoin = (sized: (feeSat: bigint) => Tx, feeAt: (weight: number) => bigint, coin: FeeCoin): Tx => sized(feeAt(fullWeight(sized(0n), [coin]).weight));

/** The transaction that takes one claim, in a transaction of its own; undefined when it would be dust. */
export function builtClaim(desired: DesiredClaim, { feerate, destinationScript, coin }: BuildWith): Tx | undefined {
  const { method } = desired;
  if (method.kind === 'claim') {
    const built = claimTx({ claims: [method.claim], destinationScript, feeratePerKw: feerate as never });
    return built.ok ? signedClaimTx(built.value, () => method.privateKey) : undefined;
  }
  const { htlcTransaction, channelType, remoteSignature, preimage, privateKey } = method;
  if (channelType === 'static_remotekey') return signedHtlcTx(htlcTransaction, channelType, sign(htlcTransaction.localSighash, privateKey), remoteSignature, preimage);
  const feeCoin = coin();
  const input: TxInput = unsignedInput(feeCoin, 0xffff_fffd);
  const sized = (feeSat: bigint): Tx => {
    const tx = withFeeInputs(htlcTransaction, [input], [{ amountSat: sat(feeCoin.amountSat - feeSat), script: destinationScript }]);
    const localSignature = sign(sighashV0(tx, 0, htlcTransaction.witnessScript, htlcTransaction.amountSat, SIGHASH_ALL), privateKey);
    return withCoinSigned(withWitness(tx, 0, htlcWitness(htlcTransaction, channelType, { localSignature, remoteSignature, preimage })), feeCoin);
  };
  return paidByCoin(sized, (weight) => feeOf(weight, feerate), feeCoin);
}

/** The child that brings a commitment to the fee rate; undefined when there is no anchor or the commitment pays enough. */
export function builtChild({ tx: parent, feeSat: parentFeeSat, anchor }: DesiredCommitment, { feerate, destinationScript, coin }: BuildWith): Tx | undefined {
  const parentWeight = txWeight(parent);
  if (!anchor || parentFeeSat >= feeOf(parentWeight, feerate)) return undefined;
  const feeCoin = coin();
  const sized = (feeSat: bigint): Tx => {
    const tx: Tx = {
      version: 2, locktime: 0, inputs: [unsignedInput(anchor.claim.outPoint, anchor.claim.sequence), unsignedInput(feeCoin, 0xffff_fffd)],
      outputs: [{ amountSat: sat(anchor.claim.amountSat + feeCoin.amountSat - feeSat), script: destinationScript }],
    }; // prettier-ignore
    return withCoinSigned(withWitness(tx, 0, claimWitness(tx, 0, anchor.claim, anchor.privateKey)), feeCoin);
  };
  return paidByCoin(sized, (weight) => feeOf(parentWeight + weight, feerate) - parentFeeSat, feeCoin);
}
