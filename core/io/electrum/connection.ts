import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ChainFault } from '../../chain/port.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { contained, type ChainEnvironment } from '../chain-options.ts';
import { isRecord, parseForeignJson } from '../foreign-json.ts';
import { LineSplitter } from './line-splitter.ts';

export interface ElectrumServer {
  readonly protocol: 'tcp' | 'tls';
  readonly host: string;
  readonly port: number;
}

export const serverName = ({ host, port }: ElectrumServer): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** `refused`: the server answered with an error; its text is for mapping only, never for showing. */
export type RpcFailure = { readonly kind: 'refused'; readonly code: number; readonly text: string } | { readonly kind: 'closed' };

interface Waiting {
  readonly settle: (result: Result<unknown, RpcFailure>) => void;
  readonly timer: NodeJS.Timeout;
}
interface Queued {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly settle: (result: Result<unknown, RpcFailure>) => void;
}

const CLOSED = err({ kind: 'closed' } as const);

/** One socket to one server: requests in, answers and notifications out, until it closes for whatever reason. */
export class ElectrumConnection {
  readonly #env: ChainEnvironment;
  readonly #socket: Socket;
  readonly #lines: LineSplitter;
  readonly #waiting = new Map<number, Waiting>();
  readonly #queue: Queued[] = [];
  #nextId = 0;
  #fault: ChainFault | undefined;
  #closed = false;
  /** Set before anything is awaited; called from the socket's callbacks. */
  onNotification: (method: string, params: readonly unknown[]) => void = () => undefined;
  onClose: () => void = () => undefined;

  private constructor(socket: Socket, env: ChainEnvironment) {
    this.#env = env;
    this.#socket = socket;
    this.#lines = new LineSplitter(env.tuning.maxLineBytes);
    socket.on('data', (chunk: Buffer) => contained(env.onBug, () => this.#read(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => contained(env.onBug, () => this.#ended()));
  }

  static async open(server: ElectrumServer, env: ChainEnvironment, signal: AbortSignal): Promise<Result<ElectrumConnection, ChainFault>> {
    const socket = await openSocket(server, env, signal);
    if (!socket.ok) return socket;
    socket.value.setNoDelay(true);
    return ok(new ElectrumConnection(socket.value, env));
  }

  /** Also while it is closing: nothing that arrives after a fault counts. */
  get isClosed(): boolean {
    return this.#closed || this.#fault !== undefined;
  }

  /** Why it ended, as soon as that is certain. */
  get fault(): ChainFault | undefined {
    return this.#fault;
  }

  request(method: string, ...params: readonly unknown[]): Promise<Result<unknown, RpcFailure>> {
    if (this.isClosed) return Promise.resolve(CLOSED);
    return new Promise((settle) => {
      this.#queue.push({ method, params, settle });
      this.#pump();
    });
  }

  /** Ends it; the first reason given is the one that counts. */
  close(fault: ChainFault): void {
    this.#fault ??= fault;
    this.#socket.destroy();
  }

  #pump(): void {
    while (this.#waiting.size < this.#env.tuning.maxInFlight) {
      const next = this.#queue.shift();
      if (!next) return;
      const id = this.#nextId++;
      const timer = setTimeout(() => this.close({ code: 'unreachable', reason: 'The server does not answer.' }), this.#env.tuning.requestTimeoutMs);
      this.#waiting.set(id, { settle: next.settle, timer });
      this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: next.method, params: next.params })}\n`);
    }
  }

  #read(chunk: Buffer): void {
    if (this.#fault) return;
    const lines = this.#lines.push(chunk);
    if (!lines) return this.#violation('The server sent a line that is too long.');
    for (const line of lines) {
      if (this.#fault) return;
      if (line.length > 0) this.#message(line);
    }
  }

  #message(line: Buffer): void {
    const parsed = parseForeignJson(line);
    if (!parsed.ok || !isRecord(parsed.value)) return this.#violation('The server does not speak the Electrum protocol.');
    const { id, method, params, result, error } = parsed.value;
    if (typeof method === 'string') {
      if (!Array.isArray(params)) return this.#violation('The server sent a malformed notification.');
      return this.onNotification(method, params as unknown[]);
    }
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined;
    // A request is never given up without the connection, so there are no late answers.
    if (!waiting) return this.#violation('The server answers what was not asked.');
    this.#waiting.delete(id as number);
    clearTimeout(waiting.timer);
    waiting.settle(error === undefined || error === null ? ok(result) : err(refusal(error)));
    this.#pump();
  }

  #violation(reason: string): void {
    this.close({ code: 'protocol_violation', reason });
  }

  #ended(): void {
    this.#closed = true;
    for (const { settle, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      settle(CLOSED);
    }
    this.#waiting.clear();
    for (const { settle } of this.#queue.splice(0)) settle(CLOSED);
    this.#fault ??= { code: 'unreachable', reason: 'The server closed the connection.' };
    this.onClose();
  }
}

function refusal(error: unknown): RpcFailure {
  if (!isRecord(error)) return { kind: 'refused', code: 0, text: typeof error === 'string' ? error : '' };
  return {
    kind: 'refused',
    code: typeof error['code'] === 'number' ? error['code'] : 0,
    text: typeof error['message'] === 'string' ? error['message'] : '',
  };
}

function openSocket(server: ElectrumServer, env: ChainEnvironment, signal: AbortSignal): Promise<Result<Socket, ChainFault>> {
  const { host, port, protocol } = server;
  return new Promise((settle) => {
    const socket = protocol === 'tcp' ? connectTcp({ host, port })
      // Most servers sign their own certificate, so it is checked after the handshake.
      : connectTls({ host, port, rejectUnauthorized: false, minVersion: 'TLSv1.2', ...(isIP(host) ? {} : { servername: host }) }); // prettier-ignore
    const fail = (reason: string): void => {
      settle(err({ code: 'unreachable', reason }));
      socket.destroy();
    };
    const abort = (): void => fail('Stopped.');
    const timer = setTimeout(() => fail('The server does not accept connections.'), env.tuning.connectTimeoutMs);
    const unready = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    socket.once('error', () => (unready(), fail('The server cannot be reached.')));
    socket.once('close', () => (unready(), fail('The server closed the connection.')));
    socket.once(protocol === 'tcp' ? 'connect' : 'secureConnect', () => {
      const trusted = protocol === 'tcp' ? Promise.resolve(true) : isTrusted(socket as TLSSocket, server, env);
      void trusted.then((yes) => {
        unready();
        return yes ? settle(ok(socket)) : fail("The server's certificate is not the one it had before, or nobody vouches for it.");
      });
    });
  });
}

async function isTrusted(socket: TLSSocket, server: ElectrumServer, env: ChainEnvironment): Promise<boolean> {
  if (socket.authorized) return true;
  try {
    return await env.trustCertificate(serverName(server), socket.getPeerCertificate().fingerprint256);
  } catch (error) {
    env.onBug(error);
    return false;
  }
}
