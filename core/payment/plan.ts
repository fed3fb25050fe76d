import { equal } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type Msat, maxBigint, minBigint, msat } from '../lib/units.ts';
import type { ChannelOffer } from './border.ts';
import type { PlanFault } from './errors.ts';
import { PAYMENT_LIMITS } from './limits.ts';
import { type Route, deliverable, entryOf, routeDelta, routeFeeMsat, routeMinimumMsat } from './routes.ts';

export interface PlanRequest {
  readonly payeeNodeId: Uint8Array;
  readonly routes: readonly Route[];
  readonly channels: readonly ChannelOffer[];
  readonly amountMsat: Msat;
  readonly feeLimitMsat: Msat;
  /** Blocks that the payee's own expiry takes of the largest allowed. */
  readonly finalDelta: number;
  /** 1 where the payee takes one part only. */
  readonly maxParts: number;
}

export interface PlannedPart {
  readonly channelNumber: number;
  readonly route: Route;
  readonly amountMsat: Msat;
  readonly feeMsat: Msat;
}

/** One channel and one way behind it. */
interface Lane {
  readonly channel: ChannelOffer;
  readonly route: Route;
  readonly capacityMsat: Msat;
  readonly minimumMsat: Msat;
}

const ZERO = msat(0n);
const partOf = ({ channel, route }: Lane, amountMsat: Msat): PlannedPart => ({
  channelNumber: channel.channelNumber,
  route,
  amountMsat,
  feeMsat: routeFeeMsat(route.hops, amountMsat),
});
export const feeOf = (plan: readonly { readonly feeMsat: Msat }[]): Msat => msat(plan.reduce((sum, part) => sum + part.feeMsat, 0n));
const byFee = (a: readonly PlannedPart[], b: readonly PlannedPart[]): number => {
  const difference = feeOf(a) - feeOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

/**
 * Parts that together deliver the amount: one if one channel can, the cheapest first and otherwise in the order of the
 * routes; else several, each over a channel of its own.
 */
export function planParts(request: PlanRequest): Result<readonly PlannedPart[], PlanFault> {
  const { amountMsat, feeLimitMsat, maxParts } = request;
  const found = lanesOf(request);
  if (!found.ok) return found;
  const lanes = found.value;
  const whole = lanes.filter((lane) => lane.capacityMsat >= amountMsat && lane.minimumMsat <= amountMsat).map((lane) => [partOf(lane, amountMsat)]);
  const split = maxParts > 1 ? splitOver(lanes, amountMsat, maxParts) : undefined;
  const plans = [...whole.sort(byFee), ...(split ? [split] : [])];
  const affordable = plans.find((plan) => feeOf(plan) <= feeLimitMsat);
  if (affordable) return ok(affordable);
  const cheapest = plans.sort(byFee)[0];
  if (cheapest) return err({ code: 'fee_limit_too_low', neededMsat: feeOf(cheapest), limitMsat: feeLimitMsat });
  return err(whyNot(request, lanes));
}

const limitOf = ({ channelNumber, maxOfferMsat, limit }: ChannelOffer) => ({ channelNumber, maxOfferMsat, limit });

/** Every usable pair of channel and route; a fault when no route begins at a peer of ours. */
function lanesOf({ payeeNodeId, routes, channels, finalDelta }: PlanRequest): Result<readonly Lane[], PlanFault> {
  const leadsTo = (route: Route) => channels.filter((channel) => equal(channel.peerNodeId, entryOf(route, payeeNodeId)));
  const connected = routes.filter((route) => leadsTo(route).length > 0);
  if (connected.length === 0) return err({ code: 'no_route', reason: 'no_peer_on_route' });
  const left = connected.filter((route) => !route.excluded);
  if (left.length === 0) return err({ code: 'no_route', reason: 'routes_failed' });
  const usable = left.filter(({ hops }) => finalDelta + routeDelta(hops) <= PAYMENT_LIMITS.maxExpiryBlocks);
  if (usable.length === 0) return err({ code: 'no_route', reason: 'expiry_too_far' });
  return ok(
    usable.flatMap((route) =>
      leadsTo(route).map((channel) => ({
        channel,
        route,
        capacityMsat: deliverable(route, channel.maxOfferMsat),
        minimumMsat: maxBigint(channel.htlcMinimumMsat, routeMinimumMsat(route)),
      })),
    ),
  );
}

/** Fee per million of the most that a lane would carry of the amount: to compare lanes of different size. */
function feeRate({ route, capacityMsat }: Lane, amountMsat: Msat): bigint {
  const carried = minBigint(capacityMsat, amountMsat);
  return carried === 0n ? 0n : (routeFeeMsat(route.hops, carried) * 1_000_000n) / carried;
}

const cheapThenLarge =
  (amountMsat: Msat) =>
  (a: Lane, b: Lane): number => {
    const difference = feeRate(a, amountMsat) - feeRate(b, amountMsat) || b.capacityMsat - a.capacityMsat;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  };

/** Fills lanes one after another, each channel once; undefined when they do not suffice. */
function splitOver(lanes: readonly Lane[], amountMsat: Msat, maxParts: number): readonly PlannedPart[] | undefined {
  const parts: PlannedPart[] = [];
  const least = lanes.reduce<bigint>((most, lane) => maxBigint(most, lane.minimumMsat), PAYMENT_LIMITS.minPartMsat);
  let left: bigint = amountMsat;
  for (const lane of lanes.toSorted(cheapThenLarge(amountMsat))) {
    if (left === 0n || parts.length === maxParts) break;
    if (parts.some(({ channelNumber }) => channelNumber === lane.channel.channelNumber)) continue;
    const usedOfRoute = parts.reduce((sum, part) => (part.route === lane.route ? sum + part.amountMsat : sum), 0n);
    const capacity = minBigint<bigint>(lane.capacityMsat, (lane.route.limitMsat ?? lane.capacityMsat + usedOfRoute) - usedOfRoute);
    let take = minBigint(capacity, left);
    // What would be left over must still make a part.
    if (take < left && left - take < least) take = left - least;
    if (take < least) continue;
    parts.push(partOf(lane, msat(take)));
    left -= take;
  }
  return left === 0n ? parts : undefined;
}

function whyNot(request: PlanRequest, lanes: readonly Lane[]): PlanFault {
  const { amountMsat, maxParts } = request;
  const possibleMsat = possibleOver(lanes, maxParts);
  const minimumMsat = lanes.reduce<Msat | undefined>((least, lane) => minBigint(least ?? lane.minimumMsat, lane.minimumMsat), undefined) ?? ZERO;
  if (amountMsat < minimumMsat) return { code: 'amount_below_minimum', minimumMsat };
  if (maxParts === 1 && possibleOver(lanes, PAYMENT_LIMITS.maxPartsAtOnce) >= amountMsat) {
    return { code: 'needs_multi_part', wantedMsat: amountMsat, possibleMsat };
  }
  const numbers = new Set(lanes.map(({ channel }) => channel.channelNumber));
  const limits = request.channels.filter(({ channelNumber }) => numbers.has(channelNumber)).map(limitOf);
  return { code: 'insufficient_balance', wantedMsat: amountMsat, possibleMsat, limits };
}

/** The most that could arrive over at most `maxParts` of the lanes, each channel once. */
function possibleOver(lanes: readonly Lane[], maxParts: number): Msat {
  const best = new Map<number, bigint>();
  for (const { channel, capacityMsat } of lanes) best.set(channel.channelNumber, maxBigint<bigint>(capacityMsat, best.get(channel.channelNumber) ?? 0n));
  const largest = [...best.values()].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)).slice(0, maxParts);
  return msat(largest.reduce((sum, amount) => sum + amount, 0n));
}

/** The most that the payee could get now at any price, in msat. */
export function possibleMsat(request: PlanRequest): Msat {
  const lanes = lanesOf(request);
  return lanes.ok ? possibleOver(lanes.value, request.maxParts) : ZERO;
}
