import {
  type Codec,
  type TypeOf,
  bytes,
  bytes16,
  decodeWith,
  encodeWith,
  struct,
  text16,
  u32,
  u8,
} from '../codec/codec.ts';
import { openX, sealX } from '../crypto/aead.ts';
import { hkdfKey } from '../crypto/hash.ts';
import { concat, equal, utf8 } from '../lib/bytes.ts';
import { StoreError } from './port.ts';
import type { RandomBytes } from './sealing.ts';

/** Cost of Argon2id. */
export interface KdfCost {
  readonly memoryKiB: number;
  readonly iterations: number;
}

/** For a wallet file that an attacker may take home: see also `nextKdfCost`. */
export const DEFAULT_KDF: KdfCost = { memoryKiB: 256 * 1024, iterations: 3 };
export const KDF_FLOOR: KdfCost = { memoryKiB: 64 * 1024, iterations: 3 };
/** A file may ask for no more than this: its header is read before it can be authenticated. */
const KDF_CEILING: KdfCost = { memoryKiB: 1024 * 1024, iterations: 10 };

const MAGIC = utf8('SFERICV');
export const VAULT_VERSION = 1;
const ARGON2ID = 1;

const head = struct({ magic: bytes(MAGIC.length), version: u8, network: text16, birthdayHeight: u32 });
const kdfHeader = struct({ kind: u8, memoryKiB: u32, iterations: u32, parallelism: u8, salt: bytes(16) });
/** XChaCha20-Poly1305: nonce, then ciphertext with tag. */
const box = (sealed: Codec<Uint8Array>) => struct({ nonce: bytes(24), sealed });
const vaultFile = struct({ head, kdf: kdfHeader, wrap: box(bytes(48)), body: box(bytes16) });
const vaultBody = struct({ entropy: bytes16, passphrase: bytes16 });

type Head = TypeOf<typeof head>;
type KdfHeader = TypeOf<typeof kdfHeader>;
/**
 * The envelope. `wrap`: the data key under the password's key, bound to everything before it. `body`: seed entropy and
 * passphrase under a key of the data key, bound to the head, so that a change of password leaves it as it is.
 */
export type Vault = TypeOf<typeof vaultFile>;

export interface VaultSecrets {
  readonly dataKey: Uint8Array;
  /** Of the BIP 39 mnemonic: 16 or 32 bytes. */
  readonly entropy: Uint8Array;
  /** UTF-8; empty when there is none. */
  readonly passphrase: Uint8Array;
}

/** One fault for a wrong password and for any damage, so that nobody learns which. */
export const wrongPassword = (): StoreError => new StoreError({ code: 'wrong_password' });

/** Text as typed to the bytes that are hashed: equal on every keyboard (NFKC). The caller wipes them. */
export const passwordBytes = (text: string): Uint8Array => utf8(text.normalize('NFKC'));

const isWithin = ({ memoryKiB, iterations }: KdfCost, parallelism: number): boolean =>
  memoryKiB >= 8 * parallelism &&
  memoryKiB <= KDF_CEILING.memoryKiB &&
  iterations >= 1 &&
  iterations <= KDF_CEILING.iterations;

/** Throws RangeError for a cost that no vault may have. */
export function newKdfHeader(cost: KdfCost, random: RandomBytes): KdfHeader {
  if (!isWithin(cost, 1)) throw new RangeError('cost of the key derivation out of range');
  return { kind: ARGON2ID, ...cost, parallelism: 1, salt: random(16) };
}

export const encodeVault = (vault: Vault): Uint8Array => encodeWith(vaultFile, vault);

/** Throws StoreError `newer_version`, or `wrong_password` for anything that is no sound vault. */
export function decodeVault(file: Uint8Array): Vault {
  const version = file[MAGIC.length] ?? 0;
  if (equal(file.subarray(0, MAGIC.length), MAGIC) && version > VAULT_VERSION)
    throw new StoreError({ code: 'newer_version', expected: VAULT_VERSION, actual: version });
  const vault = attemptDecode(file);
  const isSound =
    vault !== undefined &&
    equal(vault.head.magic, MAGIC) &&
    vault.head.version === VAULT_VERSION &&
    vault.kdf.kind === ARGON2ID &&
    vault.kdf.parallelism === 1 &&
    isWithin(vault.kdf, vault.kdf.parallelism);
  if (!isSound) throw wrongPassword();
  return vault;
}

