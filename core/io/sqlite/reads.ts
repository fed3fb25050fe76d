import { keyBounds } from '../../store/batch.ts';
import { type JournalRow, type LedgerRow, openJournal, openLedger } from '../../store/entries.ts';
import {
  type EntryRange,
  type JournalEntry,
  type LedgerEntry,
  type ListRange,
  type StoredRecord,
} from '../../store/port.ts';
import type { SealedTable, Sealer } from '../../store/sealing.ts';
import type { Connection, Prepared, SqlValue } from './connection.ts';

const JOURNAL = 'SELECT sequence, subject, time, value FROM journal WHERE';
const LEDGER = 'SELECT sequence, debit, credit, value FROM ledger WHERE';

const both = (sql: (order: string, compare: string) => string): { readonly up: string; readonly down: string } => ({
  up: sql('ASC', '>'),
  down: sql('DESC', '<'),
});

/** Every read of the store, each by a key or an index, never by a scan. */
export const STATEMENTS = {
  get: 'SELECT value FROM records WHERE table_id = ? AND key = ?',
  count: 'SELECT row_count FROM tally WHERE table_id = ?',
  list: both(
    (order) =>
      `SELECT key, value FROM records WHERE table_id = ? AND key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`,
  ),
  journal: both((order, compare) => `${JOURNAL} sequence ${compare} ? ORDER BY sequence ${order} LIMIT ?`),
  journalOf: both(
    (order, compare) => `${JOURNAL} subject = ? AND sequence ${compare} ? ORDER BY sequence ${order} LIMIT ?`,
  ),
  ledger: both((order, compare) => `${LEDGER} sequence ${compare} ? ORDER BY sequence ${order} LIMIT ?`),
  // Debit and credit differ in every row, so no row comes twice.
  ledgerOf: both(
    (order, compare) =>
      `${LEDGER} debit = ?1 AND sequence ${compare} ?2 UNION ALL ${LEDGER} credit = ?1 AND sequence ${compare} ?2 ORDER BY sequence ${order} LIMIT ?3`,
  ),
};

/** The columns are what our own statements name. */
const rowsAs = <T>(rows: unknown): readonly T[] => rows as readonly T[];

/** Stands for "no limit" in SQLite. */
const ALL = -1;

function startOf({ afterSequence, reverse = false }: EntryRange): number {
  return afterSequence ?? (reverse ? Number.MAX_SAFE_INTEGER : 0);
}

export interface Reads {
  readonly get: (table: SealedTable, key: string) => Promise<Uint8Array | undefined>;
  readonly list: (table: SealedTable, range: ListRange) => Promise<readonly StoredRecord[]>;
  readonly count: (table: SealedTable) => Promise<number>;
  readonly journal: (range: EntryRange & { readonly subject?: string }) => Promise<readonly JournalEntry[]>;
  readonly ledger: (range: EntryRange & { readonly account?: string }) => Promise<readonly LedgerEntry[]>;
  readonly lastSequences: () => Promise<{ readonly journal: number; readonly ledger: number }>;
  readonly close: () => Promise<void>;
}

/** `settled` is awaited before each read: until then an explicit transaction may be open. */
export function createReads(connection: Connection, sealer: Sealer, settled: () => Promise<void>): Reads {
  const statements = new Map<string, Promise<Prepared>>();

  async function query(sql: string, values: readonly SqlValue[]): Promise<unknown> {
    await settled();
    const prepared = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, prepared);
    return (await prepared).all(values);
  }

  return {
    get: async (table, key) => {
      const [row] = rowsAs<{ readonly value: Uint8Array }>(await query(STATEMENTS.get, [table.id, key]));
      return row && sealer.open(table, key, row.value);
    },
    list: async (table, range) => {
      const { from, to } = keyBounds(range);
      const sql = range.reverse ? STATEMENTS.list.down : STATEMENTS.list.up;
      const rows = rowsAs<StoredRecord>(await query(sql, [table.id, from, to, range.limit ?? ALL]));
      return rows.map(({ key, value }) => ({ key, value: sealer.open(table, key, value) }));
    },
    count: async (table) => {
      const [row] = rowsAs<{ readonly row_count: number }>(await query(STATEMENTS.count, [table.id]));
      return row?.row_count ?? 0;
    },
    journal: async (range) => {
      const direction = range.reverse ? 'down' : 'up';
      const tail = [startOf(range), range.limit ?? ALL];
      const rows = await (range.subject === undefined
        ? query(STATEMENTS.journal[direction], tail)
        : query(STATEMENTS.journalOf[direction], [range.subject, ...tail]));
      return rowsAs<JournalRow>(rows).map((row) => openJournal(sealer, row));
    },
    ledger: async (range) => {
      const direction = range.reverse ? 'down' : 'up';
      const tail = [startOf(range), range.limit ?? ALL];
      const rows = await (range.account === undefined
        ? query(STATEMENTS.ledger[direction], tail)
        : query(STATEMENTS.ledgerOf[direction], [range.account, ...tail]));
      return rowsAs<LedgerRow>(rows).map((row) => openLedger(sealer, row));
    },
    lastSequences: async () => {
      const [row] = await connection.all(
        'SELECT (SELECT max(sequence) FROM journal) AS journal, (SELECT max(sequence) FROM ledger) AS ledger',
      );
      return { journal: Number(row?.['journal'] ?? 0), ledger: Number(row?.['ledger'] ?? 0) };
    },
    close: async () => {
      for (const prepared of statements.values()) await (await prepared.catch(() => undefined))?.finalize();
    },
  };
}
