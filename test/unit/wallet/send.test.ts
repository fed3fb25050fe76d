import { schnorr } from '@noble/secp256k1';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, equal } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { dustLimitSat, p2wsh } from '../../../core/bitcoin/script.ts';
import { encodeTx, outPointKey, outputSumSat, txid, virtualSize, type Tx } from '../../../core/bitcoin/transaction.ts';
import { taggedHash } from '../../../core/bitcoin/taproot.ts';
import type { Coin } from '../../../core/wallet/ledger.ts';
import { signPlan, type TransactionPlan } from '../../../core/wallet/plan.ts';
import { maxSendableSat, planFunding, planSend, type SendRequest } from '../../../core/wallet/send.ts';
import { foreignScript } from '../../support/wallet-chain.ts';
import { coinOf, entropyOf, p2wpkhSigned, scriptAt, testKeys } from '../../support/wallet-kit.ts';

const changeScript = scriptAt({ kind: 'p2wpkh', branch: 'change', index: 0 });
const taprootChange = scriptAt({ kind: 'p2tr', branch: 'change', index: 0 });
const fundingScript = p2wsh(new Uint8Array(71).fill(0x51));
const auxRand = new Uint8Array(32).fill(3);

const request = (coins: readonly Coin[], amountSat: bigint, more: Partial<SendRequest> = {}): SendRequest => ({
  coins, outputs: [{ script: foreignScript(1), amountSat: sat(amountSat) }], feerateSatPerVb: 2, changeScript, tipHeight: 800_000,
  entropy: entropyOf(1), ...more,
}); // prettier-ignore

function planned(request: SendRequest): TransactionPlan {
  const result = planSend(request);
  if (!result.ok)
    throw new Error(JSON.stringify(result.error, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)));
  return result.value;
}
const inputSum = (plan: TransactionPlan): bigint => plan.coins.reduce((sum, { amountSat }) => sum + amountSat, 0n);

