import { describe, expect, test } from 'vitest';
import type { Codec, Fields } from '../../../core/codec/codec.ts';
import { Reader } from '../../../core/codec/reader.ts';
import type { TlvTable } from '../../../core/codec/tlv.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { rows } from '../../../core/wire/messages.ts';
import bolts from '../../vectors/bolt-messages.json' with { type: 'json' };

/** Messages of the BOLTs that Sferic does not speak: dual funding, splicing, onion messages. */
const NOT_SPOKEN = [
  'tx_add_input', 'tx_add_output', 'tx_remove_input', 'tx_remove_output', 'tx_complete', 'tx_signatures', 'tx_init_rbf',
  'tx_ack_rbf', 'open_channel2', 'accept_channel2', 'splice_init', 'splice_ack', 'splice_locked', 'onion_message',
]; // prettier-ignore

/** Where our name is not the BOLT's in camelCase, and why. */
const RENAMED: Readonly<Record<string, string>> = {
  // A list is named in the plural.
  'commitment_signed.htlc_signature': 'htlcSignatures',
  // The record holds nothing but this field.
  'update_add_htlc_tlvs.blinded_path': 'pathKey',
};

const SIZES: Readonly<Record<string, number>> = {
  byte: 1, u8: 1, u16: 2, u32: 4, u64: 8, chain_hash: 32, channel_id: 32, sha256: 32, 'sha256[..4]': 4, signature: 64, point: 33,
  short_channel_id: 8,
}; // prettier-ignore

interface BoltField {
  readonly type: string;
  readonly name: string;
}
/** A field with its length field folded in: bytes when empty, and bytes more for a length or count of one. */
interface Layout {
  readonly name: string;
  readonly emptyBytes: number;
  readonly perItemBytes: number;
}

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase());

/** `n*T`: a fixed count, or the name of the length field before. */
function layoutOf(fields: readonly BoltField[]): readonly Layout[] {
  const counters = new Set(fields.flatMap(({ type }) => /^([a-z_]+)\*/u.exec(type)?.[1] ?? []));
  return fields.flatMap(({ type, name }) => {
    if (counters.has(name)) return [];
    const [item = '', count] = type.split('*').toReversed();
    const itemBytes = SIZES[item];
    if (itemBytes === undefined) throw new Error(`no size for ${type}`);
    if (count === undefined) return [{ name, emptyBytes: itemBytes, perItemBytes: 0 }];
    if (/^\d+$/u.test(count)) return [{ name, emptyBytes: Number(count) * itemBytes, perItemBytes: 0 }];
    return [{ name, emptyBytes: SIZES['u16']!, perItemBytes: itemBytes }];
  });
}

const POINT = publicKey(new Uint8Array(32).fill(1));

/** What a codec takes of an endless input that starts with the given bytes; a point wherever one is demanded. */
function taken(codec: Codec<unknown>, start: readonly number[]): number {
  for (const fill of [start, [...POINT]]) {
    const input = new Uint8Array(3200);
    input.set(fill);
    const reader = new Reader(input);
    try {
      codec.decode(reader);
      return reader.position;
    } catch {
      continue;
    }
  }
  throw new Error('codec takes neither zeros nor a point');
}

const sizesOf = (codec: Codec<unknown>): { readonly emptyBytes: number; readonly perItemBytes: number } => {
  const emptyBytes = taken(codec, [0, 0]);
  return { emptyBytes, perItemBytes: taken(codec, [0, 1]) - emptyBytes };
};

const ours = (fields: Fields): readonly Layout[] =>
  Object.entries(fields).map(([name, codec]) => ({ name, ...sizesOf(codec as Codec<unknown>) }));

const spoken = bolts.messages.filter(({ name }) => !NOT_SPOKEN.includes(name));
const rowOf = (name: string) => rows.find((row) => row.name === name);

describe('the message table is the BOLTs own', () => {
  test('every message is spoken or listed as not spoken, and none is invented', () => {
    const known = [...rows.map(({ name }) => name), ...NOT_SPOKEN];
    expect(known.toSorted()).toEqual(bolts.messages.map(({ name }) => name).toSorted());
  });

  test('rows stand in the order of their types', () => {
    const types = rows.map(({ type }) => type);
    expect(types).toEqual(types.toSorted((a, b) => a - b));
  });

  test.each(spoken)('$name has the type, fields, order and sizes of BOLT $bolt', ({ name, type, fields }) => {
    const row = rowOf(name)!;
    const expected = layoutOf(fields).map((field) => ({
      ...field,
      name: RENAMED[`${name}.${field.name}`] ?? camelCase(field.name),
    }));
    expect(row.type).toBe(type);
    expect(ours(row.fields as Fields)).toEqual(expected);
  });

  test.each(spoken)('$name has the TLVs of BOLT $bolt', ({ name, ...message }) => {
    const streamName = 'tlvs' in message ? message.tlvs : undefined;
    const records = bolts.tlvStreams.find((stream) => stream.name === streamName)?.records ?? [];
    const expected = records.map((record) => ({
      name: RENAMED[`${streamName}.${record.name}`] ?? camelCase(record.name),
      type: BigInt(record.type),
      bytes: record.fields.some((field) => field.type.startsWith('...') || field.type === 'bigsize')
        ? 'variable'
        : layoutOf(record.fields).reduce((sum, field) => sum + field.emptyBytes, 0),
    }));
    const table = Object.entries(rowOf(name)!.tlvTable as TlvTable).map(([recordName, record]) => {
      const bytes = taken(record.codec as Codec<unknown>, [0, 0]);
      return { name: recordName, type: record.type, bytes: bytes > 3000 ? 'variable' : bytes };
    });
    expect(table).toEqual(expected);
  });
});
