import { describe, expect, it } from 'vitest';
import { txWeight } from '../../../core/bitcoin/transaction.ts';
import { p2wpkh, p2wsh, script } from '../../../core/bitcoin/script.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { msat, sat } from '../../../core/lib/units.ts';
import {
  closeeVariant, closerVariants, type ClosingTx, type ClosingVariant, closingWeight, type LegacyClosingParams, legacyClosingTx,
  signedClosingTx, type SimpleClosingParams, simpleClosingTx,
} from '../../../core/tx/closing.ts'; // prettier-ignore
import { fundingScript } from '../../../core/tx/funding.ts';
import { keys } from './bolt3.ts';
import { scriptVerdict } from './interpreter.ts';

const funding = {
  fundingOutPoint: { txid: '11'.repeat(32), vout: 3 },
  capacitySat: sat(1_000_000n),
  fundingScript: fundingScript(keys.localFundingPubkey, keys.remoteFundingPubkey),
};
const ourScript = p2wpkh(keys.localPaymentBasepoint);
const theirScript = p2wsh(Uint8Array.of(0x51));
const opReturn = script('RETURN', new Uint8Array(8).fill(7));

const legacy: LegacyClosingParams = {
  ...funding,
  localScript: ourScript,
  remoteScript: theirScript,
  localMsat: msat(400_000_999n),
  remoteMsat: msat(599_999_001n),
  localIsOpener: true,
  feeSat: sat(500n),
  dustLimitSat: sat(354n),
};
const simple: SimpleClosingParams = {
  ...funding,
  closerScript: ourScript,
  closeeScript: theirScript,
  closerMsat: msat(400_000_999n),
  closeeMsat: msat(599_999_001n),
  feeSat: sat(500n),
  locktime: 812_345,
};

const made = (result: { ok: true; value: ClosingTx } | { ok: false; error: unknown }): ClosingTx => {
  if (!result.ok) throw new Error(String(result.error));
  return result.value;
};
const payments = ({ tx }: ClosingTx) => tx.outputs.map(({ amountSat, script }) => [amountSat, toHex(script)]);
const fault = (result: { ok: boolean; error?: unknown }) => result.error;

function signed(closing: ClosingTx) {
  const sides = [
    [keys.localFundingPubkey, keys.localFundingPrivkey],
    [keys.remoteFundingPubkey, keys.remoteFundingPrivkey],
  ] as const;
  const [one, two] = sides.map(([fundingPubkey, privkey]) => ({
    fundingPubkey,
    signature: sign(closing.sighash, privkey),
  }));
  return signedClosingTx(closing, funding, two!, one!);
}

describe('legacy closing transaction', () => {
  it('has the form of BOLT 3 and takes the fee from the opener', () => {
    const closing = made(legacyClosingTx(legacy));
    expect(closing.tx).toMatchObject({
      version: 2,
      locktime: 0,
      inputs: [{ ...funding.fundingOutPoint, sequence: 0xffff_ffff }],
    });
    expect(payments(closing)).toEqual([
      [399_500n, toHex(ourScript)],
      [599_999n, toHex(theirScript)],
    ]);
    expect(payments(made(legacyClosingTx({ ...legacy, localIsOpener: false })))).toEqual([
      [400_000n, toHex(ourScript)],
      [599_499n, toHex(theirScript)],
    ]);
  });

  it('leaves out what is under the dust limit', () => {
    const atLimit = made(legacyClosingTx({ ...legacy, localMsat: msat(854_000n), remoteMsat: msat(999_146_000n) }));
    expect(payments(atLimit)).toEqual([
      [354n, toHex(ourScript)],
      [999_146n, toHex(theirScript)],
    ]);
    const under = made(legacyClosingTx({ ...legacy, localMsat: msat(853_999n), remoteMsat: msat(999_146_001n) }));
    expect(payments(under)).toEqual([[999_146n, toHex(theirScript)]]);
  });

  it('refuses a fee above the balance of the opener, and a transaction of no outputs', () => {
    expect(fault(legacyClosingTx({ ...legacy, feeSat: sat(400_001n) }))).toBe('fee_above_balance');
    expect(fault(legacyClosingTx({ ...legacy, dustLimitSat: sat(700_000n) }))).toBe('no_outputs');
  });

  it('is spendable and weighs no more than expected', () => {
    const tx = signed(made(legacyClosingTx(legacy)));
    const spent = [{ amountSat: funding.capacitySat, script: p2wsh(funding.fundingScript) }];
    expect(scriptVerdict(tx, spent)).toBe('valid');
    const expected = closingWeight([ourScript, theirScript]);
    expect(expected - txWeight(tx)).toBeGreaterThanOrEqual(0);
    expect(expected - txWeight(tx)).toBeLessThanOrEqual(4);
  });
});

