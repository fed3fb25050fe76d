import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['core', 'electron', 'renderer', 'assets', 'test', 'build', 'package.json', 'tsconfig.base.json'];
const TIMEOUT_MS = 10 * 60_000;
/** For all of them once. */
const FIRST_TIMEOUT_MS = 45 * 60_000;
const MOST_SAID = 5_000;
const USAGE = `npm run mutate              every deliberate fault: a test must fail with each of them
npm run mutate -- reserve   only those whose description or file contains the word`;

type Verdict = 'caught' | 'hung' | 'survived';
interface Outcome {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly seconds: number;
}

/** A copy of the project: what is broken on purpose must never be the project itself. */
function makeWorkshop(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sferic-mutate-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

interface Heard {
  /** `hung`: they never end. */
  readonly verdict: Verdict;
  readonly said: string;
}

async function run(folder: string, tests: readonly string[], timeout = TIMEOUT_MS): Promise<Heard> {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'build/vitest.config.ts', '--bail', '1', '--maxWorkers', '1'];
  const child = spawn(process.execPath, [...vitest, ...tests.map((path) => `test/${path}`)], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'], timeout });
  let said = '';
  child.stdout.on('data', (text: Uint8Array) => (said = `${said}${Buffer.from(text).toString()}`.slice(-MOST_SAID)));
  const [code] = (await once(child, 'exit')) as [number | null];
  return { verdict: code === 0 ? 'survived' : code === null ? 'hung' : 'caught', said };
}

async function verdictOn(folder: string, { file, find, replace, tests }: Mutant): Promise<Verdict> {
  const path = join(folder, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(find).length !== 2) throw new Error(`${file} does not hold the line once: ${find}`);
  writeFileSync(path, original.replace(find, () => replace));
  try {
    return (await run(folder, tests)).verdict;
  } finally {
    writeFileSync(path, original);
  }
}

async function work(folder: string, waiting: Mutant[], outcomes: Outcome[]): Promise<void> {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
    const startedMs = performance.now();
    const verdict = await verdictOn(folder, mutant);
    const seconds = (performance.now() - startedMs) / 1000;
    outcomes.push({ mutant, verdict, seconds });
    console.log(`${verdict === 'survived' ? '✗' : '✓'} ${verdict} in ${seconds.toFixed(1)} s: ${mutant.fault} (${mutant.against})`);
  }
}

const words = process.argv.slice(2);
if (words.includes('--help')) console.log(USAGE);
else {
  const chosen = mutants.filter(({ fault, file }) => words.every((word) => fault.includes(word) || file.includes(word)));
  const workshops = Array.from({ length: Math.max(1, Math.min(2, availableParallelism(), chosen.length)) }, makeWorkshop);
  const outcomes: Outcome[] = [];
  try {
    // Without a fault they must be green, or a red one would prove nothing.
    const all = [...new Set(chosen.flatMap(({ tests }) => tests))];
    if (chosen.length === 0) throw new Error('no fault is described so');
    const { verdict, said } = await run(workshops[0]!, all, FIRST_TIMEOUT_MS);
    if (verdict !== 'survived') throw new Error(`without any fault the tests must pass, and they do not:\n${said}`);
    const waiting = [...chosen];
    await Promise.all(workshops.map((folder) => work(folder, waiting, outcomes)));
  } finally {
    for (const folder of workshops) rmSync(folder, { recursive: true, force: true });
  }
  const survivors = outcomes.filter(({ verdict }) => verdict === 'survived');
  for (const { mutant } of survivors) console.log(`survived: ${mutant.fault} (${mutant.file})`);
  console.log(`\n${outcomes.length - survivors.length} caught, ${survivors.length} survived`);
  process.exitCode = survivors.length > 0 ? 1 : 0;
}
