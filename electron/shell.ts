import { writeFile } from 'node:fs/promises';
import type { BrowserWindow } from 'electron';
import { app, clipboard, dialog, nativeTheme, shell as system } from 'electron';
import type { ShellAnswer, ShellParams } from '../core/api.ts';
import { ApiFailure, VERSION } from '../core/index.ts';
import type { BackupKeeper } from './backup-keeper.ts';
import type { Camera } from './camera.ts';
import type { Engine } from './engine.ts';
import { piecesOf, writeBackup } from './exports.ts';
import type { Reply, ShellHandlers } from './ipc.ts';
import { type Playground, playgroundHandlers } from './playground.ts';
import { withoutPassword } from './readings.ts';
import type { QuickUnlock } from './secrets.ts';
import { allowedLink } from './security.ts';
import type { SettingsFile } from './settings.ts';

export interface ShellPort {
  readonly engine: Engine;
  readonly playground: Playground;
  readonly settings: SettingsFile;
  readonly secrets: QuickUnlock;
  readonly camera: Camera;
  readonly keeper: Pick<BackupKeeper, 'keep' | 'isWritten'>;
  readonly isPractice: () => boolean;
  readonly window: () => BrowserWindow | undefined;
  readonly lock: { isOn: boolean };
  readonly link: { readonly take: () => string | undefined };
  readonly tell: (name: 'shell.updated', data: unknown) => void;
  readonly confirm: (given: ShellParams<'shell.confirm'>) => Promise<ShellAnswer<'shell.confirm'>>;
  readonly checkUpdate: () => Promise<ShellAnswer<'shell.checkUpdate'>>;
  /** Resolves with what went wrong; empty: nothing. */
  readonly showLogs: () => Promise<string>;
  /** The window was opened with the password. */
  readonly onUnlock: () => void;
  /** Settings changed: what the shell itself says may be in another language now. */
  readonly onSettings: () => void;
  /** The window was locked: whatever was confirmed before does not count any more. */
  readonly onLock: () => void;
  /** Given what to do whenever the folder of the backup file is in order or is not any more. */
  readonly onKept: (told: () => void) => void;
  /** Given what to do whenever the playground starts or ends. */
  readonly onPlaygroundState: (told: () => void) => void;
}

