import type { ChainFault, ChainSource, ChainTip, PublishResult, ScriptHistory } from '../chain/port.ts';
import { type Creation, type Spend, type WatchEvent, type WatcherState, applyHistory, applyTip, emptyWatcher, forgetOutput, tipAge, watchOutput } from '../chain/watcher.ts';
import type { ScriptPath } from '../wallet/accounts.ts';
import { type CoinWithStatus, type Ledger, balanceOf, ledgerOf, spendableCoins, unspentCoins } from '../wallet/ledger.ts';
import type { WalletKeys } from '../wallet/keys.ts';
import { walletStateCodec } from '../wallet/state-codec.ts';
import type { WalletTransaction } from '../wallet/transactions.ts';
import { type WalletState, handOutAddress, initialState, release, settleOwnTransactions, unconfirmedOwnTransactions } from '../wallet/state.ts';
import { type ChainView, applyHistories, extendView, openView, withTip } from '../wallet/view.ts';
import type { Feerates } from '../channel/context.ts';
import { decodeWith, encodeWith } from '../codec/codec.ts';
import { type OutPoint, type Tx, encodeTx, outPointKey, txid } from '../bitcoin/transaction.ts';
import { fromUtf8, toHex, utf8 } from '../lib/bytes.ts';
import type { Store } from '../store/port.ts';
import { type FeeAt, FeeMarket, feeratesOf } from './fee-market.ts';
import type { NodeLog, NodeSystem } from './ports.ts';
import { bookTransactions } from './wallet-books.ts';
import { TransactionTimes } from './transaction-times.ts';
import type { Task, Turn } from './turns.ts';

export interface OnchainOptions {
  readonly chain: ChainSource;
  readonly store: Store;
  readonly system: NodeSystem;
  readonly log: NodeLog;
  readonly keys: WalletKeys;
  /** Undefined for a wallet that was made here and has not seen the chain yet: nothing of it is older than its making. */
  readonly birthdayHeight: number | undefined;
  readonly enqueue: (task: Task) => void;
  readonly onEvents: (turn: Turn, events: readonly WatchEvent[]) => void;
  readonly onTip: (turn: Turn, tip: ChainTip) => void;
  readonly onSynced: (turn: Turn) => void;
  readonly onWallet: (turn: Turn) => void;
  readonly onStatus: () => void;
  /** Which account of the ledger a transaction's other side belongs to; see wallet-books.ts. */
  readonly isFunding: (txid: string) => boolean;
  readonly accountOfOutput: (key: string) => string | undefined;
  /** Of any script, those of the wallet among them. */
  readonly onHistory: (turn: Turn, history: ScriptHistory) => void;
  /** By `txid:vout`: coins that pay for a sweep which may still confirm; nothing else may take them. */
  readonly heldCoins: () => ReadonlySet<string>;
}

export interface ChainState {
  readonly state: 'connecting' | 'syncing' | 'synced' | 'away';
  readonly tip: ChainTip | undefined;
  readonly fault: ChainFault | undefined;
}

const STATE_KEY = 'state';
const BIRTHDAY_KEY = 'birthdayHeight';
const CREATED_KEY = 'createdAtMs';
/** More than this a chain hardly ever grows in the time: a birthday that is too early only costs a longer look. */
const MS_PER_BLOCK_AT_MOST = 5 * 60_000;
const BIRTHDAY_MARGIN_BLOCKS = 144;

/** An opening lives in memory only: what one had set aside when the program ended is free again. */
const withoutOpenings = (state: WalletState): WalletState => state.reservations.reduce((rest, { id }) => (id.startsWith('open:') ? release(rest, id) : rest), state);

/** The chain's side of the node: tip, watched outputs, our coins and fee rates. */
export class Onchain {
  readonly #options: OnchainOptions;
  #watcher: WatcherState = emptyWatcher;
  #wallet: WalletState = initialState;
  #view: ChainView;
  #ledger: Ledger | undefined;
  #booked: ReadonlyMap<string, bigint> = new Map();
  readonly #times = new TransactionTimes();
  #status: ChainState = { state: 'connecting', tip: undefined, fault: undefined };
  readonly #fees: FeeMarket;
  #birthdayHeight: number | undefined;
  #createdAtMs = 0;
  /** Since the start. */
  #wasSynced = false;

