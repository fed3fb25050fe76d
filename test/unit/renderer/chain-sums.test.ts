import { expect, test } from 'vitest';
import { chainSums } from '../../../renderer/format/chain-sums.ts';
import { rateOfWeight } from '../../../renderer/format/rates.ts';

test('what was sent and what it cost are told apart, to the satoshi', () => {
  expect(chainSums({ netSat: -303_384n, feeSat: 3_384n, paid: [{ address: 'bcrt1q', amountSat: 300_000n }] })).toEqual({ sentSat: 300_000n, feeSat: 3_384n, togetherSat: 303_384n, restSat: 0n });
  expect(chainSums({ netSat: -2_001_530n, feeSat: 1_530n })).toMatchObject({ sentSat: 2_000_000n, restSat: 2_000_000n });
  expect(chainSums({ netSat: -1_100n, feeSat: 100n, paid: [{ amountSat: 10n }, { amountSat: 90n }] })?.restSat).toBe(900n);
});

test('of money that came, moved within the wallet, or had other payers too, nothing is made up', () => {
  expect(chainSums({ netSat: 5n })).toBeUndefined();
  expect(chainSums({ netSat: -410n, feeSat: 410n })).toBeUndefined();
  expect(chainSums({ netSat: -410n })).toBeUndefined();
});

test('a rate by weight is the same by vbyte, with no digit lost', () => {
  expect([253, 2_500, 250, 1_000_000, 0].map(rateOfWeight)).toEqual(['1.012', '10', '1', '4\u2009000', '0']);
});
