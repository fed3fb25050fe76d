import { type Result, err, ok } from '../lib/result.ts';
import { type Sat, sat } from '../lib/units.ts';

/** A payment request as BIP 21 writes it. Texts are of a stranger's making: never to be shown raw. */
export interface BitcoinUri {
  /** As written; undefined where only Lightning is offered. */
  readonly address: string | undefined;
  readonly amountSat: Sat | undefined;
  readonly label: string | undefined;
  readonly message: string | undefined;
  /** A BOLT 11 invoice as written. */
  readonly lightning: string | undefined;
  /** A BOLT 12 offer as written. */
  readonly lno: string | undefined;
}

export type BitcoinUriFault =
  | { readonly code: 'not_a_bitcoin_uri' }
  | { readonly code: 'malformed'; readonly what: 'length' | 'address' | 'parameter' | 'amount' }
  | { readonly code: 'duplicate_parameter'; readonly name: keyof BitcoinUri | 'amount' }
  /** At most 32 characters of its name. */
  | { readonly code: 'unknown_required_parameter'; readonly name: string }
  /** Neither address nor invoice nor offer. */
  | { readonly code: 'nothing_to_pay' };

const URI_LENGTH_MAX = 16_384;
const SAT_DIGITS = 8;
const MAX_SAT = 21_000_000n * 100_000_000n;
const NAME_LENGTH_SHOWN = 32;
const KNOWN = ['amount', 'label', 'message', 'lightning', 'lno'] as const;
type Known = (typeof KNOWN)[number];
const isKnown = (name: string): name is Known => (KNOWN as readonly string[]).includes(name);

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Whole and decimal bitcoin, at most 8 decimals; no sign, no exponent. */
function readAmount(text: string): Sat | undefined {
  const [, whole = '', decimals = ''] = /^(\d{0,8})(?:\.(\d{0,8}))?$/u.exec(text) ?? [];
  if (whole === '' && decimals === '') return undefined;
  const amount = BigInt(whole || '0') * 10n ** BigInt(SAT_DIGITS) + BigInt(decimals.padEnd(SAT_DIGITS, '0'));
  return amount <= MAX_SAT ? sat(amount) : undefined;
}

function readParameters(query: string): Result<ReadonlyMap<Known, string>, BitcoinUriFault> {
  const found = new Map<Known, string>();
  for (const parameter of query.split('&').filter((part) => part !== '')) {
    const equals = parameter.indexOf('=');
    // QR codes are upper case throughout, so names are compared in lower case.
    const name = (equals < 0 ? parameter : parameter.slice(0, equals)).toLowerCase();
    const plain = name.replace(/^req-/u, '');
    if (!isKnown(plain)) {
      if (plain === name) continue;
      return err({ code: 'unknown_required_parameter', name: plain.slice(0, NAME_LENGTH_SHOWN) });
    }
    if (found.has(plain)) return err({ code: 'duplicate_parameter', name: plain });
    const value = percentDecoded(equals < 0 ? '' : parameter.slice(equals + 1));
    if (value === undefined) return err({ code: 'malformed', what: 'parameter' });
    found.set(plain, value);
  }
  return ok(found);
}

/** Any text may be given; never throws. Address, invoice and offer are not looked into. */
export function parseBitcoinUri(text: string): Result<BitcoinUri, BitcoinUriFault> {
  if (text.length > URI_LENGTH_MAX) return err({ code: 'malformed', what: 'length' });
  const [, body] = /^bitcoin:(?:\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  if (body === undefined) return err({ code: 'not_a_bitcoin_uri' });
  const question = body.indexOf('?');
  const address = question < 0 ? body : body.slice(0, question);
  if (!/^[a-zA-Z0-9]{0,90}$/u.test(address)) return err({ code: 'malformed', what: 'address' });
  const read = readParameters(question < 0 ? '' : body.slice(question + 1));
  if (!read.ok) return read;
  const value = (name: Known): string | undefined => read.value.get(name);
  const amountText = value('amount');
  const amountSat = amountText === undefined ? undefined : readAmount(amountText);
  if (amountText !== undefined && amountSat === undefined) return err({ code: 'malformed', what: 'amount' });
  const lightning = value('lightning') || undefined;
  const lno = value('lno') || undefined;
  if (address === '' && !lightning && !lno) return err({ code: 'nothing_to_pay' });
  return ok({
    address: address || undefined,
    amountSat,
    label: value('label'),
    message: value('message'),
    lightning,
    lno,
  });
}

/** Bitcoin with the decimals that it takes. */
function writeAmount(amount: Sat): string {
  const digits = amount.toString().padStart(SAT_DIGITS + 1, '0');
  const decimals = digits.slice(-SAT_DIGITS).replace(/0+$/u, '');
  return digits.slice(0, -SAT_DIGITS) + (decimals && `.${decimals}`);
}

export function formatBitcoinUri(uri: Partial<BitcoinUri>): string {
  const values: Readonly<Record<Known, string | undefined>> = {
    amount: uri.amountSat === undefined ? undefined : writeAmount(uri.amountSat),
    label: uri.label,
    message: uri.message,
    lightning: uri.lightning,
    lno: uri.lno,
  };
  const query = KNOWN.flatMap((name) =>
    values[name] === undefined ? [] : [`${name}=${encodeURIComponent(values[name].toWellFormed())}`],
  ).join('&');
  return `bitcoin:${uri.address ?? ''}${query && `?${query}`}`;
}
