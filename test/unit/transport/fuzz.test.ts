import { describe, expect, test } from 'vitest';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import { LISTENER_KEY, sessionPair } from '../../support/transport.ts';
import { TransportReader, TransportWriter } from '../../../core/transport/cipher.ts';
import { respond } from '../../../core/transport/handshake.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import vectors from '../../vectors/bolt8/transport.json' with { type: 'json' };

describe('hostile bytes', () => {
  test('a mutated stream gives true messages, then a fault or silence', () => {
    const { dialler, listener } = sessionPair();
    const sent = [0, 2, 40, 300, 1500].map((length) => new Uint8Array(length).fill(length));
    const stream = new TransportWriter(dialler).seal(sent);
    let faults = 0;
    fuzz({
      name: 'TransportReader',
      input: (random) => ({ bytes: mutate(stream, random), cut: random.below(stream.length) }),
      run: ({ bytes, cut }) => {
        const reader = new TransportReader(listener);
        const [first, second] = [reader.feed(bytes.subarray(0, cut)), reader.feed(bytes.subarray(cut))];
        const received = [...first.messages, ...second.messages];
        if (received.length > sent.length) throw new Error('a message was made up');
        for (const [i, message] of received.entries())
          if (message.length !== sent[i]!.length) throw new Error('a message was changed');
        if (second.fault) faults++;
      },
      show: ({ cut }) => `cut at ${cut}`,
    });
    expect(faults).toBeGreaterThan(FUZZ_COUNT / 4);
  });

  test('a mutated act one gives a fault', () => {
    const actOne = fromHex(vectors.responder[0]!.steps[0]!.input!);
    const keys = { ourKey: LISTENER_KEY, ephemeralKey: new Uint8Array(32).fill(0x22) };
    const codes = new Set<string>();
    fuzz({
      name: 'act one',
      input: (random) => mutate(actOne, random),
      run: (bytes) => {
        const result = respond(keys, bytes);
        const isSame = bytes.length === actOne.length && bytes.every((byte, i) => byte === actOne[i]);
        if (result.ok !== isSame) throw new Error('forged act one was taken');
        if (!result.ok) codes.add(result.error.code);
      },
    });
    expect([...codes].toSorted()).toEqual(['bad_length', 'bad_public_key', 'bad_tag', 'bad_version']);
  });
});
