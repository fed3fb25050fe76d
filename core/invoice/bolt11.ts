import { bech32 } from '@scure/base';
import type { NetworkName } from '../bitcoin/network.ts';
import { sha256 } from '../crypto/hash.ts';
import { recover, verify } from '../crypto/secp256k1.ts';
import { concat, utf8 } from '../lib/bytes.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import { featureFault } from './features.ts';
import { type InvoiceFields, readFields, writeFields } from './fields.ts';
import { readPrefix, writePrefix } from './prefix.ts';
import {
  DEFAULT_EXPIRY_SECONDS,
  DEFAULT_MIN_FINAL_CLTV_EXPIRY_DELTA,
  type Invoice,
  type InvoiceData,
  type InvoiceEncodeFault,
  type InvoiceFault,
} from './types.ts';
import { type Words, bytesToWords, numberToWords, wordsToBytes, wordsToBytesPadded, wordsToNumber } from './words.ts';

/** More than any QR code holds; longer texts are not looked at. */
export const INVOICE_LENGTH_MAX = 8192;
const TIMESTAMP_WORDS = 7;
const SIGNATURE_WORDS = 104;

/** Pasted or scanned text without white space around it and without `lightning:` in front. */
export const bareInvoice = (text: string): string => text.trim().replace(/^lightning:(?:\/\/)?/iu, '');

/** Text of a BOLT 11 invoice into its parts: lower case, checksum verified. */
function readBech32(text: string): Result<{ readonly prefix: string; readonly words: Words }, InvoiceFault> {
  if (text.length > INVOICE_LENGTH_MAX) return err({ code: 'malformed', what: 'length' });
  // ASCII first: some letters beyond it become ASCII in lower case.
  if (!/^[\x21-\x7e]+$/u.test(text)) return err({ code: 'not_an_invoice' });
  const lower = text.toLowerCase();
  // BOLT 12 and LNURL strings start alike, but are not invoices with a bad checksum.
  if (
    !/^ln(?!o1|r1|i1|p1|url)/u.test(lower) ||
    !/^[a-z0-9]+$/u.test(lower.slice(lower.lastIndexOf('1') + 1)) ||
    !lower.includes('1')
  ) {
    return err({ code: 'not_an_invoice' });
  }
  if (text !== lower && text !== text.toUpperCase()) return err({ code: 'malformed', what: 'mixed_case' });
  try {
    return ok(bech32.decode(lower as `${string}1${string}`, false));
  } catch {
    return err({ code: 'bad_checksum' });
  }
}

/** BOLT 11, "Data Part": what the signature covers. */
const signedHash = (prefix: string, words: Words): Uint8Array =>
  sha256(concat(utf8(prefix), wordsToBytesPadded(words)));

/** The node that signed. With an `n` field only low-S signatures of that key count, otherwise any S. */
function signerOf(
  hash: Uint8Array,
  signature: Uint8Array,
  namedNodeId: Uint8Array | undefined,
): Uint8Array | undefined {
  const compact = signature.subarray(0, 64);
  const recoveryId = must(signature[64], 'the recovery id');
  if (recoveryId > 3) return undefined;
  if (namedNodeId) return verify(compact, hash, namedNodeId) ? namedNodeId : undefined;
  return recover(compact, recoveryId, hash);
}

/** Fields that must be there, and feature bits: cheap, so before the signature. */
function missing({
  paymentHash,
  paymentSecret,
  description,
  descriptionHash,
  features,
}: InvoiceFields): InvoiceFault | undefined {
  if (!paymentHash) return { code: 'missing_payment_hash' };
  if (!paymentSecret) return { code: 'missing_payment_secret' };
  if (description === undefined && !descriptionHash) return { code: 'missing_description' };
  if (description !== undefined && descriptionHash) return { code: 'two_descriptions' };
  return features && featureFault(features);
}

/**
 * A BOLT 11 invoice, checked: signature, mandatory fields, feature bits. Any text may be given (`bareInvoice` first
 * for what people paste); never throws. With `network`, invoices of another one are refused.
 */
export function decodeInvoice(text: string, network?: NetworkName): Result<Invoice, InvoiceFault> {
  const parts = readBech32(text);
  if (!parts.ok) return parts;
  const { prefix, words } = parts.value;
  const human = readPrefix(prefix);
  if (!human.ok) return human;
  if (network !== undefined && human.value.network !== network) {
    return err({ code: 'other_network', network: human.value.network, prefix: /^ln([a-z]+)/u.exec(prefix)?.[1] ?? '' });
  }
  const signatureAt = words.length - SIGNATURE_WORDS;
  if (signatureAt < TIMESTAMP_WORDS) return err({ code: 'malformed', what: 'length' });
  const read = readFields(words.slice(TIMESTAMP_WORDS, signatureAt));
  if (!read.ok) return read;
  const fields = read.value;
  const fault = missing(fields);
  if (fault) return err(fault);
  const payeeNodeId = signerOf(
    signedHash(prefix, words.slice(0, signatureAt)),
    wordsToBytes(words.slice(signatureAt)),
    fields.payeeNodeId,
  );
  if (!payeeNodeId) return err({ code: 'invalid_signature' });
  return ok({
    ...human.value,
    timestampSeconds: must(wordsToNumber(words.slice(0, TIMESTAMP_WORDS)), 'the timestamp'),
    paymentHash: must(fields.paymentHash, 'the payment hash'),
    paymentSecret: must(fields.paymentSecret, 'the payment secret'),
    description: fields.description,
    descriptionHash: fields.descriptionHash,
    payeeNodeId,
    expirySeconds: fields.expirySeconds ?? DEFAULT_EXPIRY_SECONDS,
    minFinalCltvExpiryDelta: fields.minFinalCltvExpiryDelta ?? DEFAULT_MIN_FINAL_CLTV_EXPIRY_DELTA,
    fallbackAddresses: fields.fallbackAddresses,
    routeHints: fields.routeHints,
    features: fields.features ?? new Uint8Array(0),
    paymentMetadata: fields.paymentMetadata,
  });
}

/** Signs a 32-byte hash with the payee's node key; low S. */
export type InvoiceSigner = (hash: Uint8Array) => { readonly signature: Uint8Array; readonly recoveryId: number };

/** Text of an invoice in lower case. Fails when a description, metadata or route hint is longer than a field can be. */
export function encodeInvoice(data: InvoiceData, sign: InvoiceSigner): Result<string, InvoiceEncodeFault> {
  const fields = writeFields(data);
  if (!fields.ok) return fields;
  const timestamp = numberToWords(data.timestampSeconds, TIMESTAMP_WORDS);
  if (timestamp.length > TIMESTAMP_WORDS) throw new RangeError('the timestamp has 35 bits');
  const prefix = writePrefix({ network: data.network, amountMsat: data.amountMsat });
  const words = [...timestamp, ...fields.value];
  const { signature, recoveryId } = sign(signedHash(prefix, words));
  const signed = [...words, ...bytesToWords(concat(signature, Uint8Array.of(recoveryId)))];
  return ok(bech32.encode(prefix, signed, false));
}

/** Whether an invoice may no longer be paid or accepted (BOLT 11, "Payer / Payee Requirements"). */
export const isInvoiceExpired = ({ timestampSeconds, expirySeconds }: Invoice, nowSeconds: number): boolean =>
  nowSeconds > timestampSeconds + expirySeconds;
