import { networks, type NetworkName } from '../bitcoin/network.ts';
import { concat, equal } from '../lib/bytes.ts';
import { type Msat, msat } from '../lib/units.ts';
import { decryptErrorOnion } from '../onion/errors.ts';
import { type Failure, decodeFailure, failureFlags, failureTable } from '../onion/failures.ts';
import type { FailedRemoval } from './border.ts';
import { updatedHop } from './channel-update.ts';
import type { OutgoingPart, OutgoingPayment, PartFailure } from './outgoing-types.ts';
import { onionOf } from './part.ts';
import { type Route, type RouteHop, isSameChannel } from './routes.ts';

export interface ReadFailure {
  readonly failure: PartFailure;
  /** Undefined for a code that is not known, or one whose data did not follow it. */
  readonly message: Failure | undefined;
}

/** Who failed a part and why (BOLT 4, "Origin node"). */
export function readRemoval(payment: OutgoingPayment, part: OutgoingPart, removal: FailedRemoval): ReadFailure {
  if (removal.kind === 'fail_malformed') return { failure: { kind: 'malformed', failureCode: removal.failureCode }, message: undefined };
  const onion = onionOf(payment, part);
  if (!onion.ok) return { failure: { kind: 'unreadable', blamedHop: undefined }, message: undefined };
  const { reason, attributionData } = removal;
  const decrypted = decryptErrorOnion(onion.value.sharedSecrets, {
    reason,
    attributionData: attributionData && concat(attributionData.htlcHoldTimes, attributionData.truncatedHmacs),
  });
  if (!decrypted.ok) return { failure: { kind: 'unreadable', blamedHop: decrypted.error.blamedHop }, message: undefined };
  const { hop, failureMessage } = decrypted.value;
  const decoded = decodeFailure(failureMessage);
  if (!decoded.ok) return { failure: { kind: 'unreadable', blamedHop: hop }, message: undefined };
  const { failureCode, failure } = decoded.value;
  return { failure: { kind: 'returned', failureCode, hop, atPayee: hop === part.hops.length }, message: failure };
}

/** What a failed part teaches: about routes, about starting again, or that there is no use. */
export interface Lesson {
  readonly routes: readonly Route[];
  readonly refusedByPayee: boolean;
  readonly waitForParts: boolean;
}

const FINAL_CODES: ReadonlySet<number> = new Set([
  failureTable.final_incorrect_cltv_expiry.code,
  failureTable.final_incorrect_htlc_amount.code,
]);

/** BOLT 4, "Receiving Failure Codes". */
export function learn(payment: OutgoingPayment, part: OutgoingPart, { failure, message }: ReadFailure, network: NetworkName): Lesson {
  const lesson = { routes: payment.routes, refusedByPayee: false, waitForParts: false };
  if (failure.kind !== 'returned') return { ...lesson, routes: withoutWay(payment.routes, part) };
  const { failureCode, hop, atPayee } = failure;
  const flags = failureFlags(failureCode);
  if (atPayee) {
    if (failureCode === failureTable.mpp_timeout.code) return { ...lesson, waitForParts: true };
    if (flags.permanent || FINAL_CODES.has(failureCode)) return { ...lesson, refusedByPayee: true };
    return { ...lesson, routes: withoutWay(payment.routes, part) };
  }
  const erring = part.hops[hop];
  if (!erring) return { ...lesson, routes: withoutWay(payment.routes, part) };
  // A bad onion is the next node's complaint: which of the two is to blame cannot be told.
  if (flags.badOnion) return { ...lesson, routes: withoutWay(payment.routes, part) };
  if (flags.node) return { ...lesson, routes: excluding(payment.routes, ({ nodeId }) => equal(nodeId, erring.nodeId)) };
  return { ...lesson, routes: afterChannelFailure(payment, part, erring, message, network) };
}

/** Terms change where the hop sent new ones; else the channel is out, or only for as much when it lacked the balance. */
function afterChannelFailure(payment: OutgoingPayment, part: OutgoingPart, erring: RouteHop, message: Failure | undefined, network: NetworkName): readonly Route[] {
  const here = (hop: RouteHop): boolean => isSameChannel(hop, erring);
  const update = message && 'channelUpdate' in message ? message.channelUpdate : new Uint8Array(0);
  const next = part.hops[part.hops.indexOf(erring) + 1]?.nodeId ?? payment.payeeNodeId;
  const updated = updatedHop(erring, next, networks[network].chainHash, update);
  if (updated?.kind === 'disabled') return excluding(payment.routes, here);
  const renewed = updated ? payment.routes.map((route) => ({ ...route, hops: route.hops.map((hop) => (here(hop) ? updated.hop : hop)) })) : payment.routes;
  if (message?.name === 'temporary_channel_failure' && payment.supportsMultiPart && part.amountMsat > 1n) {
    return renewed.map((route) => (route.hops.some(here) ? { ...route, limitMsat: lower(route.limitMsat, part.amountMsat / 2n) } : route));
  }
  const helps = updated && message?.name !== 'temporary_channel_failure' && message?.name !== 'channel_disabled';
  return helps ? renewed : excluding(payment.routes, here);
}

const lower = (limit: Msat | undefined, amount: bigint): Msat => msat(limit === undefined || amount < limit ? amount : limit);

const excluding = (routes: readonly Route[], hits: (hop: RouteHop) => boolean): readonly Route[] =>
  routes.map((route) => (route.hops.some(hits) ? { ...route, excluded: true } : route));

const withoutWay = (routes: readonly Route[], part: OutgoingPart): readonly Route[] =>
  routes.map((route) =>
    route.hops.length === part.hops.length && route.hops.every((hop, i) => isSameChannel(hop, part.hops[i]!)) ? { ...route, excluded: true } : route,
  );
