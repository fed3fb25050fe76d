import { randomBytes } from 'node:crypto';
import { openStore } from '../../../../core/io/sqlite/open.ts';
import { openHighWater } from '../../../../core/io/high-water.ts';
import { DATA_KEY } from '../folder.ts';

// Commits without end, eight at a time, and prints a number once its commit and its high-water mark are durable.
const [folder = '', outside = ''] = process.argv.slice(2);
const { store, fence } = await openStore({
  folder,
  dataKey: DATA_KEY,
  random: randomBytes,
  fenceFolders: [outside],
  // As often as possible, so that a kill meets the notes at work.
  fenceIntervalMs: 0,
  reserveBytes: 4096,
});
if (fence.kind !== 'ok') process.exit(3);
const marks = await openHighWater(`${folder}/high-water`);
let next = await store.count('setting');

async function work(): Promise<never> {
  for (;;) {
    const number = next++;
    await store.commit({
      records: [
        { table: 'setting', key: `n${number}`, value: randomBytes(300) },
        { table: 'meta', key: 'last', value: randomBytes(16) },
      ],
      journal: [{ subject: 'count', timeMs: number, event: randomBytes(40) }],
      ledger: [{ timeMs: number, debit: 'a', credit: 'b', amountMsat: 1n, reason: 'test', reference: '' }],
    });
    await marks.raise(1, number);
    process.stdout.write(`${number}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, work));
