import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from './chain-options.ts';
import { readFileIfAny, writeFileAtomic } from './files.ts';

/** Blobs as files of one folder: what can be fetched again from the chain, so losing them costs time only. */
export const fileBlobs =
  (folder: string) =>
  (name: string): BlobStore => {
    const path = join(folder, `${name.replaceAll(/[^a-z0-9.-]/gi, '_')}.bin`);
    return {
      load: () => readFileIfAny(path),
      save: async (bytes) => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFileAtomic(path, bytes);
      },
    };
  };
