import { type FeeratePerKw, type Msat, type Sat, feeratePerKw, msat, sat } from '../lib/units.ts';
import { fromUtf8, utf8 } from '../lib/bytes.ts';
import { DecodeError, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** A format, written once for both directions. `decode` throws DecodeError on bytes that do not follow it. */
export interface Codec<T> {
  readonly encode: (writer: Writer, value: T) => void;
  readonly decode: (reader: Reader) => T;
}
export type TypeOf<C> = C extends Codec<infer T> ? T : never;

export function encodeWith<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer();
  codec.encode(writer, value);
  return writer.finish();
}

/** The whole of `bytes`; what is left over is an error. */
export function decodeWith<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new Reader(bytes);
  const value = codec.decode(reader);
  reader.end();
  return value;
}

export const u8: Codec<number> = { encode: (w, v) => w.u8(v), decode: (r) => r.u8() };
export const u16: Codec<number> = { encode: (w, v) => w.u16(v), decode: (r) => r.u16() };
export const u32: Codec<number> = { encode: (w, v) => w.u32(v), decode: (r) => r.u32() };
export const u64: Codec<bigint> = { encode: (w, v) => w.u64(v), decode: (r) => r.u64() };
export const amountSat: Codec<Sat> = { encode: (w, v) => w.u64(v), decode: (r) => sat(r.u64()) };
export const amountMsat: Codec<Msat> = { encode: (w, v) => w.u64(v), decode: (r) => msat(r.u64()) };
export const feerate: Codec<FeeratePerKw> = { encode: (w, v) => w.u32(v), decode: (r) => feeratePerKw(r.u32()) };
export const flag: Codec<boolean> = {
  encode: (w, v) => w.u8(v ? 1 : 0),
  decode: (r) => {
    const value = r.u8();
    if (value > 1) throw new DecodeError(`flag is ${value}`);
    return value === 1;
  },
};

/** Exactly `length` bytes, copied out of the input. */
export const bytes = (length: number): Codec<Uint8Array> => ({
  encode: (w, v) => {
    if (v.length !== length) throw new RangeError(`expected ${length} bytes, got ${v.length}`);
    w.bytes(v);
  },
  decode: (r) => r.bytes(length).slice(),
});

/** Everything up to the end of the input. */
export const remaining: Codec<Uint8Array> = { encode: (w, v) => w.bytes(v), decode: (r) => r.rest().slice() };

/** Variable-length integer of BOLT 1, big-endian, shortest form only. */
export const bigsize: Codec<bigint> = {
  encode: (w, v) => {
    if (v < 0xfdn) w.u8(Number(v));
    else if (v <= 0xffffn) (w.u8(0xfd), w.u16(Number(v)));
    else if (v <= 0xffff_ffffn) (w.u8(0xfe), w.u32(Number(v)));
    else (w.u8(0xff), w.u64(v));
  },
  decode: (r) => {
    const first = r.u8();
    if (first < 0xfd) return BigInt(first);
    const [value, least] =
      first === 0xfd ? [BigInt(r.u16()), 0xfdn] : first === 0xfe ? [BigInt(r.u32()), 0x1_0000n] : [r.u64(), 0x1_0000_0000n];
    if (value < least) throw new DecodeError('bigsize is not canonical');
    return value;
  },
};

/** A length that is checked against what is left before anything is allocated. */
export function boundedLength(reader: Reader, length: bigint): number {
  if (length > BigInt(reader.left)) throw new DecodeError(`length ${length} exceeds the ${reader.left} bytes left`);
  return Number(length);
}

const prefixed = (readLength: (r: Reader) => bigint, writeLength: (w: Writer, n: number) => void): Codec<Uint8Array> => ({
  encode: (w, v) => {
    writeLength(w, v.length);
    w.bytes(v);
  },
  decode: (r) => r.bytes(boundedLength(r, readLength(r))).slice(),
});
/** Bytes behind their u16 length. */
export const bytes16 = prefixed((r) => BigInt(r.u16()), (w, n) => w.u16(n));
/** Bytes behind their u32 length. */
export const bytes32 = prefixed((r) => BigInt(r.u32()), (w, n) => w.u32(n));
/** Bytes behind their bigsize length. */
export const bytesBig = prefixed((r) => bigsize.decode(r), (w, n) => bigsize.encode(w, BigInt(n)));
export const text16: Codec<string> = mapped(bytes16, fromUtf8, utf8);

export function mapped<A, B>(codec: Codec<A>, to: (value: A) => B, from: (value: B) => A): Codec<B> {
  return { encode: (w, v) => codec.encode(w, from(v)), decode: (r) => to(codec.decode(r)) };
}

/** Items behind their u16 count. */
export const list16 = <T>(item: Codec<T>): Codec<readonly T[]> => ({
  encode: (w, v) => {
    w.u16(v.length);
    for (const one of v) item.encode(w, one);
  },
  decode: (r) => {
    const count = r.u16();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item.decode(r));
    return items;
  },
});

/** Items up to the end of the input. */
export const listToEnd = <T>(item: Codec<T>): Codec<readonly T[]> => ({
  encode: (w, v) => {
    for (const one of v) item.encode(w, one);
  },
  decode: (r) => {
    const items: T[] = [];
    while (r.left > 0) items.push(item.decode(r));
    return items;
  },
});

/** A presence byte, then the value. */
export const optional = <T>(codec: Codec<T>): Codec<T | undefined> => ({
  encode: (w, v) => {
    flag.encode(w, v !== undefined);
    if (v !== undefined) codec.encode(w, v);
  },
  decode: (r) => (flag.decode(r) ? codec.decode(r) : undefined),
});

// oxlint-disable-next-line no-explicit-any -- a table of codecs of different types has no narrower name
export type Fields = Readonly<Record<string, Codec<any>>>;
export type Struct<F extends Fields> = { readonly [K in keyof F]: TypeOf<F[K]> };

/** Fields one after another, in the order of the table. */
export function struct<F extends Fields>(fields: F): Codec<Struct<F>> {
  const entries = Object.entries(fields);
  return {
    encode: (w, v) => {
      for (const [name, codec] of entries) codec.encode(w, v[name]);
    },
    decode: (r) => {
      const value: Record<string, unknown> = {};
      for (const [name, codec] of entries) value[name] = codec.decode(r);
      return value as Struct<F>;
    },
  };
}

/** A closed union behind a byte: each variant's number, name and fields. */
export function tagged<V extends Readonly<Record<string, readonly [tag: number, codec: Fields]>>>(
  discriminant: string,
  variants: V,
): Codec<{ readonly [N in keyof V]: Struct<V[N][1]> & { readonly kind: N } }[keyof V]> {
  const byName = new Map(Object.entries(variants).map(([name, [tag, fields]]) => [name, { name, tag, codec: struct(fields) }]));
  const byTag = new Map([...byName.values()].map((variant) => [variant.tag, variant]));
  type Union = { readonly [N in keyof V]: Struct<V[N][1]> & { readonly kind: N } }[keyof V];
  return {
    encode: (w, v) => {
      const variant = byName.get(String((v as Record<string, unknown>)[discriminant]));
      if (!variant) throw new RangeError(`unknown variant ${String((v as Record<string, unknown>)[discriminant])}`);
      w.u8(variant.tag);
      variant.codec.encode(w, v as never);
    },
    decode: (r) => {
      const tag = r.u8();
      const variant = byTag.get(tag);
      if (!variant) throw new DecodeError(`unknown variant ${tag}`);
      return { [discriminant]: variant.name, ...variant.codec.decode(r) } as unknown as Union;
    },
  };
}
