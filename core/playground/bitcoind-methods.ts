/** bitcoind's methods about the chain; those about the mempool are in bitcoind-mempool.ts, those that change anything in bitcoind-send.ts. */
import { descriptorScript, hash256, RPC, RpcError, wholeNumber } from './bitcoind-arguments.ts';
import { mempoolMethods } from './bitcoind-mempool.ts';
import { sendMethods } from './bitcoind-send.ts';
import { scriptHashOf, type ChainIndex, type IndexedBlock, type IndexedTx } from './chain-index.ts';
import type { Chain } from './chain-types.ts';
import { btc, feerateJson, headerOf, scriptJson, txJson } from './core-json.ts';
import type { FeeSource } from './fees.ts';
import { byPosition } from './bitcoind-parameters.ts';
import { compactSize, isCoinbase } from './raw-tx.ts';

export interface BitcoindContext {
  readonly chain: Chain;
  readonly fees: FeeSource;
  readonly txIndex: boolean;
  pruneHeight: number | undefined;
}
export type Arguments = readonly unknown[];
export type Method = (args: Arguments) => unknown;

const BITS_HEX = '207fffff';
const TARGET = `7fffff${'00'.repeat(29)}`;
const DIFFICULTY = 4.656542373906925e-10;

export class BitcoindMethods {
  readonly context: BitcoindContext;
  readonly #table: Readonly<Record<string, Method>>;

  constructor(context: BitcoindContext) {
    this.context = context;
    this.#table = { ...this.#chainMethods(), ...mempoolMethods(this.context), ...sendMethods(context) };
  }

  async call(method: string, params: unknown): Promise<unknown> {
    const run = Object.hasOwn(this.#table, method) ? this.#table[method] : undefined;
    if (!run) throw new RpcError(RPC.unknownMethod, 'Method not found');
    if (Array.isArray(params)) return run(params);
    if (typeof params !== 'object' || params === null)
      throw new RpcError(RPC.invalidRequest, 'Params must be an array or object');
    return run(byPosition(method, params as Record<string, unknown>));
  }

  get #index(): ChainIndex {
    return this.context.chain.index;
  }

  #chainMethods(): Record<string, Method> {
    return {
      getblockchaininfo: () => {
        const { height, hash, headerHex } = this.#index.tip;
        const pruneHeight = this.context.pruneHeight;
        return {
          chain: 'regtest',
          blocks: height,
          headers: height,
          bestblockhash: hash,
          bits: BITS_HEX,
          target: TARGET,
          difficulty: DIFFICULTY,
          time: headerOf(headerHex).time,
          mediantime: this.#medianTime(height),
          verificationprogress: 1,
          initialblockdownload: false,
          chainwork: this.#chainWork(height),
          size_on_disk: 0,
          pruned: pruneHeight !== undefined,
          ...(pruneHeight === undefined ? {} : { pruneheight: pruneHeight, automatic_pruning: false }),
          warnings: [],
        };
      },
      getblockcount: () => this.#index.height,
      getbestblockhash: () => this.#index.tip.hash,
      getblockhash: ([height]) => {
        const block = this.#index.block(wholeNumber(height, 'height'));
        if (!block) throw new RpcError(RPC.invalidParameter, 'Block height out of range');
        return block.hash;
      },
      getblockheader: ([hash, verbose = true]) => {
        const block = this.#block(hash);
        return verbose ? this.#headerJson(block) : block.headerHex;
      },
      getblock: ([hash, verbosity = 1]) => this.#blockJson(this.#block(hash), Number(verbosity)),
      getrawtransaction: ([txid, verbosity = 0, blockHash]) =>
        this.#rawTransaction(hash256(txid, 'parameter 1'), Number(verbosity), blockHash),
      gettxout: ([txid, n, includeMempool = true]) =>
        this.#txOut(hash256(txid, 'txid'), wholeNumber(n, 'n'), includeMempool !== false),
      scantxoutset: ([action, objects]) => this.#scan(action, objects),
      getnetworkinfo: () => ({
        version: 290000,
        subversion: '/Playground:1.0.0/',
        protocolversion: 70016,
        localservices: '0000000000000409',
        localservicesnames: ['NETWORK', 'WITNESS'],
        localrelay: true,
        timeoffset: 0,
        networkactive: true,
        connections: 0,
        connections_in: 0,
        connections_out: 0,
        networks: [],
        relayfee: feerateJson(1),
        incrementalfee: feerateJson(1),
        localaddresses: [],
        warnings: [],
      }),
      getindexinfo: () =>
        this.context.txIndex ? { txindex: { synced: true, best_block_height: this.#index.height } } : {},
      estimatesmartfee: ([target]) => {
        const blocks = wholeNumber(target, 'conf_target');
        if (blocks < 1 || blocks > 1008)
          throw new RpcError(RPC.invalidParameter, 'Invalid conf_target, must be between 1 and 1008');
        const rate = this.context.fees.estimateSatPerVb(blocks);
        if (rate === undefined) return { errors: ['Insufficient data or no feerate found'], blocks };
        return { feerate: feerateJson(Math.max(rate, this.context.fees.relaySatPerVb())), blocks };
      },
    };
  }

  #block(hash: unknown): IndexedBlock {
    const height = this.#index.heightOf(hash256(hash, 'blockhash'));
    if (height === undefined) throw new RpcError(RPC.invalidAddressOrKey, 'Block not found');
    return this.#index.block(height)!;
  }

