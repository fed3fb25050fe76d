import type { NetworkName } from '../bitcoin/network.ts';
import type { Invoice } from '../invoice/types.ts';
import type { Result } from '../lib/result.ts';
import type { Msat } from '../lib/units.ts';
import type { AttributionData, ChannelOffer, FailedRemoval, OfferHtlc } from './border.ts';
import type { FailureReason, PaymentFault } from './errors.ts';
import type { PaymentJournalEvent } from './journal.ts';
import type { Route, RouteHop } from './routes.ts';

/** How a part ended without a preimage. Hops are counted from our peer on, as indices of the part's way. */
export type PartFailure =
  /** The channel did not take it; nothing left us. */
  | { readonly kind: 'refused'; readonly fault: string }
  | { readonly kind: 'returned'; readonly failureCode: number; readonly hop: number; readonly atPayee: boolean }
  | { readonly kind: 'malformed'; readonly failureCode: number }
  | { readonly kind: 'unreadable'; readonly blamedHop: number | undefined }
  | { readonly kind: 'timed_out_on_chain' }
  /** Written down, but a restart came before the channel knew it. */
  | { readonly kind: 'never_committed' }
  /** The channel no longer holds it and nobody told us how it ended. */
  | { readonly kind: 'vanished' };

/** `pending`: given to a channel that has not answered; `offered`: its HTLC exists. */
export type PartStatus = 'pending' | 'offered' | 'fulfilled' | 'failed';

export interface OutgoingPart {
  readonly partId: number;
  readonly channelNumber: number;
  readonly htlcId: bigint | undefined;
  /** What the payee gets by it. */
  readonly amountMsat: Msat;
  readonly feeMsat: Msat;
  readonly finalCltvExpiry: number;
  /** Its way, with the terms as they were. */
  readonly hops: readonly RouteHop[];
  readonly sessionKey: Uint8Array;
  readonly status: PartStatus;
  readonly failure: PartFailure | undefined;
}

export interface PaymentFailure {
  readonly reason: FailureReason;
  /** What the last failed part told, where there was one. */
  readonly part: PartFailure | undefined;
}

/** A payment of the same hash that completed, or may have, before the user chose to pay again. */
export interface EarlierPayment {
  readonly amountMsat: Msat;
  readonly feeMsat: Msat;
  readonly completedAtMs: number;
}

export type OutgoingStatus = 'pending' | 'succeeded' | 'failed';

/** A payment of ours, by payment hash. What is in it is what is stored. */
export interface OutgoingPayment {
  readonly paymentHash: Uint8Array;
  readonly payeeNodeId: Uint8Array;
  readonly paymentSecret: Uint8Array;
  readonly paymentMetadata: Uint8Array | undefined;
  readonly minFinalCltvExpiryDelta: number;
  readonly invoiceExpiresAtMs: number;
  readonly supportsMultiPart: boolean;
  /** As the payee wrote it: never to be shown raw. */
  readonly description: string | undefined;
  readonly invoiceText: string;
  /** `total_msat`: what the payee shall get. */
  readonly amountMsat: Msat;
  /** Over all parts together. */
  readonly maxFeeMsat: Msat;
  readonly attemptsLimit: number;
  readonly attempts: number;
  readonly deadlineHeight: number;
  readonly deadlineMs: number;
  readonly createdAtMs: number;
  /** 32 bytes that session keys are drawn from. */
  readonly entropy: Uint8Array;
  readonly shadowBlocks: number;
  /** Never starts again, so that a reference names one HTLC for ever. */
  readonly nextPartId: number;
  readonly parts: readonly OutgoingPart[];
  readonly routes: readonly Route[];
  /** What channels refused: the most to try there. */
  readonly channelLimits: readonly { readonly channelNumber: number; readonly limitMsat: Msat }[];
  /** After mpp_timeout nothing new starts before the old parts are back. */
  readonly waitForParts: boolean;
  /** Nothing new starts; the payment fails once no part is open. */
  readonly giveUp: PaymentFailure | undefined;
  readonly status: OutgoingStatus;
  readonly paymentPreimage: Uint8Array | undefined;
  readonly failure: PaymentFailure | undefined;
  readonly completedAtMs: number | undefined;
  readonly earlier: readonly EarlierPayment[];
}

