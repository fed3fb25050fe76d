import { bareInvoice, decodeInvoice, isInvoiceExpired } from '../../invoice/bolt11.ts';
import { hasFeature } from '../../invoice/features.ts';
import type { Invoice } from '../../invoice/types.ts';
import { toHex } from '../../lib/bytes.ts';
import { type Msat, msat } from '../../lib/units.ts';
import { foreign } from '../../lib/sanitize.ts';
import { paymentHashOf } from '../../payment/create-invoice.ts';
import { PAYMENT_LIMITS } from '../../payment/limits.ts';
import { quote } from '../../payment/quote.ts';
import { FEATURES } from '../../wire/features.ts';
import { ApiFailure } from '../app.ts';
import type { SfericNode } from '../node.ts';
import { paymentsCsv } from '../payments-csv.ts';
import { invoiceView, isOutgoing, outgoingView, paymentView, receivedView } from '../views.ts';
import { createFailure, invoiceFailure, paymentFailure } from '../words.ts';
import type { Handlers } from './handler.ts';

type PaymentMethod =
  | 'invoice.create' | 'invoice.decode' | 'invoice.list' | 'invoice.get' | 'payment.quote' | 'payment.send' | 'payment.get' | 'payment.list' | 'payment.export'
  | 'ledger.balances'; // prettier-ignore

const DEADLINE_MS = 60_000;
/** Hints beyond these make an invoice long without making it easier to pay. */
const MAX_ROUTE_HINTS = 3;

function decode(node: SfericNode, text: string): Invoice {
  const decoded = decodeInvoice(bareInvoice(text), node.config.network.name);
  if (!decoded.ok) throw invoiceFailure(decoded.error);
  return decoded.value;
}

/** One percent, and at least ten satoshi so that small payments find a way too. */
const USUAL_FEE_PERCENT = 1;
const ALWAYS_ALLOWED_MSAT = 10_000n;
/** Percent of the amount to two decimals, and never less than what a short way costs. */
function feeLimit(amountMsat: bigint, percent: number): Msat {
  const limit = (amountMsat * BigInt(Math.round(percent * 100))) / 10_000n;
  return msat(limit > ALWAYS_ALLOWED_MSAT ? limit : ALWAYS_ALLOWED_MSAT);
}

