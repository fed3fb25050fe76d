import { msat } from '../lib/units.ts';

/** Numbers of safety.md section 3.1 and what bounds the work a payment can cause. */
export const PAYMENT_LIMITS = {
  /** No HTLC of ours, sent or received, expires later than this many blocks from now. */
  maxExpiryBlocks: 2016,
  /** What our invoices ask for. */
  minFinalCltvExpiryDelta: 144,
  /** A preimage leaves only while this many blocks are left: claim deadline (72) and a reorganisation (6). */
  settleMarginBlocks: 78,
  /** BOLT 4, "Basic Multi-Part Payments": at least 60 s after the first part. */
  mppTimeoutMs: 60_000,
  maxSetsPerInvoice: 4,
  maxPartsPerInvoice: 64,
  /** Waiting sets of all invoices together. */
  maxWaitingSets: 200,
  /** HTLCs that one payment sends at once. */
  maxPartsAtOnce: 16,
  maxAttempts: 100,
  /** Smaller parts cost more than they move. */
  minPartMsat: msat(1_000n),
  maxRoutes: 20,
  /** Hops of an invoice's hint: the onion has room for 20 attributed ones. */
  maxHintHops: 19,
  /** Added to the payee's final delta: blocks that it may be ahead of us, or that come while the payment travels. */
  finalMarginBlocks: 3,
  /** The largest random addition to the final expiry (BOLT 7, "Recommendations for Routing"): hides who is last. */
  maxShadowBlocks: 40,
} as const;
