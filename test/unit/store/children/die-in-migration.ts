import { openTestStore } from '../folder.ts';
import { migrationsThatDie } from '../migrations-of-tomorrow.ts';

// Dies, as by kill -9, in the middle of a migration.
const [data = '', outside = ''] = process.argv.slice(2);
const folder = { data, outside, path: () => '', onRemove: () => undefined, remove: async () => undefined };
await openTestStore(folder, { migrations: migrationsThatDie(Number(process.argv[4])) });
process.stdout.write('survived\n');
