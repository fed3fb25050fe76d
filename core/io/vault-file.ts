import { rm } from 'node:fs/promises';
import { StoreError } from '../store/port.ts';
import type { RandomBytes } from '../store/sealing.ts';
import {
  DEFAULT_KDF,
  type KdfCost,
  type Vault,
  type VaultSecrets,
  decodeVault,
  encodeVault,
  newKdfHeader,
  openVault,
  rewrapVault,
  sealVault,
  wrongPassword,
} from '../store/vault.ts';
import { readFileIfAny, writeFileAtomic } from './files.ts';
import { deriveKey } from './kdf.ts';

export const VAULT_NAME = 'vault';

export interface CreateVault {
  /** UTF-8, not empty, see `passwordBytes`. The caller wipes it, the entropy and the passphrase. */
  readonly password: Uint8Array;
  readonly mnemonicEntropy: Uint8Array;
  readonly passphrase: Uint8Array;
  readonly network: string;
  /** Height of the chain when the wallet was made: nothing of it is older. */
  readonly birthdayHeight: number;
  readonly random: RandomBytes;
  /** Default 256 MiB, 3 passes; see `calibrateKdf`. */
  readonly kdf?: KdfCost;
}

/** The caller wipes dataKey, entropy and passphrase. */
export interface UnlockedVault extends VaultSecrets {
  readonly network: string;
  readonly birthdayHeight: number;
}

export type VaultStatus =
  | { readonly kind: 'missing' }
  | { readonly kind: 'locked'; readonly network: string; readonly birthdayHeight: number; readonly kdf: KdfCost };

function passwordKeyOf(password: Uint8Array, { salt, memoryKiB, iterations }: Vault['kdf']): Promise<Uint8Array> {
  if (password.length === 0) throw new RangeError('a password is not empty');
  return deriveKey({ password, salt, memoryKiB, iterations });
}

async function readVault(path: string): Promise<Vault> {
  const file = await readFileIfAny(path);
  if (!file) throw new StoreError({ code: 'not_writable', reason: `${path}: there is no wallet here` });
  return decodeVault(file);
}

/**
 * A new wallet's envelope with a fresh data key, which is given back unlocked so that Argon2id runs once. Throws
 * StoreError `not_writable` where a vault exists already: it is never overwritten.
 */
export async function createVault(path: string, options: CreateVault): Promise<UnlockedVault> {
  const { password, passphrase, network, birthdayHeight, random } = options;
  if (await readFileIfAny(path))
    throw new StoreError({ code: 'not_writable', reason: `${path}: there is a wallet already` });
  const kdf = newKdfHeader(options.kdf ?? DEFAULT_KDF, random);
  const secrets = {
    dataKey: random(32),
    // Copies, also of a Buffer, whose slice() would be a view.
    entropy: new Uint8Array(options.mnemonicEntropy),
    passphrase: new Uint8Array(passphrase),
  };
  const passwordKey = await passwordKeyOf(password, kdf);
  try {
    await writeFileAtomic(path, encodeVault(sealVault({ network, birthdayHeight, secrets, kdf, passwordKey, random })));
  } finally {
    passwordKey.fill(0);
  }
  return { ...secrets, network, birthdayHeight };
}

/** For one that was made a moment ago and whose words nobody has seen. */
export const removeVault = (path: string): Promise<void> => rm(path, { force: true });

async function openWith(vault: Vault, password: Uint8Array): Promise<VaultSecrets> {
  if (password.length === 0) throw wrongPassword();
  const passwordKey = await passwordKeyOf(password, vault.kdf);
  try {
    return openVault(vault, passwordKey);
  } finally {
    passwordKey.fill(0);
  }
}

/** Throws StoreError `wrong_password` for that and for any damage to the file alike, `newer_version`, `not_writable`. */
export async function unlockVault(path: string, password: Uint8Array): Promise<UnlockedVault> {
  const vault = await readVault(path);
  const secrets = await openWith(vault, password);
  return { ...secrets, network: vault.head.network, birthdayHeight: vault.head.birthdayHeight };
}

export interface ChangePassword {
  readonly oldPassword: Uint8Array;
  readonly newPassword: Uint8Array;
  readonly random: RandomBytes;
  /** Default: as it was. */
  readonly kdf?: KdfCost;
}

/** At every moment the file opens with the old password or with the new one. Throws as `unlockVault` does. */
export async function changePassword(
  path: string,
  { oldPassword, newPassword, random, kdf }: ChangePassword,
): Promise<void> {
  const vault = await readVault(path);
  const { dataKey, entropy, passphrase } = await openWith(vault, oldPassword);
  entropy.fill(0);
  passphrase.fill(0);
  try {
    const { memoryKiB, iterations } = kdf ?? vault.kdf;
    const header = newKdfHeader({ memoryKiB, iterations }, random);
    const passwordKey = await passwordKeyOf(newPassword, header);
    const rewrapped = rewrapVault(vault, { dataKey, kdf: header, passwordKey, random });
    passwordKey.fill(0);
    await writeFileAtomic(path, encodeVault(rewrapped));
  } finally {
    dataKey.fill(0);
  }
}

/** What can be said without the password; none of it is authenticated yet. Throws as `unlockVault` does. */
export async function vaultStatus(path: string): Promise<VaultStatus> {
  const file = await readFileIfAny(path);
  if (!file) return { kind: 'missing' };
  const { head, kdf } = decodeVault(file);
  return {
    kind: 'locked',
    network: head.network,
    birthdayHeight: head.birthdayHeight,
    kdf: { memoryKiB: kdf.memoryKiB, iterations: kdf.iterations },
  };
}
