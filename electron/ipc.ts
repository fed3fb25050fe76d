import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { type ApiError, shellMethods, type ShellAnswer, type ShellMethod, type ShellParams, WINDOW_METHODS } from '../core/api.ts';
import { ApiFailure, decodeWith, type Logger } from '../core/index.ts';
import { isOurs } from './security.ts';

export type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ApiError };
export type ShellHandlers = { readonly [M in ShellMethod]: (params: ShellParams<M>) => Promise<ShellAnswer<M>> | ShellAnswer<M> };

/** A page that asks faster than it is answered is broken or hostile. */
const MAX_UNDER_WAY = 64;

/** What a locked window may still ask: nothing of it tells anything about the money. */
const OPEN_WHILE_LOCKED: ReadonlySet<string> = new Set([
  'vault.status', 'shell.state', 'shell.set', 'shell.unlock', 'shell.quickUnlock', 'shell.forgetUnlock', 'shell.openLink', 'shell.lock',
]); // prettier-ignore

export interface IpcPort {
  readonly ipc: Pick<IpcMain, 'handle'>;
  /** Answers a method of the engine; never rejects. */
  readonly engine: (method: string, params: unknown) => Promise<Reply>;
  readonly shell: ShellHandlers;
  readonly isLocked: () => boolean;
  /** Number of the only page that may ask. */
  readonly pageId: () => number | undefined;
  readonly log: Logger;
}

const isShell = (method: string): method is ShellMethod => Object.hasOwn(shellMethods, method);
const failure = (code: ApiError['code'], message: string): Reply => ({ ok: false, error: { code, message } });

/** Top frame of our own page in our own window, and not already gone. */
function isFromWallet({ sender, senderFrame }: IpcMainInvokeEvent, pageId: number | undefined): boolean {
  if (!senderFrame || senderFrame.parent !== null || sender.isDestroyed()) return false;
  return sender.id === pageId && isOurs(senderFrame.url);
}

/** One channel for each method of the contract; shape and size of the parameters are checked by `decodeWith`. The reply is always data; an exception would carry our stack to the page. */
export function registerIpc(port: IpcPort): void {
  let underWay = 0;
  for (const method of WINDOW_METHODS) {
    port.ipc.handle(`sferic:${method}`, async (event, ...args: unknown[]): Promise<Reply> => {
      if (!isFromWallet(event, port.pageId())) {
        port.log.warn('a request from elsewhere was refused', { method });
        return failure('bad_request', 'Only the window of the wallet may ask.');
      }
      if (args.length > 1) return failure('bad_request', 'A request has one object of parameters.');
      if (port.isLocked() && !OPEN_WHILE_LOCKED.has(method)) return failure('locked', 'The window is locked, so nothing was done. Unlock it with the password.');
      if (underWay >= MAX_UNDER_WAY) return failure('bad_request', 'Too many requests are under way. Wait for their answers.');
      underWay++;
      try {
        return isShell(method) ? await askShell(port, method, args[0]) : await port.engine(method, args[0]);
      } finally {
        underWay--;
      }
    });
  }
}

async function askShell<M extends ShellMethod>({ shell, log }: IpcPort, method: M, wire: unknown): Promise<Reply> {
  const params = decodeWith(shellMethods[method].params as never, wire) as ReturnType<typeof decodeWith<ShellParams<M>>>;
  if (!params.ok) return params;
  try {
    const handler = shell[method] as (given: ShellParams<M>) => unknown;
    return { ok: true, value: await handler(params.value) };
  } catch (error) {
    if (error instanceof ApiFailure) return failure(error.code, error.message);
    log.error('a request to the shell failed', { method, error });
    return failure('internal', 'Something went wrong inside the wallet. Its log has the details.');
  }
}
