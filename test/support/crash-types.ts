import type { EventName } from '../../core/api.ts';
import type { Tx } from '../../core/bitcoin/transaction.ts';
import type { Feature } from '../../core/wire/features.ts';
import type { Message } from '../../core/wire/messages.ts';
import type { FakeChain } from './fake-chain.ts';
import type { StoreImage } from './memory-store.ts';
import type { SideName } from './rig-keys.ts';
import type { Sabotage } from './rig-store.ts';

/** What goes wrong, by the number of the boundary; numbers count from 1 over both nodes. */
export interface FaultPlan {
  readonly kills?: readonly { readonly at: number; readonly victims: readonly SideName[] }[];
  /** The n-th commit of both nodes together fails, and with it all later ones of that node. */
  readonly failCommit?: number;
  /** The connection breaks after this many deliveries. */
  readonly dropAfter?: number;
  /** Chooses among what could happen next; without it the oldest comes first. */
  readonly order?: () => number;
}

export interface RigOptions {
  /** Features that both hide from each other. */
  readonly without?: readonly Feature[];
  /** They cannot reach each other; the chain is all that they share. */
  readonly isolated?: boolean;
  /** Whose wallet was made from words that existed. */
  readonly restored?: SideName | undefined;
  readonly sabotage?: Sabotage | undefined;
}

/** The disk that a start found, and the chain as it was then. */
export interface Found {
  readonly side: SideName;
  readonly image: StoreImage;
  readonly chain: FakeChain;
}

/** Everything that happens at the borders of both nodes. */
export interface Watcher {
  readonly onSend: (side: SideName, message: Message, bytes: Uint8Array) => void;
  readonly onDelivered: (side: SideName, message: Message) => void;
  readonly onPublish: (side: SideName, tx: Tx) => void;
  readonly onDurable: (side: SideName, before: StoreImage, after: StoreImage) => void;
  readonly onStarted: (side: SideName, found: StoreImage) => void;
  /** What the node tells its users. */
  onEvent?(side: SideName, name: EventName, data: unknown): void;
  readonly onLog: (side: SideName, level: string, text: string) => void;
}

/** Where a scenario begins: what is durable on both sides, and the chain. */
export interface RigImage {
  readonly nowMs: number;
  readonly chain: FakeChain;
  readonly sides: Readonly<Record<SideName, { readonly image: StoreImage; readonly marks: ReadonlyMap<number, number> }>>;
  readonly lives: number;
}

export interface Call {
  state: 'open' | 'answered' | 'refused' | 'lost';
  answer: unknown;
}
