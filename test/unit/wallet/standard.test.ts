import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { sat } from '../../../core/lib/units.ts';
import { encodeTx } from '../../../core/bitcoin/transaction.ts';
import { signPlan } from '../../../core/wallet/plan.ts';
import { planSend } from '../../../core/wallet/send.ts';
import { foreignScript } from '../../support/wallet-chain.ts';
import { coinOf, entropyOf, scriptAt, testKeys } from '../../support/wallet-kit.ts';

interface Verifiable {
  readonly inputs: readonly { readonly prevout: { txid: () => string; index: number } }[];
  verifyInput: (index: number, coin: { readonly script: unknown; readonly value: number }, flags: number) => boolean;
  getVirtualSize: () => number;
  txid: () => string;
}
const require = createRequire(import.meta.url);
const Tx = require('bcoin/lib/primitives/tx.js') as { readonly fromRaw: (raw: Buffer) => Verifiable };
const Script = require('bcoin/lib/script/script.js') as {
  readonly fromRaw: (raw: Buffer) => unknown;
  readonly flags: { readonly STANDARD_VERIFY_FLAGS: number };
};

// bcoin knows no Taproot, so these are P2WPKH alone.
test('another implementation accepts the signatures under its standard rules', () => {
  for (let n = 0; n < 20; n++) {
    const coins = [coinOf(n, 50_000n), coinOf(n + 1, 60_000n), coinOf(n + 2, 70_000n)];
    const changeScript = scriptAt({ kind: 'p2tr', branch: 'change', index: 1 });
    const planned = planSend({
      coins, outputs: [{ script: foreignScript(n), amountSat: sat(150_000n) }], feerateSatPerVb: 3, changeScript, tipHeight: 500, entropy: entropyOf(n),
    }); // prettier-ignore
    if (!planned.ok) throw new Error(planned.error.code);
    const plan = planned.value;
    const tx = Tx.fromRaw(Buffer.from(encodeTx(signPlan(plan, testKeys, new Uint8Array(32)))));
    expect(tx.getVirtualSize()).toBeLessThanOrEqual(plan.vsize);
    plan.coins.forEach(({ script, amountSat, txid }, i) => {
      expect(tx.inputs[i]!.prevout.txid()).toBe(txid);
      const verify = (value: number): boolean =>
        tx.verifyInput(i, { script: Script.fromRaw(Buffer.from(script)), value }, Script.flags.STANDARD_VERIFY_FLAGS);
      expect(verify(Number(amountSat))).toBe(true);
      expect(verify(Number(amountSat) - 1)).toBe(false);
    });
  }
});
