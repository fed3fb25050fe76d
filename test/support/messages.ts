import * as fc from 'fast-check';
import { type Codec, bytes16, decodeWith, flag, remaining } from '../../core/codec/codec.ts';
import { Reader } from '../../core/codec/reader.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import type { Message, rows } from '../../core/wire/messages.ts';
import { chainHash, point, signature } from '../../core/wire/primitives.ts';

const octets = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const points: fc.Arbitrary<Uint8Array> = octets(32)
  .filter((scalar) => scalar.some((byte) => byte !== 0) && scalar[0] !== 0xff)
  .map(publicKey);

/** Codecs without a fixed size, and those that refuse some bytes of their size. */
const SPECIAL = new Map<unknown, fc.Arbitrary<unknown>>([
  [bytes16, fc.uint8Array({ maxLength: 200 })],
  [remaining, fc.uint8Array({ maxLength: 200 })],
  [point, points],
  [flag, fc.boolean()],
]);

/** Bytes that a codec of fixed size takes. */
function sizeOf<T>(codec: Codec<T>): number {
  const reader = new Reader(new Uint8Array(3000));
  codec.decode(reader);
  return reader.position;
}

/** Lists are told by their name, since every one is a codec of its own. */
function valuesOf(name: string, codec: Codec<unknown>): fc.Arbitrary<unknown> {
  const special = SPECIAL.get(codec);
  if (special) return special;
  if (name === 'htlcSignatures') return fc.array(octets(sizeOf(signature)), { maxLength: 5 });
  if (name === 'networks') return fc.array(octets(sizeOf(chainHash)), { maxLength: 4 });
  return octets(sizeOf(codec)).map((bytes) => decodeWith(codec, bytes));
}

/** Any valid message of one row of the table. */
export function messagesOf(row: (typeof rows)[number]): fc.Arbitrary<Message> {
  const fields = Object.entries(row.fields).map(
    ([name, codec]) => [name, valuesOf(name, codec as Codec<unknown>)] as const,
  );
  const tlvs = Object.entries(row.tlvTable).map(
    ([name, record]) => [name, valuesOf(name, (record as { codec: Codec<unknown> }).codec)] as const,
  );
  const extension = fc.record(Object.fromEntries(tlvs), { requiredKeys: [] });
  return fc
    .tuple(fc.record(Object.fromEntries(fields)), extension)
    .map(
      ([values, tlvs]) => ({ name: row.name, ...values, ...(Object.keys(tlvs).length > 0 ? { tlvs } : {}) }) as Message,
    );
}
