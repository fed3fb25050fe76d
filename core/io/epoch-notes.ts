import { join } from 'node:path';
import { type FenceKeys, decodeNote, encodeNote } from '../store/fence.ts';
import { fromUtf8, utf8 } from '../lib/bytes.ts';
import { readFileIfAny, writeFileAtomic } from './files.ts';

interface EpochNotesOptions {
  readonly dataFolder: string;
  /** Folders elsewhere, such as the system's configuration folder: a note there survives a restored data folder. */
  readonly otherFolders: readonly string[];
  readonly keys: FenceKeys;
  /** How far the notes may lag behind the database. */
  readonly intervalMs: number;
  /** A note has become newer than what was written here: another copy of this wallet runs. */
  readonly onDoubled: (outside: number) => void;
  readonly onWarning: (text: string) => void;
}

/** The epoch outside the database (core/store/fence.ts). */
export interface EpochNotes {
  /** Of the notes that are there and genuine. */
  readonly read: () => Promise<readonly number[]>;
  /** From now on the notes follow; resolves once they stand at `epoch`, which must be durable. */
  readonly start: (epoch: number) => Promise<void>;
  /** `epoch` is durable now: will be noted within the interval. Never delays a commit. */
  readonly follow: (epoch: number) => void;
  /** Writes what is left and stops. */
  readonly stop: () => Promise<void>;
}

export function createEpochNotes(options: EpochNotesOptions): EpochNotes {
  const { keys } = options;
  const paths = [
    join(options.dataFolder, 'epoch'),
    ...options.otherFolders.map((folder) => join(folder, `sferic-epoch-${keys.walletId}`)),
  ];
  let isFollowing = false;
  let latest = 0;
  let noted = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  async function readNote(path: string): Promise<number | undefined> {
    const file = await readFileIfAny(path).catch(() => undefined);
    return file && decodeNote(keys, fromUtf8(file));
  }

  const read = async (): Promise<readonly number[]> =>
    (await Promise.all(paths.map(readNote))).filter((epoch) => epoch !== undefined);

  async function writeNote(path: string, epoch: number): Promise<void> {
    try {
      await writeFileAtomic(path, utf8(encodeNote(keys, epoch)));
    } catch (error) {
      // The next one tries again. A note that stays behind is sound, only less watchful.
      options.onWarning(`the epoch note could not be written: ${(error as Error).message}`);
    }
  }

  async function writeAll(): Promise<void> {
    const outside = Math.max(0, ...(await read()));
    if (outside > noted) {
      isFollowing = false;
      options.onDoubled(outside);
      return;
    }
    const epoch = latest;
    for (const path of paths) await writeNote(path, epoch);
    noted = epoch;
  }

  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = undefined;
    writing = writing.then(() => (isFollowing && latest > noted ? writeAll() : undefined));
    return writing;
  }

  return {
    read,
    start: (epoch) => {
      isFollowing = true;
      latest = epoch;
      noted = epoch - 1;
      return flush();
    },
    follow: (epoch) => {
      latest = epoch;
      if (!isFollowing || timer) return;
      timer = setTimeout(() => void flush(), options.intervalMs);
      timer.unref();
    },
    stop: async () => {
      await flush();
      isFollowing = false;
    },
  };
}
