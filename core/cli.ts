import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { type ApiError, BACKUP_FILE_CHARACTERS, type Method } from './api.ts';
import { formatAnswer, formatError, helpText, methodHelp, missingSecrets, parametersOf, parseWords, wireParamsOf } from './cli-text.ts'; // prettier-ignore
import { readTextFile, writeFileAtomic } from './io/files.ts';
import { connectRpc, RpcFailure, type RpcClient } from './io/rpc-client.ts';
import { defaultDataDir, RpcPathError, rpcPathOf } from './io/rpc-path.ts';
import { askSecret, readSecretFile } from './io/terminal.ts';
import { utf8 } from './lib/bytes.ts';
import { decodeParams, isMethod } from './node/dispatch.ts';
import { StoreError } from './store/port.ts';

export interface CliPort {
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Undefined when nobody can be asked. */
  readonly ask: (question: string) => Promise<string | undefined>;
}

/** Ends the command with a plain sentence. */
class CliError extends Error {}

const OPTIONS = {
  'data-dir': { type: 'string' },
  network: { type: 'string', default: 'mainnet' },
  rpc: { type: 'string' },
  'password-file': { type: 'string' },
  'mnemonic-file': { type: 'string' },
  file: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const QUESTIONS: Readonly<Record<string, string>> = {
  password: 'Password',
  newPassword: 'New password',
  mnemonic: 'Words',
};

const isNew = (method: Method, name: string): boolean =>
  name === 'newPassword' || (name === 'password' && (method === 'vault.create' || method === 'vault.restore'));

async function askFor(port: CliPort, method: Method, name: string): Promise<string> {
  const question = QUESTIONS[name] ?? name;
  const secret = await port.ask(question);
  if (secret === undefined) throw new CliError(`Nothing was entered for "${name}". Without a terminal, give --password-file or --mnemonic-file.`);
  if (isNew(method, name) && (await port.ask(`${question} again`)) !== secret) throw new CliError('The two are not the same.');
  return secret;
}

const FILE_OPTIONS = { password: 'password-file', mnemonic: 'mnemonic-file' } as const;

type Options = Readonly<Partial<Record<keyof typeof OPTIONS, string | boolean>>>;

function secretFromFile(options: Options, name: string): string | undefined {
  const option = name === 'password' || name === 'mnemonic' ? options[FILE_OPTIONS[name]] : undefined;
  if (typeof option !== 'string') return undefined;
  try {
    return readSecretFile(option).secret;
  } catch (error) {
    throw new CliError(`${option} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}

async function withSecrets(port: CliPort, method: Method, options: Options, typed: Readonly<Record<string, unknown>>): Promise<unknown> {
  const params: Record<string, unknown> = { ...typed };
  for (const name of missingSecrets(method, typed)) params[name] = secretFromFile(options, name) ?? (await askFor(port, method, name));
  return params;
}

function notWritten(path: string, why: unknown): never {
  throw new CliError(`${path} cannot be written, so there is no backup file: ${String(why)}`);
}

/** A backup file is text for the contract, and a path for people. */
async function withFile(method: Method, path: string | undefined, typed: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  if (path === undefined || method === 'backup.run') return typed;
  if (!parametersOf(method).some(({ name }) => name === 'file')) throw new CliError(`"${method}" reads and writes no file.`);
  try {
    return { file: await readTextFile(path, BACKUP_FILE_CHARACTERS), ...typed };
  } catch (error) {
    throw new CliError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}

/** Writes the file of an answer where it is wanted and proves what lies there then; what is left is for the screen. */
async function keepFile(client: RpcClient, method: Method, path: string | undefined, answer: unknown): Promise<unknown> {
  if (path === undefined || method !== 'backup.run') return answer;
  const { file, ...rest } = answer as { readonly file: string };
  try {
    await writeFileAtomic(resolve(path), utf8(`${file}\n`));
  } catch (error) {
    notWritten(path, error instanceof StoreError ? Object.values(error.fault).join(', ') : error);
  }
  await client.request('backup.drill', { file: await readTextFile(path, BACKUP_FILE_CHARACTERS) });
  return { ...rest, file: path };
}

/** Fits every schema of a secret, so that the rest can be checked before anybody types one. */
const PLACEHOLDER = '-'.repeat(12);

function checkTyped(method: Method, typed: Readonly<Record<string, unknown>>): ApiError | undefined {
  const asked = missingSecrets(method, typed).map((name) => [name, PLACEHOLDER] as const);
  const decoded = decodeParams(method, { ...typed, ...Object.fromEntries(asked) });
  return decoded.ok ? undefined : decoded.error;
}

/** Until the wallet stops or the command is interrupted. */
async function printEvents(client: RpcClient, port: CliPort): Promise<void> {
  const wire = (data: unknown): unknown =>
    JSON.parse(JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
  client.on((name, data) => port.print(JSON.stringify({ event: name, data: wire(data) })));
  await client.closed;
}

function showHelp(port: CliPort, topic: string | undefined): number {
  if (topic === undefined) port.print(helpText());
  else if (isMethod(topic)) port.print(methodHelp(topic));
  else throw new CliError(`There is no method "${topic.slice(0, 60)}". All of them: npm run cli -- help`);
  return 0;
}

async function run(args: readonly string[], port: CliPort): Promise<number> {
  const { values: options, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const words = parseWords(positionals);
  if (!words.ok) throw new CliError(words.error);
  const { method, values, topic } = words.value;
  if (method === 'help') return showHelp(port, topic);
  if (options.help || !isMethod(method)) return showHelp(port, method);
  const typed = await withFile(method, options.file, wireParamsOf(method, values));
  const fault = checkTyped(method, typed);
  if (fault) throw new RpcFailure(fault.code, fault.message, fault.data);
  const path = options.rpc ?? rpcPathOf(options['data-dir'] ?? defaultDataDir(options.network));
  const client = await connectRpc(path);
  try {
    const answer = await keepFile(client, method, options.file, await client.request(method, await withSecrets(port, method, options, typed)));
    port.print(options.json ? JSON.stringify(answer, null, 2) : formatAnswer(answer));
    if (method === 'node.subscribe') await printEvents(client, port);
    return 0;
  } finally {
    await client.close();
  }
}

/** Runs one command; the exit code is 0, or 1 after saying on the error output what is wrong and its code. */
export async function runCli(args: readonly string[], port: CliPort): Promise<number> {
  try {
    return await run(args, port);
  } catch (error) {
    if (error instanceof RpcFailure) port.complain(args.includes('--json') ? JSON.stringify(errorOf(error)) : formatError(error));
    else if (error instanceof CliError || error instanceof RpcPathError) port.complain(error.message);
    else if (String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')) port.complain((error as Error).message);
    else throw error;
    return 1;
  }
}

const errorOf = ({ code, message, data }: RpcFailure): ApiError => ({ code, message, ...(data ? { data } : {}) });

if (import.meta.main) {
  process.exitCode = await runCli(process.argv.slice(2), {
    print: (text) => void process.stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
    ask: askSecret,
  });
}

