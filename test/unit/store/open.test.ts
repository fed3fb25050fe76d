import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect } from '../../../core/io/sqlite/connection.ts';
import { DATABASE_NAME, RESERVE_NAME, openStore } from '../../../core/io/sqlite/open.ts';
import { StoreError } from '../../../core/store/port.ts';
import { startChild } from './child.ts';
import { DATA_KEY, type TestFolder, openTestStore, testFolder } from './folder.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const openAt = (path: string): Promise<unknown> =>
  openStore({ folder: path, dataKey: DATA_KEY, random: randomBytes, reserveBytes: 4096 });
const setting = (key: string, value = new Uint8Array([1])) =>
  ({ records: [{ table: 'setting', key, value }] }) as const;

describe('a second instance', () => {
  test('in this process and in another one is refused, whatever the path; and free again after a kill', async () => {
    const { store } = await openTestStore(folder);
    await expect(openAt(folder.data)).rejects.toMatchObject({ fault: { code: 'in_use' } });
    symlinkSync(folder.data, join(folder.outside, 'link'));
    await expect(openAt(join(folder.outside, 'link'))).rejects.toThrow('in_use');
    await store.commit(setting('a'));
    await store.close();
    const child = startChild('commit-forever', [folder.data, folder.outside]);
    await child.untilLines(1);
    await expect(openAt(folder.data)).rejects.toThrow('in_use');
    await child.kill();
    const again = await openTestStore(folder);
    await again.store.close();
  });
});

describe('what cannot be opened says why', () => {
  test('a file in place of the folder, and above it', async () => {
    const file = join(folder.outside, 'file');
    writeFileSync(file, 'text');
    await expect(openAt(file)).rejects.toMatchObject({
      fault: { code: 'not_writable', reason: `${file}: there is a file where the folder should be` },
    });
    await expect(openAt(join(file, 'data'))).rejects.toMatchObject({
      fault: { code: 'not_writable', reason: expect.stringContaining('is a file, not a folder') },
    });
    expect(readFileSync(file, 'utf8')).toBe('text');
  });

  test('a folder in place of the database', async () => {
    mkdirSync(folder.path(DATABASE_NAME), { recursive: true });
    await expect(openAt(folder.data)).rejects.toMatchObject({
      fault: { code: 'not_writable', reason: expect.stringContaining('a folder where the file should be') },
    });
  });

  test.skipIf(process.platform !== 'linux')('a place where nobody may create anything', async () => {
    await expect(openAt('/proc/sferic')).rejects.toMatchObject({ fault: { code: 'not_writable' } });
  });

  test("no database, another program's database, another wallet's database", async () => {
    mkdirSync(folder.data);
    writeFileSync(folder.path(DATABASE_NAME), randomBytes(8192));
    await expect(openAt(folder.data)).rejects.toMatchObject({ fault: { code: 'corrupt_database' } });
    rmSync(folder.path(DATABASE_NAME));
    writeFileSync(folder.path(DATABASE_NAME), '');
    const connection = await connect(folder.path(DATABASE_NAME));
    await connection.exec('CREATE TABLE foreign_table (a)');
    await connection.close();
    await expect(openAt(folder.data)).rejects.toMatchObject({
      fault: { code: 'corrupt_database', reason: expect.stringContaining('another program') },
    });
    rmSync(folder.path(DATABASE_NAME));
    await (await openTestStore(folder)).store.close();
    await expect(openTestStore(folder, { dataKey: new Uint8Array(32) })).rejects.toMatchObject({
      fault: { code: 'corrupt_database', reason: 'the database does not belong to this vault' },
    });
    // A refused opening holds nothing.
    await (await openTestStore(folder)).store.close();
  });
});

describe('a full disk', () => {
  test('in the middle of a transaction of many statements leaves nothing of it, and gives up the reserve', async () => {
    const { store, reserve } = await openTestStore(folder, { maxPageCount: 100 });
    expect(reserve).toBe('held');
    expect(statSync(folder.path(RESERVE_NAME)).size).toBe(64 * 1024);
    await store.commit(setting('before'));
    const many = Array.from(
      { length: 5000 },
      (_, i) => ({ table: 'setting', key: `n${i}`, value: new Uint8Array(100) }) as const,
    );
    const [failed, behind, read] = await Promise.allSettled([
      store.commit({ records: many }),
      store.commit(setting('behind')),
      store.list('setting'),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { fault: { code: 'disk_full' } } });
    expect(behind).toMatchObject({ status: 'rejected', reason: { fault: { code: 'disk_full' } } });
    expect(read).toMatchObject({ status: 'fulfilled', value: [{ key: 'before' }] });
    expect((await store.list('setting')).map(({ key }) => key)).toEqual(['before']);
    expect(existsSync(folder.path(RESERVE_NAME))).toBe(false);
    await store.close();
    const again = await openTestStore(folder);
    expect(again).toMatchObject({ fence: { kind: 'ok' }, reserve: 'held' });
    expect((await again.store.list('setting')).map(({ key }) => key)).toEqual(['before']);
    await again.store.close();
  });

  test('shows no reader a part of a large transaction', async () => {
    const { store } = await openTestStore(folder);
    const many = Array.from(
      { length: 5000 },
      (_, i) => ({ table: 'setting', key: `n${i}`, value: new Uint8Array(10) }) as const,
    );
    const commit = store.commit({ records: many });
    const counts = new Set<number>();
    const onDone = vi.fn<() => void>();
    void commit.then(onDone);
    while (onDone.mock.calls.length === 0) counts.add(await store.count('setting'));
    await store.close();
    expect([...counts].every((count) => count === 0 || count === 5000)).toBe(true);
  });
});

