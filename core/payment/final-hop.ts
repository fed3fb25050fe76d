import { sha256 } from '../crypto/hash.ts';
import { equal, equalConstantTime } from '../lib/bytes.ts';
import { type Msat, maxBigint } from '../lib/units.ts';
import { holdTimeOfMs, updateAttribution } from '../onion/attribution.ts';
import { blindedEcdh } from '../onion/blinded-path.ts';
import { createErrorOnion } from '../onion/errors.ts';
import { type Failure, encodeFailure, failureTable } from '../onion/failures.ts';
import { type OnionFault, type PeeledOnion, peelOnion } from '../onion/packet.ts';
import { type ReadPayload, readPayload } from '../onion/payload.ts';
import type { Result } from '../lib/result.ts';
import type { AttributionData, EndHtlc, ReceivedHtlc } from './border.ts';
import type { IncomingCommand, IncomingContext, IncomingPayment, ReceivedPart } from './incoming-types.ts';
import { PAYMENT_LIMITS } from './limits.ts';

type Received = Extract<IncomingCommand, { kind: 'htlc_received' }>;

/** What becomes of a received HTLC: it joins a set of its total, or goes back at once. */
export type Judgement = { readonly kind: 'part'; readonly part: ReceivedPart; readonly totalMsat: Msat } | { readonly kind: 'end'; readonly end: EndHtlc };

const HOLD_TIMES_BYTES = 80;
const split = (data: Uint8Array | undefined): AttributionData | undefined =>
  data && { htlcHoldTimes: data.slice(0, HOLD_TIMES_BYTES), truncatedHmacs: data.slice(HOLD_TIMES_BYTES) };

type Held = Pick<ReceivedPart, 'channelNumber' | 'htlcId' | 'sharedSecret' | 'receivedAtMs' | 'attribution'>;

/** `update_fail_htlc` with the error that only the payer can read (BOLT 4, "Erring node"). */
export function failPart(part: Held, failure: Failure, nowMs: number): EndHtlc {
  const holdTime = part.attribution ? holdTimeOfMs(nowMs - part.receivedAtMs) : undefined;
  const error = createErrorOnion({ sharedSecret: part.sharedSecret, failureMessage: encodeFailure(failure), holdTime });
  return { kind: 'fail_htlc', channelNumber: part.channelNumber, id: part.htlcId, reason: error.reason, attributionData: split(error.attributionData) };
}

export function fulfillPart(part: Held, paymentPreimage: Uint8Array, nowMs: number): EndHtlc {
  const { sharedSecret } = part;
  const attributionData = part.attribution ? split(updateAttribution({ sharedSecret, holdTime: holdTimeOfMs(nowMs - part.receivedAtMs) })) : undefined;
  return { kind: 'fulfill_htlc', channelNumber: part.channelNumber, id: part.htlcId, paymentPreimage, attributionData };
}

/** The one answer to whoever does not know the invoice, so that probing tells nothing. */
export const unknownDetails = (amountMsat: Msat, height: number): Failure => ({ name: 'incorrect_or_unknown_payment_details', htlcMsat: amountMsat, height });

