import { describe, expect, it } from 'vitest';
import { p2wpkh } from '../../../core/bitcoin/script.ts';
import { sat } from '../../../core/lib/units.ts';
import { shortChannelIdOf } from '../../../core/wire/primitives.ts';
import { ChannelPair, SIDES, actionsOf, hashOf, offer, reachNormal, sentNames, sentOf } from '../../support/channel-pair.ts';
import { expectIgnored, expectWarns } from '../../support/channel-outcomes.ts';

const at = (pair: ChannelPair, height: number): ChannelPair => {
  for (const side of SIDES) pair.ctx[side] = { ...pair.ctx[side], blockHeight: height };
  return pair;
};

describe('channel_ready', () => {
  it.each([[1, false], [2, false], [3, true], [4, true]] as const)('at depth %i is sent: %s', (depth, sent) => {
    const pair = at(new ChannelPair(), 499 + depth);
    const actions = pair.do('bob', pair.fundingConfirmed(500));
    expect(sentNames(actions)).toEqual(sent ? ['channel_ready'] : []);
    expect(pair.bob.channelReadySent).toBe(sent);
  });

  it('is stored before it leaves, with our alias and the point of commitment 1', () => {
    const pair = at(new ChannelPair(), 510);
    const actions = pair.do('bob', pair.fundingConfirmed(500));
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'journal', 'store', 'send']);
    expect(sentOf(actions, 'channel_ready')[0]?.tlvs).toEqual({ shortChannelId: 2n });
    expect(pair.bob.shortChannelId).toBe(shortChannelIdOf(500, 1, 0));
  });

  it.each([
    ['another amount', (pair: ChannelPair) => ({ output: { ...pair.fundingTx.outputs[0]!, amountSat: sat(999_999n) } })],
    ['a larger amount', (pair: ChannelPair) => ({ output: { ...pair.fundingTx.outputs[0]!, amountSat: sat(1_000_001n) } })],
    ['another script', (pair: ChannelPair) => ({ output: { ...pair.fundingTx.outputs[0]!, script: p2wpkh(new Uint8Array(33)) } })],
    ['no such output', () => ({ output: undefined })],
  ])('is never sent for a funding transaction with %s', (_, over) => {
    const pair = at(new ChannelPair(), 700);
    const actions = pair.do('bob', pair.fundingConfirmed(500, over(pair)));
    expect(actions.map(({ kind }) => kind)).toEqual(['alarm']);
    pair.disconnect().restart('bob').reconnect().run();
    pair.do('bob', pair.fundingConfirmed(500, over(pair)));
    expect(pair.bob).toMatchObject({ phase: 'opening', channelReadySent: false, fundingHeight: undefined });
    expect(pair.take('bob', 'alarm').map(({ code }) => code)).toEqual(['funding_mismatch', 'funding_mismatch']);
  });

  it('waits for 100 confirmations of a coinbase transaction', () => {
    const pair = at(new ChannelPair(), 598);
    expect(sentNames(pair.do('bob', pair.fundingConfirmed(500, { isCoinbase: true })))).toEqual([]);
    at(pair, 599);
    expect(sentNames(pair.do('bob', pair.fundingConfirmed(500, { isCoinbase: true })))).toEqual(['channel_ready']);
  });

  it('is not sent again when the funding is told of again', () => {
    const pair = reachNormal();
    expect(pair.do('bob', pair.fundingConfirmed(500))).toEqual([]);
  });

  it('makes the channel normal whichever comes first', () => {
    const pair = at(new ChannelPair(), 510);
    pair.do('alice', pair.fundingConfirmed(500));
    pair.deliver('bob');
    expect(pair.bob).toMatchObject({ phase: 'opening', channelReadyReceived: true, remoteAlias: 1n });
    pair.do('bob', pair.fundingConfirmed(500));
    expect(pair.bob.phase).toBe('normal');
    pair.deliver('alice');
    expect(pair.alice).toMatchObject({ phase: 'normal', remoteAlias: 2n });
  });

  it('repeated changes nothing but the alias', () => {
    const pair = reachNormal();
    const [ready] = sentOf(pair.actions.alice, 'channel_ready');
    expectIgnored(pair, 'bob', ready!);
    const point = pair.bob.commitments.remoteNextPoint;
    const other = { ...ready!, secondPerCommitmentPoint: pair.bob.config.remote.basepoints.fundingPubkey, tlvs: { shortChannelId: 77n } };
    expect(pair.receive('bob', other)).toEqual([{ kind: 'store' }]);
    expect(pair.bob.remoteAlias).toBe(77n);
    expect(pair.bob.commitments.remoteNextPoint).toEqual(point);
  });

  it('comes again after a reconnection while no commitment was made', () => {
    const pair = reachNormal();
    pair.disconnect().reconnect();
    pair.deliver('alice');
    pair.deliver('bob');
    expect(pair.waiting('bob').map(({ name }) => name)).toEqual(['channel_ready']);
    pair.run();
    pair.do('alice', offer(1, 1_000_000n));
    pair.run();
    pair.disconnect().reconnect();
    pair.deliver('alice');
    expect(pair.waiting('bob').map(({ name }) => name)).not.toContain('channel_ready');
  });

  it('lost on the way is sent again', () => {
    const pair = at(new ChannelPair(), 510);
    for (const side of SIDES) pair.do(side, pair.fundingConfirmed(500));
    pair.disconnect().reconnect().run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['normal', 'normal']);
  });

  it('is sent after a reconnection when the depth was reached offline', () => {
    const pair = new ChannelPair().disconnect();
    at(pair, 510);
    for (const side of SIDES) pair.do(side, pair.fundingConfirmed(500));
    expect(pair.bob.channelReadySent).toBe(false);
    pair.reconnect().run();
    for (const side of SIDES) pair.do(side, pair.fundingConfirmed(500));
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['normal', 'normal']);
  });

  it('must come before any update', () => {
    const pair = new ChannelPair();
    const add = { name: 'update_add_htlc', channelId: pair.bob.channelId, id: 0n, amountMsat: 1000n, paymentHash: hashOf(1), cltvExpiry: 700, onionRoutingPacket: new Uint8Array(1366) };
    expectWarns(pair, 'bob', add as never, 'unexpected_message');
    expect(actionsOf(pair.do('alice', offer(1, 1_000_000n)), 'htlc_refused')[0]?.fault.code).toBe('closing_in_progress');
  });
});

