import { type Codec, u16, u32, u64, u8 } from './codec.ts';
import { DecodeError } from './reader.ts';

/** Truncated integer of BOLT 1: up to `maxLength` bytes to the end of its TLV, no leading zero byte. */
function truncated(maxLength: number): Codec<bigint> {
  return {
    encode: (w, v) => {
      if (v < 0n || v >= 1n << BigInt(8 * maxLength)) throw new RangeError(`${v} does not fit in ${maxLength} bytes`);
      const digits = v === 0n ? '' : v.toString(16);
      const even = digits.length % 2 ? `0${digits}` : digits;
      for (let i = 0; i < even.length; i += 2) w.u8(parseInt(even.slice(i, i + 2), 16));
    },
    decode: (r) => {
      if (r.left > maxLength) throw new DecodeError(`truncated integer of ${r.left} bytes`);
      let value = 0n;
      for (let first = true; r.left > 0; first = false) {
        const byte = r.u8();
        if (first && byte === 0) throw new DecodeError('truncated integer has a leading zero');
        value = (value << 8n) | BigInt(byte);
      }
      return value;
    },
  };
}

export const tu16: Codec<number> = numbered(truncated(2));
export const tu32: Codec<number> = numbered(truncated(4));
export const tu64: Codec<bigint> = truncated(8);

function numbered(codec: Codec<bigint>): Codec<number> {
  return { encode: (w, v) => codec.encode(w, BigInt(v)), decode: (r) => Number(codec.decode(r)) };
}

/** Signed integers of BOLT 1: two's complement, big-endian, of a fixed number of bytes. */
const signed = (unsigned: Codec<bigint>, bits: number): Codec<bigint> => ({
  encode: (w, v) => {
    if (v !== BigInt.asIntN(bits, v)) throw new RangeError(`${v} does not fit in ${bits} bits`);
    unsigned.encode(w, BigInt.asUintN(bits, v));
  },
  decode: (r) => BigInt.asIntN(bits, unsigned.decode(r)),
});
const big = (codec: Codec<number>): Codec<bigint> => ({
  encode: (w, v) => codec.encode(w, Number(v)),
  decode: (r) => BigInt(codec.decode(r)),
});

export const s8 = signed(big(u8), 8);
export const s16 = signed(big(u16), 16);
export const s32 = signed(big(u32), 32);
export const s64 = signed(u64, 64);
