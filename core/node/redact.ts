import { foreign } from '../lib/sanitize.ts';

/** What a log line may consist of: never bytes, never an object of ours as it is. */
export type LogValue = string | number | boolean | null | readonly LogValue[] | { readonly [name: string]: LogValue };

const MAX_TEXT = 500;
const MAX_STACK = 2000;
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;

export const HIDDEN = '[hidden]';

const SECRET_NAME = /pass(word|phrase)|mnemonic|seed|preimage|secret|priv|token|cookie|credential|authorization/iu;
const KEY_NAME = /keys?$/iu;
const PUBLIC_KEY_NAME = /pub(lic)?_?keys?$/iu;

/** Whether nothing of a field so named may be written down. When in doubt, it may not. */
export const isSecretName = (name: string): boolean =>
  SECRET_NAME.test(name) || (KEY_NAME.test(name) && !PUBLIC_KEY_NAME.test(name));

/** `http://user:password@host` without what stands before the host. */
const withoutCredentials = (text: string): string => text.replaceAll(/\/\/\S*@/gu, `//${HIDDEN}@`);

const clean = (text: string, maxCharacters: number = MAX_TEXT): string =>
  foreign(withoutCredentials(text.slice(0, 16 * (maxCharacters + 1))), maxCharacters);

/** An exception's text is nobody's choice of words: whatever looks like 32 bytes in hex is left out of it. */
const cleanFault = (text: string, maxCharacters?: number): string =>
  clean(text.replaceAll(/[0-9a-f]{64,}/giu, HIDDEN), maxCharacters);

function redactError(error: Error): LogValue {
  const { code } = error as { readonly code?: unknown };
  return {
    name: cleanFault(String(error.name)),
    message: cleanFault(String(error.message)),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: clean(String(code)) } : {}),
    // The first line of a stack repeats the message.
    stack: cleanFault((String(error.stack ?? '').match(/^\s+at .*$/gmu) ?? []).join(' | '), MAX_STACK),
  };
}

function redactValue(value: unknown, depth: number): LogValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return redactError(value);
  if (value instanceof Date) return value.getTime();
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return redactList(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return '[object]';
  return redactRecord(value as Readonly<Record<string, unknown>>, depth);
}

function redactList(list: readonly unknown[], depth: number): LogValue {
  const kept = list.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1));
  return list.length > MAX_ITEMS ? [...kept, `[${list.length - MAX_ITEMS} more]`] : kept;
}

function redactRecord(record: Readonly<Record<string, unknown>>, depth: number): { readonly [name: string]: LogValue } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  const kept = entries
    .slice(0, MAX_ITEMS)
    .map(([name, value]) => [clean(name, 60), isSecretName(name) ? HIDDEN : redactValue(value, depth + 1)] as const);
  return Object.fromEntries(kept);
}

/**
 * Fields as they may be written to a log. Whatever stands under the name of a secret is left out, bytes are only
 * counted (public ones are given as hex), text of any origin becomes one harmless line, credentials in addresses go.
 */
export const redact = (fields: Readonly<Record<string, unknown>>): { readonly [name: string]: LogValue } =>
  redactRecord(fields, 0);

/** A log message: plain text of ours, or of an exception. */
export const redactText = (text: string): string => cleanFault(text);
