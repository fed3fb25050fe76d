import { type Result, err, ok } from '../lib/result.ts';
import { type FeeratePerKw, type Msat, feeratePerKw, msat, toMsat } from '../lib/units.ts';
import { anchorsCostSat, commitmentFeeSat, isTrimmed } from '../tx/commitment.ts';
import { type ChannelFault, fault } from './errors.ts';
import { POLICY } from './policy.ts';
import { type Spec, VIEW, type View, inFlightMsat, isOffered, specOf } from './spec.ts';
import { type ChannelConfig, type Commitments, type FundedChannel, type HtlcAdd, type HtlcEntry, STAGE } from './types.ts';

type Owner = 'local' | 'remote';

const dustLimitOf = (config: ChannelConfig, owner: Owner): ChannelConfig['local']['dustLimitSatoshis'] =>
  owner === 'local' ? config.local.dustLimitSatoshis : config.remote.dustLimitSatoshis;

/** The HTLC as the commitment's owner sees it. */
export const directionFor = (htlc: { readonly direction: HtlcAdd['direction'] }, owner: Owner): HtlcAdd['direction'] =>
  (htlc.direction === 'offered') === (owner === 'local') ? 'offered' : 'received';

export function trimmedIn(config: ChannelConfig, owner: Owner, rate: FeeratePerKw, add: HtlcAdd): boolean {
  return isTrimmed(
    { direction: directionFor(add, owner), amountMsat: add.amountMsat },
    { channelType: config.channelType, dustLimitSat: dustLimitOf(config, owner), feeratePerKw: rate },
  );
}

const untrimmedCount = (config: ChannelConfig, owner: Owner, spec: Spec): number =>
  spec.htlcs.filter((htlc) => !trimmedIn(config, owner, spec.feeratePerKw, htlc.add)).length;

/** Fee and anchors that the opener bears in one commitment, in msat. */
export function openerCostMsat(config: ChannelConfig, rate: FeeratePerKw, untrimmed: number): Msat {
  return toMsat(commitmentFeeSat(config.channelType, rate, untrimmed)) + toMsat(anchorsCostSat(config.channelType)) as Msat;
}

/** What the opener has left over its reserve once fee and anchors are paid; negative when it cannot. */
function openerSlackMsat(config: ChannelConfig, owner: Owner, spec: Spec, rate: FeeratePerKw, extraHtlcs: number): bigint {
  const balance = config.isOpener ? spec.ourMsat : spec.theirMsat;
  const reserve = toMsat(config.isOpener ? config.remote.channelReserveSatoshis : config.local.channelReserveSatoshis);
  const atRate = { ...spec, feeratePerKw: rate };
  return balance - reserve - openerCostMsat(config, rate, untrimmedCount(config, owner, atRate) + extraHtlcs);
}

/** What of these HTLCs would turn into fees in a commitment at this rate, in msat (BOLT 2, "Bounding exposure"). */
export function dustExposureMsat(config: ChannelConfig, owner: Owner, htlcs: Iterable<HtlcEntry>, rate: FeeratePerKw): Msat {
  let sum = 0n;
  for (const { add } of htlcs) if (trimmedIn(config, owner, rate, add)) sum += add.amountMsat;
  return msat(sum);
}

/** The highest rate that a commitment may have which can still confirm, or the next one. */
const highestRate = ({ feeratePerKw: settled, feeUpdates }: Commitments): FeeratePerKw =>
  feeUpdates.reduce((highest, { feeratePerKw: rate }) => (rate > highest ? rate : highest), settled);

const doubled = (rate: FeeratePerKw): FeeratePerKw => feeratePerKw(Math.min(rate * 2, 0xffff_ffff));

const withHtlc = (commitments: Commitments, key: string, entry: HtlcEntry): Commitments => ({
  ...commitments,
  htlcs: new Map(commitments.htlcs).set(key, entry),
});

/** Whether any side would owe more than it has; `specOf` cannot express that. */
function affordable(commitments: Commitments, entry: HtlcEntry): boolean {
  const { direction, amountMsat } = entry.add;
  const settled = direction === 'offered' ? commitments.ourMsat : commitments.theirMsat;
  return settled - inFlightMsat(commitments, direction) >= amountMsat;
}

