import type { NetworkName } from '../bitcoin/network.ts';
import type { Msat } from '../lib/units.ts';

export interface RouteHintHop {
  readonly nodeId: Uint8Array;
  readonly shortChannelId: bigint;
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
}
/** From a public node towards the payee. */
export type RouteHint = readonly RouteHintHop[];

export interface Invoice {
  readonly network: NetworkName;
  /** Undefined: the payer chooses. */
  readonly amountMsat: Msat | undefined;
  /** Since 1970. */
  readonly timestampSeconds: number;
  readonly paymentHash: Uint8Array;
  readonly paymentSecret: Uint8Array;
  /** Either this or `descriptionHash`. Written by a stranger: never to be shown raw. */
  readonly description: string | undefined;
  readonly descriptionHash: Uint8Array | undefined;
  readonly payeeNodeId: Uint8Array;
  readonly expirySeconds: number;
  readonly minFinalCltvExpiryDelta: number;
  /** Output scripts, the most preferred first. */
  readonly fallbackAddresses: readonly Uint8Array[];
  readonly routeHints: readonly RouteHint[];
  /** Bit vector of BOLT 9, big-endian, without leading zero bytes. */
  readonly features: Uint8Array;
  readonly paymentMetadata: Uint8Array | undefined;
}

/** What an invoice is made of; what is left out is not written, so that the reader's defaults hold. */
export interface InvoiceData {
  readonly network: NetworkName;
  readonly amountMsat?: Msat | undefined;
  readonly timestampSeconds: number;
  readonly paymentHash: Uint8Array;
  readonly paymentSecret: Uint8Array;
  readonly description?: string | undefined;
  readonly descriptionHash?: Uint8Array | undefined;
  /** Writes the `n` field; without it the reader recovers the key from the signature. */
  readonly payeeNodeId?: Uint8Array | undefined;
  readonly expirySeconds?: number | undefined;
  readonly minFinalCltvExpiryDelta?: number | undefined;
  readonly fallbackAddresses?: readonly Uint8Array[] | undefined;
  readonly routeHints?: readonly RouteHint[] | undefined;
  readonly features?: Uint8Array | undefined;
  readonly paymentMetadata?: Uint8Array | undefined;
}

/** The part of an invoice that could not be read. */
export type MalformedPart =
  | 'length'
  | 'mixed_case'
  | 'amount'
  | 'field_length'
  | 'description'
  | 'expiry'
  | 'min_final_cltv_expiry_delta'
  | 'features'
  | 'route_hint'
  | 'node_id';

export type InvoiceFault =
  | { readonly code: 'not_an_invoice' }
  | { readonly code: 'bad_checksum' }
  /** `network` is undefined for a currency we do not know; `prefix` is its letters, at most 16. */
  | { readonly code: 'other_network'; readonly network: NetworkName | undefined; readonly prefix: string }
  | { readonly code: 'malformed'; readonly what: MalformedPart }
  | { readonly code: 'sub_msat_amount' }
  | { readonly code: 'missing_payment_hash' }
  | { readonly code: 'missing_payment_secret' }
  /** Neither or both of description and description hash. */
  | { readonly code: 'missing_description' | 'two_descriptions' }
  | { readonly code: 'unknown_even_feature'; readonly bit: number }
  | { readonly code: 'missing_feature_dependency'; readonly bit: number; readonly needs: number }
  | { readonly code: 'invalid_signature' };

export type InvoiceEncodeFault = {
  readonly code: 'field_too_long';
  readonly field: 'description' | 'payment_metadata' | 'route_hint' | 'features';
};

export const DEFAULT_EXPIRY_SECONDS = 3600;
export const DEFAULT_MIN_FINAL_CLTV_EXPIRY_DELTA = 18;
