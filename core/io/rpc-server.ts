import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { events, type ApiError } from '../api.ts';
import type { Result } from '../lib/result.ts';
import { PRIVATE_FILE } from './files.ts';
import { RpcConnection, type RpcLimits } from './rpc-connection.ts';
import { isPipe, prepareRpcPath, RpcPathError } from './rpc-path.ts';
import { errorLine, eventLine } from './rpc-wire.ts';

export interface RpcServerOptions {
  /** A Unix socket's path, or `\\.\pipe\name` on Windows. */
  readonly path: string;
  /** Answers one request; never rejects. Parameters and values are plain JSON data. */
  readonly dispatch: (method: string, params: unknown) => Promise<Result<unknown, ApiError>>;
  /** Tells events as plain JSON data until the returned function is called. */
  readonly subscribe: (listener: (name: string, data: unknown) => void) => () => void;
  /** Told of clients that were dropped. */
  readonly onDrop?: (reason: string) => void;
  readonly limits?: Partial<RpcLimits>;
}

export interface RpcServer {
  readonly path: string;
  /** Takes no more clients and requests, lets what was asked be answered for `graceMs`, then ends every connection. */
  readonly close: (graceMs?: number) => Promise<void>;
}

const DEFAULT_LIMITS: RpcLimits = {
  clients: 64,
  lineBytes: 1024 * 1024,
  pending: 1000,
  eventBacklogBytes: 8 * 1024 * 1024,
  answerBacklogBytes: 64 * 1024 * 1024,
};

const BUSY: ApiError = { code: 'internal', message: 'Too many programs are connected to the wallet.' };
const STOPPING: ApiError = { code: 'stopping', message: 'The wallet is stopping.' };

/**
 * JSON-RPC 2.0 for programs of the same user: one JSON object a line, requests answered in the order in which they are
 * done, events only after `node.subscribe`. Throws RpcPathError.
 */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const { path, dispatch, subscribe, onDrop = () => undefined } = options;
  const limits: RpcLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const connections = new Set<RpcConnection>();
  let isStopping = false;
  let endSubscription: (() => void) | undefined;

  const tell = (name: string, data: unknown): void => {
    const interested = [...connections].filter((connection) => connection.wants(name));
    if (interested.length === 0) return;
    const line = eventLine(name, data);
    for (const connection of interested) connection.sendEvent(line);
  };
  const followSubscribers = (): void => {
    const isWanted = [...connections].some((connection) => connection.isSubscribed);
    if (isWanted) endSubscription ??= subscribe(tell);
    else {
      endSubscription?.();
      endSubscription = undefined;
    }
  };
  const answer = async (connection: RpcConnection, method: string, params: unknown): Promise<Result<unknown, ApiError>> => {
    if (isStopping) return { ok: false, error: STOPPING };
    if (method !== 'node.subscribe') return dispatch(method, params);
    const unknown = unknownEvent(params);
    const result = unknown ? ({ ok: false, error: unknown } as const) : await dispatch(method, params);
    if (result.ok) {
      connection.subscription = (params as { readonly events?: readonly string[] } | undefined)?.events ?? 'all';
      followSubscribers();
    }
    return result;
  };

  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    if (connections.size >= limits.clients) {
      socket.on('error', () => undefined);
      socket.end(errorLine(null, BUSY), () => socket.destroy());
      return onDrop('too many clients');
    }
    const connection: RpcConnection = new RpcConnection(socket, {
      limits,
      answer: (method, params) => answer(connection, method, params),
      onDrop,
      onClose: () => {
        connections.delete(connection);
        followSubscribers();
      },
    });
    connections.add(connection);
  });

  await listen(server, path);
  // A client that the system fails to hand over is that client's misfortune.
  server.on('error', () => onDrop('a connection failed'));

  return {
    path,
    close: async (graceMs = 2000) => {
      isStopping = true;
      endSubscription?.();
      const isClosed = new Promise<void>((settle) => void server.close(() => settle()));
      for (const connection of connections) connection.finish();
      const timer = setTimeout(() => connections.forEach((connection) => connection.destroy()), graceMs);
      await isClosed;
      clearTimeout(timer);
    },
  };
}

/** A filter with a name that does not exist would wait for ever. Malformed ones are left to the schema. */
function unknownEvent(params: unknown): ApiError | undefined {
  const names: unknown = (params as { readonly events?: unknown } | undefined | null)?.events;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined;
  if (names.every((name) => Object.hasOwn(events, name))) return undefined;
  const message = `The parameter "events" may have these entries: ${Object.keys(events).join(', ')}.`;
  return { code: 'bad_request', message, data: { parameter: 'events' } };
}

async function listen(server: Server, path: string): Promise<void> {
  await prepareRpcPath(path);
  await new Promise<void>((settle, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      fail(new RpcPathError(isTaken ? `Another process is already listening at ${path}.` : `Nothing can listen at ${path} (${error.code}).`));
    });
    // The system makes the socket while listen() runs: from its first moment on nobody else may connect.
    const before = isPipe(path) ? undefined : process.umask(0o177);
    try {
      server.listen(path, settle);
    } finally {
      if (before !== undefined) process.umask(before);
    }
  });
  server.removeAllListeners('error');
  if (!isPipe(path)) await chmod(path, PRIVATE_FILE);
}
