import { type FeeratePerKw, type Sat, feeOfWeight, feeratePerKw, sat } from '../lib/units.ts';
import { INPUT_WEIGHT as WALLET_INPUT_WEIGHT } from '../bitcoin/signer.ts';
import {
  BOLT_SIGNATURE_BYTES, type ChannelType, HTLC_OUTPUT_WEIGHT, INPUT_WEIGHT, TX_OVERHEAD_WEIGHT, WEIGHTS, witnessWeight,
} from '../tx/weights.ts'; // prettier-ignore

/** 50 sat/vB: what the reserve is counted at. Blocks cost more only for days of a year, and deadlines leave days. */
export const STRESS_FEERATE_PER_KW = feeratePerKw(12_500);
/** HTLCs that an open channel is counted with at least: what it will carry later must not break the reserve. */
export const STRESS_HTLC_COUNT = 2;

/** The heaviest output of our wallet is P2TR: amount, length and 34 bytes of script. */
const WALLET_OUTPUT_WEIGHT = 4 * (8 + 1 + 34);
/** Beside what is paid for: one coin of the wallet, the heavier kind, and its change. */
const FEE_COIN_WEIGHT = Math.max(...Object.values(WALLET_INPUT_WEIGHT)) + WALLET_OUTPUT_WEIGHT;
/** Bytes of the anchor's script (BOLT 3, "to_local_anchor and to_remote_anchor Output"). */
const ANCHOR_SCRIPT_BYTES = 40;
const CHILD_WEIGHT =
  TX_OVERHEAD_WEIGHT + INPUT_WEIGHT + witnessWeight(BOLT_SIGNATURE_BYTES, ANCHOR_SCRIPT_BYTES) + FEE_COIN_WEIGHT;
/** Of the delayed script with the longest delay, as BOLT 5 counts it (appendix A). */
const DELAYED_SCRIPT_BYTES = 83;
const DELAYED_SWEEP_WEIGHT =
  TX_OVERHEAD_WEIGHT +
  INPUT_WEIGHT +
  witnessWeight(BOLT_SIGNATURE_BYTES, 0, DELAYED_SCRIPT_BYTES) +
  WALLET_OUTPUT_WEIGHT;

export interface CloseCostParams {
  readonly channelType: ChannelType;
  /** HTLC outputs of our commitment; each is taken by a transaction of its own, the dearer kind. */
  readonly htlcCount: number;
  readonly feeratePerKw: FeeratePerKw;
}

export interface CloseCost {
  /** Child and commitment together, as if the commitment paid nothing: what it was signed with is little in a spike. */
  readonly commitmentSat: Sat;
  readonly htlcsSat: Sat;
  /** Sweeps of `to_local` and of every second stage, each alone. They pay from what they bring, not from coins. */
  readonly sweepsSat: Sat;
}

/** Cost of closing a channel by force with our own commitment (BOLT 3 and 5 weights), in three parts. */
export function closeCost({ channelType, htlcCount, feeratePerKw: rate }: CloseCostParams): CloseCost {
  const sweepsSat = sat(BigInt(htlcCount + 1) * feeOfWeight(DELAYED_SWEEP_WEIGHT, rate));
  // Without anchors commitment and HTLC transactions carry fees that were fixed when they were signed.
  if (channelType === 'static_remotekey') return { commitmentSat: sat(0n), htlcsSat: sat(0n), sweepsSat };
  const { commitment, htlcSuccess } = WEIGHTS[channelType];
  return {
    commitmentSat: feeOfWeight(commitment + HTLC_OUTPUT_WEIGHT * htlcCount + CHILD_WEIGHT, rate),
    htlcsSat: sat(BigInt(htlcCount) * feeOfWeight(htlcSuccess + FEE_COIN_WEIGHT, rate)),
    sweepsSat,
  };
}

/** All of it: what a forced close costs. */
export function closeCostSat(params: CloseCostParams): Sat {
  const { commitmentSat, htlcsSat, sweepsSat } = closeCost(params);
  return sat(commitmentSat + htlcsSat + sweepsSat);
}

/** What wallet coins must bring of it (I-30). */
export function closeReserveSat(params: CloseCostParams): Sat {
  const { commitmentSat, htlcsSat } = closeCost(params);
  return sat(commitmentSat + htlcsSat);
}
