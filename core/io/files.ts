import {
  type FileHandle,
  access,
  chmod,
  constants,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  statfs,
} from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StoreError } from '../store/port.ts';

export const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

const CODES_IN_WORDS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission to write there',
  EPERM: 'the system does not permit writing there',
  EROFS: 'it is on a read-only disk',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'there is a file where the folder should be',
  ENOENT: 'the folder cannot be created there',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk reports an error',
};

const codeOf = (error: unknown): string => (error as { readonly code?: string } | undefined)?.code ?? '';

/** A file system's error as a fault of the store. */
export function fileFault(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StoreError({ code: 'disk_full' });
  const words = CODES_IN_WORDS[code];
  if (words) return new StoreError({ code: 'not_writable', reason: `${path}: ${words}` });
  return new StoreError({ code: 'write_failed', reason: `${path}: ${code || 'unknown error'}` });
}

/** Makes a rename, creation or removal in `folder` durable. Windows knows no such call: its journal does it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAndSync(handle: FileHandle, content: Uint8Array): Promise<void> {
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** After a crash at any point the old content or the new is there, whole. Mode 0600. Throws StoreError. */
export async function writeFileAtomic(path: string, content: Uint8Array): Promise<void> {
  const next = `${path}.new`;
  try {
    // A left-over of a crash may have another mode.
    await rm(next, { force: true });
    await writeAndSync(await open(next, 'wx', PRIVATE_FILE), content);
    await rename(next, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined);
    throw fileFault(path, error);
  }
}

/** A plain array, no Buffer. Undefined when there is no such file. Throws StoreError. */
export async function readFileIfAny(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw fileFault(path, error);
  }
}

/**
 * Creates an empty private file, so that whoever opens it later inherits its mode; one that exists is made private
 * without being opened: closing it would drop the locks that this process holds on it (POSIX).
 */
export async function ensurePrivateFile(path: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', PRIVATE_FILE).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await handle?.close();
    if ((await stat(path)).isDirectory())
      throw new StoreError({ code: 'not_writable', reason: `${path}: there is a folder where the file should be` });
    await chmod(path, PRIVATE_FILE);
  } catch (error) {
    throw fileFault(path, error);
  }
}

/** statfs types on Linux whose locks and syncs depend on another machine: NFS, SMB, CIFS, SMB2, AFS. */
const NETWORK_DRIVES: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f]);

async function isOnNetwork(path: string): Promise<boolean> {
  if (process.platform === 'win32') return path.startsWith('\\\\');
  return process.platform === 'linux' && NETWORK_DRIVES.has((await statfs(path)).type);
}

/** Not mkdir's own recursion, which turns in a circle for ever where a parent exists that takes no entries (/proc). */
async function makeFolder(path: string): Promise<void> {
  const attempt = (): Promise<string> =>
    mkdir(path, { mode: PRIVATE_FOLDER }).then(
      () => '',
      (error: unknown) => {
        if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return codeOf(error);
        throw error;
      },
    );
  if ((await attempt()) !== 'ENOENT') return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  if ((await attempt()) === 'ENOENT') throw Object.assign(new Error(), { code: 'ENOENT' });
}

/**
 * The data folder, created and private (0700), as its real path, so that links to it are one folder. Throws StoreError
 * `not_writable` with the reason in words, or `disk_full`.
 */
export async function preparePrivateFolder(path: string): Promise<string> {
  try {
    await makeFolder(resolve(path));
    const real = await realpath(path);
    if (!(await stat(real)).isDirectory()) throw Object.assign(new Error(), { code: 'EEXIST' });
    if (await isOnNetwork(real))
      throw new StoreError({
        code: 'not_writable',
        reason: `${path}: it is on a network drive, where two computers could use it`,
      });
    await chmod(real, PRIVATE_FOLDER);
    await access(real, constants.W_OK);
    return real;
  } catch (error) {
    throw fileFault(path, error);
  }
}

/** Bytes that an ordinary user may still write on the disk of `folder`. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Text of at most `most` characters of one byte each; throws RangeError for more, before it is read, and what node:fs throws. */
export async function readTextFile(path: string, most: number): Promise<string> {
  // A line break more than what was written, or what mail made of it.
  if ((await stat(path)).size > 2 * most) throw new RangeError('it is too large for what it should be');
  return (await readFile(path, 'utf8')).replaceAll(/\s+/gu, '');
}
