import { INPUT_WEIGHT as WALLET_INPUT_WEIGHT } from '../../bitcoin/signer.ts';
import { txid, txWeight } from '../../bitcoin/transaction.ts';
import { type FeeratePerKw, feeAtLeast } from '../../lib/units.ts';
import { type Claim, claimInputWeight, claimTx } from '../../tx/claim.ts';
import type { CommitmentParams, HtlcTransaction } from '../../tx/commitment.ts';
import type { DesiredClaim, DesiredCommitment } from '../../tx/desired-claim.ts';
import { type ChannelType, INPUT_WEIGHT, LOW_S_SIGNATURE_BYTES, outputWeight, TX_OVERHEAD_WEIGHT, witnessWeight } from '../../tx/weights.ts';
import type { Direction } from '../types.ts';
import type { KnownCommitment } from './confirmed.ts';

/** One value for each of the three fee rates, in their order. */
export type AtRates<T> = readonly [T, T, T];
export const atRates = <R, T>([slow, medium, fast]: AtRates<R>, of: (value: R, index: 0 | 1 | 2) => T): AtRates<T> => [of(slow, 0), of(medium, 1), of(fast, 2)];

/** An HTLC as we see it, and how it ends: whoever received it knows the preimage, or does not. */
export interface HtlcOutcome {
  readonly direction: Direction;
  readonly id: bigint;
  readonly preimageKnown: boolean;
}

/** A transaction that a forced close leads to. Fees, weights and heights are those of the builders that will make it. */
export interface PreviewedTransaction {
  readonly label: 'commitment' | 'anchor_child' | 'htlc_timeout' | 'htlc_success' | 'sweep' | 'claim';
  readonly by: 'us' | 'peer';
  /** Undefined when it depends on the fee rate or on coins of a wallet. */
  readonly txid: string | undefined;
  /** With signatures of the greatest length. */
  readonly weight: number;
  readonly feeSat: AtRates<bigint>;
  /** Whether fee and weight come to the rate; one that is signed beforehand may pay less. */
  readonly paysRateAt: AtRates<boolean>;
  /** The first height at which a block may hold it, when all that it depends on confirmed as early as it could. */
  readonly confirmableAtHeight: number;
  /** From this height on somebody else can take what it takes. */
  readonly deadlineHeight: number | undefined;
  /** Of the channel's output that it takes; of a commitment, all of them. */
  readonly valueSat: bigint;
  /** What our wallet has more (or less, for fees) once it confirmed. */
  readonly walletDeltaSat: AtRates<bigint>;
  /** It would cost more than it brings in the end, or leave dust: nobody publishes it. */
  readonly uneconomicAt: AtRates<boolean>;
  /** False only for a child that its parent does not need. */
  readonly neededAt: AtRates<boolean>;
  /** Indexes in the list of what must confirm before; a child only needs its parent to be known. */
  readonly dependsOn: readonly number[];
  /** It is made in this outcome only. */
  readonly htlc: HtlcOutcome | undefined;
}

export interface Place {
  readonly feerates: AtRates<FeeratePerKw>;
  /** Where our money goes. */
  readonly walletScript: Uint8Array;
  readonly height: number;
  readonly dependsOn: readonly number[];
  readonly htlc?: HtlcOutcome | undefined;
}

const ALWAYS: AtRates<boolean> = [true, true, true];
const NEVER: AtRates<boolean> = [false, false, false];
const NOTHING: AtRates<bigint> = [0n, 0n, 0n];
const same = <T>(value: T): AtRates<T> => [value, value, value];

/** What a transaction grows by for one coin of the wallet that pays its fee, and the change: the heavier kind of coin. */
export const feeInputWeight = (changeScript: Uint8Array): number => WALLET_INPUT_WEIGHT.p2wpkh + outputWeight(changeScript);

/** A child of a commitment: its anchor and one coin of the wallet, to one output. */
export const anchorChildWeight = (anchor: Claim, changeScript: Uint8Array): number => TX_OVERHEAD_WEIGHT + claimInputWeight(anchor) + feeInputWeight(changeScript);

/** What a child pays for itself and for what its parent lacks; 0 when the parent pays the rate alone. */
export function anchorChildFeeSat(parent: { readonly weight: number; readonly feeSat: bigint }, childWeight: number, rate: FeeratePerKw): bigint {
  if (parent.feeSat >= feeAtLeast(parent.weight, rate)) return 0n;
  return feeAtLeast(parent.weight + childWeight, rate) - parent.feeSat;
}

