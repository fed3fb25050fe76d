import { amountMsat, bytes, decodeWith, encodeWith, feerate, listToEnd, mapped, struct, u8, u32, u64 } from '../../codec/codec.ts';
import type { Codec } from '../../codec/codec.ts';
import { DecodeError } from '../../codec/reader.ts';
import { type FeeratePerKw, type Msat, msat } from '../../lib/units.ts';
import type { Direction, PenaltyHtlc } from '../types.ts';

const direction: Codec<Direction> = mapped(u8, (value) => {
  if (value > 1) throw new DecodeError(`direction ${value}`);
  return value === 0 ? 'offered' : 'received';
}, (value) => (value === 'offered' ? 0 : 1)); // prettier-ignore

/** Hash and expiry of the HTLCs that had an output: what punishes a transaction that lies before us. */
export const penaltyHtlcs: Codec<readonly PenaltyHtlc[]> = listToEnd(struct({ direction, paymentHash: bytes(32), cltvExpiry: u32 }));

/** An HTLC of a revoked commitment with an output there; the amount rebuilds the transaction before it is published. */
export interface RevokedHtlc extends PenaltyHtlc {
  readonly amountMsat: Msat;
}

/** A revoked commitment of the peer: with the channel's constants and the secret all that the transaction is made of. */
export interface RevokedState {
  /** Balances without what is in HTLCs. */
  readonly ourMsat: Msat;
  readonly theirMsat: Msat;
  readonly feeratePerKw: FeeratePerKw;
  readonly htlcs: readonly RevokedHtlc[];
}

const FORMAT = 1;
const format: Codec<number> = mapped(u8, (value) => {
  if (value !== FORMAT) throw new DecodeError(`penalty record of format ${value}`);
  return value;
}, (value) => value); // prettier-ignore

/** One bit of direction, 29 of expiry (every height there can be), 34 of msat: all that the largest channel holds. */
const EXPIRY_BITS = 29n;
const AMOUNT_BITS = 34n;
const terms: Codec<Omit<RevokedHtlc, 'paymentHash'>> = mapped(u64, (packed) => ({
  direction: packed >> (EXPIRY_BITS + AMOUNT_BITS) === 0n ? 'offered' : 'received',
  cltvExpiry: Number((packed >> AMOUNT_BITS) & ((1n << EXPIRY_BITS) - 1n)),
  amountMsat: msat(packed & ((1n << AMOUNT_BITS) - 1n)),
}), ({ direction: way, cltvExpiry, amountMsat: amount }) => {
  if (cltvExpiry < 0 || BigInt(cltvExpiry) >> EXPIRY_BITS !== 0n || amount >> AMOUNT_BITS !== 0n) throw new RangeError(`an HTLC of ${amount} msat until ${cltvExpiry}`);
  return ((way === 'offered' ? 0n : 1n) << (EXPIRY_BITS + AMOUNT_BITS)) | (BigInt(cltvExpiry) << AMOUNT_BITS) | amount;
}); // prettier-ignore

const revokedState = struct({ format, ourMsat: amountMsat, theirMsat: amountMsat, feeratePerKw: feerate, htlcs: listToEnd(struct({ paymentHash: bytes(32), terms })) });

/** 21 bytes and 40 for each HTLC with an output: one for every state of a channel's life is kept, so each byte counts. */
export const encodeRevokedState = ({ htlcs, ...state }: RevokedState): Uint8Array =>
  encodeWith(revokedState, { ...state, format: FORMAT, htlcs: htlcs.map(({ paymentHash, ...rest }) => ({ paymentHash, terms: rest })) });

/** Throws DecodeError. */
export function decodeRevokedState(record: Uint8Array): RevokedState {
  const { format: _, htlcs, ...state } = decodeWith(revokedState, record);
  return { ...state, htlcs: htlcs.map(({ paymentHash, terms: rest }) => ({ paymentHash, ...rest })) };
}
