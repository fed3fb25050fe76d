import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type RpcClient, connectRpc } from '../io/rpc-client.ts';

/** A second wallet in a process of its own, spoken to as any program would: over its local socket. */
export interface Neighbour {
  readonly rpc: RpcClient;
  readonly nodeId: string;
  /** nodeid@host:port */
  readonly address: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const HEADLESS = fileURLToPath(new URL('../headless.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;

/** Makes a fresh wallet on a regtest chain and waits until it is ready; its data is gone with `stop`. */
export async function startNeighbour(chainSource: string): Promise<Neighbour> {
  const folder = await mkdtemp(join(tmpdir(), 'sferic-neighbour-'));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'a password for a neighbour', { mode: 0o600 });
  const rpcPath = join(folder, 'rpc.sock');
  const flags = ['--network', 'regtest', '--data-dir', join(folder, 'data'), '--chain', chainSource, '--listen', '127.0.0.1:0', '--rpc', rpcPath, '--password-file', passwordFile, '--init', '--log-level', 'warn'];
  const child = spawn(process.execPath, [HEADLESS, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    const ready = await readyLine(child);
    const rpc = await connectRpc(rpcPath);
    return {
      rpc, nodeId: ready.nodeId, address: `${ready.nodeId}@${ready.listen}`, pid: child.pid ?? 0,
      stop: async () => {
        rpc.close();
        await ended(child);
        process.off('exit', kill);
        await rm(folder, { recursive: true, force: true });
      },
    }; // prettier-ignore
  } catch (error) {
    await ended(child);
    process.off('exit', kill);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function readyLine(child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }): Promise<{ readonly nodeId: string; readonly listen: string }> {
  let said = '';
  child.stderr.on('data', (text: Uint8Array) => (said += Buffer.from(text).toString()));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the second wallet did not start:\n${said}`)), START_TIMEOUT_MS);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the second wallet ended with ${code}:\n${said}`));
    });
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as { nodeId: string; listen: string });
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(timer);
}
