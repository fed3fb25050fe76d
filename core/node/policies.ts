import type { FundedChannel } from '../channel/types.ts';
import { hash256 } from '../crypto/hash.ts';
import { verify } from '../crypto/secp256k1.ts';
import type { RouteHintHop } from '../invoice/types.ts';
import { encodeMessage, type MessageOf } from '../wire/messages.ts';

/** What a peer asks for forwarding to us, by its own channel_update (BOLT 7). */
interface Policy {
  readonly timestamp: number;
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
}

/** Until the peer has said: what most nodes ask, so that a payer rarely sends too little. */
const DEFAULT: Omit<Policy, 'timestamp'> = { feeBaseMsat: 1_000, feeProportionalMillionths: 100, cltvExpiryDelta: 144 };

const TYPE_AND_SIGNATURE_BYTES = 2 + 64;

/** Peers' forwarding terms towards us, for the route hints of our invoices. */
export class Policies {
  readonly #byChannel = new Map<number, Policy>();

  /** Takes a channel_update about one of `channels`, if the peer signed it. */
  receive(channels: readonly FundedChannel[], peerNodeId: Uint8Array, message: MessageOf<'channel_update'>): void {
    const channel = channels.find(({ shortChannelId, localAlias, remoteAlias }) => [shortChannelId, localAlias, remoteAlias].includes(message.shortChannelId));
    const known = channel && this.#byChannel.get(channel.config.channelNumber);
    if (!channel || (known && known.timestamp >= message.timestamp)) return;
    const signed = hash256(encodeMessage(message).subarray(TYPE_AND_SIGNATURE_BYTES));
    if (!verify(message.signature, signed, peerNodeId)) return;
    const { timestamp, feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta } = message;
    this.#byChannel.set(channel.config.channelNumber, { timestamp, feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta });
  }

  /** The last hop of a way to us over this channel; undefined before it has a name for others. */
  hintFor(channel: FundedChannel): RouteHintHop | undefined {
    const shortChannelId = channel.remoteAlias ?? channel.shortChannelId;
    if (shortChannelId === undefined) return undefined;
    const { feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta } = this.#byChannel.get(channel.config.channelNumber) ?? DEFAULT;
    return { nodeId: channel.config.peerNodeId, shortChannelId, feeBaseMsat, feeProportionalMillionths, cltvExpiryDelta };
  }
}
