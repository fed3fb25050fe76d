import { randomBytes } from 'node:crypto';
import { openStore } from '../../../../core/io/sqlite/open.ts';
import { StoreError } from '../../../../core/store/port.ts';
import { DATA_KEY } from '../folder.ts';

// Under a limit of the file size: commits until the disk refuses, then once more; prints both faults and the count.
const [folder = ''] = process.argv.slice(2);
const { store, reserve } = await openStore({ folder, dataKey: DATA_KEY, random: randomBytes });
const faults: string[] = [];
let committed = 0;
while (faults.length < 2) {
  try {
    await store.commit({ records: [{ table: 'setting', key: `n${committed}`, value: randomBytes(2000) }] });
    committed++;
  } catch (error) {
    faults.push(error instanceof StoreError ? error.fault.code : String(error));
  }
}
process.stdout.write(
  `${JSON.stringify({ reserve, faults, committed, readable: (await store.list('setting')).length })}\n`,
);
process.exit(0);
