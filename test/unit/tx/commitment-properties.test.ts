import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputSumSat, txid, txWeight } from '../../../core/bitcoin/transaction.ts';
import { compare } from '../../../core/lib/bytes.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { type FeeratePerKw, feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import {
  anchorsCostSat, buildCommitment, type ChannelType, commitmentFeeSat, commitmentNumberOf, type CommitmentParams, type Htlc, isTrimmed,
  signedCommitment,
} from '../../../core/tx/commitment.ts'; // prettier-ignore
import { HTLC_OUTPUT_WEIGHT, WEIGHTS } from '../../../core/tx/weights.ts';
import { keys, paramsOf } from './bolt3.ts';

const hashes = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
// Few hashes, expiries and round amounts, so that equal ones meet.
const htlc = fc.record({
  direction: fc.constantFrom('offered', 'received') as fc.Arbitrary<Htlc['direction']>,
  amountMsat: fc.oneof(fc.constantFrom(546_000n, 5_000_000n, 5_000_999n), fc.bigInt(1n, 9_000_000n)).map(msat),
  paymentHash: fc.constantFrom(...hashes),
  cltvExpiry: fc.integer({ min: 1, max: 3 }).map((n) => 800_000 + n),
});

/** Consistent states: balances and HTLCs fill the capacity, and the opener can pay. */
const params: fc.Arbitrary<CommitmentParams> = fc
  .record({
    channelType: fc.constantFrom<ChannelType>('static_remotekey', 'anchors'),
    ownerIsOpener: fc.boolean(),
    rate: fc.integer({ min: 253, max: 20_000 }).map(feeratePerKw),
    dustLimitSat: fc.bigInt(330n, 2000n).map(sat),
    drafts: fc.array(htlc, { maxLength: 40 }),
    otherMsat: fc.oneof(fc.constantFrom(0n, 329_999n, 546_000n), fc.bigInt(0n, 4_000_000_000n)),
    commitmentNumber: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    obscuringFactor: fc.bigInt(0n, (1n << 48n) - 1n),
  })
  .map(({ channelType, ownerIsOpener, rate, drafts, otherMsat, ...rest }) => {
    const htlcs = drafts.map((draft, i) => ({ ...draft, id: BigInt(i) }));
    const inHtlcsMsat = htlcs.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
    const openerMsat = msat(10_000_000_000n - inHtlcsMsat - otherMsat);
    const [toLocalMsat, toRemoteMsat] = ownerIsOpener ? [openerMsat, msat(otherMsat)] : [msat(otherMsat), openerMsat];
    const base = paramsOf(channelType, { toLocalMsat: 0, toRemoteMsat: 0, feeratePerKw: 0, htlcIds: [] });
    return { ...base, ...rest, ownerIsOpener, feeratePerKw: rate as FeeratePerKw, toLocalMsat, toRemoteMsat, htlcs };
  });

const every = (check: (params: CommitmentParams) => void, numRuns = 100): void =>
  fc.assert(fc.property(params, check), { numRuns });

