import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, chromium, type Page } from 'playwright-core';
import { cloneCodec } from './clone-codec.ts';
import { cameraFlags, chromiumPath } from './chromium-path.ts';
import type modules from './electron.ts';
import type { log, StandInOptions } from './host.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MAIN = join(ROOT, 'dist/main/main.js');
const { enc, dec } = cloneCodec();

export type Modules = typeof modules & { readonly _log: typeof log };

export interface LaunchOptions {
  /** The program's folder for this user: settings, wallets, logs. */
  readonly userData: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly keychain?: string;
  /** Another compiled main module than the one of `npm run build`; on the stand-in only. */
  readonly main?: string;
  readonly headed?: boolean;
  /** A film in YUV4MPEG2: Chromium's made-up camera shows it. */
  readonly camera?: string;
  /** Arguments as the system would give them, such as a deep link. */
  readonly args?: readonly string[];
}

export interface RunningApp {
  readonly kind: 'electron' | 'stand-in';
  /** The window's page; another one after a crash. */
  readonly page: Page;
  readonly pid: number;
  /** Runs in the main process; the function travels as text. */
  evaluate<R, A = undefined>(task: (modules: Modules, argument: A) => R | Promise<R>, argument?: A): Promise<R>;
  /** Asks it to quit and gives its exit code. */
  close(): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

/** Electron's binary, where it has been downloaded or is given by ELECTRON_OVERRIDE_DIST_PATH. Never downloads. */
export function electronBinary(): string | undefined {
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(ROOT, 'node_modules/electron/dist');
  const name = { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }[process.platform as string] ?? 'electron';
  const path = join(dist, name);
  return existsSync(path) ? path : undefined;
}

const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => done(port));
    });
  });

/** The environment without the hooks of a test runner. */
function cleanEnvironment(): Record<string, string> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('VITEST')));
}

/** The compiled wallet on real Electron where its binary is present, else on the stand-in. */
export async function launch(options: LaunchOptions): Promise<RunningApp> {
  const binary = electronBinary();
  return binary ? launchElectron(binary, options) : launchStandIn(options);
}

async function launchElectron(binary: string, { userData, env, camera, args = [] }: LaunchOptions): Promise<RunningApp> {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const running = await _electron.launch({ executablePath: binary, args: [...sandbox, ...cameraFlags(camera), ROOT, `--user-data-dir=${userData}`, ...args], env: { ...cleanEnvironment(), ...env } });
  const child = running.process();
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  // Dialogs of the system cannot be pressed from here: they are answered as on the stand-in.
  await running.evaluate(({ dialog }) => {
    const asked: unknown[] = [];
    const answers: number[] = [];
    const showMessageBox = async (...given: unknown[]): Promise<unknown> => {
      const box = given.at(-1) as { message: string; detail?: string; buttons: string[]; cancelId?: number };
      asked.push({ message: box.message, detail: box.detail ?? '', buttons: box.buttons });
      return { response: answers.shift() ?? box.buttons.findIndex((_, at) => at !== box.cancelId), checkboxChecked: false };
    };
    Object.assign(dialog, { asked, answers, showMessageBox });
  });
  const first = await running.firstWindow();
  return {
    kind: 'electron', pid: child.pid ?? 0, exited,
    get page() {
      return running.windows().at(-1) ?? first;
    },
    evaluate: (task, argument) => running.evaluate(task as never, argument as never),
    close: async () => {
      await running.close();
      return exited;
    },
  }; // prettier-ignore
}

export function startStandIn({ userData, env, keychain, headed, camera, main = MAIN, args = [] }: LaunchOptions, port: number | undefined, stdio: 'ipc' | 'ignore' = 'ipc'): ChildProcess {
  const given: StandInOptions = {
    userData, chromium: chromiumPath(), ...(port === undefined ? {} : { port }),
    ...(keychain === undefined ? {} : { keychain }), ...(headed === undefined ? {} : { headed }), ...(camera === undefined ? {} : { camera }),
  }; // prettier-ignore
  return spawn(process.execPath, [join(ROOT, 'build/electron-stand-in/run.ts'), main, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', stdio],
    env: { ...cleanEnvironment(), ...env, ELECTRON_STAND_IN: JSON.stringify(given) },
  });
}

async function launchStandIn(options: LaunchOptions): Promise<RunningApp> {
  const port = await freePort();
  const child = startStandIn(options, port);
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  const waiting = new Map<number, { ok: (value: unknown) => void; no: (error: Error) => void }>();
  let last = 0;
  child.on('message', ({ id, ok, value }: { id: number; ok: boolean; value: string }) => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (ok) waiter?.ok(dec(value));
    else waiter?.no(new Error(value));
  });
  child.once('exit', (code) => {
    for (const { no } of waiting.values()) no(new Error(`the main process ended with ${code}`));
  });
  const ask = (source: string, argument?: unknown): Promise<unknown> =>
    new Promise((ok, no) => {
      if (child.exitCode !== null) return no(new Error(`the main process ended with ${child.exitCode}`));
      waiting.set(++last, { ok, no });
      child.send({ id: last, source, argument: enc(argument) });
    });
  try {
    await ask(`({ app, BrowserWindow }) => new Promise((done) => {
      const look = () => BrowserWindow.getAllWindows().some((window) => window.webContents.getURL().startsWith('app:')) ? done() : setTimeout(look, 20);
      look();
    })`);
    // Without `noDefaults` this second client would undo the colour scheme that the first has set.
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    const pageNow = (): Page => {
      const page = browser.contexts()[0]?.pages().at(-1);
      if (!page) throw new Error('the window has no page');
      return page;
    };
    pageNow();
    return {
      kind: 'stand-in',
      get page() {
        return pageNow();
      },
      pid: child.pid ?? 0, exited,
      evaluate: (task, argument) => ask(String(task), argument) as never,
      close: async () => {
        if (child.exitCode === null && child.signalCode === null) await ask('({ app }) => void setTimeout(() => app.quit(), 0)');
        await browser.close().catch(() => undefined);
        return exited;
      },
    }; // prettier-ignore
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
