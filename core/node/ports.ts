import type { ChainSource } from '../chain/port.ts';
import type { Result } from '../lib/result.ts';
import type { PeerLink, PeerLinkError } from '../transport/link.ts';
import type { Store } from '../store/port.ts';

/** Everything that no two runs have in common, handed in so that a test can decide it. */
export interface NodeSystem {
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
  readonly timers: { readonly after: (delayMs: number, task: () => void) => () => void };
  /** Runs `task` soon, after what is already waiting on the event loop. */
  readonly soon: (task: () => void) => void;
}

/** Second file beside the database: commitments of ours whose secret may have left. */
export interface HighWaterMarks {
  readonly raise: (channel: number, revokedCommitment: number) => Promise<void>;
  readonly read: (channel: number) => number | undefined;
}

export interface PeerNetwork {
  /** `ourKey`: who we are to this one; the node's own key when left out. */
  readonly dial: (target: { readonly nodeId: Uint8Array; readonly host: string; readonly port: number; readonly ourKey?: Uint8Array }) => Promise<Result<PeerLink, PeerLinkError>>;
  /** Undefined where nobody may connect to us. */
  readonly listen: ((onPeer: (link: PeerLink) => void) => Promise<Result<{ readonly port: number; readonly close: () => void }, PeerLinkError>>) | undefined;
}

export interface NodePorts {
  readonly store: Store;
  readonly highWater: HighWaterMarks;
  readonly chain: ChainSource;
  readonly network: PeerNetwork;
  readonly system: NodeSystem;
  readonly log: NodeLog;
}

export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;
export interface NodeLog {
  readonly error: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly debug: (message: string, fields?: LogFields) => void;
}
