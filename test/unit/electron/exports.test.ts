import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeBackup } from '../../../electron/exports.ts';
import type { Reply } from '../../../electron/ipc.ts';

const REFUSED: Reply = { ok: false, error: { code: 'bad_request', message: 'damaged' } };
let folder: string;
let asked: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sferic-exports-'));
  asked = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const engine =
  (answers: Readonly<Record<string, Reply>>) =>
  async (method: string, params: unknown): Promise<Reply> => {
    asked.push(method);
    if (method === 'backup.drill') expect(params).toEqual({ file: 'c2VhbGVk' });
    return answers[method] ?? REFUSED;
  };
const made: Reply = { ok: true, value: { file: 'c2VhbGVk', channels: 1, madeAtMs: 7 } };
const opens: Reply = { ok: true, value: { madeAtMs: 7, channels: [], missing: [] } };

test('a backup file is written for its owner only, read again and opened', async () => {
  const path = join(folder, 'a.backup');
  expect(await writeBackup(engine({ 'backup.run': made, 'backup.drill': opens }), path)).toBe(7);
  expect(asked).toEqual(['backup.run', 'backup.drill']);
  expect(readFileSync(path, 'utf8').trim()).toBe('c2VhbGVk');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['a.backup']);
});

test('one that does not open is no success', async () => {
  await expect(writeBackup(engine({ 'backup.run': made }), join(folder, 'a.backup'))).rejects.toMatchObject({ code: 'bad_request' });
});

test('where nothing can be written no file counts', async () => {
  expect(await writeBackup(engine({ 'backup.run': made, 'backup.drill': opens }), join(folder, 'none', 'a.backup'))).toBeUndefined();
  expect(asked).toEqual(['backup.run']);
});

test('when the new one cannot be written an older file stays, and none counts that was not written', async () => {
  const path = join(folder, 'a.backup');
  writeFileSync(path, 'older');
  mkdirSync(`${path}.new`);
  expect(await writeBackup(engine({ 'backup.run': made, 'backup.drill': opens }), path)).toBeUndefined();
  expect([asked, readFileSync(path, 'utf8')]).toEqual([['backup.run'], 'older']);
});

test('an older file stays whole when the engine makes none, or when a folder is in the way', async () => {
  const path = join(folder, 'a.backup');
  writeFileSync(path, 'older');
  await expect(writeBackup(engine({}), path)).rejects.toMatchObject({ code: 'bad_request' });
  expect(readFileSync(path, 'utf8')).toBe('older');
  const taken = join(folder, 'b.backup');
  mkdirSync(taken);
  expect(await writeBackup(engine({ 'backup.run': made, 'backup.drill': opens }), taken)).toBeUndefined();
  expect(existsSync(`${taken}.new`)).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(['a.backup', 'b.backup']);
});
