/** Every code that an error may have. The message beside it is plain enough to be shown. */
export const ERROR_CODES = [
  'bad_request', 'unknown_method', 'internal', 'not_found', 'not_supported', 'stopping', 'not_confirmed',
  'vault_exists', 'vault_missing', 'locked', 'unlocked', 'wrong_password', 'invalid_mnemonic', 'recovery_mode',
  'data_in_use', 'data_not_writable', 'data_newer_version', 'data_corrupt', 'disk_full', 'write_failed',
  'chain_unavailable', 'chain_behind', 'chain_other_network', 'chain_dishonest', 'publish_refused',
  'invoice_malformed', 'invoice_bad_checksum', 'invoice_other_network', 'invoice_unknown_feature', 'invoice_missing_secret',
  'invoice_sub_msat_amount', 'invoice_bad_signature', 'invoice_expired', 'invoice_expiry_too_far', 'invoice_own', 'invoice_limit',
  'amount_missing', 'amount_out_of_bounds', 'already_paid', 'payment_in_progress', 'insufficient_balance', 'fee_limit_too_low',
  'no_route', 'payment_failed',
  'address_malformed', 'address_other_network', 'dust_amount', 'insufficient_funds', 'below_reserve', 'fee_absurd', 'coin_unknown',
  'peer_address_malformed', 'peer_unreachable', 'peer_handshake_failed', 'peer_incompatible', 'peer_not_connected',
  'funding_too_small', 'funding_too_large', 'channel_refused', 'channel_not_ready', 'channel_closing', 'too_many_channels',
] as const; // prettier-ignore
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ApiError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: Readonly<Record<string, string | number>> | undefined;
}
