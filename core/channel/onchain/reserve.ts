import { type Result, err, ok } from '../../lib/result.ts';
import { type FeeratePerKw, type Sat, feeOfWeight, sat } from '../../lib/units.ts';
import { INPUT_WEIGHT as WALLET_INPUT_WEIGHT } from '../../bitcoin/signer.ts';
import { commitmentFeeSat } from '../../tx/commitment.ts';
import {
  BOLT_SIGNATURE_BYTES, type ChannelType, HTLC_OUTPUT_WEIGHT, INPUT_WEIGHT, TX_OVERHEAD_WEIGHT, WEIGHTS, witnessWeight,
} from '../../tx/weights.ts'; // prettier-ignore
import { directionFor, trimmedIn } from '../limits.ts';
import { VIEW, specOf } from '../spec.ts';
import { type FundedChannel, type HtlcEntry, htlcKey } from '../types.ts';

/** HTLCs that an open channel is counted with at least: what it will carry later must not break the reserve. */
export const RESERVED_HTLCS = 2;

/** The heaviest output that our wallet makes for change is P2TR: amount, length and 34 bytes of script. */
const CHANGE_WEIGHT = 4 * (8 + 1 + 34);
/** A coin of the wallet beside what is paid for, and its change. */
const FEE_INPUT_WEIGHT = WALLET_INPUT_WEIGHT.p2wpkh + CHANGE_WEIGHT;
/** The anchor's script has 40 bytes (BOLT 3, "to_local_anchor and to_remote_anchor Output"). */
const CHILD_WEIGHT = TX_OVERHEAD_WEIGHT + INPUT_WEIGHT + witnessWeight(BOLT_SIGNATURE_BYTES, 40) + FEE_INPUT_WEIGHT;

const HTLC_TX_WEIGHT = { offered: WEIGHTS.anchors.htlcTimeout + FEE_INPUT_WEIGHT, received: WEIGHTS.anchors.htlcSuccess + FEE_INPUT_WEIGHT } as const;

/** Our commitment with so many HTLC outputs, brought to the stress rate by its child. */
function commitmentCostSat(htlcCount: number, feeratePerKw: FeeratePerKw, stress: FeeratePerKw): bigint {
  const weight = WEIGHTS.anchors.commitment + HTLC_OUTPUT_WEIGHT * htlcCount + CHILD_WEIGHT;
  const lacking = feeOfWeight(weight, stress) - commitmentFeeSat('anchors', feeratePerKw, htlcCount);
  return lacking > 0n ? lacking : 0n;
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
