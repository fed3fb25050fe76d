/** A Bitcoin regtest chain in memory, run by bcoin in this process: no port, no file, no network. */
import { createRequire } from 'node:module';
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
import { flipHex, parseTx, tryParseTx, type ChainTx } from './raw-tx.ts';
import { offer, offerPackage, probe, readmit, type Pool } from './relay.ts';

// bcoin's native add-ons do not compile for Node 24; it reads this once, when it is first required.
process.env['NODE_BACKEND'] = 'js';
const require = createRequire(import.meta.url);
// bcoin ships no types: everything of it is `any` and stays inside this file and relay.ts.
const FullNode = require('bcoin/lib/node/fullnode');
const Address = require('bcoin/lib/primitives/address');
const TX = require('bcoin/lib/primitives/tx');
const Script = require('bcoin/lib/script/script');

// Taproot is younger than this bcoin: it knows segwit version 1 only as "unknown, do not relay". Without this flag
// such spends pass, and NOBODY CHECKS THEIR SIGNATURES HERE, neither in the mempool nor in blocks: a test that must
// show that a taproot (or P2A) spend is validly signed has to check it by itself.
Script.flags.STANDARD_VERIFY_FLAGS &= ~Script.flags.VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM;

/** The first height at which bcoin's regtest has segwit: three signalling windows of 144 blocks. */
export const SEGWIT_HEIGHT = 432;
const FLOOR_SAT_PER_VB = 1;

export interface BcoinOptions {
  /** Height to start at; under 432 there is no segwit yet, and a block reward can be spent after 100. */
  readonly blocks?: number;
}

export class BcoinChain implements Chain {
  readonly index = new ChainIndex();
  readonly #node: any;
  #last: Promise<unknown> = Promise.resolve();
  #steps: ChainStep[] = [];
  #minFeerateSatPerVb = FLOOR_SAT_PER_VB;

