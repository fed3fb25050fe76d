import { type TypeOf, amountMsat, bytes, optional, tagged, text16, u16, u32, u64 } from '../codec/codec.ts';


/**
 * The history of a payment, of both directions. Metadata only: no preimage, no secret. The numbers are the stored
 * format and never change their meaning.
 */
export const paymentJournalEvent = tagged('kind', {
  payment_started: [1, { payeeNodeId: bytes(33), amountMsat, maxFeeMsat: amountMsat }],
  part_started: [2, { partId: u32, channelNumber: u32, amountMsat, feeMsat: amountMsat, hops: u16 }],
  part_failed: [3, { partId: u32, what: text16, failureCode: optional(u16), hop: optional(u16) }],
  part_fulfilled: [4, { partId: u32, amountMsat, feeMsat: amountMsat }],
  payment_succeeded: [5, { amountMsat, feeMsat: amountMsat }],
  payment_failed: [6, { reason: text16 }],
  invoice_created: [16, { amountMsat: optional(amountMsat) }],
  invoice_ended: [17, { how: text16 }],
  set_failed: [18, { totalMsat: amountMsat, parts: u16, why: text16 }],
  set_settling: [19, { totalMsat: amountMsat, receivedMsat: amountMsat, parts: u16 }],
  received: [20, { receivedMsat: amountMsat, parts: u16 }],
  received_part_lost: [21, { channelNumber: u32, htlcId: u64, amountMsat }],
});
export type PaymentJournalEvent = TypeOf<typeof paymentJournalEvent>;
export const paymentSubject = (direction: 'out' | 'in', paymentHashHex: string): string => `payment:${direction}:${paymentHashHex}`;
