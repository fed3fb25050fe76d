import type { ChannelKeys } from './keys.ts';
import { commitmentPoint } from '../crypto/commitment-secrets.ts';
import { sign, verify } from '../crypto/secp256k1.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import { type Commitment, type CommitmentParams, buildCommitment, obscuringFactor, signedCommitment } from '../tx/commitment.ts';
import { fundingScript } from '../tx/funding.ts';
import { type Basepoints, commitmentKeys, derivePrivateKey } from '../tx/keys.ts';
import type { Tx } from '../bitcoin/transaction.ts';
import { type ChannelFault, fault } from './errors.ts';
import { directionFor } from './limits.ts';
import { type Spec, VIEW, specOf } from './spec.ts';
import type { ChannelConfig, Commitments, FundedChannel } from './types.ts';

/** What is needed of a channel to build its commitments: a part of FundedChannel, known before the channel is. */
export type CommitmentBase = Pick<FundedChannel, 'config' | 'fundingOutPoint'>;

const sides = (config: ChannelConfig, owner: 'local' | 'remote') =>
  owner === 'local' ? { own: config.local, other: config.remote } : { own: config.remote, other: config.local };

export const fundingScriptOf = (config: ChannelConfig): Uint8Array =>
  fundingScript(config.local.basepoints.fundingPubkey, config.remote.basepoints.fundingPubkey);

export const channelObscuringFactor = (config: ChannelConfig): bigint => {
  const [opener, accepter]: readonly [Basepoints, Basepoints] = config.isOpener
    ? [config.local.basepoints, config.remote.basepoints]
    : [config.remote.basepoints, config.local.basepoints];
  return obscuringFactor(opener.paymentBasepoint, accepter.paymentBasepoint);
};

/** Parameters of the commitment `number` of `owner` with the contents of `spec` (BOLT 3). */
export function commitmentParams(
  { config, fundingOutPoint }: CommitmentBase,
  owner: 'local' | 'remote',
  { number, point, spec }: { readonly number: number; readonly point: Uint8Array; readonly spec: Spec },
): CommitmentParams {
  const { own, other } = sides(config, owner);
  const ownerIsUs = owner === 'local';
  return {
    channelType: config.channelType,
    fundingOutPoint,
    capacitySat: config.fundingSatoshis,
    fundingScript: fundingScriptOf(config),
    commitmentNumber: number,
    obscuringFactor: channelObscuringFactor(config),
    ownerIsOpener: config.isOpener === ownerIsUs,
    keys: commitmentKeys(own.basepoints, other.basepoints, point),
    anchorPubkeys: { local: own.basepoints.fundingPubkey, remote: other.basepoints.fundingPubkey },
    toSelfDelay: other.toSelfDelay,
    dustLimitSat: own.dustLimitSatoshis,
    feeratePerKw: spec.feeratePerKw,
    toLocalMsat: ownerIsUs ? spec.ourMsat : spec.theirMsat,
    toRemoteMsat: ownerIsUs ? spec.theirMsat : spec.ourMsat,
    htlcs: spec.htlcs.map(({ add }) => ({
      direction: directionFor(add, owner), id: add.id, amountMsat: add.amountMsat, paymentHash: add.paymentHash, cltvExpiry: add.cltvExpiry,
    })), // prettier-ignore
  };
}

export interface CommitmentSignatures {
  readonly signature: Uint8Array;
  readonly htlcSignatures: readonly Uint8Array[];
}

/** Our signatures on a commitment of the peer, in the order that commitment_signed wants. */
export function signRemote(base: CommitmentBase, keys: ChannelKeys, at: { readonly number: number; readonly point: Uint8Array; readonly spec: Spec }): CommitmentSignatures {
  const commitment = buildCommitment(commitmentParams(base, 'remote', at));
  const htlcSecret = commitment.htlcs.length > 0 ? derivePrivateKey(keys.htlcBasepointSecret, at.point) : undefined;
  return {
    signature: sign(commitment.sighash, keys.fundingSecret),
    htlcSignatures: commitment.htlcs.map((htlc) => sign(htlc.remoteSighash, must(htlcSecret, 'the HTLC key'))),
  };
}

/** BOLT 2, "Committing Updates So Far", the receiving node: every signature must fit our commitment. */
export function verifyLocal(base: CommitmentBase, keys: ChannelKeys, number: number, spec: Spec, signatures: CommitmentSignatures): Result<Commitment, ChannelFault> {
  const params = commitmentParams(base, 'local', { number, point: commitmentPoint(keys.commitmentSeed, number), spec });
  const commitment = buildCommitment(params);
  if (!verify(signatures.signature, commitment.sighash, base.config.remote.basepoints.fundingPubkey)) return err(fault('invalid_commitment_signature'));
  if (signatures.htlcSignatures.length !== commitment.htlcs.length) {
    return err(fault('wrong_htlc_signature_count', commitment.htlcs.length, signatures.htlcSignatures.length));
  }
  const bad = commitment.htlcs.findIndex((htlc, i) => !verify(must(signatures.htlcSignatures[i], 'a signature'), htlc.remoteSighash, params.keys.remoteHtlcPubkey));
  return bad < 0 ? ok(commitment) : err(fault('invalid_htlc_signature', undefined, `number ${bad}`));
}

/** Our newest commitment, fully signed. The caller must have made sure that it is not revoked. */
export function signedLocalCommitment(channel: CommitmentBase & { readonly commitments: Commitments }, keys: ChannelKeys): { readonly tx: Tx; readonly commitment: Commitment } {
  const { commitments, config } = channel;
  const params = commitmentParams(channel, 'local', {
    number: commitments.localNumber,
    point: commitmentPoint(keys.commitmentSeed, commitments.localNumber),
    spec: specOf(commitments, VIEW.localCurrent, config.isOpener),
  });
  const commitment = buildCommitment(params);
  const localSignature = sign(commitment.sighash, keys.fundingSecret);
  return { commitment, tx: signedCommitment(commitment, params, localSignature, commitments.localSignature) };
}
