import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASE_NAME } from '../../../core/io/sqlite/open.ts';
import { decodeNote, encodeNote, fenceKeys, judgeFence } from '../../../core/store/fence.ts';
import type { StoreBatch } from '../../../core/store/port.ts';
import { startChild } from './child.ts';
import { DATA_KEY, type TestFolder, openTestStore, testFolder } from './folder.ts';

const keys = fenceKeys(DATA_KEY);
const change: StoreBatch = { records: [{ table: 'setting', key: 'k', value: new Uint8Array([1]) }] };

describe('judgement', () => {
  test.each([
    { name: 'new', inside: 0, staleMark: undefined, outside: [], kind: 'ok' },
    { name: 'as it was left', inside: 5, staleMark: undefined, outside: [5, 5], kind: 'ok' },
    { name: 'notes lag after a crash', inside: 9, staleMark: undefined, outside: [5, 7], kind: 'ok' },
    { name: 'notes lost', inside: 9, staleMark: undefined, outside: [], kind: 'ok' },
    { name: 'one note ahead', inside: 5, staleMark: undefined, outside: [5, 6], kind: 'stale' },
    { name: 'database gone', inside: 0, staleMark: undefined, outside: [6], kind: 'stale' },
    { name: 'found stale before, overtaken since', inside: 90, staleMark: 6, outside: [6], kind: 'stale' },
  ])('$name: $kind', ({ kind, ...facts }) => {
    expect(judgeFence(facts).kind).toBe(kind);
  });
});

describe('note', () => {
  test('is read back by the same wallet only, and only unchanged', () => {
    const note = encodeNote(keys, 1234);
    expect(decodeNote(keys, note)).toBe(1234);
    expect(decodeNote(fenceKeys(new Uint8Array(32)), note)).toBeUndefined();
    for (let at = 0; at < note.length; at++) {
      const changed = note.slice(0, at) + (note[at] === '1' ? '2' : '1') + note.slice(at + 1);
      expect(decodeNote(keys, changed)).toBeUndefined();
      expect(decodeNote(keys, note.slice(0, at))).toBeUndefined();
    }
  });
});

