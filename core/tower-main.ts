import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { type NetworkName, networks } from './bitcoin/network.ts';
import { publicKey } from './crypto/secp256k1.ts';
import { chainEnvironment } from './io/chain-options.ts';
import { BitcoindBlockFeed } from './io/bitcoind/block-feed.ts';
import { parseChainSpec } from './io/chain-sources.ts';
import { preparePrivateFolder } from './io/files.ts';
import { type FolderLock, lockFolder } from './io/lock.ts';
import { openLogFile } from './io/log-file.ts';
import { useFastestCurve } from './io/native-curve.ts';
import { listenPeers, type PeerListener } from './io/peer-socket.ts';
import { type OpenedStore, openStore } from './io/sqlite/open.ts';
import { system } from './io/system.ts';
import { towerKey } from './io/tower-key.ts';
import { closeLeaks } from './headless.ts';
import { parseListen, UsageError } from './headless-options.ts';
import { formatPeerAddress } from './lib/address.ts';
import { createLogger, jsonLine, LOG_LEVELS, textLine, type Logger, type LogLevel } from './node/log.ts';
import { TowerBook } from './node/tower/book.ts';
import { Guard } from './node/tower/guard.ts';
import { TowerServer } from './node/tower/server.ts';
import { StoreError } from './store/port.ts';
import { DEFAULT_TERMS } from './tower/terms.ts';

const USAGE = `npm run tower -- [options]: a watchtower, which punishes for wallets that are off.

  --network <name>       mainnet (default), testnet, signet or regtest
  --data-dir <folder>    where the tower keeps what it is given; needed
  --listen <host:port>   where wallets connect to; needed. Port 0 takes any free one
  --chain <source>       bitcoind:http://user:password@host:port or bitcoind:http://host:port?cookie=<file>; needed.
                         A pruned node will do; Electrum servers do not, they cannot list a block
  --max-megabytes <n>    what all wallets together may store (default ${DEFAULT_TERMS.maxTotalBytes / 1024n ** 2n})
  --log-level <level>    error, warn, info (default) or debug

When it is ready it prints one line of JSON with the address that a wallet is given (tower.add).`;

const NETWORKS: readonly NetworkName[] = ['mainnet', 'testnet', 'signet', 'regtest'];
const POLL_MS = { regtest: 200, other: 5_000 } as const;
/** A wallet connects once; more than that is somebody trying. */
const LIMITS = { maxHandshakes: 64, maxHandshakesPerHost: 16, maxPeers: 500, maxPeersPerHost: 8 };

export interface TowerOptions {
  readonly network: NetworkName;
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly chain: string;
  readonly maxTotalBytes: bigint;
  readonly logLevel: LogLevel;
}

const OPTIONS = {
  network: { type: 'string', default: 'mainnet' }, 'data-dir': { type: 'string' }, listen: { type: 'string' }, chain: { type: 'string' },
  'max-megabytes': { type: 'string' }, 'log-level': { type: 'string', default: 'info' }, help: { type: 'boolean', short: 'h', default: false },
} as const; // prettier-ignore

function flagsOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function needed(flag: string, value: string | undefined, what: string): string {
  if (value === undefined) throw new UsageError(`--${flag} is needed: ${what}; --help shows how it is written`);
  return value;
}

function bitcoindOnly(text: string, network: NetworkName): string {
  const spec = parseChainSpec(text, network);
  if (!spec.ok) throw new UsageError(`--chain: ${spec.error}`);
  if (spec.value.kind !== 'bitcoind') throw new UsageError('--chain: a tower looks at every transaction of a block, which an Electrum server cannot list. Give it a bitcoind.');
  return text;
}

/** Undefined when help was asked for. Throws UsageError. */
export function parseTowerOptions(args: readonly string[]): TowerOptions | undefined {
  const values = flagsOf(args);
  if (values.help) return undefined;
  const network = NETWORKS.find((name) => name === values.network);
  if (!network) throw new UsageError(`--network must be one of ${NETWORKS.join(', ')}`);
  const logLevel = LOG_LEVELS.find((level) => level === values['log-level']);
  if (!logLevel) throw new UsageError(`--log-level must be one of ${LOG_LEVELS.join(', ')}`);
  const megabytes = values['max-megabytes'];
  if (megabytes !== undefined && !/^[1-9]\d{0,8}$/u.test(megabytes)) throw new UsageError('--max-megabytes is a whole number above 0');
  return {
    network, logLevel, dataDir: needed('data-dir', values['data-dir'], 'where the tower keeps what it is given'),
    listen: parseListen(needed('listen', values.listen, 'where wallets connect to')),
    chain: bitcoindOnly(needed('chain', values.chain, 'where to see the blocks'), network),
    maxTotalBytes: megabytes === undefined ? DEFAULT_TERMS.maxTotalBytes : BigInt(megabytes) * 1024n ** 2n,
  }; // prettier-ignore
}

