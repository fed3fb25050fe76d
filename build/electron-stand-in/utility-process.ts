import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('utility-entry.ts', import.meta.url));

interface ForkOptions {
  readonly execArgv?: readonly string[];
}

/** Electron's child process with a message port: here a plain child of Node. */
class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  constructor(path: string, args: readonly string[], { execArgv = [] }: ForkOptions) {
    super();
    this.#child = fork(ENTRY, [path, ...args], { execArgv: [...execArgv], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.once('spawn', () => this.emit('spawn'));
    this.#child.once('exit', (code) => this.emit('exit', code ?? 1));
    this.#child.on('error', () => undefined); // a message to one that has just ended; `exit` tells it
  }
  get pid(): number | undefined {
    return this.#child.pid;
  }
  postMessage(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object, () => undefined);
  }
  kill(): boolean {
    return this.#child.kill();
  }
}

export const utilityProcess = { fork: (path: string, args: readonly string[] = [], options: ForkOptions = {}): UtilityProcess => new UtilityProcess(path, args, options) };
