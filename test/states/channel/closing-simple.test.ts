import { describe, expect, it } from 'vitest';
import { p2wpkh } from '../../../core/bitcoin/script.ts';
import { txid } from '../../../core/bitcoin/transaction.ts';
import type { ChannelFaultCode } from '../../../core/channel/errors.ts';
import { fundingScriptOf } from '../../../core/channel/sign.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { sat } from '../../../core/lib/units.ts';
import { type ClosingVariant, simpleClosingTx } from '../../../core/tx/closing.ts';
import type { Message, MessageOf } from '../../../core/wire/messages.ts';
import { type ChannelPair, type PairOptions, type SideName, actionsOf, highS, keysOf, otherSide, reachNormal, sentOf, valueOf } from '../../support/channel-pair.ts';
import { expectWarns } from '../../support/channel-outcomes.ts';
import { scriptVerdict } from '../../unit/tx/interpreter.ts';

const TLV = { closer_output_only: 'closerOutputOnly', closee_output_only: 'closeeOutputOnly', closer_and_closee_outputs: 'closerAndCloseeOutputs' } as const;

/** Both exchanged shutdown; nothing of the negotiation arrived yet. */
function shutDown(options: PairOptions = {}): ChannelPair {
  const pair = reachNormal({ pushMsat: 300_000_000n, ...options });
  pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
  pair.deliver('bob');
  pair.deliver('alice');
  return pair;
}

interface Forged {
  readonly variants: readonly ClosingVariant[];
  readonly feeSat?: bigint;
  readonly closerScript?: Uint8Array;
}

/** A closing_complete of `from` with signatures that fit. */
function complete(pair: ChannelPair, from: SideName, { variants, feeSat = 1000n, closerScript = pair[from].walletScript }: Forged): MessageOf<'closing_complete'> {
  const channel = pair[from];
  const closeeScript = pair[otherSide(from)].walletScript;
  const params = {
    fundingOutPoint: channel.fundingOutPoint, capacitySat: channel.config.fundingSatoshis, fundingScript: fundingScriptOf(channel.config), closerScript, closeeScript,
    closerMsat: channel.commitments.ourMsat, closeeMsat: channel.commitments.theirMsat, feeSat: sat(feeSat), locktime: 500,
  }; // prettier-ignore
  const signatures = variants.map((variant) => [TLV[variant], sign(valueOf(simpleClosingTx(params, variant)).sighash, keysOf(from).fundingSecret)]);
  return {
    name: 'closing_complete', channelId: channel.channelId, closerScriptpubkey: closerScript, closeeScriptpubkey: closeeScript, feeSatoshis: sat(feeSat), locktime: 500,
    tlvs: Object.fromEntries(signatures),
  }; // prettier-ignore
}
const BOTH: Forged = { variants: ['closer_and_closee_outputs'] };
const closings = (pair: ChannelPair, side: SideName) => actionsOf(pair.actions[side], 'publish').filter(({ label }) => label === 'closing').map(({ tx }) => tx);
const completeOf = (messages: readonly Message[]): MessageOf<'closing_complete'> => messages.find((message): message is MessageOf<'closing_complete'> => message.name === 'closing_complete')!;