/** BOLT 4, "`payload` format" and "Failure Messages", the final node; `invoice` undefined for a hash that is not ours. */
export function judge(invoice: IncomingPayment | undefined, command: Received, ctx: IncomingContext): Judgement {
  const { channelNumber, add, attribution } = command;
  const malformed = (failureCode: number, sha256OfOnion: Uint8Array): Judgement => ({
    kind: 'end',
    end: { kind: 'fail_malformed_htlc', channelNumber, id: add.id, sha256OfOnion, failureCode },
  });
  const peeled = peel(add, ctx);
  // With a path key every fault has the one answer that does not tell where the path ends; we make no such paths.
  if (!peeled || add.pathKey) return malformed(failureTable.invalid_onion_blinding.code, sha256(add.onionRoutingPacket));
  const heldWith = (sharedSecret: Uint8Array): Held => ({ channelNumber, htlcId: add.id, sharedSecret, receivedAtMs: ctx.nowMs, attribution });
  const end = (held: Held, failure: Failure): Judgement => ({ kind: 'end', end: failPart(held, failure, ctx.nowMs) });
  if (!peeled.ok) {
    const { error } = peeled;
    if (error.code === 'invalid_onion_payload') return end(heldWith(error.sharedSecret), invalidPayload(error));
    return malformed(failureTable[error.code].code, error.sha256OfOnion);
  }
  const held = heldWith(peeled.value.sharedSecret);
  const payload = readPayload(peeled.value.payload, { isFinal: peeled.value.nextPacket === undefined, hasPathKey: false });
  if (!payload.ok) return end(held, payload.error.code === 'invalid_onion_payload' ? invalidPayload(payload.error) : blindingFailure(add));
  const read = payload.value;
  // Even when its hash is one of our invoices (safety.md row 22): the preimage is for a payee's onion only.
  if (read.kind === 'forward') return end(held, { name: 'unknown_next_peer' });
  if (read.kind !== 'receive') return end(held, blindingFailure(add));
  const refusal = command.overDustCap ? ({ name: 'temporary_node_failure' } as const) : finalRefusal(invoice, add, read, ctx);
  if (refusal) return end(held, refusal);
  const { amtToForwardMsat, totalMsat } = read;
  return { kind: 'part', totalMsat, part: { ...held, amountMsat: add.amountMsat, amtToForwardMsat, cltvExpiry: add.cltvExpiry } };
}

function peel(add: ReceivedHtlc, { nodeKey }: IncomingContext): Result<PeeledOnion, OnionFault> | undefined {
  const key = add.pathKey ? blindedEcdh(nodeKey, add.pathKey) : nodeKey;
  return key && peelOnion(add.onionRoutingPacket, key, add.paymentHash);
}

const invalidPayload = ({ type, offset }: { readonly type: bigint; readonly offset: number }): Failure => ({ name: 'invalid_onion_payload', type, offset });

const blindingFailure = (add: ReceivedHtlc): Failure => ({ name: 'invalid_onion_blinding', sha256OfOnion: sha256(add.onionRoutingPacket) });

type Receive = Extract<ReadPayload, { kind: 'receive' }>;

/** In the order of the BOLT's list: what the payer may not learn comes before what the last hop did wrong. */
function finalRefusal(invoice: IncomingPayment | undefined, add: ReceivedHtlc, payload: Receive, ctx: IncomingContext): Failure | undefined {
  if (!invoice || !isWanted(invoice, add, payload, ctx)) return unknownDetails(add.amountMsat, ctx.blockHeight);
  if (add.cltvExpiry < payload.outgoingCltvValue) return { name: 'final_incorrect_cltv_expiry', cltvExpiry: add.cltvExpiry };
  if (add.amountMsat < payload.amtToForwardMsat) return { name: 'final_incorrect_htlc_amount', incomingHtlcAmt: add.amountMsat };
  return undefined;
}

export const invoiceExpiresAtMs = ({ createdAtMs, expirySeconds }: IncomingPayment): number => createdAtMs + expirySeconds * 1000;

function isWanted(invoice: IncomingPayment, add: ReceivedHtlc, payload: Receive, ctx: IncomingContext): boolean {
  const { paymentSecret, paymentMetadata, amtToForwardMsat, totalMsat } = payload;
  if (!equal(invoice.paymentHash, add.paymentHash) || invoice.status !== 'open') return false;
  if (!paymentSecret || !equalConstantTime(paymentSecret, invoice.paymentSecret)) return false;
  if (invoice.paymentMetadata && !(paymentMetadata && equal(paymentMetadata, invoice.paymentMetadata))) return false;
  // Parts of a set that began in time may follow.
  const begun = invoice.sets.some((set) => set.totalMsat === totalMsat);
  if (!begun && ctx.nowMs > invoiceExpiresAtMs(invoice)) return false;
  if (totalMsat === 0n || amtToForwardMsat === 0n) return false;
  if (invoice.amountMsat !== undefined && (totalMsat < invoice.amountMsat || maxBigint(totalMsat, amtToForwardMsat) > 2n * invoice.amountMsat)) return false;
  if (add.cltvExpiry < ctx.blockHeight + invoice.minFinalCltvExpiryDelta) return false;
  return add.cltvExpiry <= ctx.blockHeight + PAYMENT_LIMITS.maxExpiryBlocks;
}
