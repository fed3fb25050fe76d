const MAX_SAT_PER_VB = 1000;

/** A rate as a person types it, or undefined. */
export function rateOf(text: string): number | undefined {
  const clean = text.trim().replace(',', '.');
  const rate = /^\d{1,4}(?:\.\d{1,3})?$/u.test(clean) ? Number(clean) : Number.NaN;
  return rate >= 1 && rate <= MAX_SAT_PER_VB ? rate : undefined;
}

/** To a tenth, without a tail of noughts. */
export const rateText = (satPerVb: number): string => String(Math.round(satPerVb * 10) / 10);
