import type { Invoice } from '../invoice/types.ts';
import type { Msat } from '../lib/units.ts';
import { msat } from '../lib/units.ts';
import { mayPay, supportsMultiPart } from './begin.ts';
import { checkInvoice, finalDeltaOf } from './check.ts';
import { type Advice, type PaymentFault, adviceFor } from './errors.ts';
import { PAYMENT_LIMITS } from './limits.ts';
import type { OutgoingContext, OutgoingPayment } from './outgoing-types.ts';
import { type PlanRequest, feeOf, planParts, possibleMsat } from './plan.ts';
import { routeFeeMsat, routesOf } from './routes.ts';

export interface QuoteRequest {
  readonly invoice: Invoice;
  /** Undefined: the invoice's own amount. */
  readonly amountMsat: Msat | undefined;
  readonly maxFeeMsat: Msat;
  /** What is known of this hash. */
  readonly known: OutgoingPayment | undefined;
}

export interface QuotedPart {
  readonly channelNumber: number;
  readonly amountMsat: Msat;
  readonly feeMsat: Msat;
  /** Nodes between our peer and the payee, our peer included: 0 when the payee is our peer. */
  readonly hops: number;
}

export type Quote =
  | { readonly payable: true; readonly amountMsat: Msat; readonly feeMsat: Msat; readonly worstFeeMsat: Msat; readonly possibleMsat: Msat; readonly parts: readonly QuotedPart[] }
  | { readonly payable: false; readonly fault: PaymentFault; readonly advice: Advice; readonly possibleMsat: Msat }; // prettier-ignore

const NO_FEE_LIMIT = msat(0xffff_ffff_ffff_ffffn);

/**
 * Whether an invoice can be paid right now, over which channels, for which fee, and what it may cost at worst when the
 * cheap ways fail (never over the limit); else why not, what to do, and how much would be possible.
 */
export function quote({ invoice, amountMsat, maxFeeMsat, known }: QuoteRequest, ctx: OutgoingContext): Quote {
  const request: Omit<PlanRequest, 'amountMsat'> = {
    payeeNodeId: invoice.payeeNodeId,
    routes: routesOf(invoice),
    channels: ctx.channels,
    feeLimitMsat: maxFeeMsat,
    finalDelta: finalDeltaOf(invoice.minFinalCltvExpiryDelta),
    maxParts: supportsMultiPart(invoice.features) ? PAYMENT_LIMITS.maxPartsAtOnce : 1,
  };
  const possible = possibleMsat({ ...request, amountMsat: msat(0n) });
  const no = (fault: PaymentFault): Quote => ({ payable: false, fault, advice: adviceOf(fault), possibleMsat: possible });
  const again = mayPay(known, false);
  if (again) return no(again);
  const amount = checkInvoice(invoice, amountMsat, ctx);
  if (!amount.ok) return no(amount.error);
  const plan = planParts({ ...request, amountMsat: amount.value });
  if (!plan.ok) return no(plan.error);
  const feeMsat = feeOf(plan.value);
  return {
    payable: true,
    amountMsat: amount.value,
    feeMsat,
    worstFeeMsat: worstFeeMsat({ ...request, amountMsat: amount.value }, feeMsat, maxFeeMsat),
    possibleMsat: possible,
    parts: plan.value.map((part) => ({ channelNumber: part.channelNumber, amountMsat: part.amountMsat, feeMsat: part.feeMsat, hops: part.route.hops.length })),
  };
}

/** Offline channels make the difference between waiting and having too little. */
function adviceOf(fault: PaymentFault): Advice {
  const offline = fault.code === 'insufficient_balance' && fault.limits.some(({ limit }) => limit === 'offline');
  return offline ? 'wait_for_connection' : adviceFor(fault.code);
}

/** The dearest way for the whole amount that could be tried. */
function worstFeeMsat(request: PlanRequest, feeMsat: Msat, maxFeeMsat: Msat): Msat {
  const fees = request.routes
    .filter((route) => planParts({ ...request, routes: [route], feeLimitMsat: NO_FEE_LIMIT }).ok)
    .map(({ hops }) => routeFeeMsat(hops, request.amountMsat));
  const worst = fees.reduce((most, fee) => (fee > most ? fee : most), feeMsat);
  return worst > maxFeeMsat ? maxFeeMsat : worst;
}
