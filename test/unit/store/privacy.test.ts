import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changePassword, createVault, unlockVault } from '../../../core/io/vault-file.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { passwordBytes } from '../../../core/store/vault.ts';
import { type TestFolder, openTestStore, testFolder } from './folder.ts';
import { migrationsOfTomorrow } from './migrations-of-tomorrow.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const digest = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());
const entropy = digest('entropy').subarray(0, 16);
const preimage = digest('preimage');
const memo = 'Two loaves of rye bread';
const passwords = ['the first password', 'the second password'];
const passphrase = 'thirteenth word';

/** Secrets as they would stand in a file: raw bytes, hex of either case, base64, UTF-16. */
function forms(secret: Uint8Array): readonly Buffer[] {
  const hex = toHex(secret);
  const base64 = Buffer.from(secret).toString('base64').slice(0, -4);
  return [
    Buffer.from(secret),
    Buffer.from(hex),
    Buffer.from(hex.toUpperCase()),
    Buffer.from(base64),
    Buffer.from(hex, 'utf16le'),
  ];
}

function filesUnder(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
}

test('no seed, key, preimage, memo, reason, amount or password stands in any file, in use or at rest', async () => {
  const vaultPath = join(folder.outside, 'vault');
  const kdf = { memoryKiB: 64, iterations: 1 };
  const [first, second] = [passwordBytes(passwords[0]!), passwordBytes(passwords[1]!)];
  await createVault(vaultPath, {
    password: first,
    mnemonicEntropy: entropy,
    passphrase: utf8(passphrase),
    network: 'bitcoin',
    birthdayHeight: 1,
    random: randomBytes,
    kdf,
  });
  await changePassword(vaultPath, { oldPassword: first, newPassword: second, random: randomBytes });
  const { dataKey } = await unlockVault(vaultPath, second);
  const needles = [
    entropy,
    preimage,
    dataKey,
    utf8(memo),
    utf8(passphrase),
    ...passwords.map(utf8),
    utf8('a reason of my own'),
    utf8('987654321987'),
  ];
  const found = (): readonly string[] =>
    filesUnder(folder.outside).filter((path) => {
      const content = readFileSync(path);
      return needles.flatMap(forms).some((form) => content.includes(form));
    });

  const { store } = await openTestStore(folder, { dataKey });
  for (let round = 0; round < 50; round++)
    await store.commit({
      records: [
        { table: 'incomingPayment', key: `${round}`, value: preimage },
        { table: 'setting', key: `${round % 3}`, value: round % 5 ? utf8(memo) : undefined },
      ],
      journal: [{ subject: 'payment', timeMs: round, event: utf8(memo) }],
      ledger: [
        {
          timeMs: round,
          debit: 'a',
          credit: 'b',
          amountMsat: 987_654_321_987n,
          reason: 'a reason of my own',
          reference: toHex(preimage),
        },
      ],
    });
  expect(
    filesUnder(folder.data)
      .map((path) => path.slice(folder.data.length + 1))
      .toSorted(),
  ).toEqual(['epoch', 'reserve', 'sferic.db', 'sferic.db-wal']);
  expect(found()).toEqual([]);
  await store.close();
  const later = await openTestStore(folder, { dataKey, migrations: migrationsOfTomorrow });
  expect(found()).toEqual([]);
  await later.store.close();
  expect(found()).toEqual([]);
});
