/// <reference lib="dom" />
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { host, log, notEmulated, options, schemes, userData } from './host.ts';

type Handler = (event: unknown, ...args: unknown[]) => unknown;

class IpcMain extends EventEmitter {
  /** Open to the tests: a request that no page of ours would send. */
  readonly handlers = new Map<string, Handler>();
  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.handlers.set(channel, handler);
  }
  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  }
}
export const ipcMain = new IpcMain();

export const protocol = {
  registerSchemesAsPrivileged(list: readonly { readonly scheme: string }[]): void {
    for (const { scheme } of list) schemes.set(scheme, () => new Response('no handler', { status: 404 }));
  },
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => void schemes.set(scheme, handler),
};

type PermissionHandler = (contents: unknown, permission: string, answer: (granted: boolean) => void, details: object) => void;
type PermissionCheck = (contents: unknown, permission: string, origin: string, details: object) => boolean;
export const session = {
  defaultSession: {
    permissionRequest: undefined as PermissionHandler | undefined,
    permissionCheck: undefined as PermissionCheck | undefined,
    setPermissionRequestHandler(handler: PermissionHandler) {
      this.permissionRequest = handler;
    },
    setPermissionCheckHandler(handler: PermissionCheck) {
      this.permissionCheck = handler;
    },
    setDevicePermissionHandler: () => undefined,
    setSpellCheckerEnabled: () => undefined,
    on: () => undefined,
    webRequest: { onBeforeRequest: () => undefined },
  },
};

const noAnswer = (name: string) => async () => notEmulated(`dialog.${name} without an answer that the test has set`);

interface MessageBox {
  readonly message: string;
  readonly detail?: string;
  readonly buttons: readonly string[];
  readonly cancelId?: number;
}

/** Where somebody looks, the question stands in a window of its own; closing it is its cancel button. */
async function askInWindow({ message, detail = '', buttons, cancelId = 0 }: MessageBox): Promise<number> {
  const page = await host.context?.newPage();
  if (!page) return cancelId;
  const closed = new Promise<number>((done) => page.once('close', () => done(cancelId)));
  const answered = page.evaluate((text) => new Promise<number>((done) => {
    const add = (name: string, content: string): HTMLElement => document.body.appendChild(Object.assign(document.createElement(name), { textContent: content }));
    document.body.style.cssText = 'font: 15px sans-serif; margin: 24px; white-space: pre-wrap; overflow-wrap: anywhere; color-scheme: light dark';
    add('h3', text.message);
    add('p', text.detail);
    text.buttons.forEach((label, at) => add('button', label).addEventListener('click', () => done(at)));
  }), { message, detail, buttons }).catch(() => cancelId); // prettier-ignore
  const answer = await Promise.race([answered, closed]);
  await page.close().catch(() => undefined);
  return answer;
}

export const dialog = {
  /** Open to the tests: what was asked, and the buttons to press from now on; without one the first that does not cancel. */
  asked: [] as { message: string; detail: string; buttons: readonly string[] }[],
  answers: [] as number[],
  showSaveDialog: noAnswer('showSaveDialog'),
  showOpenDialog: noAnswer('showOpenDialog'),
  showMessageBox: async (...given: unknown[]): Promise<{ readonly response: number; readonly checkboxChecked: boolean }> => {
    const box = given.at(-1) as MessageBox;
    dialog.asked.push({ message: box.message, detail: box.detail ?? '', buttons: box.buttons });
    const response = options.headed ? await askInWindow(box) : (dialog.answers.shift() ?? box.buttons.findIndex((_, at) => at !== box.cancelId));
    return { response, checkboxChecked: false };
  },
  showErrorBox: (title: string, content: string) => void log.violations.push(`${title}: ${content}`),
};

export const shell = {
  openExternal: async (url: string) => void log.external.push(url),
  openPath: async (path: string): Promise<string> => {
    log.opened.push(path);
    return '';
  },
};

let clip = '';
export const clipboard = { writeText: (text: string) => void (clip = text), readText: () => clip, clear: () => void (clip = '') };

class NativeTheme extends EventEmitter {
  #source = 'system';
  get themeSource(): string {
    return this.#source;
  }
  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark';
  }
  set themeSource(source: string) {
    this.#source = source;
    for (const page of host.context?.pages() ?? []) void page.emulateMedia({ colorScheme: this.shouldUseDarkColors ? 'dark' : 'light' });
    this.emit('updated');
  }
}
export const nativeTheme = new NativeTheme();

export class Notification extends EventEmitter {
  static isSupported = (): boolean => true;
  readonly title: string;
  readonly body: string;
  constructor({ title, body }: { readonly title: string; readonly body: string }) {
    super();
    this.title = title;
    this.body = body;
  }
  show(): void {
    log.notifications.push({ title: this.title, body: this.body });
  }
}

class PowerMonitor extends EventEmitter {
  idleSeconds = 0;
  getSystemIdleTime = (): number => this.idleSeconds;
}
export const powerMonitor = new PowerMonitor();

export const nativeImage = { createFromPath: (path: string) => ({ path, isEmpty: () => false, setTemplateImage: () => undefined }), createEmpty: () => ({ isEmpty: () => true }) };
export const screen = { getPrimaryDisplay: () => ({ workAreaSize: { width: 1280, height: 800 }, scaleFactor: 1 }) };

function key(): Uint8Array {
  const file = join(userData, 'stand-in-keychain');
  try {
    return readFileSync(file);
  } catch {
    const made = randomBytes(32);
    writeFileSync(file, made, { mode: 0o600 });
    return made;
  }
}
const PREFIX = 'v10';
export const safeStorage = {
  isEncryptionAvailable: () => options.keychain !== 'none',
  getSelectedStorageBackend: () => options.keychain ?? 'gnome_libsecret',
  encryptString(text: string): Buffer {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key(), iv);
    return Buffer.concat([Buffer.from(PREFIX), iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  },
  decryptString(sealed: Buffer): string {
    if (sealed.subarray(0, 3).toString() !== PREFIX) throw new Error('Ciphertext does not appear to be encrypted.');
    const decipher = createDecipheriv('aes-256-gcm', key(), sealed.subarray(3, 15));
    decipher.setAuthTag(sealed.subarray(-16));
    return decipher.update(sealed.subarray(15, -16), undefined, 'utf8') + decipher.final('utf8');
  },
};
