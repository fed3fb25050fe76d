import { describe, expect, it } from 'vitest';
import type { ChannelFaultCode } from '../../../core/channel/errors.ts';
import { classifySpend } from '../../../core/channel/onchain/confirmed.ts';
import { commitmentSecret } from '../../../core/crypto/commitment-secrets.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { sat } from '../../../core/lib/units.ts';
import type { Message, MessageOf } from '../../../core/wire/messages.ts';
import { type ChannelPair, type PairOptions, actionsOf, fulfill, highS, keysOf, offer, reachNormal, sentNames, sentOf, commitmentsOf } from '../../support/channel-pair.ts';
import { expectFails } from '../../support/channel-outcomes.ts';

/** Alice's commitment_signed for two HTLCs is on its way to Bob. */
function signedTwo(options: PairOptions = {}): readonly [ChannelPair, MessageOf<'commitment_signed'>] {
  const pair = reachNormal(options);
  for (const [n, amountMsat] of [[1, 20_000_000n], [2, 30_000_000n]] as const) pair.do('alice', offer(n, amountMsat));
  const [signed] = sentOf(pair.do('alice', { kind: 'sign' }), 'commitment_signed');
  pair.deliver('bob');
  pair.deliver('bob');
  return [pair, signed!];
}

/** Alice's revoke_and_ack is on its way to Bob. */
function revokedOnce(): readonly [ChannelPair, MessageOf<'revoke_and_ack'>] {
  const pair = reachNormal({ pushMsat: 300_000_000n });
  pair.do('bob', offer(1, 20_000_000n));
  pair.do('bob', { kind: 'sign' });
  pair.deliver('alice');
  pair.deliver('alice');
  const [revoked] = pair.waiting('bob') as MessageOf<'revoke_and_ack'>[];
  return [pair, revoked!];
}

describe.each(['anchors', 'static_remotekey'] as const)('commitment_signed on a %s channel', (channelType) => {
  it('is answered at once, the new commitment and the mark of the old one stored before', () => {
    const [pair, signed] = signedTwo({ channelType });
    const actions = pair.receive('bob', signed);
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'raise_high_water', 'journal', 'send']);
    expect(actionsOf(actions, 'raise_high_water')[0]?.revokedCommitmentNumber).toBe(0);
    expect(pair.bob.commitments).toMatchObject({ localNumber: 1, localSignature: signed.signature, localHtlcSignatures: signed.htlcSignatures, lastSentWasRevoke: true });
    expect(sentOf(actions, 'revoke_and_ack')[0]?.perCommitmentSecret).toEqual(commitmentSecret(keysOf('bob').commitmentSeed, 0));
  });

  it.each([
    ['another signature', (m) => ({ signature: m.htlcSignatures[0]! }), 'invalid_commitment_signature'],
    ['a high S', (m) => ({ signature: highS(m.signature) }), 'invalid_commitment_signature'],
    ['zeroes for a signature', () => ({ signature: new Uint8Array(64) }), 'invalid_commitment_signature'],
    ['another HTLC signature', (m) => ({ htlcSignatures: [m.signature, m.htlcSignatures[1]!] }), 'invalid_htlc_signature'],
    ['another last HTLC signature', (m) => ({ htlcSignatures: [m.htlcSignatures[0]!, m.signature] }), 'invalid_htlc_signature'],
    ['HTLC signatures in another order', (m) => ({ htlcSignatures: m.htlcSignatures.toReversed() }), 'invalid_htlc_signature'],
    ['a high S in an HTLC signature', (m) => ({ htlcSignatures: [highS(m.htlcSignatures[0]!), m.htlcSignatures[1]!] }), 'invalid_htlc_signature'],
    ['an HTLC signature too few', (m) => ({ htlcSignatures: m.htlcSignatures.slice(1) }), 'wrong_htlc_signature_count'],
    ['no HTLC signatures', () => ({ htlcSignatures: [] }), 'wrong_htlc_signature_count'],
    ['an HTLC signature too many', (m) => ({ htlcSignatures: [...m.htlcSignatures, m.signature] }), 'wrong_htlc_signature_count'],
  ] as readonly [string, (m: MessageOf<'commitment_signed'>) => Partial<MessageOf<'commitment_signed'>>, ChannelFaultCode][])('with %s fails the channel by the commitment before', (_, over, code) => {
    const [pair, signed] = signedTwo({ channelType });
    expectFails(pair, 'bob', { ...signed, ...over(signed) }, code);
    expect(pair.bob.commitments.localNumber).toBe(0);
    const [published] = commitmentsOf(pair.actions.bob);
    expect(classifySpend(pair.bob, pair.ctx.bob.keys, published!)).toEqual({ spendClass: 'local', commitmentNumber: 0 });
  });

  it('sent twice fails the channel', () => {
    const [pair, signed] = signedTwo({ channelType });
    pair.receive('bob', signed);
    expectFails(pair, 'bob', signed, 'invalid_commitment_signature');
    expect(pair.bob.commitments.localNumber).toBe(1);
  });

  it('with signatures for other HTLCs than arrived fails the channel', () => {
    const pair = reachNormal({ channelType });
    pair.do('alice', offer(1, 20_000_000n));
    pair.deliver('bob');
    pair.do('alice', offer(2, 20_000_000n));
    const [signed] = sentOf(pair.do('alice', { kind: 'sign' }), 'commitment_signed');
    expectFails(pair, 'bob', signed!, 'invalid_commitment_signature');
  });
});

