/** A bare client of the Electrum protocol: every line that came is kept in order. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Notice {
  readonly method: string;
  readonly params: readonly unknown[];
}
interface Answer {
  id?: number;
  result?: unknown;
  error?: { code: number; message: string };
  method?: string;
  params?: unknown[];
}

export class ElectrumClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #wake: () => void = () => undefined;
  readonly notices: Notice[] = [];
  readonly oddLines: string[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    let buffered = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (buffered + chunk).split('\n');
      buffered = lines.pop()!;
      for (const line of lines) this.#line(line);
      this.#wake();
    });
  }

  static async connect(port: number, tls = false): Promise<ElectrumClient> {
    const socket = tls
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    await once(socket, tls ? 'secureConnect' : 'connect');
    return new ElectrumClient(socket);
  }

  #line(line: string): void {
    let answer: Answer;
    try {
      answer = JSON.parse(line) as Answer;
    } catch {
      this.oddLines.push(line);
      return;
    }
    if (answer.method !== undefined) this.notices.push({ method: answer.method, params: answer.params ?? [] });
    else if (answer.id === undefined || !this.#waiting.has(answer.id)) this.oddLines.push(line);
    else this.#waiting.get(answer.id)!(answer);
  }

  ask(method: string, ...params: unknown[]): Promise<Answer> {
    const id = ++this.#lastId;
    this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return new Promise((done) => this.#waiting.set(id, done));
  }

  async call<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    const { result, error } = await this.ask(method, ...params);
    if (error) throw new Error(`${error.code} ${error.message}`);
    return result as T;
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Until `holds`; looked at whenever something came. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds())
      await new Promise<void>((done) => {
        this.#wake = done;
      });
  }

  get closed(): Promise<unknown> {
    return this.#socket.destroyed ? Promise.resolve() : once(this.#socket, 'close');
  }
  close(): void {
    this.#socket.destroy();
  }
}
