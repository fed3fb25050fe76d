import { join } from 'node:path';
import { ApiFailure, type App } from './node/app.ts';
import { dispatch, subscribeWire } from './node/dispatch.ts';
import { createLogger, jsonLine, textLine, type Logger } from './node/log.ts';
import { type HeadlessOptions, parseOptions, USAGE, UsageError } from './headless-options.ts';
import type { AppConfig } from './index.ts';
import { ClockJumps, LOOK_MS } from './io/clock-jumps.ts';
import { preparePrivateFolder } from './io/files.ts';
import { openLogFile, type LogFile } from './io/log-file.ts';
import { RpcPathError } from './io/rpc-path.ts';
import { serveRpc, type RpcServer } from './io/rpc-server.ts';
import { readSecretFile } from './io/terminal.ts';
import { StoreError } from './store/port.ts';

function secretOf(path: string, log: Logger): string {
  try {
    const { secret, isPrivate } = readSecretFile(path);
    if (!isPrivate) log.warn('other users may read a file with a password or words; make it private: chmod 600', { path });
    return secret;
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}

/** Opens the wallet, after making it where that was asked for. */
async function openVault(app: App, options: HeadlessOptions, log: Logger): Promise<void> {
  if (options.passwordFile === undefined) return;
  const password = secretOf(options.passwordFile, log);
  const { state } = await app.call('vault.status', {});
  if (state === 'missing') await makeVault(app, options, password, log);
  const made = state === 'missing' ? await app.call('vault.status', {}) : { state };
  if (made.state === 'locked') await app.call('vault.unlock', { password });
}

async function makeVault(app: App, options: HeadlessOptions, password: string, log: Logger): Promise<void> {
  if (password.length < 8) throw new UsageError('A wallet needs a password of at least 8 characters');
  if (options.mnemonicFile !== undefined) {
    const mnemonic = secretOf(options.mnemonicFile, log).trim().replaceAll(/\s+/gu, ' ');
    await app.call('vault.restore', { password, mnemonic, passphrase: '' });
    log.info('a wallet was made from the words of a file');
  } else if (options.init) {
    await app.call('vault.create', { password, words: 12, passphrase: '' });
    log.info('a wallet was made; its words are shown by vault.revealSeed');
  } else {
    throw new UsageError(`There is no wallet in ${options.dataDir}. Add --init to make one, or --mnemonic-file to restore one.`);
  }
}

const configOf = ({ network, dataDir, listen, chain }: HeadlessOptions, log: Logger): AppConfig => ({
  network,
  dataDir,
  chain: [...chain],
  log,
  ...(listen ? { listen } : {}),
});

export interface HeadlessPort {
  readonly createApp: (config: AppConfig) => Promise<App>;
  /** The line that says that it is ready. */
  readonly print: (line: string) => void;
  /** Log lines for people. */
  readonly complain: (line: string) => void;
  readonly nowMs?: () => number;
}

export interface Headless {
  /** Resolves when everything is stored and closed; may be called again. */
  readonly stop: () => Promise<void>;
  /** Resolves when a client asked it to stop, after that was answered. */
  readonly stopRequested: Promise<void>;
  readonly log: Logger;
}

/** Starts the node and its socket. Throws UsageError, RpcPathError, ApiFailure and what the store throws. */
export async function startHeadless(options: HeadlessOptions, port: HeadlessPort): Promise<Headless> {
  const dataDir = await preparePrivateFolder(options.dataDir);
  const file = openLogFile({ path: join(dataDir, 'logs', 'sferic.log') });
  const log = createLogger({
    level: options.logLevel,
    nowMs: () => Date.now(),
    write: (record) => {
      file.write(jsonLine(record));
      port.complain(textLine(record));
    },
  });
  let app: App | undefined;
  try {
    app = await port.createApp(configOf({ ...options, dataDir }, log));
    await openVault(app, options, log);
    return await serve(app, options, port, { log, file });
  } catch (error) {
    log.error('the node did not start', { error });
    await app?.stop().catch((stopError: unknown) => log.error('the node did not stop cleanly', { error: stopError }));
    file.close();
    throw error;
  }
}

interface Logs {
  readonly log: Logger;
  readonly file: LogFile;
}

async function serve(app: App, options: HeadlessOptions, port: HeadlessPort, { log, file }: Logs): Promise<Headless> {
  let stopping: Promise<void> | undefined;
  const { promise: stopRequested, resolve: requestStop } = Promise.withResolvers<void>();
  const server: RpcServer = await serveRpc({
    path: options.rpc,
    dispatch: async (method, params) => {
      const answer = await dispatch(app, method, params, log);
      if (method === 'node.stop' && answer.ok) setImmediate(requestStop);
      return answer;
    },
    subscribe: (listener) => subscribeWire(app, listener, log),
    onDrop: (reason) => log.warn('a client of the local socket was dropped', { reason }),
  });
  // No window hears of sleep for it: the clock tells.
  const jumps = new ClockJumps(port.nowMs ?? Date.now);
  const looking = setInterval(() => {
    if (jumps.look()) app.resumed().catch((error: unknown) => log.error('the chain could not be asked after sleep', { error }));
  }, LOOK_MS).unref();
  const stop = (): Promise<void> => (stopping ??= end());
  const end = async (): Promise<void> => {
    log.info('stopping');
    clearInterval(looking);
    try {
      // What is being answered belongs to what is in flight: both end together.
      await Promise.all([server.close(), app.stop()]);
      log.info('stopped');
    } catch (error) {
      log.error('the node did not stop cleanly', { error });
      throw error;
    } finally {
      file.close();
    }
  };
  try {
    const info = await app.call('node.info', {});
    const ready = { ready: true, rpc: server.path, listen: info.listen ?? null, nodeId: info.nodeId ?? null, network: info.network };
    log.info('ready', { network: info.network, nodeId: info.nodeId, listen: info.listen });
    port.print(JSON.stringify(ready));
  } catch (error) {
    await server.close(0);
    throw error;
  }
  return { stop, stopRequested, log };
}

/** A start that failed, for people. */
export function sentenceOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof RpcPathError || error instanceof ApiFailure) return error.message;
  if (error instanceof StoreError) return 'reason' in error.fault && error.fault.reason ? error.fault.reason : `storage: ${error.fault.code}`;
  return 'The node could not start; its log says more.';
}

