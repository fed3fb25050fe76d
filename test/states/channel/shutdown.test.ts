import { describe, expect, it } from 'vitest';
import type { MessageOf } from '../../../core/wire/messages.ts';
import { ChannelPair, actionsOf, fulfill, hashOf, offer, reachNormal, sentNames, sentOf } from '../../support/channel-pair.ts';
import { expectFails, expectWarns } from '../../support/channel-outcomes.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const program = (version: number, length: number): Uint8Array => Uint8Array.of(version === 0 ? 0 : 0x50 + version, length, ...bytes(length));
const opReturn = (...rest: number[]): Uint8Array => Uint8Array.of(0x6a, ...rest);
const shutdown = (pair: ChannelPair, scriptpubkey: Uint8Array): MessageOf<'shutdown'> => ({ name: 'shutdown', channelId: pair.bob.channelId, scriptpubkey });
const ask = (pair: ChannelPair, side: 'alice' | 'bob') => pair.do(side, { kind: 'shutdown', script: pair[side].walletScript, reason: 'user' });

/** Alice's HTLC 0 is irrevocable. */
function withHtlc(options: ConstructorParameters<typeof ChannelPair>[0] = {}): ChannelPair {
  const pair = reachNormal({ pushMsat: 300_000_000n, ...options });
  pair.do('alice', offer(0, 20_000_000n));
  return pair.run();
}

describe('the script of shutdown', () => {
  const ALWAYS: readonly (readonly [string, Uint8Array])[] = [['P2WPKH', program(0, 20)], ['P2WSH', program(0, 32)]];
  const ANY_SEGWIT: readonly (readonly [string, Uint8Array])[] = [
    ['P2TR', program(1, 32)], ['version 16 with 40 bytes', program(16, 40)], ['version 1 with 2 bytes', program(1, 2)],
  ]; // prettier-ignore
  const SIMPLE_CLOSE: readonly (readonly [string, Uint8Array])[] = [
    ['OP_RETURN of 6 bytes', opReturn(6, ...bytes(6))], ['OP_RETURN of 75 bytes', opReturn(75, ...bytes(75))],
    ['OP_RETURN of 76 bytes', opReturn(76, 76, ...bytes(76))], ['OP_RETURN of 80 bytes', opReturn(76, 80, ...bytes(80))],
  ]; // prettier-ignore
  const NEVER: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', bytes(0)], ['P2PKH', Uint8Array.of(0x76, 0xa9, 20, ...bytes(20), 0x88, 0xac)], ['P2SH', Uint8Array.of(0xa9, 20, ...bytes(20), 0x87)],
    ['version 0 with 21 bytes', program(0, 21)], ['version 1 with 41 bytes', program(1, 41)], ['version 1 with 1 byte', program(1, 1)],
    ['P2WPKH and a byte more', Uint8Array.of(...program(0, 20), 0)], ['OP_RETURN alone', opReturn()], ['OP_RETURN of 5 bytes', opReturn(5, ...bytes(5))],
    ['OP_RETURN of 81 bytes', opReturn(76, 81, ...bytes(81))], ['OP_RETURN of 75 bytes, pushed the long way', opReturn(76, 75, ...bytes(75))],
    ['OP_RETURN with two pushes', opReturn(6, ...bytes(6), 1, 1)], ['OP_RETURN that is cut', opReturn(20, ...bytes(19))],
  ]; // prettier-ignore
  const connected = ({ simpleClose, anySegwit }: { simpleClose: boolean; anySegwit: boolean }): ChannelPair => {
    const pair = withHtlc();
    pair.bob = { ...pair.bob, link: { ...pair.bob.link, simpleClose, anySegwit } };
    return pair;
  };
  const plain = { simpleClose: false, anySegwit: false };

  it.each(ALWAYS)('may be %s', (_, script) => {
    const pair = connected(plain);
    expect(sentNames(pair.receive('bob', shutdown(pair, script)))).toEqual(['shutdown']);
    expect(pair.bob.remoteShutdownScript).toEqual(script);
  });
  it.each(ANY_SEGWIT)('may be %s with option_shutdown_anysegwit', (_, script) => {
    const pair = connected({ ...plain, anySegwit: true });
    expect(sentNames(pair.receive('bob', shutdown(pair, script)))).toEqual(['shutdown']);
  });
  it.each(SIMPLE_CLOSE)('may be %s with option_simple_close', (_, script) => {
    const pair = connected({ simpleClose: true, anySegwit: true });
    expect(sentNames(pair.receive('bob', shutdown(pair, script)))).toEqual(['shutdown']);
  });
  it.each([...ANY_SEGWIT, ...SIMPLE_CLOSE, ...NEVER])('may not be %s without either', (_, script) => {
    const pair = connected(plain);
    expectWarns(pair, 'bob', shutdown(pair, script), 'invalid_shutdown_script');
  });
  it.each(NEVER)('may never be %s', (_, script) => {
    const pair = connected({ simpleClose: true, anySegwit: true });
    expectWarns(pair, 'bob', shutdown(pair, script), 'invalid_shutdown_script');
  });

  it('must be the one promised at the opening', () => {
    const promised = program(0, 20);
    const pair = withHtlc({ aliceTerms: { upfrontShutdownScript: promised } });
    expectWarns(pair, 'bob', shutdown(pair, program(0, 32)), 'invalid_shutdown_script');
    expect(sentNames(pair.receive('bob', shutdown(pair, promised)))).toEqual(['shutdown']);
  });

  it('is the one that we promised, whatever the wallet says now', () => {
    const promised = program(0, 20);
    const pair = withHtlc({ aliceTerms: { upfrontShutdownScript: promised } });
    expect(sentOf(ask(pair, 'alice'), 'shutdown')[0]?.scriptpubkey).toEqual(promised);
  });
});

