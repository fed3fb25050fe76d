import { describe, expect, it } from 'vitest';
import { commitmentSecret } from '../../../core/crypto/commitment-secrets.ts';
import { reestablishMessage } from '../../../core/channel/reestablish.ts';
import type { Message, MessageOf } from '../../../core/wire/messages.ts';
import { type ChannelPair, type SideName, SIDES, actionsOf, fulfill, keysOf, offer, reachNormal, restored, sentNames, sentOf, publishedLabels } from '../../support/channel-pair.ts';
import { expectFails, expectIgnored, expectWarns } from '../../support/channel-outcomes.ts';

/** Alice paid Bob three times: both are at number 6 and connected anew, nothing arrived yet. */
function reconnecting(payments = 3): ChannelPair {
  const pair = reachNormal();
  for (let n = 0; n < payments; n++) {
    pair.do('alice', offer(n, 10_000_000n));
    pair.run();
    pair.do('bob', fulfill(n));
    pair.run();
  }
  pair.disconnect();
  for (const side of SIDES) pair.do(side, { kind: 'connect', simpleClose: true, anySegwit: true });
  return pair;
}
const fromBob = (pair: ChannelPair, over: Partial<MessageOf<'channel_reestablish'>> = {}): MessageOf<'channel_reestablish'> => ({ ...reestablishMessage(pair.bob, pair.ctx.bob), ...over });
const secretOfAlice = (number: number): Uint8Array => commitmentSecret(keysOf('alice').commitmentSeed, number);

