import { describe, expect, it } from 'vitest';
import type { ChannelFaultCode } from '../../../core/channel/errors.ts';
import type { Message } from '../../../core/wire/messages.ts';
import { type ChannelPair, actionsOf, failHtlc, fulfill, hashOf, offer, preimageOf, reachNormal, sentNames, sentOf } from '../../support/channel-pair.ts';
import { expectFails } from '../../support/channel-outcomes.ts';

/** Alice offered HTLC 0 to Bob, irrevocably. */
function offered(): ChannelPair {
  const pair = reachNormal({ pushMsat: 300_000_000n });
  pair.do('alice', offer(0, 20_000_000n));
  return pair.run();
}
const remove = (pair: ChannelPair, message: object): Message => ({ channelId: pair.alice.channelId, id: 0n, ...message }) as Message;
const FULFILL = { name: 'update_fulfill_htlc', paymentPreimage: preimageOf(0) };
const FAIL = { name: 'update_fail_htlc', reason: new Uint8Array(292) };
const MALFORMED = { name: 'update_fail_malformed_htlc', sha256OfOnion: new Uint8Array(32), failureCode: 0xc005 };

describe('a removal that the peer sends', () => {
  it.each([
    ['fulfils an unknown id', { ...FULFILL, id: 1n }, 'unknown_htlc'],
    ['fails an unknown id', { ...FAIL, id: 1n }, 'unknown_htlc'],
    ['calls an unknown id malformed', { ...MALFORMED, id: 1n }, 'unknown_htlc'],
    ['brings the preimage of another hash', { ...FULFILL, paymentPreimage: preimageOf(1) }, 'invalid_preimage'],
    ['brings the hash for a preimage', { ...FULFILL, paymentPreimage: hashOf(0) }, 'invalid_preimage'],
    ['leaves BADONION out', { ...MALFORMED, failureCode: 0x4005 }, 'missing_badonion_bit'],
  ] as [string, object, ChannelFaultCode][])('fails the channel when it %s', (_, message, code) => {
    const pair = offered();
    expectFails(pair, 'alice', remove(pair, message), code);
    expect(pair.take('alice', 'htlc_fulfilled')).toEqual([]);
  });

  it.each([
    ['fulfil and fulfil', FULFILL, FULFILL], ['fulfil and fail', FULFILL, FAIL], ['fail and fulfil', FAIL, FULFILL], ['malformed and fail', MALFORMED, FAIL],
  ])('fails the channel when it comes twice: %s', (_, first, second) => {
    const pair = offered();
    pair.receive('alice', remove(pair, first));
    expectFails(pair, 'alice', remove(pair, second), 'htlc_already_removed');
  });

  it('of its own HTLC fails the channel', () => {
    const pair = offered();
    expectFails(pair, 'bob', remove(pair, FAIL), 'unknown_htlc');
  });

  it('before the HTLC is irrevocable fails the channel', () => {
    const pair = reachNormal();
    pair.do('alice', offer(0, 20_000_000n));
    pair.do('alice', { kind: 'sign' });
    expectFails(pair, 'alice', remove(pair, FULFILL), 'unknown_htlc');
  });

  it('with the preimage is final at once, and stays so when the connection breaks before it is signed', () => {
    const pair = offered();
    const actions = pair.receive('alice', remove(pair, FULFILL));
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'htlc_fulfilled']);
    pair.disconnect();
    expect([...pair.alice.commitments.htlcs.values()][0]?.removal).toBeUndefined();
    pair.reconnect().run();
    expect(pair.alice.commitments.htlcs.size).toBe(1);
  });

  it('without one is told only when the HTLC is gone from both commitments', () => {
    const pair = offered();
    pair.do('bob', failHtlc(0n));
    pair.deliver('alice');
    pair.do('bob', { kind: 'sign' });
    pair.deliver('alice');
    pair.do('alice', { kind: 'sign' });
    expect(pair.take('alice', 'htlc_failed')).toEqual([]);
    pair.run();
    expect(pair.take('alice', 'htlc_failed').map(({ id, removal }) => [id, removal.kind])).toEqual([[0n, 'fail']]);
    expect(pair.alice.commitments.ourMsat).toBe(700_000_000n);
  });

  it('as malformed tells the hash and the code', () => {
    const pair = offered();
    pair.do('bob', { kind: 'fail_malformed_htlc', id: 0n, sha256OfOnion: hashOf(9), failureCode: 0xc006 });
    pair.run();
    expect(pair.take('alice', 'htlc_failed')[0]?.removal).toEqual({ kind: 'fail_malformed', sha256OfOnion: hashOf(9), failureCode: 0xc006 });
  });
});

