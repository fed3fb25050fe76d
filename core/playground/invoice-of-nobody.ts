import { randomBytes } from 'node:crypto';
import { signRecoverable } from '../crypto/secp256k1.ts';
import { encodeInvoice } from '../invoice/bolt11.ts';
import { fromHex } from '../lib/bytes.ts';
import { msat } from '../lib/units.ts';

interface Given {
  /** Hex; the payer should have a channel with it. */
  readonly hintNodeId: string;
  readonly amountSat: bigint;
  readonly description: string;
}

/** An invoice on regtest, said to be reached through a channel of a node that has no such channel: paying it is tried and fails. */
export function invoiceOfNobody({ hintNodeId, amountSat, description }: Given): string {
  const nowhere = { nodeId: fromHex(hintNodeId), shortChannelId: (900n << 40n) | (1n << 16n), feeBaseMsat: 1000, feeProportionalMillionths: 100, cltvExpiryDelta: 40 };
  const data = {
    network: 'regtest', amountMsat: msat(amountSat * 1000n), timestampSeconds: Math.floor(Date.now() / 1000), paymentHash: randomBytes(32), paymentSecret: randomBytes(32),
    description, expirySeconds: 3600, minFinalCltvExpiryDelta: 40, routeHints: [[nowhere]],
    features: Uint8Array.of(0x02, 0x41, 0x00), // BOLT #9: var_onion_optin, payment_secret, basic_mpp
  } as const; // prettier-ignore
  const key = Uint8Array.from(randomBytes(32));
  const made = encodeInvoice(data, (hash) => signRecoverable(hash, key));
  if (!made.ok) throw new Error('the invoice of nobody could not be written');
  return made.value;
}
