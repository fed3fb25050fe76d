import { p2wsh } from '../../bitcoin/script.ts';
import { type OutPoint, decodeTx } from '../../bitcoin/transaction.ts';
import { must } from '../../lib/result.ts';
import { sat } from '../../lib/units.ts';
import { publicKey } from '../../crypto/secp256k1.ts';
import { type Claim, claimSequence } from '../../tx/claim.ts';
import { type CommitmentKeys, commitmentKeys, derivePrivateKey, deriveRevocationPrivateKey } from '../../tx/keys.ts';
import { htlcScripts, toLocalScript } from '../../tx/scripts.ts';
import type { ChannelType } from '../../tx/weights.ts';
import type { ChannelKeys } from '../keys.ts';
import type { FundedChannel, FundingSpend, PenaltyHtlc } from '../types.ts';
import type { DesiredClaim, WatchedOutput } from '../../tx/desired-claim.ts';
import { type KnownCommitment, heightOf, secretOfRevoked, spendTx } from './confirmed.ts';
import { unspent } from './own-commitment.ts';
import { knownPreimage } from './preimages.ts';
import { outputsPaying, toRemoteScript } from './scripts.ts';

interface Findings {
  readonly claims: readonly DesiredClaim[];
  readonly watches: readonly WatchedOutput[];
}

export interface PaidToUs {
  readonly channelNumber: number;
  readonly channelType: ChannelType;
  readonly outPoint: OutPoint;
  readonly amountSat: bigint;
  /** Of the commitment. */
  readonly height: number;
  readonly destinationScript: Uint8Array;
}

/** What a commitment of the peer pays us: the payment key alone takes it, whatever the commitment's number. */
export function toRemoteClaim({ channelNumber, channelType, outPoint, amountSat, height, destinationScript }: PaidToUs, paymentSecret: Uint8Array): DesiredClaim {
  const claim: Claim = {
    kind: 'to_remote', channelType, paymentPubkey: publicKey(paymentSecret), outPoint, amountSat: sat(amountSat), sequence: claimSequence('to_remote', channelType, 0),
  }; // prettier-ignore
  return {
    channelNumber, outPoint, amountSat, destinationScript, contested: false, earliestHeight: height + 1, deadlineHeight: undefined,
    method: { kind: 'claim', claim, privateKey: paymentSecret },
  }; // prettier-ignore
}

/** What every commitment of the peer pays us, also one that we cannot rebuild. */
function toRemoteClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend): DesiredClaim[] {
  const { channelNumber, channelType } = channel.config;
  const tx = spendTx(spend);
  return unspent(channel, outputsPaying(tx, toRemoteScript(channel.config, 'us')).map((vout) => toRemoteClaim({
    channelNumber, channelType, outPoint: { txid: spend.txid, vout }, amountSat: must(tx.outputs[vout], 'the output').amountSat, height: heightOf(spend), destinationScript: channel.walletScript,
  }, keys.paymentBasepointSecret))); // prettier-ignore
}

/**
 * After a data loss (BOLT 5): of a commitment that we cannot rebuild only our balance is ours. Every output is watched: the
 * peer shows the preimage when it takes an HTLC that we still know of.
 */
export function futureCommitmentClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend): Findings {
  const watches = spendTx(spend).outputs.map(({ script }, vout): WatchedOutput => ({ outPoint: { txid: spend.txid, vout }, script }));
  return { claims: toRemoteClaims(channel, keys, spend), watches };
}

/** BOLT 5, "Unilateral Close Handling: Remote Commitment Transaction". */
export function theirCommitmentClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, known: KnownCommitment): Findings {
  const { channelNumber, channelType } = channel.config;
  const { commitments } = channel;
  const point = must(known.number === commitments.remoteNumber ? commitments.remoteCurrentPoint : commitments.remoteNextPoint, 'the point');
  const privateKey = derivePrivateKey(keys.htlcBasepointSecret, point);
  const htlcs = known.commitment.htlcs.flatMap(({ htlc, vout, amountSat, witnessScript }): DesiredClaim[] => {
    const outPoint = { txid: spend.txid, vout };
    const base = { channelNumber, outPoint, amountSat, destinationScript: channel.walletScript, contested: true } as const;
    const output = { witnessScript, outPoint, amountSat } as const;
    // Directions are those of the commitment's owner, the peer: what it received, we offered.
    if (htlc.direction === 'received') {
      const kind = 'offered_htlc_timeout_remote';
      const claim: Claim = { kind, ...output, cltvExpiry: htlc.cltvExpiry, sequence: claimSequence(kind, channelType, 0) };
      return [{ ...base, earliestHeight: Math.max(htlc.cltvExpiry, heightOf(spend)) + 1, deadlineHeight: undefined, method: { kind: 'claim', claim, privateKey } }];
    }
    const preimage = knownPreimage(channel, 'received', htlc.id);
    if (!preimage) return [];
    const kind = 'received_htlc_success_remote';
    const claim: Claim = { kind, ...output, preimage, sequence: claimSequence(kind, channelType, 0) };
    return [{ ...base, earliestHeight: heightOf(spend) + 1, deadlineHeight: htlc.cltvExpiry, method: { kind: 'claim', claim, privateKey } }];
  });
  const watches = known.commitment.outputs.map(({ script }, vout) => ({ outPoint: { txid: spend.txid, vout }, script }));
  return { claims: [...toRemoteClaims(channel, keys, spend), ...unspent(channel, htlcs)], watches };
}

