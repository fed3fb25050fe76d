import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RevokedState, decodeRevokedState, encodeRevokedState } from '../../../core/channel/onchain/penalty-record.ts';
import { POLICY } from '../../../core/channel/policy.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { feeratePerKw, msat } from '../../../core/lib/units.ts';

const MOST_MSAT = POLICY.maxFundingSat * 1000n;
const htlc = fc.record({
  direction: fc.constantFrom('offered' as const, 'received' as const),
  paymentHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  cltvExpiry: fc.integer({ min: 0, max: 499_999_999 }),
  amountMsat: fc.bigInt({ min: 0n, max: MOST_MSAT }).map(msat),
});
const state = fc.record({
  ourMsat: fc.bigInt({ min: 0n, max: MOST_MSAT }).map(msat),
  theirMsat: fc.bigInt({ min: 0n, max: MOST_MSAT }).map(msat),
  feeratePerKw: fc.integer({ min: 253, max: 0xffff_ffff }).map(feeratePerKw),
  htlcs: fc.array(htlc, { maxLength: 20 }),
});

const bare: RevokedState = { ourMsat: msat(1n), theirMsat: msat(2n), feeratePerKw: feeratePerKw(253), htlcs: [] };

describe('the record of a revoked state', () => {
  it('comes back as it was, with any HTLC that a channel may hold', () => {
    fc.assert(fc.property(state, (given) => void expect(decodeRevokedState(encodeRevokedState(given))).toEqual(given)));
  });

  it('takes 21 bytes and 40 for each HTLC; sealed, 41 more', () => {
    fc.assert(fc.property(state, (given) => void expect(encodeRevokedState(given)).toHaveLength(21 + 40 * given.htlcs.length)));
  });

  it('that is changed is a DecodeError or another state', () => {
    const record = encodeRevokedState(bare);
    expect(() => decodeRevokedState(record.slice(0, 20))).toThrow(DecodeError);
    expect(() => decodeRevokedState(Uint8Array.of(9, ...record.slice(1)))).toThrow(DecodeError);
    expect(() => decodeRevokedState(Uint8Array.of(...record, 0))).toThrow(DecodeError);
  });

  it('refuses what would not come back', () => {
    const [over] = [{ direction: 'offered' as const, paymentHash: new Uint8Array(32), cltvExpiry: 1 << 29, amountMsat: msat(1n) }];
    expect(() => encodeRevokedState({ ...bare, htlcs: [over!] })).toThrow(RangeError);
    expect(() => encodeRevokedState({ ...bare, htlcs: [{ ...over!, cltvExpiry: 1, amountMsat: msat(1n << 34n) }] })).toThrow(RangeError);
  });
});