/** The hash of BIP 341 for SIGHASH_DEFAULT and a key path, written from the BIP with Node's own hash. */
function taprootSighash(tx: Tx, index: number, spent: readonly Coin[]): Uint8Array {
  const sha = (...parts: Uint8Array[]): Uint8Array =>
    new Uint8Array(
      createHash('sha256')
        .update(concat(...parts))
        .digest(),
    );
  const le = (value: number | bigint, length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
  const point = (i: Tx['inputs'][number]): Uint8Array =>
    concat(Uint8Array.from(Buffer.from(i.txid, 'hex')).reverse(), le(i.vout, 4));
  const script = (s: Uint8Array): Uint8Array => concat(le(s.length, 1), s);
  return taggedHash(
    'TapSighash', Uint8Array.of(0, 0), le(tx.version, 4), le(tx.locktime, 4),
    sha(...tx.inputs.map(point)), sha(...spent.map((c) => le(c.amountSat, 8))), sha(...spent.map((c) => script(c.script))),
    sha(...tx.inputs.map((i) => le(i.sequence, 4))), sha(...tx.outputs.map((o) => concat(le(o.amountSat, 8), script(o.script)))),
    Uint8Array.of(0), le(index, 4),
  ); // prettier-ignore
}

function signatureHolds(tx: Tx, index: number, spent: readonly Coin[]): boolean {
  const coin = spent[index]!;
  if (coin.path.kind === 'p2wpkh') return p2wpkhSigned(tx, index, coin);
  const [signature, ...rest] = tx.inputs[index]!.witness;
  return (
    rest.length === 0 &&
    signature!.length === 64 &&
    schnorr.verify(signature!, taprootSighash(tx, index, spent), coin.script.slice(2))
  );
}

describe('a payment', () => {
  const amounts = fc.array(fc.record({ sat: fc.bigInt(300n, 3_000_000n), isTaproot: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  });

  test('balances, pays the rate it was asked to pay and makes no dust', () => {
    let withChange = 0;
    let without = 0;
    fc.assert(
      fc.property(
        amounts,
        fc.integer({ min: 10, max: 3000 }),
        fc.nat(100),
        fc.nat(1000),
        fc.boolean(),
        (coins, tenths, share, n, taproot) => {
          const feerateSatPerVb = tenths / 10;
          const wallet = coins.map((coin, i) => coinOf(i, coin.sat, coin.isTaproot ? 'p2tr' : 'p2wpkh'));
          const total = wallet.reduce((sum, { amountSat }) => sum + amountSat, 0n);
          const change = taproot ? taprootChange : changeScript;
          const result = planSend(
            request(wallet, (total * BigInt(share)) / 100n + 300n, {
              feerateSatPerVb,
              entropy: entropyOf(n),
              changeScript: change,
              acceptsHighFee: true,
            }),
          );
          const missingSat = !result.ok && result.error.code === 'insufficient_funds' ? result.error.missingSat : 0n;
          expect(missingSat > 0n).toBe(!result.ok);
          if (!result.ok) return;
          const plan = result.value;
          expect(inputSum(plan)).toBe(outputSumSat(plan.unsigned) + plan.feeSat);
          expect(new Set(plan.unsigned.inputs.map(outPointKey)).size).toBe(plan.coins.length);
          expect(plan.unsigned.inputs.map(outPointKey)).toEqual(plan.coins.map(outPointKey));
          const least = feerateSatPerVb * plan.vsize;
          expect(Number(plan.feeSat)).toBeGreaterThanOrEqual(least);
          const changeCost = plan.changeVout === undefined ? Number(dustLimitSat(change)) + 43 * feerateSatPerVb : 0;
          expect(Number(plan.feeSat)).toBeLessThanOrEqual(least + changeCost + 1);
          for (const { amountSat, script } of plan.unsigned.outputs)
            expect(amountSat).toBeGreaterThanOrEqual(dustLimitSat(script));
          expect(plan.unsigned.outputs.filter(({ script }) => equal(script, foreignScript(1)))).toHaveLength(1);
          if (plan.changeVout === undefined) without++;
          else withChange++;
        },
      ),
      { numRuns: 400, examples: [[[{ sat: 10_000n, isTaproot: false }], 20, 94, 1, false]] },
    );
    expect(withChange).toBeGreaterThan(50);
    expect(without).toBeGreaterThan(0);
  });

  test('has valid signatures of the size that was planned', () => {
    let shorter = 0;
    for (let n = 0; n < 40; n++) {
      const wallet = [coinOf(n, 50_000n), coinOf(n + 1, 60_000n, 'p2tr'), coinOf(n + 2, 70_000n)];
      const plan = planned(request(wallet, 170_000n, { entropy: entropyOf(n) }));
      const signed = signPlan(plan, testKeys, auxRand);
      expect(plan.coins).toHaveLength(3);
      signed.inputs.forEach((_, i) => expect(signatureHolds(signed, i, plan.coins)).toBe(true));
      expect(txid(signed)).toBe(txid(plan.unsigned));
      expect(virtualSize(signed)).toBeLessThanOrEqual(plan.vsize);
      if (virtualSize(signed) < plan.vsize) shorter++;
    }
    expect(shorter).toBeLessThan(5);
  });

  test('notices when a signature is for another amount', () => {
    const plan = planned(request([coinOf(1, 50_000n), coinOf(2, 60_000n, 'p2tr')], 100_000n));
    const signed = signPlan(plan, testKeys, auxRand);
    const altered = plan.coins.map((coin) => ({ ...coin, amountSat: sat(coin.amountSat + 1n) }));
    signed.inputs.forEach((_, i) => expect(signatureHolds(signed, i, altered)).toBe(false));
  });

  test('signs the same with the same randomness, and zeroes its keys', () => {
    const plan = planned(request([coinOf(2, 60_000n, 'p2tr')], 50_000n));
    const secrets: Uint8Array[] = [];
    const secretOf = (path: Coin['path']): Uint8Array => {
      secrets.push(testKeys.secretOf(path));
      return secrets.at(-1)!;
    };
    expect(encodeTx(signPlan(plan, { secretOf }, auxRand))).toEqual(encodeTx(signPlan(plan, { secretOf }, auxRand)));
    expect(secrets).toEqual([new Uint8Array(32), new Uint8Array(32)]);
  });

  test('may be replaced, and is not valid before the next block', () => {
    const { unsigned } = planned(request([coinOf(1, 50_000n)], 20_000n));
    expect(unsigned.inputs.map(({ sequence }) => sequence)).toEqual([0xffff_fffd]);
    expect(unsigned.locktime).toBe(800_000);
    expect(unsigned.version).toBe(2);
  });

  test('has its change at any place', () => {
    const places = Array.from(
      { length: 40 },
      (_, n) => planned(request([coinOf(1, 50_000n)], 20_000n, { entropy: entropyOf(n) })).changeVout,
    );
    expect(places.filter((place) => place === 0).length).toBeGreaterThan(5);
    expect(places.filter((place) => place === 1).length).toBeGreaterThan(5);
  });

  test('takes one fitting coin rather than change', () => {
    const wallet = [coinOf(1, 500_000n), coinOf(2, 20_250n), coinOf(3, 90_000n)];
    const plan = planned(request(wallet, 20_000n));
    expect(plan.coins.map(({ amountSat }) => amountSat)).toEqual([20_250n]);
    expect(plan.changeVout).toBeUndefined();
  });

  test('leaves alone coins that cost more than they bring', () => {
    const wallet = [coinOf(1, 30_000n), ...Array.from({ length: 20 }, (_, i) => coinOf(i + 2, 400n))];
    const plan = planned(request(wallet, 12_000n, { feerateSatPerVb: 100, acceptsHighFee: true }));
    expect(plan.coins).toHaveLength(1);
  });

  test('can pay several at once', () => {
    const outputs = [1, 2, 3].map((n) => ({ script: foreignScript(n), amountSat: sat(BigInt(n) * 1000n) }));
    const plan = planned(request([coinOf(1, 50_000n)], 0n, { outputs }));
    expect(plan.amountSat).toBe(6000n);
    expect(plan.unsigned.outputs).toHaveLength(4);
  });
});

describe('a payment is refused', () => {
  const faultOf = (request: SendRequest) => {
    const result = planSend(request);
    return result.ok ? undefined : result.error;
  };

  test('for want of funds, saying how much', () => {
    const fault = faultOf(request([coinOf(1, 10_000n)], 10_000n));
    // 10.5 vB of frame, 67.75 of input, 31 of output: 110 vB at 2 sat.
    expect(fault).toEqual({ code: 'insufficient_funds', missingSat: 220n, feeSat: 220n, availableSat: 10_000n });
    expect(faultOf(request([coinOf(1, 10_220n)], 10_000n))).toBeUndefined();
    expect(faultOf(request([coinOf(1, 10_219n)], 10_000n))).toMatchObject({ missingSat: 1n });
    expect(faultOf(request([], 10_000n))).toMatchObject({ code: 'insufficient_funds', availableSat: 0n });
  });

  test('for dust', () => {
    expect(faultOf(request([coinOf(1, 10_000n)], 293n))).toEqual({
      code: 'dust_amount',
      amountSat: 293n,
      limitSat: 294n,
    });
    expect(faultOf(request([coinOf(1, 10_000n)], 294n))).toBeUndefined();
    const outputs = [{ script: fundingScript, amountSat: sat(329n) }];
    expect(faultOf(request([coinOf(1, 10_000n)], 0n, { outputs }))).toMatchObject({
      code: 'dust_amount',
      limitSat: 330n,
    });
  });

  test('without outputs', () => {
    expect(faultOf(request([coinOf(1, 10_000n)], 0n, { outputs: [] }))).toEqual({ code: 'no_outputs' });
  });

  test.each([0, 0.99, -1, NaN])('at %s sat/vB', (feerateSatPerVb) => {
    expect(faultOf(request([coinOf(1, 10_000n)], 1000n, { feerateSatPerVb }))).toEqual({
      code: 'feerate_too_low',
      limitSatPerVb: 1,
    });
  });

  test.each([1000.1, Infinity])('at %s sat/vB, also when the user accepts high fees', (feerateSatPerVb) => {
    const fault = faultOf(request([coinOf(1, 10_000_000n)], 1000n, { feerateSatPerVb, acceptsHighFee: true }));
    expect(fault).toEqual({ code: 'feerate_too_high', limitSatPerVb: 1000 });
  });

  test('for a fee over a tenth of the amount, unless accepted or small', () => {
    const dear = request([coinOf(1, 1_000_000n)], 20_000n, { feerateSatPerVb: 50 });
    expect(faultOf(dear)).toEqual({ code: 'fee_share_too_high', feeSat: 7050n, amountSat: 20_000n, limitPercent: 10 });
    expect(faultOf({ ...dear, acceptsHighFee: true })).toBeUndefined();
    expect(faultOf(request([coinOf(1, 1_000_000n)], 1000n, { feerateSatPerVb: 10 }))).toBeUndefined();
  });

  test('when less would remain than closing channels may cost', () => {
    const wallet = [coinOf(1, 50_000n), coinOf(2, 30_000n)];
    const most = request(wallet, 40_000n, { reserveSat: sat(39_718n) });
    expect(faultOf(most)).toBeUndefined();
    expect(faultOf({ ...most, reserveSat: sat(39_719n) })).toEqual({
      code: 'below_reserve',
      reserveSat: 39_719n,
      remainingSat: 39_718n,
    });
  });

  test('when it would not be relayed for its size', () => {
    const wallet = Array.from({ length: 1500 }, (_, i) => coinOf(i, 1000n));
    expect(faultOf(request(wallet, 1_250_000n, { acceptsHighFee: true }))).toMatchObject({
      code: 'transaction_too_large',
      limitWeight: 400_000,
    });
    expect(faultOf(request(wallet, 1_250_000n, { acceptsHighFee: true, spendAll: true }))).toMatchObject({
      code: 'transaction_too_large',
    });
  });
});

describe('a sweep', () => {
  test('sends everything but the fee, which is what was announced', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(1000n, 1_000_000n), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 20 }),
        (amounts, rate) => {
          const wallet = amounts.map((amount, i) => coinOf(i, amount, i % 2 ? 'p2tr' : 'p2wpkh'));
          const most = maxSendableSat(wallet, foreignScript(9), rate);
          const result = planSend(
            request(wallet, 0n, {
              outputs: [],
              sweepTo: foreignScript(9),
              feerateSatPerVb: rate,
              acceptsHighFee: true,
            }),
          );
          expect(result.ok ? result.value.unsigned.outputs.map(({ amountSat }) => amountSat) : []).toEqual(
            most > 0n ? [most] : [],
          );
          expect(result.ok ? result.value.changeVout : undefined).toBeUndefined();
        },
      ),
    );
  });

  test('of too little says what is missing', () => {
    const result = planSend(request([coinOf(1, 500n)], 0n, { outputs: [], sweepTo: foreignScript(9) }));
    expect(result).toEqual({
      ok: false,
      error: { code: 'insufficient_funds', missingSat: 14n, feeSat: 220n, availableSat: 500n },
    });
  });
});

