/** Everything that can go wrong between two peers, as values. */
export type ChannelFaultCode =
  | 'invalid_field' | 'unknown_chain' | 'funding_out_of_bounds' | 'reserve_out_of_bounds' | 'dust_limit_out_of_bounds'
  | 'to_self_delay_too_large' | 'max_accepted_htlcs_out_of_bounds' | 'htlc_minimum_too_large' | 'in_flight_too_small'
  | 'feerate_out_of_bounds' | 'invalid_pubkey' | 'opener_cannot_pay_fee' | 'both_below_reserve' | 'channel_type_unsuitable'
  | 'minimum_depth_too_large' | 'invalid_shutdown_script' | 'push_exceeds_funding'
  | 'invalid_commitment_signature' | 'invalid_htlc_signature' | 'wrong_htlc_signature_count' | 'nothing_to_commit'
  | 'invalid_revocation' | 'unexpected_revocation' | 'unexpected_htlc_id' | 'unknown_htlc' | 'htlc_already_removed'
  | 'invalid_preimage' | 'missing_badonion_bit' | 'htlc_amount_too_small' | 'too_many_htlcs' | 'in_flight_exceeded'
  | 'insufficient_balance' | 'expiry_out_of_bounds' | 'dust_exposure_exceeded' | 'fee_update_from_wrong_side'
  | 'not_live' | 'shutting_down' | 'closing_in_progress' | 'unexpected_message' | 'closing_fee_out_of_bounds'
  | 'invalid_closing_signature' | 'closing_output_is_dust' | 'reestablish_out_of_bounds' | 'reestablish_unproven_claim'
  | 'wrong_last_secret' | 'pending_updates' | 'internal'; // prettier-ignore

export interface ChannelFault {
  readonly code: ChannelFaultCode;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

export const fault = (code: ChannelFaultCode, expected?: unknown, actual?: unknown): ChannelFault => ({
  code,
  ...(expected === undefined ? {} : { expected: String(expected) }),
  ...(actual === undefined ? {} : { actual: String(actual) }),
});

/** One line for a peer or a log; holds no secret. */
export const faultText = ({ code, expected, actual }: ChannelFault): string =>
  code.replaceAll('_', ' ') + (expected === undefined ? '' : `, expected ${expected}`) + (actual === undefined ? '' : `, got ${actual}`);
