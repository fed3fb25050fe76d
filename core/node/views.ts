import type { Answer, EventData } from '../api.ts';
import type { Network } from '../bitcoin/network.ts';
import { scriptToAddress } from '../bitcoin/address.ts';
import { outPointKey } from '../bitcoin/transaction.ts';
import { maxOffer, maxReceive } from '../channel/limits.ts';
import { inFlightMsat } from '../channel/spec.ts';
import { type FundedChannel, isRestored } from '../channel/types.ts';
import { toHex } from '../lib/bytes.ts';
import { foreign } from '../lib/sanitize.ts';
import { invoiceExpiresAtMs } from '../payment/final-hop.ts';
import type { IncomingPayment } from '../payment/incoming-types.ts';
import { feePaidMsat } from '../payment/outgoing.ts';
import type { OutgoingPayment } from '../payment/outgoing-types.ts';
import type { CoinWithStatus } from '../wallet/ledger.ts';
import { type WalletState, labelKey } from '../wallet/state.ts';
import { formatShortChannelId } from '../wire/primitives.ts';
import { failureWords } from './words.ts';

/** States of the engine as the contract shows them: pure, no secrets but a paid invoice's preimage. */
export type ChannelView = EventData<'channel.updated'>;

const defined = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

export function channelView(channel: FundedChannel, height: number): ChannelView {
  const { config, commitments, phase, link } = channel;
  const live = link.status === 'live' && phase === 'normal';
  const sendable = live ? maxOffer(channel) : { amountMsat: 0n, limit: 'offline' as const };
  const shutting = phase === 'normal' && (channel.localShutdown !== undefined || channel.remoteShutdownScript !== undefined);
  return {
    channelNumber: config.channelNumber, channelId: toHex(channel.channelId), peerNodeId: toHex(config.peerNodeId),
    state: shutting ? 'shutting_down' : phase, live: link.status === 'live', isOpener: config.isOpener, channelType: config.channelType,
    fundingTxid: channel.fundingOutPoint.txid, fundingVout: channel.fundingOutPoint.vout, capacitySat: config.fundingSatoshis,
    ourMsat: commitments.ourMsat, theirMsat: commitments.theirMsat, offeredMsat: inFlightMsat(commitments, 'offered'), receivedMsat: inFlightMsat(commitments, 'received'), sendableMsat: shutting ? 0n : sendable.amountMsat,
    receivableMsat: live && !shutting ? maxReceive(channel) : 0n, sendLimit: sendable.limit,
    ourReserveSat: config.remote.channelReserveSatoshis, theirReserveSat: config.local.channelReserveSatoshis, feeratePerKw: commitments.feeratePerKw,
    confirmations: channel.fundingHeight === undefined ? 0 : Math.max(0, height - channel.fundingHeight + 1), confirmationsNeeded: config.minimumDepth,
    ourDelayBlocks: config.remote.toSelfDelay, theirDelayBlocks: config.local.toSelfDelay,
    pendingHtlcs: commitments.htlcs.size, localCommitmentNumber: commitments.localNumber, remoteCommitmentNumber: commitments.remoteNumber,
    ...defined({
      shortChannelId: channel.shortChannelId === undefined ? undefined : formatShortChannelId(channel.shortChannelId),
      closeReason: channel.closeReason, closingTxid: channel.spend?.txid, spendClass: channel.spend?.spendClass,
      closingCommitmentNumber: channel.spend?.commitmentNumber, isRestored: isRestored(channel) || undefined,
    }),
  }; // prettier-ignore
}

export function outgoingView(payment: OutgoingPayment): Answer<'payment.get'> {
  return {
    paymentHash: toHex(payment.paymentHash), direction: 'sent', state: payment.status, amountMsat: payment.amountMsat, feeMsat: feePaidMsat(payment),
    createdAtMs: payment.createdAtMs, payeeNodeId: toHex(payment.payeeNodeId), parts: payment.parts.filter(({ status }) => status !== 'failed').length,
    attempts: payment.attempts,
    ...defined({
      endedAtMs: payment.completedAtMs, description: payment.description === undefined ? undefined : foreign(payment.description, 640),
      paymentPreimage: payment.paymentPreimage && toHex(payment.paymentPreimage), failure: payment.failure && failureWords(payment.failure),
    }),
  }; // prettier-ignore
}

const receivedMsat = (invoice: IncomingPayment): bigint => invoice.settlement?.parts.reduce((sum, part) => (part.status === 'lost' ? sum : sum + part.amountMsat), 0n) ?? 0n;

export function receivedView(invoice: IncomingPayment): Answer<'payment.get'> {
  const settled = invoice.settlement;
  return {
    paymentHash: toHex(invoice.paymentHash), direction: 'received', state: invoice.status === 'paid' ? 'succeeded' : settled || invoice.status === 'open' ? 'pending' : 'failed',
    amountMsat: settled ? receivedMsat(invoice) : (invoice.amountMsat ?? 0n), feeMsat: 0n, createdAtMs: invoice.createdAtMs, description: invoice.description,
    parts: settled?.parts.length ?? 0, attempts: 0,
    ...defined({ endedAtMs: settled?.settledAtMs, paymentPreimage: invoice.status === 'paid' ? toHex(invoice.paymentPreimage) : undefined }),
  }; // prettier-ignore
}

export function invoiceView(invoice: IncomingPayment): Answer<'invoice.get'> {
  const { status, settlement } = invoice;
  return {
    paymentHash: toHex(invoice.paymentHash), invoice: invoice.invoiceText, description: invoice.description, createdAtMs: invoice.createdAtMs,
    expiresAtMs: invoiceExpiresAtMs(invoice), state: status === 'settling' || (status === 'open' && invoice.sets.length > 0) ? 'receiving' : status,
    ...defined({
      amountMsat: invoice.amountMsat as bigint | undefined, receivedMsat: settlement && receivedMsat(invoice), paidAtMs: settlement?.settledAtMs,
    }),
  }; // prettier-ignore
}

export const isOutgoing = (payment: OutgoingPayment | IncomingPayment): payment is OutgoingPayment => 'attempts' in payment;
export const paymentView = (payment: OutgoingPayment | IncomingPayment): Answer<'payment.get'> => (isOutgoing(payment) ? outgoingView(payment) : receivedView(payment));

export function coinView(coin: CoinWithStatus, wallet: WalletState, network: Network): Answer<'wallet.coins'>[number] {
  return {
    txid: coin.txid, vout: coin.vout, amountSat: coin.amountSat, address: scriptToAddress(coin.script, network) ?? '', frozen: coin.status === 'frozen',
    ...defined({ height: coin.height, label: wallet.labels.get(labelKey('output', outPointKey(coin))) }),
  }; // prettier-ignore
}
