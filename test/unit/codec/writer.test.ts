import { describe, expect, it } from 'vitest';
import { Reader } from '../../../core/codec/reader.ts';
import { Writer } from '../../../core/codec/writer.ts';

const integers = {
  u8: [(w: Writer) => w.u8(0xab), (r: Reader) => r.u8(), 0xab],
  u16: [(w: Writer) => w.u16(0xabcd), (r: Reader) => r.u16(), 0xabcd],
  u32: [(w: Writer) => w.u32(0xabcd_ef01), (r: Reader) => r.u32(), 0xabcd_ef01],
  u64: [(w: Writer) => w.u64(0xabcd_ef01_2345_6789n), (r: Reader) => r.u64(), 0xabcd_ef01_2345_6789n],
  u32le: [(w: Writer) => w.u32le(0xabcd_ef01), (r: Reader) => r.u32le(), 0xabcd_ef01],
  u64le: [(w: Writer) => w.u64le(0xabcd_ef01_2345_6789n), (r: Reader) => r.u64le(), 0xabcd_ef01_2345_6789n],
} as const;

describe('Writer', () => {
  it.each(Object.entries(integers))('writes %s wherever the buffer has to grow', (_name, [write, read, value]) => {
    for (let before = 240; before <= 1040; before++) {
      const w = new Writer();
      w.bytes(new Uint8Array(before));
      write(w);
      const r = new Reader(w.finish());
      r.bytes(before);
      expect(read(r)).toBe(value);
      expect(r.left).toBe(0);
    }
  });

  it('refuses what does not fit', () => {
    expect(() => new Writer().u8(256)).toThrow(RangeError);
    expect(() => new Writer().u16(-1)).toThrow(RangeError);
    expect(() => new Writer().u32le(1.5)).toThrow(RangeError);
    expect(() => new Writer().u64(1n << 64n)).toThrow(RangeError);
  });
});
