import { err, ok, type Result } from '../lib/result.ts';

const MAX_DEPTH = 64;
const [QUOTE, BACKSLASH, OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x7b, 0x5d, 0x7d];

/** Whether brackets outside of strings nest deeper than any answer needs. */
export function nestsTooDeep(json: Uint8Array, maxDepth = MAX_DEPTH): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      i = endOfString(json, i + 1);
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (++depth > maxDepth) return true;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
  }
  return false;
}

function endOfString(json: Uint8Array, from: number): number {
  for (let at = json.indexOf(QUOTE, from); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (json[at - 1 - slashes] === BACKSLASH && at - 1 - slashes >= from) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return json.length;
}

export function parseForeignJson(json: Buffer): Result<unknown, 'too_deep' | 'not_json'> {
  if (nestsTooDeep(json)) return err('too_deep');
  try {
    return ok(JSON.parse(json.toString('utf8')));
  } catch {
    return err('not_json');
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** A height or an index: 0 to 2^31 - 1. */
export const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;

/** Bytes of a hex string; undefined when it is not one or longer than allowed. */
export function bytesOfHex(value: unknown, maxBytes: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0 || value.length > 2 * maxBytes) return undefined;
  const bytes = Buffer.from(value, 'hex'); // stops at the first character that is no hex digit
  return bytes.length * 2 === value.length ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : undefined;
}