describe('channel_reestablish', () => {
  it('says which numbers come next and proves it by the last secret', () => {
    const pair = reconnecting();
    const [first] = pair.waiting('bob') as MessageOf<'channel_reestablish'>[];
    expect(first).toMatchObject({ nextCommitmentNumber: 7n, nextRevocationNumber: 6n });
    expect(first!.yourLastPerCommitmentSecret).toEqual(commitmentSecret(keysOf('bob').commitmentSeed, 5));
  });

  it('starts from 1 and 0 with a secret of zeroes', () => {
    const pair = reconnecting(0);
    expect(pair.waiting('bob')[0]).toMatchObject({ nextCommitmentNumber: 1n, nextRevocationNumber: 0n, yourLastPerCommitmentSecret: new Uint8Array(32) });
  });

  it('makes the channel live, with nothing to send again', () => {
    const pair = reconnecting();
    expect(sentNames(pair.receive('alice', fromBob(pair)))).toEqual([]);
    expect(pair.alice.link).toMatchObject({ status: 'live', reestablishReceived: true });
  });

  it.each([
    ['next_commitment_number 0', { nextCommitmentNumber: 0n }],
    ['next_commitment_number 2^48', { nextCommitmentNumber: 1n << 48n }],
    ['next_commitment_number 2^64 - 1', { nextCommitmentNumber: (1n << 64n) - 1n }],
    ['next_revocation_number 2^48', { nextRevocationNumber: 1n << 48n }],
    ['next_revocation_number 2^64 - 1', { nextRevocationNumber: (1n << 64n) - 1n }],
  ])('with %s fails the channel', (_, over) => {
    const pair = reconnecting();
    expectFails(pair, 'alice', fromBob(pair, over), 'reestablish_out_of_bounds');
  });

  it.each([
    ['one', 7], ['many', 1000], ['as many as there are', 2 ** 48 - 1],
  ])('that proves us to be behind by %s stops us from ever publishing (I-23)', (_, next) => {
    const pair = reconnecting();
    const actions = pair.receive('alice', fromBob(pair, { nextRevocationNumber: BigInt(next), yourLastPerCommitmentSecret: secretOfAlice(next - 1) }));
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'journal', 'alarm', 'send']);
    expect(sentNames(actions)).toEqual(['error']);
    expect(pair.alice).toMatchObject({ phase: 'fallen_behind', closeReason: 'data_loss' });
    pair.restart('alice').reconnect();
    for (const command of [{ kind: 'force_close', reason: 'user' }, { kind: 'block' }, { kind: 'sign' }, { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' }] as const) {
      expect(publishedLabels(pair.do('alice', command)), command.kind).toEqual([]);
    }
    expectIgnored(pair, 'alice', { name: 'shutdown', channelId: pair.alice.channelId, scriptpubkey: pair.bob.walletScript });
    expect(publishedLabels(pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data: new Uint8Array(0) }))).toEqual([]);
    expect(sentNames(pair.receive('alice', fromBob(pair)))).toEqual(['error']);
    expect(pair.alice.phase).toBe('fallen_behind');
  });

  it.each([
    ['no secret', new Uint8Array(32)], ['an older secret', commitmentSecret(keysOf('alice').commitmentSeed, 5)],
    ['a secret of another tree', commitmentSecret(keysOf('bob').commitmentSeed, 6)],
  ])('that claims it with %s is a lie, and we can still close (I-22)', (_, yourLastPerCommitmentSecret) => {
    const pair = reconnecting();
    expectFails(pair, 'alice', fromBob(pair, { nextRevocationNumber: 7n, yourLastPerCommitmentSecret }), 'reestablish_unproven_claim');
  });

  it('that claims more commitments than we signed fails the channel', () => {
    const pair = reconnecting();
    expectFails(pair, 'alice', fromBob(pair, { nextCommitmentNumber: 8n }), 'reestablish_unproven_claim');
  });

  it.each([
    ['commitments', { nextCommitmentNumber: 6n }], ['revocations', { nextRevocationNumber: 4n, yourLastPerCommitmentSecret: secretOfAlice(3) }],
    ['everything', { nextCommitmentNumber: 1n, nextRevocationNumber: 0n, yourLastPerCommitmentSecret: new Uint8Array(32) }],
  ])('of a peer that lost %s waits for its error, and then we close', (_, over) => {
    const pair = reconnecting();
    const actions = pair.receive('alice', fromBob(pair, over));
    expect(actions).toEqual([{ kind: 'alarm', code: 'peer_lost_data', detail: '' }]);
    expect(pair.alice.phase).toBe('normal');
    expect(actionsOf(pair.do('alice', offer(9, 1000n)), 'htlc_refused')[0]?.fault.code).toBe('not_live');
    const after = pair.receive('alice', { name: 'error', channelId: pair.alice.channelId, data: new TextEncoder().encode('please close') });
    expect(publishedLabels(after)).toEqual(['commitment']);
    expect(pair.alice).toMatchObject({ phase: 'failing', closeReason: 'peer_error' });
  });

  it.each([
    ['zeroes', new Uint8Array(32)], ['another', commitmentSecret(keysOf('alice').commitmentSeed, 4)],
  ])('with %s for the last secret fails the channel', (_, yourLastPerCommitmentSecret) => {
    const pair = reconnecting();
    expectFails(pair, 'alice', fromBob(pair, { yourLastPerCommitmentSecret }), 'wrong_last_secret');
  });

  it('with a secret where there is none fails the channel', () => {
    const pair = reconnecting(0);
    expectFails(pair, 'alice', fromBob(pair, { yourLastPerCommitmentSecret: new Uint8Array(32).fill(1) }), 'wrong_last_secret');
  });

  it('does not look at my_current_per_commitment_point', () => {
    const pair = reconnecting();
    expect(sentNames(pair.receive('alice', fromBob(pair, { myCurrentPerCommitmentPoint: pair.alice.config.remote.basepoints.fundingPubkey })))).toEqual([]);
  });

  it('comes once', () => {
    const pair = reconnecting();
    pair.receive('alice', fromBob(pair));
    expectWarns(pair, 'alice', fromBob(pair), 'unexpected_message');
  });

  it('comes before anything else', () => {
    const pair = reconnecting();
    expectWarns(pair, 'alice', { name: 'update_fee', channelId: pair.alice.channelId, feeratePerKw: pair.alice.commitments.feeratePerKw }, 'unexpected_message');
  });

  it('of a failed channel is answered by its error, and nothing else of it is heard', () => {
    const pair = reachNormal();
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    pair.disconnect();
    expect(sentNames(pair.do('alice', { kind: 'connect', simpleClose: true, anySegwit: true }))).toEqual(['error']);
    pair.do('bob', { kind: 'connect', simpleClose: true, anySegwit: true });
    expect(sentNames(pair.receive('alice', fromBob(pair)))).toEqual(['error']);
    expectIgnored(pair, 'alice', { name: 'shutdown', channelId: pair.alice.channelId, scriptpubkey: pair.bob.walletScript });
  });
});

