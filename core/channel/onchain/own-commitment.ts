import { p2wsh } from '../../bitcoin/script.ts';
import { type Tx, type TxOutput, decodeTx, outPointKey } from '../../bitcoin/transaction.ts';
import { must } from '../../lib/result.ts';
import { sat } from '../../lib/units.ts';
import { claimSequence } from '../../tx/claim.ts';
import { derivePrivateKey } from '../../tx/keys.ts';
import { type ChannelKeys, pointAt } from '../keys.ts';
import type { FundedChannel, FundingSpend } from '../types.ts';
import type { DesiredClaim, WatchedOutput } from '../../tx/desired-claim.ts';
import { type KnownCommitment, heightOf, ownDelayedScript, spendTx } from './confirmed.ts';
import { knownPreimage } from './preimages.ts';
import { outputsPaying } from './scripts.ts';

interface Findings {
  readonly claims: readonly DesiredClaim[];
  readonly watches: readonly WatchedOutput[];
}

/**
 * What our own commitment of any number pays us after the delay, and what its HTLC transactions do, whatever inputs stand beside
 * the HTLC's: both pay the same script, which follows from the seed and the number.
 */
function delayedClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, number: number): { readonly main: readonly DesiredClaim[]; readonly second: readonly DesiredClaim[]; readonly script: Uint8Array } {
  const { channelNumber, channelType, remote } = channel.config;
  const witnessScript = ownDelayedScript(channel, keys, number);
  const script = p2wsh(witnessScript);
  const privateKey = derivePrivateKey(keys.delayedPaymentBasepointSecret, pointAt(keys, number));
  const from = (txid: string, tx: Tx, height: number): DesiredClaim[] => outputsPaying(tx, script).map((vout): DesiredClaim => {
    const outPoint = { txid, vout };
    const { amountSat } = must(tx.outputs[vout], 'the output');
    return {
      channelNumber, outPoint, amountSat, destinationScript: channel.walletScript, contested: false, earliestHeight: height + remote.toSelfDelay, deadlineHeight: undefined,
      method: {
        kind: 'claim', privateKey,
        claim: { kind: 'to_local_delayed', witnessScript, outPoint, amountSat: sat(amountSat), sequence: claimSequence('to_local_delayed', channelType, remote.toSelfDelay) },
      },
    };
  }); // prettier-ignore
  const second = channel.outputSpends.flatMap(({ txid, rawTx, height, outPoint }) => (outPoint.txid === spend.txid && height !== undefined ? from(txid, decodeTx(rawTx), height) : []));
  return { main: from(spend.txid, spendTx(spend), heightOf(spend)), second: unique(second), script };
}

const watchesOf = (outputs: readonly TxOutput[], spend: FundingSpend, second: readonly DesiredClaim[], script: Uint8Array): readonly WatchedOutput[] => [
  ...outputs.map((output, vout) => ({ outPoint: { txid: spend.txid, vout }, script: output.script })),
  ...second.map(({ outPoint }) => ({ outPoint, script })),
];

/** BOLT 5, "Unilateral Close Handling: Local Commitment Transaction". */
export function ownCommitmentClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, known: KnownCommitment): Findings {
  const { commitments } = channel;
  const { channelNumber, channelType } = channel.config;
  const { main, second, script } = delayedClaims(channel, keys, spend, known.number);
  const htlcKey = derivePrivateKey(keys.htlcBasepointSecret, pointAt(keys, known.number));
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
  return { claims: unspent(channel, [...main, ...first, ...second]), watches: watchesOf(known.commitment.outputs, spend, second, script) };
}

/** Our own commitment, published before its data were lost: our balance comes back; HTLCs went with the peer's signatures on their second stage. */
export function lostCommitmentClaims(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend): Findings {
  const { main, second, script } = delayedClaims(channel, keys, spend, must(spend.commitmentNumber, 'the commitment number'));
  return { claims: unspent(channel, [...main, ...second]), watches: watchesOf(spendTx(spend).outputs, spend, second, script) };
}

const unique = (claims: readonly DesiredClaim[]): readonly DesiredClaim[] => [...new Map(claims.map((claim) => [outPointKey(claim.outPoint), claim])).values()];

/** What a confirmed transaction took is no longer wanted; what only waits in the mempool still is. */
export function unspent(channel: FundedChannel, claims: readonly DesiredClaim[]): DesiredClaim[] {
  const taken = new Set(channel.outputSpends.filter(({ height }) => height !== undefined).map(({ outPoint }) => outPointKey(outPoint)));
  return claims.filter(({ outPoint }) => !taken.has(outPointKey(outPoint)));
}