describe('fence', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder.remove());

  const outsideNote = (): string => join(folder.outside, `sferic-epoch-${keys.walletId}`);
  const keep = (name: string): string => join(folder.outside, name);
  const copy = (from: string, to: string): void => cpSync(from, to, { recursive: true, force: true });

  async function session(commits: number, data = folder): Promise<string> {
    const { store, fence } = await openTestStore(data);
    for (let i = 0; i < commits; i++) await store.commit(change);
    await store.close();
    return fence.kind;
  }
  const reopenKind = (): Promise<string> => session(0);

  test('is quiet through honest starts and stops', async () => {
    for (const commits of [3, 0, 1, 0, 0]) expect(await session(commits)).toBe('ok');
  });

  test.each([0, 1, 2, 3, 5])('finds a restored database, %i commits older', async (commits) => {
    await session(3);
    copy(folder.path(DATABASE_NAME), keep('older.db'));
    await session(commits);
    copy(keep('older.db'), folder.path(DATABASE_NAME));
    expect(await reopenKind()).toBe('stale');
  });

  test('finds a restored data folder by the note outside it', async () => {
    await session(3);
    copy(folder.data, keep('older'));
    await session(1);
    rmSync(folder.data, { recursive: true });
    copy(keep('older'), folder.data);
    expect(await reopenKind()).toBe('stale');
  });

  test('without a note outside, a restored data folder goes unnoticed here: that is left to the peers', async () => {
    await session(3);
    copy(folder.data, keep('older'));
    await session(1);
    rmSync(folder.data, { recursive: true });
    copy(keep('older'), folder.data);
    rmSync(outsideNote());
    expect(await reopenKind()).toBe('ok');
  });

  test('finds that the database was deleted, or its last commits with the -wal file', async () => {
    const child = startChild('commit-forever', [folder.data, folder.outside]);
    await child.untilLines(50);
    await child.kill();
    expect(existsSync(folder.path(`${DATABASE_NAME}-wal`))).toBe(true);
    copy(folder.data, keep('killed'));
    rmSync(folder.path(`${DATABASE_NAME}-wal`));
    expect(await reopenKind().catch((error: unknown) => (error as Error).message)).toBe('stale');
    rmSync(folder.data, { recursive: true });
    copy(keep('killed'), folder.data);
    rmSync(folder.path(DATABASE_NAME));
    rmSync(folder.path(`${DATABASE_NAME}-wal`));
    expect(await reopenKind()).toBe('stale');
  });

  test('is quiet after a crash between the commit and any of the notes', async () => {
    await session(2);
    copy(folder.path('epoch'), keep('epoch.before'));
    copy(outsideNote(), keep('outside.before'));
    await session(2);
    copy(folder.path('epoch'), keep('epoch.after'));
    copy(outsideNote(), keep('outside.after'));
    copy(folder.path(DATABASE_NAME), keep('after.db'));
    const torn = readFileSync(keep('epoch.after')).subarray(0, 20);
    // Either note may be the old one or the new one, lost, torn (of a disk that lies), or beside an unfinished file.
    const states = ['before', 'after', 'missing', 'torn', 'unfinished'];
    const lay = (path: string, kept: string, state: string): void => {
      rmSync(path, { force: true });
      if (state === 'torn') writeFileSync(path, torn);
      else if (state === 'unfinished') (copy(keep(`${kept}.before`), path), writeFileSync(`${path}.new`, torn));
      else if (state !== 'missing') copy(keep(`${kept}.${state}`), path);
    };
    for (const inner of states)
      for (const outer of states) {
        copy(keep('after.db'), folder.path(DATABASE_NAME));
        lay(folder.path('epoch'), 'epoch', inner);
        lay(outsideNote(), 'outside', outer);
        expect([inner, outer, await reopenKind()]).toEqual([inner, outer, 'ok']);
      }
  });

  test('a stale database works, stays stale however much it does, and leaves the notes alone until it is accepted', async () => {
    await session(2);
    copy(folder.path(DATABASE_NAME), keep('older.db'));
    await session(3);
    copy(keep('older.db'), folder.path(DATABASE_NAME));
    const notes = [readFileSync(folder.path('epoch'), 'utf8'), readFileSync(outsideNote(), 'utf8')];
    expect(await session(20)).toBe('stale');
    expect(await session(20)).toBe('stale');
    expect([readFileSync(folder.path('epoch'), 'utf8'), readFileSync(outsideNote(), 'utf8')]).toEqual(notes);
    const { store, fence, acceptStale } = await openTestStore(folder);
    expect(fence.kind).toBe('stale');
    await Promise.all([store.commit(change), acceptStale(), store.commit(change)]);
    await store.close();
    expect(await session(1)).toBe('ok');
    // The copy that was overtaken by this decision is now the stale one.
    copy(keep('older.db'), folder.path(DATABASE_NAME));
    expect(await reopenKind()).toBe('stale');
  });

  test('of two copies that run at once one is frozen', async () => {
    await session(1);
    const double: TestFolder = { ...folder, data: join(folder.outside, 'double') };
    const first = await openTestStore(folder, { fenceIntervalMs: 0 });
    copy(folder.data, double.data);
    expect(await session(5, double)).toBe('ok');
    const outcomes: string[] = [];
    // The note follows a commit within the interval: the store freezes when it meets the other's.
    while (outcomes.at(-1) !== 'stale_copy' && outcomes.length < 10_000)
      outcomes.push(
        await first.store.commit(change).then(
          () => 'ok',
          (error: unknown) => (error as Error).message,
        ),
      );
    expect(outcomes.at(-1)).toBe('stale_copy');
    await first.store.close();
  });

  test('a copy whose commits went elsewhere is stale at its next start', async () => {
    await session(1);
    const double: TestFolder = { ...folder, data: join(folder.outside, 'double') };
    copy(folder.data, double.data);
    expect(await session(2, double)).toBe('ok');
    expect(await reopenKind()).toBe('stale');
  });
});
