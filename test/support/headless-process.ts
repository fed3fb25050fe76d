/** A wallet without a window in a process of its own: start, ask, kill, start again. It never outlives who started it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lockFolder } from '../../core/io/lock.ts';
import { connectRpc, RpcFailure, type RpcClient } from '../../core/io/rpc-client.ts';
import { createVault, VAULT_NAME } from '../../core/io/vault-file.ts';
import { MADE_HERE } from '../../core/running-node.ts';
import { KDF_FLOOR, passwordBytes } from '../../core/store/vault.ts';
import { freePort, guardedPid, spawnGuarded } from './guarded-process.ts';

const HEADLESS = fileURLToPath(new URL('../../core/headless.ts', import.meta.url));
export const PASSWORD = 'correct horse';
const READY_MS = 30_000;

export interface HeadlessSettings {
  /** Specs of `--chain`. */
  readonly chain: readonly string[];
  /** Options for Node itself, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  /** `floor`: the cheapest password hash that a vault may have, for tests that start often. Default: the program's own. */
  readonly kdf?: 'floor';
  readonly dataDir?: string;
  /** The wallet is made from these words. */
  readonly mnemonic?: string;
}

export interface HeadlessProcess {
  readonly dataDir: string;
  readonly port: number;
  /** The same over all starts. */
  readonly nodeId: string;
  /** Of the present process. */
  readonly pid: number;
  /** Throws RpcFailure `stopping` while no process runs. */
  readonly rpc: RpcClient;
  /** Log lines of the present process; the last few hundred. */
  readonly log: readonly string[];
  /** From spawn to the ready line, of the last start. */
  readonly readyMs: number;
  readonly isRunning: boolean;
  readonly start: () => Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
}

async function prepareFolder(dataDir: string, { kdf, mnemonic }: HeadlessSettings): Promise<void> {
  if (mnemonic !== undefined) await writeFile(join(dataDir, 'words'), mnemonic, { mode: 0o600 });
  await writeFile(join(dataDir, 'password'), PASSWORD, { mode: 0o600 });
  if (kdf !== 'floor') return;
  const lock = await lockFolder(dataDir);
  await createVault(join(lock.folder, VAULT_NAME), {
    password: passwordBytes(PASSWORD), mnemonicEntropy: randomBytes(16), passphrase: new Uint8Array(), network: 'regtest', birthdayHeight: MADE_HERE, random: randomBytes, kdf: KDF_FLOOR,
  }); // prettier-ignore
  await lock.release();
}

interface Run {
  readonly pid: number;
  readonly rpc: RpcClient;
  readonly nodeId: string;
  readonly readyMs: number;
  readonly exited: Promise<number | null>;
}

export async function startHeadlessProcess(settings: HeadlessSettings): Promise<HeadlessProcess> {
  const dataDir = settings.dataDir ?? (await mkdtemp(join(tmpdir(), 'sferic-node-')));
  await prepareFolder(dataDir, settings);
  const port = await freePort();
  let log: string[] = [];
  let run: Run | undefined;
  let nodeId = '';

  async function begin(): Promise<void> {
    log = [];
    const startedAt = performance.now();
    const child = spawnGuarded([
      process.execPath, ...(settings.nodeArgs ?? []), HEADLESS, '--network', 'regtest', '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`,
      ...settings.chain.flatMap((source) => ['--chain', source]), '--password-file', join(dataDir, 'password'), ...(settings.mnemonic !== undefined ? ['--mnemonic-file', join(dataDir, 'words')] : settings.kdf === 'floor' ? [] : ['--init']),
    ]); // prettier-ignore
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      if (log.length > 400) log.splice(0, 200);
    });
    let pid = 0;
    const ready = new Promise<{ readonly rpc: string; readonly nodeId: string }>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        pid ||= guardedPid(line) ?? 0;
        if (line.startsWith('{"ready"')) resolve(JSON.parse(line));
      });
    });
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      const complain = (why: string): void => reject(new Error(`the node did not start (${why}):\n${log.join('\n')}`));
      timer = setTimeout(() => complain(`not ready after ${READY_MS} ms`), READY_MS);
      void exited.then((code) => complain(`exit code ${code}`));
    });
    failed.catch(() => undefined);
    try {
      const said = await Promise.race([ready, failed]);
      const readyMs = performance.now() - startedAt;
      nodeId = said.nodeId;
      run = { pid, nodeId, readyMs, exited, rpc: await connectRpc(said.rpc) };
    } catch (error) {
      child.stdin.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  const present = (): Run => {
    if (!run) throw new RpcFailure('stopping', 'the node is not running');
    return run;
  };
  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const { pid, exited, rpc } = present();
    run = undefined;
    process.kill(pid, signal);
    const code = await exited;
    await rpc.close();
    return code;
  }

  try {
    await begin();
  } catch (error) {
    if (settings.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  return {
    dataDir,
    port,
    get nodeId() {
      return nodeId;
    },
    get pid() {
      return present().pid;
    },
    get rpc() {
      return present().rpc;
    },
    get log() {
      return log;
    },
    get readyMs() {
      return present().readyMs;
    },
    get isRunning() {
      return run !== undefined;
    },
    start: begin,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}
