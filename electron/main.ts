import { join } from 'node:path';
import { app, type BrowserWindow, ipcMain, nativeTheme, Notification, powerMonitor, protocol, safeStorage, session, shell } from 'electron';
import type { EventName, Screen, ShellEventName } from '../core/api.ts';
import { linkOf, watchLinks } from './deep-links.ts';
import { Engine } from './engine.ts';
import { registerIpc } from './ipc.ts';
import { installMenu } from './menu.ts';
import { Playground } from './playground.ts';
import { quickUnlock } from './secrets.ts';
import { allowedLink, confine, refusePermissions, SCHEME, servePages } from './security.ts';
import { openSettings, type Settings } from './settings.ts';
import { shellHandlers } from './shell.ts';
import { createTray } from './tray.ts';
import { createWindow, loadWallet } from './window.ts';

const DIST = join(import.meta.dirname, '..');
const DRAIN_MS = 5000;
const IDLE_CHECK_MS = 10_000;
/** What a locked window is told: nothing about the money. */
const TOLD_WHILE_LOCKED: ReadonlySet<string> = new Set(['shell.updated', 'vault.updated', 'chain.updated', 'alarm']);

// Reports of Node hold the environment and the command line.
process.report.reportOnFatalError = false;
process.report.reportOnUncaughtException = false;
process.report.excludeEnv = true;

/** Only the environment chooses a network from outside: a link of the system can add arguments, but no variables. */
function fromEnvironment(): Partial<Settings> {
  const { SFERIC_NETWORK: network, SFERIC_CHAIN: chain } = process.env;
  return { ...(network ? { network: network as Settings['network'] } : {}), ...(chain ? { chainSources: chain.split(' ') } : {}) };
}

let window: BrowserWindow | undefined;
let isDrained = false;

async function start(): Promise<void> {
  const folder = app.getPath('userData');
  const settings = openSettings(join(folder, 'settings.json'), fromEnvironment());
  const lock = { isOn: false };
  let waiting = linkOf(process.argv);
  const takeLink = (): string | undefined => {
    const link = waiting;
    waiting = undefined;
    return link;
  };
  const send = (name: EventName | ShellEventName, data: unknown): void => {
    if (window && !window.isDestroyed() && (!lock.isOn || TOLD_WHILE_LOCKED.has(name))) window.webContents.send('sferic:event', name, data);
  };
  const tray = createTray({ folder: join(DIST, 'renderer'), show: () => show(), lock: () => void handlers['shell.lock']({}) });
  const notify = notifier(() => window?.isFocused() ?? false);
  const engine = new Engine({
    folder,
    settings: settings.get,
    onEvent: (name, data) => {
      // A window in the playground hears of the own wallet only what must not wait.
      if (!playground.isOn || name === 'alarm') send(name, data);
      notify(name, data);
      if (name === 'wallet.updated') tray.tell(settings.get().trayBalance && !lock.isOn ? `${(data as { spendableSat: string }).spendableSat} sat` : undefined);
    },
  });
  let onPlaygroundState = (): void => undefined;
  const playground = new Playground({
    folder: join(folder, 'playground'), log: engine.log, onState: () => onPlaygroundState(),
    onEvent: (name, data) => {
      if (playground.isOn || name === 'playground.progress') send(name as EventName, data);
    },
  }); // prettier-ignore
  const handlers = shellHandlers({
    onPlaygroundState: (told) => (onPlaygroundState = told), playground,
    engine, settings, lock, isPractice: process.env['SFERIC_PRACTICE'] === '1', window: () => window, tell: send, link: { take: takeLink },
    secrets: quickUnlock(safeStorage, join(folder, 'quick-unlock')),
  }); // prettier-ignore
  const show = (): void => {
    if (window?.isMinimized()) window.restore();
    window?.show();
    window?.focus();
  };
  const go = (screen: Screen): void => {
    show();
    send('shell.go', { screen });
  };

  nativeTheme.themeSource = settings.get().theme;
  refusePermissions(session.defaultSession);
  protocol.handle(SCHEME, servePages(join(DIST, 'renderer')));
  registerIpc({ ipc: ipcMain, engine: (method, params) => (playground.isOn ? playground : engine).ask(method, params), shell: handlers, isLocked: () => lock.isOn, pageId: () => window?.webContents.id, log: engine.log });
  installMenu({ go, lock: () => void handlers['shell.lock']({}) });
  watchLinks(app, (uri) => {
    waiting = uri;
    send('shell.linkWaiting', {});
  }, show); // prettier-ignore
  watchIdle(() => settings.get().idleLockMinutes, () => void (lock.isOn || handlers['shell.lock']({})));
  app.on('before-quit', (event) => {
    if (isDrained) return;
    event.preventDefault();
    void drain(engine, playground).then(() => app.quit());
  });
  app.on('window-all-closed', () => app.quit());

  await engine.start();
  window = createWindow({ preload: join(DIST, 'preload', 'preload.cjs'), dark: nativeTheme.shouldUseDarkColors });
  window.on('closed', () => (window = undefined));
  await loadWallet(window);
}

/** What is in flight gets a moment; everything that counts is on disk already, so a node that hangs may be left behind. */
async function drain(engine: Engine, playground: Playground): Promise<void> {
  const late = new Promise<void>((done) => setTimeout(done, DRAIN_MS).unref());
  const stopped = engine.stop().catch((error: unknown) => engine.log.error('the node did not stop cleanly', { error }));
  await Promise.race([Promise.all([stopped, playground.stop()]), late]);
  isDrained = true;
}

function watchIdle(minutes: () => number, lock: () => void): void {
  setInterval(() => {
    if (minutes() > 0 && powerMonitor.getSystemIdleTime() >= minutes() * 60) lock();
  }, IDLE_CHECK_MS).unref();
  powerMonitor.on('lock-screen', lock);
}

/** Money that came in and alarms, when nobody looks at the window. Never what a peer or an invoice wrote. */
const notifier =
  (isWatched: () => boolean) =>
  (name: EventName, data: unknown): void => {
    const fields = data as { readonly state?: string; readonly message?: string };
    const body = name === 'alarm' ? fields.message : name === 'invoice.updated' && fields.state === 'paid' ? 'A payment has arrived.' : undefined;
    if (body !== undefined && !isWatched() && Notification.isSupported()) new Notification({ title: 'Sferic', body }).show();
  };

if (app.requestSingleInstanceLock()) {
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, codeCache: true } }]);
  app.on('web-contents-created', (_event, contents) =>
    confine(contents, (url) => {
      const link = allowedLink(url);
      if (link !== undefined) void shell.openExternal(link);
    }),
  );
  // Never awaited at the top level: Electron is ready only after this module has been evaluated.
  app.whenReady().then(start).catch((error: unknown) => {
    console.error(error);
    app.exit(1);
  }); // prettier-ignore
} else {
  app.exit(0);
}
