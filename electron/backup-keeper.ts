import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer, EventData } from '../core/api.ts';
import type { Logger } from '../core/index.ts';
import { writeBackup } from './exports.ts';
import type { Reply } from './ipc.ts';

export interface KeeperPort {
  /** Asks the engine of the own wallet, never that of the playground. */
  readonly ask: (method: string, params: unknown) => Promise<Reply>;
  /** Where the person wants it; empty: nowhere. */
  readonly folder: () => string;
  readonly network: () => string;
  readonly onChanged: () => void;
  readonly log: Logger;
}

/** Files of one wallet in one folder. */
const MAX_FILES = 100;

/**
 * Keeps the backup file of the channels in a folder by itself: whenever a channel comes or goes, and looks at every unlock
 * whether the file still holds all of them. A file that names channels which this wallet does not know is never written over:
 * after a loss it is the only thing that can bring them back.
 */
export class BackupKeeper {
  readonly #port: KeeperPort;
  #lastMadeAtMs: number | undefined;
  #isWriting = false;
  #isDue = false;
  /** Whether the folder holds a file with every channel. */
  isWritten = false;

  constructor(port: KeeperPort) {
    this.#port = port;
  }

  /** Given every event of the engine. */
  told(name: string, data: unknown): void {
    if (name === 'backup.updated' && (data as EventData<'backup.updated'>).file?.madeAtMs !== this.#lastMadeAtMs) void this.keep();
    else if (name === 'backup.updated' && !(data as EventData<'backup.updated'>).isCurrent) void this.keep();
    else if (name === 'vault.updated' && (data as EventData<'vault.updated'>).state === 'unlocked') void this.keep();
    // A stick may be there again.
    else if (name === 'chain.updated' && !this.isWritten) void this.keep();
  }

  /** Writes the file if the one in the folder lacks a channel. Does not reject. */
  async keep(): Promise<void> {
    this.#isDue = true;
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (this.#isDue) {
      this.#isDue = false;
      const before = this.isWritten;
      this.isWritten = await this.#look().catch((error: unknown) => {
        this.#port.log.warn('the backup file of the channels could not be kept', { error });
        return false;
      });
      if (this.isWritten !== before) this.#port.onChanged();
    }
    this.#isWriting = false;
  }

  async #value<T>(method: string, params: unknown = {}): Promise<T | undefined> {
    const reply = await this.#port.ask(method, params);
    return reply.ok ? (reply.value as T) : undefined;
  }

  async #look(): Promise<boolean> {
    if (this.#port.folder() === '') return false;
    const info = await this.#value<Answer<'node.info'>>('node.info');
    const status = await this.#value<Answer<'backup.status'>>('backup.status');
    if (info?.nodeId === undefined || !status) return false;
    const start = join(this.#port.folder(), `sferic-${this.#port.network()}-${info.nodeId.slice(0, 8)}`);
    const { path, found } = await this.#newest(start);
    // One that names a closed channel is written anew while that is still known: later nobody could say whether it was a loss.
    if (found && found.missing.length === 0 && found.channels.length === status.channels) return true;
    // Nothing to lose yet.
    if (!found && status.channels === 0) return true;
    const madeAtMs = await writeBackup(this.#port.ask, path);
    this.#lastMadeAtMs = madeAtMs ?? this.#lastMadeAtMs;
    return madeAtMs !== undefined;
  }

  /** Where to write, and what the file there holds: one that may be written over, or none. */
  async #newest(start: string): Promise<{ readonly path: string; readonly found: Answer<'backup.drill'> | undefined }> {
    for (let count = 1; count <= MAX_FILES; count++) {
      const path = `${start}${count === 1 ? '' : `-${count}`}.backup`;
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) return { path, found: undefined };
      const found = await this.#value<Answer<'backup.drill'>>('backup.drill', { file: text.trim() });
      if (found?.channels.every(({ isKnown }) => isKnown)) return { path, found };
    }
    throw new Error('the folder is full of backup files');
  }
}
