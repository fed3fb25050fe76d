import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import { SCREENS, type Screen } from '../core/api.ts';

const NAMES: Readonly<Record<Screen, string>> = {
  home: 'Home', pay: 'Pay', receive: 'Receive', channels: 'Channels', history: 'History', backup: 'Backup', playground: 'Playground', settings: 'Settings',
}; // prettier-ignore

/** Keys for every screen; no reload, no developer tools. */
export function installMenu({ go, lock }: { readonly go: (screen: Screen) => void; readonly lock: () => void }): void {
  const screens = SCREENS.map((screen, index): MenuItemConstructorOptions => ({ id: screen, label: NAMES[screen], accelerator: screen === 'settings' ? 'CmdOrCtrl+,' : `CmdOrCtrl+${index + 1}`, click: () => go(screen) }));
  const template: MenuItemConstructorOptions[] = [
    { label: 'Sferic', submenu: [...screens, { type: 'separator' }, { id: 'lock', label: 'Lock', accelerator: 'CmdOrCtrl+L', click: lock }, { role: 'quit' }] },
    { role: 'editMenu' },
    { label: 'View', submenu: [{ role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'resetZoom' }, { role: 'togglefullscreen' }] },
  ]; // prettier-ignore
  app.setName('Sferic');
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