export interface RevokedHtlcOutput {
  readonly vout: number;
  readonly htlc: PenaltyHtlc;
  readonly witnessScript: Uint8Array;
}

/** The HTLC outputs of a revoked commitment, found by what was recorded of its HTLCs. */
export function revokedHtlcOutputs(channel: FundedChannel, spend: FundingSpend, keysThen = revokedKeys(channel, spend)): readonly RevokedHtlcOutput[] {
  const scripts = htlcScripts(keysThen, channel.config.channelType);
  const tx = spendTx(spend);
  return channel.penaltyHtlcs.flatMap((htlc) => {
    // Our view in the record; in the script the peer is the owner.
    const witnessScript = htlc.direction === 'offered' ? scripts.received(htlc.paymentHash, htlc.cltvExpiry) : scripts.offered(htlc.paymentHash);
    return outputsPaying(tx, p2wsh(witnessScript)).map((vout) => ({ vout, htlc, witnessScript }));
  });
}

const revokedSecret = (channel: FundedChannel, { commitmentNumber }: FundingSpend): Uint8Array =>
  must(secretOfRevoked(channel, must(commitmentNumber, 'the commitment number')), 'the revoked secret');

const revokedKeys = (channel: FundedChannel, spend: FundingSpend): CommitmentKeys =>
  commitmentKeys(channel.config.remote.basepoints, channel.config.local.basepoints, publicKey(revokedSecret(channel, spend)));

/** BOLT 5, "Revoked Transaction Close Handling": every output, first and second stage, however the cheater merged them. */
export function penaltyClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend): Findings {
  const { channelNumber, channelType, local } = channel.config;
  const commitmentKeysThen = revokedKeys(channel, spend);
  const privateKey = deriveRevocationPrivateKey(keys.revocationBasepointSecret, revokedSecret(channel, spend));
  const delayedScript = toLocalScript(commitmentKeysThen, local.toSelfDelay);
  const penalty = (claim: Claim, height: number): DesiredClaim => ({
    channelNumber, outPoint: claim.outPoint, amountSat: claim.amountSat, destinationScript: channel.walletScript, contested: true, earliestHeight: height + 1,
    deadlineHeight: height + local.toSelfDelay, method: { kind: 'claim', claim, privateKey },
  }); // prettier-ignore
  const tx = spendTx(spend);
  const height = heightOf(spend);
  const at = (vout: number) => ({ outPoint: { txid: spend.txid, vout }, amountSat: sat(must(tx.outputs[vout], 'the output').amountSat) });
  const sequence = claimSequence('revoked_to_local', channelType, 0);
  const main = outputsPaying(tx, p2wsh(delayedScript)).map((vout) => penalty({ kind: 'revoked_to_local', ...at(vout), witnessScript: delayedScript, sequence }, height));
  const found = new Map(revokedHtlcOutputs(channel, spend, commitmentKeysThen).map(({ vout, witnessScript }) => [vout, witnessScript]));
  const { revocationPubkey } = commitmentKeysThen;
  const htlcs = [...found].map(([vout, witnessScript]) => penalty({ kind: 'revoked_htlc', ...at(vout), witnessScript, revocationPubkey, sequence }, height));
  const second = channel.outputSpends.flatMap((taken): DesiredClaim[] => {
    if (taken.height === undefined || taken.outPoint.txid !== spend.txid) return [];
    const stage = decodeTx(taken.rawTx);
    const stageHeight = taken.height;
    return outputsPaying(stage, p2wsh(delayedScript)).map((vout) => penalty(
      { kind: 'revoked_second_stage', outPoint: { txid: taken.txid, vout }, amountSat: must(stage.outputs[vout], 'the output').amountSat, witnessScript: delayedScript, sequence }, stageHeight));
  }); // prettier-ignore
  const claims = [...new Map([...main, ...htlcs, ...second].map((claim) => [`${claim.outPoint.txid}:${claim.outPoint.vout}`, claim])).values()];
  const watches = [
    ...tx.outputs.map(({ script }, vout) => ({ outPoint: { txid: spend.txid, vout }, script })),
    ...second.map(({ outPoint }) => ({ outPoint, script: p2wsh(delayedScript) })),
  ];
  return { claims: [...toRemoteClaims(channel, keys, spend), ...unspent(channel, claims)], watches };
}
