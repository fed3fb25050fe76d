import type { JournalWrite, LedgerWrite, RecordWrite, StoreBatch } from './port.ts';

const KEY = /^[\u0020-\u007e]{1,255}$/;
const MAX_AMOUNT_MSAT = 0x7fff_ffff_ffff_ffffn;

function checkKey(what: string, key: string): void {
  if (!KEY.test(key)) throw new RangeError(`${what} is not 1 to 255 printable ASCII characters`);
}

function checkTime(timeMs: number): void {
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) throw new RangeError(`not a time in ms: ${timeMs}`);
}

/** Throws RangeError when a batch breaks the port's own rules: a bug of the caller's, found before it joins others. */
export function checkBatch(batch: StoreBatch): void {
  for (const write of batch.records ?? []) checkKey('record key', write.key);
  for (const write of batch.journal ?? []) {
    checkKey('journal subject', write.subject);
    checkTime(write.timeMs);
  }
  for (const write of batch.ledger ?? []) {
    checkKey('debit account', write.debit);
    checkKey('credit account', write.credit);
    checkTime(write.timeMs);
    if (write.debit === write.credit) throw new RangeError('debit and credit are one account');
    if (write.amountMsat <= 0n || write.amountMsat > MAX_AMOUNT_MSAT)
      throw new RangeError('ledger amount out of range');
  }
}

/** How many rows a batch asks for, before equal records are folded. */
export const sizeOf = (batch: StoreBatch): number =>
  (batch.records?.length ?? 0) + (batch.journal?.length ?? 0) + 3 * (batch.ledger?.length ?? 0);

export interface MergedBatch {
  readonly records: readonly RecordWrite[];
  readonly journal: readonly JournalWrite[];
  readonly ledger: readonly LedgerWrite[];
}

/** Batches that share a commit, as one. Of several writes to a record only the last is left. */
export function mergeBatches(batches: readonly StoreBatch[]): MergedBatch {
  const records = new Map<string, RecordWrite>();
  for (const batch of batches)
    for (const write of batch.records ?? []) records.set(`${write.table}\n${write.key}`, write);
  return {
    records: [...records.values()],
    journal: batches.flatMap((batch) => batch.journal ?? []),
    ledger: batches.flatMap((batch) => batch.ledger ?? []),
  };
}

/** The accounts that `writes` move, with their sums in msat afterwards. */
export function movedBalances(
  balances: ReadonlyMap<string, bigint>,
  writes: readonly LedgerWrite[],
): ReadonlyMap<string, bigint> {
  const moved = new Map<string, bigint>();
  const add = (account: string, amountMsat: bigint): void => {
    moved.set(account, (moved.get(account) ?? balances.get(account) ?? 0n) + amountMsat);
  };
  for (const { debit, credit, amountMsat } of writes) {
    add(debit, amountMsat);
    add(credit, -amountMsat);
  }
  return moved;
}

/** The keys that a list visits: `from` inclusive, `to` exclusive. Every key is below `\u007f` and above the empty text. */
export function keyBounds(range: { readonly prefix?: string; readonly after?: string; readonly reverse?: boolean }): {
  readonly from: string;
  readonly to: string;
} {
  const { prefix = '', after, reverse = false } = range;
  const first = prefix;
  const last = `${prefix}\u007f`;
  if (after === undefined) return { from: first, to: last };
  if (reverse) return { from: first, to: after < last ? after : last };
  // Nothing lies between a key and the key followed by \u0001.
  const next = `${after}\u0001`;
  return { from: next > first ? next : first, to: last };
}
