import { en, type TextKey, type Texts } from './en.ts';
import { zhHans } from './zh-hans.ts';
import { zhHant } from './zh-hant.ts';

export type Language = 'en' | 'zh-Hans' | 'zh-Hant';
export type { TextKey } from './en.ts';

export const TEXTS: Readonly<Record<Language, Texts>> = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant };

/** `zh-TW`, `zh-HK`, `zh-MO` and whatever says Hant are read in traditional characters. */
export function languageOf(tag: string): Language {
  if (!/^zh\b/iu.test(tag)) return 'en';
  return /hant|-tw|-hk|-mo/iu.test(tag) ? 'zh-Hant' : 'zh-Hans';
}

/** `{name}` in a text is filled in; what is filled in is never read again. */
export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

export const sayIn = (language: Language): Say => (key, values = {}) => TEXTS[language][key].replaceAll(/\{(\w+)\}/gu, (whole, name: string) => String(values[name] ?? whole)); // prettier-ignore

const THIN_SPACE = '\u2009';

/** `250 000.123 sat`: exact, in groups of three. */
export function amountText(amountMsat: bigint): string {
  const sat = new Intl.NumberFormat('en').format(amountMsat / 1000n).replaceAll(',', THIN_SPACE);
  const rest = amountMsat % 1000n;
  return `${sat}${rest === 0n ? '' : `.${rest.toString().padStart(3, '0')}`}${THIN_SPACE}sat`;
}

/** In groups of four, as a person compares it. */
export const groupsOf = (text: string): string => text.replaceAll(/(.{4})(?=.)/gu, '$1 ');

const MINUTES_PER_BLOCK = 10;

/** How long so many blocks take, rounded down: a deadline never looks farther away than it is. */
export function blocksText(blocks: number, language: Language): string {
  const hours = Math.floor((blocks * MINUTES_PER_BLOCK) / 60);
  const [value, unit] = hours >= 48 ? [Math.floor(hours / 24), 'day'] : hours >= 1 ? [hours, 'hour'] : [blocks * MINUTES_PER_BLOCK, 'minute'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
