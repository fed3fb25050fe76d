import type { NetworkName } from '../bitcoin/network.ts';
import type { InvoiceData, InvoiceEncodeFault } from '../invoice/types.ts';
import type { Result } from '../lib/result.ts';
import type { Msat } from '../lib/units.ts';
import type { Ecdh } from '../onion/keys.ts';
import type { EndHtlc, ReceivedHtlc } from './border.ts';
import type { PaymentJournalEvent } from './journal.ts';

/** One HTLC for an invoice of ours. */
export interface ReceivedPart {
  readonly channelNumber: number;
  readonly htlcId: bigint;
  readonly amountMsat: Msat;
  /** `amt_to_forward` of its onion: what counts towards the total. */
  readonly amtToForwardMsat: Msat;
  readonly cltvExpiry: number;
  /** Of the peeled onion: failures are encrypted with it. */
  readonly sharedSecret: Uint8Array;
  readonly receivedAtMs: number;
  /** Whether the peer takes attribution data. */
  readonly attribution: boolean;
}

/** A part that waits for others. */
export interface WaitingPart extends ReceivedPart {
  /** The channel told of it since the start. Never stored: a part whose channel no longer has it must not complete a set. */
  readonly told: boolean;
}

/** HTLCs of one payment: same hash (the invoice's), same secret (the invoice's), same `total_msat`. */
export interface HtlcSet {
  readonly totalMsat: Msat;
  readonly firstSeenMs: number;
  readonly parts: readonly WaitingPart[];
}

export interface SettledPart extends ReceivedPart {
  /** `lost`: removed without the preimage, which can only happen on chain. */
  readonly status: 'fulfilling' | 'fulfilled' | 'lost';
}

export interface Settlement {
  readonly totalMsat: Msat;
  readonly settledAtMs: number;
  readonly parts: readonly SettledPart[];
}

/** `settling`: the preimage is out; `paid`: every HTLC of the set is gone from both commitments. */
export type InvoiceStatus = 'open' | 'settling' | 'paid' | 'expired' | 'cancelled';

/** An invoice of ours with what was received for it, by payment hash. */
export interface IncomingPayment {
  readonly paymentHash: Uint8Array;
  readonly paymentPreimage: Uint8Array;
  readonly paymentSecret: Uint8Array;
  readonly paymentMetadata: Uint8Array | undefined;
  /** Undefined: the payer chooses. */
  readonly amountMsat: Msat | undefined;
  readonly description: string;
  readonly createdAtMs: number;
  readonly expirySeconds: number;
  readonly minFinalCltvExpiryDelta: number;
  readonly invoiceText: string;
  readonly status: InvoiceStatus;
  readonly sets: readonly HtlcSet[];
  readonly settlement: Settlement | undefined;
}

export interface InvoiceRequest {
  readonly amountMsat: Msat | undefined;
  readonly description: string;
  readonly expirySeconds: number;
  readonly paymentMetadata: Uint8Array | undefined;
  readonly routeHints: NonNullable<InvoiceData['routeHints']>;
  /** 32 fresh random bytes: the preimage and the secret come from them. */
  readonly entropy: Uint8Array;
}

export interface IncomingContext {
  readonly network: NetworkName;
  /** The node's private key, or its Diffie-Hellman. */
  readonly nodeKey: Uint8Array | Ecdh;
  readonly blockHeight: number;
  readonly nowMs: number;
  /** Sets that wait for other invoices of ours. */
  readonly waitingSetsElsewhere: number;
  /** Signs and writes an invoice. */
  readonly encodeInvoice: (data: InvoiceData) => Result<string, InvoiceEncodeFault>;
}

export type IncomingCommand =
  | { readonly kind: 'create'; readonly request: InvoiceRequest }
  /** Told again after a restart until the HTLC is removed. `attribution`: the peer has option_attribution_data. */
  | { readonly kind: 'htlc_received'; readonly channelNumber: number; readonly add: ReceivedHtlc; readonly overDustCap: boolean; readonly attribution: boolean }
  | { readonly kind: 'htlc_removed'; readonly channelNumber: number; readonly id: bigint; readonly fulfilled: boolean }
  /** After a restart: every HTLC with this hash that a channel still holds, on chain ones too. */
  | { readonly kind: 'reconcile'; readonly openHtlcs: readonly { readonly channelNumber: number; readonly id: bigint }[] }
  /** Time passed or a block came. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'cancel' }; // prettier-ignore

export type IncomingEvent =
  | { readonly kind: 'settling'; readonly amountMsat: Msat }
  | { readonly kind: 'received'; readonly amountMsat: Msat }
  | { readonly kind: 'ended'; readonly how: 'expired' | 'cancelled' };

export type CreateFault = InvoiceEncodeFault | { readonly code: 'amount_zero' | 'expiry_out_of_bounds' };

export type IncomingAction =
  | { readonly kind: 'store' }
  | EndHtlc
  | { readonly kind: 'reply'; readonly result: Result<string, CreateFault> }
  | { readonly kind: 'event'; readonly event: IncomingEvent }
  | { readonly kind: 'journal'; readonly event: PaymentJournalEvent }
  /** What the channel's own movement of this HTLC was for. */
  | { readonly kind: 'ledger'; readonly reason: 'invoice_paid'; readonly amountMsat: Msat; readonly reference: string }
  | { readonly kind: 'alarm'; readonly code: 'settled_htlc_lost'; readonly channelNumber: number; readonly id: bigint };

export type IncomingState = IncomingPayment | undefined;
export type IncomingStep = readonly [IncomingState, readonly IncomingAction[]];
