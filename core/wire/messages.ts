import { amountMsat, amountSat, bytes, bytes16, feerate, list16, listToEnd, remaining, struct, u8, u16, u32, u64 } from '../codec/codec.ts';
import { tlv } from '../codec/tlv.ts';
import { type MessagesOf, message, messageTable } from './message.ts';
import { chainHash, channelId, onionRoutingPacket, point, sha256, shortChannelId, signature, uncheckedPoint } from './primitives.ts';

const attributionData = tlv(1, struct({ htlcHoldTimes: bytes(80), truncatedHmacs: bytes(840) }));
const openingTlvs = { upfrontShutdownScript: tlv(0, remaining), channelType: tlv(1, remaining) };
const closingTlvs = {
  closerOutputOnly: tlv(1, signature),
  closeeOutputOnly: tlv(2, signature),
  closerAndCloseeOutputs: tlv(3, signature),
};
const closingFields = {
  channelId, closerScriptpubkey: bytes16, closeeScriptpubkey: bytes16, feeSatoshis: amountSat, locktime: u32,
}; // prettier-ignore
const channelLimits = {
  dustLimitSatoshis: amountSat, maxHtlcValueInFlightMsat: amountMsat, channelReserveSatoshis: amountSat, htlcMinimumMsat: amountMsat,
}; // prettier-ignore
const basepoints = {
  fundingPubkey: point, revocationBasepoint: point, paymentBasepoint: point, delayedPaymentBasepoint: point,
  htlcBasepoint: point, firstPerCommitmentPoint: point,
}; // prettier-ignore

