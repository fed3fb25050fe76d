/** Drives our node in a process of its own, over its local socket; it can be killed, restarted, and interrupted at a message. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, EventData } from '../../core/api.ts';
import { connectRpc, type RpcClient } from '../../core/io/rpc-client.ts';
import { freePort, until } from './guarded-process.ts';
import type { ChildOrder, TapOrder, TapReport } from './sferic-tap.ts';

export type { TapOrder };
export type Channel = Answer<'channel.get'>;
export type Payment = Answer<'payment.send'>;

/** Of every wallet made here. */
export const PASSWORD = 'a password of tests';

const LOG_CHARS = 2_000_000;
const STOP_DEADLINE_MS = 15_000;

interface Ready {
  readonly rpc: string;
  readonly listen: string;
  readonly nodeId: string;
}

export class SfericProcess {
  readonly dir: string;
  readonly #chain: readonly string[];
  readonly #removeAtExit = (): void => rmSync(this.dir, { recursive: true, force: true });
  #listenPort = 0;
  #child: ChildProcess | undefined;
  #client: RpcClient | undefined;
  #nodeId = '';
  #log = '';
  #wire: string[] = [];
  #alarms: EventData<'alarm'>[] = [];
  #onReached: (() => void) | undefined;
  #onUnderstood: (() => void) | undefined;

  private constructor(dir: string, chain: readonly string[]) {
    this.dir = dir;
    this.#chain = chain;
    process.once('exit', this.#removeAtExit);
  }

  /** A new wallet in a new temporary folder, on `chain` (specs of --chain), synced and listening for peers. */
  static async create(chain: readonly string[]): Promise<SfericProcess> {
    const node = new SfericProcess(await mkdtemp(join(tmpdir(), 'sferic-')), chain);
    node.#listenPort = await freePort();
    await writeFile(node.#passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    try {
      await node.start();
    } catch (e) {
      await node.remove(); // nobody else holds it yet
      throw e;
    }
    return node;
  }

  get #passwordFile(): string {
    return join(this.dir, 'password');
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }
  get nodeId(): string {
    return this.#nodeId;
  }
  /** <node id>@127.0.0.1:<port> */
  get uri(): string {
    return `${this.#nodeId}@127.0.0.1:${this.#listenPort}`;
  }
  /** What it wrote for people, all starts together. */
  get log(): string {
    return this.#log;
  }
  /** Messages since the last `forgetWire`, as `> name` (sent) and `< name`. */
  get wire(): readonly string[] {
    return this.#wire;
  }
  /** Alarms of all starts. */
  get alarms(): readonly EventData<'alarm'>[] {
    return this.#alarms;
  }
  forgetWire(): void {
    this.#wire = [];
  }

  /** `mnemonic`: a wallet is made from these words, where there is none. */
  async start({ mnemonic }: { readonly mnemonic?: string } = {}): Promise<void> {
    if (this.#child) throw new Error('sferic runs already');
    const { NODE_OPTIONS: _, ...env } = process.env; // the test runner's hooks are not for this one
    const args = [
      '--network', 'regtest', '--data-dir', join(this.dir, 'data'), '--listen', `127.0.0.1:${this.#listenPort}`, '--password-file', this.#passwordFile,
      ...(await this.#wordsOf(mnemonic)), '--log-level', 'debug', ...this.#chain.flatMap((spec) => ['--chain', spec]),
    ]; // prettier-ignore
    const child = spawn(process.execPath, [fileURLToPath(new URL('./sferic-child.ts', import.meta.url)), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARS);
    });
    child.on('message', (told: TapReport) => this.#told(told));
    child.once('exit', () => {
      this.#child = undefined;
      this.#onReached?.();
    });
    const ready = await new Promise<Ready>((done, fail) => {
      createInterface({ input: child.stdout! }).once('line', (line) => done(JSON.parse(line) as Ready));
      child.once('error', fail);
      child.once('exit', (code, signal) => fail(new Error(`sferic ended with ${code ?? signal}\n${this.#log.slice(-4000)}`)));
    });
    this.#nodeId = ready.nodeId;
    this.#client = await connectRpc(ready.rpc);
    this.#client.on((name, data) => {
      if (name === 'alarm') this.#alarms.push(data as EventData<'alarm'>);
    });
    await this.#client.call('node.subscribe', { events: ['alarm'] });
    await this.untilSynced();
  }

