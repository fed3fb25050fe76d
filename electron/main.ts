import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { app, type BrowserWindow, ipcMain, nativeTheme, Notification, powerMonitor, protocol, safeStorage, session, shell } from 'electron';
import type { EventName, Screen, ShellEventName } from '../core/api.ts';
import { BackupKeeper } from './backup-keeper.ts';
import { createCamera } from './camera.ts';
import { Confirmations } from './confirm.ts';
import { linkOf, watchLinks } from './deep-links.ts';
import { askPerson, confirmIn } from './dialogs.ts';
import { Engine } from './engine.ts';
import { createGestures } from './gestures.ts';
import { registerIpc, valueOf } from './ipc.ts';
import { installMenu } from './menu.ts';
import { createNotifier } from './notify.ts';
import { Playground } from './playground.ts';
import { watchPower } from './power.ts';
import { createQuit } from './quit.ts';
import { readRequest } from './readings.ts';
import { quickUnlock } from './secrets.ts';
import { allowedLink, confine, refusePermissions, SCHEME, servePages } from './security.ts';
import { openSettings, type Settings } from './settings.ts';
import { checkRelease } from './release.ts';
import { shellHandlers } from './shell.ts';
import { amountText, type Language, languageOf, type Say, sayIn } from './texts/index.ts';
import { tellingOf, type Told } from './telling.ts';
import { createTray } from './tray.ts';
import { createWindow, loadWallet } from './window.ts';

const DIST = join(import.meta.dirname, '..');
/** What a locked window is told: nothing about the money. */
const TOLD_WHILE_LOCKED: ReadonlySet<string> = new Set(['shell.updated', 'vault.updated', 'chain.updated', 'shell.alarm']);
/** What may be paid in a day without the main process asking: what a person has in the pocket. */
const UNASKED_MSAT = 50_000_000n;
/** Coins of the practice network are worth nothing; enough of them to watch payments stream. */
const UNASKED_PRACTICE_MSAT = 1_000_000_000n;

// The engine makes much short-lived data and keeps little; without this the heap grows to three times of what lives in it and stays so.
setFlagsFromString('--heap-growing-percent=50');

// Reports of Node hold the environment and the command line; its inspector reads all memory, and a signal would open it.
process.report.reportOnFatalError = false;
process.report.reportOnUncaughtException = false;
process.report.excludeEnv = true;
if (process.platform !== 'win32') process.on('SIGUSR1', () => undefined);

/** Only the environment chooses a network from outside: a link of the system can add arguments, but no variables. */
function fromEnvironment(): Partial<Settings> {
  const { SFERIC_NETWORK: network, SFERIC_CHAIN: chain } = process.env;
  return { ...(network ? { network: network as Settings['network'] } : {}), ...(chain ? { chainSources: chain.split(' ') } : {}) };
}

let window: BrowserWindow | undefined;

