import type { Connection } from './connection.ts';

/** "Sfer": tells the file's kind to SQLite's tools, and us somebody else's database. */
export const APPLICATION_ID = 0x53666572;

/**
 * The whole database. `value` is sealed everywhere (core/store/sealing.ts); the other columns are authenticated by it.
 *
 * | table     | columns                                | what                                                         |
 * |-----------|----------------------------------------|--------------------------------------------------------------|
 * | `records` | `table_id`, `key` -> `value`           | current state: `tables` of core/store/port.ts, and with own  |
 * |           |                                        | numbers (core/store/entries.ts) 0 facts of the store itself, |
 * |           |                                        | 100 account sums, kept in the transaction of the ledger rows |
 * | `tally`   | `table_id` -> `row_count`              | rows of each table in `records`, kept by triggers            |
 * | `journal` | `sequence`, `subject`, `time`, `value` | events, appended only                                        |
 * | `ledger`  | `sequence`, `debit`, `credit`, `value` | movements between accounts, appended only                    |
 *
 * `PRAGMA user_version` is the schema's version, `PRAGMA application_id` says whose file it is.
 */
export const SCHEMA_VERSION_1: readonly string[] = [
  'CREATE TABLE records (table_id INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (table_id, key)) WITHOUT ROWID',
  'CREATE TABLE tally (table_id INTEGER PRIMARY KEY, row_count INTEGER NOT NULL)',
  `CREATE TRIGGER records_added AFTER INSERT ON records BEGIN
     INSERT INTO tally (table_id, row_count) VALUES (new.table_id, 1) ON CONFLICT (table_id) DO UPDATE SET row_count = row_count + 1;
   END`,
  `CREATE TRIGGER records_removed AFTER DELETE ON records BEGIN
     UPDATE tally SET row_count = row_count - 1 WHERE table_id = old.table_id;
   END`,
  'CREATE TABLE journal (sequence INTEGER PRIMARY KEY, subject TEXT NOT NULL, time INTEGER NOT NULL, value BLOB NOT NULL)',
  'CREATE INDEX journal_of_subject ON journal (subject, sequence)',
  'CREATE TABLE ledger (sequence INTEGER PRIMARY KEY, debit TEXT NOT NULL, credit TEXT NOT NULL, value BLOB NOT NULL)',
  'CREATE INDEX ledger_of_debit ON ledger (debit, sequence)',
  'CREATE INDEX ledger_of_credit ON ledger (credit, sequence)',
  `PRAGMA application_id = ${APPLICATION_ID}`,
];

/** What a row given to the view `change` does. */
export const changeKind = { nothing: 0, put: 1, remove: 2, journal: 3, ledger: 4 } as const;

/**
 * A commit is one INSERT of all its rows into this view, outside any explicit transaction: one call into SQLite, and by
 * SQLite's own rule a statement takes effect as a whole or not at all. So there is no half of a transaction that could
 * go on after an error. View and triggers belong to the connection, not to the file.
 */
const CHANGE_VIEW: readonly string[] = [
  'CREATE TEMP VIEW change (kind, number, name, detail, value) AS SELECT NULL, NULL, NULL, NULL, NULL',
  `CREATE TEMP TRIGGER change_put INSTEAD OF INSERT ON change WHEN new.kind = ${changeKind.put} BEGIN
     INSERT INTO records (table_id, key, value) VALUES (new.number, new.name, new.value)
       ON CONFLICT (table_id, key) DO UPDATE SET value = excluded.value;
   END`,
  `CREATE TEMP TRIGGER change_remove INSTEAD OF INSERT ON change WHEN new.kind = ${changeKind.remove} BEGIN
     DELETE FROM records WHERE table_id = new.number AND key = new.name;
   END`,
  `CREATE TEMP TRIGGER change_journal INSTEAD OF INSERT ON change WHEN new.kind = ${changeKind.journal} BEGIN
     INSERT INTO journal (sequence, subject, time, value) VALUES (new.number, new.name, new.detail, new.value);
   END`,
  `CREATE TEMP TRIGGER change_ledger INSTEAD OF INSERT ON change WHEN new.kind = ${changeKind.ledger} BEGIN
     INSERT INTO ledger (sequence, debit, credit, value) VALUES (new.number, new.name, new.detail, new.value);
   END`,
];

export async function createChangeView(connection: Connection): Promise<void> {
  for (const sql of CHANGE_VIEW) await connection.exec(sql);
}
