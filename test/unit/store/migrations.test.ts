import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../../core/io/sqlite/connection.ts';
import { MIGRATIONS } from '../../../core/io/sqlite/migrations.ts';
import { DATABASE_NAME } from '../../../core/io/sqlite/open.ts';
import type { Store } from '../../../core/store/port.ts';
import { startChild } from './child.ts';
import { type TestFolder, isPrivate, openTestStore, testFolder } from './folder.ts';
import { STATEMENT_COUNT, migrationsOfTomorrow } from './migrations-of-tomorrow.ts';

/** Written by `write-fixture.ts` with the program of that version. */
const fixture = (version: number): string => fileURLToPath(new URL(`fixtures/version-${version}.db`, import.meta.url));

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
  mkdirSync(folder.data);
  copyFileSync(fixture(1), folder.path(DATABASE_NAME));
});
afterEach(() => folder.remove());

async function expectFixture(store: Store): Promise<void> {
  expect(await store.get('setting', 'language')).toEqual(new Uint8Array([1, 101, 110]));
  expect(await store.list('channel')).toEqual([{ key: '00000001', value: new Uint8Array([1, 2, 3]) }]);
  expect(await store.count('setting')).toBe(1);
  expect(await store.journal({})).toEqual([
    { sequence: 1, subject: 'channel:00000001', timeMs: 1_800_000_000_000, event: new Uint8Array([4]) },
  ]);
  expect(await store.ledger({})).toMatchObject([
    { sequence: 1, debit: 'channel:00000001', credit: 'chain', amountMsat: 5_000_000n, reason: 'open' },
  ]);
  expect(await store.balanceMsat('chain')).toBe(-5_000_000n);
}

async function versionOf(path: string): Promise<unknown> {
  const connection = await connect(path);
  const [row] = await connection.all('PRAGMA user_version');
  await connection.close();
  return row?.['user_version'];
}

describe('a database of version 1', () => {
  test('is read by the program of today', async () => {
    const { store } = await openTestStore(folder);
    await expectFixture(store);
    await store.commit({ records: [{ table: 'setting', key: 'new', value: new Uint8Array([1]) }] });
    await store.close();
    expect(existsSync(folder.path(`${DATABASE_NAME}.before-migration`))).toBe(false);
  });

  test('is brought to a later version, after a private copy of it as it was', async () => {
    const { store } = await openTestStore(folder, { migrations: migrationsOfTomorrow });
    expect(await store.journal({})).toHaveLength(1);
    expect(await store.count('setting')).toBe(0);
    await store.close();
    expect(await versionOf(folder.path(DATABASE_NAME))).toBe(2);
    const copy = folder.path(`${DATABASE_NAME}.before-migration`);
    expect(isPrivate(copy)).toBe(true);
    // The copy is a whole database of version 1; being older, it is stale for the fence.
    copyFileSync(copy, folder.path(DATABASE_NAME));
    const restored = await openTestStore(folder);
    await expectFixture(restored.store);
    expect(restored.fence.kind).toBe('stale');
    await restored.store.close();
  });

  test.each(Array.from({ length: STATEMENT_COUNT + 1 }, (_, at) => at))(
    'killed before statement %i of a migration, it is as before',
    async (at) => {
      const child = startChild('die-in-migration', [folder.data, folder.outside, String(at)]);
      await child.ended();
      expect([child.process.signalCode, child.lines]).toEqual(['SIGKILL', []]);
      const { store, fence } = await openTestStore(folder);
      expect(fence.kind).toBe('ok');
      await expectFixture(store);
      await store.close();
      expect(await versionOf(folder.path(DATABASE_NAME))).toBe(1);
      const later = await openTestStore(folder, { migrations: migrationsOfTomorrow });
      expect(await later.store.count('setting')).toBe(0);
      await later.store.close();
    },
  );

  test('of which a statement fails, it is as before and says so', async () => {
    const failing = [
      ...MIGRATIONS,
      {
        version: 2,
        reason: 'wrong',
        apply: async (c: Awaited<ReturnType<typeof connect>>) => {
          await c.exec('DELETE FROM records');
          await c.exec('NOT SQL');
        },
      },
    ];
    await expect(openTestStore(folder, { migrations: failing })).rejects.toMatchObject({
      fault: { code: 'write_failed', reason: expect.stringContaining('NOT') },
    });
    const { store } = await openTestStore(folder);
    await expectFixture(store);
    await store.close();
  });
});

test('a database of a newer program is refused and not touched', async () => {
  await (await openTestStore(folder, { migrations: migrationsOfTomorrow })).store.close();
  const before = readFileSync(folder.path(DATABASE_NAME));
  await expect(openTestStore(folder)).rejects.toMatchObject({
    fault: { code: 'newer_version', expected: 1, actual: 2 },
  });
  expect(readFileSync(folder.path(DATABASE_NAME)).equals(before)).toBe(true);
  await (await openTestStore(folder, { migrations: migrationsOfTomorrow })).store.close();
});