  private constructor(node: any) {
    this.#node = node;
    node.on('connect', (e: any, b: any) => this.#steps.push({ kind: 'block', block: this.#blockOf(e, b) }));
    node.on('disconnect', (e: any, b: any) => this.#steps.push({ kind: 'unblock', block: this.#blockOf(e, b) }));
    node.mempool.on('add entry', (e: any) => this.#steps.push({ kind: 'enter', tx: this.#txOf(e.tx) }));
    node.mempool.on('remove entry', (e: any) => this.#steps.push({ kind: 'leave', txid: e.tx.txid() }));
    // Without a listener bcoin's asynchronous errors would end the process with no hint of their origin.
    node.on('error', (e: any) => {
      if (e.type !== 'VerifyError') process.emitWarning(`bcoin: ${e.stack}`);
    });
  }

  static async start({ blocks = 450 }: BcoinOptions = {}): Promise<BcoinChain> {
    const node = new FullNode({
      network: 'regtest',
      memory: true,
      workers: false,
      listen: false,
      env: false,
      argv: false,
    });
    // bcoin's fee rules let old coins pass for less; relay.ts has its own, and these must not be in their way.
    Object.assign(node.mempool.options, {
      minRelay: 0,
      relayPriority: false,
      limitFree: false,
      rejectAbsurdFees: false,
      maxAncestors: 1_000,
    });
    // node.open() would also open an HTTP server and a peer pool; only these three are wanted.
    await node.chain.open();
    await node.mempool.open();
    await node.miner.open();
    const chain = new BcoinChain(node);
    const genesis = await node.chain.getEntryByHeight(0);
    chain.#steps.push({ kind: 'block', block: chain.#blockOf(genesis, await node.chain.getBlock(genesis.hash)) });
    await chain.mine(blocks);
    return chain;
  }

  mine(count: number, { scriptHex = FAUCET_SCRIPT, empty = false }: MineOptions = {}): Promise<string[]> {
    return this.#changing(async () => {
      const hashes: string[] = [];
      for (let i = 0; i < count; i++) {
        const entries: any[] = empty ? [] : this.#entries();
        hashes.push((await this.#extend(this.#node.chain.tip, scriptHex, entries)).rhash());
      }
      return hashes;
    });
  }

  mineTxs(rawHexes: readonly string[], scriptHex = FAUCET_SCRIPT): Promise<string> {
    return this.#changing(async () => {
      const items = rawHexes.map((hex) => ({ tx: TX.fromRaw(hex, 'hex'), fee: 0 }));
      return (await this.#extend(this.#node.chain.tip, scriptHex, items)).rhash();
    });
  }

  submit(rawHex: string, options: SubmitOptions = {}): Promise<Submitted> {
    const tx = tryParseTx(rawHex);
    if (!tx) return Promise.resolve({ accepted: false, txid: '', reason: REASON.undecodable });
    return this.#changing(() => offer(this.#pool, tx, options));
  }

  submitPackage(rawHexes: readonly string[], options: SubmitOptions = {}): Promise<Submitted[]> {
    return this.#changing(() => offerPackage(this.#pool, rawHexes.map(parseTx), options));
  }

  check(rawHexes: readonly string[], options: SubmitOptions = {}): Promise<Submitted[]> {
    return this.#exclusive(async () => {
      try {
        return await probe(this.#pool, rawHexes.map(parseTx), options);
      } finally {
        this.#steps = []; // what came and went in between is nobody's business
      }
    });
  }

  pay(scriptHex: string, valueSat: bigint): Promise<string> {
    return this.#changing(async () => {
      const payment = parseTx(faucetPayment(this.index, scriptHex, valueSat));
      // A faucet pays whatever the relay rules of the moment are: tests raise the floor under the wallet, not under it.
      const sent = await offer({ ...this.#pool, minFeerateSatPerVb: FLOOR_SAT_PER_VB }, payment);
      if (!sent.accepted) throw new Error(`faucet payment refused: ${sent.reason}`);
      return sent.txid;
    });
  }

  evict(txid: string): Promise<boolean> {
    return this.#changing(async () => {
      const entry = this.#node.mempool.getEntry(flipHex(txid));
      if (entry) this.#node.mempool.evictEntry(entry);
      return Boolean(entry);
    });
  }

