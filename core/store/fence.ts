import { hkdfKey, hmacSha256 } from '../crypto/hash.ts';
import { equalConstantTime, toHex, tryFromHex, utf8 } from '../lib/bytes.ts';

/**
 * The fence against stale copies. The epoch is the number of commits of this database; it rises inside the
 * transaction. Notes outside the database follow it: a note is written only after the commit that it speaks of is
 * durable, so a crash at any point leaves every note at or below the database, which is sound. A note above the
 * database means that the database is older than what this wallet has already done elsewhere.
 *
 * Notes lag by the fence interval at most, so what goes unnoticed is a copy taken in the last interval before a crash.
 * What must not have even that gap, the signing of revoked commitments, has the high-water mark.
 */
export interface FenceFacts {
  /** Epoch inside the database; 0 for a new one. */
  readonly inside: number;
  /** Highest epoch outside that an earlier start found above the database, and that nobody has accepted since. */
  readonly staleMark: number | undefined;
  /** Epochs of the notes that are there and genuine. */
  readonly outside: readonly number[];
}

export type FenceVerdict =
  | { readonly kind: 'ok' }
  /** Broadcast nothing, let peers speak first; stays so until the staleness is accepted. */
  | { readonly kind: 'stale'; readonly inside: number; readonly outside: number };

/** Missing notes are no reason to lock anybody out of their money: only one that is ahead counts. */
export function judgeFence({ inside, staleMark, outside }: FenceFacts): FenceVerdict {
  const highest = Math.max(0, ...outside, staleMark ?? 0);
  return staleMark !== undefined || highest > inside ? { kind: 'stale', inside, outside: highest } : { kind: 'ok' };
}

/** Derived from the data key, so that a database created anew under the same vault is known to be no new wallet. */
export interface FenceKeys {
  /** 16 hex digits: tells the notes of several wallets in one folder apart. */
  readonly walletId: string;
  readonly noteKey: Uint8Array;
}

const SALT = utf8('sferic fence 1');

export const fenceKeys = (dataKey: Uint8Array): FenceKeys => ({
  walletId: toHex(hkdfKey(SALT, dataKey, utf8('wallet id')).subarray(0, 8)),
  noteKey: hkdfKey(SALT, dataKey, utf8('note')),
});

const FIRST_WORDS = 'sferic-epoch 1';

const macOf = (keys: FenceKeys, epoch: string): Uint8Array =>
  hmacSha256(keys.noteKey, utf8(`${FIRST_WORDS} ${keys.walletId} ${epoch}`)).subarray(0, 16);

/** One line: words, wallet id, epoch, MAC. */
export const encodeNote = (keys: FenceKeys, epoch: number): string =>
  `${FIRST_WORDS} ${keys.walletId} ${epoch} ${toHex(macOf(keys, String(epoch)))}\n`;

/** The epoch; undefined for anything that this wallet did not write just so. */
export function decodeNote(keys: FenceKeys, text: string): number | undefined {
  const match = /^sferic-epoch 1 ([0-9a-f]{16}) ([1-9][0-9]{0,15}) ([0-9a-f]{32})\n$/.exec(text);
  const [, walletId, epoch = '', mac = ''] = match ?? [];
  const given = tryFromHex(mac);
  if (!match || !given || walletId !== keys.walletId || !equalConstantTime(given, macOf(keys, epoch))) return undefined;
  const value = Number(epoch);
  return Number.isSafeInteger(value) ? value : undefined;
}
