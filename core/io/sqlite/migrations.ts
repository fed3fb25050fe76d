import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../../store/port.ts';
import { ensurePrivateFile, fileFault, syncFolder } from '../files.ts';
import type { Connection } from './connection.ts';
import { APPLICATION_ID, SCHEMA_VERSION_1 } from './schema.ts';

/** One step of the schema. `apply` runs inside a transaction that the caller commits. */
export interface Migration {
  /** What `user_version` is afterwards; one more than that of the step before. */
  readonly version: number;
  readonly reason: string;
  readonly apply: (connection: Connection) => Promise<void>;
}

/** Released steps are never changed: a new wish is a new step. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    reason: 'records, journal and ledger',
    apply: async (connection) => {
      for (const sql of SCHEMA_VERSION_1) await connection.exec(sql);
    },
  },
];

async function pragma(connection: Connection, name: string): Promise<number> {
  const [row] = await connection.all(`PRAGMA ${name}`);
  return Number(Object.values(row ?? {})[0]);
}

/** The file's schema version, 0 for an empty one. Throws StoreError `newer_version` or `corrupt_database`. */
export async function schemaVersion(connection: Connection, migrations: readonly Migration[]): Promise<number> {
  const version = await pragma(connection, 'user_version');
  const newest = migrations.at(-1)?.version ?? 0;
  const [objects] = await connection.all('SELECT count(*) AS n FROM sqlite_schema');
  const isOurs = version === 0 ? objects?.['n'] === 0 : (await pragma(connection, 'application_id')) === APPLICATION_ID;
  if (!isOurs) throw new StoreError({ code: 'corrupt_database', reason: 'the file is a database of another program' });
  if (version > newest) throw new StoreError({ code: 'newer_version', expected: newest, actual: version });
  return version;
}

/** A copy of the database as it is, beside it, private and durable. A copy of an earlier migration is replaced. */
async function backUp(connection: Connection, path: string): Promise<void> {
  const copy = `${path}.before-migration`;
  const unfinished = `${copy}.new`;
  try {
    await rm(unfinished, { force: true });
    // Refused are existing files only if they are not empty; the mode stays.
    await ensurePrivateFile(unfinished);
    await connection.all('VACUUM INTO ?', [unfinished]);
    const handle = await open(unfinished, 'r+');
    await handle.sync();
    await handle.close();
    await rename(unfinished, copy);
    await syncFolder(dirname(path));
  } catch (error) {
    throw fileFault(copy, error);
  }
}

async function applyOne(connection: Connection, migration: Migration): Promise<void> {
  await connection.exec('BEGIN IMMEDIATE');
  try {
    await migration.apply(connection);
    await connection.exec(`PRAGMA user_version = ${migration.version}`);
    await connection.exec('COMMIT');
  } catch (error) {
    // After some errors SQLite has rolled back by itself.
    await connection.exec('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Brings a database of `version` to the newest, each step in a transaction of its own, after a backup copy. */
export async function migrate(
  connection: Connection,
  {
    path,
    version,
    migrations,
  }: { readonly path: string; readonly version: number; readonly migrations: readonly Migration[] },
): Promise<void> {
  const pending = migrations.filter((migration) => migration.version > version);
  if (pending.length > 0 && version > 0) await backUp(connection, path);
  for (const migration of pending) await applyOne(connection, migration);
}
