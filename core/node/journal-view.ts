import type { Answer } from '../api.ts';
import { toHex } from '../lib/bytes.ts';
import { foreign } from '../lib/sanitize.ts';
import { formatShortChannelId } from '../wire/primitives.ts';

type Detail = Answer<'channel.history'>[number]['detail'];

function one(name: string, value: unknown): string | number | undefined {
  if (value instanceof Uint8Array) return name.endsWith('Txid') || name === 'txid' ? toHex(value.slice().reverse()) : toHex(value);
  if (name === 'shortChannelId' && typeof value === 'bigint') return formatShortChannelId(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? foreign(value) : undefined;
}

/** Journal fields as the contract carries them: hashes in hex, big numbers as digits, foreign text cleaned. */
export function journalDetail(event: { readonly kind: string }): Detail {
  const fields: Detail = {};
  for (const [name, value] of Object.entries(event)) {
    if (name === 'kind') continue;
    if (Array.isArray(value)) fields[name] = value.map((item: object) => Object.fromEntries(Object.entries(item).map(([key, field]) => [key, String(one(key, field))])));
    else {
      const shown = one(name, value);
      if (shown !== undefined) fields[name] = shown;
    }
  }
  return fields;
}
