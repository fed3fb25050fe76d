import type { ShellParams } from '../core/api.ts';
import { ApiFailure } from '../core/index.ts';
import type { Reply } from './ipc.ts';

/** What can be saved, piece by piece, as the engine gives it. */
const EXPORTS = {
  activity: { method: 'activity.export', params: { format: 'csv' } },
  labels: { method: 'activity.export', params: { format: 'bip329' } },
  evidence: { method: 'channel.evidence', params: {} },
} as const;

type Wanted = Omit<ShellParams<'shell.saveExport'>, 'fileName'>;

/** The pieces of an export, so that neither page nor main process ever holds all of it. Throws ApiFailure. */
export async function* piecesOf(ask: (method: string, params: unknown) => Promise<Reply>, { what, ...of }: Wanted): AsyncIterable<string> {
  const { method, params } = EXPORTS[what];
  for (let after: string | undefined; ; ) {
    const reply = await ask(method, { ...params, ...of, ...(after === undefined ? {} : { after }) });
    if (!reply.ok) throw new ApiFailure(reply.error.code, reply.error.message);
    const piece = reply.value as { readonly text: string; readonly next?: string };
    yield piece.text;
    if (piece.next === undefined) return;
    after = piece.next;
  }
}