describe('closing transaction of option_simple_close', () => {
  const variants: ClosingVariant[] = ['closer_output_only', 'closee_output_only', 'closer_and_closee_outputs'];

  it('has the form of BOLT 3 in each variant and takes the fee from the closer', () => {
    const [closerOnly, closeeOnly, both] = variants.map((variant) => made(simpleClosingTx(simple, variant)));
    expect(both!.tx).toMatchObject({ version: 2, locktime: 812_345, inputs: [{ sequence: 0xffff_fffd }] });
    expect(payments(closerOnly!)).toEqual([[399_500n, toHex(ourScript)]]);
    expect(payments(closeeOnly!)).toEqual([[599_999n, toHex(theirScript)]]);
    expect(payments(both!)).toEqual([
      [399_500n, toHex(ourScript)],
      [599_999n, toHex(theirScript)],
    ]);
  });

  it('is spendable in each variant', () => {
    const spent = [{ amountSat: funding.capacitySat, script: p2wsh(funding.fundingScript) }];
    for (const variant of variants)
      expect(scriptVerdict(signed(made(simpleClosingTx(simple, variant))), spent)).toBe('valid');
  });

  it('orders outputs by amount, then by script', () => {
    const even = { ...simple, closerMsat: msat(500_500_000n), closeeMsat: msat(500_000_000n) };
    expect(payments(made(simpleClosingTx(even, 'closer_and_closee_outputs'))).map(([, to]) => to)).toEqual([
      toHex(ourScript),
      toHex(theirScript),
    ]);
    const swapped = { ...even, closerScript: theirScript, closeeScript: ourScript };
    expect(payments(made(simpleClosingTx(swapped, 'closer_and_closee_outputs'))).map(([, to]) => to)).toEqual([
      toHex(ourScript),
      toHex(theirScript),
    ]);
  });

  it('gives an OP_RETURN output the amount 0', () => {
    const closer = made(simpleClosingTx({ ...simple, closerScript: opReturn }, 'closer_and_closee_outputs'));
    expect(payments(closer)).toEqual([
      [0n, toHex(opReturn)],
      [599_999n, toHex(theirScript)],
    ]);
    const closee = made(simpleClosingTx({ ...simple, closeeScript: opReturn }, 'closer_and_closee_outputs'));
    expect(payments(closee)).toEqual([
      [0n, toHex(opReturn)],
      [399_500n, toHex(ourScript)],
    ]);
  });

  it('refuses a fee above the balance of the closer', () => {
    expect(fault(simpleClosingTx({ ...simple, feeSat: sat(400_001n) }, 'closer_output_only'))).toBe(
      'fee_above_balance',
    );
    expect(fault(closerVariants({ ...simple, feeSat: sat(400_001n) }))).toBe('fee_above_balance');
  });
});

describe('which variant of closing_complete is signed', () => {
  const offered = (closerMsat: bigint, closeeMsat: bigint, change: Partial<SimpleClosingParams> = {}) => {
    const result = closerVariants({ ...simple, closerMsat: msat(closerMsat), closeeMsat: msat(closeeMsat), ...change });
    return result.ok ? result.value : result.error;
  };

  it('lets the closer with less drop its own output only when it is dust', () => {
    expect(offered(400_000_000n, 600_000_000n)).toEqual(['closer_and_closee_outputs']);
    expect(offered(794_000n, 999_206_000n)).toEqual(['closer_and_closee_outputs']);
    expect(offered(793_999n, 999_206_001n)).toEqual(['closee_output_only']);
    expect(offered(793_999n, 999_206_001n, { closerScript: opReturn })).toEqual(['closer_and_closee_outputs']);
  });
  it('lets the closer with as much or more offer to drop the other output', () => {
    expect(offered(500_000_000n, 500_000_000n)).toEqual(['closer_output_only', 'closer_and_closee_outputs']);
    expect(offered(999_671_000n, 329_000n)).toEqual(['closer_output_only']);
  });
  it('refuses when both would be dust', () => {
    expect(offered(1000n, 2000n, { feeSat: sat(0n) })).toBe('no_outputs');
  });

  it('selects for the closee as BOLT 2 says', () => {
    const chosen = (closeeMsat: bigint, present: ClosingVariant[]) =>
      closeeVariant({ ...simple, closeeMsat: msat(closeeMsat) }, present);
    expect(chosen(329_000n, ['closer_output_only', 'closer_and_closee_outputs'])).toBe('closer_output_only');
    expect(chosen(329_000n, ['closer_and_closee_outputs'])).toBeUndefined();
    expect(chosen(330_000n, ['closer_output_only', 'closer_and_closee_outputs'])).toBe('closer_and_closee_outputs');
    expect(chosen(330_000n, ['closee_output_only'])).toBe('closee_output_only');
    expect(chosen(330_000n, ['closer_output_only'])).toBeUndefined();
  });
});