  async #wordsOf(mnemonic: string | undefined): Promise<readonly string[]> {
    if (mnemonic === undefined) return ['--init'];
    await writeFile(join(this.dir, 'words'), mnemonic, { mode: 0o600 });
    return ['--mnemonic-file', join(this.dir, 'words')];
  }

  #told(told: TapReport): void {
    if (told.kind === 'message') this.#wire.push(`${told.direction === 'out' ? '>' : '<'} ${told.name}`);
    else if (told.kind === 'reached') this.#onReached?.();
    else this.#onUnderstood?.();
  }

  /** `kill` is a crash (SIGKILL). */
  async stop({ kill = false }: { readonly kill?: boolean } = {}): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const gone = once(child, 'exit');
    child.kill(kill ? 'SIGKILL' : 'SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(timer);
    await this.#client?.closed;
  }

  /** Ends it and deletes its folder. With SFERIC_NODE_LOGS set to a folder, the log is kept there. */
  async remove(): Promise<void> {
    await this.stop();
    const logs = process.env['SFERIC_NODE_LOGS'];
    if (logs) await writeFile(join(logs, `sferic-${process.pid}-${this.#listenPort}.log`), this.#log);
    process.off('exit', this.#removeAtExit);
    await rm(this.dir, { recursive: true, force: true });
  }

  readonly call: RpcClient['call'] = (method, ...params) => {
    if (!this.#client) throw new Error('sferic does not run');
    return this.#client.call(method, ...params);
  };

  async untilSynced(height = 0): Promise<void> {
    const chain = async () => (await this.call('node.info', {})).chain;
    await until('our chain', chain, (c) => c?.state === 'synced' && c.height >= height, 30_000);
  }

  untilConfirmed(sat: bigint): Promise<bigint> {
    const confirmed = async (): Promise<bigint> => (await this.call('wallet.balance', {})).confirmedSat;
    return until(`${sat} sat confirmed at ours`, confirmed, (x) => x === sat, 30_000);
  }

  async channels(): Promise<readonly Channel[]> {
    return this.call('channel.list', { includeClosed: true });
  }
  async channel(point: string): Promise<Channel | undefined> {
    return (await this.channels()).find((c) => `${c.fundingTxid}:${c.fundingVout}` === point);
  }
  /** With its peer there and ready to move money. */
  untilNormal(point: string): Promise<Channel> {
    const found = () => this.channel(point);
    return until(`our channel ${point} normal`, found, (c) => c?.state === 'normal' && c.live, 30_000) as Promise<Channel>;
  }

  /** In effect when it resolves; `reached` resolves when it was carried out (or the process is gone). */
  async order(order: TapOrder): Promise<{ readonly reached: Promise<void> }> {
    const reached = new Promise<void>((done) => (this.#onReached = done));
    await this.#tell(order);
    return { reached };
  }
  /** Ends a hold; the connection is cut. */
  readonly release = (): Promise<void> => this.#tell({ release: true });

  /** Moves its wall clock, until it ends. */
  readonly shiftClock = (clockShiftMs: number): Promise<void> => this.#tell({ clockShiftMs });

  /** true: received HTLCs stay in flight, unanswered; false answers them within a second. Ends with the process. */
  readonly withhold = (on: boolean): Promise<void> => this.#tell({ withhold: on });

  #tell(given: ChildOrder): Promise<void> {
    const child = this.#child;
    if (!child) throw new Error('sferic does not run');
    return new Promise((done) => {
      this.#onUnderstood = done;
      child.send(given);
    });
  }
}