/** BOLT 2, "Adding an HTLC", the sending node's rules, on both commitments, with a fee spike buffer. */
export function checkOffer(channel: FundedChannel, key: string, entry: HtlcEntry, blockHeight: number): Result<Commitments, ChannelFault> {
  const { config } = channel;
  const { amountMsat, cltvExpiry } = entry.add;
  if (amountMsat <= 0n || amountMsat < config.remote.htlcMinimumMsat) return err(fault('htlc_amount_too_small', config.remote.htlcMinimumMsat, amountMsat));
  if (cltvExpiry <= blockHeight || cltvExpiry > blockHeight + POLICY.maxExpiryBlocks) return err(fault('expiry_out_of_bounds', blockHeight + POLICY.maxExpiryBlocks, cltvExpiry));
  if (!affordable(channel.commitments, entry)) return err(fault('insufficient_balance'));
  const next = withHtlc(channel.commitments, key, entry);
  const offered = specOf(next, VIEW.remotePending, config.isOpener).htlcs.filter(isOffered);
  const maxCount = Math.min(config.remote.maxAcceptedHtlcs, config.local.maxAcceptedHtlcs, POLICY.protocolMaxHtlcs);
  if (offered.length > maxCount) return err(fault('too_many_htlcs', maxCount, offered.length));
  const inFlight = offered.reduce((sum, htlc) => sum + htlc.add.amountMsat, 0n);
  if (inFlight > config.remote.maxHtlcValueInFlightMsat) return err(fault('in_flight_exceeded', config.remote.maxHtlcValueInFlightMsat, inFlight));
  for (const owner of ['remote', 'local'] as const) {
    const spec = worstSpec(next, owner, config.isOpener);
    const reserveMsat = toMsat(config.remote.channelReserveSatoshis);
    if (spec.ourMsat < reserveMsat) return err(fault('insufficient_balance', reserveMsat, spec.ourMsat));
    // As opener: our fee at twice the rate and with one more HTLC. Otherwise: the opener can pay for ours now.
    const rate = config.isOpener ? doubled(spec.feeratePerKw) : spec.feeratePerKw;
    const slack = openerSlackMsat(config, owner, spec, rate, config.isOpener ? 1 : 0);
    if (slack < 0n) return err(fault('insufficient_balance', 'room for the commitment fee', slack));
    if (overDustCap(config, owner, next, entry.add)) return err(fault('dust_exposure_exceeded', POLICY.dustExposureCapMsat));
  }
  return ok(next);
}

const ALL_ON_ITS_WAY: View = { ours: STAGE.proposed, theirs: STAGE.proposed };

/** All that is on its way counts, whatever its stage: nothing that either side proposed may break the next commitment. */
const worstSpec = (commitments: Commitments, owner: Owner, weAreOpener: boolean): Spec =>
  specOf(commitments, owner === 'remote' ? VIEW.remotePending : ALL_ON_ITS_WAY, weAreOpener);

/** BOLT 2, "Adding an HTLC", the receiving node's rules, on our next commitment: the one that the peer will sign. */
export function checkReceivedAdd(channel: FundedChannel, key: string, entry: HtlcEntry): Result<Commitments, ChannelFault> {
  const { config } = channel;
  const { amountMsat, cltvExpiry } = entry.add;
  if (amountMsat <= 0n || amountMsat < config.local.htlcMinimumMsat) return err(fault('htlc_amount_too_small', config.local.htlcMinimumMsat, amountMsat));
  if (cltvExpiry >= 500_000_000) return err(fault('expiry_out_of_bounds', 500_000_000, cltvExpiry));
  if (!affordable(channel.commitments, entry)) return err(fault('insufficient_balance'));
  const next = withHtlc(channel.commitments, key, entry);
  const spec = specOf(next, VIEW.localPending, config.isOpener);
  const received = spec.htlcs.filter((htlc) => !isOffered(htlc));
  if (received.length > config.local.maxAcceptedHtlcs) return err(fault('too_many_htlcs', config.local.maxAcceptedHtlcs, received.length));
  const inFlight = received.reduce((sum, htlc) => sum + htlc.add.amountMsat, 0n);
  if (inFlight > config.local.maxHtlcValueInFlightMsat) return err(fault('in_flight_exceeded', config.local.maxHtlcValueInFlightMsat, inFlight));
  const reserveMsat = toMsat(config.local.channelReserveSatoshis);
  if (spec.theirMsat < reserveMsat) return err(fault('insufficient_balance', reserveMsat, spec.theirMsat));
  if (!config.isOpener && openerSlackMsat(config, 'local', spec, spec.feeratePerKw, 0) < 0n) return err(fault('insufficient_balance', 'the commitment fee over the reserve'));
  return ok(next);
}

/**
 * Whether an HTLC may stand beside a later one in a commitment and be lost to fees there. Our removals are signed before
 * whatever we add later. The peer may still take back that it failed one of ours; one that it fulfilled is paid in any case.
 */
function isExposed({ add, removal }: HtlcEntry): boolean {
  return !removal || (add.direction === 'offered' && removal.what.kind !== 'fulfill' && removal.stage < STAGE.acked);
}

/**
 * Whether an HTLC that is trimmed comes on top of too much trimmed value. What is on its way counts too: both sides may
 * have offered at the same moment. Of those received in one go only the later ones are over: what came before is judged
 * without them.
 */
