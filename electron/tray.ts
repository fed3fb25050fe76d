import { join } from 'node:path';
import { app, Menu, nativeImage, Tray } from 'electron';

export interface TrayPort {
  readonly folder: string;
  readonly show: () => void;
  readonly lock: () => void;
}

/** The mark beside the clock. Its tooltip names the program only, unless the user asked for the balance there. */
export function createTray({ folder, show, lock }: TrayPort): { readonly tell: (balanceText: string | undefined) => void } {
  const tray = new Tray(nativeImage.createFromPath(join(folder, 'tray.png')));
  tray.setContextMenu(Menu.buildFromTemplate([{ id: 'show', label: 'Show Sferic', click: show }, { id: 'lock', label: 'Lock', click: lock }, { type: 'separator' }, { id: 'quit', label: 'Quit', click: () => app.quit() }])); // prettier-ignore
  tray.on('click', show);
  const tell = (balanceText: string | undefined): void => tray.setToolTip(balanceText === undefined ? 'Sferic' : `Sferic – ${balanceText}`);
  tell(undefined);
  return { tell };
}
