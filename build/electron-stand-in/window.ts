import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright-core';
import { cloneCodec } from './clone-codec.ts';
import { host, log, notEmulated, options, toApp, toWeb } from './host.ts';
import { bridgePeer, mainWorld, preloadWorld } from './page-worlds.ts';
import { isMediaGranted, type MediaKind } from './permissions.ts';
import { ipcMain, nativeTheme, session } from './services.ts';

const { enc, dec } = cloneCodec();

interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly show?: boolean;
  readonly title?: string;
  readonly webPreferences?: Readonly<Record<string, unknown>> & { readonly preload?: string };
}
interface Message {
  readonly kind: 'invoke' | 'send' | 'open' | 'input' | 'media';
  readonly id: number;
  readonly channel: string;
  readonly args: unknown[];
  readonly url: string;
}
type OpenHandler = (details: { readonly url: string }) => { readonly action: string };

export class WebContents extends EventEmitter {
  static #count = 0;
  readonly id = ++WebContents.#count;
  readonly window: BrowserWindow;
  readonly session = session.defaultSession;
  readonly mainFrame: { readonly url: string; readonly parent: null };
  open: OpenHandler = () => ({ action: 'allow' });
  constructor(window: BrowserWindow) {
    super();
    this.window = window;
    this.mainFrame = {
      parent: null,
      get url() {
        return toApp(window.page?.url() ?? '');
      },
    };
  }
  send(channel: string, ...args: unknown[]): void {
    const text = enc({ kind: 'push', channel, args }); // what cannot be cloned throws here, as in Electron
    void this.window.ready.then(() => this.window.deliver(text));
  }
  getURL = (): string => this.mainFrame.url;
  setWindowOpenHandler(handler: OpenHandler): void {
    this.open = handler;
  }
  isDestroyed = (): boolean => this.window.isDestroyed();
  reload = (): void => void this.window.reload();
  /** As Electron's: the page's process dies at once. */
  forcefullyCrashRenderer = (): void => void this.window.crash();
  setVisualZoomLevelLimits = async (): Promise<void> => undefined;
}

const windows = new Set<BrowserWindow>();
/** Told when the last window is gone. */
export const lastWindowClosed = { tell: (): void => undefined };

export class BrowserWindow extends EventEmitter {
  static getAllWindows = (): BrowserWindow[] => [...windows];
  static getFocusedWindow = (): BrowserWindow | null => [...windows].at(-1) ?? null;
  static fromWebContents = (contents: WebContents): BrowserWindow => contents.window;
  readonly webContents: WebContents;
  readonly options: WindowOptions;
  ready: Promise<void>;
  readonly whenClosed: Promise<unknown>;
  page: Page | undefined;
  isLoading = false;
  isProtected = false;
  /** Open to the tests: an unseen window cannot lose the focus. */
  hasFocus = true;
  #visible: boolean;
  #gone = false;
  #preloadWorld: number | undefined;
  #debugger: CDPSession | undefined;
  #frameId = '';
  #isCrashed = false;
  #url = '';

  constructor(given: WindowOptions = {}) {
    super();
    const preferences = given.webPreferences ?? {};
    const isUnsafe = preferences['contextIsolation'] === false || preferences['nodeIntegration'] || preferences['sandbox'] === false || preferences['webSecurity'] === false;
    if (isUnsafe) notEmulated('an unsafe webPreferences');
    if (!host.context) throw new Error('Cannot create BrowserWindow before app is ready');
    this.options = given;
    this.#visible = given.show !== false;
    this.webContents = new WebContents(this);
    windows.add(this);
    this.whenClosed = new Promise((done) => this.once('closed', done));
    BrowserWindow.created(this);
    this.ready = this.#start(preferences.preload);
  }
  static created: (window: BrowserWindow) => void = () => undefined;

