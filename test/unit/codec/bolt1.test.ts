import { describe, expect, test } from 'vitest';
import { type Codec, bigsize, decodeWith, encodeWith, mapped, struct, u16, u64 } from '../../../core/codec/codec.ts';
import { s16, s32, s64, s8, tu32, tu64 } from '../../../core/codec/integers.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { tlv, tlvStream } from '../../../core/codec/tlv.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { formatShortChannelId, point, shortChannelId } from '../../../core/wire/primitives.ts';
import bigsizeVectors from '../../vectors/bolt1/bigsize.json' with { type: 'json' };
import signedVectors from '../../vectors/bolt1/signed-integers.json' with { type: 'json' };
import tlvVectors from '../../vectors/bolt1/tlv.json' with { type: 'json' };

const n1 = tlvStream({
  tlv1: tlv(1, struct({ amount_msat: tu64 })),
  tlv2: tlv(2, struct({ scid: mapped(shortChannelId, formatShortChannelId, () => 0n) })),
  tlv3: tlv(3, struct({ node_id: mapped(point, toHex, fromHex), amount_msat_1: u64, amount_msat_2: u64 })),
  tlv4: tlv(254, struct({ cltv_delta: u16 })),
});
const n2 = tlvStream({ tlv1: tlv(0, struct({ amount_msat: tu64 })), tlv2: tlv(11, struct({ cltv_expiry: tu32 })) });
const namespaces: readonly (readonly [string, Codec<object>])[] = [
  ['n1', n1 as Codec<object>],
  ['n2', n2 as Codec<object>],
];

/** Calls what must throw. */
const decoding =
  <T>(codec: Codec<T>, hex: string) =>
  (): T =>
    decodeWith(codec, fromHex(hex));

describe('bigsize (BOLT 1, Appendix A)', () => {
  const isRefused = (vector: object): boolean => 'exp_error' in vector;
  test.each(bigsizeVectors.decoding.filter(isRefused))('refuses: $name', ({ bytes }) => {
    expect(decoding(bigsize, bytes)).toThrow(DecodeError);
  });
  test.each(bigsizeVectors.decoding.filter((vector) => !isRefused(vector)))('decodes: $name', ({ bytes, value }) => {
    expect(decodeWith(bigsize, fromHex(bytes))).toBe(BigInt(value));
  });

  test.each(bigsizeVectors.encoding)('encodes: $name', ({ value, bytes }) => {
    expect(toHex(encodeWith(bigsize, BigInt(value)))).toBe(bytes);
  });
});

describe('TLV streams (BOLT 1, Appendix B)', () => {
  describe.each(namespaces)('namespace %s', (_name, namespace) => {
    test.each([...tlvVectors.failuresInAnyNamespace, ...tlvVectors.unknownEvenTypes])(
      'refuses $stream: $reason',
      ({ stream }) => {
        expect(decoding(namespace, stream)).toThrow(DecodeError);
      },
    );

    test.each(tlvVectors.ignored)('takes and ignores "$stream"', ({ stream }) => {
      const { unknownRecords: _, ...known } = decodeWith(namespace, fromHex(stream)) as { unknownRecords?: unknown };
      expect(known).toEqual({});
    });
  });

  test.each([...tlvVectors.failuresInN1, ...tlvVectors.orderFailuresInN1])(
    'n1 refuses $stream: $reason',
    ({ stream }) => {
      expect(decoding(n1, stream)).toThrow(DecodeError);
    },
  );
  test.each(tlvVectors.orderFailuresInN2)('n2 refuses $stream: $reason', ({ stream }) => {
    expect(decoding(n2, stream)).toThrow(DecodeError);
  });

  test.each(tlvVectors.successesInN1)('n1 reads $stream as $values', ({ stream, values }) => {
    const [name = '', ...pairs] = values.replaceAll('`', '').split(' ');
    const decoded = decodeWith(n1, fromHex(stream)) as Record<string, Record<string, unknown>>;
    const fields = Object.entries(decoded[name] ?? {}).map(([field, value]) => `${field}=${String(value)}`);
    expect(Object.keys(decoded)).toEqual([name]);
    expect(fields).toEqual(pairs);
  });

  test('an invalid stream behind a valid one is refused', () => {
    for (const { stream } of tlvVectors.failuresInAnyNamespace)
      expect(decoding(n1, `0100${stream}`)).toThrow(DecodeError);
  });

  test('a valid stream of higher types behind a valid one is taken', () => {
    const [low = '', , , , , , , , , middle = '', high = '', highest = ''] = tlvVectors.successesInN1.map(
      ({ stream }) => stream,
    );
    expect(Object.keys(decodeWith(n1, fromHex(low + middle + high + highest)))).toEqual([
      'tlv1',
      'tlv2',
      'tlv3',
      'tlv4',
    ]);
  });

  test('records are written in the order of their types, whatever the order of the table', () => {
    const mixed = tlvStream({ late: tlv(300, u16), early: tlv(7, u16) });
    const bytes = encodeWith(mixed, { late: 1, early: 2, unknownRecords: [{ type: 9n, value: fromHex('ff') }] });
    expect(toHex(bytes)).toBe('070200020901fffd012c020001');
  });
});

describe('signed integers (BOLT 1, Appendix D)', () => {
  const bySize: Readonly<Record<number, Codec<bigint>>> = { 1: s8, 2: s16, 4: s32, 8: s64 };
  test.each(signedVectors.vectors)('$value is $bytes', ({ value, bytes }) => {
    const codec = bySize[bytes.length / 2]!;
    expect(toHex(encodeWith(codec, BigInt(value)))).toBe(bytes);
    expect(decodeWith(codec, fromHex(bytes))).toBe(BigInt(value));
  });

  test('what does not fit is refused', () => {
    expect(() => encodeWith(s8, 128n)).toThrow(RangeError);
    expect(() => encodeWith(s64, -(1n << 63n) - 1n)).toThrow(RangeError);
  });
});
