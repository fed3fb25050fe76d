import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';
import { ORIGIN } from './security.ts';

/** Written out, defaults too, so that a change of Electron's defaults changes nothing here. */
export const webPreferences = (preload: string): NonNullable<BrowserWindowConstructorOptions['webPreferences']> => ({
  preload,
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
  safeDialogs: true,
  devTools: false,
});

export const MIN_WIDTH = 900;
export const MIN_HEIGHT = 600;

/** The only place where a window is made. */
export function createWindow({ preload, dark }: { readonly preload: string; readonly dark: boolean }): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280, height: 800, minWidth: MIN_WIDTH, minHeight: MIN_HEIGHT, show: false, title: 'Sferic', autoHideMenuBar: true,
    backgroundColor: dark ? '#0f1316' : '#f3f5f6', webPreferences: webPreferences(preload),
  }); // prettier-ignore
  window.once('ready-to-show', () => window.show());
  // A page that died takes nothing of the wallet with it; a new one asks the engine how things are.
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit' && !window.isDestroyed()) window.webContents.reload();
  });
  return window;
}

export const loadWallet = (window: BrowserWindow): Promise<void> => window.loadURL(`${ORIGIN}/index.html`);
