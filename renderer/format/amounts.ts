const THIN_SPACE = '\u2009';
const MINUS = '\u2212';
const SPACES = /[\s\u2009_]/gu;
/** Made once: making one takes longer than a row of figures. */
const GROUPED = new Intl.NumberFormat('en', { useGrouping: true });

/** Digits in groups of three, with the locale's digits and our thin spaces. Exact: bigint all the way. */
export function groups(amount: bigint): string {
  const text = GROUPED.format(amount < 0n ? -amount : amount).replaceAll(',', THIN_SPACE);
  return amount < 0n ? `${MINUS}${text}` : text;
}

export interface AmountText {
  readonly whole: string;
  /** Three digits of msat, when they are not nought. */
  readonly fraction: string | undefined;
  readonly unit: 'sat' | 'BTC';
}

const BTC_SAT = 100_000_000n;

/** `floor` leaves msat away: what could be spent is never shown rounded up. */
export function amountText(amountMsat: bigint, unit: 'sat' | 'btc', isExact: boolean): AmountText {
  const sign = amountMsat < 0n ? -1n : 1n;
  const size = amountMsat * sign;
  const sat = size / 1000n;
  const rest = size % 1000n;
  const fraction = isExact && rest !== 0n ? rest.toString().padStart(3, '0') : undefined;
  const minus = sign < 0n && size !== 0n ? MINUS : '';
  if (unit === 'sat') return { whole: `${minus}${groups(sat)}`, fraction, unit: 'sat' };
  const decimals = (sat % BTC_SAT).toString().padStart(8, '0');
  const parts = [decimals.slice(0, 2), decimals.slice(2, 5), decimals.slice(5)].join(THIN_SPACE);
  return { whole: `${minus}${groups(sat / BTC_SAT)}.${parts}`, fraction, unit: 'BTC' };
}

export const plainAmount = (amountMsat: bigint, unit: 'sat' | 'btc'): string => {
  const { whole, unit: name } = amountText(amountMsat, unit, false);
  return `${whole}${THIN_SPACE}${name}`;
};

/** What stands in an amount field, its whole units in groups; what is no number stays as it was typed. */
export function groupedInput(text: string, unit: 'sat' | 'btc'): string {
  const clean = text.replaceAll(SPACES, '');
  const [, whole, rest] = (unit === 'sat' ? /^(\d{1,16})()$/u : /^(\d{1,8})([.,]\d*)?$/u).exec(clean) ?? [];
  return whole === undefined ? text : `${groups(BigInt(whole))}${rest ?? ''}`;
}

/** What a person typed into an amount field, in satoshi; any space is let through. Undefined: not an amount. */
export function satOf(text: string, unit: 'sat' | 'btc'): bigint | undefined {
  const clean = text.replaceAll(SPACES, '');
  if (unit === 'sat') return /^\d{1,16}$/u.test(clean) ? BigInt(clean) : undefined;
  const found = /^(\d{1,8})(?:[.,](\d{1,8}))?$/u.exec(clean);
  return found ? BigInt(found[1] ?? '0') * BTC_SAT + BigInt((found[2] ?? '').padEnd(8, '0')) : undefined;
}
