import { describe, expect, it } from 'vitest';
import { decodeTx, txid } from '../../../core/bitcoin/transaction.ts';
import { fundingScriptOf } from '../../../core/channel/sign.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { sat } from '../../../core/lib/units.ts';
import { legacyClosingTx } from '../../../core/tx/closing.ts';
import { scriptVerdict } from '../../unit/tx/interpreter.ts';
import type { MessageOf } from '../../../core/wire/messages.ts';
import { type ChannelPair, type PairOptions, type SideName, actionsOf, highS, keysOf, otherSide, reachNormal, sentNames, sentOf, valueOf } from '../../support/channel-pair.ts';
import { expectIgnored, expectWarns } from '../../support/channel-outcomes.ts';

/** Both exchanged shutdown; Alice's first closing_signed is on its way when she is the opener, as always here. */
function shutDown(options: PairOptions = {}): ChannelPair {
  const pair = reachNormal({ simpleClose: false, pushMsat: 300_000_000n, ...options });
  pair.do('bob', { kind: 'shutdown', script: pair.bob.walletScript, reason: 'user' });
  pair.deliver('alice');
  pair.deliver('bob');
  return pair;
}

/** What a peer may send: any fee, any dust limit, a signature that fits. */
function closingSigned(pair: ChannelPair, from: SideName, feeSat: bigint, { dust = 354n, range }: { dust?: bigint; range?: [bigint, bigint] } = {}): MessageOf<'closing_signed'> {
  const channel = pair[from];
  const built = valueOf(legacyClosingTx({
    fundingOutPoint: channel.fundingOutPoint, capacitySat: channel.config.fundingSatoshis, fundingScript: fundingScriptOf(channel.config),
    localScript: channel.walletScript, remoteScript: pair[otherSide(from)].walletScript, localMsat: channel.commitments.ourMsat, remoteMsat: channel.commitments.theirMsat,
    localIsOpener: channel.config.isOpener, feeSat: sat(feeSat), dustLimitSat: sat(dust),
  })); // prettier-ignore
  return {
    name: 'closing_signed', channelId: channel.channelId, feeSatoshis: sat(feeSat), signature: sign(built.sighash, keysOf(from).fundingSecret),
    ...(range ? { tlvs: { feeRange: { minFeeSatoshis: sat(range[0]), maxFeeSatoshis: sat(range[1]) } } } : {}),
  }; // prettier-ignore
}

const closings = (pair: ChannelPair, side: SideName) => actionsOf(pair.actions[side], 'publish').filter(({ label }) => label === 'closing').map(({ tx }) => tx);

