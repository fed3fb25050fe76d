import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { utilityProcess, type UtilityProcess } from 'electron';
import { type PlaygroundMethod, playgroundMethods } from '../core/api.ts';
import { ApiFailure, type Logger } from '../core/index.ts';
import type { Reply, ShellHandlers } from './ipc.ts';

export interface PlaygroundPort {
  /** Thrown away at every start and end. */
  readonly folder: string;
  /** Events of the playground and of its wallet, as they travel. */
  readonly onEvent: (name: string, data: unknown) => void;
  readonly onState: () => void;
  readonly log: Logger;
}

interface Told {
  readonly id?: number;
  readonly reply?: Reply;
  readonly event?: string;
  readonly data?: unknown;
}

const PROGRAM = join(import.meta.dirname, 'playground.js');
const STOP_MS = 4000;
const GONE: Reply = { ok: false, error: { code: 'not_found', message: 'The playground is not running. Nothing was done; start it again.' } };

/** The playground's process, and whether the window shows its wallet. */
export class Playground {
  readonly #port: PlaygroundPort;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #child: UtilityProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #lastId = 0;
  state: 'off' | 'starting' | 'on' | 'failed' = 'off';

  constructor(port: PlaygroundPort) {
    this.#port = port;
  }

  get isOn(): boolean {
    return this.state === 'on';
  }
  get #isStarting(): boolean {
    return this.state === 'starting';
  }

  #be(state: Playground['state']): void {
    this.state = state;
    this.#port.onState();
  }

  /** The answer to `playground.start`. */
  async start(): Promise<Reply> {
    if (this.#isStarting) return { ok: false, error: { code: 'bad_request', message: 'The playground is starting already. Wait a few seconds.' } };
    if (!this.#child) this.#fork();
    if (!this.isOn) this.#be('starting');
    const reply = await this.ask('playground.start', {});
    // Somebody may have left it before it was there.
    if (!this.#isStarting) return reply;
    if (!reply.ok) await this.#end();
    this.#be(reply.ok ? 'on' : 'failed');
    return reply;
  }

  #fork(): void {
    const child = utilityProcess.fork(PROGRAM, [this.#port.folder], { serviceName: 'Sferic playground', stdio: 'ignore', execArgv: ['--disable-warning=DEP0176'] });
    this.#child = child;
    child.on('message', ({ id, reply, event, data }: Told) => {
      if (event !== undefined) return this.#port.onEvent(event, data);
      const waiter = this.#waiting.get(id ?? 0);
      this.#waiting.delete(id ?? 0);
      if (reply) waiter?.(reply);
    });
    this.#gone = new Promise((done) => {
      child.once('exit', (code) => {
        this.#child = undefined;
        for (const waiter of this.#waiting.values()) waiter(GONE);
        this.#waiting.clear();
        // Nobody asked it to end.
        if (this.isOn) {
          this.#port.log.error('the playground ended by itself', { code });
          this.#be('failed');
        }
        done();
      });
    });
  }

  #post(child: UtilityProcess, message: object): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
    child.postMessage(message);
  }

  /** Never rejects. */
  ask(method: string, params: unknown): Promise<Reply> {
    const child = this.#child;
    if (!child) return Promise.resolve(GONE);
    return new Promise((done) => {
      this.#waiting.set(++this.#lastId, done);
      this.#post(child, { id: this.#lastId, method, params });
    });
  }

  /** Ends the process and takes its folder away; the own wallet is shown again. */
  async stop(): Promise<void> {
    if (this.state === 'off') return;
    this.state = 'off';
    await this.#end();
    this.#port.onState();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child) this.#post(child, { id: 0, method: 'playground.stop', params: {} });
    const timer = setTimeout(() => child?.kill(), STOP_MS);
    await this.#gone;
    clearTimeout(timer);
    await rm(this.#port.folder, { recursive: true, force: true });
  }
}

type Handlers = { readonly [M in PlaygroundMethod]: ShellHandlers[M] };

/** Requests are checked by now and go to the process as they are; what it answers is in the form that travels. */
export function playgroundHandlers(playground: Playground): Handlers {
  const value = (reply: Reply): never => {
    if (!reply.ok) throw new ApiFailure(reply.error.code, reply.error.message);
    return reply.value as never;
  };
  const pass = (method: string) => async (params: unknown) => value(await playground.ask(method, params));
  const passing = Object.fromEntries(Object.keys(playgroundMethods).map((method) => [method, pass(method)]));
  return {
    ...(passing as unknown as Handlers),
    'playground.start': async () => value(await playground.start()),
    'playground.stop': async () => {
      await playground.stop();
      return {};
    },
  };
}