describe('shutdown', () => {
  it('is stored before it is sent, once', () => {
    const pair = withHtlc();
    expect(ask(pair, 'alice').map(({ kind }) => kind)).toEqual(['store', 'store', 'journal', 'send']);
    expect(ask(pair, 'alice')).toEqual([]);
    expect(pair.alice.localShutdown).toEqual({ script: pair.alice.walletScript, sent: true });
    expect(pair.alice.closeReason).toBe('user');
  });

  it('waits until our updates are signed', () => {
    const pair = reachNormal();
    pair.do('alice', offer(1, 20_000_000n));
    expect(sentNames(ask(pair, 'alice'))).toEqual([]);
    expect(sentNames(pair.do('alice', { kind: 'sign' }))).toEqual(['commitment_signed', 'shutdown']);
  });

  it('of the peer waits for our answer until our updates are signed', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    pair.do('bob', offer(1, 20_000_000n));
    expect(sentNames(pair.receive('bob', shutdown(pair, program(0, 20))))).toEqual([]);
    expect(sentNames(pair.do('bob', { kind: 'sign' }))).toEqual(['commitment_signed', 'shutdown']);
    expect(pair.bob.closeReason).toBe('peer_shutdown');
  });

  it('with an unsigned HTLC of its sender is refused', () => {
    const pair = reachNormal();
    pair.do('alice', offer(1, 20_000_000n));
    pair.deliver('bob');
    expectWarns(pair, 'bob', shutdown(pair, program(0, 20)), 'pending_updates');
  });

  it('ends new HTLCs of both sides, and lets the old ones end', () => {
    const pair = withHtlc();
    ask(pair, 'alice');
    pair.run();
    for (const side of ['alice', 'bob'] as const) {
      expect(actionsOf(pair.do(side, offer(5, 1_000_000n)), 'htlc_refused')[0]?.fault.code).toBe('shutting_down');
      expect(pair[side].phase).toBe('normal');
    }
    pair.do('bob', fulfill(0));
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
    expect(pair.bob.commitments.ourMsat).toBe(320_000_000n);
  });

  it('followed by an HTLC of its sender fails the channel', () => {
    const pair = withHtlc();
    ask(pair, 'alice');
    pair.run();
    const add: MessageOf<'update_add_htlc'> = {
      name: 'update_add_htlc', channelId: pair.bob.channelId, id: 1n, amountMsat: offer(1, 1000n).amountMsat, paymentHash: hashOf(1), cltvExpiry: 700, onionRoutingPacket: new Uint8Array(1366),
    }; // prettier-ignore
    expectFails(pair, 'bob', add, 'shutting_down');
  });

  it('may cross with an HTLC that the other side offered before it knew', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    ask(pair, 'alice');
    pair.do('bob', offer(0, 20_000_000n));
    pair.run();
    expect(pair.alice.phase).toBe('normal');
    pair.do('alice', fulfill(0));
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
  });

  it.each([true, false])('may cross with one of the other side (simple close %s)', (simpleClose) => {
    const pair = withHtlc({ simpleClose });
    ask(pair, 'alice');
    ask(pair, 'bob');
    pair.run();
    pair.do('bob', fulfill(0));
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
    expect(pair.take('alice', 'publish').some(({ label }) => label === 'closing')).toBe(true);
  });

  it('is sent again after a reconnection, before what was not signed', () => {
    const pair = withHtlc();
    ask(pair, 'bob');
    pair.run();
    pair.do('bob', fulfill(0));
    pair.disconnect().reconnect();
    pair.deliver('alice');
    pair.deliver('bob');
    expect(pair.waiting('alice').map(({ name }) => name)).toEqual(['shutdown', 'update_fulfill_htlc']);
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
  });

  it('asked for while offline is sent after the reconnection', () => {
    const pair = withHtlc().disconnect();
    expect(sentNames(ask(pair, 'alice'))).toEqual([]);
    pair.reconnect().run();
    expect(pair.bob.remoteShutdownScript).toEqual(pair.alice.walletScript);
  });

  it.each(['alice', 'bob'] as const)('may come before channel_ready, here from %s', (side) => {
    const pair = new ChannelPair();
    expect(sentNames(ask(pair, side))).toEqual(['shutdown']);
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
    expect(pair.take('alice', 'publish').map(({ label }) => label)).toContain('closing');
  });

  it('asked for before channel_ready and offline is sent after the reconnection', () => {
    const pair = new ChannelPair().disconnect();
    ask(pair, 'alice');
    pair.reconnect().run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['negotiating', 'negotiating']);
  });

  it('lost with the connection at any message ends in the same close', () => {
    for (const simpleClose of [true, false]) {
      for (let cut = 0; cut < 12; cut++) {
        const pair = withHtlc({ simpleClose });
        ask(pair, 'alice');
        pair.do('bob', fulfill(0));
        for (let i = 0; i < cut; i++) {
          const side = i % 2 ? 'alice' : 'bob';
          pair.deliver(side);
          pair.do(side, { kind: 'sign' });
        }
        pair.restart(cut % 3 ? 'alice' : 'bob').reconnect().run();
        if (pair.bob.commitments.htlcs.size > 0) pair.do('bob', fulfill(0));
        pair.run();
        expect([pair.alice.phase, pair.bob.phase], `cut ${cut}`).toEqual(['negotiating', 'negotiating']);
        expect(pair.bob.commitments.ourMsat).toBe(320_000_000n);
        for (const name of ['alice', 'bob'] as const) expect(pair[name].closingTxs.length, `${name}, cut ${cut}`).toBeGreaterThan(0);
      }
    }
  });
});
