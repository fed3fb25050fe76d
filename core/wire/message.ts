import { type Codec, type Fields, type Struct, struct } from '../codec/codec.ts';
import { DecodeError, Reader } from '../codec/reader.ts';
import { type TlvTable, type Tlvs, tlvStream } from '../codec/tlv.ts';
import { Writer } from '../codec/writer.ts';

/** BOLT 8 limits a message, type included. */
export const MAX_MESSAGE_BYTES = 65_535;

/** One row of the message table: BOLT type number, BOLT name, fields in order, and the TLVs behind them. */
export interface MessageRow<N extends string, F extends Fields, T extends TlvTable> {
  readonly type: number;
  readonly name: N;
  readonly fields: F;
  readonly tlvTable: T;
  readonly codec: Codec<Struct<F> & { readonly tlvs?: Tlvs<T> | undefined }>;
}

/**
 * Unknown odd TLVs are dropped when reading (BOLT 1, "It's OK to be odd"); `tlvs` is left out when none came. Every
 * message may carry TLVs, also those whose table is empty.
 */
export function message<N extends string, F extends Fields, T extends TlvTable = Record<never, never>>(
  type: number,
  name: N,
  fields: F,
  tlvTable?: T,
): MessageRow<N, F, T> {
  const body = struct(fields);
  const records = tlvTable ?? ({} as T);
  const stream = tlvStream(records);
  return {
    type,
    name,
    fields,
    tlvTable: records,
    codec: {
      encode: (w, v) => {
        body.encode(w, v);
        if (v.tlvs) stream.encode(w, v.tlvs);
      },
      decode: (r) => {
        const value = body.decode(r);
        if (r.left === 0) return value;
        const { unknownRecords: _, ...tlvs } = stream.decode(r);
        return Object.keys(tlvs).length > 0 ? { ...value, tlvs: tlvs as Tlvs<T> } : value;
      },
    },
  };
}

// oxlint-disable-next-line no-explicit-any -- the rows differ in every parameter
type AnyRow = MessageRow<string, any, any>;
type Valued<R extends AnyRow> = R extends MessageRow<infer N, infer F, infer T>
  ? { readonly name: N } & Struct<F> & { readonly tlvs?: Tlvs<T> | undefined }
  : never;
export type MessagesOf<T extends readonly AnyRow[]> = { [I in keyof T]: Valued<T[I]> }[number];

/** What came in: one of the table, or a type that it does not know. */
export type Decoded<M> = { readonly known: true; readonly message: M } | { readonly known: false; readonly type: number };

export interface MessageTable<M extends { readonly name: string }> {
  /** Throws RangeError over 65 535 bytes: whoever builds messages keeps them smaller. */
  readonly encode: (message: M) => Uint8Array;
  /** Throws DecodeError on malformed bytes of a known type. */
  readonly decode: (bytes: Uint8Array) => Decoded<M>;
  readonly typeOf: (name: M['name']) => number;
}

export function messageTable<T extends readonly AnyRow[]>(rows: T): MessageTable<MessagesOf<T>> {
  type M = MessagesOf<T>;
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byType = new Map(rows.map((row) => [row.type, row]));
  const rowOf = (name: string): AnyRow => {
    const row = byName.get(name);
    if (!row) throw new RangeError(`no message ${name}`);
    return row;
  };
  return {
    typeOf: (name) => rowOf(name).type,
    encode: (value) => {
      const row = rowOf(value.name);
      const w = new Writer();
      w.u16(row.type);
      row.codec.encode(w, value);
      if (w.length > MAX_MESSAGE_BYTES) throw new RangeError(`${row.name} has ${w.length} bytes`);
      return w.finish();
    },
    decode: (bytes) => {
      if (bytes.length > MAX_MESSAGE_BYTES) throw new DecodeError(`message of ${bytes.length} bytes`);
      const r = new Reader(bytes);
      const type = r.u16();
      const row = byType.get(type);
      if (!row) return { known: false, type };
      const value = row.codec.decode(r);
      r.end();
      return { known: true, message: { name: row.name, ...value } as M };
    },
  };
}
