import type { Direction } from '../channel/types.ts';

/** Keys of the store's tables, in one place. */
export const channelRecordKey = (channelNumber: number): string => channelNumber.toString(16).padStart(8, '0');
export const htlcRecordKey = (channelNumber: number, direction: Direction, id: bigint): string =>
  `${channelRecordKey(channelNumber)}${direction === 'offered' ? 'o' : 'r'}${id.toString(16).padStart(16, '0')}`;
export const revokedRecordKey = (channelNumber: number, commitmentNumber: number): string =>
  `${channelRecordKey(channelNumber)}${commitmentNumber.toString(16).padStart(12, '0')}`;
export const channelSubject = (channelNumber: number): string => `channel:${channelRecordKey(channelNumber)}`;
/** Beside what else the wallet's table holds: a name that somebody gave to a payment. */
export const paymentLabelKey = (direction: 'o' | 'i', paymentHash: string): string => `label/${direction}${paymentHash}`;
export const orderKey = (order: number): string => order.toString(16).padStart(12, '0');

/** Accounts of the ledger. */
export const ACCOUNT = {
  wallet: 'wallet',
  outside: 'outside',
  onchainFees: 'fees:onchain',
  routingFees: 'fees:routing',
  sent: 'payments:sent',
  received: 'payments:received',
  pushed: 'pushed',
  /** What cheating peers lost to us. */
  penalties: 'penalties',
  /** What channels paid more (negative) or less than an old copy of the data said. */
  dataLoss: 'data_loss',
  /** What came back of channels that a backup file restored (negative): what they held was in books that are lost. */
  restored: 'restored',
  channel: (channelNumber: number): string => channelSubject(channelNumber),
  closing: (channelNumber: number): string => `closing:${channelRecordKey(channelNumber)}`,
} as const;