describe('a channel funding transaction', () => {
  const terms = {
    coins: [coinOf(1, 600_000n), coinOf(2, 700_000n, 'p2tr')],
    feerateSatPerVb: 3,
    changeScript,
    tipHeight: 7,
    entropy: entropyOf(4),
  };

  test('has its id and output before it is signed', () => {
    for (let n = 0; n < 10; n++) {
      const result = planFunding({ ...terms, fundingScript, amountSat: sat(1_000_000n), entropy: entropyOf(n) });
      if (!result.ok) throw new Error(result.error.code);
      const plan = result.value;
      expect(plan.unsigned.outputs[plan.vout]).toEqual({ script: fundingScript, amountSat: 1_000_000n });
      expect(plan.fundingSat).toBe(1_000_000n);
      const signed = signPlan(plan, testKeys, auxRand);
      expect(txid(signed)).toBe(plan.txid);
      expect(signed.inputs.every(({ sequence, scriptSig }) => sequence === 0xffff_fffe && scriptSig.length === 0)).toBe(
        true,
      );
      signed.inputs.forEach((_, i) => expect(signatureHolds(signed, i, plan.coins)).toBe(true));
    }
  });

  test('can take all there is', () => {
    const result = planFunding({ ...terms, fundingScript, amountSat: 'all' });
    if (!result.ok) throw new Error(result.error.code);
    expect(result.value.fundingSat).toBe(1_300_000n - result.value.feeSat);
    expect(result.value.vout).toBe(0);
  });

  test('is refused as any payment is', () => {
    expect(planFunding({ ...terms, fundingScript, amountSat: sat(2_000_000n) })).toMatchObject({
      ok: false,
      error: { code: 'insufficient_funds' },
    });
  });
});
