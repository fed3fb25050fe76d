import { HEADER_BYTES, headerHash, meetsTarget, parseHeader, targetOfBits } from '../../chain/header.ts';
import { MAX_BRANCH_HEADERS, type HeaderChain, type HeaderError } from '../../chain/headers.ts';
import { concat, equal } from '../../lib/bytes.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { ElectrumConnection } from './connection.ts';
import { HEADERS_PER_REQUEST, headersOf, type ServerTip } from './protocol.ts';

/** `moved`: the server's chain changed while we read it; ask again. */
export type SyncFault = { readonly code: 'moved' | 'closed' } | { readonly code: 'invalid_header' | 'protocol_violation'; readonly reason: string };

/** How far below the tips a fork is looked for, one try after another. */
const STEPS_BACK = [0, 6, 100, HEADERS_PER_REQUEST, 10 * HEADERS_PER_REQUEST - 1] as const;

const REASONS: Readonly<Record<HeaderError['code'], string>> = {
  length: 'Its branch is too long to be looked at.',
  unconnected: 'Its headers do not build on each other.',
  checkpoint: 'Its chain is not the one of the built-in checkpoint.',
  wrong_bits: 'A header claims a difficulty that the rules do not allow.',
  no_work: 'A header lacks proof of work.',
  time_too_old: "A header's time lies before its predecessors'.",
  time_too_new: "A header's time lies in the future.",
};
const invalid = (code: HeaderError['code']): SyncFault => ({ code: 'invalid_header', reason: REASONS[code] });

/** Brings what a server knows into the header chain. Answers how many of our blocks its better branch undid. */
export async function syncHeaders(
  connection: ElectrumConnection, headers: HeaderChain, tip: ServerTip, nowSeconds: number,
): Promise<Result<number, SyncFault>> { // prettier-ignore
  const fault = announcedFault(headers, tip);
  if (fault) return err(fault);
  const ours = headers.headerBytes(tip.height);
  if (ours && equal(ours, tip.header)) return ok(0);
  if (tip.height === headers.tipHeight + 1) {
    const accepted = headers.accept(tip.height, tip.header, nowSeconds);
    if (accepted.ok) return ok(accepted.value.undone);
    if (accepted.error.code !== 'unconnected') return err(invalid(accepted.error.code));
  }
  for (const back of STEPS_BACK) {
    const from = Math.max(headers.startHeight, Math.min(headers.tipHeight, tip.height) + 1 - back);
    if (from > tip.height) continue;
    const read = await readFrom(connection, headers, { from, to: tip.height }, nowSeconds);
    if (read.ok || read.error !== 'earlier') return read as Result<number, SyncFault>;
    if (from === headers.startHeight) break;
  }
  return err(invalid('checkpoint'));
}

/** A header that nobody worked for is refused before anything is asked. */
function announcedFault(headers: HeaderChain, tip: ServerTip): SyncFault | undefined {
  if (tip.height < headers.startHeight) return { code: 'protocol_violation', reason: 'The server is far behind: it lacks the checkpoint block.' };
  const { bits } = parseHeader(tip.header);
  const target = targetOfBits(bits);
  if (target === undefined) return invalid('wrong_bits');
  return meetsTarget(headerHash(tip.header), target) ? undefined : invalid('no_work');
}

interface Range {
  readonly from: number;
  readonly to: number;
}

async function readFrom(
  connection: ElectrumConnection, headers: HeaderChain, { from, to }: Range, nowSeconds: number,
): Promise<Result<number, SyncFault | 'earlier'>> { // prettier-ignore
  let start = from;
  let branch: Uint8Array = new Uint8Array(0);
  let undone = 0;
  for (let next = from; next <= to; next = start + branch.length / HEADER_BYTES) {
    const asked = Math.min(HEADERS_PER_REQUEST, to - next + 1);
    const answer = await connection.request('blockchain.block.headers', next, asked);
    if (!answer.ok) return err({ code: answer.error.kind === 'closed' ? 'closed' : 'moved' });
    const chunk = headersOf(answer.value, asked);
    if (!chunk) return err({ code: 'protocol_violation', reason: 'The server sent malformed headers.' });
    if (chunk.length === 0) return err({ code: 'moved' });
    branch = concat(branch, chunk);
    if (branch.length > MAX_BRANCH_HEADERS * HEADER_BYTES) return err(invalid('length'));
    const accepted = headers.accept(start, branch, nowSeconds);
    if (!accepted.ok) {
      const { code, height } = accepted.error;
      if (code === 'unconnected' && height === from && next === from) return err('earlier');
      return err(code === 'unconnected' && height === next ? { code: 'moved' } : invalid(code));
    }
    undone += accepted.value.undone;
    // While a branch has less work than ours it is kept as a whole, to be weighed again with what follows.
    if (!accepted.value.isBest && accepted.value.forkHeight < start + branch.length / HEADER_BYTES - 1) continue;
    start += branch.length / HEADER_BYTES;
    branch = new Uint8Array(0);
  }
  return ok(undone);
}

/** Headers below the checkpoint down to a height, for proofs of old coins. */
export async function fetchOlderHeaders(connection: ElectrumConnection, headers: HeaderChain, height: number): Promise<Result<undefined, SyncFault>> {
  while (headers.lowestHeight > height) {
    const count = Math.min(HEADERS_PER_REQUEST, headers.lowestHeight);
    const first = headers.lowestHeight - count;
    const answer = await connection.request('blockchain.block.headers', first, count);
    if (!answer.ok) return err({ code: answer.error.kind === 'closed' ? 'closed' : 'moved' });
    const chunk = headersOf(answer.value, count);
    if (!chunk || chunk.length !== count * HEADER_BYTES) return err({ code: 'protocol_violation', reason: 'The server sent malformed headers.' });
    // Another connection may have brought them meanwhile.
    if (headers.lowestHeight !== first + count) continue;
    if (!headers.prepend(chunk)) return err(invalid('unconnected'));
  }
  return ok(undefined);
}