/** Every message that Sferic speaks, in the order of their type numbers. Names and fields are the BOLTs'. */
export const rows = [
  message(1, 'warning', { channelId, data: bytes16 }),
  message(2, 'stfu', { channelId, initiator: u8 }),
  message(7, 'peer_storage', { blob: bytes16 }),
  message(9, 'peer_storage_retrieval', { blob: bytes16 }),
  message(16, 'init', { globalfeatures: bytes16, features: bytes16 }, {
    networks: tlv(1, listToEnd(chainHash)),
    remoteAddr: tlv(3, remaining),
  }),
  message(17, 'error', { channelId, data: bytes16 }),
  message(18, 'ping', { numPongBytes: u16, ignored: bytes16 }),
  message(19, 'pong', { ignored: bytes16 }),
  message(32, 'open_channel', {
    chainHash, temporaryChannelId: channelId, fundingSatoshis: amountSat, pushMsat: amountMsat, ...channelLimits,
    feeratePerKw: feerate, toSelfDelay: u16, maxAcceptedHtlcs: u16, ...basepoints, channelFlags: u8,
  }, openingTlvs), // prettier-ignore
  message(33, 'accept_channel', {
    temporaryChannelId: channelId, ...channelLimits, minimumDepth: u32, toSelfDelay: u16, maxAcceptedHtlcs: u16, ...basepoints,
  }, openingTlvs), // prettier-ignore
  message(34, 'funding_created', { temporaryChannelId: channelId, fundingTxid: sha256, fundingOutputIndex: u16, signature }),
  message(35, 'funding_signed', { channelId, signature }),
  message(36, 'channel_ready', { channelId, secondPerCommitmentPoint: point }, { shortChannelId: tlv(1, shortChannelId) }),
  message(38, 'shutdown', { channelId, scriptpubkey: bytes16 }),
  message(39, 'closing_signed', { channelId, feeSatoshis: amountSat, signature }, {
    feeRange: tlv(1, struct({ minFeeSatoshis: amountSat, maxFeeSatoshis: amountSat })),
  }),
  message(40, 'closing_complete', closingFields, closingTlvs),
  message(41, 'closing_sig', closingFields, closingTlvs),
  message(74, 'tx_abort', { channelId, data: bytes16 }),
  message(127, 'start_batch', { channelId, batchSize: u16 }, { messageType: tlv(1, u16) }),
  message(128, 'update_add_htlc', {
    channelId, id: u64, amountMsat, paymentHash: sha256, cltvExpiry: u32, onionRoutingPacket,
  }, { pathKey: tlv(0, point) }), // prettier-ignore
  message(130, 'update_fulfill_htlc', { channelId, id: u64, paymentPreimage: bytes(32) }, { attributionData }),
  message(131, 'update_fail_htlc', { channelId, id: u64, reason: bytes16 }, { attributionData }),
  message(132, 'commitment_signed', { channelId, signature, htlcSignatures: list16(signature) }, { fundingTxid: tlv(1, sha256) }),
  message(133, 'revoke_and_ack', { channelId, perCommitmentSecret: bytes(32), nextPerCommitmentPoint: point }),
  message(134, 'update_fee', { channelId, feeratePerKw: feerate }),
  message(135, 'update_fail_malformed_htlc', { channelId, id: u64, sha256OfOnion: sha256, failureCode: u16 }),
  message(136, 'channel_reestablish', {
    channelId, nextCommitmentNumber: u64, nextRevocationNumber: u64, yourLastPerCommitmentSecret: bytes(32), myCurrentPerCommitmentPoint: point,
  }, {
    nextFunding: tlv(1, struct({ nextFundingTxid: sha256, retransmitFlags: u8 })),
    myCurrentFundingLocked: tlv(5, struct({ myCurrentFundingLockedTxid: sha256, retransmitFlags: u8 })),
  }), // prettier-ignore
  message(256, 'channel_announcement', {
    nodeSignature1: signature, nodeSignature2: signature, bitcoinSignature1: signature, bitcoinSignature2: signature,
    features: bytes16, chainHash, shortChannelId, nodeId1: uncheckedPoint, nodeId2: uncheckedPoint,
    bitcoinKey1: uncheckedPoint, bitcoinKey2: uncheckedPoint,
  }), // prettier-ignore
  message(257, 'node_announcement', {
    signature, features: bytes16, timestamp: u32, nodeId: uncheckedPoint, rgbColor: bytes(3), alias: bytes(32), addresses: bytes16,
  }), // prettier-ignore
  message(258, 'channel_update', {
    signature, chainHash, shortChannelId, timestamp: u32, messageFlags: u8, channelFlags: u8, cltvExpiryDelta: u16,
    htlcMinimumMsat: amountMsat, feeBaseMsat: u32, feeProportionalMillionths: u32, htlcMaximumMsat: amountMsat,
  }), // prettier-ignore
  message(259, 'announcement_signatures', { channelId, shortChannelId, nodeSignature: signature, bitcoinSignature: signature }),
  message(261, 'query_short_channel_ids', { chainHash, encodedShortIds: bytes16 }, { queryFlags: tlv(1, remaining) }),
  message(262, 'reply_short_channel_ids_end', { chainHash, fullInformation: u8 }),
  message(263, 'query_channel_range', { chainHash, firstBlocknum: u32, numberOfBlocks: u32 }, { queryOption: tlv(1, remaining) }),
  message(264, 'reply_channel_range', {
    chainHash, firstBlocknum: u32, numberOfBlocks: u32, syncComplete: u8, encodedShortIds: bytes16,
  }, { timestampsTlv: tlv(1, remaining), checksumsTlv: tlv(3, remaining) }), // prettier-ignore
  message(265, 'gossip_timestamp_filter', { chainHash, firstTimestamp: u32, timestampRange: u32 }),
] as const;

export type Message = MessagesOf<typeof rows>;
export type MessageName = Message['name'];
export type MessageOf<N extends MessageName> = Extract<Message, { readonly name: N }>;

const table = messageTable(rows);
/** Bytes of a message with its type in front (BOLT 1, "Lightning Message Format"). */
export const encodeMessage = table.encode;
/** Throws DecodeError on malformed bytes of a known type; an unknown type is a value. */
export const decodeMessage = table.decode;
export const messageType = table.typeOf;

/** `channel_id`: the funding txid with the output index mixed into its last two bytes (BOLT 2). */
export function channelIdOf(fundingTxid: Uint8Array, fundingOutputIndex: number): Uint8Array {
  const id = fundingTxid.slice();
  id[30]! ^= fundingOutputIndex >> 8;
  id[31]! ^= fundingOutputIndex & 0xff;
  return id;
}