  async #start(preload: string | undefined): Promise<void> {
    const context = host.context!;
    const page = host.firstPage ?? (await context.newPage());
    this.page = page;
    host.firstPage = undefined;
    page.on('close', () => this.page === page && this.#closed());
    page.on('crash', () => {
      this.#isCrashed = true;
      this.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 });
    });
    page.on('console', (message) => {
      if (message.type() === 'error' || /Content Security Policy|Trusted/u.test(message.text())) log.violations.push(message.text());
    });
    page.on('pageerror', (error) => log.violations.push(String(error)));
    page.on('load', () => {
      this.webContents.emit('did-finish-load', {});
      this.emit('ready-to-show');
    });
    const { width = 800, height = 600 } = this.options;
    if (!options.headed) await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: nativeTheme.shouldUseDarkColors ? 'dark' : 'light' });
    if (preload) await this.#installPreload(page, preload);
  }

  async #installPreload(page: Page, preload: string): Promise<void> {
    const cdp = await page.context().newCDPSession(page);
    this.#debugger = cdp;
    const channel = `b${randomBytes(16).toString('hex')}`;
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === 'stand-in-preload' && context.auxData?.['frameId'] === this.#frameId) this.#preloadWorld = context.id;
    });
    cdp.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === 'standInTell') void this.#receive(dec(payload) as Message);
    });
    cdp.on('Page.windowOpen', ({ url }) => this.#opened(url));
    this.#frameId = (await cdp.send('Page.getFrameTree')).frameTree.frame.id;
    await cdp.send('Page.enable');
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: 'standInTell', executionContextName: 'stand-in-preload' });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${mainWorld})('${channel}', ${bridgePeer});` });
    const info = JSON.stringify({ platform: process.platform, arch: process.arch, versions: {}, env: {} });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      worldName: 'stand-in-preload',
      source: `(${preloadWorld})('${channel}', ${bridgePeer}, ${cloneCodec}, ${info}, function (require, module, exports, process) {\n${readFileSync(preload, 'utf8')}\n});`,
    });
  }

  #opened(url: string): void {
    if (this.webContents.open({ url: toApp(url) }).action === 'allow') notEmulated('an allowed window.open');
  }

  async #receive({ kind, id, channel, args, url }: Message): Promise<void> {
    if (kind === 'open') return this.#opened(url);
    if (kind === 'input') return void this.webContents.emit('input-event', {}, { type: channel });
    if (kind === 'media') return this.deliver(await this.#answer(id, 'media', () => this.#askForMedia(args as MediaKind[])));
    const event = { sender: this.webContents, senderFrame: this.webContents.mainFrame, type: 'frame', processId: 1, frameId: 1 };
    if (kind === 'send') return void ipcMain.emit(channel, event, ...args);
    await this.deliver(await this.#answer(id, channel, () => handlerOf(channel)(event, ...args)));
  }

  /** Chromium opens devices itself: it gets the answer of the main process beforehand. */
  async #askForMedia(kinds: readonly MediaKind[]): Promise<void> {
    const isGranted = isMediaGranted(this.webContents, kinds);
    for (const name of ['camera', 'microphone']) {
      await this.#debugger?.send('Browser.setPermission', { permission: { name }, setting: isGranted && kinds.includes(name === 'camera' ? 'video' : 'audio') ? 'granted' : 'denied' });
    }
  }

  async #answer(id: number, channel: string, task: () => unknown): Promise<string> {
    try {
      return enc({ id, ok: true, v: await task() });
    } catch (error) {
      return enc({ id, ok: false, v: `Error invoking remote method '${channel}': ${String(error)}` });
    }
  }

  async deliver(text: string): Promise<void> {
    if (this.#preloadWorld === undefined || this.#gone) return;
    const expression = `standInDeliver(${JSON.stringify(text)})`;
    // A page that is just being replaced or closed hears nothing any more.
    await this.#debugger?.send('Runtime.evaluate', { contextId: this.#preloadWorld, expression }).catch(() => undefined);
  }

  #closed(): void {
    this.#gone = true;
    windows.delete(this);
    this.emit('closed');
    if (windows.size === 0) lastWindowClosed.tell();
  }

  loadURL = (url: string): Promise<void> => this.load(url);
  async load(url: string): Promise<void> {
    await this.ready;
    this.#url = url;
    this.isLoading = true;
    try {
      await this.page?.goto(toWeb(url));
    } finally {
      this.isLoading = false;
    }
  }
  /** A page that crashed is of no use to Playwright any more: its window goes on with a new one. */
  async reload(): Promise<void> {
    if (this.#isCrashed) {
      const old = this.page;
      this.#isCrashed = false;
      this.ready = this.#start(this.options.webPreferences?.preload);
      await this.ready;
      await old?.close();
    }
    await this.load(this.#url);
  }
  async crash(): Promise<void> {
    await this.#debugger?.send('Page.crash').catch(() => undefined);
  }
  show(): void {
    this.#visible = true;
    this.emit('show');
  }
  hide(): void {
    this.#visible = false;
    this.emit('hide');
  }
  focus(): void {
    void this.page?.bringToFront();
    this.emit('focus');
  }
  isVisible = (): boolean => this.#visible;
  isDestroyed = (): boolean => this.#gone;
  isMinimized = (): boolean => false;
  isFocused = (): boolean => this.hasFocus;
  restore = (): void => undefined;
  setContentProtection(on: boolean): void {
    this.isProtected = on;
  }
  setMenuBarVisibility = (): void => undefined;
  close(): void {
    let isStopped = false;
    this.emit('close', { preventDefault: () => (isStopped = true) });
    if (!isStopped) this.destroy();
  }
  destroy(): void {
    void this.ready.then(() => this.page?.close());
  }
}

function handlerOf(channel: string): (event: unknown, ...args: unknown[]) => unknown {
  const handler = ipcMain.handlers.get(channel);
  if (!handler) throw new Error(`No handler registered for '${channel}'`);
  return handler;
}
