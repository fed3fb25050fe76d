import { type Codec, bytes, u64 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { isPoint } from '../crypto/secp256k1.ts';

export const chainHash = bytes(32);
export const channelId = bytes(32);
export const sha256 = bytes(32);
/** A key of which only the length is known: of announcements, whose signatures fail if it is no point. */
export const uncheckedPoint = bytes(33);
/** A compressed point that lies on the curve, so that what is computed with it later cannot throw. */
export const point: Codec<Uint8Array> = {
  encode: uncheckedPoint.encode,
  decode: (r) => {
    const key = uncheckedPoint.decode(r);
    if (!isPoint(key)) throw new DecodeError('not a point of the curve');
    return key;
  },
};
export const signature = bytes(64);
export const onionRoutingPacket = bytes(1366);

/** Block height (24 bits), transaction index (24), output index (16) in one u64 (BOLT 7). */
export const shortChannelId: Codec<bigint> = u64;

export const shortChannelIdOf = (blockHeight: number, txIndex: number, vout: number): bigint =>
  (BigInt(blockHeight) << 40n) | (BigInt(txIndex) << 16n) | BigInt(vout);

/** The readable form, `800000x12x1`. */
export const formatShortChannelId = (id: bigint): string => `${id >> 40n}x${(id >> 16n) & 0xffffffn}x${id & 0xffffn}`;

/** Undefined when it is not of the form `800000x12x1`. */
export function parseShortChannelId(text: string): bigint | undefined {
  const parts = /^(\d{1,8})x(\d{1,8})x(\d{1,5})$/.exec(text);
  if (!parts) return undefined;
  const [height, index, vout] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return height < 1 << 24 && index < 1 << 24 && vout < 1 << 16 ? shortChannelIdOf(height, index, vout) : undefined;
}
