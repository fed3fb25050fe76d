import { p2wsh } from '../../bitcoin/script.ts';
import { decodeTx, outPointKey } from '../../bitcoin/transaction.ts';
import { sat } from '../../lib/units.ts';
import { claimSequence } from '../../tx/claim.ts';
import { derivePrivateKey } from '../../tx/keys.ts';
import { toLocalScript } from '../../tx/scripts.ts';
import { type ChannelKeys, pointAt } from '../keys.ts';
import type { FundedChannel, FundingSpend } from '../types.ts';
import type { DesiredClaim, WatchedOutput } from '../../tx/desired-claim.ts';
import { type KnownCommitment, heightOf } from './confirmed.ts';
import { knownPreimage } from './preimages.ts';
import { outputsPaying } from './scripts.ts';

interface Findings {
  readonly claims: readonly DesiredClaim[];
  readonly watches: readonly WatchedOutput[];
}

/** BOLT 5, "Unilateral Close Handling: Local Commitment Transaction". */
export function ownCommitmentClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, known: KnownCommitment): Findings {
  const { config, commitments } = channel;
  const { channelNumber, channelType, remote } = config;
  const point = pointAt(keys, known.number);
  const witnessScript = toLocalScript(known.params.keys, remote.toSelfDelay);
  const delayedKey = derivePrivateKey(keys.delayedPaymentBasepointSecret, point);
  const delayed = (txid: string, vout: number, amountSat: bigint, height: number): DesiredClaim => ({
    channelNumber, outPoint: { txid, vout }, amountSat, destinationScript: channel.walletScript, contested: false, earliestHeight: height + remote.toSelfDelay, deadlineHeight: undefined,
    method: {
      kind: 'claim', privateKey: delayedKey,
      claim: {
        kind: 'to_local_delayed', witnessScript, outPoint: { txid, vout }, amountSat: sat(amountSat),
        sequence: claimSequence('to_local_delayed', channelType, remote.toSelfDelay),
      },
    },
  }); // prettier-ignore
  const { outputs } = known.commitment;
  const main = outputs.flatMap((output, vout) => (output.kind === 'to_local' ? [delayed(spend.txid, vout, output.amountSat, heightOf(spend))] : []));
  const htlcKey = derivePrivateKey(keys.htlcBasepointSecret, point);
  const first = known.commitment.htlcs.flatMap((htlcTransaction, i): DesiredClaim[] => {
    const { htlc, vout, amountSat } = htlcTransaction;
    const remoteSignature = commitments.localHtlcSignatures[i];
    const preimage = htlc.direction === 'received' ? knownPreimage(channel, 'received', htlc.id) : undefined;
    if (!remoteSignature || (htlc.direction === 'received' && !preimage)) return [];
    const offered = htlc.direction === 'offered';
    return [{
      channelNumber, outPoint: { txid: spend.txid, vout }, amountSat, destinationScript: channel.walletScript, contested: true,
      earliestHeight: offered ? htlc.cltvExpiry + 1 : 0, deadlineHeight: offered ? undefined : htlc.cltvExpiry,
      method: { kind: 'htlc_tx', htlcTransaction, channelType, remoteSignature, preimage, privateKey: htlcKey },
    }]; // prettier-ignore
  });
  // Second stage: our HTLC transactions pay the same delayed script, whatever inputs stand beside the HTLC's.
  const second = channel.outputSpends.flatMap(({ txid, rawTx, height, outPoint }) => {
    const ours = outPoint.txid === spend.txid && height !== undefined;
    if (!ours) return [];
    const tx = decodeTx(rawTx);
    return outputsPaying(tx, p2wsh(witnessScript)).map((vout) => delayed(txid, vout, tx.outputs[vout]!.amountSat, height));
  });
  const watches = [
    ...outputs.map(({ script }, vout) => ({ outPoint: { txid: spend.txid, vout }, script })),
    ...second.map(({ outPoint }) => ({ outPoint, script: p2wsh(witnessScript) })),
  ];
  return { claims: unspent(channel, [...main, ...first, ...unique(second)]), watches };
}

const unique = (claims: readonly DesiredClaim[]): readonly DesiredClaim[] => [...new Map(claims.map((claim) => [outPointKey(claim.outPoint), claim])).values()];

/** What a confirmed transaction took is no longer wanted; what only waits in the mempool still is. */
export function unspent(channel: FundedChannel, claims: readonly DesiredClaim[]): DesiredClaim[] {
  const taken = new Set(channel.outputSpends.filter(({ height }) => height !== undefined).map(({ outPoint }) => outPointKey(outPoint)));
  return claims.filter(({ outPoint }) => !taken.has(outPointKey(outPoint)));
}