describe('a removal of ours', () => {
  it('is stored before it is sent, and done once', () => {
    const pair = offered();
    expect(pair.do('bob', fulfill(0)).map(({ kind }) => kind)).toEqual(['store', 'send']);
    expect(pair.do('bob', fulfill(0))).toEqual([]);
    expect(pair.do('bob', failHtlc(0n))).toEqual([]);
  });

  it('of an unknown or a half-made HTLC does nothing', () => {
    const pair = reachNormal();
    expect(pair.do('bob', failHtlc(0n))).toEqual([]);
    pair.do('alice', offer(0, 20_000_000n));
    pair.do('alice', { kind: 'sign' });
    pair.deliver('bob');
    pair.deliver('bob');
    expect(pair.do('bob', failHtlc(0n))).toEqual([]);
  });

  it('never releases a preimage of another hash', () => {
    const pair = offered();
    expect(() => pair.do('bob', fulfill(1, 0n))).toThrow('preimage of another hash');
  });

  it('waits while offline and comes after the reconnection', () => {
    const pair = offered().disconnect();
    expect(pair.do('bob', fulfill(0)).map(({ kind }) => kind)).toEqual(['store']);
    pair.restart('bob').reconnect();
    pair.deliver('alice');
    pair.deliver('bob');
    expect(pair.waiting('alice').map(({ name }) => name)).toContain('update_fulfill_htlc');
    pair.run();
    expect(pair.bob.commitments.ourMsat).toBe(320_000_000n);
  });

  it('carries attribution data', () => {
    const pair = offered();
    const attributionData = { htlcHoldTimes: new Uint8Array(80).fill(1), truncatedHmacs: new Uint8Array(840).fill(2) };
    const actions = pair.do('bob', { kind: 'fulfill_htlc', id: 0n, paymentPreimage: preimageOf(0), attributionData });
    expect(sentOf(actions, 'update_fulfill_htlc')[0]?.tlvs).toEqual({ attributionData });
    pair.run();
    expect(pair.take('alice', 'htlc_fulfilled')[0]?.attributionData).toEqual(attributionData);
  });

  it('is not sent once the channel failed, and kept', () => {
    const pair = offered();
    pair.do('bob', { kind: 'force_close', reason: 'user' });
    expect(sentNames(pair.do('bob', fulfill(0)))).toEqual([]);
    expect([...pair.bob.commitments.htlcs.values()][0]?.removal?.what.kind).toBe('fulfill');
  });
});

describe('a received HTLC', () => {
  it('is told of again after every reconnection until it has its answer', () => {
    const pair = offered();
    pair.disconnect().reconnect().run();
    expect(pair.take('bob', 'htlc_received')).toHaveLength(2);
    pair.do('bob', failHtlc(0n));
    pair.run();
    pair.disconnect().reconnect().run();
    expect(pair.take('bob', 'htlc_received')).toHaveLength(2);
    expect(actionsOf(pair.actions.bob, 'htlc_removed')).toEqual([{ kind: 'htlc_removed', id: 0n, paymentHash: hashOf(0), fulfilled: false }]);
  });
});
