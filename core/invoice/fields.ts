import { type Codec, bytes, decodeWith, encodeWith, listToEnd, struct, u16, u32, u64 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { isPoint } from '../crypto/secp256k1.ts';
import { utf8 } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { fallbackToScript, scriptToFallback } from './fallback.ts';
import type { Invoice, InvoiceData, InvoiceEncodeFault, InvoiceFault, MalformedPart, RouteHint } from './types.ts';
import {
  type Words,
  bitsToWords,
  bytesToWords,
  numberToWords,
  wordsToBits,
  wordsToBytes,
  wordsToNumber,
} from './words.ts';

/** The letters of BOLT 11, "Tagged Fields". */
const TYPE = { p: 1, s: 16, d: 13, m: 27, n: 19, h: 23, x: 6, c: 24, f: 9, r: 3, features: 5 } as const;
const HASH_WORDS = 52;
const NODE_ID_WORDS = 53;
const FIELD_WORDS_MAX = 1023;
const U32_MAX = 0xffff_ffff;

/** What the tagged fields said; unknown ones are left out. */
export type InvoiceFields = Partial<
  Pick<Invoice, 'paymentHash' | 'paymentSecret' | 'description' | 'descriptionHash' | 'payeeNodeId'>
> &
  Partial<Pick<Invoice, 'expirySeconds' | 'minFinalCltvExpiryDelta' | 'features' | 'paymentMetadata'>> &
  Pick<Invoice, 'fallbackAddresses' | 'routeHints'>;

type Draft = { -readonly [K in keyof InvoiceFields]: InvoiceFields[K] };
interface Lists {
  readonly fallbackAddresses: Uint8Array[];
  readonly routeHints: RouteHint[];
}
/** Puts a field into the draft; what is wrong with it otherwise. */
type FieldReader = (words: Words, draft: Draft, lists: Lists) => MalformedPart | undefined;

const hopCodec = struct({
  nodeId: bytes(33),
  shortChannelId: u64,
  feeBaseMsat: u32,
  feeProportionalMillionths: u32,
  cltvExpiryDelta: u16,
});
const hintCodec: Codec<RouteHint> = listToEnd(hopCodec);

function readHint(words: Words): RouteHint | undefined {
  try {
    const hint = decodeWith(hintCodec, wordsToBytes(words));
    return hint.length > 0 && hint.every(({ nodeId }) => isPoint(nodeId)) ? hint : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function strictUtf8(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

/** Undefined when it is not minimal or too large. */
function readNumber(words: Words, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = words[0] === 0 ? undefined : wordsToNumber(words);
  return value !== undefined && value <= max ? value : undefined;
}

/**
 * A 32-byte field. The BOLT's text fails an invoice with one of another length, its own valid example "including
 * fields which must be ignored" has some beside good ones: they are skipped, so that one alone counts as missing.
 */
const hash =
  (name: 'paymentHash' | 'paymentSecret' | 'descriptionHash'): FieldReader =>
  (words, draft) => {
    if (words.length === HASH_WORDS) draft[name] ??= wordsToBytes(words);
    return undefined;
  };

/** Of fields that should stand once, the first counts. */
const READERS: ReadonlyMap<number, FieldReader> = new Map<number, FieldReader>([
  [TYPE.p, hash('paymentHash')],
  [TYPE.s, hash('paymentSecret')],
  [TYPE.h, hash('descriptionHash')],
  [
    TYPE.n,
    (words, draft) => {
      if (words.length !== NODE_ID_WORDS) return undefined;
      const nodeId = wordsToBytes(words);
      if (!isPoint(nodeId)) return 'node_id';
      draft.payeeNodeId ??= nodeId;
      return undefined;
    },
  ],
  [
    TYPE.d,
    (words, draft) => {
      const description = strictUtf8(wordsToBytes(words));
      if (description === undefined) return 'description';
      draft.description ??= description;
      return undefined;
    },
  ],
  [
    TYPE.m,
    (words, draft) => {
      draft.paymentMetadata ??= wordsToBytes(words);
      return undefined;
    },
  ],
  [
    TYPE.x,
    (words, draft) => {
      const value = readNumber(words);
      if (value === undefined) return 'expiry';
      draft.expirySeconds ??= value;
      return undefined;
    },
  ],
  [
    TYPE.c,
    (words, draft) => {
      const value = readNumber(words, U32_MAX);
      if (value === undefined) return 'min_final_cltv_expiry_delta';
      draft.minFinalCltvExpiryDelta ??= value;
      return undefined;
    },
  ],
  [
    TYPE.f,
    (words, _draft, lists) => {
      const script = fallbackToScript(words);
      if (script) lists.fallbackAddresses.push(script);
      return undefined;
    },
  ],
  [
    TYPE.r,
    (words, _draft, lists) => {
      const hint = readHint(words);
      if (!hint) return 'route_hint';
      lists.routeHints.push(hint);
      return undefined;
    },
  ],
  [
    TYPE.features,
    (words, draft) => {
      if (words[0] === 0) return 'features';
      draft.features ??= wordsToBits(words);
      return undefined;
    },
  ],
]);

/** The tagged fields between timestamp and signature (BOLT 11, "Tagged Fields"). */
export function readFields(words: Words): Result<InvoiceFields, InvoiceFault> {
  const lists: Lists = { fallbackAddresses: [], routeHints: [] };
  const draft: Draft = lists;
  for (let at = 0; at < words.length;) {
    const [type, high, low] = words.slice(at, at + 3);
    if (type === undefined || high === undefined || low === undefined)
      return err({ code: 'malformed', what: 'field_length' });
    const from = at + 3;
    at = from + high * 32 + low;
    if (at > words.length) return err({ code: 'malformed', what: 'field_length' });
    const what = READERS.get(type)?.(words.slice(from, at), draft, lists);
    if (what) return err({ code: 'malformed', what });
  }
  return ok(draft);
}

type Field = readonly [type: number, words: Words, tooLong?: InvoiceEncodeFault['field']];

/** Payment secret, hash and description first, feature bits last, as the BOLT's examples have them. */
function fieldsOf(data: InvoiceData): readonly Field[] {
  const { description, descriptionHash, paymentMetadata, payeeNodeId, expirySeconds, minFinalCltvExpiryDelta } = data;
  const fields: Field[] = [
    [TYPE.s, bytesToWords(data.paymentSecret)],
    [TYPE.p, bytesToWords(data.paymentHash)],
  ];
  if (description !== undefined) fields.push([TYPE.d, bytesToWords(utf8(description)), 'description']);
  if (descriptionHash) fields.push([TYPE.h, bytesToWords(descriptionHash)]);
  if (paymentMetadata) fields.push([TYPE.m, bytesToWords(paymentMetadata), 'payment_metadata']);
  if (payeeNodeId) fields.push([TYPE.n, bytesToWords(payeeNodeId)]);
  if (expirySeconds !== undefined) fields.push([TYPE.x, numberToWords(expirySeconds)]);
  if (minFinalCltvExpiryDelta !== undefined) fields.push([TYPE.c, numberToWords(minFinalCltvExpiryDelta)]);
  for (const script of data.fallbackAddresses ?? []) fields.push([TYPE.f, scriptToFallback(script)]);
  for (const hint of data.routeHints ?? [])
    fields.push([TYPE.r, bytesToWords(encodeWith(hintCodec, hint)), 'route_hint']);
  const features = bitsToWords(data.features ?? new Uint8Array(0));
  if (features.length > 0) fields.push([TYPE.features, features, 'features']);
  return fields;
}

/** Fails on a field of more than 639 bytes; throws RangeError on what only a bug of ours can bring. */
export function writeFields(data: InvoiceData): Result<Words, InvoiceEncodeFault> {
  if ((data.description === undefined) === (data.descriptionHash === undefined))
    throw new RangeError('one of description and its hash');
  for (const exact of [data.paymentHash, data.paymentSecret, data.descriptionHash ?? data.paymentHash]) {
    if (exact.length !== 32) throw new RangeError('hashes and secrets are 32 bytes');
  }
  const words: number[] = [];
  for (const [type, field, tooLong] of fieldsOf(data)) {
    if (field.length > FIELD_WORDS_MAX && tooLong) return err({ code: 'field_too_long', field: tooLong });
    words.push(type, ...numberToWords(field.length, 2), ...field);
  }
  return ok(words);
}
