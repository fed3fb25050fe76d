import { join } from 'node:path';
import { app, Menu, nativeImage, Tray } from 'electron';
import type { Say } from './texts/index.ts';

export interface TrayPort {
  readonly folder: string;
  readonly say: Say;
  readonly show: () => void;
  readonly lock: () => void;
}
export interface TrayMark {
  /** The balance for the tooltip; undefined where nobody asked for it there. */
  readonly tell: (balanceText: string | undefined) => void;
  /** Makes the menu anew, in the language of now. */
  readonly label: () => void;
}

/** The mark beside the clock. Its tooltip names the program only, unless the user asked for the balance there. */
export function createTray({ folder, say, show, lock }: TrayPort): TrayMark {
  const tray = new Tray(nativeImage.createFromPath(join(folder, 'tray.png')));
  const label = (): void => tray.setContextMenu(Menu.buildFromTemplate([{ id: 'show', label: say('menu.show'), click: show }, { id: 'lock', label: say('menu.lock'), click: lock }, { type: 'separator' }, { id: 'quit', label: say('menu.quit'), click: () => app.quit() }])); // prettier-ignore
  const tell = (balanceText: string | undefined): void => tray.setToolTip(balanceText === undefined ? 'Sferic' : `Sferic – ${balanceText}`);
  label();
  tray.on('click', show);
  tell(undefined);
  return { tell, label };
}
