import { hasFeature } from '../invoice/features.ts';
import { type Result, err, ok } from '../lib/result.ts';
import type { Msat } from '../lib/units.ts';
import { FEATURES } from '../wire/features.ts';
import { launch, openParts } from './advance.ts';
import { checkInvoice, expiryMsOf, finalDeltaOf } from './check.ts';
import type { PaymentFault } from './errors.ts';
import { PAYMENT_LIMITS } from './limits.ts';
import type { EarlierPayment, OutgoingAction, OutgoingContext, OutgoingPayment, PayCommand } from './outgoing-types.ts';
import { shadowBlocksOf } from './part.ts';
import { feeOf } from './plan.ts';
import { routesOf } from './routes.ts';

type State = OutgoingPayment | undefined;

const replyWith = (result: Result<'accepted', PaymentFault>): OutgoingAction => ({ kind: 'reply', result });

/** The state stays as it is unless the first parts can leave. */
export function beginPayment(state: State, command: PayCommand, ctx: OutgoingContext): readonly [State, readonly OutgoingAction[]] {
  const begun = begin(state, command, ctx);
  return begun.ok ? begun.value : [state, [replyWith(begun)]];
}

function begin(state: State, command: PayCommand, ctx: OutgoingContext): Result<readonly [State, readonly OutgoingAction[]], PaymentFault> {
  const again = mayPay(state, command.consentToPayAgain);
  if (again) return err(again);
  const amount = checkInvoice(command.invoice, command.amountMsat, ctx);
  if (!amount.ok) return amount;
  if (ctx.nowMs >= command.deadlineMs || ctx.blockHeight >= command.deadlineHeight) return err({ code: 'deadline_passed' });
  const payment = newPayment(state, command, amount.value, ctx);
  const launched = launch(payment, amount.value, ctx);
  if (!launched.ok) return launched;
  const [next, [store, ...rest]] = launched.value;
  const { payeeNodeId, amountMsat, maxFeeMsat } = next;
  const started: OutgoingAction = { kind: 'journal', event: { kind: 'payment_started', payeeNodeId, amountMsat, maxFeeMsat } };
  return ok([next, [store ?? { kind: 'store' }, started, replyWith(ok('accepted')), ...rest]]);
}

/** I-14: one hash is never paid twice unless the user says so, and never while a part of it is open. */
export function mayPay(state: State, consentToPayAgain: boolean): PaymentFault | undefined {
  if (!state) return undefined;
  if (state.status === 'pending' || openParts(state).length > 0) return { code: 'in_progress' };
  if (consentToPayAgain) return undefined;
  if (state.status === 'succeeded') return { code: 'already_paid', paidAtMs: state.completedAtMs ?? state.createdAtMs };
  return state.failure?.reason === 'outcome_unknown' ? { code: 'outcome_unknown' } : paidBefore(state);
}

function paidBefore(state: OutgoingPayment): PaymentFault | undefined {
  const last = state.earlier.at(-1);
  return last && { code: 'already_paid', paidAtMs: last.completedAtMs };
}

export const supportsMultiPart = (features: Uint8Array): boolean => hasFeature(features, FEATURES.basicMpp);

function earlierOf(state: State): readonly EarlierPayment[] {
  if (!state) return [];
  if (state.status !== 'succeeded' && state.failure?.reason !== 'outcome_unknown') return state.earlier;
  const feeMsat = feeOf(state.parts.filter(({ status }) => status === 'fulfilled'));
  return [...state.earlier, { amountMsat: state.amountMsat, feeMsat, completedAtMs: state.completedAtMs ?? state.createdAtMs }];
}

function newPayment(before: State, command: PayCommand, amountMsat: Msat, ctx: OutgoingContext): OutgoingPayment {
  const { invoice, invoiceText, maxFeeMsat, deadlineHeight, deadlineMs, entropy } = command;
  if (entropy.length !== 32) throw new RangeError('a payment needs 32 random bytes');
  const { paymentHash, payeeNodeId, paymentSecret, paymentMetadata, minFinalCltvExpiryDelta, description } = invoice;
  const room = PAYMENT_LIMITS.maxExpiryBlocks - finalDeltaOf(minFinalCltvExpiryDelta);
  const routes = routesOf(invoice);
  const hopDelta = Math.max(...routes.map(({ hops }) => hops.reduce((sum, hop) => sum + hop.cltvExpiryDelta, 0)).filter((delta) => delta <= room));
  return {
    paymentHash, payeeNodeId, paymentSecret, paymentMetadata, minFinalCltvExpiryDelta, description, invoiceText, amountMsat,
    invoiceExpiresAtMs: expiryMsOf(invoice),
    supportsMultiPart: supportsMultiPart(invoice.features),
    maxFeeMsat,
    attemptsLimit: Math.min(Math.max(1, command.attemptsLimit), PAYMENT_LIMITS.maxAttempts),
    attempts: 0,
    deadlineHeight, deadlineMs, entropy,
    createdAtMs: ctx.nowMs,
    // A shadow must not cost a route that is possible without it.
    shadowBlocks: shadowBlocksOf(entropy, room - hopDelta),
    nextPartId: before?.nextPartId ?? 0,
    parts: [],
    routes,
    channelLimits: [],
    waitForParts: false,
    giveUp: undefined,
    status: 'pending',
    paymentPreimage: undefined,
    failure: undefined,
    completedAtMs: undefined,
    earlier: earlierOf(before),
  }; // prettier-ignore
}
