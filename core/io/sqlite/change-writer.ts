import type { Connection, Prepared, SqlValue } from './connection.ts';
import { changeKind, createChangeView } from './schema.ts';

/** A row of the view `change`: kind, table or sequence, key or subject or debit, time or credit, sealed value. */
export type ChangeRow = readonly [
  kind: number,
  number: number,
  name: string,
  detail: string | number,
  value: Uint8Array | null,
];

const COLUMNS = 5;
/** Rows of one statement at most: 5 parameters each, SQLite takes 32 766. */
const MAX_ROWS = 1024;
const NOTHING: ChangeRow = [changeKind.nothing, 0, '', '', null];

export interface ChangeWriter {
  /** All rows in order, durably, or none. Throws StoreError. */
  readonly write: (rows: readonly ChangeRow[]) => Promise<void>;
  /** Resolves once no explicit transaction is open, whose rows a read on this connection would see too early. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const statementOf = (rowCount: number): string =>
  `INSERT INTO change VALUES ${Array.from({ length: rowCount }, () => '(?,?,?,?,?)').join(',')}`;

const sizeFor = (rowCount: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, rowCount)));

function parametersOf(rows: readonly ChangeRow[], size: number): readonly SqlValue[] {
  const values: SqlValue[] = [];
  for (const row of rows) values.push(...row);
  while (values.length < size * COLUMNS) values.push(...NOTHING);
  return values;
}

export async function createChangeWriter(connection: Connection): Promise<ChangeWriter> {
  await createChangeView(connection);
  const statements = new Map<number, Prepared>();
  let transaction: Promise<void> | undefined;

  /** Sizes are powers of two, filled up with rows that do nothing, so that few statements have to be compiled. */
  async function statementFor(size: number): Promise<Prepared> {
    const known = statements.get(size);
    if (known) return known;
    const prepared = await connection.prepare(statementOf(size));
    statements.set(size, prepared);
    return prepared;
  }

  async function insert(rows: readonly ChangeRow[]): Promise<void> {
    const size = sizeFor(rows.length);
    await (await statementFor(size)).run(parametersOf(rows, size));
  }

  async function insertInParts(rows: readonly ChangeRow[]): Promise<void> {
    await connection.exec('BEGIN IMMEDIATE');
    try {
      // One after another: after an error SQLite may have rolled back, and what came then would stand alone.
      for (let from = 0; from < rows.length; from += MAX_ROWS) await insert(rows.slice(from, from + MAX_ROWS));
      await connection.exec('COMMIT');
    } catch (error) {
      await connection.exec('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async function write(rows: readonly ChangeRow[]): Promise<void> {
    if (rows.length === 0) return;
    if (rows.length <= MAX_ROWS) return insert(rows);
    const running = insertInParts(rows);
    transaction = running.catch(() => undefined);
    try {
      await running;
    } finally {
      transaction = undefined;
    }
  }

  return {
    write,
    settled: async () => {
      for (let open = transaction; open; open = transaction) await open;
    },
    close: async () => {
      for (const statement of statements.values()) await statement.finalize();
    },
  };
}
