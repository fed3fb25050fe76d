/** Starts a test network, in a process of its own or here, and drives it: the same handle for both. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChainControl, ChainOptions } from './chain-host.ts';
import type { IndexedBlock } from './chain-index.ts';
import type { Submitted } from './chain-types.ts';
import type { Lie } from './electrum-lies.ts';
import type { FeeEstimate } from './fees.ts';

export type { ChainOptions, FeeEstimate, Lie, Submitted };

export interface FoundTx {
  readonly hex: string;
  readonly height: number | undefined;
  readonly feeSat: bigint;
  readonly vsize: number;
}
export interface FoundUtxo {
  readonly txid: string;
  readonly vout: number;
  readonly valueSat: bigint;
  readonly height: number | undefined;
}

/** Scripts and transactions are hex, txids as people read them, heights `undefined` in the mempool. */
export interface ChainHandle {
  readonly electrumPort: number;
  /** With `tls` in the options only. */
  readonly electrumTlsPort: number | undefined;
  /** http://user:pass@127.0.0.1:port */
  readonly bitcoindUrl: string;
  /** Of the process; undefined when the network runs here. */
  readonly pid: number | undefined;
  height(): Promise<number>;
  /** Mines all that the mempool holds; the reward goes to `scriptHex` or the faucet. The new blocks' hashes. */
  mine(count: number, scriptHex?: string): Promise<string[]>;
  /** Blocks that leave the mempool waiting. */
  mineEmpty(count: number): Promise<string[]>;
  /** One block of exactly these, whatever relay rules say: how what does not relay gets confirmed. */
  mineTxs(rawHexes: readonly string[], scriptHex?: string): Promise<string>;
  /** A faucet payment into the mempool; its txid. */
  pay(scriptHex: string, valueSat: bigint): Promise<string>;
  submit(rawHex: string): Promise<Submitted>;
  submitPackage(rawHexes: readonly string[]): Promise<Submitted[]>;
  /** What the mempool would say to each in turn. */
  check(rawHexes: readonly string[]): Promise<Submitted[]>;
  /** Drops it and its descendants from the mempool. */
  evict(txid: string): Promise<boolean>;
  /** Replaces the last `depth` blocks by `depth + 1` empty ones. */
  reorg(depth: number): Promise<void>;
  /** Cuts the chain: `height` is the first block that goes. */
  invalidate(height: number): Promise<void>;
  mempoolTxids(): Promise<string[]>;
  tx(txid: string): Promise<FoundTx | undefined>;
  spenderOf(txid: string, vout: number): Promise<string | undefined>;
  utxosOf(scriptHex: string): Promise<FoundUtxo[]>;
  /** Unspent, the mempool's included. */
  balanceOf(scriptHex: string): Promise<bigint>;
  block(height: number): Promise<IndexedBlock | undefined>;
  /** What the servers estimate, sat/vB; undefined: "cannot say". */
  setFeerate(satPerVb: FeeEstimate): Promise<void>;
  /** Like a full mempool; what pays less leaves it. */
  setMempoolMinFeerate(satPerVb: number): Promise<void>;
  setPruneHeight(height: number | undefined): Promise<void>;
  /** The bitcoind-like server answers 503 to everything. */
  setBitcoindUnavailable(unavailable: boolean): Promise<void>;
  /** Switches a lie of the Electrum server on, or off again. */
  tell(lie: Lie, on?: boolean): Promise<void>;
  /** No lies any more. */
  truth(): Promise<void>;
  /** Cuts the Electrum server's connections; it goes on listening. */
  dropClients(): Promise<void>;
  electrumRequests(): Promise<readonly { readonly method: string; readonly params: readonly unknown[] }[]>;
  bitcoindRequests(): Promise<readonly { readonly method: string; readonly params: unknown }[]>;
  /** Waits for events of the chain, 30 s unless told; throws when the time is over. */
  untilMempool(count: number, timeoutMs?: number): Promise<string[]>;
  untilTx(txid: string, confirmations?: number, timeoutMs?: number): Promise<string>;
  untilSpent(txid: string, vout: number, timeoutMs?: number): Promise<string>;
  stop(): Promise<void>;
}

type Call = <K extends keyof ChainControl>(
  method: K,
  ...params: Parameters<ChainControl[K]>
) => Promise<Awaited<ReturnType<ChainControl[K]>>>;
type Ports = ReturnType<ChainControl['ports']>;

const PATIENCE_MS = 30_000;

