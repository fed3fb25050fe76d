import type { Answer, Params } from '../api.ts';
import { toHex, fromUtf8 } from '../lib/bytes.ts';
import { decodeOrder } from '../payment/codec.ts';
import type { IncomingPayment } from '../payment/incoming-types.ts';
import type { OutgoingPayment } from '../payment/outgoing-types.ts';
import type { SfericNode } from './node.ts';
import { paymentLabelKey } from './records.ts';
import { transactionContextOf, transactionView } from './transaction-view.ts';
import { paymentView } from './views.ts';

type Activity = Answer<'activity.list'>;
type Entry = Activity['entries'][number];
type Asked = Params<'activity.list'>;

/** Payments that one request looks through at most: a search of years comes back in steps and never holds up the node. */
const LOOKED_THROUGH = 500;
const CHUNK = 50;

/** Where a page ended on either side: the key of the last payment and the id of the last transaction. */
interface Cursor {
  readonly payment: string | undefined;
  readonly txid: string | undefined;
}
const NONE = '-';
const cursorText = ({ payment = NONE, txid = NONE }: Cursor): string => `${payment}.${txid}`;
function cursorOf(text: string | undefined): Cursor {
  const [payment = NONE, txid = NONE] = (text ?? '').split('.');
  return { payment: /^[0-9a-f]{12}$/u.test(payment) ? payment : undefined, txid: /^[0-9a-f]{64}$/u.test(txid) ? txid : undefined };
}

interface Read {
  readonly cursor: string;
  readonly entry: Entry;
}

/** Payments from a key on, newest first, a few at a time. */
class PaymentReader {
  readonly #node: SfericNode;
  #after: string | undefined;
  #waiting: Read[] = [];
  #isOver: boolean;
  looked = 0;

  constructor(node: SfericNode, after: string | undefined, isWanted: boolean) {
    this.#node = node;
    this.#after = after;
    this.#isOver = !isWanted;
  }

  /** The next one, left in its place. */
  async peek(): Promise<Read | undefined> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      const rows = await this.#node.ports.store.list('paymentOrder', { reverse: true, limit: CHUNK, ...(this.#after === undefined ? {} : { after: this.#after }) });
      this.#isOver = rows.length < CHUNK;
      this.#after = rows.at(-1)?.key ?? this.#after;
      for (const { key, value } of rows) {
        const { direction, paymentHash } = decodeOrder(value);
        const entry = await paymentEntry(this.#node, direction, toHex(paymentHash));
        if (entry) this.#waiting.push({ cursor: key, entry });
      }
    }
    return this.#waiting[0];
  }
  take(): void {
    this.#waiting.shift();
    this.looked++;
  }
}

async function paymentEntry(node: SfericNode, direction: 'o' | 'i', hash: string): Promise<Entry | undefined> {
  const payment: OutgoingPayment | IncomingPayment | undefined = direction === 'o' ? await node.payments.findOutgoing(hash) : await node.payments.findIncoming(hash);
  if (!payment) return undefined;
  const label = await node.ports.store.get('wallet', paymentLabelKey(direction, hash));
  const view = paymentView(payment);
  return { key: `${view.direction}:${hash}`, timeMs: view.createdAtMs, payment: view, ...(label ? { label: fromUtf8(label) } : {}) };
}

function transactionEntries(node: SfericNode): readonly Read[] {
  const context = transactionContextOf(node);
  return node.onchain.transactions().map((line) => {
    const { label, ...transaction } = transactionView(line, context);
    const timed = transaction.timeMs === undefined ? {} : { timeMs: transaction.timeMs };
    return { cursor: line.txid, entry: { key: `tx:${line.txid}`, ...timed, transaction: { ...transaction, ...(label === undefined ? {} : { label }) }, ...(label === undefined ? {} : { label }) } };
  });
}

const stateOf = ({ payment, transaction }: Entry): Asked['state'] => payment?.state ?? (transaction?.height === undefined ? 'pending' : 'succeeded');
const feeMsatOf = ({ payment, transaction }: Entry): bigint => payment?.feeMsat ?? (transaction?.feeSat ?? 0n) * 1000n;
const kindOf = ({ payment, transaction }: Entry): NonNullable<Asked['kinds']>[number] => payment?.direction ?? (transaction?.kind.startsWith('channel') ? 'channel' : 'chain');
const wordsOf = ({ payment, transaction, label }: Entry): string =>
  [
    label, payment?.description, payment?.paymentHash, payment?.payeeNodeId, payment && payment.amountMsat / 1000n, transaction?.txid, transaction?.netSat,
    ...(transaction?.paid ?? []).flatMap(({ address, amountSat }) => [address, amountSat]),
  ].join(' ').toLowerCase(); // prettier-ignore

