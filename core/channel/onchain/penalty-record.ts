import { bytes, listToEnd, mapped, struct, u8, u32 } from '../../codec/codec.ts';
import type { Codec } from '../../codec/codec.ts';
import { DecodeError } from '../../codec/reader.ts';
import type { Direction, PenaltyHtlc } from '../types.ts';

const direction: Codec<Direction> = mapped(u8, (value) => {
  if (value > 1) throw new DecodeError(`direction ${value}`);
  return value === 0 ? 'offered' : 'received';
}, (value) => (value === 'offered' ? 0 : 1)); // prettier-ignore

/**
 * What a revoked commitment needs beyond its secret: hash and expiry of the HTLCs that had an output, 37 bytes each; the
 * amounts stand in the transaction itself. A commitment without such HTLCs needs no record at all.
 */
export const penaltyHtlcs: Codec<readonly PenaltyHtlc[]> = listToEnd(struct({ direction, paymentHash: bytes(32), cltvExpiry: u32 }));
