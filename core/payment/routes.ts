import type { Invoice } from '../invoice/types.ts';
import { compare, equal } from '../lib/bytes.ts';
import { type Msat, minBigint, msat } from '../lib/units.ts';
import { PAYMENT_LIMITS } from './limits.ts';

/** A node that forwards, and the terms of the channel that it forwards over. */
export interface RouteHop {
  readonly nodeId: Uint8Array;
  readonly shortChannelId: bigint;
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
  readonly htlcMinimumMsat: Msat;
  readonly htlcMaximumMsat: Msat | undefined;
  /** `timestamp` of the channel_update that these terms are from; 0 for the invoice's own. */
  readonly updatedAt: number;
}

/** From a peer of ours to the payee; without hops the payee is our peer. */
export interface Route {
  readonly hops: readonly RouteHop[];
  readonly excluded: boolean;
  /** More than this did not get through before. */
  readonly limitMsat: Msat | undefined;
}

const MILLION = 1_000_000n;
const NO_LIMIT = 0xffff_ffff_ffff_ffffn;

/**
 * The ways that an invoice offers, in the order to try: directly, then every hint from its node nearest to the payee
 * backwards, since any of a hint's nodes may be our peer.
 */
export function routesOf({ routeHints }: Pick<Invoice, 'routeHints'>): readonly Route[] {
  const routes: Route[] = [{ hops: [], excluded: false, limitMsat: undefined }];
  for (const hint of routeHints) {
    if (hint.length > PAYMENT_LIMITS.maxHintHops) continue;
    for (let from = hint.length - 1; from >= 0; from--) {
      const hops = hint.slice(from).map((hop) => ({ ...hop, htlcMinimumMsat: msat(0n), htlcMaximumMsat: undefined, updatedAt: 0 }));
      const known = routes.some((route) => sameWay(route.hops, hops));
      if (!known && routes.length < PAYMENT_LIMITS.maxRoutes) routes.push({ hops, excluded: false, limitMsat: undefined });
    }
  }
  return routes;
}

const sameWay = (a: readonly RouteHop[], b: readonly RouteHop[]): boolean =>
  a.length === b.length && a.every((hop, i) => isSameChannel(hop, b[i]!));

export const isSameChannel = (a: RouteHop, b: RouteHop): boolean => a.shortChannelId === b.shortChannelId && equal(a.nodeId, b.nodeId);

/** The peer that a route begins at. */
export const entryOf = ({ hops }: Pick<Route, 'hops'>, payeeNodeId: Uint8Array): Uint8Array => hops[0]?.nodeId ?? payeeNodeId;

/** BOLT 7, "HTLC Fees". */
const feeMsat = (hop: RouteHop, amountMsat: bigint): bigint =>
  BigInt(hop.feeBaseMsat) + (amountMsat * BigInt(hop.feeProportionalMillionths)) / MILLION;

/** What arrives at each node of the way, from the first hop to the payee, counted backwards from the payee. */
export function amountsAlong(hops: readonly RouteHop[], amountMsat: Msat): readonly Msat[] {
  const amounts: Msat[] = [amountMsat];
  for (const hop of hops.toReversed()) amounts.unshift(msat(amounts[0]! + feeMsat(hop, amounts[0]!)));
  return amounts;
}

export const routeFeeMsat = (hops: readonly RouteHop[], amountMsat: Msat): Msat => msat(amountsAlong(hops, amountMsat)[0]! - amountMsat);

/** Blocks that the hops add to the payee's own. */
export const routeDelta = (hops: readonly RouteHop[]): number => hops.reduce((sum, hop) => sum + hop.cltvExpiryDelta, 0);

/** The most that arrives when `offerMsat` sets out, within every hop's maximum. */
export function deliverable({ hops, limitMsat }: Route, offerMsat: Msat): Msat {
  let amount: bigint = offerMsat;
  for (const hop of hops) {
    const afterBase = amount - BigInt(hop.feeBaseMsat);
    if (afterBase <= 0n) return msat(0n);
    amount = (afterBase * MILLION) / (MILLION + BigInt(hop.feeProportionalMillionths));
    amount = minBigint(amount, hop.htlcMaximumMsat ?? NO_LIMIT);
  }
  return msat(minBigint(amount, limitMsat ?? NO_LIMIT));
}

/** The least that may arrive for every hop's minimum to hold; a hop sees at least what arrives at the end. */
export const routeMinimumMsat = ({ hops }: Pick<Route, 'hops'>): Msat =>
  hops.reduce((least, hop) => (hop.htlcMinimumMsat > least ? hop.htlcMinimumMsat : least), msat(0n));

/** Direction of a channel_update signed by `nodeId`, whose channel leads to `nextNodeId` (BOLT 7). */
export const directionOf = (nodeId: Uint8Array, nextNodeId: Uint8Array): 0 | 1 => (compare(nodeId, nextNodeId) < 0 ? 0 : 1);
