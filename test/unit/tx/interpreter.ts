import { createRequire } from 'node:module';
import { encodeTx, type Tx, type TxOutput } from '../../../core/bitcoin/transaction.ts';

// As in core/playground: bcoin's native add-ons do not compile for Node 24, and it reads this when first required.
process.env['NODE_BACKEND'] = 'js';
const require = createRequire(import.meta.url);

interface BcoinTx {
  inputs: { prevout: unknown }[];
  checkInput(index: number, coin: unknown, flags: number): void;
}
const BcoinTX = require('bcoin/lib/primitives/tx') as { fromRaw(raw: Uint8Array): BcoinTx };
const Output = require('bcoin/lib/primitives/output') as { fromRaw(raw: Uint8Array): unknown };
const { flags } = require('bcoin/lib/script/common') as { flags: { STANDARD_VERIFY_FLAGS: number } };

function rawOutput({ amountSat, script }: TxOutput): Buffer {
  const amount = Buffer.alloc(8);
  amount.writeBigUInt64LE(amountSat);
  return Buffer.concat([amount, Buffer.of(script.length), script]);
}

/**
 * Runs every input's script with bcoin under the relay rules: low S, minimal pushes and IFs, clean stack, both lock
 * times. Gives the error of the first input that fails, or 'valid'.
 */
export function scriptVerdict(tx: Tx, spent: readonly TxOutput[]): string {
  const parsed = BcoinTX.fromRaw(Buffer.from(encodeTx(tx)));
  if (parsed.inputs.length !== spent.length) return 'wrong number of inputs';
  try {
    for (const [i, output] of spent.entries()) {
      parsed.checkInput(i, Output.fromRaw(rawOutput(output)), flags.STANDARD_VERIFY_FLAGS);
    }
    return 'valid';
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}
