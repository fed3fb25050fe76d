import { MIGRATIONS, type Migration } from '../../../core/io/sqlite/migrations.ts';

const STATEMENTS = [
  'ALTER TABLE journal ADD COLUMN kind INTEGER NOT NULL DEFAULT 0',
  'CREATE INDEX journal_of_kind ON journal (kind, sequence)',
  'UPDATE journal SET kind = 1',
  'DELETE FROM records WHERE table_id = 12',
];
export const STATEMENT_COUNT = STATEMENTS.length;

const stepThatRuns = (beforeEach: (index: number) => void): readonly Migration[] => [
  ...MIGRATIONS,
  {
    version: 2,
    reason: 'a step that only the tests know',
    apply: async (connection) => {
      for (const [index, sql] of STATEMENTS.entries()) {
        beforeEach(index);
        await connection.exec(sql);
      }
      beforeEach(STATEMENTS.length);
    },
  },
];

/** Version 2: a column more, and no settings. */
export const migrationsOfTomorrow = stepThatRuns(() => undefined);

/** The process is gone before statement `at`; with `STATEMENT_COUNT`, right before the commit. */
export const migrationsThatDie = (at: number): readonly Migration[] =>
  stepThatRuns((index) => {
    if (index === at) process.kill(process.pid, 'SIGKILL');
  });