export interface RunningTower {
  /** `nodeid@host:port` */
  readonly address: string;
  /** Resolves when everything is stored and closed. */
  readonly stop: () => Promise<void>;
}

/** Throws UsageError and StoreError. */
export async function startTower(options: TowerOptions, log: Logger): Promise<RunningTower> {
  useFastestCurve();
  const lock = await lockFolder(options.dataDir);
  let opened: OpenedStore | undefined;
  try {
    const keys = await towerKey(join(lock.folder, 'tower-key'), system.random);
    if (!keys) throw new UsageError(`The file tower-key in ${options.dataDir} is damaged. Put it back from a copy, or give the tower a fresh folder.`);
    opened = await openStore({ folder: lock.folder, dataKey: keys.dataKey, random: system.random, onWarning: (text) => log.warn(text) });
    return await serve(options, log, { lock, opened, nodeKey: keys.nodeKey });
  } catch (error) {
    await opened?.store.close();
    await lock.release();
    throw error;
  }
}

interface Parts {
  readonly lock: FolderLock;
  readonly opened: OpenedStore;
  readonly nodeKey: Uint8Array;
}

async function serve({ network, listen, chain, maxTotalBytes }: TowerOptions, log: Logger, { lock, opened: { store }, nodeKey }: Parts): Promise<RunningTower> {
  const terms = { ...DEFAULT_TERMS, maxTotalBytes };
  const spec = parseChainSpec(chain, network);
  if (!spec.ok || spec.value.kind !== 'bitcoind') throw new UsageError('--chain must be a bitcoind');
  const env = chainEnvironment(network, { onBug: (error) => log.error('chain source failed', { reason: String(error) }) });
  const feed = new BitcoindBlockFeed(spec.value.server, env);
  const book = new TowerBook(store, terms);
  await book.load();
  const guard: Guard = new Guard({ store, book, feed, system, log, pollMs: network === 'regtest' ? POLL_MS.regtest : POLL_MS.other, onStatus: () => server.tellStatus() });
  await guard.load();
  const server: TowerServer = new TowerServer({
    book, terms, chainHash: networks[network].chainHash, system: { ...system }, log, status: () => guard.status, onStored: (hints) => guard.stored(hints),
  }); // prettier-ignore
  const listening = await listenPeers({ ...listen, ourKey: nodeKey, onPeer: (link) => server.accept(link), limits: LIMITS });
  if (!listening.ok) throw new UsageError(`Cannot listen on ${listen.host}:${listen.port}: ${listening.error.detail}.`);
  guard.start();
  server.start();
  const listener: PeerListener = listening.value;
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    listener.close();
    server.stop();
    await guard.stop();
    await store.close();
    await lock.release();
  };
  return { address: formatPeerAddress({ nodeId: publicKey(nodeKey), host: listen.host, port: listener.port }), stop: () => (stopping ??= end()) };
}

const sentence = (error: unknown): string => {
  if (error instanceof UsageError) return error.message;
  if (error instanceof StoreError) return 'reason' in error.fault && error.fault.reason ? error.fault.reason : `storage: ${error.fault.code}`;
  return 'The tower could not start; its log says more.';
};

/** The process: exit codes 0 stopped, 1 failed, 2 wrong command line. */
async function main(args: readonly string[]): Promise<void> {
  closeLeaks();
  let log: Logger | undefined;
  process.on('uncaughtException', (error) => {
    // What is acknowledged is on disk: whoever keeps the tower running starts it again.
    log?.error('an exception that nobody caught', { error });
    process.exit(1);
  });
  try {
    const options = parseTowerOptions(args);
    if (!options) return void process.stdout.write(`${USAGE}\n`);
    const file = openLogFile({ path: join(await preparePrivateFolder(options.dataDir), 'logs', 'tower.log') });
    log = createLogger({
      level: options.logLevel, nowMs: () => Date.now(),
      write: (record) => {
        file.write(jsonLine(record));
        process.stderr.write(`${textLine(record)}\n`);
      },
    }); // prettier-ignore
    const tower = await startTower(options, log);
    const stop = (): void => void tower.stop().then(() => process.exit(0), () => process.exit(1));
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    process.stdout.write(`${JSON.stringify({ ready: true, tower: tower.address, network: options.network })}\n`);
  } catch (error) {
    log?.error('the tower did not start', { error });
    process.stderr.write(`sferic tower: ${sentence(error)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

if (import.meta.main) await main(process.argv.slice(2));
