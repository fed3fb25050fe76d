import { pointAt } from '../../core/channel/keys.ts';
import { dustExposureMsat, openerCostMsat } from '../../core/channel/limits.ts';
import { POLICY } from '../../core/channel/policy.ts';
import { commitmentParams } from '../../core/channel/sign.ts';
import { type Spec, VIEW, isOffered, specOf } from '../../core/channel/spec.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import { type FeeratePerKw, feeratePerKw } from '../../core/lib/units.ts';
import { buildCommitment } from '../../core/tx/commitment.ts';
import { type DiskView, channelById } from './invariant-views.ts';
import type { Evidence, InvariantName, Sent } from './invariants.ts';
import { type SideName, keysOf } from './rig-keys.ts';

interface Owned {
  readonly owner: 'local' | 'remote';
  readonly spec: Spec;
  readonly number: number;
  readonly point: Uint8Array;
}

function commitmentsOf(side: SideName, channel: FundedChannel): Owned[] {
  const { commitments, config } = channel;
  const spec = (view: (typeof VIEW)[keyof typeof VIEW]): Spec => specOf(commitments, view, config.isOpener);
  const { remoteNextPoint, awaitingRevocation, remoteNumber, localNumber } = commitments;
  const local = pointAt(keysOf(side, config.channelNumber), localNumber);
  return [
    { owner: 'local', spec: spec(VIEW.localCurrent), number: localNumber, point: local },
    { owner: 'remote', spec: spec(VIEW.remoteCurrent), number: remoteNumber, point: commitments.remoteCurrentPoint },
    ...(awaitingRevocation && remoteNextPoint ? [{ owner: 'remote' as const, spec: spec(VIEW.remoteNext), number: remoteNumber + 1, point: remoteNextPoint }] : []),
  ];
}

const judged = new Map<string, readonly { readonly name: InvariantName; readonly holds: boolean; readonly what: string }[]>();

/** I-10 to I-12 of one stored state; equal states are judged once in all runs. */
export function i10To12(evidence: Evidence, side: SideName, disk: DiskView): void {
  for (const channel of disk.channels) {
    const word = `${side} ${disk.channelWords.get(channel.config.channelNumber)}`;
    const known = judged.get(word) ?? commitmentsOf(side, channel).flatMap((owned) => [i10(channel, owned), ...i11(channel, owned), ...i12(channel, owned)]);
    judged.set(word, known);
    for (const { name, holds, what } of known) evidence.look(name, holds, () => `${side}: ${what}`);
  }
}

/** Outputs, fee and what was trimmed are the capacity, to the satoshi; balances and HTLCs are, to the millisatoshi. */
function i10(channel: FundedChannel, { owner, spec, number, point }: Owned) {
  const capacityMsat = channel.config.fundingSatoshis * 1000n;
  const inHtlcs = spec.htlcs.reduce((sum, { add }) => sum + add.amountMsat, 0n);
  const exact = spec.ourMsat + spec.theirMsat + inHtlcs === capacityMsat;
  const { outputs, feeSat } = buildCommitment(commitmentParams(channel, owner, { number, point, spec }));
  const paidSat = outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  return { name: 'I-10' as const, holds: exact && paidSat + feeSat === channel.config.fundingSatoshis, what: `${owner} commitment ${number}: ${spec.ourMsat} + ${spec.theirMsat} + ${inHtlcs} msat` };
}

/** Nobody is below zero, and the opener pays what its commitments cost. */
function i11(channel: FundedChannel, { owner, spec }: Owned) {
  const { isOpener } = channel.config;
  const openerMsat = isOpener ? spec.ourMsat : spec.theirMsat;
  const cost = openerCostMsat(channel.config, spec.feeratePerKw, spec.htlcs.length);
  return [
    { name: 'I-11' as const, holds: spec.ourMsat >= 0n && spec.theirMsat >= 0n, what: `${owner}: a negative balance` },
    { name: 'I-11' as const, holds: openerMsat >= cost, what: `${owner}: the opener has ${openerMsat} msat and owes ${cost}` },
  ];
}

function i12(channel: FundedChannel, { owner, spec }: Owned) {
  const { local, remote } = channel.config;
  const offered = spec.htlcs.filter(isOffered);
  const received = spec.htlcs.filter((htlc) => !isOffered(htlc));
  const sum = (htlcs: typeof offered): bigint => htlcs.reduce((total, { add }) => total + add.amountMsat, 0n);
  const within = offered.length <= remote.maxAcceptedHtlcs && received.length <= local.maxAcceptedHtlcs && spec.htlcs.length <= POLICY.protocolMaxHtlcs
    && sum(offered) <= remote.maxHtlcValueInFlightMsat && sum(received) <= local.maxHtlcValueInFlightMsat; // prettier-ignore
  return [
    { name: 'I-12' as const, holds: dustExposureMsat(channel.config, owner, spec.htlcs, spec.feeratePerKw) <= POLICY.dustExposureCapMsat, what: `${owner}: too much dust` },
    { name: 'I-12' as const, holds: within, what: `${owner}: ${spec.htlcs.length} HTLCs` },
  ];
}

/** When it offers, the opener keeps its reserve and the fee at twice the rate with one more HTLC. */
export function i11Offer(evidence: Evidence, { side, message, disk }: Sent): void {
  if (message.name !== 'update_add_htlc') return;
  const channel = channelById(disk, message.channelId);
  if (!channel?.config.isOpener) return;
  const spec = specOf(channel.commitments, VIEW.remotePending, true);
  const doubled: FeeratePerKw = feeratePerKw(spec.feeratePerKw * 2);
  const needed = channel.config.remote.channelReserveSatoshis * 1000n + openerCostMsat(channel.config, doubled, spec.htlcs.length + 1);
  evidence.look('I-11', spec.ourMsat >= needed, () => `${side} offered and keeps ${spec.ourMsat} of ${needed} msat`);
}

/** The books of every durable state agree with the channels and the wallet in it. */
export function i13Books(evidence: Evidence, side: SideName, disk: DiskView): void {
  let opened = 0n;
  for (const channel of disk.channels) {
    const { channelNumber, isOpener, fundingSatoshis } = channel.config;
    const booked = disk.balances.get(`channel:${channelNumber.toString(16).padStart(8, '0')}`) ?? 0n;
    const expected = channel.closeBooked ? 0n : channel.commitments.ourMsat;
    if (isOpener) opened += fundingSatoshis * 1000n;
    evidence.look('I-13', booked === expected, () => `${side}: channel ${channelNumber} has ${expected} msat, its account ${booked}`);
  }
  const wallet = disk.balances.get('wallet') ?? 0n;
  evidence.look('I-13', wallet === disk.bookedSat * 1000n - opened, () => `${side}: the wallet's account has ${wallet} msat, its transactions make ${disk.bookedSat * 1000n - opened}`);
}
