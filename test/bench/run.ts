import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Figure, tableOf } from './figures.ts';
import { measureEnforcement } from './parts/enforcement.ts';
import { measureHistory } from './parts/history.ts';
import { measureMicro } from './parts/micro.ts';
import { measureOpenings } from './parts/openings.ts';
import { measurePauses } from './parts/pauses.ts';
import { measurePayments } from './parts/payments.ts';
import { measureStorage } from './parts/storage.ts';
import { measureWindow } from './parts/window.ts';
import { measureTimeline } from './parts/timeline.ts';

const PARTS: Readonly<Record<string, (nodeArgs: readonly string[]) => readonly Figure[] | Promise<readonly Figure[]>>> =
  {
    micro: () => measureMicro(),
    storage: () => measureStorage(),
    payments: (nodeArgs) => measurePayments({ nodeArgs }),
    sequential: (nodeArgs) => measurePayments({ nodeArgs, only: 'sequential' }),
    parallel: (nodeArgs) => measurePayments({ nodeArgs, only: 'parallel' }),
    openings: () => measureOpenings(),
    history: () => measureHistory(),
    enforcement: () => measureEnforcement(),
    pauses: () => measurePauses(),
    window: () => measureWindow(),
    timeline: () => measureTimeline(),
  };
const WHOLE = ['micro', 'storage', 'payments', 'openings', 'history', 'enforcement', 'pauses', 'window', 'timeline'];

const USAGE = `npm run bench                              everything; writes test/bench/results.json
npm run bench -- payments history          some parts (${Object.keys(PARTS).join(', ')}); only shown
npm run bench -- parallel --cpu-prof --cpu-prof-dir=<folder>
                                           options for Node go to both wallets of a payments part`;

const args = process.argv.slice(2);
const nodeArgs = args.filter((arg) => arg.startsWith('--'));
const chosen = args.filter((arg) => !arg.startsWith('--'));
const unknown = chosen.find((name) => !Object.hasOwn(PARTS, name));
if (nodeArgs.includes('--help') || unknown !== undefined) {
  console.log(USAGE);
  process.exit(unknown === undefined ? 0 : 2);
}

function commit(): string {
  const git = (...params: string[]): string =>
    execFileSync('git', params, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--', 'core') === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1e9),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  /** Processes that wanted to run before the first measurement: above 0.5 somebody else used the machine. */
  loadBefore: Number(loadavg()[0]!.toFixed(2)),
};
console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.loadBefore}\n`);
if (machine.loadBefore > 0.5) console.log('Other programs are using this machine: the figures will be too low.\n');

const figures: Figure[] = [];
for (const name of chosen.length > 0 ? chosen : WHOLE) {
  console.log(`measuring ${name} ...`);
  figures.push(...(await PARTS[name]!(nodeArgs)));
}
console.log(`\n${tableOf(figures)}`);
if (chosen.length === 0) {
  const results = { machine, commit: commit(), date: new Date().toISOString(), figures };
  writeFileSync(fileURLToPath(new URL('results.json', import.meta.url)), `${JSON.stringify(results, undefined, 2)}\n`);
}
