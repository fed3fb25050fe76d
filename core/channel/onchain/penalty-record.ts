import { amountMsat, bytes, decodeWith, encodeWith, feerate, listToEnd, mapped, struct, u8, u32 } from '../../codec/codec.ts';
import type { Codec } from '../../codec/codec.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { FeeratePerKw, Msat } from '../../lib/units.ts';
import type { Direction, PenaltyHtlc } from '../types.ts';

const direction: Codec<Direction> = mapped(u8, (value) => {
  if (value > 1) throw new DecodeError(`direction ${value}`);
  return value === 0 ? 'offered' : 'received';
}, (value) => (value === 'offered' ? 0 : 1)); // prettier-ignore

const penaltyHtlc = { direction, paymentHash: bytes(32), cltvExpiry: u32 };

/** Hash and expiry of the HTLCs that had an output, 37 bytes each: what we need to punish a transaction that lies before us. */
export const penaltyHtlcs: Codec<readonly PenaltyHtlc[]> = listToEnd(struct(penaltyHtlc));

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

/** Tells the form from its predecessor, which was `penaltyHtlcs` alone and began with a direction, if it was there at all. */
const FORMAT = 2;
const format: Codec<number> = mapped(u8, (value) => {
  if (value !== FORMAT) throw new DecodeError(`penalty record of format ${value}`);
  return value;
}, (value) => value); // prettier-ignore

const revokedState = struct({ format, ourMsat: amountMsat, theirMsat: amountMsat, feeratePerKw: feerate, htlcs: listToEnd(struct({ ...penaltyHtlc, amountMsat })) });

/** 21 bytes and 45 for each HTLC with an output. */
export const encodeRevokedState = (state: RevokedState): Uint8Array => encodeWith(revokedState, { ...state, format: FORMAT });

/** Undefined for a record of before this format, from which only HTLCs can be read. Throws DecodeError. */
export function decodeRevokedState(record: Uint8Array): RevokedState | undefined {
  if (record[0] !== FORMAT) return undefined;
  const { format: _, ...state } = decodeWith(revokedState, record);
  return state;
}

/** The HTLCs of a record of either form; their amounts stand in the transaction itself. Throws DecodeError. */
export function recordedHtlcs(record: Uint8Array): readonly PenaltyHtlc[] {
  const htlcs = decodeRevokedState(record)?.htlcs ?? decodeWith(penaltyHtlcs, record);
  return htlcs.map(({ direction, paymentHash, cltvExpiry }) => ({ direction, paymentHash, cltvExpiry }));
}
