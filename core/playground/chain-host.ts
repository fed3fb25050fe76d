/** One test network in this process: chain, Electrum server, bitcoind-like server, and what a test may do with them. */
import { BcoinChain } from './chain.ts';
import { BitcoindChain } from './bitcoind-chain.ts';
import { BitcoindServer } from './bitcoind-server.ts';
import { scriptHashOf } from './chain-index.ts';
import type { Chain } from './chain-types.ts';
import { isLie, LIES, type Lie } from './electrum-lies.ts';
import { ElectrumServer } from './electrum-server.ts';
import { Fees, type FeeEstimate } from './fees.ts';

export interface ChainOptions {
  /** Height to start at, 450 unless given; bcoin has segwit from 432 on. */
  readonly blocks?: number;
  readonly electrumPort?: number;
  /** Adds a TLS port to the Electrum server. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string; readonly port?: number };
  readonly bitcoindPort?: number;
  readonly bitcoindUser?: string;
  readonly bitcoindPassword?: string;
  /** Blocks below are pruned, as the bitcoind-like server tells it. */
  readonly pruneHeight?: number;
  readonly txIndex?: boolean;
  /** What both servers estimate, in sat/vB: one for all targets, or from each target in blocks on. Without: "cannot say". */
  readonly feerateSatPerVb?: FeeEstimate;
  /** Path of a real bitcoind that keeps the chain instead of bcoin. */
  readonly bitcoindBinary?: string | undefined;
}

/** Everything in and out is plain JSON, so that it works from another process; amounts are digits. */
export class ChainHost {
  readonly chain: Chain;
  readonly electrum: ElectrumServer;
  readonly #bitcoind: BitcoindServer | undefined;
  readonly #bitcoindUrl: string;
  readonly #fees: Fees;

  private constructor(chain: Chain, electrum: ElectrumServer, fees: Fees, bitcoind: BitcoindServer | { url: string }) {
    this.chain = chain;
    this.electrum = electrum;
    this.#fees = fees;
    this.#bitcoind = bitcoind instanceof BitcoindServer ? bitcoind : undefined;
    this.#bitcoindUrl = bitcoind.url;
  }

  static async start(options: ChainOptions = {}): Promise<ChainHost> {
    const { bitcoindBinary: binary, blocks = 450 } = options;
    const real = binary ? await BitcoindChain.start(binary, { blocks }) : undefined;
    const chain: Chain = real ?? (await BcoinChain.start({ blocks }));
    const fees = new Fees(chain, options.feerateSatPerVb);
    const electrum = await ElectrumServer.start(chain, fees, { port: options.electrumPort ?? 0, tls: options.tls });
    const bitcoind =
      real ??
      (await BitcoindServer.start(chain, fees, {
        port: options.bitcoindPort ?? 0,
        user: options.bitcoindUser ?? 'user',
        password: options.bitcoindPassword ?? 'pass',
        pruneHeight: options.pruneHeight,
        txIndex: options.txIndex ?? false,
      }));
    return new ChainHost(chain, electrum, fees, bitcoind);
  }

  async stop(): Promise<void> {
    await this.electrum.stop();
    await this.#bitcoind?.stop();
    await this.chain.stop();
  }

