import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { equalConstantTime, utf8 } from '../../lib/bytes.ts';
import { decodeInteger, encodeInteger, ownTables } from '../../store/entries.ts';
import { type FenceVerdict, fenceKeys, judgeFence } from '../../store/fence.ts';
import { type Store, StoreError } from '../../store/port.ts';
import { type RandomBytes, type Sealer, createSealer } from '../../store/sealing.ts';
import { createEpochNotes, type EpochNotes } from '../epoch-notes.ts';
import { ensurePrivateFile, preparePrivateFolder } from '../files.ts';
import { type ChangeWriter, createChangeWriter } from './change-writer.ts';
import { type Connection, connect } from './connection.ts';
import { MIGRATIONS, type Migration, migrate, schemaVersion } from './migrations.ts';
import { createReads, type Reads } from './reads.ts';
import { DEFAULT_RESERVE_BYTES, type ReserveStatus, giveUpReserve, holdReserve } from './reserve.ts';
import { type SqliteStore, createSqliteStore } from './store.ts';

export interface OpenStoreOptions {
  /** Created (0700) when it is not there. Hold its lock (core/io/lock.ts) before. */
  readonly folder: string;
  /** 32 bytes, from the vault. Copied: the caller wipes its own. */
  readonly dataKey: Uint8Array;
  readonly random: RandomBytes;
  /** Folders outside `folder` for copies of the epoch; must exist. */
  readonly fenceFolders?: readonly string[];
  readonly fenceIntervalMs?: number;
  readonly reserveBytes?: number;
  readonly migrations?: readonly Migration[];
  /** Something that does no harm now but should be looked at; no secrets in it. */
  readonly onWarning?: (text: string) => void;
  /** Bound of the database in pages of 4096 bytes, to rehearse a full disk. */
  readonly maxPageCount?: number;
}

export interface OpenedStore {
  readonly store: Store;
  /** `stale`: start in recovery mode. The store works, but its notes outside stand still. */
  readonly fence: FenceVerdict;
  /** `missing`: too little space is free for it; store only what protects money. */
  readonly reserve: ReserveStatus;
  /** After a recovery: declares this database the current one. Does nothing when the fence is `ok`. */
  readonly acceptStale: () => Promise<void>;
}

export const DATABASE_NAME = 'sferic.db';
export const RESERVE_NAME = 'reserve';

/**
 * Order matters: the lock comes first, so that the file has one reader; WAL after it, so that no shared memory file is
 * needed. Both kinds of full sync are for macOS, whose plain fsync does not reach the platter.
 */
const SAFE: readonly (readonly [name: string, value: string | number])[] = [
  ['locking_mode', 'exclusive'],
  ['journal_mode', 'wal'],
  ['synchronous', 2],
  ['fullfsync', 1],
  ['checkpoint_fullfsync', 1],
  ['foreign_keys', 1],
  ['secure_delete', 1],
  ['cell_size_check', 1],
  ['trusted_schema', 0],
  ['temp_store', 2],
  ['mmap_size', 0],
  ['cache_size', -4096],
  ['wal_autocheckpoint', 1000],
  ['journal_size_limit', 8 * 1024 * 1024],
];

async function setPragma(connection: Connection, name: string, value: string | number): Promise<void> {
  const [answer] = await connection.all(`PRAGMA ${name} = ${value}`);
  const [row] = answer ? [answer] : await connection.all(`PRAGMA ${name}`);
  const actual = Object.values(row ?? {})[0];
  // Where mmap is not compiled in, SQLite answers nothing.
  if (actual !== undefined && String(actual) !== String(value))
    throw new StoreError({
      code: 'write_failed',
      reason: `the database refuses ${name} = ${value}: it is ${String(actual)}`,
    });
}

async function quickCheck(connection: Connection): Promise<void> {
  const [row] = await connection.all('PRAGMA quick_check(1)');
  const verdict = String(Object.values(row ?? {})[0]);
  if (verdict !== 'ok') throw new StoreError({ code: 'corrupt_database', reason: verdict });
}

async function prepareDatabase(connection: Connection, path: string, options: OpenStoreOptions): Promise<void> {
  const migrations = options.migrations ?? MIGRATIONS;
  await setPragma(connection, 'locking_mode', 'exclusive');
  // Before anything is written: a newer program's database stays as it is.
  const version = await schemaVersion(connection, migrations);
  if (version === 0) await connection.all('PRAGMA page_size = 4096');
  for (const [name, value] of SAFE) await setPragma(connection, name, value);
  await quickCheck(connection);
  await migrate(connection, { path, version, migrations });
  if (options.maxPageCount !== undefined) await connection.all(`PRAGMA max_page_count = ${options.maxPageCount}`);
}

interface Facts {
  readonly isNew: boolean;
  readonly epoch: number;
  readonly staleMark: number | undefined;
  readonly balances: ReadonlyMap<string, bigint>;
}

const KEY_CHECK = utf8('sferic');

