import { DecodeError } from '../codec/reader.ts';
import { hash256 } from '../crypto/hash.ts';
import { verify } from '../crypto/secp256k1.ts';
import { concat, equal } from '../lib/bytes.ts';
import { type MessageOf, decodeMessage, messageType } from '../wire/messages.ts';
import { type RouteHop, directionOf } from './routes.ts';

const TYPE = messageType('channel_update');
const TYPE_BYTES = Uint8Array.of(TYPE >> 8, TYPE & 0xff);
const SIGNATURE_END = 2 + 64;
const DIRECTION_BIT = 1;
const DISABLED_BIT = 2;

export type UpdatedHop = { readonly kind: 'terms'; readonly hop: RouteHop } | { readonly kind: 'disabled' };

function decode(raw: Uint8Array): MessageOf<'channel_update'> | undefined {
  try {
    const decoded = decodeMessage(raw);
    return decoded.known && decoded.message.name === 'channel_update' ? decoded.message : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/**
 * New terms of a hop from the `channel_update` inside a failure, for this payment only (BOLT 4, "Receiving Failure
 * Codes": never for the graph). Undefined unless the hop itself signed it for this channel and direction, later than
 * the terms in use. `bytes` come from a stranger, with or without the message type in front.
 */
export function updatedHop(hop: RouteHop, nextNodeId: Uint8Array, chainHash: Uint8Array, bytes: Uint8Array): UpdatedHop | undefined {
  const typed = equal(bytes.subarray(0, 2), TYPE_BYTES) && bytes.length > SIGNATURE_END;
  const raw = typed ? bytes : concat(TYPE_BYTES, bytes);
  const update = decode(raw);
  if (!update || !equal(update.chainHash, chainHash) || update.shortChannelId !== hop.shortChannelId) return undefined;
  if ((update.channelFlags & DIRECTION_BIT) !== directionOf(hop.nodeId, nextNodeId) || update.timestamp <= hop.updatedAt) return undefined;
  if (!verify(update.signature, hash256(raw.subarray(SIGNATURE_END)), hop.nodeId)) return undefined;
  if (update.channelFlags & DISABLED_BIT) return { kind: 'disabled' };
  const { feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta, htlcMinimumMsat, htlcMaximumMsat, timestamp } = update;
  return { kind: 'terms', hop: { ...hop, feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta, htlcMinimumMsat, htlcMaximumMsat, updatedAt: timestamp } };
}
