import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenStoreOptions, type OpenedStore, openStore } from '../../../core/io/sqlite/open.ts';

/** A temporary data folder, and another one outside it for the copy of the epoch. */
export interface TestFolder {
  readonly data: string;
  readonly outside: string;
  readonly path: (name: string) => string;
  readonly onRemove: (task: () => Promise<unknown>) => void;
  readonly remove: () => Promise<void>;
}

export function testFolder(): TestFolder {
  const root = mkdtempSync(join(tmpdir(), 'sferic-store-'));
  const tasks: (() => Promise<unknown>)[] = [];
  return {
    data: join(root, 'data'),
    outside: root,
    path: (name) => join(root, 'data', name),
    onRemove: (task) => void tasks.push(task),
    remove: async () => {
      for (const task of tasks) await task();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Mode 0600; Windows knows no modes. */
export const isPrivate = (path: string): boolean =>
  process.platform === 'win32' || (statSync(path).mode & 0o777) === 0o600;

/** The same for every test and child process. */
export const DATA_KEY = new Uint8Array(createHash('sha256').update('data key of the store tests').digest());

export const openTestStore = (folder: TestFolder, options: Partial<OpenStoreOptions> = {}): Promise<OpenedStore> =>
  openStore({
    folder: folder.data,
    dataKey: DATA_KEY,
    random: randomBytes,
    fenceFolders: [folder.outside],
    reserveBytes: 64 * 1024,
    ...options,
  });