async function readFacts(reads: Reads): Promise<Facts> {
  const integerOf = async (name: string): Promise<number | undefined> => {
    const value = await reads.get(ownTables.store, name);
    return value && Number(decodeInteger(value));
  };
  const keyCheck = await reads.get(ownTables.store, 'key_check').catch(() => new Uint8Array());
  if (keyCheck && !equalConstantTime(keyCheck, KEY_CHECK))
    throw new StoreError({ code: 'corrupt_database', reason: 'the database does not belong to this vault' });
  const sums = await reads.list(ownTables.balance, {});
  return {
    isNew: keyCheck === undefined,
    epoch: (await integerOf('epoch')) ?? 0,
    staleMark: await integerOf('stale'),
    balances: new Map(sums.map(({ key, value }) => [key, decodeInteger(value)])),
  };
}

interface Fence {
  readonly verdict: FenceVerdict;
  readonly acceptStale: () => Promise<void>;
}

async function acceptStale(store: SqliteStore, notes: EpochNotes, outside: number): Promise<void> {
  const current = 1 + Math.max(outside, ...(await notes.read()), store.epoch());
  await store.commitFacts(current, { stale: undefined });
  await notes.start(store.epoch());
}

/** Raises the epoch for this start, in the database first and outside after it; or marks the database as stale. */
async function passFence(store: SqliteStore, notes: EpochNotes, facts: Facts): Promise<Fence> {
  const verdict = judgeFence({ inside: facts.epoch, staleMark: facts.staleMark, outside: await notes.read() });
  const keyCheck = facts.isNew ? { key_check: KEY_CHECK } : {};
  if (verdict.kind === 'stale') {
    await store.commitFacts(facts.epoch + 1, { ...keyCheck, stale: encodeInteger(verdict.outside) });
    return { verdict, acceptStale: () => acceptStale(store, notes, verdict.outside) };
  }
  const epoch = facts.epoch + 1;
  await store.commitFacts(epoch, keyCheck);
  await notes.start(epoch);
  return { verdict, acceptStale: async () => undefined };
}

interface OpenParts {
  readonly connection: Connection;
  readonly writer: ChangeWriter;
  readonly reads: Reads;
  readonly sealer: Sealer;
  readonly folder: string;
}

async function assemble(parts: OpenParts, options: OpenStoreOptions): Promise<OpenedStore> {
  const { folder, ...io } = parts;
  const reservePath = join(folder, RESERVE_NAME);
  const facts = await readFacts(io.reads);
  const last = await io.reads.lastSequences();
  const notes = createEpochNotes({
    dataFolder: folder,
    otherFolders: options.fenceFolders ?? [],
    keys: fenceKeys(options.dataKey),
    intervalMs: options.fenceIntervalMs ?? 1000,
    onDoubled: (outside) => store.fail(new StoreError({ code: 'stale_copy', inside: store.epoch(), outside })),
    onWarning: options.onWarning ?? (() => undefined),
  });
  const store = createSqliteStore({
    ...io,
    balances: facts.balances,
    position: { journalSequence: last.journal, ledgerSequence: last.ledger, epoch: facts.epoch },
    onCommitted: (epoch) => notes.follow(epoch),
    onFault: async ({ fault }) => {
      if (fault.code === 'disk_full') await giveUpReserve(reservePath);
    },
    onClose: () => notes.stop(),
  });
  const fence = await passFence(store, notes, facts);
  const reserve = await holdReserve(reservePath, options.reserveBytes ?? DEFAULT_RESERVE_BYTES);
  return { store, fence: fence.verdict, reserve, acceptStale: fence.acceptStale };
}

/** Whether a database lies in the folder. */
export const hasDatabase = (folder: string): Promise<boolean> => stat(join(folder, DATABASE_NAME)).then(() => true, () => false); // prettier-ignore

/** For one that was made a moment ago under a vault that is gone again: nobody can open it any more. */
export async function removeDatabase(folder: string): Promise<void> {
  for (const name of ['', '-wal', '-shm', '-journal']) await rm(join(folder, DATABASE_NAME + name), { force: true });
}

async function openOnce(folder: string, options: OpenStoreOptions): Promise<OpenedStore> {
  const path = join(folder, DATABASE_NAME);
  await ensurePrivateFile(path);
  const connection = await connect(path);
  const sealer = createSealer(options.dataKey, options.random);
  // SQLite closes no connection that still has statements, and the lock would stay.
  const undo: (() => Promise<void>)[] = [() => connection.close()];
  try {
    await prepareDatabase(connection, path, options);
    const writer = await createChangeWriter(connection);
    undo.unshift(() => writer.close());
    const reads = createReads(connection, sealer, writer.settled);
    undo.unshift(() => reads.close());
    return await assemble({ connection, writer, reads, sealer, folder }, options);
  } catch (error) {
    for (const step of undo) await step().catch(() => undefined);
    sealer.wipe();
    throw error;
  }
}

/**
 * The durable store. Throws StoreError: `in_use`, `not_writable`, `disk_full`, `corrupt_database`, `corrupt_record`,
 * `newer_version`, `write_failed`. A stale copy is no error: see `OpenedStore.fence`.
 */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  const folder = await preparePrivateFolder(options.folder);
  try {
    return await openOnce(folder, options);
  } catch (error) {
    if (!(error instanceof StoreError) || error.fault.code !== 'disk_full') throw error;
    // Now the reserve is for what it was kept: to get at the data on a full disk.
    await giveUpReserve(join(folder, RESERVE_NAME));
    return openOnce(folder, options);
  }
}
