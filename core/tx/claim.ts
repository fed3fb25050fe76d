import { err, ok, type Result, unreachable } from '../lib/result.ts';
import { type FeeratePerKw, feeAtLeast, type Sat, sat } from '../lib/units.ts';
import { toDer } from '../bitcoin/der.ts';
import { dustLimitSat, p2wpkhScriptCode } from '../bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../bitcoin/sighash.ts';
import { type OutPoint, type Tx, unsignedInput } from '../bitcoin/transaction.ts';
import { sign } from '../crypto/secp256k1.ts';
import { toRemoteAnchorsScript } from './scripts.ts';
import {
  type ChannelType, compactSizeLength, INPUT_WEIGHT, LOW_S_SIGNATURE_BYTES, outputWeight, TX_OVERHEAD_WEIGHT, witnessWeight,
} from './weights.ts'; // prettier-ignore

interface ClaimedOutput {
  readonly outPoint: OutPoint;
  readonly amountSat: Sat;
  /** See `claimSequence`. */
  readonly sequence: number;
}
interface ScriptClaim extends ClaimedOutput {
  readonly witnessScript: Uint8Array;
}

/** An output of a closed channel that we alone can spend, with what its witness needs besides our signature. */
export type Claim =
  /** Our own `to_local`, or the output of our own HTLC transaction, after our delay. Key: delayed. */
  | (ScriptClaim & { readonly kind: 'to_local_delayed' })
  /** What the peer's commitment pays us. Key: payment basepoint. */
  | (ClaimedOutput & {
      readonly kind: 'to_remote';
      readonly channelType: ChannelType;
      readonly paymentPubkey: Uint8Array;
    })
  /** The peer's revoked `to_local`. Key: revocation. */
  | (ScriptClaim & { readonly kind: 'revoked_to_local' })
  /** An HTLC output of a revoked commitment, offered or received. Key: revocation. */
  | (ScriptClaim & { readonly kind: 'revoked_htlc'; readonly revocationPubkey: Uint8Array })
  /** The output of an HTLC transaction that spends a revoked commitment. Key: revocation. */
  | (ScriptClaim & { readonly kind: 'revoked_second_stage' })
  /** The peer's commitment, an HTLC that we offered and that has expired. Key: HTLC. */
  | (ScriptClaim & { readonly kind: 'offered_htlc_timeout_remote'; readonly cltvExpiry: number })
  /** The peer's commitment, an HTLC that we received and whose preimage we know. Key: HTLC. */
  | (ScriptClaim & { readonly kind: 'received_htlc_success_remote'; readonly preimage: Uint8Array })
  /** Our anchor. Key: funding. */
  | (ScriptClaim & { readonly kind: 'anchor' });

export type ClaimKind = Claim['kind'];

/** Final for no lock, but replaceable by a higher fee (BIP 125) and open to a locktime. */
export const REPLACEABLE_SEQUENCE = 0xffff_fffd;

/** The BIP 68 sequence that each kind's script demands; `toSelfDelay` is the one in the script, in blocks. */
export function claimSequence(kind: ClaimKind, channelType: ChannelType, toSelfDelay: number): number {
  switch (kind) {
    case 'to_local_delayed':
      return toSelfDelay;
    case 'to_remote':
    case 'offered_htlc_timeout_remote':
    case 'received_htlc_success_remote':
      return channelType === 'anchors' ? 1 : REPLACEABLE_SEQUENCE;
    case 'revoked_to_local':
    case 'revoked_htlc':
    case 'revoked_second_stage':
    case 'anchor':
      return REPLACEABLE_SEQUENCE;
    default:
      return unreachable(kind);
  }
}

const NOTHING = new Uint8Array(0);
const ONE = Uint8Array.of(1);

/** What follows the signature in the witness (BOLT 3, "Commitment Transaction Outputs"). */
function afterSignature(claim: Claim): readonly Uint8Array[] {
  switch (claim.kind) {
    case 'to_local_delayed':
    case 'offered_htlc_timeout_remote':
      return [NOTHING, claim.witnessScript];
    case 'to_remote':
      return [claim.channelType === 'anchors' ? toRemoteAnchorsScript(claim.paymentPubkey) : claim.paymentPubkey];
    case 'revoked_to_local':
    case 'revoked_second_stage':
      return [ONE, claim.witnessScript];
    case 'revoked_htlc':
      return [claim.revocationPubkey, claim.witnessScript];
    case 'received_htlc_success_remote':
      return [claim.preimage, claim.witnessScript];
    case 'anchor':
      return [claim.witnessScript];
    default:
      return unreachable(claim);
  }
}

