import type { Msat } from '../lib/units.ts';

/** The channel machine's border, repeated: folders of one layer do not import each other. A test compares the two. */
export interface AttributionData {
  readonly htlcHoldTimes: Uint8Array;
  readonly truncatedHmacs: Uint8Array;
}

export type FailedRemoval =
  | { readonly kind: 'fail'; readonly reason: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail_malformed'; readonly sha256OfOnion: Uint8Array; readonly failureCode: number };

/** The fixed part of an HTLC that a channel received. */
export interface ReceivedHtlc {
  readonly id: bigint;
  readonly amountMsat: Msat;
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
  readonly onionRoutingPacket: Uint8Array;
  readonly pathKey: Uint8Array | undefined;
}

/** What a payment asks of a channel: the channel's commands, with its number. */
export interface OfferHtlc {
  readonly kind: 'offer_htlc';
  readonly channelNumber: number;
  /** `<payment hash in hex>/<part id>`; comes back in htlc_offered or htlc_refused. */
  readonly reference: string;
  readonly amountMsat: Msat;
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
  readonly onionRoutingPacket: Uint8Array;
}
export type EndHtlc =
  | { readonly kind: 'fulfill_htlc'; readonly channelNumber: number; readonly id: bigint; readonly paymentPreimage: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail_htlc'; readonly channelNumber: number; readonly id: bigint; readonly reason: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail_malformed_htlc'; readonly channelNumber: number; readonly id: bigint; readonly sha256OfOnion: Uint8Array; readonly failureCode: number }; // prettier-ignore

/** Which rule of a channel binds what it can offer now. */
export type OfferLimit = 'none' | 'reserve_and_fee' | 'in_flight' | 'htlc_count' | 'offline';

/** A channel of ours as a payment sees it. */
export interface ChannelOffer {
  readonly channelNumber: number;
  readonly peerNodeId: Uint8Array;
  /** The most that one more HTLC could carry now; 0 while offline. */
  readonly maxOfferMsat: Msat;
  readonly limit: OfferLimit;
  /** Our balance in it. */
  readonly ourMsat: Msat;
  readonly htlcMinimumMsat: Msat;
}