describe('commitment_signed', () => {
  it('is never sent without a change', () => {
    const pair = reachNormal();
    expect(pair.do('alice', { kind: 'sign' })).toEqual([]);
    pair.do('alice', offer(1, 20_000_000n));
    pair.run();
    for (const side of ['alice', 'bob'] as const) expect(pair.do(side, { kind: 'sign' })).toEqual([]);
  });

  it('is stored before it is sent and names the funding transaction', () => {
    const pair = reachNormal();
    pair.do('alice', offer(1, 20_000_000n));
    const actions = pair.do('alice', { kind: 'sign' });
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'journal', 'send']);
    expect(sentOf(actions, 'commitment_signed')[0]?.tlvs?.fundingTxid).toEqual(pair.calculator.created.fundingTxid);
  });

  it('waits while a revocation is owed, and covers then what came meanwhile', () => {
    const pair = reachNormal();
    pair.do('alice', offer(1, 20_000_000n));
    pair.do('alice', { kind: 'sign' });
    pair.do('alice', offer(2, 20_000_000n));
    expect(pair.do('alice', { kind: 'sign' })).toEqual([]);
    pair.run();
    expect(pair.bob.commitments.htlcs.size).toBe(2);
    expect(pair.calculator.books.bob.number).toBe(2n);
  });

  it('may change nothing but the fee, or nothing that shows', () => {
    const pair = reachNormal();
    pair.do('alice', { kind: 'update_fee', feeratePerKw: pair.alice.commitments.feeratePerKw });
    expect(sentNames(pair.do('alice', { kind: 'sign' }))).toEqual(['commitment_signed']);
    pair.run();
    expect(pair.bob.commitments.localNumber).toBe(1);
  });

  it('brings every HTLC signature in the order of the outputs', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    for (const [n, amount] of [30, 10, 20, 10].entries()) pair.do('alice', offer(n, BigInt(amount) * 1_000_000n, 700 + n));
    for (const [n, amount] of [15, 10, 25].entries()) pair.do('bob', offer(n, BigInt(amount) * 1_000_000n, 700 - n));
    pair.run();
    expect(pair.calculator.books.alice.last?.htlcSighashes).toHaveLength(7);
    expect(pair.alice.commitments.localHtlcSignatures).toHaveLength(7);
  });
});

describe('revoke_and_ack', () => {
  it.each([
    ['a secret of another commitment', () => ({ perCommitmentSecret: commitmentSecret(keysOf('alice').commitmentSeed, 1) }), 'invalid_revocation'],
    ['a secret of another tree', () => ({ perCommitmentSecret: commitmentSecret(keysOf('bob').commitmentSeed, 0) }), 'invalid_revocation'],
    ['zeroes', () => ({ perCommitmentSecret: new Uint8Array(32) }), 'invalid_revocation'],
    ['a number over the order', () => ({ perCommitmentSecret: new Uint8Array(32).fill(255) }), 'invalid_revocation'],
  ] as readonly [string, () => Partial<MessageOf<'revoke_and_ack'>>, ChannelFaultCode][])('with %s fails the channel', (_, over, code) => {
    const [pair, revoked] = revokedOnce();
    expectFails(pair, 'bob', { ...revoked, ...over() }, code);
    expect(pair.bob.commitments.remoteNumber).toBe(0);
  });

  it('whose next point is no point is malformed', () => {
    const [pair, revoked] = revokedOnce();
    expect(() => pair.receive('bob', { ...revoked, nextPerCommitmentPoint: new Uint8Array(33) })).toThrow('point');
  });

  it('that nobody waits for fails the channel', () => {
    const [pair, revoked] = revokedOnce();
    expect(pair.receive('bob', revoked).map(({ kind }) => kind)).toEqual(['store', 'penalty', 'journal']);
    expectFails(pair, 'bob', revoked, 'unexpected_revocation');
  });

  it('with a secret that does not generate those before fails the channel', () => {
    const [pair] = revokedOnce();
    pair.deliver('bob');
    pair.disconnect().reconnect().run();
    // Bob is made to expect the point of a secret that stands outside Alice's tree.
    const wrong = new Uint8Array(32).fill(7);
    pair.do('bob', offer(2, 10_000_000n));
    pair.do('bob', { kind: 'sign' });
    expect(pair.bob.commitments.remoteNumber % 2).toBe(1);
    pair.bob = { ...pair.bob, commitments: { ...pair.bob.commitments, remoteCurrentPoint: publicKey(wrong) } };
    const message: Message = { name: 'revoke_and_ack', channelId: pair.bob.channelId, perCommitmentSecret: wrong, nextPerCommitmentPoint: publicKey(wrong) };
    expectFails(pair, 'bob', message, 'invalid_revocation');
  });

  it('keeps every secret, in at most 49 slots', () => {
    const pair = reachNormal();
    for (let i = 0; i < 20; i++) {
      pair.do('alice', { kind: 'update_fee', feeratePerKw: pair.alice.commitments.feeratePerKw });
      pair.run();
    }
    expect(pair.alice.commitments.remoteNumber).toBe(20);
    expect(pair.alice.commitments.revealedSecrets.filter((slot) => slot !== undefined).length).toBeLessThanOrEqual(6);
    expect(pair.calculator.secrets.bob.size).toBe(20);
  });
});

describe('a payment', () => {
  it('leaves capacity, fees and balances as the second calculator has them', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n, bobTerms: { dustLimitSatoshis: sat(1000n), channelReserveSatoshis: sat(10_000n) } });
    for (let n = 0; n < 3; n++) pair.do('alice', offer(n, 999_999n + BigInt(n)));
    pair.run();
    for (let n = 0; n < 3; n++) pair.do('bob', fulfill(n));
    pair.run();
    expect(pair.bob.commitments.ourMsat).toBe(300_000_000n + 3_000_000n);
    expect(pair.calculator.books.bob.msat.bob).toBe(303_000_000n);
  });
});
