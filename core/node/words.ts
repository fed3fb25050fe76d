import type { Answer, ErrorCode } from '../api.ts';
import type { AddressFault } from '../bitcoin/address.ts';
import type { AddressFault as PeerAddressFault } from '../lib/address.ts';
import type { MnemonicFault } from '../crypto/hd.ts';
import type { InvoiceFault } from '../invoice/types.ts';
import { unreachable } from '../lib/result.ts';
import { failureNameOf } from '../onion/failures.ts';
import type { PaymentFault } from '../payment/errors.ts';
import type { CreateFault } from '../payment/incoming-types.ts';
import type { PaymentFailure } from '../payment/outgoing-types.ts';
import type { BackupFault } from '../store/backup-file.ts';
import type { StoreFault } from '../store/port.ts';
import type { PeerLinkError } from '../transport/link.ts';
import type { BumpFault } from '../wallet/bump.ts';
import type { PlanFault } from '../wallet/plan.ts';
import { ApiFailure } from './app.ts';

/** Faults of the machines in plain words: what happened, what it means for the money, what to do. */
const sats = (amountMsat: bigint): string => {
  const rest = amountMsat % 1000n;
  return `${amountMsat / 1000n}${rest === 0n ? '' : `.${rest.toString().padStart(3, '0')}`} sat`;
};
const failure = (code: ErrorCode, message: string, data?: Record<string, string | number>): ApiFailure => new ApiFailure(code, message, data);

export function invoiceFailure(fault: InvoiceFault): ApiFailure {
  switch (fault.code) {
    case 'bad_checksum':
      return failure('invoice_bad_checksum', 'This invoice has a typing error: its checksum does not fit. Nothing was paid. Copy it again.');
    case 'other_network':
      return failure('invoice_other_network', `This invoice belongs to another network (${fault.network ?? fault.prefix}). Nothing was paid. Ask for one on the network of this wallet.`);
    case 'unknown_even_feature':
      return failure('invoice_unknown_feature', `This invoice needs something that this wallet does not know (feature ${fault.bit}). Nothing was paid. Ask for another invoice, or look for a newer version of Sferic.`, { bit: fault.bit });
    case 'missing_payment_secret':
      return failure('invoice_missing_secret', 'This invoice has no payment secret, so that nodes on the way could steal the payment. Nothing was paid. Ask for a new one.');
    case 'sub_msat_amount':
      return failure('invoice_sub_msat_amount', 'The amount of this invoice is finer than a millisatoshi, which nobody can pay. Nothing was paid. Ask for a new one.');
    case 'invalid_signature':
      return failure('invoice_bad_signature', 'The signature of this invoice is wrong: it was changed on the way. Nothing was paid. Ask for a new one.');
    case 'not_an_invoice':
    case 'malformed':
    case 'missing_payment_hash':
    case 'missing_description':
    case 'two_descriptions':
    case 'missing_feature_dependency':
      return failure('invoice_malformed', 'This is not a Lightning invoice that can be read. Nothing was paid. Copy all of it again, or ask for a new one.', { fault: fault.code });
    default:
      return unreachable(fault);
  }
}

export function createFailure(fault: CreateFault): ApiFailure {
  switch (fault.code) {
    case 'amount_zero':
      return failure('amount_out_of_bounds', 'An invoice cannot ask for an amount of nothing. Nothing was made. Name an amount, or leave it to the payer.');
    case 'expiry_out_of_bounds':
      return failure('invoice_limit', 'An invoice cannot be valid for that long. Nothing was made. Choose a shorter time.');
    case 'field_too_long':
      return failure('invoice_limit', `The ${fault.field.replaceAll('_', ' ')} does not fit into an invoice. Nothing was made. Make it shorter.`, { field: fault.field });
    default:
      return unreachable(fault);
  }
}

type TooLittle = Extract<PaymentFault, { code: 'insufficient_balance' }>;
type Limit = 'no_channel' | 'offline' | 'htlc_count' | 'in_flight' | 'reserve_and_fee';

