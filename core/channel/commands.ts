import type { OutPoint, Tx } from '../bitcoin/transaction.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import type { FeeratePerKw, Msat, Sat } from '../lib/units.ts';
import type { Message } from '../wire/messages.ts';
import type { ChannelFault } from './errors.ts';
import type { JournalEvent } from './journal.ts';
import type { AttributionData, CloseReason, HtlcAdd, Removal, SpendClass } from './types.ts';

/** Everything that can happen to a channel whose funding is known. */
export type ChannelCommand =
  | { readonly kind: 'receive'; readonly message: Message }
  /** Transport and init are done; both sides' features are known. */
  | { readonly kind: 'connect'; readonly simpleClose: boolean; readonly anySegwit: boolean }
  | { readonly kind: 'disconnect' }
  /** `reference` names the part of a payment that this HTLC carries; it comes back in htlc_offered or htlc_refused. */
  | {
      readonly kind: 'offer_htlc'; readonly reference: string; readonly amountMsat: Msat; readonly paymentHash: Uint8Array;
      readonly cltvExpiry: number; readonly onionRoutingPacket: Uint8Array;
    } // prettier-ignore
  | { readonly kind: 'fulfill_htlc'; readonly id: bigint; readonly paymentPreimage: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail_htlc'; readonly id: bigint; readonly reason: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail_malformed_htlc'; readonly id: bigint; readonly sha256OfOnion: Uint8Array; readonly failureCode: number }
  | { readonly kind: 'update_fee'; readonly feeratePerKw: FeeratePerKw }
  /** Ends a batch: commits whatever waits to be committed. */
  | { readonly kind: 'sign' }
  | { readonly kind: 'shutdown'; readonly script: Uint8Array; readonly reason: CloseReason }
  | { readonly kind: 'force_close'; readonly reason: CloseReason }
  /** The context holds the new height and fee rates. */
  | { readonly kind: 'block' }
  /** The funding output is in a block (or, height undefined, no longer). */
  | { readonly kind: 'funding_confirmed'; readonly height: number | undefined; readonly txIndex: number; readonly output: { readonly amountSat: Sat; readonly script: Uint8Array } | undefined; readonly isCoinbase: boolean }
  /** The funding output is spent, in the mempool (height undefined) or in a block; told again when the height changes. */
  | { readonly kind: 'funding_spent'; readonly tx: Tx; readonly height: number | undefined; readonly penaltyRecord: Uint8Array | undefined }
  /** An output that the channel asked to watch is spent; told again when the height changes. */
  | { readonly kind: 'output_spent'; readonly outPoint: OutPoint; readonly tx: Tx; readonly height: number | undefined }
  | { readonly kind: 'output_unspent'; readonly outPoint: OutPoint }
  /** A reorganisation took the spend back. */
  | { readonly kind: 'funding_unspent' }
  /** What we keep outside the database shows that this state was revoked: the database is a stale copy. */
  | { readonly kind: 'data_lost' };

export type AlarmCode =
  | 'unknown_funding_spend' | 'future_commitment' | 'revoked_commitment' | 'deep_reorg'
  | 'funding_mismatch' | 'peer_lost_data' | 'we_lost_data'; // prettier-ignore

/** What follows from a command, in order. `store` stands before whatever depends on it. */
export type ChannelAction =
  | { readonly kind: 'store' }
  /** Goes to the second file before the revocation leaves: this commitment of ours must never be published again. */
  | { readonly kind: 'raise_high_water'; readonly revokedCommitmentNumber: number }
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'disconnect'; readonly reason: string }
  | { readonly kind: 'publish'; readonly label: 'funding' | 'closing'; readonly tx: Tx }
  /** Our commitment shall confirm; with anchors a child pays for it. */
  | { readonly kind: 'commitment'; readonly desired: DesiredCommitment }
  /** All that is ours to take on chain right now: replaces what was said before. */
  | { readonly kind: 'claims'; readonly claims: readonly DesiredClaim[] }
  | { readonly kind: 'watch_output'; readonly outPoint: OutPoint; readonly script: Uint8Array }
  /** What punishing this commitment needs beside its secret: to be kept, sealed, as long as the channel. */
  | { readonly kind: 'penalty'; readonly commitmentNumber: number; readonly record: Uint8Array }
  | { readonly kind: 'htlc_offered'; readonly reference: string; readonly id: bigint }
  | { readonly kind: 'htlc_refused'; readonly reference: string; readonly fault: ChannelFault }
  /** An incoming HTLC is irrevocably committed on both sides; told again after a restart until it is removed. */
  | { readonly kind: 'htlc_received'; readonly add: HtlcAdd; readonly overDustCap: boolean }
  /** The peer gave the preimage of an HTLC that we offered: final at once. */
  | { readonly kind: 'htlc_fulfilled'; readonly id: bigint; readonly paymentHash: Uint8Array; readonly paymentPreimage: Uint8Array; readonly attributionData: AttributionData | undefined }
  /** An HTLC that we offered is gone from both commitments without a preimage. */
  | { readonly kind: 'htlc_failed'; readonly id: bigint; readonly paymentHash: Uint8Array; readonly removal: Exclude<Removal, { readonly kind: 'fulfill' }> }
  /** An HTLC that we proposed never reached any commitment: the connection broke before we signed it. */
  | { readonly kind: 'htlc_dropped'; readonly id: bigint; readonly paymentHash: Uint8Array }
  /** An HTLC that we offered came back to us on chain, irrevocably. */
  | { readonly kind: 'htlc_timed_out'; readonly id: bigint; readonly paymentHash: Uint8Array }
  /** An HTLC that we received is gone from both commitments. */
  | { readonly kind: 'htlc_removed'; readonly id: bigint; readonly paymentHash: Uint8Array; readonly fulfilled: boolean }
  | { readonly kind: 'journal'; readonly event: JournalEvent }
  /** Our balance in this channel changed by this much for good. */
  | { readonly kind: 'ledger'; readonly reason: LedgerReason; readonly deltaMsat: bigint; readonly reference: string }
  | { readonly kind: 'alarm'; readonly code: AlarmCode; readonly detail: string }
  /** Nothing of this channel is needed any more. */
  | { readonly kind: 'forget' };

export type LedgerReason = 'open' | 'push' | 'payment_sent' | 'payment_received' | 'close' | 'close_fee' | 'sent_on_chain' | 'received_on_chain';
export type { SpendClass };