describe('the legacy negotiation', () => {
  it('begins with the opener, who names the range that it pays', () => {
    const pair = shutDown();
    expect(pair.waiting('alice')).toEqual([]);
    const [first] = pair.waiting('bob') as MessageOf<'closing_signed'>[];
    expect(first?.name).toBe('closing_signed');
    const { minFeeSatoshis, maxFeeSatoshis } = first!.tlvs!.feeRange!;
    expect(minFeeSatoshis <= first!.feeSatoshis && first!.feeSatoshis <= maxFeeSatoshis).toBe(true);
    expect(maxFeeSatoshis).toBe(first!.feeSatoshis * 2n);
  });

  it('ends after one message of each with the same transaction on both sides', () => {
    const pair = shutDown();
    pair.deliver('bob');
    expect(pair.waiting('alice').map(({ name }) => name)).toEqual(['closing_signed']);
    pair.run();
    const [alices] = closings(pair, 'alice');
    const [bobs] = closings(pair, 'bob');
    expect(txid(alices!)).toBe(txid(bobs!));
    expect(alices!.locktime).toBe(0);
    expect(alices!.inputs[0]?.sequence).toBe(0xffff_ffff);
    expect(scriptVerdict(alices!, [pair.fundingTx.outputs[0]!])).toBe('valid');
    expect(scriptVerdict(bobs!, [pair.fundingTx.outputs[0]!])).toBe('valid');
    expect(pair.alice.closingTxs.map((raw) => txid(decodeTx(raw)))).toEqual([txid(alices!)]);
  });

  it('is stored before anything of it leaves', () => {
    const pair = shutDown();
    const actions = pair.receive('bob', pair.waiting('bob')[0]!);
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'journal', 'send', 'publish']);
    expect(pair.alice.closingTxids).toHaveLength(1);
  });

  it('agrees to any fee within our range', () => {
    const pair = shutDown();
    const [first] = sentOf(pair.actions.alice, 'closing_signed');
    const { minFeeSatoshis, maxFeeSatoshis } = first!.tlvs!.feeRange!;
    for (const fee of [minFeeSatoshis, maxFeeSatoshis]) {
      const twin = pair.copy();
      const actions = twin.receive('alice', closingSigned(twin, 'bob', fee));
      expect(sentOf(actions, 'closing_signed')[0]?.feeSatoshis).toBe(fee);
      expect(closings(twin, 'alice')).toHaveLength(1);
    }
  });

  it.each([['below', -1n], ['above', 1n]] as const)('answers a fee %s our range with our bound, and gives up when it comes again', (where, offset) => {
    const pair = shutDown();
    const [first] = sentOf(pair.actions.alice, 'closing_signed');
    const { minFeeSatoshis, maxFeeSatoshis } = first!.tlvs!.feeRange!;
    const bound = where === 'below' ? minFeeSatoshis : maxFeeSatoshis;
    const actions = pair.receive('alice', closingSigned(pair, 'bob', bound + offset));
    expect(sentOf(actions, 'closing_signed')[0]?.feeSatoshis).toBe(bound);
    expect(closings(pair, 'alice')).toEqual([]);
    expectWarns(pair, 'alice', closingSigned(pair, 'bob', bound + offset), 'closing_fee_out_of_bounds');
  });

  it('refuses a fee beyond our range at once from a peer that knows of ranges', () => {
    const pair = shutDown();
    expectWarns(pair, 'alice', closingSigned(pair, 'bob', 300_000n, { range: [300_000n, 400_000n] }), 'closing_fee_out_of_bounds');
    expect(closings(pair, 'alice')).toEqual([]);
  });

  it('takes any fee that the other side pays', () => {
    for (const fee of [0n, 1n, 600_000n, 700_000n]) {
      const pair = shutDown();
      const actions = pair.receive('bob', closingSigned(pair, 'alice', fee));
      expect(sentOf(actions, 'closing_signed')[0]?.feeSatoshis).toBe(fee);
      expect(closings(pair, 'bob')[0]?.outputs.some(({ amountSat }) => amountSat === 300_000n)).toBe(true);
    }
  });

  it('cannot take more than the opener has', () => {
    const pair = shutDown();
    const over = { ...closingSigned(pair, 'alice', 700_000n), feeSatoshis: sat(700_001n) };
    expectWarns(pair, 'bob', over, 'invalid_closing_signature');
    expectWarns(pair, 'bob', { ...over, feeSatoshis: sat((1n << 64n) - 1n) }, 'invalid_closing_signature');
  });

  it.each([
    ['for another fee', (m) => ({ feeSatoshis: sat(m.feeSatoshis + 1n) })],
    ['with a high S', (m) => ({ signature: highS(m.signature) })],
    ['of zeroes', () => ({ signature: new Uint8Array(64) })],
  ] as readonly [string, (m: MessageOf<'closing_signed'>) => object][])('refuses a signature %s', (_, over) => {
    const pair = shutDown();
    const [first] = pair.waiting('bob') as MessageOf<'closing_signed'>[];
    expectWarns(pair, 'bob', { ...first!, ...over(first!) }, 'invalid_closing_signature');
  });

  it('leaves out an output under the dust limit of either side', () => {
    const terms = { dustLimitSatoshis: sat(1000n), channelReserveSatoshis: sat(10_000n) };
    const small = (): ChannelPair => shutDown({ pushMsat: 700_000n, aliceTerms: terms });
    for (const [dust, outputs] of [[1000n, 1], [354n, 2]] as const) {
      const pair = small();
      pair.receive('bob', closingSigned(pair, 'alice', 500n, { dust }));
      expect(closings(pair, 'bob')[0]?.outputs).toHaveLength(outputs);
    }
    const pair = small().run();
    expect(txid(closings(pair, 'alice')[0]!)).toBe(txid(closings(pair, 'bob')[0]!));
  });

  it('ignores the last word said twice', () => {
    const pair = shutDown();
    pair.deliver('bob');
    const [answer] = pair.waiting('alice');
    pair.deliver('alice');
    expectIgnored(pair, 'alice', answer!);
  });

  it('starts anew after a reconnection, with the estimate of that time', () => {
    const pair = shutDown();
    pair.disconnect();
    pair.ctx.alice = { ...pair.ctx.alice, feerates: { ...pair.ctx.alice.feerates, closing: 5000 as never } };
    pair.reconnect().run();
    expect(pair.alice.closingTxids).toHaveLength(2);
    expect(txid(closings(pair, 'alice')[0]!)).toBe(txid(closings(pair, 'bob')[0]!));
  });

  it('recognises every transaction that it ever signed', () => {
    const pair = shutDown();
    const [first] = pair.waiting('bob');
    const twin = pair.copy();
    twin.receive('bob', first!);
    const [tx] = closings(twin, 'bob');
    pair.disconnect().reconnect();
    pair.fundingSpent('alice', tx!, 600);
    expect(pair.alice.spend?.spendClass).toBe('mutual');
  });

  it('publishes at every block until the funding output is spent', () => {
    const pair = shutDown().run();
    expect(actionsOf(pair.do('alice', { kind: 'block' }), 'publish').map(({ label }) => label)).toEqual(['closing']);
  });

  it('is not spoken with option_simple_close', () => {
    const pair = reachNormal({ simpleClose: true, pushMsat: 300_000_000n });
    pair.do('bob', { kind: 'shutdown', script: pair.bob.walletScript, reason: 'user' });
    pair.run();
    expect(sentNames(pair.actions.alice)).not.toContain('closing_signed');
    expectWarns(pair, 'alice', closingSigned(pair, 'bob', 500n), 'unexpected_message');
  });

  it('that comes before both shutdowns is refused', () => {
    const pair = reachNormal({ simpleClose: false, pushMsat: 300_000_000n });
    expectWarns(pair, 'bob', closingSigned(pair, 'alice', 500n), 'unexpected_message');
  });

  // 183 sat are the fee of the first commitment, and less than any closing transaction should pay twice.
  it.each([4_000n, 183n])('with an opener that has just %i sat still ends', (leftSat) => {
    const pair = shutDown({ pushMsat: 1_000_000_000n - leftSat * 1000n, feerate: 253, channelType: 'static_remotekey' }).run();
    expect(txid(closings(pair, 'alice')[0]!)).toBe(txid(closings(pair, 'bob')[0]!));
    const { minFeeSatoshis, maxFeeSatoshis } = sentOf(pair.actions.alice, 'closing_signed')[0]!.tlvs!.feeRange!;
    expect(minFeeSatoshis <= maxFeeSatoshis).toBe(true);
  });
});
