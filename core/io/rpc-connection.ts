import type { Socket } from 'node:net';
import type { ApiError } from '../api.ts';
import type { Result } from '../lib/result.ts';
import { LineSplitter } from './electrum/line-splitter.ts';
import { errorLine, INVALID_REQUEST, protocolErrorLine, readRequest, resultLine, type RpcRequest } from './rpc-wire.ts';

export interface RpcLimits {
  readonly clients: number;
  readonly lineBytes: number;
  /** Requests of one client under way; what it sends beyond them is not read until some are done. */
  readonly pending: number;
  /** A client that reads so slowly that more than this waits for it is dropped at the next event. */
  readonly eventBacklogBytes: number;
  /** The same for answers, which it asked for and which may be large. */
  readonly answerBacklogBytes: number;
}

export interface RpcConnectionPort {
  readonly limits: RpcLimits;
  readonly answer: (method: string, params: unknown) => Promise<Result<unknown, ApiError>>;
  readonly onDrop: (reason: string) => void;
  readonly onClose: () => void;
}

/** A client that lets this much wait gets no further request started. */
const CALM_BACKLOG_BYTES = 256 * 1024;

/** One client of the local socket. */
export class RpcConnection {
  readonly #socket: Socket;
  readonly #port: RpcConnectionPort;
  readonly #lines: LineSplitter;
  #queue: readonly Uint8Array[] = [];
  #pending = 0;
  #isFinishing = false;
  #isClosed = false;
  /** Events that it wants to be told. */
  subscription: 'none' | 'all' | readonly string[] = 'none';

  constructor(socket: Socket, port: RpcConnectionPort) {
    this.#socket = socket;
    this.#port = port;
    this.#lines = new LineSplitter(port.limits.lineBytes);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#advance());
    socket.on('end', () => this.finish());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#queue = [];
      port.onClose();
    });
  }

  get isSubscribed(): boolean {
    return this.subscription !== 'none' && !this.#isClosed;
  }

  wants(event: string): boolean {
    return this.isSubscribed && (this.subscription === 'all' || this.subscription.includes(event));
  }

  sendEvent(line: string): void {
    this.#send(line, this.#port.limits.eventBacklogBytes);
  }

  /** No more requests; ends when those that arrived are answered. */
  finish(): void {
    this.#isFinishing = true;
    this.#endWhenDone();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #drop(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#port.onDrop(reason);
    this.#socket.destroy();
  }

  #send(line: string, maxBacklogBytes: number): void {
    if (this.#isClosed || !this.#socket.writable) return;
    if (this.#socket.writableLength > maxBacklogBytes) return this.#drop('it reads too slowly');
    this.#socket.write(line);
  }

  #read(chunk: Buffer): void {
    if (this.#isFinishing) return;
    const lines = this.#lines.push(chunk);
    if (!lines) return this.#endOverlong();
    this.#queue = this.#queue.length === 0 ? lines : [...this.#queue, ...lines];
    this.#advance();
  }

  /** Where the next request would begin is unknown now. */
  #endOverlong(): void {
    const { lineBytes } = this.#port.limits;
    this.#isFinishing = true;
    this.#queue = [];
    this.#port.onDrop('it sent a line that is too long');
    this.#socket.end(protocolErrorLine(null, INVALID_REQUEST, `A request may have ${lineBytes} bytes at most.`));
    // What it still sends is thrown away for as long as it takes to read the answer.
    this.#socket.resume();
    this.#socket.setTimeout(1000, () => this.#socket.destroy());
  }

  #advance(): void {
    let started = 0;
    while (started < this.#queue.length && this.#mayStart()) this.#start(this.#queue[started++]!);
    this.#queue = this.#queue.slice(started);
    if (this.#queue.length > 0) this.#socket.pause();
    else this.#socket.resume();
    this.#endWhenDone();
  }

  #mayStart(): boolean {
    return this.#pending < this.#port.limits.pending && this.#socket.writableLength <= CALM_BACKLOG_BYTES;
  }

  #start(line: Uint8Array): void {
    if (line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) return;
    const request = readRequest(line);
    const max = this.#port.limits.answerBacklogBytes;
    if (!request.ok) return this.#send(protocolErrorLine(request.error.id, request.error.code, request.error.message), max);
    void this.#serve(request.value);
  }

  async #serve(request: RpcRequest): Promise<void> {
    this.#pending++;
    const line = await this.#answer(request);
    this.#pending--;
    this.#send(line, this.#port.limits.answerBacklogBytes);
    this.#advance();
  }

  async #answer({ id, method, params }: RpcRequest): Promise<string> {
    try {
      const result = await this.#port.answer(method, params);
      return result.ok ? resultLine(id, result.value) : errorLine(id, result.error);
    } catch {
      return errorLine(id, { code: 'internal', message: 'Something went wrong inside the wallet.' });
    }
  }

  #endWhenDone(): void {
    if (this.#isFinishing && this.#pending === 0 && this.#queue.length === 0) this.#socket.end();
  }
}