const names = (messages: readonly Message[]): string[] => messages.map(({ name }) => name);

describe('retransmission', () => {
  /** Both signed; Alice got Bob's commitment and answered; which of her two messages went first is `order`. */
  function crossed(order: 'commitment first' | 'revocation first'): ChannelPair {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    pair.do('alice', offer(1, 10_000_000n));
    pair.do('bob', offer(2, 20_000_000n));
    if (order === 'commitment first') pair.do('alice', { kind: 'sign' });
    pair.do('bob', { kind: 'sign' });
    pair.deliver('alice');
    pair.deliver('alice');
    if (order === 'revocation first') pair.do('alice', { kind: 'sign' });
    expect(pair.alice.commitments.lastSentWasRevoke).toBe(order === 'commitment first');
    return pair;
  }

  it.each([
    ['commitment first', ['update_add_htlc', 'commitment_signed', 'revoke_and_ack']],
    ['revocation first', ['revoke_and_ack', 'update_add_htlc', 'commitment_signed']],
  ] as const)('keeps the order in which they were sent: %s', (order, expected) => {
    const pair = crossed(order);
    const before = [...sentOf(pair.actions.alice, 'commitment_signed'), ...sentOf(pair.actions.alice, 'revoke_and_ack')];
    pair.disconnect().restart('alice').reconnect();
    pair.deliver('bob');
    pair.deliver('alice');
    const again = pair.waiting('bob').filter(({ name }) => name !== 'channel_ready');
    expect(names(again)).toEqual(expected);
    expect([...again.filter(({ name }) => name === 'commitment_signed'), ...again.filter(({ name }) => name === 'revoke_and_ack')]).toEqual(before);
    pair.run();
    expect(pair.alice.commitments.htlcs.size).toBe(2);
  });

  it('is of what was lost and nothing more', () => {
    const pair = crossed('commitment first');
    while (pair.deliver('bob'));
    pair.disconnect().reconnect();
    pair.deliver('bob');
    pair.deliver('alice');
    expect(names(pair.waiting('bob'))).toEqual([]);
    expect(names(pair.waiting('alice'))).toEqual(['revoke_and_ack']);
    pair.run();
    expect(pair.bob.commitments.htlcs.size).toBe(2);
  });

  it('keeps the order of updates of every kind', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    pair.do('bob', offer(0, 20_000_000n));
    pair.do('bob', offer(1, 20_000_000n));
    pair.run();
    pair.do('alice', { kind: 'fail_htlc', id: 1n, reason: new Uint8Array(10), attributionData: undefined });
    pair.do('alice', offer(5, 10_000_000n));
    pair.do('alice', { kind: 'update_fee', feeratePerKw: 3000 as never });
    pair.do('alice', fulfill(0));
    pair.do('alice', { kind: 'sign' });
    const sent = pair.waiting('bob');
    pair.restart('alice').reconnect();
    pair.deliver('bob');
    pair.deliver('alice');
    expect(pair.waiting('bob')).toEqual(sent);
    pair.run();
    expect(pair.bob.commitments.htlcs.size).toBe(1);
    expect(pair.bob.commitments.feeratePerKw).toBe(3000);
  });

  it('does not bring unsigned additions back: they are dropped, told of, and their ids used again', () => {
    const pair = reachNormal();
    pair.do('alice', offer(1, 10_000_000n));
    pair.deliver('bob');
    pair.disconnect();
    expect(pair.take('alice', 'htlc_dropped').map(({ id }) => id)).toEqual([0n]);
    expect(pair.bob.commitments.nextReceivedId).toBe(0n);
    pair.reconnect().run();
    expect(actionsOf(pair.do('alice', offer(2, 10_000_000n)), 'htlc_offered')[0]?.id).toBe(0n);
    pair.run();
    expect(pair.bob.commitments.htlcs.size).toBe(1);
  });

  it('after a crash finds the same: what was stored unsigned is dropped and told of', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    pair.do('bob', offer(1, 10_000_000n));
    pair.deliver('alice');
    pair.do('alice', offer(2, 10_000_000n));
    expect(pair.disk.alice.commitments.htlcs.size).toBe(2);
    pair.restart('alice').reconnect();
    expect(pair.take('alice', 'htlc_dropped').map(({ id }) => id)).toEqual([0n]);
    expect(pair.alice.commitments).toMatchObject({ nextOfferedId: 0n, nextReceivedId: 0n });
    pair.run();
    pair.do('bob', offer(1, 10_000_000n));
    pair.run();
    expect([pair.alice.phase, pair.bob.phase]).toEqual(['normal', 'normal']);
  });
});

