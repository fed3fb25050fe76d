import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PRIVATE_FILE } from './files.ts';

export interface LogFile {
  /** Queues one line, without its end; it is on disk soon. */
  readonly write: (line: string) => void;
  /** Writes what is queued now: before an exit. */
  readonly flush: () => void;
  readonly close: () => void;
}

export interface LogFileOptions {
  readonly path: string;
  readonly maxBytes?: number;
  /** With the one being written. */
  readonly files?: number;
}

/** Lines wait this long at most, so that a busy node makes one system call for many of them. */
const GATHER_MS = 50;
/** More than this waiting is written at once. */
const GATHER_BYTES = 64 * 1024;

const numbered = (path: string, number: number): string => (number === 0 ? path : path.replace(/(\.\w+)?$/u, `.${number}$1`));

/**
 * Text lines in `path` (mode 0600, folder 0700); at `maxBytes` it becomes `name.1.log`, that one `name.2.log`, and the
 * oldest goes. A disk that is full or gone loses lines, never the program: how many is said when it works again.
 * Throws only when the file cannot be opened at the start.
 */
export function openLogFile({ path, maxBytes = 5 * 1024 * 1024, files = 5 }: LogFileOptions): LogFile {
  // Undefined between the files and after a failure: a number that is closed may be another file's by now.
  let file: OpenFile | undefined = open(path);
  let queue: string[] = [];
  let queuedBytes = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const release = (): void => {
    const { fd } = file ?? {};
    file = undefined;
    if (fd !== undefined) closeSync(fd);
  };
  const rotate = (): OpenFile => {
    release();
    rmSync(numbered(path, files - 1), { force: true });
    for (let number = files - 2; number >= 0; number--) renameIfAny(numbered(path, number), numbered(path, number + 1));
    return open(path);
  };
  const append = (lines: readonly string[]): void => {
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    file ??= open(path);
    if (file.size > 0 && file.size + bytes.length > maxBytes) file = rotate();
    let written = 0;
    while (written < bytes.length) written += writeSync(file.fd, bytes, written);
    file = { fd: file.fd, size: file.size + bytes.length };
  };
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (queue.length === 0) return;
    const lines = lost > 0 ? [`(${lost} lines were lost: the log could not be written)`, ...queue] : queue;
    const count = queue.length;
    queue = [];
    queuedBytes = 0;
    try {
      append(lines);
      lost = 0;
    } catch {
      lost += count;
    }
  };

  return {
    write: (line) => {
      if (isClosed) return;
      queue.push(line.replaceAll(/[\r\n]+/gu, ' '));
      queuedBytes += line.length;
      if (queuedBytes >= GATHER_BYTES) return flush();
      timer ??= setTimeout(flush, GATHER_MS).unref();
    },
    flush,
    close: () => {
      if (isClosed) return;
      flush();
      isClosed = true;
      release();
    },
  };
}

interface OpenFile {
  readonly fd: number;
  readonly size: number;
}

function open(path: string): OpenFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // A link in place of the log would have us write into another file. Windows has no such flag.
  const noFollow = constants.O_NOFOLLOW ?? 0;
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow, PRIVATE_FILE);
  if (process.platform !== 'win32') fchmodSync(fd, PRIVATE_FILE);
  return { fd, size: fstatSync(fd).size };
}

function renameIfAny(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