export const paymentHandlers: Handlers<PaymentMethod> = {
  'invoice.create': async (node, { amountMsat, description, expirySeconds }) => {
    if (node.config.recoveryReason !== undefined) throw new ApiFailure('recovery_mode', 'This copy of the data may be old: nothing can be received before that is cleared up.');
    const entropy = node.ports.system.random(32);
    const routeHints = node.channels.all()
      .filter((channel) => channel.phase === 'normal' && !channel.localShutdown && !channel.remoteShutdownScript)
      .flatMap((channel) => { const hop = node.policies.hintFor(channel); return hop ? [[hop]] : []; })
      .slice(0, MAX_ROUTE_HINTS); // prettier-ignore
    const request = { amountMsat: amountMsat === undefined ? undefined : msat(amountMsat), description, expirySeconds, paymentMetadata: undefined, routeHints, entropy };
    await new Promise<void>((resolve, reject) => {
      node.turns.enqueue((turn) =>
        node.payments.create(turn, request, (result) => {
          if (result.ok) resolve();
          else reject(createFailure(result.error));
        }),
      );
    });
    const made = await node.payments.findIncoming(toHex(paymentHashOf(entropy)));
    if (!made) throw new Error('bug: the invoice just made is not there');
    return invoiceView(made);
  },
  'invoice.decode': (node, { invoice }) => {
    const decoded = decode(node, invoice);
    const nowMs = node.ports.system.nowMs();
    return {
      paymentHash: toHex(decoded.paymentHash), network: decoded.network, payeeNodeId: toHex(decoded.payeeNodeId), createdAtMs: decoded.timestampSeconds * 1000,
      expiresAtMs: (decoded.timestampSeconds + decoded.expirySeconds) * 1000, expired: isInvoiceExpired(decoded, Math.floor(nowMs / 1000)),
      minFinalCltvExpiryDelta: decoded.minFinalCltvExpiryDelta, routeHints: decoded.routeHints.length, multiPart: hasFeature(decoded.features, FEATURES.basicMpp),
      ...(decoded.amountMsat === undefined ? {} : { amountMsat: decoded.amountMsat }),
      ...(decoded.description === undefined ? {} : { description: foreign(decoded.description, 640) }),
    }; // prettier-ignore
  },
  'invoice.list': async (node, { limit, before }) => {
    const page = await node.payments.page(limit, before, 'i');
    return page.flatMap((payment) => (isOutgoing(payment) ? [] : [invoiceView(payment)]));
  },
  'invoice.get': async (node, { paymentHash }) => {
    const invoice = await node.payments.findIncoming(paymentHash);
    if (!invoice) throw new ApiFailure('not_found', 'There is no such invoice of this wallet.');
    return invoiceView(invoice);
  },

  'payment.quote': async (node, { invoice: text, amountMsat, maxFeePercent }) => {
    const invoice = decode(node, text);
    const amount = amountMsat === undefined ? undefined : msat(amountMsat);
    const known = await node.payments.findOutgoing(toHex(invoice.paymentHash));
    const maxFeeMsat = feeLimit(amount ?? invoice.amountMsat ?? 0n, maxFeePercent);
    const result = quote({ invoice, amountMsat: amount, maxFeeMsat, known }, node.payments.outgoingContext());
    if (result.payable) {
      return { payable: true, amountMsat: result.amountMsat, feeMsat: result.feeMsat, maxFeeMsat: result.worstFeeMsat, parts: result.parts.length, possibleMsat: result.possibleMsat };
    }
    const { code, message, data } = paymentFailure(result.fault);
    return { payable: false, amountMsat: amount ?? invoice.amountMsat ?? 0n, feeMsat: 0n, maxFeeMsat, parts: 0, possibleMsat: result.possibleMsat, reason: { code, message, ...(data ? { data } : {}) } };
  },
  'payment.send': async (node, { invoice: text, amountMsat, maxFeeMsat, payAgain, timeoutMs }) => {
    const invoice = decode(node, text);
    if (!node.mayAddHtlcs) throw new ApiFailure('chain_behind', 'The newest block is over an hour old: payments wait until the chain is seen again. Nothing was paid.');
    const hash = toHex(invoice.paymentHash);
    const amount = amountMsat === undefined ? undefined : msat(amountMsat);
    const known = await node.payments.findOutgoing(hash);
    const nowMs = node.ports.system.nowMs();
    const final = node.finals.of(hash, timeoutMs);
    await new Promise<void>((resolve, reject) => {
      node.turns.enqueue((turn) =>
        node.payments.outgoing(
          turn,
          hash,
          {
            kind: 'pay', invoice, invoiceText: bareInvoice(text), amountMsat: amount,
            maxFeeMsat: maxFeeMsat === undefined ? feeLimit(amount ?? invoice.amountMsat ?? 0n, USUAL_FEE_PERCENT) : msat(maxFeeMsat),
            attemptsLimit: PAYMENT_LIMITS.maxAttempts, deadlineHeight: node.onchain.height + 6, deadlineMs: nowMs + DEADLINE_MS, consentToPayAgain: payAgain,
            entropy: node.ports.system.random(32),
          },
          known,
          (result) => (result.ok ? resolve() : reject(paymentFailure(result.error))),
        ),
      ); // prettier-ignore
    });
    await final;
    const payment = await node.payments.findOutgoing(hash);
    if (!payment) throw new Error('bug: the payment just begun is not there');
    return outgoingView(payment);
  },
  'payment.get': async (node, { paymentHash, direction }) => {
    const payment = direction === 'sent' ? await node.payments.findOutgoing(paymentHash) : await node.payments.findIncoming(paymentHash);
    if (!payment) throw new ApiFailure('not_found', 'There is no such payment.');
    return isOutgoing(payment) ? outgoingView(payment) : receivedView(payment);
  },
  'payment.list': async (node, { limit, before }) => (await node.payments.page(limit, before, 'all')).map(paymentView),
  'payment.export': async (node) => ({ csv: (await Array.fromAsync(paymentsCsv(node))).join('') }),
  'ledger.balances': async (node) => [...(await node.ports.store.balances())].map(([account, balanceMsat]) => ({ account, balanceMsat })).toSorted((a, b) => (a.account < b.account ? -1 : 1)),
};

