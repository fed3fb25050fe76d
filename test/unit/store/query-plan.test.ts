import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from '../../../core/io/sqlite/connection.ts';
import { DATABASE_NAME } from '../../../core/io/sqlite/open.ts';
import { STATEMENTS } from '../../../core/io/sqlite/reads.ts';
import { type TestFolder, openTestStore, testFolder } from './folder.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const PARAMETERS: Readonly<Record<string, readonly (string | number)[]>> = {
  get: [1, 'a'],
  count: [1],
  list: [1, 'a', 'b', 10],
  journal: [1, 10],
  journalOf: ['channel:00000000', 1, 10],
  ledger: [1, 10],
  ledgerOf: ['wallet', 1, 10],
};

test('every read goes by a key or an index and is in order by itself, however many rows there are', async () => {
  const { store } = await openTestStore(folder);
  await store.close();
  const connection = await connect(folder.path(DATABASE_NAME));
  const statements = Object.entries(STATEMENTS).flatMap(([name, sql]) => (typeof sql === 'string' ? [[name, sql] as const] : [[name, sql.up] as const, [name, sql.down] as const]));
  expect(statements).toHaveLength(12);
  for (const [name, sql] of statements) {
    const prepared = await connection.prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const plan = (await prepared.all(PARAMETERS[name] ?? [])).map(({ detail }) => String(detail));
    await prepared.finalize();
    expect(plan.join('\n'), name).toMatch(/SEARCH \w+ USING/u);
    // What is asked of one subject or account is found among its own rows.
    if (name.endsWith('Of')) expect(plan.join('\n'), name).toMatch(/USING INDEX \w+_of_\w+ \(\w+=\? AND sequence/u);
    expect(plan.filter((step) => /\bSCAN\b|TEMP B-TREE/u.test(step)), name).toEqual([]);
  }
  await connection.close();
});