async function start(): Promise<void> {
  const folder = app.getPath('userData');
  const settings = openSettings(join(folder, 'settings.json'), fromEnvironment());
  const isPractice = (): boolean => process.env['SFERIC_PRACTICE'] === '1' && settings.get().network === 'regtest';
  const lock = { isOn: false };
  const language = (): Language => {
    const chosen = settings.get().language;
    return chosen === 'system' ? languageOf(app.getPreferredSystemLanguages()[0] ?? app.getLocale()) : chosen;
  };
  const say: Say = (key, values) => sayIn(language())(key, values);
  let waiting = linkOf(process.argv);
  const takeLink = (): string | undefined => {
    const link = waiting;
    waiting = undefined;
    return link;
  };
  const send = (name: EventName | ShellEventName, data: unknown): void => {
    if (window && !window.isDestroyed() && (!lock.isOn || TOLD_WHILE_LOCKED.has(name))) window.webContents.send('sferic:event', name, data);
  };
  const tell = (told: Told | undefined): void => void (told && send(told.name, told.data));
  const show = (): void => {
    if (window?.isMinimized()) window.restore();
    window?.show();
    window?.focus();
  };
  const go = (screen: Screen): void => {
    show();
    send('shell.go', { screen });
  };
  const lockWindow = (): void => void (lock.isOn || handlers['shell.lock']({}));
  const tray = createTray({ folder: join(DIST, 'renderer'), say, show, lock: lockWindow });
  /** As the engine told it last; a setting or a lock that changes shows or hides it at once. */
  let spendableSat: string | undefined;
  const tellTray = (): void => tray.tell(spendableSat !== undefined && settings.get().trayBalance && !lock.isOn ? amountText(BigInt(spendableSat) * 1000n) : undefined);
  const notify = createNotifier({
    say, language, isWatched: () => window?.isFocused() ?? false, nowMs: () => performance.now(),
    show: (body) => void (Notification.isSupported() && new Notification({ title: 'Sferic', body }).show()),
  }); // prettier-ignore
  const engine = new Engine({
    folder,
    settings: settings.get,
    onEvent: (name, data) => {
      tell(tellingOf('own', playground.isOn, { name, data }));
      notify(name, data);
      keeper.told(name, data);
      if (name === 'wallet.updated') spendableSat = (data as { readonly spendableSat: string }).spendableSat;
      // Keys that are forgotten, or another network: the balance of before is nobody's any more.
      if (name === 'vault.updated' && (data as { readonly state: string }).state !== 'unlocked') spendableSat = undefined;
      if (name === 'wallet.updated' || name === 'vault.updated') tellTray();
    },
  });
  let onPlaygroundState = (): void => undefined;
  let onKept = (): void => undefined;
  const keeper = new BackupKeeper({ ask: (method, params) => engine.ask(method, params), folder: () => settings.get().backupFolder, network: () => settings.get().network, onChanged: () => onKept(), log: engine.log });
  const playground = new Playground({
    folder: join(folder, 'playground'), log: engine.log, onState: () => onPlaygroundState(),
    onEvent: (name, data) => tell(tellingOf('playground', playground.isOn, { name, data })),
  }); // prettier-ignore
  /** The wallet that the window shows: the playground's has nothing to lose. */
  const shown = (): Playground | Engine => (playground.isOn ? playground : engine);
  const isWorthless = (): boolean => playground.isOn || isPractice();
  const gestures = createGestures(() => performance.now());
  const camera = createCamera({ takeGesture: gestures.take, isLocked: () => lock.isOn, nowMs: () => performance.now() });
  const confirmations = new Confirmations({
    read: (method, params) => readRequest({ call: (name, given) => valueOf(shown().ask(name, given)), say }, method, params),
    ask: (question) => confirmIn(window, say, question),
    takeGesture: () => gestures.take() || isWorthless(), unaskedMsat: () => (isWorthless() ? UNASKED_PRACTICE_MSAT : UNASKED_MSAT),
    world: () => (playground.isOn ? 'playground' : settings.get().network), randomToken: () => randomBytes(32).toString('hex'), nowMs: () => performance.now(),
  }); // prettier-ignore
  const showLogs = (): Promise<string> => shell.openPath(join(folder, 'logs'));
  const label = (): void => {
    installMenu({ say, go, lock: lockWindow, showLogs: () => void showLogs() });
    tray.label();
    tellTray();
  };
  const handlers = shellHandlers({
    onPlaygroundState: (told) => (onPlaygroundState = told), onKept: (told) => (onKept = told), keeper, camera, playground, engine, settings, lock, isPractice, window: () => window, tell: send, link: { take: takeLink }, secrets: quickUnlock(safeStorage, join(folder, 'quick-unlock')),
    confirm: (given) => confirmations.confirm(given), onSettings: label, checkUpdate: () => checkRelease({ file: join(folder, 'release-seen.json'), log: engine.log, nowMs: () => Date.now() }),
    onLock: () => {
      camera.takeBack();
      confirmations.forget();
      tellTray();
    },
    onUnlock: tellTray, showLogs,
  }); // prettier-ignore
  const quit = createQuit({
    call: (method, params) => engine.call(method, params), stop: async () => void (await Promise.all([engine.stop(), playground.stop()])), say, language, log: engine.log,
    // Without a window there is nothing left to keep running.
    ask: async (title, lines) => !window || askPerson(window, { title, lines, yes: say('quit.yes'), no: say('quit.no') }),
  }); // prettier-ignore

  nativeTheme.themeSource = settings.get().theme;
  refusePermissions(session.defaultSession, (pageId) => pageId !== undefined && pageId === window?.webContents.id && camera.isGiven());
  protocol.handle(SCHEME, servePages(join(DIST, 'renderer')));
  registerIpc({
    ipc: ipcMain, engine: (method, params) => shown().ask(method, params), shell: handlers, redeem: (method, params, token) => confirmations.redeem(method, params, token),
    isLocked: () => lock.isOn, pageId: () => window?.webContents.id, log: engine.log,
  }); // prettier-ignore
  label();
  watchLinks(app, (uri) => {
    waiting = uri;
    send('shell.linkWaiting', {});
  }, show); // prettier-ignore
  watchPower({
    monitor: powerMonitor, lock: lockWindow, idleMinutes: () => settings.get().idleLockMinutes, nowMs: () => Date.now(),
    onSuspend: () => {
      camera.takeBack();
      confirmations.forget();
      engine.suspended();
    },
    onResume: () => engine.resumed(), onShutdown: () => quit.hurry(),
  }); // prettier-ignore
  app.on('before-quit', (event) => {
    if (quit.isDone()) return;
    event.preventDefault();
    void quit.begin().then((mayEnd) => mayEnd && app.quit());
  });
  app.on('window-all-closed', () => app.quit());

  await engine.start();
  window = createWindow({ preload: join(DIST, 'preload', 'preload.cjs'), dark: nativeTheme.shouldUseDarkColors });
  gestures.watch(window.webContents);
  // The question of quitting needs its window still there.
  window.on('close', (event) => {
    if (quit.isDone()) return;
    event.preventDefault();
    app.quit();
  });
  window.on('closed', () => (window = undefined));
  await loadWallet(window);
}

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
