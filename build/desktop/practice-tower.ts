import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../electron-stand-in/launch.ts';
import type { Practice } from './practice.ts';

const READY_MS = 30_000;

export interface PracticeTower {
  /** nodeid@host:port */
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/** A watchtower on the practice network, in a process of its own; its data is gone with `stop`. */
export async function startPracticeTower({ chain }: Practice): Promise<PracticeTower> {
  const folder = mkdtempSync(join(tmpdir(), 'sferic-tower-'));
  const flags = ['--network', 'regtest', '--data-dir', folder, '--listen', '127.0.0.1:0', '--chain', `bitcoind:${chain.bitcoindUrl}`, '--log-level', 'error'];
  const child = spawn(process.execPath, [join(ROOT, 'core/tower-main.ts'), ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const line = await Promise.race([
      new Promise<string>((done) => createInterface({ input: child.stdout }).once('line', done)),
      new Promise<never>((_, fail) => {
        setTimeout(() => fail(new Error('the watchtower did not start')), READY_MS).unref();
        child.once('exit', (code) => fail(new Error(`the watchtower ended with ${code}`)));
      }),
    ]);
    return { address: (JSON.parse(line) as { readonly tower: string }).tower, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await gone;
}
