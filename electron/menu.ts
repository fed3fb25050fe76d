import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import { SCREENS, type Screen } from '../core/api.ts';
import type { Say } from './texts/index.ts';

export interface MenuPort {
  readonly say: Say;
  readonly go: (screen: Screen) => void;
  readonly lock: () => void;
  readonly showLogs: () => void;
}

/** Keys for every screen; no reload, no developer tools. Made anew when the language changes. */
export function installMenu({ say, go, lock, showLogs }: MenuPort): void {
  const screens = SCREENS.map((screen, index): MenuItemConstructorOptions => ({ id: screen, label: say(`screen.${screen}`), accelerator: screen === 'settings' ? 'CmdOrCtrl+,' : `CmdOrCtrl+${index + 1}`, click: () => go(screen) }));
  const template: MenuItemConstructorOptions[] = [
    { label: 'Sferic', submenu: [...screens, { type: 'separator' }, { id: 'lock', label: say('menu.lock'), accelerator: 'CmdOrCtrl+L', click: lock }, { id: 'logs', label: say('menu.logs'), click: showLogs }, { type: 'separator' }, { role: 'quit', label: say('menu.quit') }] },
    { label: say('menu.edit'), submenu: [
      { role: 'undo', label: say('menu.undo') }, { role: 'redo', label: say('menu.redo') }, { type: 'separator' }, { role: 'cut', label: say('menu.cut') }, { role: 'copy', label: say('menu.copy') },
      { role: 'paste', label: say('menu.paste') }, { role: 'selectAll', label: say('menu.selectAll') },
    ] },
    { label: say('menu.view'), submenu: [{ role: 'zoomIn', label: say('menu.larger') }, { role: 'zoomOut', label: say('menu.smaller') }, { role: 'resetZoom', label: say('menu.usual') }, { role: 'togglefullscreen', label: say('menu.full') }] },
  ]; // prettier-ignore
  app.setName('Sferic');
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
