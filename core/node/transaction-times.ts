import { fromUtf8, utf8 } from '../lib/bytes.ts';
import type { Store } from '../store/port.ts';
import type { Ledger } from '../wallet/ledger.ts';
import type { WalletState } from '../wallet/state.ts';
import { type WalletTransaction, walletTransactions } from '../wallet/transactions.ts';
import type { Turn } from './turns.ts';

const PREFIX = 'seen/';
const RECENT_BLOCKS = 6;
const SECONDS_PER_BLOCK = 600;

export interface TimesContext {
  readonly ledger: Ledger;
  readonly wallet: WalletState;
  readonly tipHeight: number;
  readonly nowSeconds: number;
}

/** When this wallet saw its transactions first, in seconds: kept when they are buried and the wallet's state forgets it. */
export class TransactionTimes {
  readonly #seen = new Map<string, number>();

  async load(store: Store): Promise<void> {
    for (const { key, value } of await store.list('wallet', { prefix: PREFIX })) this.#seen.set(key.slice(PREFIX.length), Number(fromUtf8(value)));
  }

  /** Keeps the time of whatever is new. What lay deep in the chain already was not seen when it happened. */
  note(turn: Turn, { ledger, wallet, tipHeight, nowSeconds }: TimesContext): void {
    for (const { facts, height } of ledger.transactions) {
      if (this.#seen.has(facts.txid)) continue;
      const isNew = height === undefined || tipHeight - height < RECENT_BLOCKS;
      const seconds = wallet.firstSeenSeconds.get(facts.txid) ?? (isNew ? nowSeconds : undefined);
      if (seconds === undefined) continue;
      this.#seen.set(facts.txid, seconds);
      turn.write('wallet', `${PREFIX}${facts.txid}`, utf8(`${seconds}`));
    }
  }

  /** The wallet's transactions, newest first, with the time when they were seen; else that of their block, or about that. */
  timed({ ledger, wallet, tipHeight, nowSeconds }: TimesContext, blockTimeSeconds: (height: number) => number | undefined): readonly WalletTransaction[] {
    return walletTransactions(ledger, wallet, () => undefined).map((line) => {
      const seen = this.#seen.get(line.txid) ?? line.timeSeconds;
      if (seen !== undefined || line.height === undefined) return { ...line, timeSeconds: seen };
      return { ...line, timeSeconds: blockTimeSeconds(line.height) ?? nowSeconds - (tipHeight - line.height) * SECONDS_PER_BLOCK };
    });
  }
}
