import { type Codec, type TypeOf, bigsize, boundedLength, encodeWith } from './codec.ts';
import { DecodeError, Reader } from './reader.ts';

/** One record type of a TLV stream; the codec reads exactly the value's bytes. */
export interface TlvRecord<T> {
  readonly type: bigint;
  readonly codec: Codec<T>;
}
export const tlv = <T>(type: number | bigint, codec: Codec<T>): TlvRecord<T> => ({ type: BigInt(type), codec });

/** A record that the table does not know: odd ones may be ignored or kept. */
export interface UnknownRecord {
  readonly type: bigint;
  readonly value: Uint8Array;
}

// oxlint-disable-next-line no-explicit-any -- records of one table differ in type
export type TlvTable = Readonly<Record<string, TlvRecord<any>>>;
export type Tlvs<R extends TlvTable> = { readonly [K in keyof R]?: TypeOf<R[K]['codec']> | undefined } & {
  readonly unknownRecords?: readonly UnknownRecord[] | undefined;
};

/**
 * A TLV stream up to the end of the input (BOLT 1, "Type-Length-Value Format"): types strictly increasing, lengths
 * exact, integers canonical, unknown even types refused, unknown odd ones kept in `unknownRecords`.
 */
export function tlvStream<R extends TlvTable>(table: R): Codec<Tlvs<R>> {
  const byType = new Map(Object.entries(table).map(([name, record]) => [record.type, { name, codec: record.codec as Codec<unknown> }]));
  return {
    encode: (w, values) => {
      const records: { type: bigint; value: Uint8Array }[] = [...(values.unknownRecords ?? [])];
      for (const [name, { type, codec }] of Object.entries(table)) {
        const value: unknown = values[name];
        if (value !== undefined) records.push({ type, value: encodeWith(codec, value) });
      }
      records.sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
      for (const { type, value } of records) {
        bigsize.encode(w, type);
        bigsize.encode(w, BigInt(value.length));
        w.bytes(value);
      }
    },
    decode: (r) => {
      const values: Record<string, unknown> = {};
      const unknownRecords: UnknownRecord[] = [];
      for (let previous = -1n; r.left > 0; ) {
        const type = bigsize.decode(r);
        if (type <= previous) throw new DecodeError(`tlv type ${type} follows ${previous}`);
        previous = type;
        const value = new Reader(r.bytes(boundedLength(r, bigsize.decode(r))));
        const known = byType.get(type);
        if (known) {
          values[known.name] = known.codec.decode(value);
          if (value.left > 0) throw new DecodeError(`tlv type ${type} is too long`);
        } else if (type % 2n === 0n) throw new DecodeError(`unknown even tlv type ${type}`);
        else unknownRecords.push({ type, value: value.rest().slice() });
      }
      if (unknownRecords.length > 0) values['unknownRecords'] = unknownRecords;
      return values as Tlvs<R>;
    },
  };
}