  constructor(options: OnchainOptions) {
    this.#options = options;
    this.#fees = new FeeMarket(options.chain, options.system);
    this.#view = openView(initialState, 0, options.keys.scriptOf).view;
  }

  async load(): Promise<void> {
    const { store, keys } = this.#options;
    const record = await store.get('wallet', STATE_KEY);
    if (record) this.#wallet = withoutOpenings(decodeWith(walletStateCodec, record));
    this.#booked = new Map((await store.list('wallet', { prefix: 'booked/' })).map(({ key, value }) => [key.slice(7), BigInt(fromUtf8(value))]));
    await this.#times.load(store);
    this.#view = openView(this.#wallet, 0, keys.scriptOf).view;
    const [birthday, created] = await Promise.all([store.get('meta', BIRTHDAY_KEY), store.get('meta', CREATED_KEY)]);
    this.#birthdayHeight = birthday ? Number(fromUtf8(birthday)) : this.#options.birthdayHeight;
    this.#createdAtMs = created ? Number(fromUtf8(created)) : this.#options.system.nowMs();
    if (!created) await store.commit({ records: [{ table: 'meta', key: CREATED_KEY, value: utf8(`${this.#createdAtMs}`) }] });
  }

  /** Starts the source; events come as turns. */
  start(): void {
    const { chain, enqueue } = this.#options;
    if (this.#birthdayHeight !== undefined) this.#watchWallet(this.#birthdayHeight);
    chain.start({
      onTip: (tip) => enqueue((turn) => this.#tip(turn, tip)),
      onHistory: (history) => enqueue((turn) => this.#history(turn, history)),
      onFault: (fault, final) => this.#fault(fault, final),
      onSynced: () => enqueue((turn) => this.synced(turn)),
    });
    this.#fees.start();
  }

  #watchWallet(fromHeight: number): void {
    const { view, added } = openView(this.#wallet, this.height, this.#options.keys.scriptOf);
    this.#view = view;
    for (const { script } of added) this.#options.chain.watchScript(script, fromHeight);
  }

  /** A fresh wallet learns where the chain stood when it was made from the first tip that it sees. */
  #learnBirthday(turn: Turn, tip: ChainTip): void {
    if (this.#birthdayHeight !== undefined) return;
    const elapsedMs = Math.max(0, this.#options.system.nowMs() - this.#createdAtMs);
    const birthday = Math.max(0, tip.height - BIRTHDAY_MARGIN_BLOCKS - Math.ceil(elapsedMs / MS_PER_BLOCK_AT_MOST));
    this.#birthdayHeight = birthday;
    turn.write('meta', BIRTHDAY_KEY, utf8(`${birthday}`));
    this.#watchWallet(birthday);
  }

  async stop(): Promise<void> {
    this.#fees.stop();
    await this.#options.chain.stop();
  }

  get status(): ChainState {
    return this.#status;
  }
  get height(): number {
    return this.#status.tip?.height ?? 0;
  }
  /** Where the looking for coins begins; undefined until a wallet that was made here has seen the chain. */
  get birthdayHeight(): number | undefined {
    return this.#birthdayHeight;
  }
  get wallet(): WalletState {
    return this.#wallet;
  }
  get view(): ChainView {
    return this.#view;
  }
  get ledger(): Ledger {
    return (this.#ledger ??= ledgerOf(this.#view, this.#wallet));
  }
  /** Older than an hour by its own header: no new HTLC should start (catalogue row 33). */
  tipIsOld(): boolean {
    return tipAge(this.#status.tip, Math.floor(this.#options.system.nowMs() / 1000)).isStale;
  }

  /** Unspent, for sweeps: those that they hold themselves are free to them. */
  coinsForFees(): readonly CoinWithStatus[] {
    return unspentCoins(this.ledger, this.#view, this.#wallet);
  }
  /** Unspent, for the user. */
  coins(): readonly CoinWithStatus[] {
    const held = this.#options.heldCoins();
    const isHeld = (coin: CoinWithStatus): boolean => (coin.status === 'confirmed' || coin.status === 'trusted') && held.has(outPointKey(coin));
    return this.coinsForFees().map((coin) => (isHeld(coin) ? { ...coin, status: 'locked' } : coin));
  }
  spendable() {
    return spendableCoins(this.coins());
  }
  balance() {
    return balanceOf(this.coins());
  }

  /** Changes the wallet's stored state; writes it with the turn and watches what it newly needs. */
  update(turn: Turn, change: (state: WalletState) => WalletState): void {
    const next = change(this.#wallet);
    if (next === this.#wallet) return;
    this.#wallet = next;
    this.#ledger = undefined;
    const { view, added } = extendView(this.#view, next, this.#options.keys.scriptOf);
    this.#view = view;
    turn.writeLate('wallet', () => turn.write('wallet', STATE_KEY, encodeWith(walletStateCodec, this.#wallet)));
    turn.after(() => {
      for (const { script } of added) this.#options.chain.watchScript(script, this.height);
    });
    turn.writeLate('wallet-event', () => this.#walletChanged(turn));
  }

  newAddress(turn: Turn, kind: ScriptPath['kind'], branch: ScriptPath['branch']): { readonly path: ScriptPath; readonly script: Uint8Array } {
    const { state, path } = handOutAddress(this.#wallet, kind, branch);
    this.update(turn, () => state);
    return { path, script: this.#options.keys.scriptOf(path) };
  }

  watch(turn: Turn, outPoint: OutPoint, script: Uint8Array, fromHeight: number): void {
    const [watcher, events] = watchOutput(this.#watcher, outPoint, script);
    this.#watcher = watcher;
    this.#options.chain.watchScript(script, fromHeight);
    this.#options.onEvents(turn, events);
  }
  /** Everything that happened to a script since the wallet's birthday is told. */
  watchScript(script: Uint8Array): void {
    this.#options.chain.watchScript(script, this.#birthdayHeight ?? 0);
  }
  forget(outPoint: OutPoint): void {
    this.#watcher = forgetOutput(this.#watcher, outPoint);
  }
  /** Whether the chain was asked about this watched output and knows of no spend, not even in the mempool. */
  isUnspent(outPoint: OutPoint): boolean {
    const watched = this.#watcher.outputs.get(outPointKey(outPoint));
    return watched !== undefined && watched.status.spend === undefined && this.#watcher.histories.has(toHex(watched.script));
  }
  spendOf(outPoint: OutPoint): Spend | undefined {
    return this.#watcher.outputs.get(outPointKey(outPoint))?.status.spend;
  }

  /** Where the transaction that makes a watched output is. */
  creationOf(outPoint: OutPoint): Extract<Creation, { kind: 'seen' }> | undefined {
    const creation = this.#watcher.outputs.get(outPointKey(outPoint))?.status.creation;
    return creation?.kind === 'seen' ? creation : undefined;
  }

  #tip(turn: Turn, tip: ChainTip): void {
    const [watcher, events] = applyTip(this.#watcher, tip);
    if (events.length === 0) return;
    this.#watcher = watcher;
    this.#learnBirthday(turn, tip);
    this.#status = { ...this.#status, tip, state: this.#status.state === 'away' ? 'syncing' : this.#status.state };
    this.#view = withTip(this.#view, tip.height);
    this.#ledger = undefined;
    this.#options.onTip(turn, tip);
    this.#options.onEvents(turn, events);
    turn.writeLate('wallet-event', () => this.#walletChanged(turn));
    turn.after(() => this.#rebroadcast());
  }

  #history(turn: Turn, history: ScriptHistory): void {
    const [watcher, events] = applyHistory(this.#watcher, history);
    this.#watcher = watcher;
    const { view, state, added } = applyHistories({
      view: this.#view, state: this.#wallet, histories: [history], scriptOf: this.#options.keys.scriptOf, nowSeconds: Math.floor(this.#options.system.nowMs() / 1000),
    }); // prettier-ignore
    if (view !== this.#view) {
      this.#view = view;
      this.#ledger = undefined;
      for (const { script } of added) this.#options.chain.watchScript(script, this.#birthdayHeight ?? 0);
      this.update(turn, () => state);
      turn.writeLate('wallet-event', () => this.#walletChanged(turn));
    }
    this.#options.onEvents(turn, events);
    this.#options.onHistory(turn, history);
  }

  /** Once a turn: books what changed for good in the ledger, drops buried own transactions, tells the API. */
  #walletChanged(turn: Turn): void {
    const { state, lost } = settleOwnTransactions(this.#wallet, this.ledger, this.height);
    for (const own of lost) this.#options.log.warn('an own transaction can never confirm', { txid: own.txid });
    if (state !== this.#wallet) {
      this.#wallet = state;
      this.#ledger = undefined;
      turn.write('wallet', STATE_KEY, encodeWith(walletStateCodec, state));
    }
    // What a restart has not been told of yet is not undone.
    if (this.#wasSynced) {
      this.#booked = bookTransactions(turn, this.ledger, this.#booked, this.#options);
      this.#times.note(turn, this.#timesContext());
    }
    this.#options.onWallet(turn);
  }

  /** Newest first. */
  transactions(): readonly WalletTransaction[] {
    return this.#times.timed(this.#timesContext(), (height) => this.#options.chain.blockTimeSeconds?.(height));
  }
  #timesContext() {
    return { ledger: this.ledger, wallet: this.#wallet, tipHeight: this.height, nowSeconds: Math.floor(this.#options.system.nowMs() / 1000) };
  }

  #fault(fault: ChainFault, final: boolean): void {
    this.#options.log.warn('chain source', { code: fault.code, reason: fault.reason, final });
    const away = final || fault.code === 'unreachable';
    this.#status = { ...this.#status, fault, state: away ? 'away' : this.#status.state };
    this.#options.onStatus();
  }

  /** After sleep: what was known may be old, whatever the state said. A source that was away says by itself when it is back. */
  doubt(): void {
    if (this.#status.state !== 'synced') return;
    this.#status = { ...this.#status, state: 'syncing' };
    this.#options.onStatus();
  }

  /** Everything up to the newest block was told. */
  synced(turn: Turn): void {
    this.#status = { ...this.#status, state: 'synced', fault: undefined };
    if (!this.#wasSynced) turn.writeLate('wallet-event', () => this.#walletChanged(turn));
    this.#wasSynced = true;
    this.#options.onSynced(turn);
    turn.after(() => this.#options.onStatus());
  }

  #rebroadcast(): void {
    for (const raw of unconfirmedOwnTransactions(this.#wallet, this.ledger)) void this.#options.chain.publish(raw);
  }

  /** Publishes and says what came of it; "already known" counts as success. */
  async publish(label: string, tx: Tx): Promise<PublishResult> {
    const result = await this.#options.chain.publish(encodeTx(tx));
    if (result.ok) this.#options.log.info('published', { label, txid: txid(tx) });
    else this.#options.log.warn('not published', { label, txid: txid(tx), code: result.code, reason: result.reason });
    return result;
  }

  /** Parents first; what the network has already counts as success. */
  async publishPackage(label: string, txs: readonly Tx[]): Promise<void> {
    const result = await (txs.length === 1 ? this.#options.chain.publish(encodeTx(txs[0]!)) : this.#options.chain.publishPackage(txs.map(encodeTx)));
    const ids = txs.map(txid).join(' ');
    if (result.ok) this.#options.log.info('published', { label, txids: ids });
    else this.#options.log.warn('not published', { label, txids: ids, code: result.code, reason: result.reason });
  }

  // Fee rates

  satPerVb(targetBlocks: number): FeeAt {
    return this.#fees.at(targetBlocks);
  }
  feerates(): Feerates {
    return feeratesOf((targetBlocks) => this.satPerVb(targetBlocks));
  }
}
