/** What both chain adapters take from outside; everything has a default that suits a real network. */
import type { NetworkName } from '../bitcoin/network.ts';

/** A place for one blob that survives restarts. Losing or damaging it costs time, never safety. */
export interface BlobStore {
  readonly load: () => Promise<Uint8Array | undefined>;
  readonly save: (bytes: Uint8Array) => Promise<void>;
}

export interface ChainTuning {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** How often bitcoind is asked for news. */
  readonly pollMs: number;
  /** An idle Electrum connection is probed this often. */
  readonly pingMs: number;
  readonly maxInFlight: number;
  readonly maxLineBytes: number;
  readonly maxBodyBytes: number;
}

export const DEFAULT_TUNING: ChainTuning = {
  connectTimeoutMs: 10_000, requestTimeoutMs: 20_000, backoffMinMs: 1_000, backoffMaxMs: 60_000, pollMs: 2_000, pingMs: 60_000,
  maxInFlight: 32, maxLineBytes: 20 * 1024 * 1024, maxBodyBytes: 64 * 1024 * 1024,
}; // prettier-ignore

export interface ChainSourceOptions {
  readonly nowSeconds?: () => number;
  /** From 0 up to 1, for jitter only. */
  readonly random?: () => number;
  /** A store by name (`headers`, `bitcoind-...`); without it every start begins anew. */
  readonly blob?: (name: string) => BlobStore;
  /**
   * Asked for a TLS server whose certificate no known authority signed: trust on first use is the caller's memory of
   * (server, SHA-256 fingerprint in hex with colons). Without it such servers are refused.
   */
  readonly trustCertificate?: (server: string, fingerprint: string) => boolean | Promise<boolean>;
  /** Told of exceptions that are our own bugs; what caused them is contained. */
  readonly onBug?: (error: unknown) => void;
  readonly tuning?: Partial<ChainTuning>;
}

export interface ChainEnvironment {
  readonly network: NetworkName;
  readonly nowSeconds: () => number;
  readonly random: () => number;
  readonly blob: (name: string) => BlobStore;
  readonly trustCertificate: (server: string, fingerprint: string) => boolean | Promise<boolean>;
  readonly onBug: (error: unknown) => void;
  readonly tuning: ChainTuning;
}

const nowhere: BlobStore = { load: () => Promise.resolve(undefined), save: () => Promise.resolve() };

export function chainEnvironment(network: NetworkName, options: ChainSourceOptions): ChainEnvironment {
  return {
    network,
    nowSeconds: options.nowSeconds ?? (() => Math.floor(Date.now() / 1000)),
    random: options.random ?? Math.random,
    blob: options.blob ?? (() => nowhere),
    trustCertificate: options.trustCertificate ?? (() => false),
    onBug: options.onBug ?? ((error) => process.emitWarning(error instanceof Error ? error : String(error))),
    tuning: { ...DEFAULT_TUNING, ...options.tuning },
  };
}

/** Calls out and contains what comes back: a listener's exception must not end a socket's callback. */
export function contained(onBug: (error: unknown) => void, task: () => void): void {
  try {
    task();
  } catch (error) {
    onBug(error);
  }
}