/** What the shell does by itself for the page. */
export function shellHandlers(port: ShellPort): ShellHandlers {
  const { engine, settings, secrets, lock, playground } = port;
  const state = async (): Promise<ShellAnswer<'shell.state'>> => {
    const { chainSources, backupFolder, ...rest } = settings.get();
    return {
      ...rest, ...engine.state, playground: playground.state, chainSources: chainSources.map(withoutPassword), platform: process.platform, version: VERSION,
      systemLanguage: app.getPreferredSystemLanguages()[0] ?? app.getLocale(), isPractice: port.isPractice(), windowLocked: lock.isOn, quickUnlock: await secrets.state(),
      ...(backupFolder === '' ? {} : { keptBackup: { folder: backupFolder, isWritten: port.keeper.isWritten } }),
      ...(playground.isOn ? { network: 'regtest' as const, engine: 'running' as const, chainSources: [] } : {}),
    }; // prettier-ignore
  };
  const told = async (): Promise<ShellAnswer<'shell.state'>> => {
    const now = await state();
    port.tell('shell.updated', now);
    return now;
  };
  const open = async (password: string): Promise<void> => {
    const { state: vault } = (await engine.call('vault.status', {})) as { readonly state: string };
    await engine.call(vault === 'locked' ? 'vault.unlock' : 'vault.checkPassword', { password });
    lock.isOn = false;
    port.onUnlock();
    await told();
  };
  /** Nothing is made before somebody has said where it goes: `write` gets the path. */
  const saveAs = async (fileName: string, write: (path: string) => Promise<unknown>): Promise<ShellAnswer<'shell.saveExport'>> => {
    const window = port.window();
    if (!window) return { isSaved: false, why: 'cancelled' };
    const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath: fileName.replaceAll(/[^\w.-]/gu, '_') });
    if (canceled || !filePath) return { isSaved: false, why: 'cancelled' };
    return (await write(filePath)) !== undefined ? { isSaved: true } : { isSaved: false, why: 'not_written' };
  };
  const save = (fileName: string, make: () => string | AsyncIterable<string>): Promise<ShellAnswer<'shell.saveExport'>> =>
    saveAs(fileName, async (path) => {
      await writeFile(path, make(), { mode: 0o600 });
      return path;
    });
  const shown = (method: string, params: unknown): Promise<Reply> => (playground.isOn ? playground : engine).ask(method, params);
  const hasOwnWallet = async (): Promise<boolean> => {
    const reply = await engine.ask('vault.status', {});
    return reply.ok && (reply.value as { readonly state: string }).state !== 'missing';
  };
  const changed = (): void => void told().catch((error: unknown) => engine.log.error('the state of the shell cannot be told', { error }));
  port.onPlaygroundState(changed);
  port.onKept(changed);
  return {
    ...playgroundHandlers(playground),
    'shell.state': state,
    'shell.set': async (changes) => {
      settings.set(Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
      nativeTheme.themeSource = settings.get().theme;
      port.onSettings();
      return told();
    },
    'shell.connect': async ({ network, chainSources }) => {
      if (playground.isOn) throw new ApiFailure('bad_request', 'The window shows the playground. Nothing was changed. Leave it first.');
      engine.check(network, chainSources);
      await engine.stop();
      settings.set({ network, chainSources });
      await secrets.forget();
      await engine.start();
      return told();
    },
    'shell.confirm': (given) => port.confirm(given),
    'shell.lock': async () => {
      // The playground's wallet has no password; what is locked is the own one, if there is one.
      if (playground.isOn && !(await hasOwnWallet())) return {};
      lock.isOn = true;
      port.onLock();
      await told();
      return {};
    },
    'shell.unlock': async ({ password, remember = false }) => {
      await open(password);
      if (remember) await secrets.remember(password);
      await told();
      return {};
    },
    'shell.quickUnlock': async () => {
      const password = await secrets.recall();
      if (password === undefined) throw new ApiFailure('wrong_password', 'The keychain of this computer does not have the password any more. Nothing was changed. Type it.');
      await open(password);
      return {};
    },
    'shell.forgetUnlock': async () => {
      await secrets.forget();
      return told();
    },
    'shell.copy': ({ text }) => {
      clipboard.writeText(text);
      return {};
    },
    'shell.save': async ({ fileName, content }) => ({ isSaved: (await save(fileName, () => content)).isSaved }),
    'shell.saveExport': ({ fileName, what, ...of }) => (what === 'backup' ? saveAs(fileName, (path) => writeBackup(shown, path)) : save(fileName, () => piecesOf(shown, { what, ...of }))),
    'shell.checkUpdate': () => port.checkUpdate(),
    'shell.chooseBackupFolder': async () => {
      const window = port.window();
      if (!window) return state();
      const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: ['openDirectory', 'createDirectory'] });
      if (canceled || filePaths[0] === undefined) return state();
      settings.set({ backupFolder: filePaths[0] });
      await port.keeper.keep();
      return told();
    },
    'shell.forgetBackupFolder': async () => {
      settings.set({ backupFolder: '' });
      await port.keeper.keep();
      return told();
    },
    'shell.openLink': async ({ url }) => {
      const link = allowedLink(url);
      if (link === undefined) throw new ApiFailure('bad_request', 'Only pages of the documentation and of the block explorer are opened. Nothing was opened.');
      await system.openExternal(link);
      return {};
    },
    'shell.takeLink': () => {
      const link = port.link.take();
      return link === undefined ? {} : { link };
    },
    'shell.protect': ({ isOn }) => {
      port.window()?.setContentProtection(isOn);
      return {};
    },
    'shell.camera': ({ isOn }) => {
      if (!isOn) port.camera.takeBack();
      else if (!port.camera.give()) throw new ApiFailure('not_confirmed', 'The camera is only opened right after somebody touched the window. It stays off. Press the button again.');
      return {};
    },
    'shell.showLogs': async () => {
      const fault = await port.showLogs();
      if (fault !== '') throw new ApiFailure('not_found', 'The folder of the logs could not be opened. Nothing was changed.');
      return {};
    },
  };
}
