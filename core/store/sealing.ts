import { openX, sealX } from '../crypto/aead.ts';
import { hkdfKey } from '../crypto/hash.ts';
import { concat, utf8 } from '../lib/bytes.ts';
import { StoreError } from './port.ts';

/** Version of the sealed form: version byte, 24-byte nonce, ciphertext with its 16-byte tag. */
const SEALED_FORMAT = 1;
const NONCE_LENGTH = 24;
const SALT = utf8('sferic store 1');

/** `length` bytes that nobody can guess. */
export type RandomBytes = (length: number) => Uint8Array;

/** A table as the cipher knows it: its number enters key and associated data, its name only error messages. */
export interface SealedTable {
  readonly id: number;
  readonly name: string;
}

export interface Sealer {
  readonly seal: (table: SealedTable, key: string, plain: Uint8Array) => Uint8Array;
  /** Throws StoreError `corrupt_record` unless these bytes were sealed for this very table and key. */
  readonly open: (table: SealedTable, key: string, sealed: Uint8Array) => Uint8Array;
  /** Wipes the keys; the sealer is of no use afterwards. */
  readonly wipe: () => void;
}

const associated = (table: SealedTable, key: string): Uint8Array =>
  concat(new Uint8Array([SEALED_FORMAT, table.id >> 8, table.id & 0xff]), utf8(key));

/**
 * XChaCha20-Poly1305 with a key per table, derived from `dataKey` (32 bytes). Table, key and format version are
 * associated data: a flipped bit, swapped rows or a value moved elsewhere do not open.
 */
export function createSealer(dataKey: Uint8Array, random: RandomBytes): Sealer {
  if (dataKey.length !== 32) throw new RangeError('the data key has 32 bytes');
  // Not slice(): of a Node Buffer that is a view, and wiping it would wipe the caller's key.
  const ownKey = new Uint8Array(dataKey);
  const tableKeys = new Map<number, Uint8Array>();
  const keyOf = (table: SealedTable): Uint8Array => {
    const known = tableKeys.get(table.id);
    if (known) return known;
    const derived = hkdfKey(SALT, ownKey, utf8(`table ${table.id}`));
    tableKeys.set(table.id, derived);
    return derived;
  };
  return {
    seal: (table, key, plain) => {
      const nonce = random(NONCE_LENGTH);
      return concat(new Uint8Array([SEALED_FORMAT]), nonce, sealX(keyOf(table), nonce, plain, associated(table, key)));
    },
    open: (table, key, sealed) => {
      const nonce = sealed.subarray(1, 1 + NONCE_LENGTH);
      const plain =
        sealed[0] === SEALED_FORMAT && nonce.length === NONCE_LENGTH
          ? openX(keyOf(table), nonce, sealed.subarray(1 + NONCE_LENGTH), associated(table, key))
          : undefined;
      if (!plain) throw new StoreError({ code: 'corrupt_record', table: table.name, key });
      return plain;
    },
    wipe: () => {
      ownKey.fill(0);
      for (const key of tableKeys.values()) key.fill(0);
    },
  };
}
