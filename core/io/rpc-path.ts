import { lstat, stat, unlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Something about the local socket that a person has to put right; the message says what. */
export class RpcPathError extends Error {
  override readonly name = 'RpcPathError';
}

/** What a socket's address holds on every system that we know (104 bytes on macOS, with the closing zero). */
const MAX_PATH_BYTES = 103;
const PROBE_MS = 2000;

export const isPipe = (path: string): boolean => path.startsWith('\\\\.\\pipe\\');

/** Where a network's wallet lies when nobody says otherwise; real coins in the folder itself, others below it. */
export function defaultDataDir(network: string, env: Environment = process.env, platform = process.platform): string {
  const home = env['HOME'] ?? homedir();
  const base =
    platform === 'win32'
      ? join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'Sferic')
      : platform === 'darwin'
        ? join(home, 'Library', 'Application Support', 'Sferic')
        : join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'sferic');
  return network === 'mainnet' ? base : join(base, network);
}

/** The local socket of a data folder. A Windows pipe has one name space for all, so its name is drawn from the folder. */
export function rpcPathOf(dataDir: string, platform = process.platform): string {
  if (platform !== 'win32') return join(resolve(dataDir), 'rpc.sock');
  const tag = createHash('sha256').update(resolve(dataDir).toLowerCase()).digest('hex').slice(0, 24);
  return `\\\\.\\pipe\\sferic-${tag}`;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** Whether somebody answers at a socket. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path);
    const end = (alive: boolean): void => {
      socket.destroy();
      settle(alive);
    };
    socket.setTimeout(PROBE_MS, () => end(true));
    socket.once('connect', () => end(true));
    // A full queue of connections (EAGAIN) is that of a living process.
    socket.once('error', (error) => end(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT'));
  });
}

/** In a folder that others may write to they could put a socket of theirs in our place; a sticky one (/tmp) prevents it. */
async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch((error: unknown) => {
    throw new RpcPathError(`The folder ${folder} for the local socket cannot be read (${codeOf(error)}).`);
  });
  const othersMayWrite = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
  const isForeign = found.uid !== process.getuid?.() && found.uid !== 0;
  if (othersMayWrite || isForeign) {
    throw new RpcPathError(`Other users may write to ${folder}; the local socket needs a folder that only you can write to.`);
  }
}

/**
 * Makes room for a socket at `path`: the left-over of a dead process is removed, anything else is left alone.
 * Throws RpcPathError.
 */
export async function prepareRpcPath(path: string): Promise<void> {
  if (isPipe(path)) return;
  if (process.platform === 'win32') throw new RpcPathError(String.raw`On Windows the local socket is a pipe: \\.\pipe\name.`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new RpcPathError(`The path of the local socket is longer than ${MAX_PATH_BYTES} bytes; name a shorter one with --rpc.`);
  }
  await checkFolder(path);
  const before = await lstat(path).catch(() => undefined);
  if (!before) return;
  if (!before.isSocket()) throw new RpcPathError(`${path} exists and is no socket.`);
  if (await isAlive(path)) throw new RpcPathError(`Another process is already listening at ${path}.`);
  const now = await lstat(path).catch(() => undefined);
  if (!now) return;
  // Somebody else may have cleared it up in the meantime, and listen there now.
  if (now.ino !== before.ino || now.ctimeMs !== before.ctimeMs) throw new RpcPathError(`Another process has just begun to listen at ${path}.`);
  await unlink(path);
}

/** Before a password goes there: a socket that another user made is not our wallet. Throws RpcPathError. */
export async function checkRpcOwner(path: string): Promise<void> {
  if (isPipe(path) || process.platform === 'win32') return;
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new RpcPathError(`${path} cannot be read (${codeOf(error)}).`);
  });
  if (!found) throw new RpcPathError(`No wallet is running at ${path}. Start one with: npm run headless`);
  if (!found.isSocket()) throw new RpcPathError(`${path} is no socket.`);
  if (found.uid !== process.getuid?.() && found.uid !== 0) throw new RpcPathError(`${path} belongs to another user.`);
}
