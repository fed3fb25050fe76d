import { createCipheriv } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { OVERHEAD_BYTES, TransportReader, TransportWriter } from '../../../core/transport/cipher.ts';
import { sessionPair } from '../../support/transport.ts';
import vectors from '../../vectors/bolt8/transport.json' with { type: 'json' };

const { messages: bolt } = vectors;
const boltKeys = { sendingKey: fromHex(bolt.sk), receivingKey: fromHex(bolt.rk), chainingKey: fromHex(bolt.ck) };
const hello = fromHex(bolt.plain);

function pair() {
  const { dialler, listener } = sessionPair();
  return { writer: new TransportWriter(dialler), reader: new TransportReader(listener) };
}

/** Cuts `bytes` at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const marks = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return marks.slice(1).map((mark, i) => bytes.subarray(marks[i], mark));
}

describe('message encryption', () => {
  test('1002 messages are sealed as BOLT 8 prints them, over two key rotations', () => {
    const writer = new TransportWriter(boltKeys);
    const packets = Array.from({ length: 1002 }, () => toHex(writer.seal([hello])));
    expect(Object.fromEntries(Object.keys(bolt.outputs).map((i) => [i, packets[Number(i)]]))).toEqual(bolt.outputs);
  });

  test('every nonce counts as an independent cipher counts it', () => {
    const writer = new TransportWriter(boltKeys);
    const sealedByNode = (key: Uint8Array, counter: number, plain: Uint8Array): string => {
      const nonce = new Uint8Array(12);
      new DataView(nonce.buffer).setBigUint64(4, BigInt(counter), true);
      const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
      return toHex(concat(cipher.update(plain), cipher.final(), cipher.getAuthTag()));
    };
    for (let i = 0; i < 500; i++) {
      const [length, body] = [Uint8Array.of(0, 5), hello].map((plain, part) =>
        sealedByNode(boltKeys.sendingKey, 2 * i + part, plain),
      );
      expect(toHex(writer.seal([hello]))).toBe(`${length}${body}`);
    }
  });

  test('the receiving side rotates in step', () => {
    const writer = new TransportWriter(boltKeys);
    const reader = new TransportReader({ ...boltKeys, receivingKey: boltKeys.sendingKey });
    const fed = reader.feed(writer.seal(Array.from({ length: 1502 }, () => hello)));
    expect(fed.fault).toBeUndefined();
    expect(fed.messages.map(toHex)).toEqual(Array.from({ length: 1502 }, () => bolt.plain));
  });

  test('many messages in one packet are what they are one by one', () => {
    const [a, b] = [pair().writer, pair().writer];
    const messages = [0, 1, 2, 63, 64, 65, 65_535].map((length) => new Uint8Array(length).fill(length));
    expect(toHex(a.seal(messages))).toBe(messages.map((message) => toHex(b.seal([message]))).join(''));
  });

  test('a message over 65535 bytes is refused before anything is sealed', () => {
    const { writer, reader } = pair();
    expect(() => writer.seal([hello, new Uint8Array(65_536)])).toThrow(RangeError);
    expect(reader.feed(writer.seal([hello])).messages.map(toHex)).toEqual([bolt.plain]);
  });
});

describe('TransportReader', () => {
  test('gives the same messages however the stream is cut', () => {
    const message = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 30 }), (messages, places) => {
        const { writer, reader } = pair();
        const fed = cut(writer.seal(messages), places).map((chunk) => reader.feed(chunk));
        expect(fed.flatMap((one) => one.messages).map(toHex)).toEqual(messages.map(toHex));
        expect(reader.bufferedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('byte by byte, with the longest message among them', () => {
    const { writer, reader } = pair();
    const messages = [new Uint8Array(0), new Uint8Array(65_535).fill(7), hello];
    const received: string[] = [];
    for (const byte of writer.seal(messages)) received.push(...reader.feed(Uint8Array.of(byte)).messages.map(toHex));
    expect(received).toEqual(messages.map(toHex));
  });

  test('holds one unfinished message at most', () => {
    const { writer, reader } = pair();
    const stream = writer.seal(Array.from({ length: 4 }, () => new Uint8Array(65_535)));
    let held = 0;
    for (let at = 0; at < stream.length; at += 1000) {
      reader.feed(stream.subarray(at, at + 1000));
      held = Math.max(held, reader.bufferedBytes);
    }
    expect(held).toBeGreaterThan(60_000);
    expect(held).toBeLessThanOrEqual(65_535 + 16);
  });

  test('messages before a forged one arrive, none after it', () => {
    const { writer, reader } = pair();
    const [good, bad, late] = [writer.seal([hello]), writer.seal([hello]), writer.seal([hello])];
    bad[bad.length - 1]! ^= 1;
    const fed = reader.feed(concat(good, bad, late));
    expect(fed.messages.map(toHex)).toEqual([bolt.plain]);
    expect(fed.fault).toEqual({ code: 'bad_tag', at: 'message' });
    expect(reader.feed(late)).toEqual({ messages: [], fault: fed.fault });
  });

  test('a forged length is not waited for', () => {
    const { writer, reader } = pair();
    const packet = writer.seal([hello]);
    packet[0]! ^= 0xff;
    expect(reader.feed(packet.subarray(0, 18))).toEqual({
      messages: [],
      fault: { code: 'bad_tag', at: 'message_length' },
    });
  });

  test('a replayed packet is refused', () => {
    const { writer, reader } = pair();
    const packet = writer.seal([hello]);
    expect(reader.feed(packet).messages).toHaveLength(1);
    expect(reader.feed(packet).fault?.code).toBe('bad_tag');
  });

  test('a message is a copy: the chunk may be reused', () => {
    const { writer, reader } = pair();
    const packet = writer.seal([hello]);
    const [message] = reader.feed(packet).messages;
    packet.fill(0);
    expect(toHex(message!)).toBe(bolt.plain);
    expect(packet).toHaveLength(hello.length + OVERHEAD_BYTES);
  });
});
