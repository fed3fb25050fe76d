import { mergeBatches, movedBalances } from '../../store/batch.ts';
import { encodeInteger, ownTables, sealJournal, sealLedger } from '../../store/entries.ts';
import { type RecordWrite, type Store, type StoreBatch, StoreError, type TableName, tables } from '../../store/port.ts';
import type { SealedTable, Sealer } from '../../store/sealing.ts';
import type { ChangeRow, ChangeWriter } from './change-writer.ts';
import type { Connection } from './connection.ts';
import { createGroupCommit } from './group-commit.ts';
import type { Reads } from './reads.ts';
import { changeKind } from './schema.ts';

const SEALED_TABLES = Object.fromEntries(Object.entries(tables).map(([name, id]) => [name, { id, name }])) as Readonly<
  Record<TableName, SealedTable>
>;

/** The counters of a database, as of its last durable commit. */
export interface Position {
  readonly journalSequence: number;
  readonly ledgerSequence: number;
  readonly epoch: number;
}

interface OwnFacts {
  readonly epoch: number;
  readonly facts: Readonly<Record<string, Uint8Array | undefined>>;
}

interface StoreParts {
  readonly connection: Connection;
  readonly writer: ChangeWriter;
  readonly reads: Reads;
  readonly sealer: Sealer;
  readonly balances: ReadonlyMap<string, bigint>;
  readonly position: Position;
  /** After each durable commit. */
  readonly onCommitted: (epoch: number) => void;
  /** Once, after a failed commit. */
  readonly onFault: (error: StoreError) => Promise<void>;
  /** Before the connection is closed. */
  readonly onClose: () => Promise<void>;
}

/** What only the opening of the store may do, beside the port. */
export interface SqliteStore extends Store {
  /** Commits an epoch of the opener's choice with facts of the store's own; undefined removes a fact. */
  readonly commitFacts: (epoch: number, facts: OwnFacts['facts']) => Promise<void>;
  /** Of the last durable commit. */
  readonly epoch: () => number;
  /** Freezes the store. */
  readonly fail: (error: StoreError) => void;
}

const journalRow = (sealer: Sealer, sequence: number, write: Parameters<typeof sealJournal>[2]): ChangeRow => [
  changeKind.journal,
  sequence,
  write.subject,
  write.timeMs,
  sealJournal(sealer, sequence, write),
];

const ledgerRow = (sealer: Sealer, sequence: number, write: Parameters<typeof sealLedger>[2]): ChangeRow => [
  changeKind.ledger,
  sequence,
  write.debit,
  write.credit,
  sealLedger(sealer, sequence, write),
];

const recordRow = (sealer: Sealer, table: SealedTable, key: string, value: Uint8Array | undefined): ChangeRow =>
  value === undefined
    ? [changeKind.remove, table.id, key, '', null]
    : [changeKind.put, table.id, key, '', sealer.seal(table, key, value)];

const writtenRow = (sealer: Sealer, { table, key, value }: RecordWrite): ChangeRow =>
  recordRow(sealer, SEALED_TABLES[table], key, value);

export function createSqliteStore(parts: StoreParts): SqliteStore {
  const { connection, writer, reads, sealer } = parts;
  let { position } = parts;
  const balances = new Map(parts.balances);
  let ownFacts: OwnFacts | undefined;
  let closing: Promise<void> | undefined;

  async function writeGroup(batches: readonly StoreBatch[]): Promise<void> {
    const { records, journal, ledger } = mergeBatches(batches);
    const own = ownFacts;
    ownFacts = undefined;
    if (!own && records.length + journal.length + ledger.length === 0) return;
    const { journalSequence, ledgerSequence } = position;
    const epoch = own?.epoch ?? position.epoch + 1;
    const moved = [...movedBalances(balances, ledger)];
    await writeRows([
      ...records.map((write) => writtenRow(sealer, write)),
      ...journal.map((write, index) => journalRow(sealer, journalSequence + 1 + index, write)),
      ...ledger.map((write, index) => ledgerRow(sealer, ledgerSequence + 1 + index, write)),
      ...moved.map(([account, sum]) => recordRow(sealer, ownTables.balance, account, encodeInteger(sum))),
      ...Object.entries(own?.facts ?? {}).map(([name, value]) => recordRow(sealer, ownTables.store, name, value)),
      recordRow(sealer, ownTables.store, 'epoch', encodeInteger(epoch)),
    ]);
    for (const [account, sum] of moved) balances.set(account, sum);
    position = {
      journalSequence: journalSequence + journal.length,
      ledgerSequence: ledgerSequence + ledger.length,
      epoch,
    };
    parts.onCommitted(epoch);
  }

  async function writeRows(rows: readonly ChangeRow[]): Promise<void> {
    try {
      await writer.write(rows);
    } catch (error) {
      if (error instanceof StoreError) await parts.onFault(error);
      throw error;
    }
  }

  const group = createGroupCommit(writeGroup);

  async function close(): Promise<void> {
    await group.idle();
    group.fail(new StoreError({ code: 'write_failed', reason: 'the store is closed' }));
    await parts.onClose();
    await Promise.all([writer.close(), reads.close()]);
    await connection.close();
    sealer.wipe();
  }

  return {
    commit: (batch) => group.commit(batch),
    get: (table, key) => reads.get(SEALED_TABLES[table], key),
    list: (table, range = {}) => reads.list(SEALED_TABLES[table], range),
    count: (table) => reads.count(SEALED_TABLES[table]),
    journal: (range) => reads.journal(range),
    ledger: (range) => reads.ledger(range),
    balanceMsat: async (account) => balances.get(account) ?? 0n,
    balances: async () => new Map(balances),
    close: () => (closing ??= close()),
    epoch: () => position.epoch,
    fail: (error) => group.fail(error),
    commitFacts: (epoch, facts) => {
      ownFacts = { epoch, facts };
      return group.commit({});
    },
  };
}