/** The limit of the wallet's channels behind a balance that is too small. */
function limitOf(limits: TooLittle['limits']): Limit {
  if (limits.length === 0) return 'no_channel';
  if (limits.every(({ limit }) => limit === 'offline')) return 'offline';
  const reasons = new Set(limits.map(({ limit }) => limit));
  return reasons.has('htlc_count') ? 'htlc_count' : reasons.has('in_flight') ? 'in_flight' : 'reserve_and_fee';
}
const LIMIT_WORDS: Readonly<Record<Limit, string>> = {
  no_channel: 'There is no open channel that leads there.',
  offline: 'The peer is not connected.',
  htlc_count: 'Too many payments are under way in the channel; wait for them.',
  in_flight: 'The peer limits how much may be under way at once.',
  reserve_and_fee: 'The rest of the balance is the reserve that every channel keeps, and the fee of its closing.',
};

/** What to do about it. */
function limitAdvice({ limits, possibleMsat }: TooLittle): string {
  const reasons = new Set(limits.map(({ limit }) => limit));
  if (limits.length === 0) return 'Open a channel first.';
  if (reasons.has('offline')) return 'Wait until the peer is there again.';
  if (reasons.has('htlc_count') || reasons.has('in_flight')) return 'Try again in a moment, or pay less at once.';
  return possibleMsat > 0n ? 'Pay less, or open another channel.' : 'Receive something first, or open another channel.';
}

export function paymentFailure(fault: PaymentFault): ApiFailure {
  switch (fault.code) {
    case 'no_route':
      return failure('no_route', 'No way leads from this wallet to the payee: its invoice names none that begins at a peer of yours. Nothing was paid. Open a channel to the payee or to a node that it names.', { reason: fault.reason });
    case 'insufficient_balance':
      return failure('insufficient_balance', `Too little can be sent: ${sats(fault.wantedMsat)} are wanted, ${sats(fault.possibleMsat)} are possible now. ${LIMIT_WORDS[limitOf(fault.limits)]} Nothing was paid. ${limitAdvice(fault)}`, { fault: limitOf(fault.limits), wantedMsat: fault.wantedMsat.toString(), possibleMsat: fault.possibleMsat.toString() });
    case 'needs_multi_part':
      return failure('insufficient_balance', `The amount needs several channels at once, which the payee does not take. ${sats(fault.possibleMsat)} are possible. Nothing was paid. Pay less, or open a larger channel.`, { fault: fault.code, wantedMsat: fault.wantedMsat.toString(), possibleMsat: fault.possibleMsat.toString() });
    case 'amount_below_minimum':
      return failure('amount_out_of_bounds', `The amount is below the least that the way carries, ${sats(fault.minimumMsat)}. Nothing was paid. Pay more, or ask for another invoice.`, { fault: fault.code, minimumMsat: fault.minimumMsat.toString() });
    case 'fee_limit_too_low':
      return failure('fee_limit_too_low', `The cheapest way costs ${sats(fault.neededMsat)}, over your limit of ${sats(fault.limitMsat)}. Nothing was paid. Raise the limit, or pay another way.`, { neededMsat: fault.neededMsat.toString(), limitMsat: fault.limitMsat.toString() });
    case 'onion_too_large':
      return failure('no_route', 'The way to the payee is too long to be written down. Nothing was paid. Ask for an invoice with a shorter way.');
    case 'invoice_expired':
      return failure('invoice_expired', `This invoice expired on ${new Date(fault.expiredAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC. Nothing was paid. Ask for a new one.`);
    case 'other_network':
      return failure('invoice_other_network', `This invoice belongs to another network (${fault.actual}). Nothing was paid. Ask for one on the network of this wallet.`);
    case 'unknown_even_feature':
      return invoiceFailure(fault);
    case 'missing_feature_dependency':
      return invoiceFailure(fault);
    case 'own_invoice':
      return failure('invoice_own', 'This invoice is your own. Nothing was paid. Give it to whoever should pay you.');
    case 'amount_missing':
      return failure('amount_missing', 'This invoice leaves the amount to you. Nothing was paid. Say how much to pay.');
    case 'amount_too_low':
      return failure('amount_out_of_bounds', `The invoice asks for at least ${sats(fault.minimumMsat)}. Nothing was paid. Pay that, or ask for another invoice.`, { fault: fault.code, minimumMsat: fault.minimumMsat.toString() });
    case 'amount_too_high':
      return failure('amount_out_of_bounds', `That is more than twice what the invoice asks for. The most is ${sats(fault.maximumMsat)}. Nothing was paid. Look for a digit too many.`, { fault: fault.code, maximumMsat: fault.maximumMsat.toString() });
    case 'final_expiry_too_far':
      return failure('invoice_expiry_too_far', `The payee wants to be able to hold the payment for ${fault.actualBlocks} blocks; at most ${fault.maximumBlocks} are safe. Nothing was paid. Ask for an invoice with a shorter final expiry.`);
    case 'already_paid':
      return failure('already_paid', 'This invoice is paid already. Nothing was paid a second time. To pay it once more, say so explicitly.', { paidAtMs: fault.paidAtMs });
    case 'outcome_unknown':
      return failure('already_paid', 'An earlier payment of this invoice ended without an answer and may have arrived. Nothing was paid now. Ask the payee before you pay again.');
    case 'in_progress':
      return failure('payment_in_progress', 'This invoice is being paid right now. Nothing is paid twice. Wait for the outcome.');
    case 'deadline_passed':
      return failure('payment_failed', 'The time for this payment is over. Nothing was paid. Try again.');
    default:
      return unreachable(fault);
  }
}

