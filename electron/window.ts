import { BrowserWindow } from 'electron';
import { ORIGIN, webPreferences } from './security.ts';

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
