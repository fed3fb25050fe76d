import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../core/codec/reader.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import {
  type Message,
  channelIdOf,
  decodeMessage,
  encodeMessage,
  messageType,
  rows,
} from '../../../core/wire/messages.ts';
import { formatShortChannelId, parseShortChannelId, shortChannelIdOf } from '../../../core/wire/primitives.ts';
import { messagesOf } from '../../support/messages.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import extension from '../../vectors/bolt1/extension.json' with { type: 'json' };

const decoded = (message: Message): Message => {
  const result = decodeMessage(encodeMessage(message));
  if (!result.known) throw new Error('unknown');
  return result.message;
};

describe('message table', () => {
  test.each(rows.map((row) => [row.name, row] as const))('%s: what is written is what is read', (_name, row) => {
    fc.assert(
      fc.property(messagesOf(row), (message) => {
        expect(decoded(message)).toEqual(message);
        expect(toHex(encodeMessage(decoded(message)))).toBe(toHex(encodeMessage(message)));
      }),
      { numRuns: 40 },
    );
  });

  test.each(rows.map((row) => [row.name, row] as const))(
    '%s: cut short anywhere in its fields it is refused',
    (_name, row) => {
      const [message] = fc.sample(messagesOf(row), { numRuns: 1, seed: 1 });
      const bytes = encodeMessage({ ...message!, tlvs: undefined } as Message);
      for (let length = 2; length < bytes.length; length++)
        expect(() => decodeMessage(bytes.subarray(0, length))).toThrow(DecodeError);
    },
  );

  test('an unknown type is a value, odd or even', () => {
    expect(decodeMessage(fromHex('ffff0102'))).toEqual({ known: false, type: 65535 });
    expect(decodeMessage(fromHex('fffe'))).toEqual({ known: false, type: 65534 });
  });

  test.each(['', '00'])('"%s" has no type', (hex) => {
    expect(() => decodeMessage(fromHex(hex))).toThrow(DecodeError);
  });

  test('a message over 65535 bytes is neither written nor read', () => {
    const longest = { name: 'peer_storage', blob: new Uint8Array(65_531) } as const;
    expect(encodeMessage(longest)).toHaveLength(65_535);
    expect(() => encodeMessage({ name: 'peer_storage', blob: new Uint8Array(65_532) })).toThrow(RangeError);
    expect(() => decodeMessage(new Uint8Array(65_536))).toThrow(DecodeError);
  });

  test('a key that is no point of the curve is refused, except in announcements', () => {
    const off = new Uint8Array(33).fill(5);
    const id = new Uint8Array(32);
    const revoke = {
      name: 'revoke_and_ack',
      channelId: id,
      perCommitmentSecret: id,
      nextPerCommitmentPoint: off,
    } as const;
    expect(() => decoded(revoke)).toThrow(DecodeError);
    expect(decoded({ ...revoke, nextPerCommitmentPoint: publicKey(new Uint8Array(32).fill(1)) }).name).toBe(
      'revoke_and_ack',
    );
    const announcement = fc.sample(messagesOf(rows.find((row) => row.name === 'node_announcement')!), {
      numRuns: 1,
      seed: 1,
    })[0]!;
    expect(decoded({ ...announcement, nodeId: off } as Message)).toMatchObject({ nodeId: off });
  });

  test('messageType gives the number of the BOLT', () => {
    expect(messageType('commitment_signed')).toBe(132);
  });
});

describe('extension of init (BOLT 1, Appendix C)', () => {
  test.each(extension.valid)('takes $bytes: $why', ({ bytes }) => {
    const empty = new Uint8Array(0);
    expect(decodeMessage(fromHex(bytes))).toEqual({
      known: true,
      message: { name: 'init', globalfeatures: empty, features: empty },
    });
  });
  test.each(extension.invalid)('refuses $bytes: $why', ({ bytes }) => {
    expect(() => decodeMessage(fromHex(bytes))).toThrow(DecodeError);
  });
});

describe('hostile bytes', () => {
  test('decodeMessage gives a message, an unknown type or a DecodeError, quickly', () => {
    const valid = rows.flatMap((row) => fc.sample(messagesOf(row), { numRuns: 5, seed: 7 }).map(encodeMessage));
    let refused = 0;
    fuzz({
      name: 'decodeMessage',
      input: (random) => mutate(random.pick(valid), random),
      run: (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
          refused++;
        }
      },
    });
    // The mutations reach the decoders: some inputs are refused, some pass.
    expect(refused).toBeGreaterThan(FUZZ_COUNT / 10);
    expect(refused).toBeLessThan(FUZZ_COUNT);
  });
});

describe('identifiers', () => {
  test('channel_id is the funding txid with the output index mixed into its last two bytes (BOLT 2)', () => {
    expect(toHex(channelIdOf(fromHex('00'.repeat(31) + 'ff'), 0x0102))).toBe(`${'00'.repeat(30)}01fd`);
  });

  test('short channel ids read and write', () => {
    expect(formatShortChannelId(0x08_3a84_0000_0300_01n)).toBe('539268x3x1');
    expect(parseShortChannelId('539268x3x1')).toBe(shortChannelIdOf(539268, 3, 1));
    expect(formatShortChannelId(shortChannelIdOf(0xff_ffff, 0xff_ffff, 0xffff))).toBe('16777215x16777215x65535');
    for (const bad of ['', '1x2', '16777216x0x0', '0x16777216x0', '0x0x65536', '-1x0x0', '1x2x3x4', '1:2:3']) {
      expect(parseShortChannelId(bad)).toBeUndefined();
    }
  });
});