describe('damage to the files', () => {
  test('is refused or changes nothing: bytes flipped anywhere in the database', { timeout: 60_000 }, async () => {
    const { store } = await openTestStore(folder);
    const values = Array.from({ length: 60 }, (_, i) => new Uint8Array(300).fill(i));
    await store.commit({ records: values.map((value, i) => ({ table: 'setting', key: `n${i}`, value })) });
    await store.close();
    const intact = readFileSync(folder.path(DATABASE_NAME));
    const verdicts = { refused: 0, unchanged: 0, garbled: 0, crashed: 0 };
    for (let round = 0; round < 80; round++) {
      const damaged = Buffer.from(intact);
      damaged[(round * 7919 + 13) % damaged.length]! ^= 1 << (round & 7);
      writeFileSync(folder.path(DATABASE_NAME), damaged);
      rmSync(folder.path('epoch'), { force: true });
      rmSync(folder.path(`${DATABASE_NAME}-wal`), { force: true });
      const verdict = await readAll().then(
        (read) => (isDeepStrictEqual(read, values) ? 'unchanged' : 'garbled'),
        (error: unknown) => (error instanceof StoreError ? 'refused' : 'crashed'),
      );
      verdicts[verdict]++;
    }
    expect(verdicts).toMatchObject({ garbled: 0, crashed: 0 });
    expect(verdicts.refused).toBeGreaterThan(20);

    async function readAll(): Promise<readonly (Uint8Array | undefined)[]> {
      const opened = await openTestStore(folder, { fenceFolders: [] });
      try {
        return await Promise.all(values.map((_, i) => opened.store.get('setting', `n${i}`)));
      } finally {
        await opened.store.close();
      }
    }
  });

  test('in the -wal file cuts it off there, and the fence sees that commits are gone', async () => {
    const child = startChild('commit-forever', [folder.data, folder.outside]);
    await child.untilLines(40);
    await child.kill();
    const wal = folder.path(`${DATABASE_NAME}-wal`);
    const bytes = readFileSync(wal);
    bytes[32 + 24 + 100]! ^= 1;
    writeFileSync(wal, bytes);
    const outcome = await openTestStore(folder).then(
      async ({ store, fence }) => {
        await store.close();
        return fence.kind;
      },
      (error: unknown) => (error instanceof StoreError ? 'refused' : 'crashed'),
    );
    expect(['stale', 'refused']).toContain(outcome);
  });
});

describe.skipIf(process.platform === 'win32')('files', () => {
  test('are for their owner alone, whatever the umask and whatever they were before', async () => {
    const umask = process.umask(0);
    try {
      mkdirSync(folder.data, { mode: 0o777 });
      writeFileSync(folder.path(DATABASE_NAME), '', { mode: 0o666 });
      const { store } = await openTestStore(folder);
      await store.commit(setting('a'));
      const modes = readdirSync(folder.data).map((name) => [
        name,
        (statSync(folder.path(name)).mode & 0o777).toString(8),
      ]);
      expect(Object.fromEntries(modes)).toEqual({
        'sferic.db': '600',
        'sferic.db-wal': '600',
        epoch: '600',
        reserve: '600',
      });
      expect((statSync(folder.data).mode & 0o777).toString(8)).toBe('700');
      await store.close();
    } finally {
      process.umask(umask);
    }
  });
});

test('a copy of the main file alone, taken while the wallet runs, is stale', async () => {
  const child = startChild('commit-forever', [folder.data, folder.outside]);
  await child.untilLines(100);
  const copy = join(folder.outside, 'copy.db');
  cpSync(folder.path(DATABASE_NAME), copy);
  await child.untilLines(200);
  await child.kill();
  rmSync(folder.path(`${DATABASE_NAME}-wal`));
  cpSync(copy, folder.path(DATABASE_NAME));
  const { store, fence } = await openTestStore(folder);
  await store.close();
  expect(fence.kind).toBe('stale');
});
