import { featureFault } from '../invoice/features.ts';
import type { Invoice } from '../invoice/types.ts';
import { equal } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type Msat, msat } from '../lib/units.ts';
import type { PaymentFault } from './errors.ts';
import { PAYMENT_LIMITS } from './limits.ts';
import type { OutgoingContext } from './outgoing-types.ts';

type CheckContext = Pick<OutgoingContext, 'network' | 'nodeId' | 'nowMs'>;

export const expiryMsOf = ({ timestampSeconds, expirySeconds }: Invoice): number => (timestampSeconds + expirySeconds) * 1000;

/** What the invoice itself forbids (BOLT 11, "Payer / Payee Interactions"); the amount to pay otherwise. */
export function checkInvoice(invoice: Invoice, chosenMsat: Msat | undefined, ctx: CheckContext): Result<Msat, PaymentFault> {
  if (invoice.network !== ctx.network) return err({ code: 'other_network', expected: ctx.network, actual: invoice.network });
  const features = featureFault(invoice.features);
  if (features?.code === 'unknown_even_feature' || features?.code === 'missing_feature_dependency') return err(features);
  if (equal(invoice.payeeNodeId, ctx.nodeId)) return err({ code: 'own_invoice' });
  const expiredAtMs = expiryMsOf(invoice);
  if (ctx.nowMs > expiredAtMs) return err({ code: 'invoice_expired', expiredAtMs });
  const actualBlocks = finalDeltaOf(invoice.minFinalCltvExpiryDelta);
  if (actualBlocks > PAYMENT_LIMITS.maxExpiryBlocks) return err({ code: 'final_expiry_too_far', maximumBlocks: PAYMENT_LIMITS.maxExpiryBlocks, actualBlocks });
  return checkAmount(invoice.amountMsat, chosenMsat);
}

/** Blocks from now to the payee's expiry, without a shadow. */
export const finalDeltaOf = (minFinalCltvExpiryDelta: number): number => minFinalCltvExpiryDelta + PAYMENT_LIMITS.finalMarginBlocks;

/** BOLT 4, "Basic Multi-Part Payments": at least what was asked, and at most twice that. */
function checkAmount(asked: Msat | undefined, chosen: Msat | undefined): Result<Msat, PaymentFault> {
  const amount = chosen ?? asked;
  if (amount === undefined) return err({ code: 'amount_missing' });
  const minimumMsat = asked ?? msat(1n);
  if (amount < minimumMsat || amount === 0n) return err({ code: 'amount_too_low', minimumMsat });
  if (asked !== undefined && amount > 2n * asked) return err({ code: 'amount_too_high', maximumMsat: msat(2n * asked) });
  return ok(amount);
}
