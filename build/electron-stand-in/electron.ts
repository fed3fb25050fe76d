/** What `import ... from 'electron'` gives on the stand-in, and the tests' way into the main process. */
import { app } from './app.ts';
import { cloneCodec } from './clone-codec.ts';
import { log } from './host.ts';
import { Menu, Tray } from './menu.ts';
import { clipboard, dialog, ipcMain, nativeImage, nativeTheme, Notification, powerMonitor, protocol, safeStorage, screen, session, shell } from './services.ts';
import { utilityProcess } from './utility-process.ts';
import { BrowserWindow } from './window.ts';

export { app, BrowserWindow, clipboard, dialog, ipcMain, Menu, nativeImage, nativeTheme, Notification, powerMonitor, protocol, safeStorage, screen, session, shell, Tray, utilityProcess };
const modules = { app, BrowserWindow, clipboard, dialog, ipcMain, Menu, nativeImage, nativeTheme, Notification, powerMonitor, protocol, safeStorage, screen, session, shell, Tray, utilityProcess };
export default modules;

const { enc, dec } = cloneCodec();

interface Question {
  readonly id: number;
  readonly source: string;
  readonly argument: string;
}

/** The shape of Playwright's ElectronApplication.evaluate: a function's source, run here with the modules. */
process.on('message', ({ id, source, argument }: Question) => void answer(id, source, argument));
process.on('disconnect', () => app.exit(0));

async function answer(id: number, source: string, argument: string): Promise<void> {
  const reply = (ok: boolean, value: string): void => void process.send?.({ id, ok, value });
  try {
    // oxlint-disable-next-line no-eval -- the test's own code, over a pipe of the test's own child
    const task = (0, eval)(`(${source})`) as (modules: unknown, argument: unknown) => unknown;
    reply(true, enc(await task({ ...modules, _log: log }, dec(argument))));
  } catch (error) {
    reply(false, String((error as Error).stack ?? error));
  }
}