  reorg(depth: number): Promise<void> {
    if (depth < 1) return Promise.reject(new RangeError('a reorganisation replaces at least one block'));
    return this.#losing(
      () => this.index.height - depth + 1,
      async (from) => {
        let tip = await this.#node.chain.getEntryByHeight(from - 1);
        // Empty, because what the mempool holds need not be valid on the other branch.
        for (let i = 0; i <= depth; i++) tip = await this.#extend(tip, FAUCET_SCRIPT, []);
      },
    );
  }

  invalidate(height: number): Promise<void> {
    return this.#losing(
      () => height,
      async (from, lost) => {
        // bcoin's invalidate() reports neither the blocks nor the mempool that it drops.
        for (const txid of this.index.mempoolTxids) this.#steps.push({ kind: 'leave', txid });
        for (const block of lost.toReversed()) this.#steps.push({ kind: 'unblock', block });
        await this.#node.chain.invalidate((await this.#node.chain.getEntryByHeight(from)).hash);
      },
    );
  }

  get mempoolMinFeerateSatPerVb(): number {
    return this.#minFeerateSatPerVb;
  }

  /** Like a full mempool that trims: what pays less leaves (here by its own rate, with its descendants). */
  setMempoolMinFeerate(satPerVb: number): Promise<void> {
    return this.#changing(async () => {
      this.#minFeerateSatPerVb = Math.max(FLOOR_SAT_PER_VB, satPerVb);
      for (const e of this.#entries()) {
        const withChildren = [e, ...this.#node.mempool.getDescendants(e)];
        const best = Math.max(...withChildren.map((d: any) => d.fee / d.tx.getVirtualSize()));
        if (best < this.#minFeerateSatPerVb && this.#node.mempool.hasEntry(e.tx.hash('hex')))
          this.#node.mempool.evictEntry(e);
      }
    });
  }

  async stop(): Promise<void> {
    await this.#last;
    await this.#node.miner.close();
    await this.#node.mempool.close();
    await this.#node.chain.close();
  }

  get #pool(): Pool {
    return {
      mempool: this.#node.mempool,
      minFeerateSatPerVb: this.#minFeerateSatPerVb,
      decode: (hex) => TX.fromRaw(hex, 'hex'),
      parsed: (tx) => this.#txOf(tx),
    };
  }

  /** One change at a time; the index is told when it is over. */
  #changing<T>(task: () => Promise<T>): Promise<T> {
    return this.#exclusive(async () => {
      try {
        return await task();
      } finally {
        const steps = this.#steps;
        this.#steps = [];
        this.index.apply(steps);
      }
    });
  }

  #exclusive<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#last.then(task);
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** bcoin forgets lost transactions when its mempool is empty, or when they have relative locks: offer all again. */
  #losing(fromHeight: () => number, task: (from: number, lost: readonly ChainBlock[]) => Promise<void>): Promise<void> {
    return this.#changing(async () => {
      const from = fromHeight();
      if (from < SEGWIT_HEIGHT + 1 || from > this.index.height)
        throw new RangeError(`cannot lose blocks from height ${from} on`);
      const lost: ChainBlock[] = [];
      for (let h = from; h <= this.index.height; h++) {
        const block = this.index.block(h)!;
        lost.push({ ...block, txs: this.index.txsOf(block) });
      }
      const pool = this.#entries().map((e) => e.tx);
      await task(from, lost);
      await readmit(this.#pool, [
        ...lost.flatMap((b) => b.txs.slice(1)).map((tx) => TX.fromRaw(tx.hex, 'hex')),
        ...pool,
      ]);
    });
  }

  #entries(): any[] {
    return [...this.#node.mempool.map.values()];
  }

  /** Our own choice of transactions instead of the miner's: that one leaves out what pays under its floor, packages too. */
  async #extend(tip: any, scriptHex: string, items: readonly { tx: any; fee: number }[]): Promise<any> {
    const job = await this.#node.miner.createJob(tip, new Address());
    const { attempt } = job;
    Object.assign(attempt, { items: [], fees: 0 });
    const left = new Set<string>();
    for (const { tx, fee } of items) {
      const orphaned = tx.inputs.some((i: any) => left.has(i.prevout.hash));
      // What a client must see in the next block is the rule; a full block leaves the rest for the one after.
      if (orphaned || attempt.weight + tx.getWeight() > 3_990_000 || !tx.isFinal(attempt.height, attempt.locktime)) {
        left.add(tx.hash('hex'));
        continue;
      }
      attempt.pushTX(tx);
      attempt.fees += fee;
    }
    // bcoin can pay a reward to an address only; here it goes to any script.
    const reward = Script.fromRaw(scriptHex, 'hex');
    const createCoinbase = attempt.createCoinbase.bind(attempt);
    attempt.createCoinbase = (commitment: any) => {
      const coinbase = createCoinbase(commitment);
      coinbase.outputs[0].script = reward;
      coinbase.refresh();
      return coinbase;
    };
    attempt.refresh();
    const entry = await this.#node.chain.add(await this.#node.miner.cpu.mineAsync(job));
    if (!entry) throw new Error('bcoin refused its own block');
    return entry;
  }

  /** Parsed once: a transaction passes here on its way into the mempool, out of it and into a block. */
  #txOf(bcoinTx: any): ChainTx {
    const known = this.index.tx(bcoinTx.txid())?.tx;
    return known && known.wtxid === bcoinTx.wtxid() ? known : parseTx(bcoinTx.toRaw().toString('hex'));
  }

  #blockOf(entry: any, block: any): ChainBlock {
    return {
      height: entry.height,
      hash: entry.rhash(),
      headerHex: block.toHead().toString('hex'),
      txs: block.txs.map((tx: any) => this.#txOf(tx)),
    };
  }
}