const FAILURE_TEXT: Readonly<Record<PaymentFailure['reason'], string>> = {
  no_route: 'Every way to the payee failed. Your money did not leave.',
  insufficient_balance: 'The channels could not carry the amount. Your money did not leave.',
  needs_multi_part: 'The amount needs several channels at once, which the payee does not take.',
  amount_below_minimum: 'The amount is below the least that the way carries.',
  fee_limit_too_low: 'Every way left costs more than your fee limit.',
  onion_too_large: 'The way to the payee is too long.',
  refused_by_payee: 'The payee refused the payment: the invoice is unknown to it, paid already or its amount is wrong. Your money did not leave. Ask for a new invoice.',
  invoice_expired: 'The invoice expired before the payment arrived. Your money did not leave.',
  deadline_passed: 'The payment took too long and was given up. Your money did not leave.',
  attempts_exhausted: 'Too many attempts failed. Your money did not leave. Try again later.',
  cancelled: 'The payment was cancelled. Your money did not leave.',
  outcome_unknown: 'Nobody can say whether the payment arrived. Ask the payee before you pay again.',
};
export function failureWords({ reason, part }: PaymentFailure): NonNullable<Answer<'payment.get'>['failure']> {
  const message = FAILURE_TEXT[reason];
  if (!part || !('failureCode' in part)) return { code: reason, message };
  const { failureCode } = part;
  const failureName = failureNameOf(failureCode);
  return { code: `${reason}:${failureCode}`, message, failureCode, ...(failureName === undefined ? {} : { failureName }), ...('hop' in part ? { hop: part.hop, atPayee: part.atPayee } : {}) };
}

/** `possibleSat`: what would be possible beside the reserve, where it is known. */
export function reserveFailure(reserveSat: bigint, wish: 'send' | 'open', possibleSat: bigint | undefined): ApiFailure {
  const most = wish === 'send' ? `${possibleSat} sat can be sent beside it` : `a channel of ${possibleSat} sat can be opened beside it`;
  const possible = possibleSat === undefined ? '' : possibleSat === 0n ? (wish === 'send' ? ' Nothing can be sent beside it.' : ' No channel can be opened beside it.') : ` At most ${most}.`;
  const what = `${reserveSat} sat must stay in the wallet: a channel that has to be closed on chain needs coins for its fees, or money in it could be lost.`;
  return failure('below_reserve', `${what}${possible} Nothing was spent. Choose a smaller amount, add coins, or say explicitly that the reserve may be spent.`, {
    fault: wish, reserveSat: reserveSat.toString(), ...(possibleSat === undefined ? {} : { possibleSat: possibleSat.toString() }),
  }); // prettier-ignore
}

