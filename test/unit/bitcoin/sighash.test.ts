import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sighashV0 } from '../../../core/bitcoin/sighash.ts';
import { encodeTx, type Tx } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';

process.env['NODE_BACKEND'] = 'js';
const require = createRequire(import.meta.url);
const BcoinTX = require('bcoin/lib/primitives/tx') as {
  fromRaw(raw: Uint8Array): {
    signatureHash(index: number, script: unknown, value: number, type: number, version: number): Buffer;
  };
};
const Script = require('bcoin/lib/script/script') as { fromRaw(raw: Uint8Array): unknown };

const u32 = fc.nat(0xffff_ffff);
const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const output = fc.record({ amountSat: fc.bigInt(0n, 21_000_000_0000_0000n).map(sat), script: bytes(0, 300) });
const input = fc.record({
  txid: bytes(32, 32).map(toHex), vout: u32, sequence: u32, scriptSig: fc.constant(new Uint8Array(0)),
  witness: fc.constant([Uint8Array.of(1)]),
}); // prettier-ignore
const transaction: fc.Arbitrary<Tx> = fc.record({
  version: fc.constantFrom(1, 2),
  inputs: fc.array(input, { minLength: 1, maxLength: 4 }),
  outputs: fc.array(output, { minLength: 1, maxLength: 4 }),
  locktime: u32,
});

describe('BIP 143', () => {
  it.each([0x01, 0x02, 0x03, 0x81, 0x82, 0x83])('agrees with bcoin on sighash type %i', (type) => {
    const agrees = fc.property(transaction, output, (tx, { amountSat, script }) => {
      const other = BcoinTX.fromRaw(Buffer.from(encodeTx(tx)));
      for (const index of tx.inputs.keys()) {
        const theirs = other.signatureHash(index, Script.fromRaw(Buffer.from(script)), Number(amountSat), type, 1);
        expect(toHex(sighashV0(tx, index, script, amountSat, type))).toBe(theirs.toString('hex'));
      }
    });
    fc.assert(agrees, { numRuns: 30 });
  });
});
