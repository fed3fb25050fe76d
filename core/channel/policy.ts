import { type Msat, type Sat, msat, sat } from '../lib/units.ts';

/** What Sferic asks of a channel and accepts from a peer. safety.md section 3.1 of the project's design says why. */
export const POLICY = {
  minFundingSat: sat(20_000n),
  /** Without option_support_large_channel (BOLT 2). */
  maxFundingSat: sat((1n << 24n) - 1n),
  /** Lowest that commitment outputs of every kind relay with (BOLT 3, "Dust Limits"). */
  dustLimitSat: sat(354n),
  maxAcceptedDustLimitSat: sat(10_000n),
  htlcMinimumMsat: msat(1n),
  maxAcceptedHtlcMinimumMsat: msat(100_000n),
  maxAcceptedHtlcs: 100,
  /** A peer that allows fewer is of no use for multi-part payments. */
  minAcceptedHtlcs: 5,
  protocolMaxHtlcs: 483,
  minInFlightMsat: msat(1_000_000n),
  toSelfDelayBlocks: 720,
  maxToSelfDelayBlocks: 2016,
  minimumDepth: 3,
  largeFundingSat: sat(10_000_000n),
  largeMinimumDepth: 8,
  maxMinimumDepth: 144,
  maxReservePercent: 5n,
  dustExposureCapMsat: msat(50_000_000n),
  maxExpiryBlocks: 2016,
  /** An offered HTLC that is open this long past its expiry closes the channel. */
  offeredGraceBlocks: 2,
  /** A received HTLC whose preimage we know closes the channel this long before its expiry. */
  claimDeadlineBlocks: 72,
  reorgSafeDepth: 6,
  largeReorgSafeDepth: 8,
  forgetDepth: 100,
  /** A fundee forgets a channel whose funding never confirmed (BOLT 2). */
  fundingTimeoutBlocks: 2016,
  /** A claim below this never pays for itself: a channel may be forgotten with it. */
  abandonedClaimSat: sat(1_000n),
  /** Times our own estimate that a peer's fee rate may be, with a floor for test chains and quiet mempools. */
  maxFeerateFactor: 10,
  maxFeerateFloorPerKw: 75_000,
} as const;

/** 1 % of the channel, never under both dust limits (BOLT 2 asks reserve >= dust limit of either side). */
export const channelReserveSat = (fundingSat: Sat, theirDustLimitSat: Sat): Sat => {
  const onePercent = fundingSat / 100n;
  const floor = theirDustLimitSat > 1_000n ? theirDustLimitSat : 1_000n;
  return sat(onePercent > floor ? onePercent : floor);
};

export const minimumDepthFor = (fundingSat: Sat): number =>
  fundingSat >= POLICY.largeFundingSat ? POLICY.largeMinimumDepth : POLICY.minimumDepth;

/** Whether what a block at `height` holds of a close counts as settled; forgotten it is much later. */
export const isReorgSafe = (fundingSat: Sat, height: number, blockHeight: number): boolean =>
  blockHeight - height + 1 >= (fundingSat >= POLICY.largeFundingSat ? POLICY.largeReorgSafeDepth : POLICY.reorgSafeDepth);

export const maxFeeratePerKw = (estimatePerKw: number): number => Math.max(estimatePerKw * POLICY.maxFeerateFactor, POLICY.maxFeerateFloorPerKw);

export const dustExposureCapMsat: Msat = POLICY.dustExposureCapMsat;