function overDustCap(config: ChannelConfig, owner: Owner, commitments: Commitments, add: HtlcAdd): boolean {
  const rate = highestRate(commitments);
  if (!trimmedIn(config, owner, rate, add)) return false;
  const htlcs = [...commitments.htlcs.values()].filter((htlc) => isExposed(htlc) && (isOffered(htlc) || add.direction === 'offered' || htlc.add.id <= add.id));
  return dustExposureMsat(config, owner, htlcs, rate) > POLICY.dustExposureCapMsat;
}

/** Whether an irrevocable received HTLC makes our dust exposure exceed the cap, so that it must fail and not settle. */
export const exceedsDustCap = ({ config, commitments }: FundedChannel, add: HtlcAdd): boolean =>
  (['local', 'remote'] as const).some((owner) => overDustCap(config, owner, commitments, add));

/** BOLT 2, "Updating Fees": the opener can pay `rate` on this commitment over its reserve, and dust stays bounded. */
export function checkFeeUpdate(channel: FundedChannel, next: Commitments, owner: Owner, rate: FeeratePerKw): ChannelFault | undefined {
  const { config } = channel;
  const view = owner === 'local' ? VIEW.localPending : VIEW.remotePending;
  const spec = { ...specOf(next, view, config.isOpener), feeratePerKw: rate };
  if (openerSlackMsat(config, owner, spec, rate, 0) < 0n) return fault('opener_cannot_pay_fee', undefined, rate);
  const raised = rate > specOf(channel.commitments, view, config.isOpener).feeratePerKw;
  // For our own change everything on its way counts; the peer's is only refused when its commitment has too much.
  const counted = config.isOpener ? [...next.htlcs.values()].filter(isExposed) : spec.htlcs;
  if (config.channelType === 'static_remotekey' && raised && dustExposureMsat(config, owner, counted, rate) > POLICY.dustExposureCapMsat) {
    return fault('dust_exposure_exceeded', POLICY.dustExposureCapMsat);
  }
  return undefined;
}

/** What one more payment could move, in msat, and which rule binds it. */
export interface Sendable {
  readonly amountMsat: Msat;
  readonly limit: 'none' | 'reserve_and_fee' | 'in_flight' | 'htlc_count' | 'offline';
}

/** What one side could put into one more HTLC of this commitment over its reserve and, as opener, the fee with a buffer. */
function offerSlackMsat(config: ChannelConfig, weOffer: boolean, owner: Owner, spec: Spec): bigint {
  if (weOffer === config.isOpener) return openerSlackMsat(config, owner, spec, doubled(spec.feeratePerKw), 2);
  if (openerSlackMsat(config, owner, spec, spec.feeratePerKw, 1) < 0n) return 0n;
  return weOffer ? spec.ourMsat - toMsat(config.remote.channelReserveSatoshis) : spec.theirMsat - toMsat(config.local.channelReserveSatoshis);
}

/** The most that we can offer in one HTLC now. */
export function maxOffer(channel: FundedChannel): Sendable {
  const { config, commitments } = channel;
  const remote = worstSpec(commitments, 'remote', config.isOpener);
  const offered = remote.htlcs.filter(isOffered);
  const maxCount = Math.min(config.remote.maxAcceptedHtlcs, config.local.maxAcceptedHtlcs, POLICY.protocolMaxHtlcs);
  if (offered.length >= maxCount) return { amountMsat: msat(0n), limit: 'htlc_count' };
  const byBalance = (['remote', 'local'] as const).map((owner) => offerSlackMsat(config, true, owner, worstSpec(commitments, owner, config.isOpener)));
  const balance = byBalance.reduce((least, slack) => (slack < least ? slack : least));
  const inFlight = config.remote.maxHtlcValueInFlightMsat - offered.reduce((sum, htlc) => sum + htlc.add.amountMsat, 0n);
  const amount = balance < inFlight ? balance : inFlight;
  return { amountMsat: msat(amount > 0n ? amount : 0n), limit: balance < inFlight ? 'reserve_and_fee' : 'in_flight' };
}

/** The most that the peer can offer us in one HTLC now, by what we know. */
export function maxReceive(channel: FundedChannel): Msat {
  const { config, commitments } = channel;
  const spec = specOf(commitments, ALL_ON_ITS_WAY, config.isOpener);
  const received = spec.htlcs.filter((htlc) => !isOffered(htlc));
  if (received.length >= config.local.maxAcceptedHtlcs) return msat(0n);
  const bySide = (['remote', 'local'] as const).map((owner) => offerSlackMsat(config, false, owner, spec));
  const slack = bySide.reduce((least, one) => (one < least ? one : least));
  const inFlight = config.local.maxHtlcValueInFlightMsat - received.reduce((sum, htlc) => sum + htlc.add.amountMsat, 0n);
  const amount = slack < inFlight ? slack : inFlight;
  return msat(amount > 0n ? amount : 0n);
}
