import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../../core/api.ts';
import { ALARM_TEXT } from '../../../core/node/alarms.ts';
import { ALARMS } from '../../../renderer/i18n/alarms.ts';
import { en, type MessageKey } from '../../../renderer/i18n/en.ts';
import { errorsZhHans, errorsZhHant } from '../../../renderer/i18n/errors.ts';
import { zhHans } from '../../../renderer/i18n/zh-hans.ts';
import { zhHant } from '../../../renderer/i18n/zh-hant.ts';
import { MAINLAND_WORDS, notSimplified, notTraditional } from '../../support/chinese.ts';

const KEYS = Object.keys(en) as MessageKey[];
const LANGUAGES = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant } as const;

type Element = ReturnType<IntlMessageFormat['getAst']>[number];

/** Names of everything that is filled in, in plural forms too. Literal text (0) and the number of a plural (7) have none. */
const placeholders = (elements: readonly Element[]): readonly string[] =>
  elements.flatMap((element): readonly string[] => {
    if (element.type === 0 || element.type === 7) return [];
    const inside = 'options' in element ? Object.values(element.options).flatMap(({ value }) => placeholders(value)) : [];
    return 'value' in element ? [element.value, ...inside] : inside;
  });
const namesIn = (message: string): readonly string[] => [...new Set(placeholders(new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true }).getAst()))].sort();

/** What could send money or a person somewhere: addresses, invoices, links, keys. */
const DANGEROUS = [/\b(?:bc|tb|bcrt)1[02-9ac-hj-np-z]{8,}/iu, /\bln(?:bc|tb|bcrt)[0-9a-z]{6,}/iu, /[a-z]+:\/\//iu, /\bwww\.|\.(?:com|org|io|net|space)\b/iu, /\b[13][1-9A-HJ-NP-Za-km-z]{25,34}\b/u, /\b[0-9a-f]{32,}\b/iu, /(?:lightning|bitcoin):\S/iu];

describe.each(Object.entries(LANGUAGES))('sentences in %s', (language, messages) => {
  test('has every key, none empty and none too many', () => {
    expect(Object.keys(messages).sort()).toEqual([...KEYS].sort());
    expect(KEYS.filter((key) => messages[key].trim() === '')).toEqual([]);
  });
  test('has the placeholders of the English ones', () => {
    const differing = KEYS.filter((key) => namesIn(messages[key]).join() !== namesIn(en[key]).join());
    expect(differing).toEqual([]);
  });
  test('holds no address, link, invoice or key', () => {
    const all = { ...messages, ...(language === 'zh-Hans' ? errorsZhHans : language === 'zh-Hant' ? errorsZhHant : {}) };
    expect(Object.entries(all).filter(([, text]) => DANGEROUS.some((pattern) => pattern.test(text)))).toEqual([]);
  });
});

test('the check for dangerous text sees what it should', () => {
  for (const text of ['pay bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'lnbc25m1pvjluez', 'see https://evil', 'evil.com', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'ab'.repeat(32), 'lightning:lnbc1']) expect(DANGEROUS.some((pattern) => pattern.test(text)), text).toBe(true);
});

test('every error of the engine has its sentence in both scripts', () => {
  for (const table of [errorsZhHans, errorsZhHant]) expect(Object.keys(table).sort()).toEqual([...ERROR_CODES].sort());
});

test('every alarm of the engine has its sentence in both scripts', () => {
  for (const language of ['zh-Hans', 'zh-Hant'] as const) expect(Object.keys(ALARMS[language])).toEqual(Object.keys(ALARM_TEXT));
});

test('each script keeps to its own characters, and the traditional one to the words of Taiwan', () => {
  const traditional = Object.entries({ ...zhHant, ...errorsZhHant, ...ALARMS['zh-Hant'] });
  expect(traditional.filter(([, text]) => notTraditional(text).length > 0 || MAINLAND_WORDS.test(text))).toEqual([]);
  const simplified = Object.entries({ ...zhHans, ...errorsZhHans, ...ALARMS['zh-Hans'] });
  expect(simplified.filter(([, text]) => notSimplified(text).length > 0)).toEqual([]);
  expect([notTraditional('圆圈'), notSimplified('圓圈')]).toEqual([['圆'], ['圓']]);
});

test('every key is used by a screen, and no screen has a sentence of its own', () => {
  const root = join(import.meta.dirname, '../../../renderer');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/u.test(path) && !path.startsWith('i18n'));
  const source = sources.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  const made = [...source.matchAll(/`([\w.]+)\.\$\{/gu)].map(([, start]) => `${start}.`);
  const unused = KEYS.filter((key) => !source.includes(`'${key}'`) && !made.some((start) => key.startsWith(start)) && !/^row\.(?:sent|received)\./u.test(key));
  expect(unused).toEqual([]);
  const spoken = [...source.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+)[^<{]*</gu)].map(([, text]) => text);
  expect(spoken).toEqual([]);
});
