import { IntlMessageFormat } from 'intl-messageformat';
import { createContext, useContext } from 'react';
import type { ApiError, ErrorCode } from '../../core/api.ts';
import { faultWords } from '../format/fault-words.ts';
import { en, type MessageKey } from './en.ts';
import { errorsZhHans, errorsZhHant } from './errors.ts';
import { zhHans } from './zh-hans.ts';
import { zhHant } from './zh-hant.ts';

export type Language = 'en' | 'zh-Hans' | 'zh-Hant';
export type Messages = Readonly<Record<MessageKey, string>>;
export type Values = Readonly<Record<string, string | number>>;

export const MESSAGES: Readonly<Record<Language, Messages>> = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant };
const ERRORS: Readonly<Record<Language, Readonly<Record<ErrorCode, string>> | undefined>> = { en: undefined, 'zh-Hans': errorsZhHans, 'zh-Hant': errorsZhHant };

export interface I18n {
  readonly language: Language;
  readonly t: (key: MessageKey, values?: Values) => string;
  /** With its amounts where it names some; else the engine's own sentence in English, and elsewhere that of its code. */
  readonly errorText: (error: ApiError) => string;
}

/** `zh-TW`, `zh-HK`, `zh-MO` and whatever says Hant are read in traditional characters. */
export function languageOf(tag: string): Language {
  if (!/^zh\b/iu.test(tag)) return 'en';
  return /hant|-tw|-hk|-mo/iu.test(tag) ? 'zh-Hant' : 'zh-Hans';
}

/** Figures inside a sentence stay together: the thin space between their groups would let a line end there. */
const unbroken = (values: Values): Values => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll('\u2009', '\u202F') : value]));

/** The same of figures that a sentence brings along, with their unit. */
const WITHIN_FIGURE = /(?<=\d) (?=\d{3}|sat\b)/gu;

/** A name in Latin letters stands between spaces in a Chinese sentence; one in Chinese does not. */
const HAN_GAP = /(?<=\p{Script=Han}) (?=\p{Script=Han})/gu;

/** `unit`: of the amounts within sentences. */
export function createI18n(language: Language, unit: 'sat' | 'btc' = 'sat'): I18n {
  const messages = MESSAGES[language];
  const compiled = new Map<MessageKey, IntlMessageFormat>();
  const t = (key: MessageKey, values?: Values): string => {
    let message = compiled.get(key);
    if (!message) {
      message = new IntlMessageFormat(messages[key].replaceAll(WITHIN_FIGURE, '\u202F'), language, undefined, { ignoreTag: true });
      compiled.set(key, message);
    }
    const text = String(message.format(values && unbroken(values)));
    return language === 'en' ? text : text.replaceAll(HAN_GAP, '');
  };
  const errorText: I18n['errorText'] = ({ code, message, data }) => {
    const words = faultWords({ code, data }, unit);
    return words ? t(words.key, words.values) : (ERRORS[language]?.[code] ?? message);
  };
  return { language, t, errorText };
}

/** What stands between two sentences of a paragraph: nothing where the full stop brings its own room. */
export const betweenSentences = (language: Language): string => (language === 'en' ? ' ' : '');
export const fullStop = (language: Language): string => (language === 'en' ? '. ' : '。');

export const I18nContext = createContext<I18n>(createI18n('en'));
export const useI18n = (): I18n => useContext(I18nContext);
