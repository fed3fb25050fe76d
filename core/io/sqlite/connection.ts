import { createRequire } from 'node:module';
import { StoreError, type StoreFault } from '../../store/port.ts';

export type SqlValue = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, SqlValue>>;

type Callback<T> = (error: SqliteFailure | null, value: T) => void;
interface SqliteFailure extends Error {
  readonly code: string;
}

/** The part of the package `sqlite3` that is used. */
interface NativeStatement {
  run(values: readonly SqlValue[], callback: Callback<void>): void;
  all(values: readonly SqlValue[], callback: Callback<readonly Row[]>): void;
  finalize(callback: () => void): void;
}
interface NativeDatabase {
  serialize(): void;
  all(sql: string, values: readonly SqlValue[], callback: Callback<readonly Row[]>): void;
  exec(sql: string, callback: Callback<void>): void;
  prepare(sql: string, callback: Callback<void>): NativeStatement;
  close(callback: Callback<void>): void;
}
interface Native {
  readonly Database: new (path: string, mode: number, callback: Callback<void>) => NativeDatabase;
  readonly OPEN_READWRITE: number;
  readonly OPEN_FULLMUTEX: number;
}

const native = createRequire(import.meta.url)('sqlite3') as Native;

const FAULT_OF_CODE: Readonly<Record<string, (reason: string) => StoreFault>> = {
  SQLITE_FULL: () => ({ code: 'disk_full' }),
  SQLITE_BUSY: () => ({ code: 'in_use' }),
  SQLITE_LOCKED: () => ({ code: 'in_use' }),
  SQLITE_CANTOPEN: (reason) => ({ code: 'not_writable', reason }),
  SQLITE_READONLY: (reason) => ({ code: 'not_writable', reason }),
  SQLITE_PERM: (reason) => ({ code: 'not_writable', reason }),
  SQLITE_CORRUPT: (reason) => ({ code: 'corrupt_database', reason }),
  SQLITE_NOTADB: (reason) => ({ code: 'corrupt_database', reason }),
};

/** SQLite's error as a fault of the closed list. Its texts name tables and columns, never values. */
function toStoreError(error: SqliteFailure): StoreError {
  const fault = FAULT_OF_CODE[error.code] ?? ((reason) => ({ code: 'write_failed', reason }) as const);
  return new StoreError(fault(error.message));
}

const promised = <T>(start: (callback: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(toStoreError(error)) : resolve(value)));
  });

/** A statement that SQLite has compiled once. */
export interface Prepared {
  readonly run: (values: readonly SqlValue[]) => Promise<void>;
  readonly all: (values: readonly SqlValue[]) => Promise<readonly Row[]>;
  readonly finalize: () => Promise<void>;
}

/** One SQLite connection with promises; calls run one after another in the order given. All throw StoreError. */
export interface Connection {
  /** One statement with its rows. */
  readonly all: (sql: string, values?: readonly SqlValue[]) => Promise<readonly Row[]>;
  /** Statements without parameters. */
  readonly exec: (sql: string) => Promise<void>;
  readonly prepare: (sql: string) => Promise<Prepared>;
  readonly close: () => Promise<void>;
}

async function prepare(database: NativeDatabase, sql: string): Promise<Prepared> {
  let statement: NativeStatement | undefined;
  await promised<void>((callback) => {
    statement = database.prepare(sql, callback);
  });
  const prepared = statement as NativeStatement;
  return {
    run: (values) => promised((callback) => prepared.run(values, callback)),
    all: (values) => promised((callback) => prepared.all(values, callback)),
    finalize: () => new Promise((resolve) => prepared.finalize(() => resolve())),
  };
}

/** The file must exist: creating it is left to whoever sets its mode. */
export async function connect(path: string): Promise<Connection> {
  let opened: NativeDatabase | undefined;
  await promised<void>((callback) => {
    opened = new native.Database(path, native.OPEN_READWRITE | native.OPEN_FULLMUTEX, callback);
  });
  const database = opened as NativeDatabase;
  // In a row: parallel calls would only occupy the threads of the pool while they wait for the connection's mutex.
  database.serialize();
  return {
    all: (sql, values = []) => promised((callback) => database.all(sql, values, callback)),
    exec: (sql) => promised((callback) => database.exec(sql, callback)),
    prepare: (sql) => prepare(database, sql),
    close: () => promised((callback) => database.close(callback)),
  };
}
