/** Feeds hostile inputs to every decoder of foreign bytes and prints a table. */
import { parseArgs } from 'node:util';
import { useFastestCurve } from '../../core/io/native-curve.ts';
import { runTarget, type Outcome } from './engine.ts';
import { allTargets } from './targets/all.ts';

const USAGE = `npm run fuzz                      every decoder, 200 000 hostile inputs each
npm run fuzz -- --count 2000      fewer
npm run fuzz -- --seed 7          the same inputs again
npm run fuzz -- onion invoice     decoders whose name contains one of these`;

const OPTIONS = { count: { type: 'string', default: '200000' }, seed: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } } as const;

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
const count = Number(values.count);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);

const line = (cells: readonly string[]): string => [cells[0]!.padEnd(44), ...cells.slice(1).map((cell) => cell.padStart(10))].join(' ');
const rowOf = ({ name, inputs, accepted, refused, slowestMs, keptBytes, failure }: Outcome): string =>
  line([name, String(inputs), String(accepted), String(refused), slowestMs.toFixed(1), (keptBytes / 1024).toFixed(0), ...(failure === undefined ? [] : ['FAILED'])]);

async function main(): Promise<void> {
  if (values.help || !Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  useFastestCurve();
  const targets = allTargets().filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
  console.log(`${targets.length} decoders, ${count} inputs each, --seed ${seed}\n`);
  console.log(line(['decoder', 'inputs', 'accepted', 'refused', 'slowest ms', 'kept KiB']));
  const outcomes: Outcome[] = [];
  for (const target of targets) {
    const outcome = await runTarget(target, { count, seed, watchesMemory: true });
    outcomes.push(outcome);
    console.log(rowOf(outcome));
    if (outcome.failure !== undefined) console.log(`  ${outcome.failure}`);
  }
  const failed = outcomes.filter(({ failure }) => failure !== undefined).length;
  const inputs = outcomes.reduce((sum, outcome) => sum + outcome.inputs, 0);
  console.log(`\n${inputs} inputs\n${outcomes.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