  #pruned({ height }: IndexedBlock): boolean {
    return height < (this.context.pruneHeight ?? 0);
  }

  #headerJson(block: IndexedBlock): Record<string, unknown> {
    const { version, merkleRoot, time, nonce, previousHash } = headerOf(block.headerHex);
    const next = this.#index.block(block.height + 1)?.hash;
    return {
      hash: block.hash,
      confirmations: this.#index.confirmations(block.height),
      height: block.height,
      version,
      versionHex: (version >>> 0).toString(16).padStart(8, '0'),
      merkleroot: merkleRoot,
      time,
      mediantime: this.#medianTime(block.height),
      nonce,
      bits: BITS_HEX,
      target: TARGET,
      difficulty: DIFFICULTY,
      chainwork: this.#chainWork(block.height),
      nTx: block.txids.length,
      ...(block.height > 0 ? { previousblockhash: previousHash } : {}),
      ...(next ? { nextblockhash: next } : {}),
    };
  }

  #blockJson(block: IndexedBlock, verbosity: number): unknown {
    if (this.#pruned(block)) throw new RpcError(RPC.misc, 'Block not available (pruned data)');
    const txs = this.#index.txsOf(block);
    const count = compactSize(txs.length);
    if (verbosity <= 0) return block.headerHex + count.toString('hex') + txs.map((tx) => tx.hex).join('');
    const around = 80 + count.length;
    const size = around + txs.reduce((sum, tx) => sum + tx.size, 0);
    const strippedsize = around + txs.reduce((sum, tx) => sum + tx.baseSize, 0);
    return {
      ...this.#headerJson(block),
      strippedsize,
      size,
      weight: strippedsize * 3 + size,
      tx:
        verbosity === 1
          ? block.txids
          : txs.map((tx) =>
              txJson(tx, { feeSat: this.#index.feeSat(tx), ...(verbosity >= 3 ? { prevout: this.#prevout } : {}) }),
            ),
    };
  }

  readonly #prevout = (txid: string, vout: number): object | undefined => {
    const found = this.#index.tx(txid);
    const output = found?.tx.outputs[vout];
    if (!found || !output) return undefined;
    return {
      generated: isCoinbase(found.tx),
      ...(found.place === 'mempool' ? {} : { height: found.place }),
      value: btc(output.valueSat),
      scriptPubKey: scriptJson(output.scriptHex),
    };
  };

  #rawTransaction(txid: string, verbosity: number, blockHash: unknown): unknown {
    const found = this.#index.tx(txid);
    if (blockHash !== undefined && blockHash !== null) {
      const height = this.#index.heightOf(hash256(blockHash, 'parameter 3'));
      if (height === undefined) throw new RpcError(RPC.invalidAddressOrKey, 'Block hash not found');
      if (this.#pruned(this.#index.block(height)!)) throw new RpcError(RPC.misc, 'Block not available');
      if (found?.place !== height)
        throw new RpcError(
          RPC.invalidAddressOrKey,
          'No such transaction found in the provided block. Use gettransaction for wallet transactions.',
        );
      return this.#transactionJson(found, verbosity);
    }
    const readable = found && (found.place === 'mempool' || this.context.txIndex);
    if (readable) return this.#transactionJson(found, verbosity);
    throw new RpcError(
      RPC.invalidAddressOrKey,
      this.context.txIndex
        ? 'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.'
        : 'No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries. Use gettransaction for wallet transactions.',
    );
  }

  #transactionJson({ tx, place }: IndexedTx, verbosity: number): unknown {
    if (verbosity <= 0) return tx.hex;
    const extra = verbosity >= 2 ? { feeSat: this.#index.feeSat(tx), prevout: this.#prevout } : {};
    if (place === 'mempool') return txJson(tx, extra);
    const { hash, headerHex } = this.#index.block(place)!;
    const { time } = headerOf(headerHex);
    return {
      ...txJson(tx, extra),
      blockhash: hash,
      confirmations: this.#index.confirmations(place),
      time,
      blocktime: time,
    };
  }

  #txOut(txid: string, n: number, includeMempool: boolean): unknown {
    const found = this.#index.tx(txid);
    const output = found?.tx.outputs[n];
    if (!found || !output || found.place === 0 || (found.place === 'mempool' && !includeMempool)) return null;
    const by = this.#index.spenderOf(txid, n);
    if (by && (includeMempool || this.#index.tx(by)?.place !== 'mempool')) return null;
    return {
      bestblock: this.#index.tip.hash,
      confirmations: this.#index.confirmations(found.place),
      value: btc(output.valueSat),
      scriptPubKey: scriptJson(output.scriptHex),
      coinbase: isCoinbase(found.tx),
    };
  }

  /** Descriptors raw(script) and addr(address): enough to find coins without a wallet inside the node. */
  #scan(action: unknown, objects: unknown): unknown {
    if (action !== 'start' || !Array.isArray(objects))
      throw new RpcError(RPC.invalidParameter, 'only "start" with a list of descriptors is supported');
    const unspents = objects.flatMap((item: unknown) => {
      const desc = typeof item === 'string' ? item : String((item as { desc?: unknown } | null)?.desc);
      const scriptHex = descriptorScript(desc);
      return this.#index.utxosOf(scriptHashOf(scriptHex)).flatMap((u) =>
        u.place === 'mempool'
          ? []
          : [
              {
                txid: u.txid,
                vout: u.vout,
                scriptPubKey: scriptHex,
                desc,
                amount: btc(u.valueSat),
                coinbase: u.coinbase,
                height: u.place,
                blockhash: this.#index.block(u.place)!.hash,
                confirmations: this.#index.confirmations(u.place),
                valueSat: u.valueSat,
              },
            ],
      );
    });
    const total = unspents.reduce((sum, u) => sum + u.valueSat, 0n);
    return {
      success: true,
      txouts: unspents.length,
      height: this.#index.height,
      bestblock: this.#index.tip.hash,
      unspents: unspents.map(({ valueSat: _, ...u }) => u),
      total_amount: btc(total),
    };
  }

  #medianTime(height: number): number {
    const times = Array.from(
      { length: Math.min(11, height + 1) },
      (_, i) => headerOf(this.#index.block(height - i)!.headerHex).time,
    ).sort((a, b) => a - b);
    return times[Math.floor(times.length / 2)]!;
  }

  /** Each regtest block counts for two hashes. */
  #chainWork(height: number): string {
    return ((height + 1) * 2).toString(16).padStart(64, '0');
  }
}