function attemptDecode(file: Uint8Array): Vault | undefined {
  try {
    return decodeWith(vaultFile, file);
  } catch {
    return undefined;
  }
}

const headBytes = (vaultHead: Head): Uint8Array => encodeWith(head, vaultHead);
const wrapAssociated = (vaultHead: Head, kdf: KdfHeader): Uint8Array =>
  concat(utf8('wrap'), headBytes(vaultHead), encodeWith(kdfHeader, kdf));
const bodyAssociated = (vaultHead: Head): Uint8Array => concat(utf8('body'), headBytes(vaultHead));
const bodyKey = (dataKey: Uint8Array): Uint8Array => hkdfKey(utf8('sferic vault 1'), dataKey, utf8('body'));

interface SealVault {
  readonly network: string;
  readonly birthdayHeight: number;
  readonly secrets: VaultSecrets;
  readonly kdf: KdfHeader;
  /** 32 bytes: what Argon2id made of the password with `kdf`. */
  readonly passwordKey: Uint8Array;
  readonly random: RandomBytes;
}

export function sealVault({ network, birthdayHeight, secrets, kdf, passwordKey, random }: SealVault): Vault {
  const vaultHead: Head = { magic: MAGIC, version: VAULT_VERSION, network, birthdayHeight };
  const nonce = random(24);
  const key = bodyKey(secrets.dataKey);
  const plain = encodeWith(vaultBody, secrets);
  const sealed = sealX(key, nonce, plain, bodyAssociated(vaultHead));
  key.fill(0);
  plain.fill(0);
  const wrap = wrapDataKey({ vaultHead, kdf, dataKey: secrets.dataKey, passwordKey, random });
  return { head: vaultHead, kdf, wrap, body: { nonce, sealed } };
}

interface WrapDataKey {
  readonly vaultHead: Head;
  readonly kdf: KdfHeader;
  readonly dataKey: Uint8Array;
  readonly passwordKey: Uint8Array;
  readonly random: RandomBytes;
}

function wrapDataKey({ vaultHead, kdf, dataKey, passwordKey, random }: WrapDataKey): Vault['wrap'] {
  const nonce = random(24);
  return { nonce, sealed: sealX(passwordKey, nonce, dataKey, wrapAssociated(vaultHead, kdf)) };
}

/** The same vault under another password. `dataKey` comes from `openVault` with the old one. */
export const rewrapVault = (
  vault: Vault,
  { dataKey, kdf, passwordKey, random }: Omit<WrapDataKey, 'vaultHead'>,
): Vault => ({ ...vault, kdf, wrap: wrapDataKey({ vaultHead: vault.head, kdf, dataKey, passwordKey, random }) });

/** The caller wipes what it gets. Throws StoreError `wrong_password`. */
export function openVault(vault: Vault, passwordKey: Uint8Array): VaultSecrets {
  const dataKey = openX(passwordKey, vault.wrap.nonce, vault.wrap.sealed, wrapAssociated(vault.head, vault.kdf));
  if (!dataKey) throw wrongPassword();
  const key = bodyKey(dataKey);
  const plain = openX(key, vault.body.nonce, vault.body.sealed, bodyAssociated(vault.head));
  key.fill(0);
  if (!plain) {
    dataKey.fill(0);
    throw wrongPassword();
  }
  const { entropy, passphrase } = decodeWith(vaultBody, plain);
  plain.fill(0);
  return { dataKey, entropy, passphrase };
}

/**
 * The next cost to try when `cost` took `elapsedMs`: aims at 0.5 to 1.5 s with the default as the wish and the floor as
 * the least; undefined when `cost` is right. Time grows with the memory, so one measurement at the floor is enough to
 * come close.
 */
export function nextKdfCost(cost: KdfCost, elapsedMs: number): KdfCost | undefined {
  if (elapsedMs >= 500 && elapsedMs <= 1500) return undefined;
  const wishedKiB = Math.floor((cost.memoryKiB * 1000) / Math.max(1, elapsedMs));
  const mostKiB = 2 * DEFAULT_KDF.memoryKiB;
  const steps = Math.round(Math.min(mostKiB, Math.max(KDF_FLOOR.memoryKiB, wishedKiB)) / KDF_FLOOR.memoryKiB);
  const memoryKiB = steps * KDF_FLOOR.memoryKiB;
  return memoryKiB === cost.memoryKiB ? undefined : { memoryKiB, iterations: cost.iterations };
}