describe('a funding transaction', () => {
  it('is published at every block until it confirms', () => {
    const pair = new ChannelPair();
    expect(actionsOf(pair.do('alice', { kind: 'block' }), 'publish').map(({ label }) => label)).toEqual(['funding']);
    at(pair, 500);
    pair.do('alice', pair.fundingConfirmed(500));
    expect(pair.do('alice', { kind: 'block' })).toEqual([]);
  });

  it('that never comes is forgotten by the fundee after 2016 blocks', () => {
    const pair = new ChannelPair();
    at(pair, 500 + 2015);
    expect(pair.do('bob', { kind: 'block' })).toEqual([]);
    at(pair, 500 + 2016);
    expect(actionsOf(pair.do('bob', { kind: 'block' }), 'forget')).toHaveLength(1);
    expect(pair.bob).toMatchObject({ phase: 'closed', closeReason: 'funding_timeout' });
  });

  it('that a reorganisation takes back is waited for again', () => {
    const pair = at(new ChannelPair(), 501);
    pair.do('bob', pair.fundingConfirmed(500));
    expect(pair.do('bob', pair.fundingConfirmed(undefined))).toEqual([{ kind: 'store' }]);
    expect(pair.bob).toMatchObject({ phase: 'opening', fundingHeight: undefined });
    at(pair, 503);
    expect(sentNames(pair.do('bob', pair.fundingConfirmed(502)))).toEqual([]);
    at(pair, 504);
    expect(sentNames(pair.do('bob', pair.fundingConfirmed(502)))).toEqual(['channel_ready']);
    expect(pair.bob.shortChannelId).toBe(shortChannelIdOf(502, 1, 0));
  });

  it('is published again when a reorganisation takes it from a channel in use, before whatever spends it', () => {
    const published = (pair: ChannelPair) => actionsOf(pair.do('alice', { kind: 'block' }), 'publish').map(({ label }) => label);
    const pair = reachNormal();
    expect(published(pair)).toEqual([]);
    pair.do('alice', pair.fundingConfirmed(undefined));
    expect(published(pair)).toEqual(['funding']);
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    expect(published(pair)).toEqual(['funding']);
    expect(actionsOf(pair.do('alice', { kind: 'block' }), 'commitment')).toHaveLength(1);
  });
});
