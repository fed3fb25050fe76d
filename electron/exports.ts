import { open, readFile, rename, rm } from 'node:fs/promises';
import type { Answer, ShellParams } from '../core/api.ts';
import { ApiFailure } from '../core/index.ts';
import type { Reply } from './ipc.ts';

/** What can be saved, piece by piece, as the engine gives it. */
const EXPORTS = {
  activity: { method: 'activity.export', params: { format: 'csv' } },
  labels: { method: 'activity.export', params: { format: 'bip329' } },
  evidence: { method: 'channel.evidence', params: {} },
} as const;

type Ask = (method: string, params: unknown) => Promise<Reply>;
type Wanted = Omit<ShellParams<'shell.saveExport'>, 'fileName' | 'what'> & { readonly what: keyof typeof EXPORTS };

async function valueFrom(reply: Promise<Reply>): Promise<unknown> {
  const got = await reply;
  if (got.ok) return got.value;
  throw new ApiFailure(got.error.code, got.error.message, got.error.data);
}

/** The pieces of an export, so that neither page nor main process ever holds all of it. Throws ApiFailure. */
export async function* piecesOf(ask: Ask, { what, ...of }: Wanted): AsyncIterable<string> {
  const { method, params } = EXPORTS[what];
  for (let after: string | undefined; ; ) {
    const piece = (await valueFrom(ask(method, { ...params, ...of, ...(after === undefined ? {} : { after }) }))) as { readonly text: string; readonly next?: string };
    yield piece.text;
    if (piece.next === undefined) return;
    after = piece.next;
  }
}

/**
 * Puts a fresh backup file of the channels where the person chose. An older file there is whole until the new one is: it is
 * written beside it, to the disk, and then takes its place. Last it is read again and has to open. When it was made, or
 * undefined: nothing could be written. Throws ApiFailure.
 */
export async function writeBackup(ask: Ask, path: string): Promise<number | undefined> {
  const part = `${path}.part`;
  const place = await open(part, 'w', 0o600).catch(() => undefined);
  if (!place) return undefined;
  try {
    const { file, madeAtMs } = (await valueFrom(ask('backup.run', {}))) as Answer<'backup.run'>;
    const write = async (): Promise<void> => {
      await place.writeFile(`${file}\n`);
      await place.sync();
      await place.close();
      await rename(part, path);
    };
    const isWritten = await write().then(() => true, () => false); // prettier-ignore
    if (!isWritten) return undefined;
    // Only now it counts.
    await valueFrom(ask('backup.drill', { file: (await readFile(path, 'utf8')).trim() }));
    return madeAtMs;
  } finally {
    await place.close().catch(() => undefined);
    await rm(part, { force: true }).catch(() => undefined);
  }
}
