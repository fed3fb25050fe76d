import { createRequire } from 'node:module';
import { bech32 } from '@scure/base';
import { addressToScript } from '../../../core/bitcoin/address.ts';
import { type NetworkName, networks } from '../../../core/bitcoin/network.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { signRecoverable } from '../../../core/crypto/secp256k1.ts';
import { concat, fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import { decodeInvoice, encodeInvoice } from '../../../core/invoice/bolt11.ts';
import type { Invoice, InvoiceData, InvoiceFault } from '../../../core/invoice/types.ts';
import { bytesToWords, numberToWords, wordsToBytesPadded } from '../../../core/invoice/words.ts';

interface HintVector {
  readonly node_id: string;
  readonly short_channel_id: string;
  readonly fee_base_msat: number;
  readonly fee_proportional_millionths: number;
  readonly cltv_expiry_delta: number;
}
export interface ValidVector {
  readonly title: string;
  readonly invoice: string;
  readonly signature?: string;
  readonly recovery_id?: number;
  readonly signed_data?: string;
  readonly signed_hash?: string;
  readonly expected: {
    readonly network: NetworkName;
    readonly timestamp: number;
    readonly payment_hash: string;
    readonly payment_secret: string;
    readonly expiry: number;
    readonly min_final_cltv_expiry_delta: number;
    readonly features: readonly number[];
    readonly fallback_addresses: readonly string[];
    readonly route_hints: readonly (readonly HintVector[])[];
    readonly payee: string;
    readonly amount_msat?: string;
    readonly description?: string;
    readonly description_hash?: string;
    readonly payment_metadata?: string;
  };
}
const load = <T>(name: string): T => createRequire(import.meta.url)(`../../vectors/bolt11/${name}.json`) as T;
export const valid = load<{ readonly private_key: string; readonly vectors: readonly ValidVector[] }>('valid');
export const invalid = load<{
  readonly vectors: readonly { readonly title: string; readonly invoice: string; readonly fault: InvoiceFault }[];
}>('invalid');
export const privateKey = fromHex(valid.private_key);
export const sign = (hash: Uint8Array) => signRecoverable(hash, privateKey);

const channelId = (text: string): bigint => {
  const [block, index, output] = text.split('x').map(BigInt);
  return (block! << 40n) | (index! << 16n) | output!;
};
export const bitVector = (bits: readonly number[]): Uint8Array => {
  const vector = new Uint8Array(Math.floor(Math.max(...bits) / 8) + 1);
  for (const bit of bits) vector[vector.length - 1 - (bit >> 3)]! |= 1 << (bit & 7);
  return vector;
};
const optionalHex = (hex: string | undefined) => (hex === undefined ? undefined : fromHex(hex));

export function expectedOf({ expected }: ValidVector): Invoice {
  return {
    network: expected.network,
    amountMsat: expected.amount_msat === undefined ? undefined : msat(BigInt(expected.amount_msat)),
    timestampSeconds: expected.timestamp,
    paymentHash: fromHex(expected.payment_hash),
    paymentSecret: fromHex(expected.payment_secret),
    description: expected.description,
    descriptionHash: optionalHex(expected.description_hash),
    payeeNodeId: fromHex(expected.payee),
    expirySeconds: expected.expiry,
    minFinalCltvExpiryDelta: expected.min_final_cltv_expiry_delta,
    fallbackAddresses: expected.fallback_addresses.map((address) => {
      const script = addressToScript(address, networks[expected.network]);
      if (!script.ok) throw new Error(script.error.code);
      return script.value;
    }),
    routeHints: expected.route_hints.map((hint) =>
      hint.map((hop) => ({
        nodeId: fromHex(hop.node_id),
        shortChannelId: channelId(hop.short_channel_id),
        feeBaseMsat: hop.fee_base_msat,
        feeProportionalMillionths: hop.fee_proportional_millionths,
        cltvExpiryDelta: hop.cltv_expiry_delta,
      })),
    ),
    features: bitVector(expected.features),
    paymentMetadata: optionalHex(expected.payment_metadata),
  };
}

export function decoded(text: string): Invoice {
  const invoice = decodeInvoice(text);
  if (!invoice.ok) throw new Error(JSON.stringify(invoice.error));
  return invoice.value;
}
export function encoded(data: InvoiceData): string {
  const text = encodeInvoice(data, sign);
  if (!text.ok) throw new Error(text.error.code);
  return text.value;
}
export const faultOf = (text: string): InvoiceFault | undefined => {
  const invoice = decodeInvoice(text);
  return invoice.ok ? undefined : invoice.error;
};

/** Words with a good checksum and a good signature, whatever they say. */
export function signedText(prefix: string, words: readonly number[]): string {
  const { signature, recoveryId } = sign(sha256(concat(utf8(prefix), wordsToBytesPadded(words))));
  return bech32.encode(prefix, [...words, ...bytesToWords(concat(signature, Uint8Array.of(recoveryId)))], false);
}
export const field = (type: number, words: readonly number[]): number[] => [
  type,
  ...numberToWords(words.length, 2),
  ...words,
];
export const TIMESTAMP = numberToWords(1_496_314_658, 7);
export const HASH = field(1, bytesToWords(new Uint8Array(32).fill(1)));
export const SECRET = field(16, bytesToWords(new Uint8Array(32).fill(2)));
export const DESCRIPTION = field(13, bytesToWords(utf8('tea')));
export const withFields = (...fields: readonly (readonly number[])[]): string =>
  signedText('lnbc1m', [...TIMESTAMP, ...HASH, ...SECRET, ...DESCRIPTION, ...fields.flat()]);
export const malformed = (what: string) => ({ code: 'malformed', what });
