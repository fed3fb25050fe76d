import type { NetworkName } from '../bitcoin/network.ts';
import type { InvoiceFault } from '../invoice/types.ts';
import type { Msat } from '../lib/units.ts';
import type { OfferLimit } from './border.ts';

/** What binds each channel that could have carried a payment. */
export interface ChannelLimit {
  readonly channelNumber: number;
  readonly maxOfferMsat: Msat;
  readonly limit: OfferLimit;
}

/** Why no set of parts can carry an amount now. */
export type PlanFault =
  /** None of the ways that the invoice names begins at a peer of ours, or all were ruled out. */
  | { readonly code: 'no_route'; readonly reason: 'no_peer_on_route' | 'routes_failed' | 'expiry_too_far' }
  | { readonly code: 'insufficient_balance'; readonly wantedMsat: Msat; readonly possibleMsat: Msat; readonly limits: readonly ChannelLimit[] }
  /** Several channels together could, but the payee takes one part only. */
  | { readonly code: 'needs_multi_part'; readonly wantedMsat: Msat; readonly possibleMsat: Msat }
  | { readonly code: 'amount_below_minimum'; readonly minimumMsat: Msat }
  | { readonly code: 'fee_limit_too_low'; readonly neededMsat: Msat; readonly limitMsat: Msat }
  /** Several metadata, hops or hints leave no room in the onion. */
  | { readonly code: 'onion_too_large' };

/** Why a payment is refused before anything is sent. */
export type PaymentFault =
  | PlanFault
  | { readonly code: 'invoice_expired'; readonly expiredAtMs: number }
  | { readonly code: 'other_network'; readonly expected: NetworkName; readonly actual: NetworkName }
  | Extract<InvoiceFault, { readonly code: 'unknown_even_feature' | 'missing_feature_dependency' }>
  | { readonly code: 'own_invoice' }
  | { readonly code: 'amount_missing' }
  | { readonly code: 'amount_too_low'; readonly minimumMsat: Msat }
  | { readonly code: 'amount_too_high'; readonly maximumMsat: Msat }
  | { readonly code: 'final_expiry_too_far'; readonly maximumBlocks: number; readonly actualBlocks: number }
  | { readonly code: 'already_paid'; readonly paidAtMs: number }
  | { readonly code: 'outcome_unknown' }
  | { readonly code: 'in_progress' }
  | { readonly code: 'deadline_passed' };

/** Why a payment that was begun has failed for good. */
export type FailureReason =
  | PlanFault['code']
  | 'refused_by_payee' | 'invoice_expired' | 'deadline_passed' | 'attempts_exhausted' | 'cancelled' | 'outcome_unknown'; // prettier-ignore
export const failureReasons = [
  'no_route', 'insufficient_balance', 'needs_multi_part', 'amount_below_minimum', 'fee_limit_too_low', 'onion_too_large',
  'refused_by_payee', 'invoice_expired', 'deadline_passed', 'attempts_exhausted', 'cancelled', 'outcome_unknown',
] as const satisfies readonly FailureReason[]; // prettier-ignore

export type Advice =
  | 'ask_for_a_new_invoice' | 'try_again_later' | 'raise_the_fee_limit' | 'pay_less_or_get_capacity' | 'open_a_channel'
  | 'wait_for_connection' | 'ask_the_payee_before_paying_again' | 'correct_the_amount' | 'nothing_to_do'; // prettier-ignore

/** What the user can do about a fault or failure. */
export function adviceFor(code: PaymentFault['code'] | FailureReason): Advice {
  switch (code) {
    case 'no_route':
      return 'open_a_channel';
    case 'insufficient_balance':
    case 'needs_multi_part':
      return 'pay_less_or_get_capacity';
    case 'fee_limit_too_low':
      return 'raise_the_fee_limit';
    case 'amount_below_minimum':
    case 'amount_missing':
    case 'amount_too_low':
    case 'amount_too_high':
      return 'correct_the_amount';
    case 'invoice_expired':
    case 'other_network':
    case 'unknown_even_feature':
    case 'missing_feature_dependency':
    case 'final_expiry_too_far':
    case 'onion_too_large':
    case 'refused_by_payee':
      return 'ask_for_a_new_invoice';
    case 'deadline_passed':
    case 'attempts_exhausted':
      return 'try_again_later';
    case 'already_paid':
    case 'outcome_unknown':
      return 'ask_the_payee_before_paying_again';
    case 'own_invoice':
    case 'in_progress':
    case 'cancelled':
      return 'nothing_to_do';
  }
}
