/** A watchtower in a process of its own: start, kill, start again. It never outlives who started it. */
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort, guardedPid, spawnGuarded } from './guarded-process.ts';

const MAIN = fileURLToPath(new URL('../../core/tower-main.ts', import.meta.url));
const READY_MS = 30_000;

export interface TowerProcess {
  readonly dataDir: string;
  /** nodeid@host:port, the same over all starts. */
  readonly address: string;
  readonly isRunning: boolean;
  /** Log lines of all starts; the last few hundred. */
  readonly log: readonly string[];
  readonly start: () => Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** `chain`: a spec of `--chain`. */
export async function startTowerProcess(chain: string): Promise<TowerProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sferic-tower-'));
  const port = await freePort();
  const log: string[] = [];
  let run: { readonly pid: number; readonly exited: Promise<number | null> } | undefined;
  let address = '';

  async function begin(): Promise<void> {
    const child = spawnGuarded([process.execPath, MAIN, '--network', 'regtest', '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--chain', chain, '--log-level', 'debug']);
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      if (log.length > 400) log.splice(0, 200);
    });
    let pid = 0;
    const ready = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        pid ||= guardedPid(line) ?? 0;
        if (line.startsWith('{"ready"')) resolve((JSON.parse(line) as { readonly tower: string }).tower);
      });
    });
    const { promise: failed, reject } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    const complain = (why: string): void => reject(new Error(`the tower did not start (${why}):\n${log.join('\n')}`));
    const timer = setTimeout(() => complain(`not ready after ${READY_MS} ms`), READY_MS);
    void exited.then((code) => complain(`exit code ${code}`));
    try {
      address = await Promise.race([ready, failed]);
      run = { pid, exited };
    } catch (error) {
      child.stdin.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (!run) return null;
    const { pid, exited } = run;
    run = undefined;
    process.kill(pid, signal);
    return exited;
  }

  await begin();
  return {
    dataDir,
    get address() {
      return address;
    },
    get isRunning() {
      return run !== undefined;
    },
    log,
    start: begin,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}