describe('k disconnects at any message', () => {
  const script: readonly ((pair: ChannelPair) => unknown)[] = [
    (pair) => pair.do('alice', offer(0, 30_000_000n)),
    (pair) => pair.do('bob', offer(1, 20_000_000n)),
    (pair) => pair.do('alice', { kind: 'update_fee', feeratePerKw: 3000 as never }),
  ];
  const normal = reachNormal({ pushMsat: 300_000_000n });
  /** The same exchange, cut after the messages numbered in `cuts`; what got lost unsigned is asked for again. */
  function exchange(cuts: ReadonlySet<number>, crash: SideName | undefined): ChannelPair {
    const pair = normal.copy();
    let delivered = 0;
    const settle = (): void => {
      for (let round = 0; round < 200; round++) {
        const moved = SIDES.some((side) => {
          const arrived = pair.deliver(side);
          if (arrived && cuts.has(delivered++)) {
            if (crash) pair.restart(crash).reconnect();
            else pair.disconnect().reconnect();
          }
          return arrived || pair.do(side, { kind: 'sign' }).length > 0;
        });
        if (!moved) return;
      }
      throw new Error('never at rest');
    };
    for (const act of script) {
      act(pair);
      settle();
    }
    const open = (side: SideName) => [...pair[side].commitments.htlcs.values()].filter(({ add }) => add.direction === 'offered');
    for (let tries = 0; tries < 9 && (open('alice').length === 0 || open('bob').length === 0 || pair.bob.commitments.feeratePerKw !== 3000); tries++) {
      if (open('alice').length === 0) script[0]!(pair);
      if (open('bob').length === 0) script[1]!(pair);
      if (pair.bob.commitments.feeratePerKw !== 3000) script[2]!(pair);
      settle();
    }
    for (const [side, n] of [['bob', 0], ['alice', 1]] as const) pair.do(side, fulfill(n, 0n));
    settle();
    return pair;
  }
  const outcome = (pair: ChannelPair) => SIDES.map((side) => {
    const { ourMsat, theirMsat, feeratePerKw, htlcs, nextOfferedId, nextReceivedId } = restored(pair[side]).commitments;
    return { phase: pair[side].phase, ourMsat, theirMsat, feeratePerKw, htlcs: htlcs.size, nextOfferedId, nextReceivedId };
  });

  it('lead to the same state as none (I-24)', () => {
    const expected = outcome(exchange(new Set(), undefined));
    expect(expected.map(({ ourMsat }) => ourMsat)).toEqual([690_000_000n, 310_000_000n]);
    for (let cut = 0; cut < 26; cut++) {
      for (const crash of [undefined, 'alice', 'bob'] as const) {
        expect(outcome(exchange(new Set([cut]), crash)), `cut after message ${cut}, ${crash ?? 'nobody'} died`).toEqual(expected);
      }
      expect(outcome(exchange(new Set([cut, cut + 1, cut + 3]), undefined)), `cuts from ${cut}`).toEqual(expected);
    }
  });
});


