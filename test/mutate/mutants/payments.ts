import type { Mutant } from '../mutant.ts';

const FINAL = 'core/payment/final-hop.ts';
const INCOMING = 'core/payment/incoming.ts';
const incoming = ['states/payment/incoming.test.ts'];
const outgoing = ['states/payment/outgoing.test.ts', 'states/payment/quote.test.ts'];

/** What is paid, and for what a preimage leaves. */
export const paymentMutants: readonly Mutant[] = [
  {
    fault: 'a preimage leaves without the payment secret', against: 'I-18, catalogue 23', file: FINAL, tests: incoming,
    find: '  if (!paymentSecret || !equalConstantTime(paymentSecret, invoice.paymentSecret)) return false;\n', replace: '',
  },
  {
    fault: 'less than the invoice asks for is taken', against: 'I-18, catalogue 22', file: FINAL, tests: incoming,
    find: 'totalMsat < invoice.amountMsat || ', replace: '',
  },
  {
    fault: 'an HTLC that expires too soon is taken', against: 'I-17', file: FINAL, tests: incoming,
    find: '  if (add.cltvExpiry < ctx.blockHeight + invoice.minFinalCltvExpiryDelta) return false;\n', replace: '',
  },
  {
    fault: 'an HTLC with less than its onion says is taken', against: 'I-18', file: FINAL, tests: incoming,
    find: "  if (add.amountMsat < payload.amtToForwardMsat) return { name: 'final_incorrect_htlc_amount', incomingHtlcAmt: add.amountMsat };\n", replace: '',
  },
  {
    fault: 'an invoice that has expired is still paid out', against: 'I-18', file: FINAL, tests: incoming,
    find: 'if (!begun && ctx.nowMs > invoiceExpiresAtMs(invoice)) return false;', replace: '',
  },
  {
    fault: 'a preimage leaves for part of a set', against: 'I-18, catalogue 23', file: INCOMING, tests: incoming,
    find: 'sum + part.amtToForwardMsat, 0n) >= totalMsat;', replace: 'sum + part.amtToForwardMsat, 0n) > 0n;',
  },
  {
    fault: 'a set counts parts whose HTLC nobody has seen since the start', against: 'I-18', file: INCOMING, tests: incoming,
    find: 'parts.every(({ told }) => told) && ', replace: '',
  },
  {
    fault: 'a preimage leaves before it is on disk that the set is settled', against: 'I-8', file: INCOMING, tests: [...incoming, 'simulation/crash-points.test.ts'],
    find: "    [\n      { kind: 'store' },\n      { kind: 'journal', event: { kind: 'set_settling'", replace: "    [\n      { kind: 'journal', event: { kind: 'set_settling'",
  },
  {
    fault: 'a set is settled although its HTLCs are about to expire', against: 'I-17', file: INCOMING, tests: incoming,
    find: "if (isLate(set, ctx.blockHeight)) return failSet(state, set, 'expiry_near', ctx);", replace: '',
  },
  {
    fault: 'a hash that was paid is paid again', against: 'I-14', file: 'core/payment/begin.ts', tests: outgoing,
    find: "  if (state.status === 'succeeded') return", replace: "  if (state.status === 'succeeded' && state.parts.length > 1000) return",
  },
  {
    fault: 'a retry may use the whole fee limit again', against: 'I-14', file: 'core/payment/advance.ts', tests: ['states/payment/failures.test.ts'],
    find: 'feeLimitMsat: msat(feeLeft > 0n ? feeLeft : 0n),', replace: 'feeLimitMsat: state.maxFeeMsat,',
  },
  {
    fault: 'a dearer route than the limit is taken', against: 'I-14', file: 'core/payment/plan.ts', tests: outgoing,
    find: 'plans.find((plan) => feeOf(plan) <= feeLimitMsat)', replace: 'plans[0]',
  },
]; // prettier-ignore
