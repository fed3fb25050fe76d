import { argon2Sync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deriveKey } from '../../../core/io/kdf.ts';
import { changePassword, createVault, unlockVault, vaultStatus } from '../../../core/io/vault-file.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import {
  DEFAULT_KDF,
  KDF_FLOOR,
  decodeVault,
  encodeVault,
  newKdfHeader,
  nextKdfCost,
  openVault,
  passwordBytes,
  sealVault,
} from '../../../core/store/vault.ts';
import { startChild } from './child.ts';
import { type TestFolder, isPrivate, testFolder } from './folder.ts';

const cheap = { memoryKiB: 64, iterations: 1 };
const entropy = utf8('sixteen entropy!');
const passphrase = utf8('spare words');
const password = passwordBytes('correct horse');
const wrong = { name: 'StoreError', message: 'wrong_password', fault: { code: 'wrong_password' } };

let folder: TestFolder;
let path: string;
beforeEach(() => {
  folder = testFolder();
  path = join(folder.outside, 'vault');
});
afterEach(() => folder.remove());

const create = (given = password) =>
  createVault(path, {
    password: given,
    mnemonicEntropy: entropy,
    passphrase,
    network: 'signet',
    birthdayHeight: 800_000,
    random: randomBytes,
    kdf: cheap,
  });

describe('vault file', () => {
  test('gives back what it was made of; says what may be known while it is locked', async () => {
    expect(await vaultStatus(path)).toEqual({ kind: 'missing' });
    const created = await create();
    expect(await vaultStatus(path)).toEqual({ kind: 'locked', network: 'signet', birthdayHeight: 800_000, kdf: cheap });
    const unlocked = await unlockVault(path, password);
    expect(unlocked).toEqual({ ...created, dataKey: new Uint8Array(created.dataKey) });
    expect(unlocked).toMatchObject({ entropy, passphrase, network: 'signet', birthdayHeight: 800_000 });
    expect(unlocked.dataKey).toHaveLength(32);
    expect(isPrivate(path)).toBe(true);
  });

  test('is never overwritten by a new one', async () => {
    const { dataKey } = await create();
    await expect(create(passwordBytes('other'))).rejects.toMatchObject({ fault: { code: 'not_writable' } });
    expect((await unlockVault(path, password)).dataKey).toEqual(new Uint8Array(dataKey));
  });

  test('opens to no other password', async () => {
    await create();
    for (const other of ['', 'correct hors', 'correct horse ', 'Correct horse', 'correct horse\0'])
      await expect(unlockVault(path, passwordBytes(other))).rejects.toMatchObject(wrong);
    await expect(unlockVault(join(folder.outside, 'none'), password)).rejects.toMatchObject({
      fault: { code: 'not_writable' },
    });
  });

  test('takes one password for the same letters of different keyboards', () => {
    expect(passwordBytes('p\u00e4ss')).toEqual(passwordBytes('pa\u0308ss'));
  });

  test('a change of password shuts out the old one, keeps the secrets, may change the cost, and needs the old one', async () => {
    const { dataKey } = await create();
    const next = passwordBytes('battery staple');
    await expect(
      changePassword(path, { oldPassword: next, newPassword: next, random: randomBytes }),
    ).rejects.toMatchObject(wrong);
    const kdf = { memoryKiB: 128, iterations: 2 };
    await changePassword(path, { oldPassword: password, newPassword: next, random: randomBytes, kdf });
    await expect(unlockVault(path, password)).rejects.toMatchObject(wrong);
    expect(await unlockVault(path, next)).toMatchObject({ dataKey: new Uint8Array(dataKey), entropy, passphrase });
    expect(await vaultStatus(path)).toMatchObject({ kdf });
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  test('killed while it changes, it opens with one of the two', { timeout: 60_000 }, async () => {
    const passwords = [passwordBytes('one'), passwordBytes('two')];
    const { dataKey } = await create(passwords[0]);
    for (const changes of [1, 2, 5, 9]) {
      const child = startChild('change-password', [path]);
      await child.untilLines(changes);
      await child.kill();
      const opened = await Promise.allSettled(passwords.map((one) => unlockVault(path, one)));
      const keys = opened.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.dataKey] : []));
      expect(keys).toEqual([new Uint8Array(dataKey)]);
    }
  });

  test('a cost beyond the bounds is refused before anything is computed', async () => {
    await create();
    const vault = decodeVault(new Uint8Array(readFileSync(path)));
    for (const change of [
      { memoryKiB: 1024 * 1024 + 1 },
      { memoryKiB: 0xffff_ffff },
      { memoryKiB: 0 },
      { iterations: 0 },
      { iterations: 11 },
      { parallelism: 2 },
      { kind: 0 },
      { kind: 2 },
    ]) {
      writeFileSync(path, encodeVault({ ...vault, kdf: { ...vault.kdf, ...change } }));
      await expect(unlockVault(path, password)).rejects.toMatchObject(wrong);
    }
    expect(() => newKdfHeader({ memoryKiB: 1, iterations: 1 }, randomBytes)).toThrow(RangeError);
  });

  test('of a newer program is told from a damaged one', async () => {
    await create();
    const file = readFileSync(path);
    file[7] = 2;
    writeFileSync(path, file);
    await expect(unlockVault(path, password)).rejects.toMatchObject({
      fault: { code: 'newer_version', expected: 1, actual: 2 },
    });
  });
});

