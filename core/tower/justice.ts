import { type Codec, bytes, bytes16, decodeWith, encodeWith, feerate, flag, list16, mapped, struct, tagged, u16, u32, u8 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { isScalar } from '../crypto/secp256k1.ts';
import type { FeeratePerKw } from '../lib/units.ts';
import type { ChannelType } from '../tx/weights.ts';

/** An HTLC with an output in the revoked commitment. `direction` is that of the commitment's owner, the cheater. */
export interface JusticeHtlc {
  readonly direction: 'offered' | 'received';
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
}

/** Signatures made in advance, for each target in its order a list by fee rate; shorter where a higher rate does not pay. */
export interface SignedProof {
  readonly kind: 'signed';
  /** Rising. */
  readonly feeratesPerKw: readonly FeeratePerKw[];
  /** Compact, 64 bytes, SIGHASH_ALL. */
  readonly signatures: readonly (readonly Uint8Array[])[];
}

/**
 * The revocation key of this one commitment. WARNING: with it and the per-commitment secret, which the peer of the channel
 * has, the secret of our revocation basepoint can be computed, and with that every revoked output of the channel taken by
 * whoever has both. It goes to a tower of the same person only, never to one that is not ours.
 */
export interface OwnProof {
  readonly kind: 'own';
  readonly revocationSecret: Uint8Array;
}

/** What takes the outputs of one revoked commitment: the inside of a blob, or one part of it. */
export interface Justice {
  readonly channelType: ChannelType;
  /** How long the cheater must wait. */
  readonly toSelfDelay: number;
  /** Of the revoked commitment: HTLC transactions without anchors pay it. */
  readonly feeratePerKw: FeeratePerKw;
  readonly revocationPubkey: Uint8Array;
  readonly localDelayedPubkey: Uint8Array;
  readonly localHtlcPubkey: Uint8Array;
  readonly remoteHtlcPubkey: Uint8Array;
  /** Of our wallet. */
  readonly destinationScript: Uint8Array;
  /** Whether `to_local` belongs to this part. */
  readonly withMain: boolean;
  readonly htlcs: readonly JusticeHtlc[];
  readonly proof: SignedProof | OwnProof;
}

const oneOf = <T extends string>(...names: readonly T[]): Codec<T> => mapped(u8, (value) => {
  const name = names[value];
  if (name === undefined) throw new DecodeError(`variant ${value}`);
  return name;
}, (name) => names.indexOf(name)); // prettier-ignore

const FORMAT = 1;
const pubkey = bytes(33);

const secret: Codec<Uint8Array> = mapped(bytes(32), (value) => {
  if (!isScalar(value)) throw new DecodeError('not a private key');
  return value;
}, (value) => value); // prettier-ignore

const codec = struct({
  format: mapped(u8, (value) => {
    if (value !== FORMAT) throw new DecodeError(`justice of format ${value}`);
    return value;
  }, (value) => value),
  channelType: oneOf<ChannelType>('static_remotekey', 'anchors'), toSelfDelay: u16, feeratePerKw: feerate,
  revocationPubkey: pubkey, localDelayedPubkey: pubkey, localHtlcPubkey: pubkey, remoteHtlcPubkey: pubkey,
  destinationScript: bytes16, withMain: flag,
  htlcs: list16(struct({ direction: oneOf('offered', 'received'), paymentHash: bytes(32), cltvExpiry: u32 })),
  proof: tagged('kind', {
    signed: [0, { feeratesPerKw: list16(feerate), signatures: list16(list16(bytes(64))) }],
    own: [1, { revocationSecret: secret }],
  }),
}); // prettier-ignore

export const encodeJustice = (justice: Justice): Uint8Array => encodeWith(codec, { ...justice, format: FORMAT });

/** Throws DecodeError. What it gives may still be nonsense: it comes from a client. */
export function decodeJustice(plain: Uint8Array): Justice {
  const { format: _, ...justice } = decodeWith(codec, plain);
  return justice;
}
