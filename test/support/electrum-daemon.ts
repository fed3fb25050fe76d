/** Drives one headless Electrum (Debian package `electrum`, 4.3.4) as a foreign Lightning wallet on the test network. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type {
  ElectrumBalance,
  ElectrumChannel,
  ElectrumOptions,
  ElectrumPayment,
  ElectrumPeer,
} from './electrum-types.ts';
import { freePort, guardedPid, spawnGuarded, until } from './guarded-process.ts';

export type { ElectrumBalance, ElectrumChannel, ElectrumOptions, ElectrumPayment, ElectrumPeer };
export { until };

/** False when the test run does without (SFERIC_SKIP_ELECTRUM=1) or there is no Electrum on this machine. */
export function electrumAvailable(): boolean {
  if (process.env['SFERIC_SKIP_ELECTRUM'] === '1') return false;
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, 'electrum'), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Electrum's commands take and give amounts in BTC as text. */
const toBtc = (sat: bigint): string => `${sat / 100_000_000n}.${String(sat % 100_000_000n).padStart(8, '0')}`;
const fromBtc = (text: string | number | undefined): bigint => BigInt(Math.round(Number(text ?? 0) * 1e8));

const LOG_CHARS = 4_000_000;
const START_ATTEMPTS = 3;

class EndedAtOnce extends Error {}

export class ElectrumDaemon {
  readonly dir: string;
  readonly #electrumPort: number;
  readonly #options: ElectrumOptions;
  readonly #removeAtExit = (): void => rmSync(this.dir, { recursive: true, force: true });
  #shell: ChildProcess | undefined;
  #pid: number | undefined;
  #rpcPort = 0;
  #rpcPassword = '';
  #log = '';
  lightningPort = 0;

  private constructor(dir: string, electrumPort: number, options: ElectrumOptions) {
    this.dir = dir;
    this.#electrumPort = electrumPort;
    this.#options = options;
    process.once('exit', this.#removeAtExit);
  }

  /** A new wallet in a new temporary folder, loaded, connected to the Electrum server on `electrumPort`, listening for peers. */
  static async create(electrumPort: number, options: ElectrumOptions = {}): Promise<ElectrumDaemon> {
    const daemon = new ElectrumDaemon(await mkdtemp(join(tmpdir(), 'electrum-')), electrumPort, options);
    daemon.lightningPort = await freePort();
    try {
      await daemon.start({ fresh: true });
    } catch (e) {
      await daemon.remove(); // nobody else holds it yet
      throw e;
    }
    return daemon;
  }

  get walletFile(): string {
    return join(this.dir, 'regtest', 'wallets', 'default_wallet');
  }
  /** Of Electrum itself. */
  get pid(): number | undefined {
    return this.#pid;
  }
  /** What Electrum wrote (the newest part): the only place that says why a channel or a payment failed. */
  get log(): string {
    return this.#log;
  }

  /** `config` holds for this start only. Port clashes are tried again. */
  async start({
    fresh = false,
    config = {},
  }: { fresh?: boolean; config?: Readonly<Record<string, unknown>> } = {}): Promise<void> {
    if (this.#shell) throw new Error('electrum runs already');
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#launch(config);
        break;
      } catch (e) {
        await this.stop({ kill: true });
        if (!(e instanceof EndedAtOnce) || attempt === START_ATTEMPTS) throw e;
      }
    }
    if (fresh) await this.call('create', {});
    await this.call('load_wallet', {});
    await this.untilSynced();
  }

