import { sha256 } from '../crypto/hash.ts';
import { addPoints, addScalars, addToPoint, multiplyPoint, multiplyScalars, publicKey } from '../crypto/secp256k1.ts';
import { must } from '../lib/result.ts';

/** What a party fixes for the life of a channel: 33-byte compressed points, checked to be on the curve when received. */
export interface Basepoints {
  readonly fundingPubkey: Uint8Array;
  readonly revocationBasepoint: Uint8Array;
  readonly paymentBasepoint: Uint8Array;
  readonly delayedPaymentBasepoint: Uint8Array;
  readonly htlcBasepoint: Uint8Array;
}

/** The keys of one commitment; local is its owner. */
export interface CommitmentKeys {
  readonly localDelayedPubkey: Uint8Array;
  readonly revocationPubkey: Uint8Array;
  readonly localHtlcPubkey: Uint8Array;
  readonly remoteHtlcPubkey: Uint8Array;
  readonly remotePaymentPubkey: Uint8Array;
}

// BOLT 3, "localpubkey, local_htlcpubkey, remote_htlcpubkey, local_delayedpubkey, and remote_delayedpubkey Derivation":
// the tweak is a hash of both points, so nobody can choose one that makes the sum infinite or zero.
const tweakOf = (basepoint: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array =>
  sha256(perCommitmentPoint, basepoint);

/** basepoint + SHA256(perCommitmentPoint || basepoint) * G, 33 bytes (BOLT 3, "Key Derivation"). */
export const derivePublicKey = (basepoint: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array =>
  must(addToPoint(basepoint, tweakOf(basepoint, perCommitmentPoint)), 'derived public key');

/** The 32-byte private key of `derivePublicKey` for the basepoint's secret. */
export const derivePrivateKey = (basepointSecret: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array =>
  must(addScalars(basepointSecret, tweakOf(publicKey(basepointSecret), perCommitmentPoint)), 'derived private key');

const blinding = (revocationBasepoint: Uint8Array, perCommitmentPoint: Uint8Array) => ({
  ofBasepoint: sha256(revocationBasepoint, perCommitmentPoint),
  ofCommitment: sha256(perCommitmentPoint, revocationBasepoint),
});

/**
 * The key that takes everything of a revoked commitment: made of the other party's basepoint and the owner's
 * per-commitment point, so that neither knows its private key alone (BOLT 3, "revocationpubkey Derivation").
 */
export function deriveRevocationPublicKey(revocationBasepoint: Uint8Array, perCommitmentPoint: Uint8Array): Uint8Array {
  const factors = blinding(revocationBasepoint, perCommitmentPoint);
  const sum = addPoints(
    multiplyPoint(revocationBasepoint, factors.ofBasepoint),
    multiplyPoint(perCommitmentPoint, factors.ofCommitment),
  );
  return must(sum, 'revocation public key');
}

/** The 32-byte private key of `deriveRevocationPublicKey`, known once the per-commitment secret is revealed. */
export function deriveRevocationPrivateKey(
  revocationBasepointSecret: Uint8Array,
  perCommitmentSecret: Uint8Array,
): Uint8Array {
  const factors = blinding(publicKey(revocationBasepointSecret), publicKey(perCommitmentSecret));
  const sum = addScalars(
    multiplyScalars(revocationBasepointSecret, factors.ofBasepoint),
    multiplyScalars(perCommitmentSecret, factors.ofCommitment),
  );
  return must(sum, 'revocation private key');
}

/** The keys of the commitment of `owner` at the owner's per-commitment point; `other` is the other end of the channel. */
export const commitmentKeys = (
  owner: Basepoints,
  other: Basepoints,
  perCommitmentPoint: Uint8Array,
): CommitmentKeys => ({
  localDelayedPubkey: derivePublicKey(owner.delayedPaymentBasepoint, perCommitmentPoint),
  revocationPubkey: deriveRevocationPublicKey(other.revocationBasepoint, perCommitmentPoint),
  localHtlcPubkey: derivePublicKey(owner.htlcBasepoint, perCommitmentPoint),
  remoteHtlcPubkey: derivePublicKey(other.htlcBasepoint, perCommitmentPoint),
  // Static: a party that lost its data still owns this output (BOLT 3, "remotepubkey Derivation").
  remotePaymentPubkey: other.paymentBasepoint,
});
