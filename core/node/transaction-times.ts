import { fromUtf8, utf8 } from '../lib/bytes.ts';
import type { Store } from '../store/port.ts';
import type { Ledger } from '../wallet/ledger.ts';
import type { WalletState } from '../wallet/state.ts';
import { type WalletTransaction, walletTransactions } from '../wallet/transactions.ts';
import type { NodeSystem } from './ports.ts';
import type { Turn } from './turns.ts';

const PREFIX = 'seen/';
const RECENT_BLOCKS = 6;
const SECONDS_PER_BLOCK = 600;

export interface TimesContext {
  readonly ledger: Ledger;
  readonly wallet: WalletState;
  readonly tipHeight: number;
}

/** When transactions of the wallet were seen first, in seconds: what is left of that once one is buried and its block's header not at hand. */
export class TransactionTimes {
  readonly #seen = new Map<string, number>();

  async load(store: Store): Promise<void> {
    for (const { key, value } of await store.list('wallet', { prefix: PREFIX })) this.#seen.set(key.slice(PREFIX.length), Number(fromUtf8(value)));
  }

  /** Keeps the time of whatever is new; what lies deep in the chain already is dated by its height. */
  note(turn: Turn, { ledger, wallet, tipHeight }: TimesContext, system: NodeSystem): void {
    const nowSeconds = Math.floor(system.nowMs() / 1000);
    for (const { facts, height } of ledger.transactions) {
      if (this.#seen.has(facts.txid)) continue;
      const depth = height === undefined ? 0 : tipHeight - height;
      const seconds = wallet.firstSeenSeconds.get(facts.txid) ?? (depth < RECENT_BLOCKS ? nowSeconds : nowSeconds - depth * SECONDS_PER_BLOCK);
      this.#seen.set(facts.txid, seconds);
      turn.write('wallet', `${PREFIX}${facts.txid}`, utf8(`${seconds}`));
    }
  }

  /** The wallet's transactions, newest first, with the time of their block, else when they were seen first. */
  timed({ ledger, wallet }: TimesContext, blockTimeSeconds: (height: number) => number | undefined): readonly WalletTransaction[] {
    return walletTransactions(ledger, wallet, blockTimeSeconds).map((line) => (line.timeSeconds === undefined ? { ...line, timeSeconds: this.#seen.get(line.txid) } : line));
  }
}
