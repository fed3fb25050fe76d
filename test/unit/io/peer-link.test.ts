import { Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DecodeError } from '../../../core/codec/reader.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/messages.ts';
import { manualSystem } from '../../support/manual-system.ts';
import {
  INIT,
  Inbox,
  linkPair,
  listen,
  dialled,
  numberOf,
  numbered,
  record,
  relay,
  talkingPair,
} from '../../support/peers.ts';

const ping = (numPongBytes: number): Uint8Array =>
  encodeMessage({ name: 'ping', numPongBytes, ignored: new Uint8Array(3) });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what a peer may send', () => {
  test('anything before init ends the link', async () => {
    const [a, b] = await linkPair();
    const ofB = record(b);
    a.send(numbered(1));
    expect(await ofB.closed.next()).toEqual({ code: 'protocol_violation', detail: 'message 65535 before init' });
    expect(ofB.messages.all).toEqual([]);
  });

  test('an error instead of init is passed on', async () => {
    const [a, b] = await linkPair();
    const ofB = record(b);
    a.send(encodeMessage({ name: 'error', channelId: new Uint8Array(32), data: new Uint8Array(0) }));
    expect(decodeMessage(await ofB.messages.next())).toMatchObject({ message: { name: 'error' } });
  });

  test('a peer that never sends init is dropped after 15 s', async () => {
    const system = manualSystem();
    const [, b] = await linkPair({ system });
    const ofB = record(b);
    system.advance(15_000);
    expect(await ofB.closed.next()).toEqual({ code: 'timeout', detail: 'no init' });
  });

  test('rubbish behind the handshake ends the link', async () => {
    const { listener, links } = await listen();
    const behind = { handshake: false };
    const rubbish = new Uint8Array(65_535).fill(0x5a);
    const port = await relay(listener.port, (bytes, out) => out.write(behind.handshake ? rubbish : bytes));
    const a = await dialled(port);
    const ofB = record(await links.next());
    behind.handshake = true;
    a.send(INIT);
    expect(await ofB.closed.next()).toEqual({ code: 'protocol_violation', detail: 'bad_tag at message_length' });
  });

  test.each([0, 1])('a message of %i bytes ends the link', async (length) => {
    const { a, ofB } = await talkingPair();
    a.send(new Uint8Array(length));
    expect(await ofB.closed.next()).toEqual({ code: 'protocol_violation', detail: 'message without a type' });
  });

  test('a handler that throws or rejects ends this link alone, once', async () => {
    for (const [error, code] of [
      [new Error('bug'), 'internal'],
      [new DecodeError('bad'), 'protocol_violation'],
    ] as const) {
      for (const onMessage of [
        () => {
          throw error;
        },
        () => Promise.reject(error),
      ]) {
        const { a, ofB } = await talkingPair({}, { onMessage });
        a.send(numbered(1));
        a.send(numbered(2));
        expect(await ofB.closed.next()).toEqual({ code, detail: error.message });
        await turn();
        expect(ofB.closed.all).toHaveLength(1);
      }
    }
  });
});