export function planFailure(fault: PlanFault): ApiFailure {
  switch (fault.code) {
    case 'insufficient_funds':
      return failure('insufficient_funds', `Too few coins: ${fault.missingSat} sat are missing, fees of ${fault.feeSat} sat included. ${fault.availableSat} sat can be spent. Nothing was sent. Choose a smaller amount, or add coins first.`, { missingSat: fault.missingSat.toString(), feeSat: fault.feeSat.toString(), availableSat: fault.availableSat.toString() });
    case 'dust_amount':
      return failure('dust_amount', `An amount of ${fault.amountSat} sat is too small to be sent on chain; it takes at least ${fault.limitSat} sat. Nothing was sent. Choose a larger amount.`, { amountSat: fault.amountSat.toString(), limitSat: fault.limitSat.toString() });
    case 'no_outputs':
      return failure('bad_request', 'There is nothing to send. Name an amount.');
    case 'feerate_too_low':
      return failure('fee_absurd', `The fee rate is below ${fault.limitSatPerVb} sat/vB: no node would pass the transaction on. Nothing was sent. Choose a higher one.`);
    case 'feerate_too_high':
      return failure('fee_absurd', `The fee rate is above ${fault.limitSatPerVb} sat/vB, which is never right. Nothing was sent. Choose a lower one.`);
    case 'fee_share_too_high':
      return failure('fee_absurd', `The fee of ${fault.feeSat} sat is more than ${fault.limitPercent} % of the amount. Nothing was sent. Choose a lower fee rate.`, { feeSat: fault.feeSat.toString(), limitPercent: fault.limitPercent });
    case 'below_reserve':
      return reserveFailure(fault.reserveSat, 'send', undefined);
    case 'transaction_too_large':
      return failure('insufficient_funds', 'The amount needs too many small coins for one transaction. Nothing was sent. Send it in parts.');
    default:
      return unreachable(fault);
  }
}

/** `fault` in the data names what is in the way of a replacement. */
export function bumpFailure(fault: BumpFault): ApiFailure {
  switch (fault.code) {
    case 'already_confirmed':
      return failure('fee_absurd', 'This transaction is in a block already. Nothing was changed.', { fault: fault.code });
    case 'has_descendants':
      return failure('fee_absurd', 'Coins of this transaction are spent by another one of yours, which a replacement would undo. Nothing was changed. Wait for a block.', { fault: fault.code });
    case 'not_replaceable':
      return failure('fee_absurd', 'This transaction cannot be replaced: what hangs on it is signed already. Nothing was changed. Wait for a block.', { fault: fault.code });
    case 'feerate_not_higher':
      return failure('fee_absurd', `This transaction pays ${rateText(fault.currentSatPerVb)} sat/vB already. Nothing was changed. Choose a higher fee rate.`, { fault: fault.code, currentSatPerVb: rateText(fault.currentSatPerVb) });
    default:
      return planFailure(fault);
  }
}

/** Rounded up to a tenth: a rate above the one that is named is above the one that is paid. */
const rateText = (satPerVb: number): string => String(Math.ceil(satPerVb * 10) / 10);

export const addressFailure = (fault: AddressFault): ApiFailure =>
  fault.code === 'other_network'
    ? failure('address_other_network', `This address belongs to another network (${fault.network}). Nothing was sent. Ask for one on the network of this wallet.`)
    : failure('address_malformed', 'This is not a Bitcoin address: a character is missing or wrong. Nothing was sent. Copy it again.');

const PEER_PARTS: Readonly<Record<PeerAddressFault['code'], string>> = {
  bad_node_id: 'the node id must be 66 hex digits that begin with 02 or 03',
  missing_host: 'the host is missing',
  bad_host: 'the host must be a name or an IP address, IPv6 in brackets',
  bad_port: 'the port must be a number from 1 to 65535',
};

export const peerAddressFailure = (fault: PeerAddressFault): ApiFailure =>
  failure('peer_address_malformed', `This is not the address of a peer: ${PEER_PARTS[fault.code]}. Nothing was spent. It is written nodeid@host:port; copy it again.`, { fault: fault.code });

