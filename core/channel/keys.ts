import { commitmentPoint } from '../crypto/commitment-secrets.ts';
import { publicKey } from '../crypto/secp256k1.ts';
import type { Basepoints } from '../tx/keys.ts';

/** The secrets of one channel, 32 bytes each, derived from the seed and the channel's number alone. */
export interface ChannelKeys {
  readonly fundingSecret: Uint8Array;
  readonly revocationBasepointSecret: Uint8Array;
  readonly paymentBasepointSecret: Uint8Array;
  readonly delayedPaymentBasepointSecret: Uint8Array;
  readonly htlcBasepointSecret: Uint8Array;
  /** Root of the revocation tree (BOLT 3, "Per-commitment Secret Requirements"). */
  readonly commitmentSeed: Uint8Array;
}

export const basepointsOf = (keys: ChannelKeys): Basepoints => ({
  fundingPubkey: publicKey(keys.fundingSecret),
  revocationBasepoint: publicKey(keys.revocationBasepointSecret),
  paymentBasepoint: publicKey(keys.paymentBasepointSecret),
  delayedPaymentBasepoint: publicKey(keys.delayedPaymentBasepointSecret),
  htlcBasepoint: publicKey(keys.htlcBasepointSecret),
});

export const pointAt = (keys: ChannelKeys, commitmentNumber: number): Uint8Array => commitmentPoint(keys.commitmentSeed, commitmentNumber);
