import { describe, expect, it } from 'vitest';
import { type ChannelPair, type SideName, actionsOf, failHtlc, fulfill, offer, reachNormal, sentNames, publishedLabels } from '../../support/channel-pair.ts';
import { expectIgnored } from '../../support/channel-outcomes.ts';

/** Alice's HTLC 0 to Bob expires at 700. */
function inFlight(): ChannelPair {
  const pair = reachNormal({ pushMsat: 300_000_000n });
  pair.do('alice', offer(0, 20_000_000n, 700));
  return pair.run();
}
const blockAt = (pair: ChannelPair, side: SideName, blockHeight: number) => {
  pair.ctx[side] = { ...pair.ctx[side], blockHeight };
  return pair.do(side, { kind: 'block' });
};
const labels = publishedLabels;

describe('an HTLC that we offered', () => {
  it.each([[701, []], [702, ['commitment']], [800, ['commitment']]] as const)('closes the channel 2 blocks after its expiry of 700: at %i %j (I-21)', (height, expected) => {
    const pair = inFlight();
    expect(labels(blockAt(pair, 'alice', height))).toEqual(expected);
    if (expected.length > 0) expect(pair.alice).toMatchObject({ phase: 'failing', closeReason: 'htlc_deadline' });
  });

  it('does so offline too, and sends no error then', () => {
    const pair = inFlight().disconnect();
    const actions = blockAt(pair, 'alice', 702);
    expect(labels(actions)).toEqual(['commitment']);
    expect(sentNames(actions)).toEqual([]);
  });

  it('does so also when its removal was promised but never came', () => {
    const pair = inFlight();
    pair.do('bob', failHtlc(0n));
    pair.deliver('alice');
    expect(labels(blockAt(pair, 'alice', 702))).toEqual(['commitment']);
  });

  it('and that is gone closes nothing', () => {
    const pair = inFlight();
    pair.do('bob', failHtlc(0n));
    pair.run();
    expect(blockAt(pair, 'alice', 800)).toEqual([]);
  });

  it('unsigned when the program died closes nothing after the restart', () => {
    const pair = reachNormal();
    pair.do('alice', offer(0, 20_000_000n, 700));
    pair.restart('alice').reconnect();
    expect(blockAt(pair, 'alice', 800)).toEqual([]);
  });
});

describe('an HTLC that we received', () => {
  it.each([[627, []], [628, ['commitment']]] as const)('and whose preimage we gave closes the channel 72 blocks before its expiry of 700: at %i %j (I-20)', (height, expected) => {
    const pair = inFlight();
    pair.do('bob', fulfill(0));
    expect(labels(blockAt(pair, 'bob', height))).toEqual(expected);
  });

  it('does so while offline', () => {
    const pair = inFlight().disconnect();
    pair.do('bob', fulfill(0));
    expect(labels(blockAt(pair, 'bob', 628))).toEqual(['commitment']);
  });

  it('and cannot or will not settle closes nothing', () => {
    const pair = inFlight();
    expect(blockAt(pair, 'bob', 900)).toEqual([]);
    pair.do('bob', failHtlc(0n));
    expect(blockAt(pair, 'bob', 901)).toEqual([]);
  });

  it('and settled in time closes nothing', () => {
    const pair = inFlight();
    pair.do('bob', fulfill(0));
    pair.run();
    expect(blockAt(pair, 'bob', 690)).toEqual([]);
  });

  it('closes the channel while it shuts down too', () => {
    const pair = inFlight();
    pair.do('bob', { kind: 'shutdown', script: pair.bob.walletScript, reason: 'user' });
    pair.run();
    pair.do('bob', fulfill(0));
    expect(labels(blockAt(pair, 'bob', 628))).toEqual(['commitment']);
  });
});

describe('a failed channel', () => {
  it('publishes at every block, and always the same', () => {
    const pair = inFlight();
    const [first] = actionsOf(pair.do('alice', { kind: 'force_close', reason: 'user' }), 'commitment');
    for (const height of [511, 512, 900]) expect(actionsOf(blockAt(pair, 'alice', height), 'commitment')).toEqual([first]);
  });

  it('takes nothing that could advance it: its commitment stays the newest (I-1)', () => {
    const pair = inFlight();
    pair.do('bob', fulfill(0));
    pair.do('bob', { kind: 'sign' });
    const messages = pair.waiting('alice');
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    for (const message of messages) expectIgnored(pair, 'alice', message);
    expect(pair.alice.commitments.localNumber).toBe(1);
  });

  it('keeps what it was closed for when more happens', () => {
    const pair = inFlight();
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    expect(pair.do('alice', { kind: 'force_close', reason: 'htlc_deadline' })).toEqual([]);
    pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data: new Uint8Array(3) });
    expect(pair.alice.closeReason).toBe('user');
  });
});

describe('error and warning', () => {
  it('error of the peer closes the channel by our commitment', () => {
    const pair = inFlight();
    const actions = pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data: new TextEncoder().encode('no more') });
    expect(actions.map(({ kind }) => kind)).toEqual(['journal', 'store', 'journal', 'send', 'commitment']);
    expect(pair.alice).toMatchObject({ phase: 'failing', closeReason: 'peer_error' });
  });

  it('text of an error is kept short', () => {
    const pair = inFlight();
    const actions = pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data: new Uint8Array(60_000).fill(65) });
    expect(actionsOf(actions, 'journal')[0]?.event).toEqual({ kind: 'peer_error', text: 'A'.repeat(200) });
  });

  it('text of an error may be no text at all', () => {
    const pair = inFlight();
    const data = Uint8Array.of(...new Uint8Array(199).fill(65), 0xe2, 0x82, 0xac, 0xff);
    expect(() => pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data })).not.toThrow();
  });

  it('warning of the peer changes nothing', () => {
    const pair = inFlight();
    expectIgnored(pair, 'alice', { name: 'warning', channelId: pair.alice.channelId, data: new Uint8Array(10) });
  });

  it('once shut down or failed no new HTLC is taken or offered (I-25)', () => {
    const pair = inFlight();
    pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data: new Uint8Array(0) });
    expect(actionsOf(pair.do('alice', offer(1, 1_000_000n)), 'htlc_refused')[0]?.fault.code).toBe('closing_in_progress');
    pair.do('bob', offer(2, 1_000_000n));
    for (const message of pair.waiting('alice')) expectIgnored(pair, 'alice', message);
  });
});
