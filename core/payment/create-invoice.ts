import { hmacSha256, sha256 } from '../crypto/hash.ts';
import { utf8 } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { FEATURES, featureVector, optional, required } from '../wire/features.ts';
import type { CreateFault, IncomingContext, IncomingPayment, InvoiceRequest } from './incoming-types.ts';
import { PAYMENT_LIMITS } from './limits.ts';

const MAX_EXPIRY_SECONDS = 365 * 24 * 3600;

/** BOLT 9, context 9: what our invoices demand and offer. */
export const invoiceFeatures = (hasMetadata: boolean): Uint8Array =>
  featureVector([required('varOnionOptin'), required('paymentSecret'), optional('basicMpp'), ...(hasMetadata ? [FEATURES.paymentMetadata] : [])]);

const preimageOf = (entropy: Uint8Array): Uint8Array => hmacSha256(entropy, utf8('payment preimage'));
/** The hash that an invoice made from this entropy will have: what it is filed under. */
export const paymentHashOf = (entropy: Uint8Array): Uint8Array => sha256(preimageOf(entropy));

/** An open invoice of ours, written and signed. Preimage and secret come from 32 fresh random bytes each by its use. */
export function createInvoice(request: InvoiceRequest, ctx: Pick<IncomingContext, 'network' | 'nowMs' | 'encodeInvoice'>): Result<IncomingPayment, CreateFault> {
  const { amountMsat, description, expirySeconds, paymentMetadata, routeHints, entropy } = request;
  if (entropy.length !== 32) throw new RangeError('an invoice needs 32 random bytes');
  if (amountMsat === 0n) return err({ code: 'amount_zero' });
  if (!Number.isSafeInteger(expirySeconds) || expirySeconds < 1 || expirySeconds > MAX_EXPIRY_SECONDS) return err({ code: 'expiry_out_of_bounds' });
  const paymentPreimage = preimageOf(entropy);
  const paymentSecret = hmacSha256(entropy, utf8('payment secret'));
  const paymentHash = sha256(paymentPreimage);
  const { minFinalCltvExpiryDelta } = PAYMENT_LIMITS;
  const timestampSeconds = Math.floor(ctx.nowMs / 1000);
  const text = ctx.encodeInvoice({
    network: ctx.network, amountMsat, timestampSeconds, paymentHash, paymentSecret, description, expirySeconds, routeHints,
    minFinalCltvExpiryDelta, paymentMetadata, features: invoiceFeatures(paymentMetadata !== undefined),
  }); // prettier-ignore
  if (!text.ok) return text;
  return ok({
    paymentHash, paymentPreimage, paymentSecret, paymentMetadata, amountMsat, description, expirySeconds, minFinalCltvExpiryDelta,
    createdAtMs: timestampSeconds * 1000,
    invoiceText: text.value,
    status: 'open',
    sets: [],
    settlement: undefined,
  }); // prettier-ignore
}
