import { readFile } from 'node:fs/promises';
import type { Answer, ShellParams } from '../core/api.ts';
import { writeFileAtomic } from '../core/index.ts';
import { type Reply, valueOf } from './ipc.ts';

/** What can be saved, piece by piece, as the engine gives it. */
const EXPORTS = {
  activity: { method: 'activity.export', params: { format: 'csv' } },
  labels: { method: 'activity.export', params: { format: 'bip329' } },
  evidence: { method: 'channel.evidence', params: {} },
} as const;

type Ask = (method: string, params: unknown) => Promise<Reply>;
type Wanted = Omit<ShellParams<'shell.saveExport'>, 'fileName' | 'what'> & { readonly what: keyof typeof EXPORTS };

/** The pieces of an export, so that neither page nor main process ever holds all of it. Throws ApiFailure. */
export async function* piecesOf(ask: Ask, { what, ...of }: Wanted): AsyncIterable<string> {
  const { method, params } = EXPORTS[what];
  for (let after: string | undefined; ; ) {
    const piece = (await valueOf(ask(method, { ...params, ...of, ...(after === undefined ? {} : { after }) }))) as { readonly text: string; readonly next?: string };
    yield piece.text;
    if (piece.next === undefined) return;
    after = piece.next;
  }
}

/**
 * Puts a fresh backup file of the channels where the person chose. An older file there is whole until the new one is. It is
 * proven, and counts, only once it lies there durably. When it was made, or undefined: nothing could be written. Throws
 * ApiFailure.
 */
export async function writeBackup(ask: Ask, path: string): Promise<number | undefined> {
  const { file, madeAtMs } = (await valueOf(ask('backup.run', {}))) as Answer<'backup.run'>;
  const isWritten = await writeFileAtomic(path, new TextEncoder().encode(`${file}\n`)).then(() => true, () => false); // prettier-ignore
  if (!isWritten) return undefined;
  await valueOf(ask('backup.drill', { file: (await readFile(path, 'utf8')).trim() }));
  return madeAtMs;
}
