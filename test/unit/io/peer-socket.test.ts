import { Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { toHex } from '../../../core/lib/bytes.ts';
import { DIALLER_ID, LISTENER_ID } from '../../support/transport.ts';
import { manualSystem } from '../../support/manual-system.ts';
import {
  INIT,
  dial,
  dialled,
  linkPair,
  listen,
  numberOf,
  numbered,
  rawClient,
  rawServer,
  record,
  relay,
  talkingPair,
} from '../../support/peers.ts';

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));
const RUBBISH = new Uint8Array(65_535).map((_, i) => (i * 197 + 13) & 0xff);

describe('connectPeer and listenPeers', () => {
  test('both ends learn who the other is', async () => {
    const [a, b] = await linkPair();
    expect([toHex(a.theirNodeId), a.isIncoming, a.host]).toEqual([toHex(LISTENER_ID), false, '127.0.0.1']);
    expect([toHex(b.theirNodeId), b.isIncoming, b.host]).toEqual([toHex(DIALLER_ID), true, '127.0.0.1']);
  });

  test('messages of every length arrive whole and in order, both ways', async () => {
    const { a, b, ofA, ofB } = await talkingPair();
    const lengths = [6, 7, 63, 1000, 65_535, 6];
    for (const [i, length] of lengths.entries()) a.send(numbered(i, length));
    for (let i = 0; i < 1500; i++) b.send(numbered(i));
    await ofB.messages.untilCount(1 + lengths.length);
    await ofA.messages.untilCount(1 + 1500);
    expect(ofB.messages.all.slice(1).map((message) => [numberOf(message), message.length])).toEqual([
      ...lengths.entries(),
    ]);
    expect(ofA.messages.all.slice(1).map(numberOf)).toEqual(Array.from({ length: 1500 }, (_, i) => i));
  });

  test('all messages of one turn leave in one write', async () => {
    const { a, ofB } = await talkingPair();
    const write = vi.spyOn(Socket.prototype, 'write');
    onTestFinished(() => write.mockRestore());
    for (let i = 0; i < 100; i++) a.send(numbered(i));
    await ofB.messages.untilCount(101);
    expect(write).toHaveBeenCalledTimes(1);
  });

  test('a connection that delivers byte by byte works', async () => {
    const { listener, links } = await listen();
    const port = await relay(listener.port, (bytes, out) => {
      for (const byte of bytes) out.write(Uint8Array.of(byte));
    });
    const a = await dialled(port);
    const ofB = record(await links.next());
    a.send(INIT);
    a.send(numbered(7, 500));
    await ofB.messages.untilCount(2);
    expect(numberOf(ofB.messages.all[1]!)).toBe(7);
  });

  test('messages right behind act three are not lost, however late the link is started', async () => {
    const { listener, links } = await listen();
    const a = await dialled(listener.port);
    a.send(INIT);
    a.send(numbered(1));
    a.close();
    const link = await links.next();
    const ofB = record(link);
    await ofB.messages.untilCount(2);
    expect(await ofB.closed.next()).toEqual({ code: 'closed', detail: 'closed by the peer' });
  });

  test('another key than the one dialled for is wrong_key', async () => {
    const { listener, links, refused } = await listen();
    expect(await dial(listener.port, { nodeId: DIALLER_ID })).toMatchObject({
      ok: false,
      error: { code: 'wrong_key' },
    });
    expect(await refused.next()).toEqual({ code: 'handshake_failed', detail: 'bad_tag at act_one' });
    expect(links.all).toEqual([]);
  });

  test('a node id that is no point is wrong_key, without a connection', async () => {
    expect(await dial(1, { nodeId: new Uint8Array(33).fill(2, 0, 1).fill(0xff, 1) })).toMatchObject({
      error: { code: 'wrong_key' },
    });
  });

  test('a closed port is unreachable', async () => {
    const { listener } = await listen();
    listener.close();
    expect(await dial(listener.port)).toEqual({ ok: false, error: { code: 'unreachable', detail: 'ECONNREFUSED' } });
  });

  test('a port in use is an answer, not an exception', async () => {
    const { listener } = await listen();
    await expect(listen({ port: listener.port })).rejects.toThrow('EADDRINUSE');
  });

  test('a dial that takes too long is a timeout', async () => {
    const system = manualSystem();
    const port = await rawServer(() => {});
    const result = dial(port, { system });
    system.advance(30_000);
    expect(await result).toEqual({ ok: false, error: { code: 'timeout', detail: 'dial' } });
  });

  test('a peer that accepts and says nothing is a timeout', async () => {
    const system = manualSystem();
    const port = await rawServer((socket) => socket.on('data', () => system.advance(15_000)));
    expect(await dial(port, { system })).toEqual({ ok: false, error: { code: 'timeout', detail: 'handshake' } });
    expect(system.timerCount()).toBe(0);
  });

  test('a peer that answers rubbish is handshake_failed', async () => {
    const port = await rawServer((socket) => socket.write(RUBBISH));
    expect(await dial(port)).toMatchObject({
      error: { code: 'handshake_failed', detail: 'bad_version at act_two: 13 instead of 0' },
    });
  });

  test('a peer that hangs up in the middle of act two is handshake_failed', async () => {
    const port = await rawServer((socket) => socket.end(new Uint8Array(20)));
    expect(await dial(port)).toMatchObject({
      error: { code: 'handshake_failed', detail: 'bad_length at act_two: 20 instead of 50' },
    });
  });

  test('a dial can be given up, before and in the handshake', async () => {
    expect(await dial(1, { signal: AbortSignal.abort() })).toMatchObject({
      error: { code: 'closed', detail: 'aborted' },
    });
    const controller = new AbortController();
    const port = await rawServer((socket) => socket.on('data', () => controller.abort()));
    expect(await dial(port, { signal: controller.signal })).toMatchObject({
      error: { code: 'closed', detail: 'aborted' },
    });
  });
});