/** Of the HTLC transaction alone, as it is signed by both. */
const bareHtlcTxWeight = ({ htlc, tx, witnessScript }: HtlcTransaction): number =>
  TX_OVERHEAD_WEIGHT + INPUT_WEIGHT + outputWeight(tx.outputs[0]!.script) +
  witnessWeight(0, LOW_S_SIGNATURE_BYTES, LOW_S_SIGNATURE_BYTES, htlc.direction === 'received' ? 32 : 0, witnessScript.length); // prettier-ignore

/** Weight of an HTLC transaction when it goes out: with anchors a coin of the wallet stands beside the HTLC. */
export const htlcTxWeight = (htlcTransaction: HtlcTransaction, channelType: ChannelType, changeScript: Uint8Array): number =>
  bareHtlcTxWeight(htlcTransaction) + (channelType === 'anchors' ? feeInputWeight(changeScript) : 0);

const base = { by: 'us', txid: undefined, deadlineHeight: undefined, paysRateAt: ALWAYS, neededAt: ALWAYS, uneconomicAt: NEVER, walletDeltaSat: NOTHING } as const;

export function ownCommitment({ tx, feeSat }: DesiredCommitment, { feerates, height }: Place): PreviewedTransaction {
  const weight = txWeight(tx);
  return {
    ...base, label: 'commitment', txid: txid(tx), weight, feeSat: same(feeSat), confirmableAtHeight: height, dependsOn: [], htlc: undefined,
    paysRateAt: atRates(feerates, (rate) => feeSat >= feeAtLeast(weight, rate)), valueSat: tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n),
  }; // prettier-ignore
}

/** Both sign a commitment: what the peer publishes weighs this with signatures of the greatest length. */
const commitmentWeight = ({ fundingScript }: CommitmentParams, scripts: readonly { readonly script: Uint8Array }[]): number =>
  TX_OVERHEAD_WEIGHT + INPUT_WEIGHT + witnessWeight(0, LOW_S_SIGNATURE_BYTES, LOW_S_SIGNATURE_BYTES, fundingScript.length) +
  (scripts.length < 0xfd ? 0 : 8) + scripts.reduce((sum, { script }) => sum + outputWeight(script), 0); // prettier-ignore

export function theirCommitment({ commitment, params }: KnownCommitment, { feerates, height }: Place): PreviewedTransaction {
  const { feeSat, outputs } = commitment;
  const weight = commitmentWeight(params, outputs);
  return {
    ...base, label: 'commitment', by: 'peer', txid: commitment.txid, weight, feeSat: same(feeSat), confirmableAtHeight: height, dependsOn: [], htlc: undefined,
    paysRateAt: atRates(feerates, (rate) => feeSat >= feeAtLeast(weight, rate)), valueSat: outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n),
  }; // prettier-ignore
}

export function anchorChild(anchor: Claim, parent: PreviewedTransaction, { feerates, walletScript, height, dependsOn }: Place): PreviewedTransaction {
  const weight = anchorChildWeight(anchor, walletScript);
  const feeSat = atRates(feerates, (rate) => anchorChildFeeSat({ weight: parent.weight, feeSat: parent.feeSat[0] }, weight, rate));
  return {
    ...base, label: 'anchor_child', weight, feeSat, confirmableAtHeight: height, valueSat: anchor.amountSat, dependsOn, htlc: undefined,
    neededAt: atRates(feeSat, (fee) => fee > 0n), walletDeltaSat: atRates(feeSat, (fee) => (fee > 0n ? anchor.amountSat - fee : 0n)),
  }; // prettier-ignore
}

