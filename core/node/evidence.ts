import type { Answer } from '../api.ts';
import { knownCommitment } from '../channel/onchain/confirmed.ts';
import type { FundedChannel } from '../channel/types.ts';
import { journalEvent } from '../channel/journal.ts';
import { decodeWith } from '../codec/codec.ts';
import { toHex } from '../lib/bytes.ts';
import { closingView } from './closing-view.ts';
import { journalDetail } from './journal-view.ts';
import { closingContextOf } from './status.ts';
import type { SfericNode } from './node.ts';
import { channelSubject } from './records.ts';
import { revocationsView } from './revocations-view.ts';
import { channelView } from './views.ts';

const ROWS = 500;
const HIDDEN = 'left out';

const jsonOf = (value: unknown): string => JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));

/** What names people: node ids, and hashes by which payments could be told to them. */
function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, name === 'peerNodeId' || name === 'ourNodeId' || name === 'paymentHash' ? HIDDEN : redacted(field)]));
}

/** The transactions that either side could publish now, by name only: no signature, no script, no key. */
function commitmentsOf(node: SfericNode, channel: FundedChannel): readonly object[] {
  const keys = node.channels.keysOf(channel.config.channelNumber);
  return (['localCurrent', 'remoteCurrent', 'remoteNext'] as const).flatMap((which) => {
    const known = knownCommitment(channel, keys, which);
    return known ? [{ owner: known.owner === 'local' ? 'us' : 'peer', number: known.number, txid: known.commitment.txid, isAnsweredByRevocation: which !== 'remoteNext' }] : [];
  });
}

/** One piece of the text; the first holds all but the journal, the rest a part of the journal each. */
export async function evidencePiece(node: SfericNode, channel: FundedChannel, { redact, after }: { readonly redact: boolean; readonly after: string | undefined }): Promise<Answer<'channel.evidence'>> {
  const { channelNumber } = channel.config;
  const shown = (value: unknown): string => jsonOf(redact ? redacted(value) : value);
  const head = {
    what: 'Evidence about a Lightning channel: numbers, transaction ids and events as this wallet knows them. It holds no key, signature, preimage or revocation secret.',
    writtenAt: new Date(node.ports.system.nowMs()).toISOString(), network: node.config.network.name, blockHeight: node.onchain.height, ourNodeId: toHex(node.nodeId),
    channel: channelView(channel, node.onchain.height), publishable: channel.spend ? [] : commitmentsOf(node, channel), revocations: revocationsView(channel),
    closing: closingView(channel, node.channels.keysOf(channelNumber), closingContextOf(node, channelNumber)), agreedClosingTxids: channel.closingTxids,
  }; // prettier-ignore
  const entries = await node.ports.store.journal({ subject: channelSubject(channelNumber), limit: ROWS, afterSequence: Number(after ?? 0) });
  const lines = entries.map(({ sequence, timeMs, event: bytes }) => {
    const event = decodeWith(journalEvent, bytes);
    return shown({ sequence, at: new Date(timeMs).toISOString(), kind: event.kind, ...journalDetail(event) });
  });
  const begin = after === undefined ? `${shown(head).slice(0, -1)},"journal":[\n` : lines.length > 0 ? ',\n' : '';
  const last = entries.at(-1);
  const goesOn = last !== undefined && entries.length === ROWS;
  return { text: `${begin}${lines.join(',\n')}${goesOn ? '' : '\n]}\n'}`, ...(goesOn ? { next: String(last.sequence) } : {}) };
}
