import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Tx, type TxOutput, txid, txidBytes } from '../../../core/bitcoin/transaction.ts';
import { pointAt } from '../../../core/channel/keys.ts';
import { publicKey, sign } from '../../../core/crypto/secp256k1.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { FEERATE_FLOOR_PER_KW, feeOfWeight } from '../../../core/lib/units.ts';
import { txWeight } from '../../../core/bitcoin/transaction.ts';
import { type Justice, decodeJustice } from '../../../core/tower/justice.ts';
import { JUSTICE_FEERATES } from '../../../core/tower/make.ts';
import { SIZE_CLASSES, hintOf, openBlob } from '../../../core/tower/seal.ts';
import { laterTargets, rungsOf, targetsOf } from '../../../core/tower/targets.ts';
import { signedHtlcTx } from '../../../core/tx/htlc.ts';
import { derivePrivateKey } from '../../../core/tx/keys.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';
import { keysOf, preimageOf } from '../../support/channel-pair.ts';
import { scriptVerdict } from '../tx/interpreter.ts';
import { type Breach, appointed, breachWith } from './kit.ts';

const justicesOf = (breach: Breach, grade: 'signed' | 'own'): Justice[] =>
  appointed(breach, grade).blobs.map((blob) => decodeJustice(openBlob(txidBytes(txid(breach.tx)), blob)!));

/** Spends by output, all steps, with the output that each spends. */
function stepsOf(justice: Justice, tx: Tx): readonly { readonly vout: number; readonly parent: string; readonly rung: number; readonly spent: TxOutput | undefined; readonly spender: Tx }[] {
  return targetsOf(justice, tx).flatMap((target, index) =>
    rungsOf(justice, index, target, JUSTICE_FEERATES).map(({ tx: spender }, rung) => {
      const { txid: parent, vout } = target.claim.outPoint;
      return { vout, parent, rung, spender, spent: parent === txid(tx) ? tx.outputs[vout] : undefined };
    }),
  );
}

const HTLCS = [{ by: 'alice', amountSat: 20_000 }, { by: 'bob', amountSat: 30_000 }, { by: 'bob', amountSat: 25_000 }] as const;
const TYPES: readonly ChannelType[] = ['anchors', 'static_remotekey'];

describe.each(TYPES)('justice of a revoked commitment (%s)', (channelType) => {
  it('has the hint of the very transaction that the cheater holds', () => {
    const breach = breachWith(channelType, HTLCS);
    expect(toHex(appointed(breach, 'signed').hint)).toBe(toHex(hintOf(txidBytes(txid(breach.tx)))));
  });

  it.each(['signed', 'own'] as const)('takes each output by itself at every step, valid by script (%s)', (grade) => {
    const breach = breachWith(channelType, HTLCS);
    const [justice] = justicesOf(breach, grade);
    const steps = stepsOf(justice!, breach.tx).filter(({ spent }) => spent);
    const wanted = breach.commitment.outputs.flatMap(({ kind }, vout) => (kind === 'to_local' || kind.endsWith('_htlc') ? [vout] : []));
    expect([...new Set(steps.map(({ vout }) => vout))].toSorted()).toEqual(wanted.toSorted());
    for (const { spent, spender, rung } of steps) {
      expect(scriptVerdict(spender, [spent!])).toBe('valid');
      expect(spender.inputs.length).toBe(1);
      expect(toHex(spender.outputs[0]!.script)).toBe(toHex(breach.victim.walletScript));
      const feeSat = spent!.amountSat - spender.outputs[0]!.amountSat;
      expect(feeSat).toBeGreaterThanOrEqual(feeOfWeight(txWeight(spender), JUSTICE_FEERATES[rung]!));
      expect(feeSat).toBeGreaterThanOrEqual(feeOfWeight(txWeight(spender), FEERATE_FLOOR_PER_KW));
    }
  });

  it('is made of the record alone: the same every time, and the same blob', () => {
    const breach = breachWith(channelType, HTLCS);
    expect(appointed(breach, 'signed')).toEqual(appointed(breach, 'signed'));
  });

  it('property: any HTLCs, every step valid', () => {
    const htlc = fc.record({ by: fc.constantFrom('alice' as const, 'bob' as const), amountSat: fc.integer({ min: 100, max: 60_000 }), expiry: fc.integer({ min: 640, max: 800 }), hash: fc.integer({ min: 0, max: 2 }) });
    fc.assert(
      fc.property(fc.array(htlc, { maxLength: 5 }), (htlcs) => {
        const breach = breachWith(channelType, htlcs);
        expect(toHex(appointed(breach, 'signed').hint)).toBe(toHex(hintOf(txidBytes(txid(breach.tx)))));
        for (const justice of justicesOf(breach, 'signed')) {
          for (const { spent, spender } of stepsOf(justice, breach.tx)) if (spent) expect(scriptVerdict(spender, [spent])).toBe('valid');
        }
      }),
      { numRuns: 15 },
    );
  });
});