/** A claim in a transaction of its own; several that nobody contests may share one and then cost less. */
export function soleClaim(claim: Claim, label: 'sweep' | 'claim', { feerates, walletScript, height, dependsOn, htlc }: Place, deadlineHeight: number | undefined): PreviewedTransaction {
  const weight = TX_OVERHEAD_WEIGHT + claimInputWeight(claim) + outputWeight(walletScript);
  const built = atRates(feerates, (feeratePerKw) => claimTx({ claims: [claim], destinationScript: walletScript, feeratePerKw }));
  return {
    ...base, label, weight, confirmableAtHeight: height, deadlineHeight, valueSat: claim.amountSat, dependsOn, htlc,
    feeSat: atRates(built, (result, i) => (result.ok ? result.value.feeSat : feeAtLeast(weight, feerates[i]))),
    uneconomicAt: atRates(built, (result) => !result.ok), walletDeltaSat: atRates(built, (result) => (result.ok ? claim.amountSat - result.value.feeSat : 0n)),
  }; // prettier-ignore
}

const htlcLabel = ({ htlc }: HtlcTransaction): 'htlc_timeout' | 'htlc_success' => (htlc.direction === 'offered' ? 'htlc_timeout' : 'htlc_success');

/** Our HTLC transaction; `sweep` is the one that follows it, without which it brings nothing. */
export function ownHtlcTx({ method, deadlineHeight, amountSat }: DesiredClaim & { readonly method: { readonly kind: 'htlc_tx' } }, sweep: PreviewedTransaction | undefined, place: Place): PreviewedTransaction {
  const { htlcTransaction, channelType } = method;
  const { feerates, walletScript, height, dependsOn, htlc } = place;
  const weight = htlcTxWeight(htlcTransaction, channelType, walletScript);
  const paidByWallet = channelType === 'anchors';
  const presignedSat = amountSat - htlcTransaction.tx.outputs[0]!.amountSat;
  const feeSat = atRates(feerates, (rate) => (paidByWallet ? feeAtLeast(weight, rate) : presignedSat));
  const uneconomicAt = atRates(feeSat, (fee, i) => !sweep || sweep.uneconomicAt[i] || (paidByWallet && sweep.walletDeltaSat[i] <= fee));
  return {
    ...base, label: htlcLabel(htlcTransaction), txid: paidByWallet ? undefined : txid(htlcTransaction.tx), weight, feeSat, confirmableAtHeight: height, deadlineHeight, valueSat: amountSat,
    paysRateAt: atRates(feerates, (rate, i) => feeSat[i] >= feeAtLeast(weight, rate)), uneconomicAt, dependsOn, htlc,
    walletDeltaSat: atRates(feeSat, (fee, i) => (paidByWallet && !uneconomicAt[i] ? -fee : 0n)),
  }; // prettier-ignore
}

/** What the peer takes; where it pays to is not known, so the weight is that of an output like ours. */
export function peerTakes(htlcTransaction: HtlcTransaction, known: KnownCommitment, place: Place): PreviewedTransaction {
  if (known.owner === 'remote') return { ...peerHtlcTx(htlcTransaction, known.params.channelType, place), by: 'peer', walletDeltaSat: NOTHING };
  const { htlc, witnessScript, amountSat, vout } = htlcTransaction;
  const output = { witnessScript, amountSat, outPoint: { txid: known.commitment.txid, vout }, sequence: 0 };
  const claim: Claim = htlc.direction === 'offered'
    ? { kind: 'received_htlc_success_remote', ...output, preimage: new Uint8Array(32) }
    : { kind: 'offered_htlc_timeout_remote', ...output, cltvExpiry: htlc.cltvExpiry }; // prettier-ignore
  return { ...soleClaim(claim, 'claim', place, undefined), by: 'peer', walletDeltaSat: NOTHING };
}

function peerHtlcTx(htlcTransaction: HtlcTransaction, channelType: ChannelType, { feerates, walletScript, height, dependsOn, htlc }: Place): PreviewedTransaction {
  const weight = htlcTxWeight(htlcTransaction, channelType, walletScript);
  const { amountSat, tx } = htlcTransaction;
  const presignedSat = amountSat - tx.outputs[0]!.amountSat;
  const feeSat = atRates(feerates, (rate) => (channelType === 'anchors' ? feeAtLeast(weight, rate) : presignedSat));
  return {
    ...base, label: htlcLabel(htlcTransaction), txid: channelType === 'anchors' ? undefined : txid(tx), weight, feeSat, confirmableAtHeight: height, valueSat: amountSat, dependsOn, htlc,
    paysRateAt: atRates(feerates, (rate, i) => feeSat[i] >= feeAtLeast(weight, rate)), uneconomicAt: atRates(feeSat, (fee) => fee >= amountSat),
  }; // prettier-ignore
}
