import { type Msat, minBigint, msat } from '../lib/units.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { finalDeltaOf } from './check.ts';
import type { ChannelOffer, OfferHtlc } from './border.ts';
import type { PlanFault } from './errors.ts';
import { PAYMENT_LIMITS } from './limits.ts';
import type { OutgoingAction, OutgoingContext, OutgoingPart, OutgoingPayment, PaymentFailure } from './outgoing-types.ts';
import { offerOf, onionOf, sessionKeyOf } from './part.ts';
import { type PlannedPart, feeOf, planParts } from './plan.ts';

export type Step = readonly [OutgoingPayment, readonly OutgoingAction[]];

export const openParts = ({ parts }: OutgoingPayment): readonly OutgoingPart[] =>
  parts.filter(({ status }) => status === 'pending' || status === 'offered');

const sumMsat = (parts: readonly { readonly amountMsat: Msat }[]): bigint => parts.reduce((sum, part) => sum + part.amountMsat, 0n);

export const progress = (state: OutgoingPayment): OutgoingAction => {
  const open = openParts(state);
  return { kind: 'event', event: { kind: 'progress', openParts: open.length, openMsat: msat(sumMsat(open)), attempts: state.attempts } };
};

/** Actions with one `store`, in front: what a step decides is durable before any of it happens. */
export function merged(actions: readonly OutgoingAction[], more: readonly OutgoingAction[]): readonly OutgoingAction[] {
  const all = [...actions, ...more];
  const rest = all.filter(({ kind }) => kind !== 'store');
  return rest.length === all.length ? all : [{ kind: 'store' }, ...rest];
}

/** Sends what is missing if it may, ends the payment if nothing is left to wait for. */
export function advance([state, actions]: Step, ctx: OutgoingContext): Step {
  const open = openParts(state);
  if (state.status !== 'pending') return actions.length > 0 ? [state, merged(actions, [progress(state)])] : [state, actions];
  if (state.waitForParts && open.length > 0) return [state, actions];
  const ready = state.waitForParts ? { ...state, waitForParts: false } : state;
  const missing = ready.amountMsat - sumMsat(open);
  if (missing <= 0n) return [ready, actions];
  const stop = ready.giveUp?.reason ?? stopReason(ready, ctx);
  const failure: PaymentFailure | undefined = stop && { reason: stop, part: ready.giveUp?.part ?? lastFailure(ready) };
  if (failure) return open.length > 0 ? remembered(ready, failure, actions) : failed(ready, failure, actions, ctx);
  const launched = launch(ready, msat(missing), ctx);
  if (launched.ok) return [launched.value[0], merged(actions, launched.value[1])];
  // With parts still open the channels or routes may look different once they are back.
  if (open.length > 0) return [ready, actions];
  return failed(ready, { reason: launched.error.code, part: lastFailure(ready) }, actions, ctx);
}

const remembered = (state: OutgoingPayment, giveUp: PaymentFailure, actions: readonly OutgoingAction[]): Step =>
  state.giveUp ? [state, actions] : [{ ...state, giveUp }, merged(actions, [{ kind: 'store' }])];

const lastFailure = ({ parts }: OutgoingPayment): PaymentFailure['part'] => parts.findLast(({ failure }) => failure !== undefined)?.failure;

function stopReason(state: OutgoingPayment, ctx: OutgoingContext): PaymentFailure['reason'] | undefined {
  if (state.attempts >= state.attemptsLimit) return 'attempts_exhausted';
  if (ctx.nowMs >= state.deadlineMs || ctx.blockHeight >= state.deadlineHeight) return 'deadline_passed';
  return ctx.nowMs > state.invoiceExpiresAtMs ? 'invoice_expired' : undefined;
}

function failed(state: OutgoingPayment, failure: PaymentFailure, actions: readonly OutgoingAction[], ctx: OutgoingContext): Step {
  const next: OutgoingPayment = { ...state, status: 'failed', failure, giveUp: undefined, completedAtMs: ctx.nowMs };
  return [
    next,
    merged(actions, [
      { kind: 'store' },
      { kind: 'journal', event: { kind: 'payment_failed', reason: failure.reason } },
      { kind: 'event', event: { kind: 'failed', failure } },
    ]),
  ];
}

/** Parts for `missing`, within what is left of the fee limit and of the attempts (I-14). */
export function launch(state: OutgoingPayment, missing: Msat, ctx: OutgoingContext): Result<Step, PlanFault> {
  const open = openParts(state);
  const feeLeft = state.maxFeeMsat - feeOf(open);
  const attemptsLeft = state.attemptsLimit - state.attempts;
  const finalDelta = finalDeltaOf(state.minFinalCltvExpiryDelta) + state.shadowBlocks;
  const plan = planParts({
    payeeNodeId: state.payeeNodeId,
    routes: state.routes,
    channels: channelsFor(state, ctx.channels),
    amountMsat: missing,
    feeLimitMsat: msat(feeLeft > 0n ? feeLeft : 0n),
    finalDelta,
    maxParts: state.supportsMultiPart ? Math.min(attemptsLeft, PAYMENT_LIMITS.maxPartsAtOnce) : 1,
  });
  if (!plan.ok) return plan;
  return send(state, plan.value, ctx.blockHeight + finalDelta);
}

function send(state: OutgoingPayment, plan: readonly PlannedPart[], finalCltvExpiry: number): Result<Step, PlanFault> {
  const parts: OutgoingPart[] = [];
  const offers: OfferHtlc[] = [];
  for (const [i, { channelNumber, amountMsat, feeMsat, route }] of plan.entries()) {
    const partId = state.nextPartId + i;
    const part: OutgoingPart = {
      partId, channelNumber, htlcId: undefined, amountMsat, feeMsat, finalCltvExpiry, hops: route.hops,
      sessionKey: sessionKeyOf(state.entropy, partId), status: 'pending', failure: undefined,
    }; // prettier-ignore
    const onion = onionOf(state, part);
    if (!onion.ok) return err(onion.error.code === 'payloads_too_large' ? { code: 'onion_too_large' } : { code: 'no_route', reason: 'routes_failed' });
    parts.push(part);
    offers.push(offerOf(state, part, onion.value));
  }
  const next: OutgoingPayment = {
    ...state,
    parts: [...state.parts, ...parts],
    nextPartId: state.nextPartId + parts.length,
    attempts: state.attempts + parts.length,
  };
  const started = parts.map(({ partId, channelNumber, amountMsat, feeMsat, hops }): OutgoingAction => ({
    kind: 'journal',
    event: { kind: 'part_started', partId, channelNumber, amountMsat, feeMsat, hops: hops.length },
  }));
  return ok([next, [{ kind: 'store' }, ...started, ...offers, progress(next)]]);
}

/** What channels can carry, less what they refused before and what they have not answered yet. */
function channelsFor(state: OutgoingPayment, channels: readonly ChannelOffer[]): readonly ChannelOffer[] {
  const waiting = state.parts.filter(({ status }) => status === 'pending');
  return channels.map((channel) => {
    const limit = state.channelLimits.find(({ channelNumber }) => channelNumber === channel.channelNumber)?.limitMsat ?? channel.maxOfferMsat;
    const taken = waiting.reduce((sum, part) => (part.channelNumber === channel.channelNumber ? sum + part.amountMsat + part.feeMsat : sum), 0n);
    const left = minBigint<bigint>(limit, channel.maxOfferMsat - taken);
    return { ...channel, maxOfferMsat: msat(left > 0n ? left : 0n) };
  });
}