  async #launch(config: Readonly<Record<string, unknown>>): Promise<void> {
    this.#rpcPort = await freePort();
    this.#rpcPassword = randomBytes(16).toString('hex');
    // With --regtest everything, the config file too, lives one folder deeper than the -D folder.
    await mkdir(join(this.dir, 'regtest'), { recursive: true });
    await writeFile(
      join(this.dir, 'regtest', 'config'),
      JSON.stringify({
        config_version: 3, // else it is "upgraded" from version 1, which turns :t of the server into :s, TLS
        server: `127.0.0.1:${this.#electrumPort}:t`,
        oneserver: true,
        auto_connect: false,
        rpchost: '127.0.0.1',
        rpcport: this.#rpcPort,
        rpcuser: 'test',
        rpcpassword: this.#rpcPassword,
        use_gossip: true, // off means trampoline: it then opens channels to and pays through trampoline nodes only
        lightning_listen: `127.0.0.1:${this.lightningPort}`, // without it Electrum accepts no channels
        use_recoverable_channels: false,
        check_updates: false,
        ...this.#options.config,
        ...config,
      }),
    );
    const program = this.#options.program ?? ['electrum'];
    const shell = spawnGuarded([...program, '--regtest', '-D', this.dir, 'daemon', '-v']);
    this.#shell = shell;
    const started = new Promise<void>((done) => {
      const keep = (text: string): void => {
        this.#log = (this.#log + text).slice(-LOG_CHARS);
        if (this.#pid !== undefined) return;
        this.#pid = guardedPid(text);
        if (this.#pid !== undefined) done();
      };
      for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding('utf8').on('data', keep);
    });
    shell.once('exit', () => {
      this.#shell = undefined;
      this.#pid = undefined;
    });
    await Promise.race([started, once(shell, 'exit')]);
    await until('the daemon', () => this.#alive(), Boolean, 30_000);
  }

  /** `kill` is a crash (SIGKILL): nothing is saved, the lock file stays (the next start finds it stale and removes it). */
  async stop({ kill = false }: { kill?: boolean } = {}): Promise<void> {
    const shell = this.#shell;
    if (!shell) return;
    const gone = once(shell, 'exit');
    const force = (): void => {
      if (this.#pid !== undefined) process.kill(this.#pid, 'SIGKILL');
    };
    if (kill) force();
    else await this.call('stop').catch(force);
    const timer = setTimeout(force, 15_000);
    await gone;
    clearTimeout(timer);
  }

  /** Ends it and deletes its folder. With SFERIC_ELECTRUM_LOGS set to a folder, the log is kept there. */
  async remove(): Promise<void> {
    await this.stop({ kill: this.#shell !== undefined && this.#rpcPort === 0 });
    const logs = process.env['SFERIC_ELECTRUM_LOGS'];
    if (logs) {
      await mkdir(logs, { recursive: true });
      await writeFile(join(logs, `electrum-${process.pid}-${this.lightningPort}.log`), this.#log);
    }
    process.off('exit', this.#removeAtExit);
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Any command of `electrum help`, by its parameter names; 1 ms, against 400 ms for the command line. Throws its refusal. */
  async call<T = unknown>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.#rpcPort}/`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`test:${this.#rpcPassword}`).toString('base64')}` },
      body: JSON.stringify({ id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
    if (error) throw new Error(`electrum ${method}: ${error.message}`);
    return result;
  }

  /** Connected, at the server's height, and through with its addresses. */
  async untilSynced(height?: number): Promise<void> {
    interface Info {
      connected: boolean;
      server_height: number;
      blockchain_height: number;
    }
    await until(
      'the connection',
      () => this.call<Info>('getinfo'),
      (i) =>
        i.connected &&
        i.server_height === i.blockchain_height &&
        (height === undefined || i.blockchain_height >= height),
      30_000,
    );
    await until('the sync', () => this.call<boolean>('is_synchronized'), Boolean, 30_000);
  }

  /** <node id>@127.0.0.1:<port> */
  readonly nodeUri = (): Promise<string> => this.call('nodeid');
  readonly newAddress = (): Promise<string> => this.call('createnewaddress');
  readonly channels = (): Promise<ElectrumChannel[]> => this.call('list_channels');
  readonly peers = (): Promise<ElectrumPeer[]> => this.call('list_peers');
  /** Connects at once, instead of after Electrum's pause of 4 s to 300 s. */
  readonly connect = (uri: string): Promise<unknown> => this.call('add_peer', { connection_string: uri });

  async balance(): Promise<ElectrumBalance> {
    const b = await this.call<Record<string, string>>('getbalance');
    return {
      confirmed: fromBtc(b['confirmed']),
      unconfirmed: fromBtc(b['unconfirmed']),
      unmatured: fromBtc(b['unmatured']),
      lightning: fromBtc(b['lightning']),
    };
  }

  untilConfirmed(sat: bigint): Promise<ElectrumBalance> {
    return until(
      `${sat} sat confirmed`,
      async () => (await this.balance()).confirmed,
      (x) => x >= sat,
    ).then(() => this.balance());
  }

  async channel(point: string): Promise<ElectrumChannel | undefined> {
    return (await this.channels()).find((c) => c.channel_point === point);
  }

  /** `OPEN` counts only with its peer there. */
  untilChannel(point: string, ...states: readonly string[]): Promise<ElectrumChannel> {
    return this.#explained(
      until(
        `channel ${point} ${states.join(' or ')}`,
        () => this.channel(point),
        (c) => c !== undefined && states.includes(c.state) && (c.state !== 'OPEN' || c.peer_state === 'GOOD'),
      ),
    ) as Promise<ElectrumChannel>;
  }

  /** Answers with the channel point (txid:vout) as soon as the funding transaction is sent. */
  openChannel(uri: string, { fundingSat, pushSat = 0n }: { fundingSat: bigint; pushSat?: bigint }): Promise<string> {
    return this.#explained(
      this.call('open_channel', { connection_string: uri, amount: toBtc(fundingSat), push_amount: toBtc(pushSat) }),
    );
  }

  /** A BOLT 11 invoice; 0 leaves the amount to the payer. */
  async invoice(amountSat: bigint, memo = ''): Promise<string> {
    const request = await this.call<{ lightning_invoice: string } | false>('add_request', {
      amount: toBtc(amountSat),
      memo,
      force: true,
    });
    if (!request) throw new Error('electrum add_request: no unused address');
    return request.lightning_invoice;
  }

  /** A failed payment is an answer with `success: false`; its reason is in `log` only. */
  readonly pay = (invoice: string): Promise<ElectrumPayment> => this.call('lnpay', { invoice });
  /** The closing transaction's txid. */
  readonly closeChannel = (point: string): Promise<string> =>
    this.#explained(this.call('close_channel', { channel_point: point }));
  readonly forceClose = (point: string): Promise<string> =>
    this.#explained(this.call('close_channel', { channel_point: point, force: true }));
  /** Makes the peer force-close, as after a data loss. */
  readonly requestForceClose = (point: string): Promise<unknown> =>
    this.call('request_force_close', { channel_point: point });
  /** The newest commitment of Electrum itself, signed by both: kept and sent later, it is a revoked one. */
  readonly commitmentHex = (point: string): Promise<string> =>
    this.call('get_channel_ctx', { channel_point: point, iknowwhatimdoing: true });
  /** false: keeps incoming HTLCs pending, as a hold invoice would. */
  readonly settleHtlcs = (on: boolean): Promise<void> => this.call('enable_htlc_settle', { b: on });

  async #alive(): Promise<boolean> {
    if (!this.#shell) throw new EndedAtOnce(`electrum ended at once:\n${this.#log.slice(-4000)}`);
    return this.call('ping').then(
      () => true,
      () => false,
    );
  }

  /** Refusals of Electrum say little: the end of its log goes along. */
  async #explained<T>(task: Promise<T>): Promise<T> {
    try {
      return await task;
    } catch (e) {
      throw new Error(`${(e as Error).message}\nend of Electrum's log:\n${this.#log.slice(-3000)}`, { cause: e });
    }
  }
}