describe('every commitment transaction', () => {
  it('holds the capacity: outputs and fee, the fee being base fee, trimmed outputs and fractions', () => {
    every((params) => {
      const { tx, feeSat, outputs, htlcs } = buildCommitment(params);
      expect(outputSumSat(tx) + feeSat).toBe(params.capacitySat);
      const has = (kind: string): boolean => outputs.some((output) => output.kind === kind);
      const trimmedMsat = params.htlcs
        .filter((htlc) => isTrimmed(htlc, params))
        .reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
      const keptFractionsMsat = htlcs.reduce((sum, { htlc }) => sum + (htlc.amountMsat % 1000n), 0n);
      const costMsat =
        (commitmentFeeSat(params.channelType, params.feeratePerKw, htlcs.length) + anchorsCostSat(params.channelType)) *
        1000n;
      const anchorsMsat = BigInt(outputs.filter(({ kind }) => kind.endsWith('_anchor')).length) * 330_000n;
      const lost = (kind: string, balanceMsat: bigint, isOpener: boolean): bigint =>
        has(kind) ? balanceMsat % 1000n : balanceMsat - (isOpener ? costMsat : 0n);
      const lostMsat =
        lost('to_local', params.toLocalMsat, params.ownerIsOpener) +
        lost('to_remote', params.toRemoteMsat, !params.ownerIsOpener);
      expect(feeSat * 1000n).toBe(costMsat - anchorsMsat + trimmedMsat + keptFractionsMsat + lostMsat);
    });
  });

  it('has no output under the dust limit, except anchors of 330 sat', () => {
    every((params) => {
      for (const { kind, amountSat } of buildCommitment(params).outputs) {
        const isAnchor = kind.endsWith('_anchor');
        expect(isAnchor ? amountSat === 330n : amountSat >= params.dustLimitSat).toBe(true);
      }
    });
  });

  it('orders outputs by amount, script, expiry', () => {
    every((params) => {
      const { outputs } = buildCommitment(params);
      for (const [i, after] of outputs.slice(1).entries()) {
        const before = outputs[i]!;
        const byAmount = Number(before.amountSat - after.amountSat);
        const byScript = compare(before.script, after.script);
        const byExpiry = (before.htlc?.cltvExpiry ?? 0) - (after.htlc?.cltvExpiry ?? 0);
        expect(byAmount || byScript || byExpiry).toBeLessThanOrEqual(0);
      }
    });
  });

  it('does not depend on the order of the HTLCs that it is given', () => {
    every((params) => {
      const turned = buildCommitment({ ...params, htlcs: params.htlcs.toReversed() });
      const built = buildCommitment(params);
      expect(turned.txid).toBe(built.txid);
      expect(turned.htlcs.map(({ htlc }) => htlc.id)).toEqual(built.htlcs.map(({ htlc }) => htlc.id));
    }, 30);
  });

  it('hides its number from all but who knows the factor', () => {
    every((params) => {
      const { tx } = buildCommitment(params);
      expect(commitmentNumberOf(tx, params.obscuringFactor)).toBe(params.commitmentNumber);
      expect(tx.locktime >>> 24).toBe(0x20);
      expect(tx.inputs[0]!.sequence >>> 24).toBe(0x80);
    });
  });

  it('weighs no more than expected when signed', () => {
    every((params) => {
      const commitment = buildCommitment(params);
      const signed = signedCommitment(
        commitment,
        params,
        sign(commitment.sighash, keys.localFundingPrivkey),
        sign(commitment.sighash, keys.remoteFundingPrivkey),
      );
      const expected = WEIGHTS[params.channelType].commitment + HTLC_OUTPUT_WEIGHT * commitment.htlcs.length;
      expect(txWeight(signed)).toBeLessThanOrEqual(expected);
    }, 30);
  });

  it('has one HTLC transaction for every HTLC output, in the order of the outputs, that spends it', () => {
    every((params) => {
      const commitment = buildCommitment(params);
      const vouts = commitment.outputs.flatMap(({ htlc }, vout) => (htlc ? [vout] : []));
      expect(commitment.htlcs.map(({ vout }) => vout)).toEqual(vouts);
      const id = txid(commitment.tx);
      expect(commitment.txid).toBe(id);
      for (const { tx, vout, htlc } of commitment.htlcs) {
        expect(tx.inputs).toMatchObject([{ txid: id, vout, sequence: params.channelType === 'anchors' ? 1 : 0 }]);
        expect(tx.locktime).toBe(htlc.direction === 'offered' ? htlc.cltvExpiry : 0);
        expect(tx.outputs[0]!.amountSat).toBeGreaterThanOrEqual(params.dustLimitSat);
      }
    });
  });
});

it('counts more than 252 outputs in three bytes', () => {
  const base = paramsOf('anchors', { toLocalMsat: 5e9, toRemoteMsat: 2e9, feeratePerKw: 253, htlcIds: [] });
  const htlcs = Array.from({ length: 300 }, (_, i): Htlc => ({
    direction: i % 2 ? 'offered' : 'received', id: BigInt(i), amountMsat: msat(10_000_000n), paymentHash: hashes[0]!, cltvExpiry: 500 + i,
  })); // prettier-ignore
  const commitment = buildCommitment({ ...base, htlcs });
  expect(commitment.outputs.length).toBe(304);
  expect(commitment.txid).toBe(txid(commitment.tx));
});