describe('closing_complete and closing_sig', () => {
  it('give both sides a transaction whose fee they pay themselves', () => {
    const pair = shutDown().run();
    for (const side of ['alice', 'bob'] as const) {
      const txs = closings(pair, side);
      expect(txs).toHaveLength(2);
      for (const tx of txs) {
        expect(scriptVerdict(tx, [pair.fundingTx.outputs[0]!])).toBe('valid');
        expect(tx.inputs[0]?.sequence).toBe(0xffff_fffd);
        expect(pair[otherSide(side)].closingTxids).toContain(txid(tx));
      }
    }
    const [a, b] = [...new Set(closings(pair, 'alice').map(txid))];
    expect(a).not.toBe(b);
    const [tx] = closings(pair, 'alice');
    expect(tx!.locktime).toBe(pair.ctx.alice.blockHeight);
  });

  it('are stored before they leave', () => {
    const pair = shutDown();
    const actions = pair.receive('bob', complete(pair, 'alice', BOTH));
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'journal', 'send', 'publish']);
  });

  // Alice has 1 000 000 sat less the push.
  it.each([
    ['who has as much or more, both outputs of value', 300_000_000n, 'alice', ['closerOutputOnly', 'closerAndCloseeOutputs']],
    ['who has more, the other output dust', 293_000n, 'alice', ['closerOutputOnly']],
    ['who has more, the other output just no dust', 294_000n, 'alice', ['closerOutputOnly', 'closerAndCloseeOutputs']],
    ['who has less', 300_000_000n, 'bob', ['closerAndCloseeOutputs']],
    ['who has equal', 500_000_000n, 'bob', ['closerOutputOnly', 'closerAndCloseeOutputs']],
    ['who has less, and its output is dust after the fee', 2_000_000n, 'bob', ['closerAndCloseeOutputs']],
  ] as const)('come from %s with the right signatures', (_, pushMsat, side, names) => {
    const pair = shutDown({ pushMsat });
    const [sent] = sentOf(pair.actions[side], 'closing_complete');
    expect(Object.keys(sent!.tlvs!)).toEqual(names);
    expect(sent!.closeeScriptpubkey).toEqual(pair[otherSide(side)].walletScript);
  });

  it('leave the own output out when it is dust', () => {
    const pair = shutDown({ pushMsat: 500_000n });
    const [sent] = sentOf(pair.actions.bob, 'closing_complete');
    expect(Object.keys(sent!.tlvs!)).toEqual(['closeeOutputOnly']);
    pair.run();
    expect(closings(pair, 'bob').every(({ outputs }) => outputs.length >= 1)).toBe(true);
  });

  it('are not sent by who cannot pay a fee, and the other side closes alone', () => {
    const pair = shutDown({ pushMsat: 0n });
    expect(sentOf(pair.actions.bob, 'closing_complete')).toEqual([]);
    pair.run();
    expect(closings(pair, 'alice')).toHaveLength(1);
    expect(closings(pair, 'bob')).toHaveLength(1);
    expect(closings(pair, 'alice')[0]?.outputs).toHaveLength(1);
  });

  it('may come with any fee that the closer can pay', () => {
    for (const feeSat of [0n, 1n, 699_000n]) {
      const pair = shutDown();
      const actions = pair.receive('bob', complete(pair, 'alice', { ...BOTH, feeSat }));
      const [answer] = sentOf(actions, 'closing_sig');
      expect(answer).toMatchObject({ feeSatoshis: feeSat, locktime: 500 });
      expect(Object.keys(answer!.tlvs!)).toEqual(['closerAndCloseeOutputs']);
      expect(closings(pair, 'bob')[0]?.outputs.some(({ amountSat }) => amountSat === 300_000n)).toBe(true);
    }
  });

  it.each([
    ['a fee over the balance of the closer', () => ({ feeSatoshis: sat(700_001n) }), 'closing_fee_out_of_bounds'],
    ['an absurd fee', () => ({ feeSatoshis: sat((1n << 64n) - 1n) }), 'closing_fee_out_of_bounds'],
    ['another script of ours', (m) => ({ closeeScriptpubkey: m.closerScriptpubkey }), 'invalid_shutdown_script'],
    ['a script of theirs that is no shutdown script', () => ({ closerScriptpubkey: Uint8Array.of(1, 2, 3) }), 'invalid_shutdown_script'],
    ['no signature', () => ({ tlvs: {} }), 'invalid_closing_signature'],
    ['a signature that drops our output', (m) => ({ tlvs: { closerOutputOnly: m.tlvs!.closerAndCloseeOutputs! } }), 'invalid_closing_signature'],
    ['a signature for another fee', (m) => ({ feeSatoshis: sat(m.feeSatoshis + 1n) }), 'invalid_closing_signature'],
    ['a signature for another locktime', (m) => ({ locktime: m.locktime + 1 }), 'invalid_closing_signature'],
    ['a signature with a high S', (m) => ({ tlvs: { closerAndCloseeOutputs: highS(m.tlvs!.closerAndCloseeOutputs!) } }), 'invalid_closing_signature'],
    ['a signature of zeroes', () => ({ tlvs: { closerAndCloseeOutputs: new Uint8Array(64) } }), 'invalid_closing_signature'],
  ] as readonly [string, (m: MessageOf<'closing_complete'>) => object, ChannelFaultCode][])('closing_complete with %s is refused', (_, over, code) => {
    const pair = shutDown();
    const good = complete(pair, 'alice', BOTH);
    expectWarns(pair, 'bob', { ...good, ...over(good) }, code);
  });

  it('closing_complete without our output is refused while that output is worth something', () => {
    const pair = shutDown();
    expectWarns(pair, 'bob', complete(pair, 'alice', { variants: ['closer_output_only'] }), 'invalid_closing_signature');
  });

  it.each([
    ['ours alone when theirs is left out', 'alice', ['closee_output_only'], ['closeeOutputOnly'], 1],
    ['both when both are there', 'alice', ['closee_output_only', 'closer_and_closee_outputs'], ['closerAndCloseeOutputs'], 2],
  ] as const)('closing_sig is for %s', (_, from, variants, names, outputs) => {
    const pair = shutDown();
    const actions = pair.receive('bob', complete(pair, from, { variants }));
    expect(Object.keys(sentOf(actions, 'closing_sig')[0]!.tlvs!)).toEqual(names);
    expect(closings(pair, 'bob')[0]?.outputs).toHaveLength(outputs);
  });

  it('closing_sig is for theirs alone when ours is dust', () => {
    const pair = shutDown({ pushMsat: 293_000n });
    const actions = pair.receive('bob', complete(pair, 'alice', { variants: ['closer_output_only'] }));
    expect(closings(pair, 'bob')[0]?.outputs).toHaveLength(1);
    expect(Object.keys(sentOf(actions, 'closing_sig')[0]!.tlvs!)).toEqual(['closerOutputOnly']);
    expectWarns(pair, 'bob', complete(pair, 'alice', BOTH), 'invalid_closing_signature');
  });

  it('an OP_RETURN script of the closer gets nothing', () => {
    const pair = shutDown();
    const closerScript = Uint8Array.of(0x6a, 6, 1, 2, 3, 4, 5, 6);
    pair.receive('bob', complete(pair, 'alice', { ...BOTH, closerScript }));
    expect(closings(pair, 'bob')[0]?.outputs.map(({ amountSat }) => amountSat)).toEqual([0n, 300_000n]);
  });

  it('a new script of the closer is used from then on, unless another was promised', () => {
    const closerScript = p2wpkh(new Uint8Array(33).fill(3));
    const pair = shutDown();
    pair.receive('bob', complete(pair, 'alice', { ...BOTH, closerScript }));
    expect(pair.bob.remoteShutdownScript).toEqual(closerScript);
    const promised = shutDown({ aliceTerms: { upfrontShutdownScript: reachNormal().alice.walletScript } });
    expectWarns(promised, 'bob', complete(promised, 'alice', { ...BOTH, closerScript }), 'invalid_shutdown_script');
  });

  it.each([
    ['another fee', (m) => ({ feeSatoshis: sat(m.feeSatoshis + 1n) })],
    ['another locktime', (m) => ({ locktime: m.locktime + 1 })],
    ['another closer script', (m) => ({ closerScriptpubkey: m.closeeScriptpubkey })],
    ['another closee script', (m) => ({ closeeScriptpubkey: m.closerScriptpubkey })],
    ['no signature', () => ({ tlvs: {} })],
    ['a variant that we did not offer', (m) => ({ tlvs: { closeeOutputOnly: m.tlvs!.closerAndCloseeOutputs! } })],
    ['another variant than the one it signed', (m) => ({ tlvs: { closerOutputOnly: m.tlvs!.closerAndCloseeOutputs! } })],
    ['a high S', (m) => ({ tlvs: { closerAndCloseeOutputs: highS(m.tlvs!.closerAndCloseeOutputs!) } })],
    ['zeroes', () => ({ tlvs: { closerAndCloseeOutputs: new Uint8Array(64) } })],
  ] as readonly [string, (m: MessageOf<'closing_sig'>) => object][])('closing_sig with %s is refused', (_, over) => {
    const pair = shutDown();
    const [answer] = sentOf(pair.receive('bob', completeOf(pair.waiting('bob'))), 'closing_sig');
    expectWarns(pair, 'alice', { ...answer!, ...over(answer!) }, 'invalid_closing_signature');
    expect(closings(pair, 'alice')).toEqual([]);
  });

  it('closing_sig with two signatures is refused though both are good', () => {
    const pair = shutDown();
    const sent = completeOf(pair.waiting('bob'));
    const [answer] = sentOf(pair.receive('bob', sent), 'closing_sig');
    const { alice } = pair;
    const alone = valueOf(simpleClosingTx({
      fundingOutPoint: alice.fundingOutPoint, capacitySat: alice.config.fundingSatoshis, fundingScript: fundingScriptOf(alice.config), closerScript: sent.closerScriptpubkey,
      closeeScript: sent.closeeScriptpubkey, closerMsat: alice.commitments.ourMsat, closeeMsat: alice.commitments.theirMsat, feeSat: sent.feeSatoshis, locktime: sent.locktime,
    }, 'closer_output_only')); // prettier-ignore
    const closerOutputOnly = sign(alone.sighash, keysOf('bob').fundingSecret);
    const single = pair.copy();
    single.receive('alice', { ...answer!, tlvs: { closerOutputOnly } });
    expect(closings(single, 'alice')).toHaveLength(1);
    expectWarns(pair, 'alice', { ...answer!, tlvs: { ...answer!.tlvs, closerOutputOnly } }, 'invalid_closing_signature');
  });

  it('closing_sig that nobody waits for is refused', () => {
    const pair = shutDown();
    const [answer] = sentOf(pair.receive('bob', completeOf(pair.waiting('bob'))), 'closing_sig');
    pair.receive('alice', answer!);
    expectWarns(pair, 'alice', answer!, 'unexpected_message');
  });

  it('start again after a reconnection, lost at any message', () => {
    for (let cut = 0; cut < 7; cut++) {
      const pair = shutDown();
      for (let i = 0; i < cut; i++) pair.deliver(i % 2 ? 'alice' : 'bob');
      pair.restart(cut % 2 ? 'alice' : 'bob').reconnect().run();
      for (const side of ['alice', 'bob'] as const) {
        expect(pair[side].closingTxs.length, `cut ${cut}`).toBeGreaterThan(0);
        for (const tx of closings(pair, side)) expect(pair[otherSide(side)].closingTxids).toContain(txid(tx));
      }
    }
  });

  it('give way to closing_signed when the new connection lacks option_simple_close', () => {
    const pair = shutDown();
    pair.disconnect().reconnect(false).run();
    expect(txid(closings(pair, 'alice')[0]!)).toBe(txid(closings(pair, 'bob')[0]!));
  });

  it('are refused without option_simple_close', () => {
    const pair = shutDown({ simpleClose: false });
    expectWarns(pair, 'bob', complete(pair, 'alice', BOTH), 'unexpected_message');
  });

  it('come in any number without taking memory for each', () => {
    const pair = shutDown();
    for (let feeSat = 1000n; feeSat < 1060n; feeSat++) pair.receive('bob', complete(pair, 'alice', { ...BOTH, feeSat }));
    expect(pair.bob.closingTxs.length).toBeLessThanOrEqual(10);
  });
});