export interface OutgoingContext {
  readonly network: NetworkName;
  readonly nodeId: Uint8Array;
  readonly blockHeight: number;
  readonly nowMs: number;
  /** Every channel that is open, also offline ones; as they are right now. */
  readonly channels: readonly ChannelOffer[];
}

export interface PayCommand {
  readonly kind: 'pay';
  readonly invoice: Invoice;
  readonly invoiceText: string;
  /** Undefined: the invoice's own amount. */
  readonly amountMsat: Msat | undefined;
  readonly maxFeeMsat: Msat;
  /** HTLCs that may be offered in all, parts and retries together. */
  readonly attemptsLimit: number;
  /** From this height and time on nothing new starts. */
  readonly deadlineHeight: number;
  readonly deadlineMs: number;
  readonly consentToPayAgain: boolean;
  /** 32 fresh random bytes. */
  readonly entropy: Uint8Array;
}

export interface OpenHtlc {
  readonly channelNumber: number;
  readonly id: bigint;
  readonly onionRoutingPacket: Uint8Array;
}

export type OutgoingCommand =
  | PayCommand
  | { readonly kind: 'htlc_offered'; readonly reference: string; readonly id: bigint }
  | { readonly kind: 'htlc_refused'; readonly reference: string; readonly fault: { readonly code: string } }
  | { readonly kind: 'htlc_fulfilled'; readonly channelNumber: number; readonly id: bigint; readonly paymentPreimage: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'htlc_failed'; readonly channelNumber: number; readonly id: bigint; readonly removal: FailedRemoval }
  /** The connection broke before any commitment held it: nothing left us. */
  | { readonly kind: 'htlc_dropped'; readonly channelNumber: number; readonly id: bigint }
  /** The channel closed: `timed_out` only once that is irrevocable. */
  | { readonly kind: 'htlc_resolved_on_chain'; readonly channelNumber: number; readonly id: bigint; readonly outcome: { readonly kind: 'fulfilled'; readonly paymentPreimage: Uint8Array } | { readonly kind: 'timed_out' } }
  /** After a restart, before anything else: every HTLC offered with this hash that a channel still holds. */
  | { readonly kind: 'reconcile'; readonly openHtlcs: readonly OpenHtlc[] }
  /** Time passed, a block came or channels changed. */
  | { readonly kind: 'tick' }
  /** The user wants no further attempt; parts under way cannot be called back. */
  | { readonly kind: 'cancel' }; // prettier-ignore

export type OutgoingEvent =
  | { readonly kind: 'progress'; readonly openParts: number; readonly openMsat: Msat; readonly attempts: number }
  | { readonly kind: 'succeeded'; readonly paymentPreimage: Uint8Array; readonly amountMsat: Msat; readonly feeMsat: Msat }
  | { readonly kind: 'failed'; readonly failure: PaymentFailure };

export type OutgoingAction =
  | { readonly kind: 'store' }
  | OfferHtlc
  | { readonly kind: 'reply'; readonly result: Result<'accepted', PaymentFault> }
  | { readonly kind: 'event'; readonly event: OutgoingEvent }
  | { readonly kind: 'journal'; readonly event: PaymentJournalEvent }
  /** Of what left our channels with this part, so much was routing fee: not a movement beside the channel's own. */
  | { readonly kind: 'ledger'; readonly reason: 'routing_fee'; readonly amountMsat: Msat; readonly reference: string }
  | { readonly kind: 'alarm'; readonly code: 'invalid_preimage' | 'fulfilled_after_failure' | 'part_vanished'; readonly reference: string };
