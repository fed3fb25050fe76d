import { createGroupCommit } from '../../core/io/sqlite/group-commit.ts';
import { keyBounds, mergeBatches, movedBalances } from '../../core/store/batch.ts';
import {
  type EntryRange,
  type JournalEntry,
  type LedgerEntry,
  type RecordWrite,
  type Store,
  type StoreBatch,
  StoreError,
  type StoreFault,
  type StoredRecord,
  type TableName,
} from '../../core/store/port.ts';

/** What is durable, as plain data: give it to `createMemoryStore` to open it again, now or after newer commits. */
export interface StoreImage {
  /** Key: table, line feed, record key. */
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly journal: readonly JournalEntry[];
  readonly ledger: readonly LedgerEntry[];
}

export const EMPTY_IMAGE: StoreImage = { records: new Map(), journal: [], ledger: [] };

/** The store's semantics without a disk, with handles for what a disk does to people. */
export interface MemoryStore extends Store {
  /** The next commit that would write fails so, and with it all later ones. */
  readonly failNextCommit: (fault: StoreFault) => void;
  /** A slow disk: nothing becomes durable until `release`. */
  readonly hold: () => void;
  readonly release: () => void;
  /** The process dies: what is not durable is lost, its commits never resolve. Gives what a restart would find. */
  readonly crash: () => StoreImage;
  /** What is durable now. */
  readonly image: () => StoreImage;
  /** Durable writes so far; batches that shared one count once. */
  readonly commitCount: () => number;
}

const nameOf = (table: TableName, key: string): string => `${table}\n${key}`;

function applyRecords(
  records: ReadonlyMap<string, Uint8Array>,
  writes: readonly RecordWrite[],
): ReadonlyMap<string, Uint8Array> {
  const next = new Map(records);
  for (const { table, key, value } of writes) {
    if (value === undefined) next.delete(nameOf(table, key));
    else next.set(nameOf(table, key), new Uint8Array(value));
  }
  return next;
}

/** Each write with the sequence that follows the entries' last. */
function numbered<T extends object>(
  entries: readonly { readonly sequence: number }[],
  writes: readonly T[],
): readonly (T & { readonly sequence: number })[] {
  const last = entries.at(-1)?.sequence ?? 0;
  return writes.map((write, index) => ({ ...write, sequence: last + 1 + index }));
}

function applyBatches(image: StoreImage, batches: readonly StoreBatch[]): StoreImage {
  const { records, journal, ledger } = mergeBatches(batches);
  return {
    records: applyRecords(image.records, records),
    journal: [
      ...image.journal,
      ...numbered(image.journal, journal).map((entry) => ({ ...entry, event: new Uint8Array(entry.event) })),
    ],
    ledger: [...image.ledger, ...numbered(image.ledger, ledger)],
  };
}

function page<T extends { readonly sequence: number }>(entries: readonly T[], range: EntryRange): readonly T[] {
  const { afterSequence, limit, reverse = false } = range;
  const ordered = reverse ? entries.toReversed() : entries;
  const isAfter = ({ sequence }: T): boolean =>
    afterSequence === undefined || (reverse ? sequence < afterSequence : sequence > afterSequence);
  return ordered.filter(isAfter).slice(0, limit);
}

function recordsOf(image: StoreImage, table: TableName): readonly StoredRecord[] {
  const start = nameOf(table, '');
  return [...image.records]
    .filter(([name]) => name.startsWith(start))
    .map(([name, value]) => ({ key: name.slice(start.length), value: new Uint8Array(value) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

export function createMemoryStore(start: StoreImage = EMPTY_IMAGE): MemoryStore {
  let image = start;
  let commitCount = 0;
  let nextFault: StoreFault | undefined;
  let isDead = false;
  let gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  let closing: Promise<void> | undefined;

  async function write(batches: readonly StoreBatch[]): Promise<void> {
    for (let closed = gate; closed; closed = gate) await closed.opened;
    if (isDead) return new Promise(() => undefined);
    if (batches.every((batch) => !batch.records?.length && !batch.journal?.length && !batch.ledger?.length))
      return undefined;
    if (nextFault) throw new StoreError(nextFault);
    image = applyBatches(image, batches);
    commitCount++;
    return undefined;
  }
  const group = createGroupCommit(write);

  const sums = (): ReadonlyMap<string, bigint> => movedBalances(new Map(), image.ledger);
  const alive = <T>(value: () => T): Promise<T> =>
    isDead
      ? Promise.reject(new StoreError({ code: 'write_failed', reason: 'the store is closed' }))
      : Promise.resolve().then(value);

  const release = (): void => {
    const opened = gate;
    gate = undefined;
    opened?.open();
  };

  async function close(): Promise<void> {
    await group.idle();
    group.fail(new StoreError({ code: 'write_failed', reason: 'the store is closed' }));
    isDead = true;
  }

  return {
    commit: (batch) => group.commit(batch),
    get: (table, key) =>
      alive(() => {
        const value = image.records.get(nameOf(table, key));
        return value && new Uint8Array(value);
      }),
    list: (table, range = {}) =>
      alive(() => {
        const { from, to } = keyBounds(range);
        const found = recordsOf(image, table).filter(({ key }) => key >= from && key < to);
        return (range.reverse ? found.toReversed() : found).slice(0, range.limit);
      }),
    count: (table) => alive(() => recordsOf(image, table).length),
    journal: (range) =>
      alive(() =>
        page(
          image.journal.filter(({ subject }) => range.subject === undefined || subject === range.subject),
          range,
        ),
      ),
    ledger: ({ account, ...range }) =>
      alive(() =>
        page(
          image.ledger.filter(({ debit, credit }) => account === undefined || debit === account || credit === account),
          range,
        ),
      ),
    balanceMsat: (account) => alive(() => sums().get(account) ?? 0n),
    balances: () => alive(() => new Map(sums())),
    close: () => (closing ??= close()),
    failNextCommit: (fault) => {
      nextFault = fault;
    },
    hold: () => {
      if (gate) return;
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      gate = { opened, open };
    },
    release,
    crash: () => {
      isDead = true;
      release();
      return image;
    },
    image: () => image,
    commitCount: () => commitCount,
  };
}
