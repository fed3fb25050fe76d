import { join } from 'node:path';
import { ensurePrivateFile, preparePrivateFolder } from './files.ts';
import { connect } from './sqlite/connection.ts';

export interface FolderLock {
  /** The data folder's real path. */
  readonly folder: string;
  readonly release: () => Promise<void>;
}

/**
 * One running wallet per data folder. The file `lock` is an empty SQLite database in which an exclusive transaction
 * stays open: that is a lock of the operating system on the file itself (fcntl, LockFileEx), which ends with the
 * process however it ends. So there is no stale lock to find, no process number to compare, and links to the folder
 * meet the same lock. Inside one process SQLite keeps the locks apart by itself. Nothing else may open this file: on
 * POSIX systems closing it would drop the lock. A held lock is refused after SQLite's one second of waiting, which
 * lets one of two that start together win.
 *
 * Creates the folder (0700). Throws StoreError `in_use`, `not_writable`, `disk_full`.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const folder = await preparePrivateFolder(path);
  const file = join(folder, 'lock');
  await ensurePrivateFile(file);
  const connection = await connect(file);
  let closing: Promise<void> | undefined;
  const release = (): Promise<void> => (closing ??= connection.close());
  try {
    await connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    await release();
    throw error;
  }
  return { folder, release };
}