export function peerFailure({ code, detail }: PeerLinkError): ApiFailure {
  switch (code) {
    case 'unreachable':
    case 'timeout':
      return failure('peer_unreachable', `The peer does not answer (${detail}). Nothing was spent. Check the address, or try later.`);
    case 'handshake_failed':
    case 'wrong_key':
      return failure('peer_handshake_failed', 'Whoever answers there does not hold the key of that node id. Nothing was spent. Check the address.');
    case 'closed':
    case 'protocol_violation':
    case 'internal':
      return failure('peer_incompatible', `The peer ended the connection (${detail}). Nothing was spent. Try later, or choose another peer.`);
    default:
      return unreachable(code);
  }
}

export function mnemonicFailure(fault: MnemonicFault): ApiFailure {
  switch (fault.code) {
    case 'word_count':
      return failure('invalid_mnemonic', `These are ${fault.actual} words; a wallet has 12 or 24. No wallet was made. Compare with what you wrote down.`, { words: fault.actual });
    case 'unknown_word':
      return failure('invalid_mnemonic', `Word ${fault.position} is not in the list of words. No wallet was made. Look for a typing error there.`, { position: fault.position });
    case 'checksum':
      return failure('invalid_mnemonic', 'All words are in the list, but together their checksum is wrong: a word is mistaken or two are swapped. No wallet was made. Compare them one by one with what you wrote down.');
    default:
      return unreachable(fault);
  }
}

export function storeFailure(fault: StoreFault): ApiFailure {
  switch (fault.code) {
    case 'wrong_password':
      return failure('wrong_password', 'The password does not open this wallet. Nothing was changed and your money is safe. Look at capital letters and the keyboard layout, and try again.');
    case 'newer_version':
      return failure('data_newer_version', 'The data of this wallet was written by a newer version of Sferic. Nothing was changed. Install that version.', { expected: fault.expected, actual: fault.actual });
    case 'corrupt_record':
    case 'corrupt_database':
      return failure('data_corrupt', 'The data of this wallet is damaged. Nothing was changed. Do not delete it: your words and your peers can still recover the money.');
    case 'in_use':
      return failure('data_in_use', 'This wallet is open in another program already. Nothing was changed. Close that one first.');
    case 'not_writable':
      return failure('data_not_writable', 'The folder of the wallet cannot be written to. Nothing was changed. Check its owner and permissions.');
    case 'disk_full':
      return failure('disk_full', 'The disk is full. Your channels are frozen to protect your money. Free some space and start again.');
    case 'write_failed':
      return failure('write_failed', 'Writing to the disk failed. Your channels are frozen to protect your money. Check the disk and start again.');
    case 'stale_copy':
      return failure('recovery_mode', 'This is an old copy of the wallet, or another copy is running. Nothing is published from here, so that no money is lost. Stop the other copy.');
    default:
      return unreachable(fault);
  }
}

export function backupFailure(fault: BackupFault): ApiFailure {
  switch (fault) {
    case 'no_backup':
      return failure('bad_request', 'This is no backup file of Sferic. Nothing was changed and your money is where it was. Choose the file that the wallet made.', { parameter: 'file', reason: fault });
    case 'damaged':
      return failure('bad_request', 'This backup file is damaged: a part of it is missing or altered. Nothing was changed and your money is where it was. Use another copy of the file.', { parameter: 'file', reason: fault });
    case 'other_wallet':
      return failure('bad_request', 'This backup file belongs to another wallet: it was made with other words, or with another passphrase. Nothing was changed and your money is where it was. Use it in a wallet made from its own words.', { parameter: 'file', reason: fault });
    case 'other_network':
      return failure('chain_other_network', 'This backup file belongs to another network. Nothing was changed and your money is where it was. Start Sferic for that network.', { parameter: 'file', reason: fault });
    case 'newer_version':
      return failure('data_newer_version', 'This backup file was made by a newer version of Sferic. Nothing was changed and your money is where it was. Install that version.', { parameter: 'file', reason: fault });
    default:
      return unreachable(fault);
  }
}
