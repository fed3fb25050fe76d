/** The test chain kept by a real Bitcoin Core (or whatever speaks like it) instead of bcoin; the index follows it over RPC. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bitcoindCaller, BitcoindRpcError, type BitcoindCall } from './bitcoind-rpc.ts';
import { ChainIndex } from './chain-index.ts';
import {
  REASON,
  type Chain,
  type ChainBlock,
  type ChainStep,
  type MineOptions,
  type Submitted,
  type SubmitOptions,
} from './chain-types.ts';
import { FAUCET_SCRIPT, faucetPayment } from './faucet.ts';
import { parseTx, tryParseTx, type ChainTx } from './raw-tx.ts';

interface CoreBlock {
  hash: string;
  height: number;
  tx: { hex: string }[];
}
const POLL_MS = 200;
const START_DEADLINE_MS = 30_000;
const NO_FEE_LIMIT = 0;
const NO_BURN_LIMIT_BTC = 21e6;

export class BitcoindChain implements Chain {
  readonly index = new ChainIndex();
  readonly mempoolMinFeerateSatPerVb = 1;
  readonly url: string;
  readonly #call: BitcoindCall;
  readonly #timer: NodeJS.Timeout;
  readonly #shutDown: () => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(url: string, shutDown: () => Promise<void>) {
    this.url = url;
    this.#call = bitcoindCaller(url);
    this.#shutDown = shutDown;
    // Others may send to and mine on the same node; a failed look is repeated by the next.
    this.#timer = setInterval(() => void this.#changing(async () => undefined).catch(() => undefined), POLL_MS).unref();
  }

  /** Follows a node that runs already; `stop` leaves it running. */
  static async connect(url: string, shutDown: () => Promise<void> = async () => undefined): Promise<BitcoindChain> {
    const chain = new BitcoindChain(url, shutDown);
    await chain.#changing(async () => undefined);
    return chain;
  }

  /** Runs `binary` on a new regtest chain in a temporary folder. */
  static async start(binary: string, { blocks = 450 }: { blocks?: number } = {}): Promise<BitcoindChain> {
    const dir = await mkdtemp(join(tmpdir(), 'bitcoind-'));
    const port = await freePort();
    const password = randomBytes(16).toString('hex');
    const child = spawn(
      binary,
      [
        '-regtest',
        '-server',
        '-txindex=1',
        `-datadir=${dir}`,
        '-listen=0',
        '-dnsseed=0',
        '-disablewallet',
        '-acceptnonstdtxn=0',
        '-rpcbind=127.0.0.1',
        '-rpcallowip=127.0.0.1',
        `-rpcport=${port}`,
        '-rpcuser=user',
        `-rpcpassword=${password}`,
      ],
      { stdio: 'ignore' },
    );
    const shutDown = async (): Promise<void> => {
      await ended(child);
      await rm(dir, { recursive: true, force: true });
    };
    const url = `http://user:${password}@127.0.0.1:${port}`;
    try {
      await answering(url, child);
      const chain = await BitcoindChain.connect(url, shutDown);
      await chain.mine(blocks);
      return chain;
    } catch (e) {
      await shutDown();
      throw e;
    }
  }

  mine(count: number, { scriptHex = FAUCET_SCRIPT, empty = false }: MineOptions = {}): Promise<string[]> {
    return this.#changing(async () => {
      if (!empty) return this.#call<string[]>('generatetodescriptor', count, `raw(${scriptHex})`);
      const hashes: string[] = [];
      for (let i = 0; i < count; i++) hashes.push(await this.#generate([], scriptHex));
      return hashes;
    });
  }

  mineTxs(rawHexes: readonly string[], scriptHex = FAUCET_SCRIPT): Promise<string> {
    return this.#changing(() => this.#generate(rawHexes, scriptHex));
  }

  submit(rawHex: string, options: SubmitOptions = {}): Promise<Submitted> {
    return this.#changing(() => this.#send(rawHex, options));
  }

  submitPackage(rawHexes: readonly string[], options: SubmitOptions = {}): Promise<Submitted[]> {
    return this.#changing(async () => {
      const txs = rawHexes.map(parseTx);
      const said = await this.#call<{ package_msg: string; 'tx-results': Record<string, { error?: string }> }>(
        'submitpackage',
        rawHexes,
        feerateArgument(options),
        NO_BURN_LIMIT_BTC,
      );
      return txs.map((tx): Submitted => {
        const error =
          said['tx-results'][tx.wtxid]?.error ?? (said.package_msg === 'success' ? undefined : said.package_msg);
        return error === undefined
          ? { accepted: true, txid: tx.txid }
          : { accepted: false, txid: tx.txid, reason: error };
      });
    });
  }

  check(rawHexes: readonly string[], options: SubmitOptions = {}): Promise<Submitted[]> {
    return this.#exclusive(async () => {
      const said = await this.#call<{ txid: string; allowed?: boolean; 'reject-reason'?: string }[]>(
        'testmempoolaccept',
        rawHexes,
        feerateArgument(options),
      );
      return said.map((s): Submitted =>
        s.allowed
          ? { accepted: true, txid: s.txid }
          : { accepted: false, txid: s.txid, reason: s['reject-reason'] ?? 'package not evaluated' },
      );
    });
  }

  pay(scriptHex: string, valueSat: bigint): Promise<string> {
    return this.#changing(async () => {
      const sent = await this.#send(faucetPayment(this.index, scriptHex, valueSat), {});
      if (!sent.accepted) throw new Error(`faucet payment refused: ${sent.reason}`);
      return sent.txid;
    });
  }

  evict(): Promise<boolean> {
    return Promise.reject(new Error('a real bitcoind drops nothing from its mempool on request'));
  }
  setMempoolMinFeerate(): Promise<void> {
    return Promise.reject(new Error('a real bitcoind sets this itself'));
  }

  reorg(depth: number): Promise<void> {
    return this.#changing(async () => {
      await this.#cut(this.index.height - depth + 1);
      await this.#follow();
      for (let i = 0; i <= depth; i++) await this.#generate([], FAUCET_SCRIPT);
    });
  }

  invalidate(height: number): Promise<void> {
    return this.#changing(() => this.#cut(height));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
    await this.#shutDown();
  }

  async #cut(fromHeight: number): Promise<void> {
    await this.#call('invalidateblock', await this.#call<string>('getblockhash', fromHeight));
  }

  async #generate(rawHexes: readonly string[], scriptHex: string): Promise<string> {
    return (await this.#call<{ hash: string }>('generateblock', `raw(${scriptHex})`, rawHexes)).hash;
  }

  async #send(rawHex: string, options: SubmitOptions): Promise<Submitted> {
    const tx = tryParseTx(rawHex);
    if (!tx) return { accepted: false, txid: '', reason: REASON.undecodable };
    try {
      await this.#call('sendrawtransaction', rawHex, feerateArgument(options), NO_BURN_LIMIT_BTC);
      return { accepted: true, txid: tx.txid };
    } catch (e) {
      if (!(e instanceof BitcoindRpcError)) throw e;
      return { accepted: false, txid: tx.txid, reason: e.code === -27 ? REASON.inChain : e.message };
    }
  }

  #changing<T>(task: () => Promise<T>): Promise<T> {
    return this.#exclusive(async () => {
      try {
        return await task();
      } finally {
        await this.#follow();
      }
    });
  }

  #exclusive<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task);
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Brings the index to where the node is: back to the fork, then forward, then the mempool. */
  async #follow(): Promise<void> {
    const steps: ChainStep[] = [];
    const height = await this.#call<number>('getblockcount');
    let at = this.index.height;
    while (at >= 0 && (at > height || (await this.#call<string>('getblockhash', at)) !== this.index.block(at)!.hash)) {
      const lost = this.index.block(at--)!;
      steps.push({ kind: 'unblock', block: { ...lost, txs: this.index.txsOf(lost) } });
    }
    while (at < height) steps.push({ kind: 'block', block: await this.#block(++at) });
    const waiting = new Set(await this.#call<string[]>('getrawmempool'));
    for (const txid of this.index.mempoolTxids) if (!waiting.has(txid)) steps.push({ kind: 'leave', txid });
    const known = new Set(this.index.mempoolTxids);
    const fresh = await Promise.all(
      [...waiting].filter((txid) => !known.has(txid)).map((txid) => this.#call<string>('getrawtransaction', txid)),
    );
    for (const tx of parentsFirst(fresh.map(parseTx))) steps.push({ kind: 'enter', tx });
    this.index.apply(steps);
  }

  async #block(height: number): Promise<ChainBlock> {
    const hash = await this.#call<string>('getblockhash', height);
    const headerHex = await this.#call<string>('getblockheader', hash, false);
    const block = await this.#call<CoreBlock>('getblock', hash, 2);
    return { height, hash, headerHex, txs: block.tx.map((tx) => parseTx(tx.hex)) };
  }
}

const feerateArgument = ({ maxFeerateSatPerVb }: SubmitOptions): number =>
  maxFeerateSatPerVb === undefined ? NO_FEE_LIMIT : maxFeerateSatPerVb / 1e5;

/** Core lists its mempool in no order that helps; the index needs to know a parent before its child. */
export function parentsFirst(txs: readonly ChainTx[]): ChainTx[] {
  const left = new Map(txs.map((tx) => [tx.txid, tx]));
  const sorted: ChainTx[] = [];
  const visit = (tx: ChainTx): void => {
    if (!left.delete(tx.txid)) return;
    for (const { txid } of tx.inputs) {
      const parent = left.get(txid);
      if (parent) visit(parent);
    }
    sorted.push(tx);
  };
  for (const tx of txs) visit(tx);
  return sorted;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** A starting bitcoind has no event to wait for: its port opens some time. */
async function answering(url: string, child: ChildProcess): Promise<void> {
  const call = bitcoindCaller(url);
  let failed: Error | undefined;
  child.once('error', (e) => {
    failed = e;
  });
  for (const end = Date.now() + START_DEADLINE_MS; ;) {
    try {
      await call('getblockcount');
      return;
    } catch (e) {
      if (failed ?? (child.exitCode !== null || Date.now() > end))
        throw failed ?? new Error(`bitcoind does not answer: ${(e as Error).message}`);
    }
    await sleep(100);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(timer);
}
