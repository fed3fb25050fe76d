import { groups } from './amounts.ts';

const MAX_SAT_PER_VB = 1000;

/** A rate as a person types it, or undefined. */
export function rateOf(text: string): number | undefined {
  const clean = text.trim().replace(',', '.');
  const rate = /^\d{1,4}(?:\.\d{1,3})?$/u.test(clean) ? Number(clean) : Number.NaN;
  return rate >= 1 && rate <= MAX_SAT_PER_VB ? rate : undefined;
}

/** To a tenth, without a tail of noughts. */
export const rateText = (satPerVb: number): string => String(Math.round(satPerVb * 10) / 10);

const WEIGHT_PER_VB = 4n;

/** A channel's own rate, in satoshi per 1000 weight, as satoshi per vbyte: exact, as three decimals hold it. */
export function rateOfWeight(feeratePerKw: number): string {
  const thousandths = BigInt(feeratePerKw) * WEIGHT_PER_VB;
  const rest = (thousandths % 1000n).toString().padStart(3, '0').replace(/0+$/u, '');
  return `${groups(thousandths / 1000n)}${rest === '' ? '' : `.${rest}`}`;
}
