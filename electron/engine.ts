import { join } from 'node:path';
import type { EventName } from '../core/api.ts';
import { ApiFailure, type App, createApp, createLogger, dispatch, jsonLine, type Logger, openLogFile, parseChainSpec, subscribeWire } from '../core/index.ts';
import type { Reply } from './ipc.ts';
import type { Settings } from './settings.ts';

export interface EnginePort {
  /** Wallets, one folder a network. */
  readonly folder: string;
  readonly settings: () => Settings;
  readonly onEvent: (name: EventName, data: unknown) => void;
}

/** The engine of one network at a time. */
export class Engine {
  readonly #port: EnginePort;
  readonly log: Logger;
  #app: App | undefined;
  #fault: string | undefined;

  constructor(port: EnginePort) {
    this.#port = port;
    const file = openLogFile({ path: join(port.folder, 'logs', 'sferic.log') });
    this.log = createLogger({ level: 'info', nowMs: () => Date.now(), write: (record) => file.write(jsonLine(record)) });
  }

  get state(): { readonly engine: 'stopped' | 'running' | 'failed'; readonly engineFault?: string } {
    if (this.#fault !== undefined) return { engine: 'failed', engineFault: this.#fault };
    return { engine: this.#app ? 'running' : 'stopped' };
  }

  /** Does not reject: a folder in use by another program is a state to be shown. Without chain sources nothing is started. */
  async start(): Promise<void> {
    const { network, chainSources } = this.#port.settings();
    this.#fault = undefined;
    if (chainSources.length === 0) return;
    try {
      const app = await createApp({ network, dataDir: join(this.#port.folder, network), chain: chainSources, log: this.log, fenceFolders: [join(this.#port.folder, 'fence', network)] });
      subscribeWire(app, this.#port.onEvent, this.log);
      this.#app = app;
    } catch (error) {
      this.log.error('the engine did not start', { error });
      this.#fault = error instanceof ApiFailure ? error.message : 'The engine could not start; its log says more.';
    }
  }

  /** Pieces of a file; throws ApiFailure. */
  suspended(): void {
    this.#app?.suspended();
  }

  resumed(): void {
    this.#app?.resumed().catch((error: unknown) => this.log.error('the chain could not be asked after sleep', { error }));
  }

  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    await app?.stop();
  }

  /** Says what is wrong with a list of chain sources, if anything. */
  check(network: Settings['network'], chainSources: readonly string[]): void {
    for (const source of chainSources) {
      const parsed = parseChainSpec(source, network);
      if (!parsed.ok) throw new ApiFailure('bad_request', parsed.error);
    }
  }

  ask(method: string, params: unknown): Promise<Reply> {
    if (this.#app) return dispatch(this.#app, method, params, this.log);
    const message = this.#fault ?? 'The engine is not running: choose first where it sees the chain.';
    return Promise.resolve({ ok: false, error: { code: 'chain_unavailable', message } });
  }

  /** Like `ask`, for the shell's own use: the value, or ApiFailure. */
  async call(method: string, params: unknown): Promise<unknown> {
    const reply = await this.ask(method, params);
    if (reply.ok) return reply.value;
    throw new ApiFailure(reply.error.code, reply.error.message);
  }
}