const STOP_MS = 15_000;

/** For every process of ours that holds secrets. Reports of Node hold the environment and the command line; a debugger reads all memory. */
export function closeLeaks(): void {
  const { report } = process;
  report.reportOnFatalError = false;
  report.reportOnSignal = false;
  report.reportOnUncaughtException = false;
  report.excludeEnv = true;
  // Node would open its inspector; a listener takes the signal instead.
  if (process.platform !== 'win32') process.on('SIGUSR1', () => undefined);
}

/** The process: signals, exceptions that nobody caught, exit codes (0 stopped, 1 failed, 2 wrong command line). */
export async function runHeadless(args: readonly string[], port: HeadlessPort): Promise<void> {
  closeLeaks();
  let headless: Headless | undefined;
  let isStopping = false;
  const stopWith = (code: number): void => {
    if (isStopping) process.exit(code === 0 ? 130 : code);
    isStopping = true;
    if (!headless) process.exit(code);
    process.exitCode = code;
    // Everything that counts is on disk already: a stop that hangs is a crash that the next start can bear.
    setTimeout(() => process.exit(1), STOP_MS).unref();
    headless.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', () => stopWith(0));
  process.on('SIGTERM', () => stopWith(0));
  process.on('uncaughtException', (error) => {
    if (headless) headless.log.error('an exception that nobody caught', { error });
    else port.complain(sentenceOf(error));
    stopWith(1);
  });
  try {
    const options = parseOptions(args);
    if (!options) return port.print(USAGE);
    headless = await startHeadless(options, port);
  } catch (error) {
    port.complain(`sferic: ${sentenceOf(error)}`);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
  await headless.stopRequested;
  if (!isStopping) stopWith(0);
}

if (import.meta.main) {
  const { createApp } = await import('./index.ts');
  await runHeadless(process.argv.slice(2), {
    createApp,
    print: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`${line}\n`),
  });
}
