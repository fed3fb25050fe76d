import { type FeeratePerKw, feeOfWeight, type Sat, sat } from '../lib/units.ts';

export type ChannelType = 'static_remotekey' | 'anchors';

interface TypeWeights {
  readonly commitment: number;
  readonly htlcTimeout: number;
  readonly htlcSuccess: number;
}

/** Expected weights, with signatures of 73 bytes and both main outputs present (BOLT 3, "Fee Calculation"). */
export const WEIGHTS: Readonly<Record<ChannelType, TypeWeights>> = {
  static_remotekey: { commitment: 724, htlcTimeout: 663, htlcSuccess: 703 },
  anchors: { commitment: 1124, htlcTimeout: 666, htlcSuccess: 706 },
};
/** What every untrimmed HTLC adds to a commitment transaction. */
export const HTLC_OUTPUT_WEIGHT = 172;

/** Value of each anchor output: the dust limit of P2WSH (BOLT 3, "to_local_anchor and to_remote_anchor Output"). */
export const ANCHOR_SAT = sat(330n);

/** A DER signature is at most 72 bytes with its sighash byte when S is low, but the BOLTs count 73. */
export const BOLT_SIGNATURE_BYTES = 73;
export const LOW_S_SIGNATURE_BYTES = 72;

/** Version, locktime, marker and flag, and one-byte counts of inputs and outputs. */
export const TX_OVERHEAD_WEIGHT = 4 * (4 + 4 + 1 + 1) + 2;
/** Outpoint, empty scriptSig, sequence: an input without its witness. */
export const INPUT_WEIGHT = 4 * (36 + 1 + 4);

export const compactSizeLength = (size: number): number => (size < 0xfd ? 1 : size <= 0xffff ? 3 : 5);

/** Weight of an output that pays to a script. */
export const outputWeight = (scriptPubKey: Uint8Array): number =>
  4 * (8 + compactSizeLength(scriptPubKey.length) + scriptPubKey.length);

/** Weight of a witness stack whose items have these lengths. */
export const witnessWeight = (...itemLengths: readonly number[]): number =>
  itemLengths.reduce((sum, length) => sum + compactSizeLength(length) + length, compactSizeLength(itemLengths.length));

/**
 * Base fee of a commitment transaction in satoshi, which its opener pays; the anchors' 660 sat come on top, see
 * `anchorsCostSat` (BOLT 3, "Fee Calculation").
 */
export const commitmentFeeSat = (
  channelType: ChannelType,
  feeratePerKw: FeeratePerKw,
  untrimmedHtlcCount: number,
): Sat => feeOfWeight(WEIGHTS[channelType].commitment + HTLC_OUTPUT_WEIGHT * untrimmedHtlcCount, feeratePerKw);

/** What the opener puts into the two anchors, whether or not both are made (BOLT 3, "Fee Payment"). */
export const anchorsCostSat = (channelType: ChannelType): Sat => sat(channelType === 'anchors' ? 2n * ANCHOR_SAT : 0n);

/** Fee of an HTLC transaction; anchors leave it to its broadcaster (BOLT 3, "Fee Calculation"). */
export function htlcFeeSat(
  channelType: ChannelType,
  direction: 'offered' | 'received',
  feeratePerKw: FeeratePerKw,
): Sat {
  if (channelType === 'anchors') return sat(0n);
  const { htlcTimeout, htlcSuccess } = WEIGHTS[channelType];
  return feeOfWeight(direction === 'offered' ? htlcTimeout : htlcSuccess, feeratePerKw);
}