describe('strangers at the listener', () => {
  test('65535 bytes of rubbish end that connection, without an answer', async () => {
    const { listener, refused, links } = await listen();
    const socket = await rawClient(listener.port);
    socket.resume();
    socket.write(RUBBISH);
    await closed(socket);
    expect(await refused.next()).toMatchObject({ code: 'handshake_failed' });
    expect(socket.bytesRead).toBe(0);
    expect(links.all).toEqual([]);
    expect((await dial(listener.port)).ok).toBe(true);
  });

  test('a connection that stalls is dropped after 15 s', async () => {
    const system = manualSystem();
    const { listener, refused } = await listen({ system });
    const socket = await rawClient(listener.port);
    socket.resume();
    socket.write(new Uint8Array(49));
    while (listener.handshakeCount === 0) await new Promise(setImmediate);
    system.advance(14_999);
    expect(listener.handshakeCount).toBe(1);
    system.advance(1);
    expect(await refused.next()).toEqual({ code: 'timeout', detail: 'handshake' });
    await closed(socket);
    expect(listener.handshakeCount).toBe(0);
  });

  test('200 half-open connections take 16 places, and an honest peer still gets in', async () => {
    const { listener, links } = await listen();
    const strangers = await Promise.all(Array.from({ length: 200 }, () => rawClient(listener.port)));
    for (const stranger of strangers) stranger.write(new Uint8Array(10));
    const a = await dialled(listener.port);
    expect(listener.handshakeCount).toBeLessThanOrEqual(16);
    const ofB = record(await links.next());
    a.send(INIT);
    a.send(numbered(5));
    await ofB.messages.untilCount(2);
  });

  test('200 connections of rubbish at once do not keep an honest peer out', async () => {
    const { listener, links } = await listen();
    const strangers = await Promise.all(Array.from({ length: 200 }, () => rawClient(listener.port)));
    for (const stranger of strangers) stranger.end(RUBBISH);
    const a = await dialled(listener.port);
    const ofB = record(await links.next());
    a.send(INIT);
    expect(await ofB.messages.next()).toEqual(INIT);
  });

  test('peers beyond the limit are turned away', async () => {
    const { listener, refused } = await listen({
      limits: { maxHandshakes: 4, maxHandshakesPerHost: 4, maxPeers: 1, maxPeersPerHost: 1 },
    });
    const first = await dialled(listener.port);
    const ofSecond = record(await dialled(listener.port));
    expect(await refused.next()).toEqual({ code: 'closed', detail: 'too many peers' });
    expect((await ofSecond.closed.next()).code).toBe('closed');
    first.close();
    while (listener.peerCount > 0) await new Promise(setImmediate);
    record(await dialled(listener.port));
    while (listener.peerCount === 0) await new Promise(setImmediate);
  });

  test('a handler that throws costs one connection, not the listener', async () => {
    let isBroken = true;
    const { listener, refused } = await listen({
      onPeer: (link) => {
        if (isBroken) throw new Error('broken');
        record(link);
      },
    });
    const ofFirst = record(await dialled(listener.port));
    expect(await refused.next()).toEqual({ code: 'internal', detail: 'broken' });
    await ofFirst.closed.next();
    isBroken = false;
    expect((await dial(listener.port)).ok).toBe(true);
  });

  test('closing the listener drops unfinished handshakes and leaves links alone', async () => {
    const { listener, links } = await listen();
    const half = await rawClient(listener.port);
    half.resume();
    const a = await dialled(listener.port);
    const ofB = record(await links.next());
    while (listener.handshakeCount === 0) await new Promise(setImmediate);
    listener.close();
    await closed(half);
    a.send(INIT);
    expect(await ofB.messages.next()).toEqual(INIT);
  });
});
