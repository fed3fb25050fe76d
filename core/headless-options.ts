import { parseArgs } from 'node:util';
import { parseChainSpec } from './io/chain-sources.ts';
import { defaultDataDir, rpcPathOf } from './io/rpc-path.ts';
import { LOG_LEVELS, type LogLevel } from './node/log.ts';

export const USAGE = `npm run headless -- [options]: the wallet without a window; programs talk to it over a local socket.

  --network <name>         mainnet (default), testnet, signet or regtest
  --data-dir <folder>      where the wallet lies
  --listen <host:port>     take connections of other nodes there; without it nothing listens
  --chain <source>         electrum:tcp://host:port, electrum:tls://host:port, bitcoind:http://user:password@host:port
                           or bitcoind:http://host:port?cookie=<file>; needed, may repeat
  --rpc <path>             the local socket (default: rpc.sock in the data folder)
  --password-file <file>   open the wallet at the start with the password in this file
  --init                   with --password-file: make a wallet of fresh words when there is none
  --mnemonic-file <file>   with --password-file: make a wallet of the words in this file when there is none
  --log-level <level>      error, warn, info (default) or debug

When it is ready it prints one line of JSON. Logs go to the error output and to logs/ in the data folder.`;

const OPTIONS = {
  network: { type: 'string', default: 'mainnet' },
  'data-dir': { type: 'string' },
  listen: { type: 'string' },
  chain: { type: 'string', multiple: true, default: [] as string[] },
  rpc: { type: 'string' },
  'password-file': { type: 'string' },
  init: { type: 'boolean', default: false },
  'mnemonic-file': { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const NETWORKS = ['mainnet', 'testnet', 'signet', 'regtest'] as const;
type Network = (typeof NETWORKS)[number];

/** What is wrong with the command line or with a file that it names, as a sentence. */
export class UsageError extends Error {}

export interface HeadlessOptions {
  readonly network: Network;
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly chain: readonly string[];
  readonly rpc: string;
  readonly passwordFile: string | undefined;
  readonly mnemonicFile: string | undefined;
  readonly init: boolean;
  readonly logLevel: LogLevel;
}

/** `host:port`, `[::1]:port`. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/u.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(digits) > 65_535) throw new UsageError(`--listen needs host:port, for instance 0.0.0.0:9735`);
  return { host, port: Number(digits) };
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((option) => option === value);
  if (!found) throw new UsageError(`${flag} must be one of ${allowed.join(', ')}`);
  return found;
}

/** Undefined when help was asked for. Throws UsageError. */
export function parseOptions(args: readonly string[]): HeadlessOptions | undefined {
  const { values } = parseFlags(args);
  if (values.help) return undefined;
  const network = oneOf('--network', values.network, NETWORKS);
  if (values.chain.length === 0) throw new UsageError('--chain is needed: where to see the chain; --help shows how it is written');
  for (const spec of values.chain) {
    const parsed = parseChainSpec(spec, network);
    if (!parsed.ok) throw new UsageError(`--chain: ${parsed.error}`);
  }
  const dataDir = values['data-dir'] ?? defaultDataDir(network);
  if (!values['password-file'] && (values.init || values['mnemonic-file'])) {
    throw new UsageError('--init and --mnemonic-file need --password-file');
  }
  if (values.init && values['mnemonic-file']) throw new UsageError('--init makes fresh words: leave out --mnemonic-file, or --init');
  return {
    network,
    dataDir,
    listen: values.listen === undefined ? undefined : parseListen(values.listen),
    chain: values.chain,
    rpc: values.rpc ?? rpcPathOf(dataDir),
    passwordFile: values['password-file'],
    mnemonicFile: values['mnemonic-file'],
    init: values.init,
    logLevel: oneOf('--log-level', values['log-level'], LOG_LEVELS),
  };
}

/** Node takes time with the square of the length for what looks like many short options in one. */
const MAX_ARGUMENT_CHARACTERS = 4096;

function parseFlags(args: readonly string[]) {
  if (args.some((arg) => arg.length > MAX_ARGUMENT_CHARACTERS)) throw new UsageError(`An argument has at most ${MAX_ARGUMENT_CHARACTERS} characters`);
  try {
    return parseArgs({ args: [...args], options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