  readonly control = {
    ports: () => ({
      electrumPort: this.electrum.port,
      electrumTlsPort: this.electrum.tlsPort ?? null,
      bitcoindUrl: this.#bitcoindUrl,
    }),
    height: () => this.chain.index.height,
    mine: (count: number, scriptHex?: string, empty = false) => this.chain.mine(count, { scriptHex, empty }),
    mineTxs: (rawHexes: string[], scriptHex?: string) => this.chain.mineTxs(rawHexes, scriptHex ?? undefined),
    pay: (scriptHex: string, valueSat: string) => this.chain.pay(scriptHex, BigInt(valueSat)),
    submit: (rawHex: string) => this.chain.submit(rawHex),
    submitPackage: (rawHexes: string[]) => this.chain.submitPackage(rawHexes),
    check: (rawHexes: string[]) => this.chain.check(rawHexes),
    evict: (txid: string) => this.chain.evict(txid),
    reorg: (depth: number) => this.chain.reorg(depth),
    invalidate: (height: number) => this.chain.invalidate(height),
    mempoolTxids: () => this.chain.index.mempoolTxids,
    tx: (txid: string) => {
      const found = this.chain.index.tx(txid);
      return found
        ? {
            hex: found.tx.hex,
            height: found.place === 'mempool' ? null : found.place,
            feeSat: String(this.chain.index.feeSat(found.tx) ?? 0n),
            vsize: found.tx.vsize,
          }
        : null;
    },
    spenderOf: (txid: string, vout: number) => this.chain.index.spenderOf(txid, vout) ?? null,
    utxosOf: (scriptHex: string) =>
      this.chain.index.utxosOf(scriptHashOf(scriptHex)).map((u) => ({
        txid: u.txid,
        vout: u.vout,
        valueSat: String(u.valueSat),
        height: u.place === 'mempool' ? null : u.place,
      })),
    block: (height: number) => this.chain.index.block(height) ?? null,
    setFeerate: (estimate: FeeEstimate | null) => {
      this.#fees.estimate = estimate ?? undefined;
    },
    setMempoolMinFeerate: (satPerVb: number) => this.chain.setMempoolMinFeerate(satPerVb),
    setPruneHeight: (height: number | null) => {
      this.#ownBitcoind().methods.context.pruneHeight = height ?? undefined;
    },
    setBitcoindUnavailable: (unavailable: boolean) => {
      this.#ownBitcoind().unavailable = unavailable;
    },
    tell: (name: string, on = true) => (on ? this.electrum.tell(known(name)) : this.electrum.truth(known(name))),
    truth: () => this.electrum.truth(),
    dropClients: () => this.electrum.dropClients(),
    electrumRequests: () => this.electrum.requests,
    bitcoindRequests: () => this.#ownBitcoind().requests,
    untilMempool: (count: number, timeoutMs: number) =>
      this.#until(`${count} transactions in the mempool`, timeoutMs, () =>
        this.chain.index.mempoolTxids.length >= count ? this.chain.index.mempoolTxids : undefined,
      ),
    untilTx: (txid: string, confirmations: number, timeoutMs: number) =>
      this.#until(`${txid} with ${confirmations} confirmations`, timeoutMs, () => {
        const found = this.chain.index.tx(txid);
        return found && this.chain.index.confirmations(found.place) >= confirmations ? found.tx.hex : undefined;
      }),
    untilSpent: (txid: string, vout: number, timeoutMs: number) =>
      this.#until(`a spend of ${txid}:${vout}`, timeoutMs, () => this.chain.index.spenderOf(txid, vout)),
  };

  #ownBitcoind(): BitcoindServer {
    if (!this.#bitcoind) throw new Error('a real bitcoind cannot be told this');
    return this.#bitcoind;
  }

  #until<T>(what: string, timeoutMs: number, read: () => T | undefined): Promise<T> {
    return new Promise((done, fail) => {
      const look = (): void => {
        const value = read();
        if (value === undefined) return;
        over();
        done(value);
      };
      const timer = setTimeout(() => {
        over();
        fail(
          new Error(
            `waited ${timeoutMs} ms in vain for ${what}; height ${this.chain.index.height}, mempool ${this.chain.index.mempoolTxids.join(' ')}`,
          ),
        );
      }, timeoutMs);
      const over = (): void => {
        clearTimeout(timer);
        this.chain.index.off('changed', look);
      };
      this.chain.index.on('changed', look);
      look();
    });
  }
}

function known(name: string): Lie {
  if (!isLie(name)) throw new Error(`no such lie: ${name}; there are ${LIES.join(', ')}`);
  return name;
}

export type ChainControl = ChainHost['control'];
