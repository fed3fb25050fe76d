import { type Result, err, ok } from '../../lib/result.ts';
import { type FeeratePerKw, type Sat, feeOfWeight, feeratePerKw as rateOf, sat } from '../../lib/units.ts';
import type { Claim } from '../../tx/claim.ts';
import { commitmentFeeSat } from '../../tx/commitment.ts';
import { ANCHOR_SAT, type ChannelType, HTLC_OUTPUT_WEIGHT, WEIGHTS } from '../../tx/weights.ts';
import { directionFor, trimmedIn } from '../limits.ts';
import { VIEW, specOf } from '../spec.ts';
import { type FundedChannel, type HtlcEntry, htlcKey } from '../types.ts';
import { anchorChildFeeSat, anchorChildWeight, feeInputWeight } from './previewed.ts';

/** 50 sat/vB: what the reserve is counted at. Blocks cost more only for days of a year, and deadlines leave days. */
export const STRESS_FEERATE_PER_KW = rateOf(12_500);
/** HTLCs that an open channel is counted with at least: what it will carry later must not break the reserve. */
export const RESERVED_HTLCS = 2;

/** The heaviest output that our wallet makes for change (P2TR), to count with where the channel's own is not known. */
const ANY_CHANGE = Uint8Array.of(0x51, 32, ...new Uint8Array(32));
/** An anchor's script has 40 bytes (BOLT 3, "to_local_anchor and to_remote_anchor Output"); of the rest only lengths matter. */
const ANY_ANCHOR: Claim = { kind: 'anchor', witnessScript: new Uint8Array(40), outPoint: { txid: '00'.repeat(32), vout: 0 }, amountSat: ANCHOR_SAT, sequence: 0 };
const CHILD_WEIGHT = anchorChildWeight(ANY_ANCHOR, ANY_CHANGE);
const HTLC_TX_WEIGHT = {
  offered: WEIGHTS.anchors.htlcTimeout + feeInputWeight(ANY_CHANGE), received: WEIGHTS.anchors.htlcSuccess + feeInputWeight(ANY_CHANGE),
} as const; // prettier-ignore

/** Our commitment with so many HTLC outputs, brought to the stress rate by its child. */
function commitmentCostSat(htlcCount: number, feeratePerKw: FeeratePerKw, stress: FeeratePerKw): bigint {
  const parent = { weight: WEIGHTS.anchors.commitment + HTLC_OUTPUT_WEIGHT * htlcCount, feeSat: commitmentFeeSat('anchors', feeratePerKw, htlcCount) };
  return anchorChildFeeSat(parent, CHILD_WEIGHT, stress);
}

/** What an HTLC of this amount costs us on our commitment; 0 when it is not worth taking at that rate. */
function htlcCostSat(direction: 'offered' | 'received', amountSat: bigint, stress: FeeratePerKw): bigint {
  const feeSat = feeOfWeight(HTLC_TX_WEIGHT[direction], stress);
  return amountSat > feeSat ? feeSat : 0n;
}

const DEAREST_HTLC = (stress: FeeratePerKw): bigint => feeOfWeight(HTLC_TX_WEIGHT.received, stress);

/** What the wallet must hold to close one channel by force at the stress rate. */
export function channelReserveSat(channel: FundedChannel, stress: FeeratePerKw): Sat {
  const { config, commitments, spend, phase, settledHtlcs } = channel;
  // Without anchors commitment and HTLC transactions carry their own fees, and claims pay theirs from what they bring.
  if (config.channelType === 'static_remotekey' || phase === 'closed' || phase === 'fallen_behind') return sat(0n);
  const isConfirmed = spend?.height !== undefined;
  if (isConfirmed && spend.spendClass !== 'local') return sat(0n);
  const { feeratePerKw } = specOf(commitments, VIEW.localCurrent, config.isOpener);
  const taken = (entry: HtlcEntry): boolean => settledHtlcs.includes(htlcKey(entry.add.direction, entry.add.id));
  const open = [...commitments.htlcs.values()].filter((entry) => !trimmedIn(config, 'local', feeratePerKw, entry.add) && !taken(entry));
  const htlcsSat = open.reduce((sum, { add }) => sum + htlcCostSat(directionFor(add, 'local'), add.amountMsat / 1000n, stress), 0n);
  if (isConfirmed) return sat(htlcsSat);
  const more = Math.max(0, RESERVED_HTLCS - open.length);
  return sat(commitmentCostSat(open.length + more, feeratePerKw, stress) + htlcsSat + BigInt(more) * DEAREST_HTLC(stress));
}

/**
 * What must stay spendable in the wallet so that every channel with anchors can be closed by force at the stress rate, all
 * at once, and its HTLCs taken (I-30): each child and each HTLC transaction with a coin and change of its own.
 */
export function requiredReserveSat(channels: Iterable<FundedChannel>, stressFeeratePerKw: FeeratePerKw): Sat {
  let sum = 0n;
  for (const channel of channels) sum += channelReserveSat(channel, stressFeeratePerKw);
  return sat(sum);
}

/** What a channel that is to be opened adds to the reserve. */
export const newChannelReserveSat = (channelType: ChannelType, feeratePerKw: FeeratePerKw, stress: FeeratePerKw): Sat =>
  sat(channelType === 'static_remotekey' ? 0n : commitmentCostSat(RESERVED_HTLCS, feeratePerKw, stress) + BigInt(RESERVED_HTLCS) * DEAREST_HTLC(stress));

export interface ReserveShortage {
  readonly code: 'below_reserve';
  readonly reserveSat: Sat;
  /** What would be left in the wallet. */
  readonly remainingSat: Sat;
  /** This much more would do. */
  readonly missingSat: Sat;
}

interface WalletNow {
  readonly channels: Iterable<FundedChannel>;
  readonly stressFeeratePerKw: FeeratePerKw;
  /** Confirmed and free. */
  readonly spendableSat: Sat;
}

function checked(reserveSat: Sat, remainingSat: bigint): Result<Sat, ReserveShortage> {
  if (remainingSat >= reserveSat) return ok(reserveSat);
  const leftSat = sat(remainingSat > 0n ? remainingSat : 0n);
  return err({ code: 'below_reserve', reserveSat, remainingSat: leftSat, missingSat: sat(reserveSat - remainingSat) });
}

/** Whether one channel more can be afforded, opened by the peer or, with what it costs in `spentSat`, by us. */
export function mayAcceptChannel(
  now: WalletNow & { readonly channelType: ChannelType; readonly feeratePerKw: FeeratePerKw; readonly spentSat?: Sat },
): Result<Sat, ReserveShortage> {
  const moreSat = newChannelReserveSat(now.channelType, now.feeratePerKw, now.stressFeeratePerKw);
  // A channel that needs nothing is not refused for what others lack, unless it is paid for from the reserve.
  if (moreSat === 0n && !now.spentSat) return ok(sat(0n));
  return checked(sat(requiredReserveSat(now.channels, now.stressFeeratePerKw) + moreSat), now.spendableSat - (now.spentSat ?? 0n));
}

/** Whether the wallet may pay `spentSat`, fee included, and still close its channels; the reserve when it may. */
export const maySpend = (now: WalletNow & { readonly spentSat: Sat }): Result<Sat, ReserveShortage> =>
  checked(requiredReserveSat(now.channels, now.stressFeeratePerKw), now.spendableSat - now.spentSat);
