import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Frame, type Request, type Route } from 'playwright-core';
import { cameraFlags } from './chromium-path.ts';
import { host, log, options, schemes, toApp, userData } from './host.ts';
import { roles } from './menu.ts';
import { BrowserWindow, lastWindowClosed } from './window.ts';

/** Resolved by run.ts when the main module has been evaluated: Electron is not ready before that either. */
export const mainModule = Promise.withResolvers<void>();

class App extends EventEmitter {
  readonly isPackaged = false;
  name = 'stand-in';
  readonly #paths = new Map([['userData', userData], ['temp', tmpdir()], ['home', homedir()]]); // prettier-ignore
  #ready: Promise<void> | undefined;
  #isQuitting = false;
  readonly commandLine = { appendSwitch: () => undefined, hasSwitch: () => false, getSwitchValue: () => '' };
  getPath = (name: string): string => this.#paths.get(name) ?? join(userData, name);
  setPath = (name: string, path: string): void => void this.#paths.set(name, path);
  setName = (name: string): void => void (this.name = name);
  getName = (): string => this.name;
  getVersion = (): string => '0.0.0';
  getAppPath = (): string => process.cwd();
  getLocale = (): string => 'en-US';
  getPreferredSystemLanguages = (): string[] => ['en-US'];
  enableSandbox = (): void => undefined;
  setAppUserModelId = (): void => undefined;
  setAsDefaultProtocolClient = (): boolean => true;
  relaunch = (): void => undefined;
  get #lockFile(): string {
    return join(userData, 'stand-in-instance');
  }
  requestSingleInstanceLock(): boolean {
    mkdirSync(userData, { recursive: true });
    try {
      const pid = Number(readFileSync(this.#lockFile, 'utf8'));
      process.kill(pid, 0);
      return pid === process.pid;
    } catch {
      writeFileSync(this.#lockFile, String(process.pid));
      return true;
    }
  }
  whenReady(): Promise<void> {
    this.#ready ??= mainModule.promise.then(boot).then(() => void this.emit('ready', {}));
    return this.#ready;
  }
  isReady = (): boolean => host.context !== undefined;
  quit(): void {
    if (this.#isQuitting) return;
    let isStopped = false;
    this.emit('before-quit', { preventDefault: () => (isStopped = true) });
    if (isStopped) return;
    this.#isQuitting = true;
    void this.#end();
  }
  async #end(): Promise<void> {
    for (const window of BrowserWindow.getAllWindows()) {
      window.close();
      await window.whenClosed;
    }
    this.emit('will-quit', { preventDefault: () => undefined });
    this.exit(0);
  }
  exit(code = 0): void {
    const closed = host.context?.close().catch(() => undefined) ?? Promise.resolve();
    void closed.then(() => {
      rmSync(this.#lockFile, { force: true });
      process.exit(code);
    });
  }
}

export const app = new App();
roles.quit = () => app.quit();
lastWindowClosed.tell = () => {
  if (!app.emit('window-all-closed')) app.quit();
};
BrowserWindow.created = (window) => {
  app.emit('web-contents-created', {}, window.webContents);
  app.emit('browser-window-created', {}, window);
};

async function boot(): Promise<void> {
  const context = await chromium.launchPersistentContext(join(userData, 'chromium'), {
    executablePath: options.chromium,
    headless: !options.headed,
    viewport: null,
    serviceWorkers: 'block',
    args: [
      ...(options.port === undefined ? [] : [`--remote-debugging-port=${options.port}`]),
      ...(options.headed ? ['--app=about:blank'] : []),
      ...cameraFlags(options.camera),
      '--disable-background-networking',
      // A second lock beside the router below: no name resolves, for WebSockets either.
      '--host-resolver-rules=MAP * ~NOTFOUND',
    ],
    chromiumSandbox: process.getuid?.() !== 0,
  });
  host.context = context;
  host.firstPage = context.pages()[0];
  // Opened by a link with a target: Page.windowOpen has told it already.
  context.on('page', (page) => void page.opener().then((opener) => opener && page.close()));
  await context.route('**/*', serve);
}

/** A window that a link is about to open asks for its page before it has a frame. */
function frameOf(request: Request): Frame | undefined {
  try {
    return request.frame();
  } catch {
    return undefined;
  }
}

async function serve(route: Route): Promise<void> {
  const request = route.request();
  const url = toApp(request.url());
  const frame = frameOf(request);
  const window = BrowserWindow.getAllWindows().find(({ page }) => page !== undefined && page === frame?.page());
  if (request.isNavigationRequest() && window && frame === window.page?.mainFrame() && !window.isLoading) {
    let isStopped = false;
    window.webContents.emit('will-navigate', { preventDefault: () => (isStopped = true), url }, url);
    if (isStopped) return route.abort('aborted');
  }
  const handler = schemes.get(new URL(url).protocol.slice(0, -1));
  if (!handler) {
    log.blocked.push(url); // nothing ever leaves this computer
    return route.abort('blockedbyclient');
  }
  const answer = await Promise.resolve(handler(new globalThis.Request(url, { method: request.method() }))).catch((error: unknown) => new Response(String(error), { status: 500 }));
  await route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body: Buffer.from(await answer.arrayBuffer()) });
}
