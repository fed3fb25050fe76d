/** `npm start`: the wallet in a window, on a practice network unless told otherwise. Where no window can be shown, it is walked through. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';
import { CHROMIUM_COMMAND, ensureChromium } from './desktop/chromium.ts';
import { obey, PRACTICE_HELP } from './desktop/practice-terminal.ts';
import { type Practice, startPractice } from './desktop/practice.ts';
import { walk, walkPlayground } from './desktop/walk.ts';
import { electronBinary, launch, ROOT, startStandIn } from './electron-stand-in/launch.ts';

const USAGE = `npm start                    the wallet in a window, on a practice network of its own: no real coins
npm start -- --real          your own wallet: asks once for a network and for servers that show the chain
npm start -- --pictures      no window: walks through the wallet and writes pictures of it`;

const DOWNLOAD_MS = 120_000;
const hasDisplay = (): boolean => process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);

/** Electron's own downloader; its package has no install script, so this is the first time that it is asked. */
function downloadElectron(): void {
  if (electronBinary()) return;
  console.log('Fetching Electron (first start only) ...');
  spawnSync(process.execPath, [join(ROOT, 'node_modules/electron/install.js')], { cwd: ROOT, timeout: DOWNLOAD_MS, stdio: 'ignore' });
}

/** Nobody can look at a window here: the same main process, preload and page are walked through in an unseen Chromium. */
async function pictures(): Promise<void> {
  const folder = join(ROOT, 'dist', 'pictures');
  mkdirSync(folder, { recursive: true });
  const userData = mkdtempSync(join(tmpdir(), 'sferic-start-'));
  const practice = await startPractice();
  try {
    const app = await launch({ userData, env: practice.env });
    const telling = {
      say: (text: string) => console.log(`   ${text}`),
      snap: async (name: string) => void (await app.page.screenshot({ path: join(folder, `${name}.png`) })),
    };
    try {
      await walk(app, practice, telling);
      await walkPlayground(app, telling);
    } finally {
      await app.close();
    }
    console.log(`\nPictures of the screens: ${folder}`);
  } finally {
    await practice.stop();
    rmSync(userData, { recursive: true, force: true });
  }
}

/** Opens the window and stays until it is closed. */
async function openWindow(practice: Practice | undefined): Promise<void> {
  const userData = practice ? mkdtempSync(join(tmpdir(), 'sferic-practice-')) : undefined;
  const env = practice?.env ?? {};
  const binary = electronBinary();
  const child = binary
    ? spawn(binary, [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ROOT, ...(userData ? [`--user-data-dir=${userData}`] : [])], { stdio: 'inherit', env: { ...process.env, ...env } })
    : startStandIn({ userData: userData ?? join(ROOT, '.cache', 'wallet'), env, headed: true }, undefined, 'ignore');
  if (!binary) console.log('Electron is not here, so the window is a Chromium. It is the same program, without the sandbox, menus and keychain of the system.');
  const terminal = practice && createInterface({ input: process.stdin });
  if (practice && terminal) {
    console.log(PRACTICE_HELP(practice));
    terminal.on('line', (line) => void obey(practice, line).then(console.log));
  }
  await once(child, 'exit');
  terminal?.close();
  if (userData) rmSync(userData, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { real: { type: 'boolean', default: false }, pictures: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  if (values.help) return console.log(USAGE);
  console.log('Sferic');
  const isUnseen = values.pictures || !hasDisplay();
  if (!isUnseen) downloadElectron();
  if (!electronBinary() && !ensureChromium()) {
    console.log(`No Electron and no Chromium here, so the tour is in the terminal. For the window, on Debian or Ubuntu: sudo ${CHROMIUM_COMMAND}`);
    return void (await import('../core/playground/tour.ts'));
  }
  await bundle();
  if (isUnseen) {
    console.log('There is no display, so nobody could see a window. The wallet is walked through instead:');
    return pictures();
  }
  const practice = values.real ? undefined : await startPractice();
  try {
    await openWindow(practice);
  } finally {
    await practice?.stop();
  }
}

await main();
