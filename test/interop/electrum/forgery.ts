/** Invoices that their payee never made, signed with its own node key: how a wrong amount, hash or secret gets on its way. */
import { base58 } from '@scure/base';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { networks } from '../../../core/bitcoin/network.ts';
import { masterNode, seedOf } from '../../../core/crypto/hd.ts';
import { addScalars, publicKey, signRecoverable } from '../../../core/crypto/secp256k1.ts';
import { decodeInvoice, encodeInvoice } from '../../../core/invoice/bolt11.ts';
import type { InvoiceData } from '../../../core/invoice/types.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { nodeSecret } from '../../../core/wallet/keys.ts';
import type { ElectrumDaemon } from '../../support/electrum-daemon.ts';
import { PASSWORD, type SfericProcess } from '../../support/sferic-process.ts';

const NODE_KEY_FAMILY = 6;

/** BIP 32, a child that is not hardened. */
function childOf(secret: Uint8Array, chainCode: Uint8Array, index: number): readonly [secret: Uint8Array, chainCode: Uint8Array] {
  const indexBytes = new Uint8Array(4);
  new DataView(indexBytes.buffer).setUint32(0, index);
  const hash = createHmac('sha512', chainCode).update(publicKey(secret)).update(indexBytes).digest();
  return [must(addScalars(secret, hash.subarray(0, 32)), 'a child key'), hash.subarray(32)];
}

/** From the wallet file, which has no password: Electrum's node key is 6/0/0 of its lightning_xprv. */
export async function electrumNodeSecret({ walletFile }: ElectrumDaemon): Promise<Uint8Array> {
  const text = await readFile(walletFile, 'utf8');
  const extendedKey = must(/"lightning_xprv": "([^"]+)"/.exec(text)?.[1], 'the key in the wallet file');
  const raw = base58.decode(extendedKey);
  const family = childOf(raw.slice(46, 78), raw.slice(13, 45), NODE_KEY_FAMILY);
  const [secret] = childOf(...childOf(...family, 0), 0);
  return secret;
}

export async function ourNodeSecret(sferic: SfericProcess): Promise<Uint8Array> {
  const { mnemonic } = await sferic.call('vault.revealSeed', { password: PASSWORD });
  return nodeSecret(masterNode(seedOf(mnemonic, '')), networks.regtest);
}

/** `invoice` with some fields replaced, and a valid signature. */
export function forge(invoice: string, changes: Partial<InvoiceData>, payeeSecret: Uint8Array): string {
  const decoded = decodeInvoice(invoice, 'regtest');
  if (!decoded.ok) throw new Error(`not an invoice: ${decoded.error.code}`);
  const { payeeNodeId, ...fields } = decoded.value;
  if (toHex(publicKey(payeeSecret)) !== toHex(payeeNodeId)) throw new Error('this key did not sign the invoice');
  const forged = encodeInvoice({ ...fields, ...changes }, (hash) => signRecoverable(hash, payeeSecret));
  if (!forged.ok) throw new Error(`cannot be written: ${forged.error.code}`);
  return forged.value;
}