/** The cheater goes on: HTLC-success and HTLC-timeout transactions of the revoked state, as published. */
function secondStages({ cheater, commitment, number }: Breach, channelType: ChannelType): readonly Tx[] {
  const secret = derivePrivateKey(keysOf('bob').htlcBasepointSecret, pointAt(keysOf('bob'), number));
  return commitment.htlcs.map((htlc, index) => {
    const known = [0, 1, 2].map(preimageOf);
    const preimage = htlc.htlc.direction === 'received' ? known[0] : undefined;
    return signedHtlcTx(htlc, channelType, sign(htlc.localSighash, secret), cheater.commitments.localHtlcSignatures[index]!, preimage);
  });
}

describe('the second stage', () => {
  it('is signed in advance where its transactions are known: without anchors', () => {
    const breach = breachWith('static_remotekey', HTLCS);
    const [justice] = justicesOf(breach, 'signed');
    const steps = stepsOf(justice!, breach.tx);
    const stages = secondStages(breach, 'static_remotekey');
    expect(stages.length).toBe(3);
    for (const stage of stages) {
      const taking = steps.filter(({ parent }) => parent === txid(stage));
      expect(taking.length).toBeGreaterThan(0);
      for (const { spender } of taking) expect(scriptVerdict(spender, [stage.outputs[0]!])).toBe('valid');
    }
  });

  it('cannot be signed in advance with anchors, and own keys take it, merged ones too', () => {
    const breach = breachWith('anchors', HTLCS);
    const [signed] = justicesOf(breach, 'signed');
    expect(stepsOf(signed!, breach.tx).every(({ spent }) => spent)).toBe(true);
    const stages = secondStages(breach, 'anchors');
    const merged: Tx = { ...stages[0]!, inputs: stages.flatMap(({ inputs }) => inputs), outputs: stages.flatMap(({ outputs }) => outputs) };
    const [own] = justicesOf(breach, 'own');
    const targets = laterTargets(own!, merged);
    expect(targets.length).toBe(3);
    for (const [vout, target] of targets.entries()) {
      for (const { tx } of rungsOf(own!, vout, target, JUSTICE_FEERATES)) expect(scriptVerdict(tx, [merged.outputs[vout]!])).toBe('valid');
    }
  });
});

describe('what a tower holds', () => {
  it('has no key in the grade "signed", and the revocation key of one commitment in the grade "own"', () => {
    const breach = breachWith('anchors', HTLCS);
    const [signed, own] = [justicesOf(breach, 'signed')[0]!, justicesOf(breach, 'own')[0]!];
    expect(signed.proof.kind).toBe('signed');
    expect(own.proof.kind === 'own' && toHex(publicKey(own.proof.revocationSecret))).toBe(toHex(own.revocationPubkey));
  });

  it('shows a size class, not the number of HTLCs', () => {
    const sizes = [0, 1].map((count) => appointed(breachWith('anchors', HTLCS.slice(0, count)), 'signed').blobs.map((blob) => blob.length));
    expect(sizes[0]).toEqual(sizes[1]);
    for (const [size] of sizes) expect(SIZE_CLASSES.map((each) => each + 40)).toContain(size);
  });

  it('comes in parts when there are many HTLCs, and together they take all', () => {
    const many = Array.from({ length: 150 }, (_, index) => ({ by: index % 2 === 0 ? ('alice' as const) : ('bob' as const), amountSat: 40_000 + index, hash: index }));
    const breach = breachWith('static_remotekey', many, 16_000_000n);
    const justices = justicesOf(breach, 'signed');
    expect(justices.length).toBe(2);
    const taken = new Set(justices.flatMap((justice) => stepsOf(justice, breach.tx).flatMap(({ spent, vout }) => (spent ? [vout] : []))));
    expect(taken.size).toBe(breach.commitment.outputs.filter(({ kind }) => kind === 'to_local' || kind.endsWith('_htlc')).length);
  });
});