test('every flipped bit, cut or added byte of the vault gives the one generic error', () => {
  const passwordKey = randomBytes(32);
  const secrets = { dataKey: randomBytes(32), entropy, passphrase };
  const kdf = newKdfHeader(cheap, randomBytes);
  const file = encodeVault(
    sealVault({ network: 'bitcoin', birthdayHeight: 1, secrets, kdf, passwordKey, random: randomBytes }),
  );
  const openWith = (bytes: Uint8Array) => openVault(decodeVault(bytes), passwordKey);
  expect(openWith(file).entropy).toEqual(entropy);
  const versionAt = 7;
  for (let bit = 0; bit < file.length * 8; bit++) {
    const flipped = file.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const message = bit >> 3 === versionAt && flipped[versionAt]! > 1 ? 'newer_version' : 'wrong_password';
    expect(() => openWith(flipped)).toThrow(message);
  }
  for (let length = 0; length < file.length; length++)
    expect(() => openWith(file.subarray(0, length))).toThrow('wrong_password');
  expect(() => openWith(new Uint8Array([...file, 0]))).toThrow('wrong_password');
});

describe('key derivation', () => {
  test('is the Argon2id of OpenSSL', async () => {
    for (const { memoryKiB, iterations } of [
      { memoryKiB: 64, iterations: 2 },
      { memoryKiB: 1000, iterations: 3 },
      KDF_FLOOR,
    ]) {
      const [message, nonce] = [utf8('password'), utf8('somesaltsomesalt')];
      const key = await deriveKey({ password: message, salt: nonce, memoryKiB, iterations });
      const expected = argon2Sync('argon2id', {
        message,
        nonce,
        parallelism: 1,
        tagLength: 32,
        memory: memoryKiB,
        passes: iterations,
      });
      expect(toHex(key)).toBe(toHex(expected));
      expect(message).toEqual(utf8('password'));
    }
  });

  test('is calibrated towards a second, between the floor and twice the default', () => {
    expect(nextKdfCost(DEFAULT_KDF, 1000)).toBeUndefined();
    expect(nextKdfCost(DEFAULT_KDF, 1500)).toBeUndefined();
    expect(nextKdfCost(DEFAULT_KDF, 2000)).toEqual({ memoryKiB: 128 * 1024, iterations: 3 });
    expect(nextKdfCost(DEFAULT_KDF, 60_000)).toEqual(KDF_FLOOR);
    expect(nextKdfCost(DEFAULT_KDF, 100)).toEqual({ memoryKiB: 512 * 1024, iterations: 3 });
    expect(nextKdfCost(KDF_FLOOR, 60_000)).toBeUndefined();
  });
});
