import { type NetworkName, networks } from '../bitcoin/network.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import { type Msat, msat } from '../lib/units.ts';
import type { InvoiceFault } from './types.ts';

const PICO_PER_MSAT = 10n;
/** Millionths of a millionth of a bitcoin, the largest unit first. */
const MULTIPLIERS: readonly (readonly [letter: string, pico: bigint])[] = [
  ['', 1_000_000_000_000n],
  ['m', 1_000_000_000n],
  ['u', 1_000_000n],
  ['n', 1000n],
  ['p', 1n],
];
const MAX_AMOUNT_MSAT = 21_000_000n * 100_000_000n * 1000n;
/** 21 million bitcoin in pico-bitcoin have 20 digits. */
const AMOUNT_DIGITS_MAX = 20;
const PREFIX_LENGTH_SHOWN = 16;

const networkOf = (invoicePrefix: string): NetworkName | undefined =>
  Object.values(networks).find((network) => network.invoicePrefix === invoicePrefix)?.name;

export interface InvoicePrefix {
  readonly network: NetworkName;
  readonly amountMsat: Msat | undefined;
}

/** The human-readable part in lower case, such as `lnbc2500u` (BOLT 11, "Human-Readable Part"). */
export function readPrefix(text: string): Result<InvoicePrefix, InvoiceFault> {
  const [, currency, digits, multiplier] = /^ln([a-z]+)(?:(\d+)(.*))?$/su.exec(text) ?? [];
  if (currency === undefined) return err({ code: 'not_an_invoice' });
  const network = networkOf(currency);
  if (!network)
    return err({ code: 'other_network', network: undefined, prefix: currency.slice(0, PREFIX_LENGTH_SHOWN) });
  if (digits === undefined) return ok({ network, amountMsat: undefined });
  const amount = readAmount(digits, multiplier ?? '');
  return amount.ok ? ok({ network, amountMsat: amount.value }) : amount;
}

function readAmount(digits: string, letter: string): Result<Msat, InvoiceFault> {
  const malformed = err({ code: 'malformed', what: 'amount' } as const);
  const unit = MULTIPLIERS.find(([known]) => known === letter);
  if (!unit || digits.startsWith('0') || digits.length > AMOUNT_DIGITS_MAX) return malformed;
  const pico = BigInt(digits) * unit[1];
  if (pico % PICO_PER_MSAT !== 0n) return err({ code: 'sub_msat_amount' });
  const amount = pico / PICO_PER_MSAT;
  return amount > MAX_AMOUNT_MSAT ? malformed : ok(msat(amount));
}

/** The shortest way to write it. */
export function writePrefix({ network, amountMsat }: InvoicePrefix): string {
  const currency = `ln${networks[network].invoicePrefix}`;
  if (amountMsat === undefined) return currency;
  if (amountMsat === 0n || amountMsat > MAX_AMOUNT_MSAT)
    throw new RangeError(`an invoice cannot ask for ${amountMsat} msat`);
  const pico = amountMsat * PICO_PER_MSAT;
  const [letter, unit] = must(
    MULTIPLIERS.find(([, size]) => pico % size === 0n),
    'the multiplier',
  );
  return `${currency}${pico / unit}${letter}`;
}
