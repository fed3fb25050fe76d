import { SIGHASH_ALL, sighashV0 } from '../bitcoin/sighash.ts';
import { dustLimitSat } from '../bitcoin/script.ts';
import { type Tx, txWeight, unsignedInput, withWitness } from '../bitcoin/transaction.ts';
import { sign } from '../crypto/secp256k1.ts';
import { type FeeratePerKw, feeOfWeight, feeratePerKw, sat } from '../lib/units.ts';
import { claimInputWeight, claimTx, claimWitness, signedClaimTx } from '../tx/claim.ts';
import { htlcWitness, signedHtlcTx, withFeeInputs } from '../tx/htlc.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import { LOW_S_SIGNATURE_BYTES, TX_OVERHEAD_WEIGHT, outputWeight, witnessWeight } from '../tx/weights.ts';
import type { FeeCoins } from './fee-coins.ts';
import type { SweepInput } from './sweep.ts';

export type BuiltSweep =
  | { readonly kind: 'built'; readonly txs: readonly Tx[]; readonly feeratePerKw: FeeratePerKw }
  | { readonly kind: 'short'; readonly missingSat: bigint }
  | { readonly kind: 'uneconomic' };

/** Blocks before a deadline from which a claim may spend nearly all of itself on fees: little is better than nothing. */
const ALL_IN_BLOCKS = 6;
/** Half of a claim at most while time is left. */
const CALM_SHARE = 2n;

/** Our commitment, with a child at its anchor when it does not pay the rate by itself (BOLT 3, anchors). */
export function buildCommitmentChild({ tx, feeSat, anchor, changeScript }: DesiredCommitment, rate: FeeratePerKw, coins: FeeCoins): BuiltSweep {
  const parentWeight = txWeight(tx);
  const alone: BuiltSweep = { kind: 'built', txs: [tx], feeratePerKw: rate };
  if (!anchor || feeSat >= feeOfWeight(parentWeight, rate)) return alone;
  const { claim, privateKey } = anchor;
  const funded = coins.fund({ baseWeight: TX_OVERHEAD_WEIGHT + claimInputWeight(claim), ownSat: claim.amountSat, changeScript, rate, parentWeight, parentFeeSat: feeSat });
  if ('missingSat' in funded) return { kind: 'short', missingSat: funded.missingSat };
  const child: Tx = { version: 2, locktime: 0, inputs: [unsignedInput(claim.outPoint, claim.sequence), ...funded.inputs], outputs: [funded.change] };
  const signed = coins.signed(withWitness(child, 0, claimWitness(child, 0, claim, privateKey)), funded.coins, 1);
  return { kind: 'built', txs: [tx, signed], feeratePerKw: rate };
}

export function buildClaim(desired: DesiredClaim, rate: FeeratePerKw, input: Pick<SweepInput, 'height' | 'minRelayFeeratePerKw'>, coins: FeeCoins): BuiltSweep {
  const { method } = desired;
  if (method.kind === 'htlc_tx') return method.channelType === 'anchors' ? fundedHtlcTx(desired, rate, coins) : presignedHtlcTx(desired, rate);
  const { claim, privateKey } = method;
  const { destinationScript } = desired;
  const weight = TX_OVERHEAD_WEIGHT + claimInputWeight(claim) + outputWeight(destinationScript);
  const affordable = affordableRate(desired, weight, input.height);
  if (affordable < input.minRelayFeeratePerKw) return { kind: 'uneconomic' };
  const used = feeratePerKw(Math.min(rate, affordable));
  const built = claimTx({ claims: [claim], destinationScript, feeratePerKw: used });
  if (!built.ok) return { kind: 'uneconomic' };
  return { kind: 'built', txs: [signedClaimTx(built.value, () => privateKey)], feeratePerKw: used };
}

function affordableRate({ amountSat, deadlineHeight, destinationScript }: DesiredClaim, weight: number, height: number): number {
  const urgent = deadlineHeight !== undefined && deadlineHeight - height <= ALL_IN_BLOCKS;
  const most = amountSat - dustLimitSat(destinationScript);
  const share = amountSat / CALM_SHARE;
  const budget = urgent || share > most ? most : share;
  return budget <= 0n ? 0 : Math.min(0xffff_ffff, Math.floor((Number(budget) * 1000) / weight));
}

/** Without anchors the fee was fixed when it was signed; it goes out as it is. */
function presignedHtlcTx({ method }: DesiredClaim, rate: FeeratePerKw): BuiltSweep {
  if (method.kind !== 'htlc_tx') return { kind: 'uneconomic' };
  const { htlcTransaction, channelType, remoteSignature, preimage, privateKey } = method;
  const localSignature = sign(htlcTransaction.localSighash, privateKey);
  return { kind: 'built', txs: [signedHtlcTx(htlcTransaction, channelType, localSignature, remoteSignature, preimage)], feeratePerKw: rate };
}

/** With anchors wallet coins pay; the peer's signature holds for input and output 0 alone (SIGHASH_SINGLE|ANYONECANPAY). */
function fundedHtlcTx({ method, amountSat, destinationScript }: DesiredClaim, rate: FeeratePerKw, coins: FeeCoins): BuiltSweep {
  if (method.kind !== 'htlc_tx') return { kind: 'uneconomic' };
  const { htlcTransaction, channelType, remoteSignature, preimage, privateKey } = method;
  const { htlc, tx, witnessScript } = htlcTransaction;
  const baseWeight = txWeight(tx) + 2 + witnessWeight(0, LOW_S_SIGNATURE_BYTES, LOW_S_SIGNATURE_BYTES, htlc.direction === 'received' ? 32 : 0, witnessScript.length);
  // Never more for the fee than the HTLC holds.
  const most = feeratePerKw(Math.min(rate, Math.floor((Number(amountSat) * 1000) / (baseWeight + 400))));
  const funded = coins.fund({ baseWeight, ownSat: 0n, changeScript: destinationScript, rate: most });
  if ('missingSat' in funded) return { kind: 'short', missingSat: funded.missingSat };
  const whole = withFeeInputs(htlcTransaction, funded.inputs, [funded.change]);
  const localSignature = sign(sighashV0(whole, 0, witnessScript, sat(amountSat), SIGHASH_ALL), privateKey);
  const signed = withWitness(whole, 0, htlcWitness(htlcTransaction, channelType, { localSignature, remoteSignature, preimage }));
  return { kind: 'built', txs: [coins.signed(signed, funded.coins, 1)], feeratePerKw: most };
}
