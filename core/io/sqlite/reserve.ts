import { randomBytes } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { PRIVATE_FILE, freeBytes } from '../files.ts';
import { dirname } from 'node:path';

/** 8 MB: some thousand commits, enough to store and publish what a dispute needs. */
export const DEFAULT_RESERVE_BYTES = 8 * 1024 * 1024;

export type ReserveStatus = 'held' | 'missing';

async function allocate(path: string, byteLength: number): Promise<void> {
  const handle = await open(path, 'w', PRIVATE_FILE);
  try {
    // Random, because disks that compress or leave out zeros would keep nothing free.
    const block = randomBytes(Math.min(byteLength, 1024 * 1024));
    for (let left = byteLength; left > 0; left -= block.length)
      await handle.write(block, 0, Math.min(left, block.length));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * A file that only occupies space, given up when the disk is full. It is made anew only where four times its size is
 * free: right after it was given up the space belongs to the database.
 */
export async function holdReserve(path: string, byteLength: number): Promise<ReserveStatus> {
  const size = await stat(path).then(
    (file) => file.size,
    () => -1,
  );
  if (size === byteLength) return 'held';
  try {
    if ((await freeBytes(dirname(path))) < 4 * byteLength) return 'missing';
    await allocate(path, byteLength);
    return 'held';
  } catch {
    await giveUpReserve(path);
    return 'missing';
  }
}

export const giveUpReserve = (path: string): Promise<void> => rm(path, { force: true }).catch(() => undefined);
