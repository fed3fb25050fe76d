import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS } from '../../../core/io/sqlite/migrations.ts';
import { DATABASE_NAME } from '../../../core/io/sqlite/open.ts';
import { openTestStore, testFolder } from './folder.ts';

// Run once for each released schema: node test/unit/store/write-fixture.ts. Never write an old one again.
const folder = testFolder();
const { store } = await openTestStore(folder);
await store.commit({
  records: [
    { table: 'setting', key: 'language', value: new Uint8Array([1, 101, 110]) },
    { table: 'channel', key: '00000001', value: new Uint8Array([1, 2, 3]) },
  ],
  journal: [{ subject: 'channel:00000001', timeMs: 1_800_000_000_000, event: new Uint8Array([4]) }],
  ledger: [
    {
      timeMs: 1_800_000_000_000,
      debit: 'channel:00000001',
      credit: 'chain',
      amountMsat: 5_000_000n,
      reason: 'open',
      reference: 'f00d',
    },
  ],
});
await store.close();
const version = MIGRATIONS.at(-1)?.version ?? 0;
copyFileSync(folder.path(DATABASE_NAME), fileURLToPath(new URL(`fixtures/version-${version}.db`, import.meta.url)));
await folder.remove();