describe('back-pressure', () => {
  test('reading stops while the handler is behind and goes on when it has caught up', async () => {
    const unfinished: (() => void)[] = [];
    const received: number[] = [];
    const { a, ofA } = await talkingPair(
      {},
      {
        onMessage: (message) => {
          if (message.length === 65_535) received.push(numberOf(message));
          return new Promise<void>((resolve) => unfinished.push(resolve));
        },
      },
    );
    // More than both socket buffers of the system and the mark together hold.
    const count = 120;
    for (let i = 0; i < count; i++) a.send(numbered(i, 65_535));
    let before = -1;
    for (let still = 0; still < 200; still = received.length === before ? still + 1 : 0) {
      before = received.length;
      await turn();
    }
    expect(received.length).toBeGreaterThanOrEqual(16);
    expect(received.length).toBeLessThanOrEqual(20);
    expect(ofA.closed.all).toEqual([]);
    while (received.length < count) {
      for (const finish of unfinished.splice(0)) finish();
      await turn();
    }
    expect(received).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test('a peer that does not read is dropped beyond 8 MB, and memory stays below that', async () => {
    const [a, b] = await linkPair();
    const ofA = record(a);
    let sent = 0;
    while (ofA.closed.all.length === 0) {
      a.send(numbered(sent++, 65_535));
      expect(a.bufferedBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
      if (sent % 16 === 0) await turn();
    }
    expect(ofA.closed.all[0]).toMatchObject({ code: 'protocol_violation' });
    expect(ofA.closed.all[0]!.detail).toContain('does not read');
    expect(sent * 65_535).toBeGreaterThan(8_000_000);
    b.close();
  });

  test('onDrain tells when bulk may go on', async () => {
    const { a, ofA, ofB } = await talkingPair();
    for (let i = 0; i < 60; i++) a.send(numbered(i, 65_535));
    expect(a.bufferedBytes).toBeGreaterThan(1024 * 1024);
    await ofA.drained.next();
    expect(a.bufferedBytes).toBeLessThan(1024 * 1024);
    await ofB.messages.untilCount(61);
    expect(ofB.messages.all.slice(1).map(numberOf)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(ofA.drained.all).toHaveLength(1);
  });

  test('a flood of small messages does not hold up the event loop', async () => {
    const { a, ofB } = await talkingPair();
    const count = 20_000;
    for (let i = 0; i < count; i++) a.send(numbered(i));
    let turns = 0;
    while (ofB.messages.all.length < count + 1) {
      await turn();
      turns++;
    }
    expect(turns).toBeGreaterThan(3);
    expect(numberOf(ofB.messages.all.at(-1)!)).toBe(count - 1);
  });
});

describe('ping and pong', () => {
  test('a ping below 65532 is answered with as many bytes, one above is ignored, neither is passed on', async () => {
    const pongs = new Inbox<number>();
    const { listener, links } = await listen();
    // The link under test keeps pongs to itself, so the asking side is told by what it writes.
    const asker = await dialled(listener.port);
    const answerer = await links.next();
    record(asker);
    const ofAnswerer = record(answerer);
    const send = answerer.send.bind(answerer);
    Object.defineProperty(answerer, 'send', {
      value: (message: Uint8Array) => {
        const decoded = decodeMessage(message);
        if (decoded.known && decoded.message.name === 'pong') pongs.push(decoded.message.ignored.length);
        send(message);
      },
    });
    asker.send(INIT);
    for (const wanted of [0, 5, 65_531, 65_532, 65_535, 1]) asker.send(ping(wanted));
    asker.send(numbered(1));
    await ofAnswerer.messages.untilCount(2);
    expect(pongs.all).toEqual([0, 5, 65_531, 1]);
  });

  test('a ping cut short ends the link', async () => {
    const { a, ofB } = await talkingPair();
    a.send(ping(1).subarray(0, 3));
    expect((await ofB.closed.next()).code).toBe('protocol_violation');
  });

  test('a flood of pings ends the link; the allowance refills with time', async () => {
    const system = manualSystem();
    const { a, ofB } = await talkingPair({ system });
    const burst = async (count: number, mark: number): Promise<void> => {
      for (let i = 0; i < count; i++) a.send(ping(0));
      a.send(numbered(mark));
      await ofB.messages.next();
    };
    await burst(64, 1);
    system.advance(10_000);
    await burst(40, 2);
    a.send(ping(0));
    expect(await ofB.closed.next()).toEqual({ code: 'protocol_violation', detail: 'flood of pings' });
  });

  test('an idle link is pinged, and lives while pongs come', async () => {
    const system = manualSystem();
    const { ofA, ofB, a } = await talkingPair({ system });
    const write = vi.spyOn(Socket.prototype, 'write');
    onTestFinished(() => write.mockRestore());
    for (let minute = 0; minute < 5; minute++) {
      system.advance(29_000);
      // Pings and pongs travel in real time.
      for (let i = 0; i < 50; i++) await turn();
    }
    // Two ends that would each have pinged about twice in 145 s, had the other's ping not been sign enough.
    expect(write.mock.calls.length).toBeGreaterThanOrEqual(4);
    a.send(numbered(9));
    await ofB.messages.untilCount(2);
    expect([ofA.closed.all, ofB.closed.all]).toEqual([[], []]);
  });

  test('an idle peer that is gone without a word is dropped: ping within 60 s, then 30 s for the pong', async () => {
    const system = manualSystem();
    const { listener, links } = await listen({ system });
    let isCut = false;
    const port = await relay(listener.port, (bytes, out) => !isCut && out.write(bytes));
    const a = await dialled(port, { system });
    const [ofA, b] = [record(a), await links.next()];
    record(b);
    a.send(INIT);
    b.send(INIT);
    await ofA.messages.next();
    isCut = true;
    system.advance(59_999);
    expect(ofA.closed.all).toEqual([]);
    system.advance(30_001);
    expect(await ofA.closed.next()).toEqual({ code: 'timeout', detail: 'no pong' });
  });

  test('nobody is dropped for a pong that we ourselves do not read', async () => {
    const system = manualSystem();
    const finish: (() => void)[] = [];
    const seen = new Inbox<number>();
    const { listener, links } = await listen();
    const a = await dialled(listener.port, { system });
    // The other end keeps the real clock, so that only ours loses patience.
    const b = await links.next();
    const ofA = record(a, {
      onMessage: (message) => {
        seen.push(message.length);
        return new Promise<void>((resolve) => finish.push(resolve));
      },
    });
    a.send(INIT);
    for (let i = 0; i < 40; i++) b.send(i === 0 ? INIT : numbered(i, 65_535));
    b.start({ onMessage: () => {}, onClose: () => {} });
    await seen.untilCount(17);
    system.advance(200_000);
    expect(ofA.closed.all).toEqual([]);
    while (seen.all.length < 40) {
      for (const done of finish.splice(0)) done();
      await turn();
      expect(ofA.closed.all).toEqual([]);
    }
  });
});

describe('close', () => {
  test('sends what is queued, then ends both sides, once', async () => {
    const { a, ofA, ofB } = await talkingPair();
    for (let i = 0; i < 10; i++) a.send(numbered(i, 60_000));
    a.close('enough');
    a.send(numbered(99));
    a.close('again');
    expect(await ofB.closed.next()).toEqual({ code: 'closed', detail: 'closed by the peer' });
    expect(await ofA.closed.next()).toEqual({ code: 'closed', detail: 'enough' });
    expect(ofB.messages.all.slice(1).map(numberOf)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    await turn();
    expect([ofA.closed.all.length, ofB.closed.all.length]).toEqual([1, 1]);
  });

  test('does not wait for ever for a peer that does not read', async () => {
    const system = manualSystem();
    const [a] = await linkPair({ system });
    const ofA = record(a);
    for (let i = 0; i < 100; i++) a.send(numbered(i, 65_535));
    a.close();
    system.advance(2_000);
    expect(await ofA.closed.next()).toEqual({ code: 'closed', detail: 'closed by us' });
  });

  test('no message is handed over after the link was closed from within the handler', async () => {
    const received: number[] = [];
    const [a, b] = await linkPair();
    record(a);
    const ofB = record(b, {
      onMessage: (message) => {
        received.push(message.length);
        b.close();
      },
    });
    a.send(INIT);
    a.send(numbered(1));
    await ofB.closed.next();
    expect(received).toEqual([INIT.length]);
  });

  test('a link that ended before it was started says so', async () => {
    const [a, b] = await linkPair();
    const ofA = record(a);
    a.close();
    // Nothing is read before the start, so it is the start that finds the end.
    const ofB = record(b);
    expect(await ofB.closed.next()).toEqual({ code: 'closed', detail: 'closed by the peer' });
    expect(await ofA.closed.next()).toMatchObject({ code: 'closed' });
    const late = new Inbox<string>();
    const [c] = await linkPair();
    c.close('early');
    for (let i = 0; i < 200; i++) await turn();
    c.start({ onMessage: () => {}, onClose: ({ detail }) => late.push(detail) });
    expect(await late.next()).toBe('early');
  });

  test('leaves no timer behind', async () => {
    const system = manualSystem();
    const { a, ofA, ofB } = await talkingPair({ system });
    a.close();
    await ofA.closed.next();
    await ofB.closed.next();
    expect(system.timerCount()).toBe(0);
  });

  test('a message over 65535 bytes is our own bug', async () => {
    const { a } = await talkingPair();
    expect(() => a.send(new Uint8Array(65_536))).toThrow(RangeError);
  });
});