function handleOf(call: Call, ports: Ports, pid: number | undefined, stop: () => Promise<void>): ChainHandle {
  const found = (height: number | null): number | undefined => height ?? undefined;
  const utxosOf = async (scriptHex: string): Promise<FoundUtxo[]> =>
    (await call('utxosOf', scriptHex)).map((u) => ({ ...u, valueSat: BigInt(u.valueSat), height: found(u.height) }));
  return {
    electrumPort: ports.electrumPort,
    electrumTlsPort: ports.electrumTlsPort ?? undefined,
    bitcoindUrl: ports.bitcoindUrl,
    pid,
    stop,
    height: () => call('height'),
    mine: (count, scriptHex) => call('mine', count, scriptHex),
    mineEmpty: (count) => call('mine', count, undefined, true),
    mineTxs: (rawHexes, scriptHex) => call('mineTxs', [...rawHexes], scriptHex),
    pay: (scriptHex, valueSat) => call('pay', scriptHex, String(valueSat)),
    submit: (rawHex) => call('submit', rawHex),
    submitPackage: (rawHexes) => call('submitPackage', [...rawHexes]),
    check: (rawHexes) => call('check', [...rawHexes]),
    evict: (txid) => call('evict', txid),
    reorg: (depth) => call('reorg', depth),
    invalidate: (height) => call('invalidate', height),
    mempoolTxids: () => call('mempoolTxids'),
    tx: async (txid) => {
      const tx = await call('tx', txid);
      return tx ? { ...tx, height: found(tx.height), feeSat: BigInt(tx.feeSat) } : undefined;
    },
    spenderOf: async (txid, vout) => (await call('spenderOf', txid, vout)) ?? undefined,
    utxosOf,
    balanceOf: async (scriptHex) => (await utxosOf(scriptHex)).reduce((sum, u) => sum + u.valueSat, 0n),
    block: async (height) => (await call('block', height)) ?? undefined,
    setFeerate: (satPerVb) => call('setFeerate', satPerVb ?? null),
    setMempoolMinFeerate: (satPerVb) => call('setMempoolMinFeerate', satPerVb),
    setPruneHeight: (height) => call('setPruneHeight', height ?? null),
    setBitcoindUnavailable: (unavailable) => call('setBitcoindUnavailable', unavailable),
    tell: (lie, on = true) => call('tell', lie, on),
    truth: () => call('truth'),
    dropClients: () => call('dropClients'),
    electrumRequests: () => call('electrumRequests'),
    bitcoindRequests: () => call('bitcoindRequests'),
    untilMempool: (count, timeoutMs = PATIENCE_MS) => call('untilMempool', count, timeoutMs),
    untilTx: (txid, confirmations = 0, timeoutMs = PATIENCE_MS) => call('untilTx', txid, confirmations, timeoutMs),
    untilSpent: (txid, vout, timeoutMs = PATIENCE_MS) => call('untilSpent', txid, vout, timeoutMs),
  };
}

/** In this process: a little faster, but a busy test holds the chain up. */
export async function startChainHere(options: ChainOptions = {}): Promise<ChainHandle> {
  const { ChainHost } = await import('./chain-host.ts'); // only here: it loads bcoin
  const host = await ChainHost.start(options);
  const call = (async (method: keyof ChainControl, ...params: unknown[]) =>
    (host.control[method] as (...args: unknown[]) => unknown)(...params)) as Call;
  return handleOf(call, host.control.ports(), undefined, () => host.stop());
}

const STOP_DEADLINE_MS = 5_000;

/** In a process of its own. With BITCOIND in the environment, that program keeps the chain instead of bcoin. */
export async function startChainProcess(options: ChainOptions = {}): Promise<ChainHandle> {
  const { NODE_OPTIONS: _, ...env } = process.env; // the test runner's hooks are not for this one
  const child = spawn(
    process.execPath,
    ['--disable-warning=DEP0176', fileURLToPath(new URL('./chain-process.ts', import.meta.url))],
    { env, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-20_000);
  });
  const waiting = new Map<number, { done: (result: unknown) => void; fail: (e: Error) => void }>();
  let over: Error | undefined;
  const end = (reason: string): void => {
    over = new Error(`the chain process ${reason}\n${log}`);
    for (const { fail } of waiting.values()) fail(over);
    waiting.clear();
  };
  child.once('error', (e) => end(`did not start: ${e.message}`));
  child.once('close', (code, signal) => end(`ended with ${code ?? signal}`));
  child.stdin.on('error', () => undefined); // `close` tells it
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.done(result);
    else asked?.fail(new Error(error));
  });

  let lastId = 0;
  const ask = (method: string, ...params: unknown[]): Promise<unknown> =>
    new Promise((done, fail) => {
      if (over) return fail(over);
      waiting.set(++lastId, { done, fail });
      child.stdin.write(`${JSON.stringify({ id: lastId, method, params })}\n`);
    });

  const stop = async (): Promise<void> => {
    if (over) return;
    const gone = once(child, 'close');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ask('stop').catch(() => undefined);
    child.stdin.end();
    await gone;
    clearTimeout(timer);
  };
  try {
    return handleOf(ask as Call, (await ask('start', options)) as Ports, child.pid, stop);
  } catch (e) {
    child.kill('SIGKILL');
    throw e;
  }
}
