import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChecks } from './check.ts';
import { CHROMIUM_COMMAND, ensureChromium } from './desktop/chromium.ts';
import { electronBinary } from './electron-stand-in/launch.ts';
import { closingLine, type Counts } from './plain-reporter.ts';
import { canInstallDebianPackages, installDebianPackages, isOnPath } from './system.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const USAGE = `npm test                         every check and every suite
npm test -- --suite unit         one suite (unit, states, property, simulation, interop, ui, or checks); may repeat
npm test -- wire/ onion          the test files whose path contains one of these
npm test -- --suite unit -t tlv  further options go to vitest`;

const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

const add = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

interface Plan {
  readonly suites: readonly string[];
  readonly patterns: readonly string[];
}

function planOf(args: readonly string[]): Plan {
  const suites: string[] = [];
  const patterns: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--suite') suites.push(args[++i] ?? '');
    else if (arg.startsWith('--suite=')) suites.push(arg.slice('--suite='.length));
    else patterns.push(arg);
  }
  return { suites, patterns };
}

/** Electrum, a wallet of another make, for test/interop/electrum. Missing on a CI it is a failure, elsewhere a skip. */
function ensureElectrum(): Counts {
  const command = 'apt-get install -y --no-install-recommends electrum';
  if (isOnPath('electrum')) return NOTHING;
  if (canInstallDebianPackages() && installDebianPackages(['electrum']) && isOnPath('electrum')) return NOTHING;
  process.env['SFERIC_SKIP_ELECTRUM'] = '1';
  console.log(`Electrum is missing, its tests are skipped. On Debian or Ubuntu: sudo ${command}`);
  return process.env['CI'] === 'true' ? { passed: 0, failed: 1, skipped: 0 } : NOTHING;
}

/** Chromium, which shows the window for test/ui. Missing on a CI it is a failure, elsewhere a skip. */
function ensureWindow(): Counts {
  if (electronBinary() || ensureChromium()) return NOTHING;
  process.env['SFERIC_SKIP_UI'] = '1';
  console.log(`Chromium is missing, the tests of the window are skipped. On Debian or Ubuntu: sudo ${CHROMIUM_COMMAND}`);
  return process.env['CI'] === 'true' ? { passed: 0, failed: 1, skipped: 0 } : NOTHING;
}

/**
 * Exit code of a program whose output, errors too, goes to our standard output, so that the closing line comes last
 * there; a request to stop is passed on to it.
 */
async function exitCodeOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: [0, 1, 1], env });
  const stop = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', stop);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGTERM', stop);
  return code;
}

async function runVitest(suites: readonly string[], patterns: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'sferic-test-'));
  const countsFile = join(folder, 'counts.json');
  const projects = suites.flatMap((suite) => ['--project', suite]);
  const code = await exitCodeOf(
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'build/vitest.config.ts', ...projects, ...patterns],
    { ...process.env, SFERIC_TEST_COUNTS: countsFile },
  );
  try {
    const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
    return code === 0 || counts.failed > 0 ? counts : add(counts, { passed: 0, failed: 1, skipped: 0 });
  } catch {
    console.error(`vitest ended without a result (exit code ${code})`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runPlan({ suites, patterns }: Plan): Promise<Counts> {
  const everything = suites.length === 0 && patterns.length === 0;
  const testSuites = suites.filter((suite) => suite !== 'checks');
  const wantsChecks = everything || suites.includes('checks');
  const wantsTests = everything || patterns.length > 0 || testSuites.length > 0;
  const wantsElectrum =
    everything || suites.includes('interop') || patterns.some((pattern) => pattern.includes('electrum'));
  let counts = NOTHING;
  if (wantsElectrum) counts = add(counts, ensureElectrum());
  if (everything || suites.includes('ui') || patterns.some((pattern) => pattern.includes('ui'))) counts = add(counts, ensureWindow());
  if (wantsChecks) counts = add(counts, { ...runChecks(), skipped: 0 });
  if (wantsTests) counts = add(counts, await runVitest(testSuites, patterns));
  return counts;
}

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(USAGE);
else {
  const counts = await runPlan(planOf(args));
  console.log(`\n${closingLine(counts)}`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}