const isAsked = (entry: Entry, { kinds, state, withFee, search }: Asked): boolean =>
  (kinds === undefined || kinds.includes(kindOf(entry))) && (state === undefined || stateOf(entry) === state) && (withFee !== true || feeMsatOf(entry) > 0n) &&
  (search === undefined || wordsOf(entry).includes(search.trim().toLowerCase())); // prettier-ignore

/** What has no time yet waits for a block: it is the newest. */
const isNewer = (a: Read, b: Read): boolean => (a.entry.timeMs ?? Infinity) >= (b.entry.timeMs ?? Infinity);

const HASH = /^[0-9a-f]{64}$/u;

/** A whole payment hash or transaction id is looked up, however long ago it was. */
async function entriesNamed(node: SfericNode, name: string): Promise<readonly Entry[]> {
  const payments = await Promise.all((['o', 'i'] as const).map((direction) => paymentEntry(node, direction, name)));
  const transactions = transactionEntries(node).filter(({ cursor }) => cursor === name);
  return [...payments.filter((entry) => entry !== undefined), ...transactions.map(({ entry }) => entry)];
}

/** Payments and transactions in one order, newest first: two orders that are merged, each with its place in the cursor. */
export async function activityPage(node: SfericNode, asked: Asked): Promise<Activity> {
  const wanted = asked.search?.trim().toLowerCase() ?? '';
  if (HASH.test(wanted)) return { entries: (await entriesNamed(node, wanted)).filter((entry) => isAsked(entry, asked)) };
  const start = cursorOf(asked.after);
  const wants = (...kinds: readonly string[]): boolean => asked.kinds === undefined || asked.kinds.some((kind) => kinds.includes(kind));
  const payments = new PaymentReader(node, start.payment, wants('sent', 'received'));
  const transactions = wants('chain', 'channel') ? transactionEntries(node) : [];
  let at = start.txid === undefined ? 0 : transactions.findIndex(({ cursor }) => cursor === start.txid) + 1;
  let { payment: lastPayment, txid: lastTxid } = start;
  let lookedBackToMs: number | undefined;
  const entries: Entry[] = [];
  while (entries.length < asked.limit && payments.looked < LOOKED_THROUGH) {
    const [payment, transaction] = [await payments.peek(), transactions[at]];
    const next = payment && transaction ? (isNewer(payment, transaction) ? payment : transaction) : (payment ?? transaction);
    if (!next) return { entries };
    if (next === payment) {
      payments.take();
      lastPayment = next.cursor;
    } else {
      at++;
      lastTxid = next.cursor;
    }
    lookedBackToMs = next.entry.timeMs ?? lookedBackToMs;
    if (isAsked(next.entry, asked)) entries.push(next.entry);
  }
  return { entries, next: cursorText({ payment: lastPayment, txid: lastTxid }), ...(lookedBackToMs === undefined ? {} : { lookedBackToMs }) };
}

const HEAD = 'time,kind,state,amount_msat,fee_msat,payment_hash,txid,block_height,label,description';

/** A leading formula character would make a spreadsheet run what a stranger wrote. */
const cell = (text: string): string => `"${(/^[=+\-@\t\r]/u.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

const lineOf = (entry: Entry): string => {
  const { payment, transaction, timeMs, label } = entry;
  const isSent = payment?.direction === 'sent';
  const amountMsat = payment ? (isSent ? -payment.amountMsat : payment.amountMsat) : (transaction?.netSat ?? 0n) * 1000n;
  return [
    timeMs === undefined ? '' : new Date(timeMs).toISOString(), payment?.direction ?? transaction?.kind, stateOf(entry), amountMsat, feeMsatOf(entry), payment?.paymentHash, transaction?.txid,
    transaction?.height, cell(label ?? ''), cell(payment?.description ?? ''),
  ].join(','); // prettier-ignore
};

/** A piece of the table; what a page looked through is at most a chunk of work. */
export async function activityCsv(node: SfericNode, after: string | undefined): Promise<Answer<'activity.export'>> {
  const { entries, next } = await activityPage(node, { limit: 200, after });
  const lines = [...(after === undefined ? [HEAD] : []), ...entries.map(lineOf)];
  return { text: lines.map((line) => `${line}\r\n`).join(''), ...(next === undefined ? {} : { next }) };
}
