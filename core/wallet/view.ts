import { toHex } from '../lib/bytes.ts';
import type { Sat } from '../lib/units.ts';
import type { HistoryEntry, ScriptHistory } from '../bitcoin/history.ts';
import { type Tx, type TxOutput, outPointKey, outputSumSat, virtualSize } from '../bitcoin/transaction.ts';
import { type AddressBook, type ScriptPath, type WatchedScript, emptyBook, extendBook, markUsed } from './accounts.ts';
import type { WalletState } from './state.ts';

/** What the wallet keeps of a transaction: no witnesses, which are most of its bytes. */
export interface TxFacts {
  readonly txid: string;
  /** `txid:vout` of what it spends. */
  readonly inputKeys: readonly string[];
  readonly outputs: readonly TxOutput[];
  readonly outputSumSat: Sat;
  readonly vsize: number;
  readonly isCoinbase: boolean;
}

/** An output of ours, with its `txid:vout` made once, since a big wallet looks it up all the time. */
export interface Credit {
  readonly vout: number;
  readonly key: string;
  readonly path: ScriptPath;
}

/** A line of one script's history. */
export interface Listing {
  readonly facts: TxFacts;
  readonly height: number | undefined;
  readonly txIndex: number | undefined;
  /** Outputs that pay to the script. */
  readonly credits: readonly Credit[];
}

/** What the chain says of our scripts: kept in memory only, told again by the chain source at every start. */
export interface ChainView {
  readonly book: AddressBook;
  readonly listings: ReadonlyMap<string, readonly Listing[]>;
  readonly tipHeight: number;
}

const NO_TXID = '0'.repeat(64);

export function factsOf(txid: string, tx: Tx): TxFacts {
  return {
    txid,
    inputKeys: tx.inputs.map(outPointKey),
    outputs: tx.outputs,
    outputSumSat: outputSumSat(tx),
    vsize: virtualSize(tx),
    isCoinbase: tx.inputs[0]?.txid === NO_TXID,
  };
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

function listingOf(entry: HistoryEntry, { script, path }: WatchedScript, facts: TxFacts): Listing {
  const credits: Credit[] = [];
  facts.outputs.forEach((output, vout) => {
    if (sameBytes(output.script, script)) credits.push({ vout, path, key: outPointKey({ txid: facts.txid, vout }) });
  });
  return { facts, credits, height: entry.height, txIndex: entry.txIndex };
}

/** The scripts to watch for a stored state, before any history is known. */
export function openView(
  state: WalletState,
  tipHeight: number,
  scriptOf: (path: ScriptPath) => Uint8Array,
): { readonly view: ChainView; readonly added: readonly WatchedScript[] } {
  const { book, added } = extendBook(emptyBook, state.counters, scriptOf);
  return { view: { book, listings: new Map(), tipHeight }, added };
}

export const withTip = (view: ChainView, tipHeight: number): ChainView => ({ ...view, tipHeight });

/** Watches what the state's counters ask for, after an address was handed out for instance. */
export function extendView(
  view: ChainView,
  state: WalletState,
  scriptOf: (path: ScriptPath) => Uint8Array,
): { readonly view: ChainView; readonly added: readonly WatchedScript[] } {
  const { book, added } = extendBook(view.book, state.counters, scriptOf);
  return { view: book === view.book ? view : { ...view, book }, added };
}

/**
 * Takes in complete histories, several at a time for speed; those of scripts that are not ours are passed over. The
 * view depends on the last history of each script only, not on the order in which they came. `added` are further
 * scripts to watch.
 */
export function applyHistories({
  view,
  state,
  histories,
  scriptOf,
  nowSeconds,
}: {
  readonly view: ChainView;
  readonly state: WalletState;
  readonly histories: readonly ScriptHistory[];
  readonly scriptOf: (path: ScriptPath) => Uint8Array;
  readonly nowSeconds: number;
}): { readonly view: ChainView; readonly state: WalletState; readonly added: readonly WatchedScript[] } {
  const listings = new Map(view.listings);
  const fresh = new Map<string, TxFacts>();
  const unconfirmed: string[] = [];
  const touched: ScriptPath[] = [];
  for (const { script, entries } of histories) {
    const key = toHex(script);
    const path = view.book.byScript.get(key);
    if (!path) continue;
    const known = new Map(listings.get(key)?.map(({ facts }) => [facts.txid, facts]));
    const factsFor = (entry: HistoryEntry): TxFacts => {
      const facts = known.get(entry.txid) ?? fresh.get(entry.txid) ?? factsOf(entry.txid, entry.tx);
      if (!known.has(entry.txid)) fresh.set(entry.txid, facts);
      return facts;
    };
    listings.set(
      key,
      entries.map((entry) => listingOf(entry, { script, path }, factsFor(entry))),
    );
    if (entries.length > 0) touched.push(path);
    for (const { txid, height } of entries) if (height === undefined) unconfirmed.push(txid);
  }
  const counters = markUsed(state.counters, touched);
  const firstSeenSeconds = noteFirstSeen(state.firstSeenSeconds, unconfirmed, nowSeconds);
  const nextState =
    counters === state.counters && firstSeenSeconds === state.firstSeenSeconds
      ? state
      : { ...state, counters, firstSeenSeconds };
  const extended = extendView({ ...view, listings }, nextState, scriptOf);
  return { view: extended.view, state: nextState, added: extended.added };
}

function noteFirstSeen(
  known: ReadonlyMap<string, number>,
  txids: readonly string[],
  nowSeconds: number,
): ReadonlyMap<string, number> {
  let noted: Map<string, number> | undefined;
  for (const txid of txids) {
    if (known.has(txid)) continue;
    noted ??= new Map(known);
    noted.set(txid, nowSeconds);
  }
  return noted ?? known;
}
