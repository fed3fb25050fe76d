import { keyStream } from '../crypto/aead.ts';
import { hmacSha256 } from '../crypto/hash.ts';
import { isScalar } from '../crypto/secp256k1.ts';
import { createOnion, type Onion, type OnionCreationFault } from '../onion/packet.ts';
import { finalPayload, intermediatePayload } from '../onion/payload.ts';
import { toHex, utf8 } from '../lib/bytes.ts';
import { type Result, must } from '../lib/result.ts';
import type { OfferHtlc } from './border.ts';
import { PAYMENT_LIMITS } from './limits.ts';
import type { OutgoingPart, OutgoingPayment } from './outgoing-types.ts';
import { amountsAlong, routeDelta } from './routes.ts';

type Recipient = Pick<OutgoingPayment, 'paymentHash' | 'payeeNodeId' | 'paymentSecret' | 'paymentMetadata' | 'amountMsat'>;
type PartRoute = Pick<OutgoingPart, 'amountMsat' | 'finalCltvExpiry' | 'hops' | 'sessionKey'>;

/** Bytes of a payment's entropy for one use: nothing here draws randomness of its own. */
const drawn = (entropy: Uint8Array, use: string, length: number): Uint8Array => keyStream(hmacSha256(entropy, utf8(use)), length);

/** A fresh valid scalar for every part of every payment with fresh entropy. */
export function sessionKeyOf(entropy: Uint8Array, partId: number): Uint8Array {
  for (let i = 0; ; i++) {
    const key = drawn(entropy, `session key ${partId} ${i}`, 32);
    if (isScalar(key)) return key;
  }
}

/** 0 to 40 blocks on top of the final expiry, the same for all parts. */
export function shadowBlocksOf(entropy: Uint8Array, room: number): number {
  const [high = 0, low = 0] = drawn(entropy, 'shadow blocks', 2);
  const most = Math.min(PAYMENT_LIMITS.maxShadowBlocks, Math.max(0, room));
  return ((high << 8) | low) % (most + 1);
}

/** The onion of a part: always the same bytes for the same part, so that it can be found again after a crash. */
export function onionOf(recipient: Recipient, { amountMsat, finalCltvExpiry, hops, sessionKey }: PartRoute): Result<Onion, OnionCreationFault> {
  const amounts = amountsAlong(hops, amountMsat);
  const forwarding = hops.map((hop, i) => ({
    nodeId: hop.nodeId,
    payload: intermediatePayload({
      amtToForwardMsat: must(amounts[i + 1], 'the amount to forward'),
      outgoingCltvValue: finalCltvExpiry + routeDelta(hops.slice(i + 1)),
      shortChannelId: hop.shortChannelId,
    }),
  }));
  const final = {
    nodeId: recipient.payeeNodeId,
    payload: finalPayload({
      amtToForwardMsat: amountMsat,
      outgoingCltvValue: finalCltvExpiry,
      paymentSecret: recipient.paymentSecret,
      totalMsat: recipient.amountMsat,
      paymentMetadata: recipient.paymentMetadata,
    }),
  };
  return createOnion({ sessionKey, hops: [...forwarding, final], associatedData: recipient.paymentHash });
}

export const referenceOf = (paymentHash: Uint8Array, partId: number): string => `${toHex(paymentHash)}/${partId}`;

/** Payment hash in hex and part; undefined for a reference that is not of our making. */
export function parseReference(reference: string): { readonly paymentHashHex: string; readonly partId: number } | undefined {
  const [, paymentHashHex, partId] = /^([0-9a-f]{64})\/(\d{1,9})$/.exec(reference) ?? [];
  return paymentHashHex && partId ? { paymentHashHex, partId: Number(partId) } : undefined;
}

/** The channel command for a part. */
export function offerOf(payment: OutgoingPayment, part: OutgoingPart, onion: Onion): OfferHtlc {
  return {
    kind: 'offer_htlc',
    channelNumber: part.channelNumber,
    reference: referenceOf(payment.paymentHash, part.partId),
    amountMsat: must(amountsAlong(part.hops, part.amountMsat)[0], 'the offered amount'),
    paymentHash: payment.paymentHash,
    cltvExpiry: part.finalCltvExpiry + routeDelta(part.hops),
    onionRoutingPacket: onion.packet,
  };
}