function scriptCodeOf(claim: Claim): Uint8Array {
  if (claim.kind !== 'to_remote') return claim.witnessScript;
  const { channelType, paymentPubkey } = claim;
  return channelType === 'anchors' ? toRemoteAnchorsScript(paymentPubkey) : p2wpkhScriptCode(paymentPubkey);
}

/** Weight that a claim adds to a transaction, its witness with a signature of the greatest length included. */
export const claimInputWeight = (claim: Claim): number =>
  INPUT_WEIGHT + witnessWeight(LOW_S_SIGNATURE_BYTES, ...afterSignature(claim).map((item) => item.length));

export interface ClaimParams {
  readonly claims: readonly Claim[];
  readonly destinationScript: Uint8Array;
  readonly feeratePerKw: FeeratePerKw;
  /** Least locktime, such as the present height against fee sniping; 0 when not given. */
  readonly locktime?: number;
}

export interface ClaimTx {
  /** Unsigned. */
  readonly tx: Tx;
  /** At most this much when signed. */
  readonly weight: number;
  readonly feeSat: Sat;
  /** In the order of the inputs. */
  readonly claims: readonly Claim[];
  /** Claims that would cost more than they bring at this fee rate. */
  readonly leftOut: readonly Claim[];
}

/** Weight of a transaction that spends `claims` to one script. */
const claimTxWeight = (claims: readonly Claim[], destinationScript: Uint8Array): number =>
  claims.reduce((sum, claim) => sum + claimInputWeight(claim), TX_OVERHEAD_WEIGHT + outputWeight(destinationScript)) +
  4 * (compactSizeLength(claims.length) - 1);

/**
 * One transaction that takes all claims worth their fee to one script (BOLT 5). Its locktime is the latest expiry among
 * the HTLCs that timed out, so only claims that are due may stand in it. 'uneconomic' when the rest would be dust.
 */
export function claimTx(params: ClaimParams): Result<ClaimTx, 'uneconomic'> {
  const { destinationScript, feeratePerKw } = params;
  const isWorthIt = (claim: Claim): boolean => claim.amountSat > feeAtLeast(claimInputWeight(claim), feeratePerKw);
  const claims = params.claims.filter(isWorthIt);
  const weight = claimTxWeight(claims, destinationScript);
  const feeSat = feeAtLeast(weight, feeratePerKw);
  const amountSat = claims.reduce((sum, claim) => sum + claim.amountSat, 0n) - feeSat;
  if (claims.length === 0 || amountSat <= 0n || amountSat < dustLimitSat(destinationScript)) return err('uneconomic');
  const expiries = claims.map((claim) => (claim.kind === 'offered_htlc_timeout_remote' ? claim.cltvExpiry : 0));
  const tx: Tx = {
    version: 2,
    inputs: claims.map(({ outPoint, sequence }) => unsignedInput(outPoint, sequence)),
    outputs: [{ amountSat: sat(amountSat), script: destinationScript }],
    locktime: Math.max(params.locktime ?? 0, ...expiries),
  };
  return ok({ tx, weight, feeSat, claims, leftOut: params.claims.filter((claim) => !isWorthIt(claim)) });
}

/** What the claim's key signs at an index of any transaction, such as an anchor beside the wallet's inputs: SIGHASH_ALL. */
export const claimSighash = (tx: Tx, inputIndex: number, claim: Claim): Uint8Array =>
  sighashV0(tx, inputIndex, scriptCodeOf(claim), claim.amountSat, SIGHASH_ALL);

/** Witness with a compact 64-byte signature over `claimSighash` that was made here or elsewhere. */
export const claimWitnessOf = (claim: Claim, signature: Uint8Array): readonly Uint8Array[] => [
  toDer(signature, SIGHASH_ALL),
  ...afterSignature(claim),
];

export const claimWitness = (tx: Tx, inputIndex: number, claim: Claim, privateKey: Uint8Array): readonly Uint8Array[] =>
  claimWitnessOf(claim, sign(claimSighash(tx, inputIndex, claim), privateKey));

/** Ready to be sent; `privateKeyOf` gives the 32-byte key that each kind names. */
export const signedClaimTx = ({ tx, claims }: ClaimTx, privateKeyOf: (claim: Claim) => Uint8Array): Tx => ({
  ...tx,
  inputs: tx.inputs.map((input, i) => {
    const claim = claims[i]!;
    return { ...input, witness: claimWitness(tx, i, claim, privateKeyOf(claim)) };
  }),
});
