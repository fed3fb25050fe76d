import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { en } from '../../../renderer/i18n/en.ts';
import { zhHans } from '../../../renderer/i18n/zh-hans.ts';
import { zhHant } from '../../../renderer/i18n/zh-hant.ts';
import { amountText, blocksText, groupsOf, languageOf, sayIn, type TextKey, TEXTS } from '../../../electron/texts/index.ts';
import { MAINLAND_WORDS, notSimplified, notTraditional } from '../../support/chinese.ts';

const KEYS = Object.keys(TEXTS.en) as TextKey[];
const names = (text: string): string => [...text.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name).sort().join(); // prettier-ignore
/** What could send money or a person somewhere. */
const DANGEROUS = /\b(?:bc|tb|bcrt)1[02-9ac-hj-np-z]{8,}|\bln(?:bc|tb)[0-9a-z]{6,}|[a-z]+:\/\/|\bwww\.|\.(?:com|org|io|net|space)\b|\b[0-9a-f]{32,}\b/iu;

describe.each(Object.entries(TEXTS))('what the shell says in %s', (language, texts) => {
  test('is complete, with the placeholders of the English', () => {
    expect(Object.keys(texts).sort()).toEqual([...KEYS].sort());
    expect(KEYS.filter((key) => texts[key].trim() === '' || names(texts[key]) !== names(TEXTS.en[key]))).toEqual([]);
  });
  test('holds no address, link, invoice or key', () => expect(KEYS.filter((key) => DANGEROUS.test(texts[key]))).toEqual([]));
  test('is not left in English', () => expect(language === 'en' ? [] : KEYS.filter((key) => !/\p{Script=Han}/u.test(texts[key]))).toEqual([]));
});

test('screens have the names that the window gives them', () => {
  const screens = KEYS.filter((key) => key.startsWith('screen.')) as (TextKey & keyof typeof en)[];
  for (const key of screens) expect([TEXTS.en[key], TEXTS['zh-Hans'][key], TEXTS['zh-Hant'][key]]).toEqual([en[key], zhHans[key], zhHant[key]]);
});

test('each script keeps to its own characters, and the traditional one to the words of Taiwan', () => {
  expect(KEYS.filter((key) => notTraditional(TEXTS['zh-Hant'][key]).length > 0 || MAINLAND_WORDS.test(TEXTS['zh-Hant'][key]))).toEqual([]);
  expect(KEYS.filter((key) => notSimplified(TEXTS['zh-Hans'][key]).length > 0)).toEqual([]);
});

test('every text is used, and the shell says nothing beside them', () => {
  const root = join(import.meta.dirname, '../../../electron');
  const source = readdirSync(root).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(root, name), 'utf8')).join('\n'); // prettier-ignore
  expect(KEYS.filter((key) => !source.includes(`'${key}'`) && !key.startsWith('screen.'))).toEqual([]);
  expect([...source.matchAll(/label: '([^']+)'/gu)].map(([, label]) => label)).toEqual(['Sferic']);
});

test('what is filled in is never read as a text', () => {
  expect(sayIn('en')('ask.peer', { text: '{amount} {text}' })).toBe('With: {amount} {text}');
  expect(sayIn('en')('ask.peer')).toBe('With: {text}');
});

test('amounts are exact, times round down, keys stand in groups', () => {
  expect(amountText(2_100_000_000_000_000_001n).replaceAll('\u2009', ' ')).toBe('2 100 000 000 000 000.001 sat');
  expect(groupsOf('0123456789')).toBe('0123 4567 89');
  expect([5, 12, 287, 720].map((blocks) => blocksText(blocks, 'en'))).toEqual(['50 minutes', '2 hours', '47 hours', '5 days']);
  expect(blocksText(720, 'zh-Hans')).toMatch(/5\s?天/u);
  expect(['zh-TW', 'zh-Hant-HK', 'zh-CN', 'zh', 'de', 'zha'].map(languageOf)).toEqual(['zh-Hant', 'zh-Hant', 'zh-Hans', 'zh-Hans', 'en', 'en']);
});
