import { scriptToAddress } from '../../bitcoin/address.ts';
import { journalEvent } from '../../channel/journal.ts';
import { decodeWith } from '../../codec/codec.ts';
import { fromHex, utf8 } from '../../lib/bytes.ts';
import { paymentJournalEvent, paymentSubject } from '../../payment/journal.ts';
import type { JournalEntry } from '../../store/port.ts';
import { activityCsv, activityPage } from '../activity.ts';
import { ApiFailure } from '../app.ts';
import { closingView } from '../closing-view.ts';
import { closingContextOf } from '../status.ts';
import { evidencePiece } from '../evidence.ts';
import { journalDetail } from '../journal-view.ts';
import type { SfericNode } from '../node.ts';
import { channelSubject, paymentLabelKey } from '../records.ts';
import { revocationsView } from '../revocations-view.ts';
import { StateHistory } from '../state-history.ts';
import { channelOf } from './channels.ts';
import { type Handlers, inTurn } from './handler.ts';

type HistoryMethod =
  | 'channel.history' | 'channel.states' | 'channel.revocations' | 'channel.closing' | 'channel.evidence' | 'payment.history' | 'payment.label' | 'activity.list' | 'activity.export'; // prettier-ignore

const view = ({ sequence, timeMs }: JournalEntry, event: { readonly kind: string }) => ({ sequence, timeMs, kind: event.kind, detail: journalDetail(event) });

/** Events of one payment: its parts and attempts are bounded, so are these. */
const PAYMENT_EVENTS = 1000;

/** BIP 329: one JSON object a line. Scripts that are no address have no place in it. */
function labels(node: SfericNode): string {
  const lines = [...node.onchain.wallet.labels].flatMap(([key, label]) => {
    const at = key.indexOf(':');
    const [kind, of] = [key.slice(0, at), key.slice(at + 1)];
    if (kind !== 'script') return [{ type: kind, ref: of, label }];
    const address = scriptToAddress(fromHex(of), node.config.network);
    return address === undefined ? [] : [{ type: 'addr', ref: address, label }];
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** What happened: read from the journal, the payments and the chain; nothing here changes anything but a label. */
export const historyHandlers: Handlers<HistoryMethod> = {
  'channel.history': async (node, { channelId, afterSequence, limit, order }) => {
    const { channelNumber } = channelOf(node, channelId).config;
    const entries = await node.ports.store.journal({ subject: channelSubject(channelNumber), limit, reverse: order === 'newest', ...(afterSequence === undefined ? {} : { afterSequence }) });
    return entries.map((entry) => view(entry, decodeWith(journalEvent, entry.event)));
  },
  'channel.states': async (node, { channelId, from, limit }) => {
    const { config, commitments } = channelOf(node, channelId);
    const newest = { ours: commitments.localNumber, theirs: commitments.remoteNumber + (commitments.awaitingRevocation ? 1 : 0) };
    const to = Math.min(from + limit - 1, Math.max(newest.ours, newest.theirs));
    const states = to < from ? [] : await new StateHistory(node.ports.store, channelSubject(config.channelNumber)).page(from, to, newest);
    return { newestOurs: newest.ours, newestTheirs: newest.theirs, states: [...states] };
  },
  'channel.revocations': (node, { channelId }) => revocationsView(channelOf(node, channelId)),
  'channel.closing': (node, { channelId }) => {
    const channel = channelOf(node, channelId);
    const { channelNumber } = channel.config;
    return closingView(channel, node.channels.keysOf(channelNumber), closingContextOf(node, channelNumber));
  },
  'channel.evidence': (node, { channelId, redact, after }) => {
    if (after !== undefined && !/^\d{1,15}$/u.test(after)) throw new ApiFailure('bad_request', 'Nothing goes on there: begin again, without "after".');
    return evidencePiece(node, channelOf(node, channelId), { redact, after });
  },
  'payment.history': async (node, { paymentHash, direction }) => {
    const entries = await node.ports.store.journal({ subject: paymentSubject(direction === 'sent' ? 'out' : 'in', paymentHash), limit: PAYMENT_EVENTS });
    return entries.map((entry) => view(entry, decodeWith(paymentJournalEvent, entry.event)));
  },
  'payment.label': async (node, { paymentHash, direction, label }) => {
    const known = direction === 'sent' ? await node.payments.findOutgoing(paymentHash) : await node.payments.findIncoming(paymentHash);
    if (!known) throw new ApiFailure('not_found', 'There is no such payment.');
    return inTurn(node, (turn) => {
      turn.write('wallet', paymentLabelKey(direction === 'sent' ? 'o' : 'i', paymentHash), label === '' ? undefined : utf8(label));
      return {};
    });
  },
  'activity.list': (node, params) => activityPage(node, params),
  'activity.export': (node, { format, after }) => (format === 'csv' ? activityCsv(node, after) : Promise.resolve({ text: labels(node) })),
};
