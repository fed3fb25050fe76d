import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { type ApiError, CONFIRMED_METHODS, type ConfirmedMethod, shellMethods, type ShellAnswer, type ShellMethod, type ShellParams, WINDOW_METHODS } from '../core/api.ts';
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
  /** The parameters to carry out, for a token that the person's yes has earned; throws ApiFailure. */
  readonly redeem: (method: ConfirmedMethod, params: unknown, token: unknown) => unknown;
  readonly isLocked: () => boolean;
  /** Number of the only page that may ask. */
  readonly pageId: () => number | undefined;
  readonly log: Logger;
}

const isShell = (method: string): method is ShellMethod => Object.hasOwn(shellMethods, method);
const isConfirmed = (method: string): method is ConfirmedMethod => CONFIRMED_METHODS.some((name) => name === method);
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
      if (args.length > (isConfirmed(method) ? 2 : 1)) return failure('bad_request', 'A request has one object of parameters.');
      if (port.isLocked() && !OPEN_WHILE_LOCKED.has(method)) return failure('locked', 'The window is locked, so nothing was done. Unlock it with the password.');
      if (underWay >= MAX_UNDER_WAY) return failure('bad_request', 'Too many requests are under way. Wait for their answers.');
      underWay++;
      try {
        const params = isConfirmed(method) ? port.redeem(method, args[0], args[1]) : args[0];
        return isShell(method) ? await askShell(port, method, params) : await port.engine(method, params);
      } catch (error) {
        return told(error, method, port.log);
      } finally {
        underWay--;
      }
    });
  }
}

/** The value of a reply, or its refusal as ApiFailure. */
export async function valueOf(asked: Promise<Reply>): Promise<unknown> {
  const reply = await asked;
  if (reply.ok) return reply.value;
  throw new ApiFailure(reply.error.code, reply.error.message, reply.error.data);
}

function told(error: unknown, method: string, log: Logger): Reply {
  if (error instanceof ApiFailure) return { ok: false, error: { code: error.code, message: error.message, ...(error.data ? { data: error.data } : {}) } };
  log.error('a request to the shell failed', { method, error });
  return failure('internal', 'Something went wrong inside the wallet. Its log has the details.');
}

async function askShell<M extends ShellMethod>({ shell }: IpcPort, method: M, wire: unknown): Promise<Reply> {
  const params = decodeWith(shellMethods[method].params as never, wire) as ReturnType<typeof decodeWith<ShellParams<M>>>;
  if (!params.ok) return params;
  const handler = shell[method] as (given: ShellParams<M>) => unknown;
  return { ok: true, value: await handler(params.value) };
}
