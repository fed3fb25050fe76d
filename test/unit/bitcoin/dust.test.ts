import { expect, it } from 'vitest';
import { dustLimitSat } from '../../../core/bitcoin/script.ts';
import { fromHex } from '../../../core/lib/bytes.ts';

it.each([
  ['p2pkh', `76a914${'11'.repeat(20)}88ac`, 546n],
  ['p2sh', `a914${'11'.repeat(20)}87`, 540n],
  ['p2wpkh', `0014${'11'.repeat(20)}`, 294n],
  ['p2wsh', `0020${'11'.repeat(32)}`, 330n],
  ['p2a', '51024e73', 240n],
  ['another two-byte program', '51024e74', 354n],
  ['p2tr', `5120${'11'.repeat(32)}`, 354n],
  ['OP_RETURN', '6a0411223344', 0n],
])('has the threshold of BOLT 3 "Dust Limits" for %s', (_name, script, limit) => {
  expect(dustLimitSat(fromHex(script))).toBe(limit);
});
