import { amountMsat, bytes, feerate, list16, optional, tagged, text16, u16, u32, u64, u8 } from '../codec/codec.ts';
import type { TypeOf } from '../codec/codec.ts';
import { struct } from '../codec/codec.ts';

const hash = bytes(32);
const change = struct({ direction: u8, id: u64, amountMsat, paymentHash: hash, change: u8 });

/** How an HTLC changed with a commitment. */
export const HTLC_CHANGE = { added: 0, fulfilled: 1, failed: 2 } as const;
export const DIRECTION = { offered: 0, received: 1 } as const;

/**
 * What a channel's history is made of. Metadata only: never a signature or secret of an old commitment. Numbers behind
 * the names are the stored format and never change their meaning.
 */
export const journalEvent = tagged('kind', {
  opened: [1, { isOpener: u8, fundingTxid: hash, fundingOutputIndex: u16, capacitySat: u64, pushMsat: amountMsat, channelType: text16 }],
  funding_confirmed: [2, { height: u32, shortChannelId: u64 }],
  ready: [3, {}],
  /** The peer signed our commitment `number` and we revoked the one before. */
  local_commitment: [4, { number: u64, ourMsat: amountMsat, theirMsat: amountMsat, feeratePerKw: feerate, htlcCount: u16, changes: list16(change) }],
  /** We signed the peer's commitment `number`. */
  remote_commitment_signed: [5, { number: u64, ourMsat: amountMsat, theirMsat: amountMsat, feeratePerKw: feerate, htlcCount: u16, changes: list16(change) }],
  /** The peer revoked its commitment `number`. */
  remote_commitment_revoked: [6, { number: u64 }],
  connected: [7, {}],
  disconnected: [8, {}],
  shutdown: [9, { byUs: u8 }],
  closing_signed: [10, { txid: hash, feeSat: u64 }],
  failing: [11, { reason: text16, detail: text16 }],
  funding_spent: [12, { txid: hash, spendClass: text16, height: optional(u32) }],
  funding_unspent: [13, {}],
  claimed: [14, { txid: hash, label: text16, amountSat: u64 }],
  closed: [15, { recoveredSat: u64 }],
  fallen_behind: [16, {}],
  peer_error: [17, { text: text16 }],
  /** It came from a backup file that was made at `madeAtMs`. */
  restored: [18, { fundingTxid: hash, fundingOutputIndex: u16, capacitySat: u64, madeAtMs: u64 }],
});
export type JournalEvent = TypeOf<typeof journalEvent>;
