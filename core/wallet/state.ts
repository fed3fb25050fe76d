import { type Result, err, ok } from '../lib/result.ts';
import type { Sat } from '../lib/units.ts';
import { type OutPoint, type Tx, encodeTx, outPointKey, txid } from '../bitcoin/transaction.ts';
import {
  type AccountKind,
  type Branch,
  type Counters,
  type ScriptPath,
  initialCounters,
  takeAddress,
} from './accounts.ts';
import type { Ledger } from './ledger.ts';

/** A transaction that we signed: kept, and published again, until it is buried or something else is. */
export interface OwnTransaction {
  readonly txid: string;
  readonly tx: Tx;
  readonly feeSat: Sat;
  readonly createdAtSeconds: number;
  /** Inputs that a peer brought, in a transaction made together. */
  readonly foreignInputs: readonly OutPoint[];
}

/** Coins set aside for a transaction in the making, such as a channel's funding while the peer has not signed. */
export interface Reservation {
  readonly id: string;
  readonly outPoints: readonly OutPoint[];
}

/** What is stored; everything else comes from the chain. */
export interface WalletState {
  readonly counters: Counters;
  /** Oldest first. */
  readonly ownTransactions: readonly OwnTransaction[];
  readonly reservations: readonly Reservation[];
  /** `txid:vout` of all reservations. */
  readonly reservedOutPoints: ReadonlySet<string>;
  /** `txid:vout`. */
  readonly frozen: ReadonlySet<string>;
  /** By `labelKey`. */
  readonly labels: ReadonlyMap<string, string>;
  /** When an unconfirmed transaction was first told to us, by its id; blocks have times of their own. */
  readonly firstSeenSeconds: ReadonlyMap<string, number>;
}

export const initialState: WalletState = {
  counters: initialCounters, ownTransactions: [], reservations: [], reservedOutPoints: new Set(), frozen: new Set(),
  labels: new Map(), firstSeenSeconds: new Map(),
}; // prettier-ignore

/** Own transactions stay until this many confirmations, so that a reorg finds them still here to publish. */
export const SAFE_DEPTH = 6;
/** UTF-16 units of a label. */
export const MAX_LABEL_LENGTH = 500;

/** What labels are put on (BIP 329): a transaction id, an address script in hex, or `txid:vout`. */
export type LabelKind = 'tx' | 'script' | 'output';
export const labelKey = (kind: LabelKind, of: string): string => `${kind}:${of}`;

/** An empty text takes the label away; longer ones are cut. */
export function setLabel(state: WalletState, key: string, text: string): WalletState {
  const labels = new Map(state.labels);
  if (text === '') labels.delete(key);
  else labels.set(key, text.slice(0, MAX_LABEL_LENGTH));
  return { ...state, labels };
}

export function setFrozen(state: WalletState, outPoint: OutPoint, isFrozen: boolean): WalletState {
  const frozen = new Set(state.frozen);
  if (isFrozen) frozen.add(outPointKey(outPoint));
  else frozen.delete(outPointKey(outPoint));
  return { ...state, frozen };
}

/** Store the state before the address is shown, or a crash could hand it out twice. */
export function handOutAddress(
  state: WalletState,
  kind: AccountKind,
  branch: Branch,
): { readonly state: WalletState; readonly path: ScriptPath; readonly beyondGap: boolean } {
  const { counters, path, beyondGap } = takeAddress(state.counters, kind, branch);
  return { state: { ...state, counters }, path, beyondGap };
}

export type ReserveFault =
  | { readonly code: 'already_reserved'; readonly outPoint: OutPoint }
  | { readonly code: 'reservation_exists'; readonly id: string };

const withReservations = (state: WalletState, reservations: readonly Reservation[]): WalletState => ({
  ...state,
  reservations,
  reservedOutPoints: new Set(reservations.flatMap(({ outPoints }) => outPoints.map(outPointKey))),
});

/** All of the coins or none. */
export function reserve(
  state: WalletState,
  id: string,
  outPoints: readonly OutPoint[],
): Result<WalletState, ReserveFault> {
  if (state.reservations.some((known) => known.id === id)) return err({ code: 'reservation_exists', id });
  const taken = outPoints.find((outPoint) => state.reservedOutPoints.has(outPointKey(outPoint)));
  if (taken) return err({ code: 'already_reserved', outPoint: { txid: taken.txid, vout: taken.vout } });
  const reservation = { id, outPoints: outPoints.map(({ txid, vout }) => ({ txid, vout })) };
  return ok(withReservations(state, [...state.reservations, reservation]));
}

/** Idempotent. */
export const release = (state: WalletState, id: string): WalletState =>
  withReservations(
    state,
    state.reservations.filter((known) => known.id !== id),
  );

/**
 * Call before publishing, and store. `replaces`: ids of own transactions that this one replaces (BIP 125). Its inputs
 * count as spent from now on, its change as ours; should a reorg take away what it spends, it counts for nothing until that
 * is back.
 */
export function recordOwnTransaction(
  state: WalletState,
  own: Omit<OwnTransaction, 'txid' | 'foreignInputs'> & {
    readonly replaces?: readonly string[];
    readonly foreignInputs?: readonly OutPoint[];
  },
): WalletState {
  const id = txid(own.tx);
  const gone = new Set([id, ...(own.replaces ?? [])]);
  const kept = state.ownTransactions.filter((known) => !gone.has(known.txid));
  const { tx, feeSat, createdAtSeconds, foreignInputs = [] } = own;
  const firstSeenSeconds = new Map(state.firstSeenSeconds);
  if (!firstSeenSeconds.has(id)) firstSeenSeconds.set(id, createdAtSeconds);
  return {
    ...state,
    firstSeenSeconds,
    ownTransactions: [...kept, { txid: id, tx, feeSat, createdAtSeconds, foreignInputs }],
  };
}

/** For one that was never accepted anywhere: its inputs are free again. */
export const forgetOwnTransaction = (state: WalletState, id: string): WalletState => ({
  ...state,
  ownTransactions: state.ownTransactions.filter((own) => own.txid !== id),
});

/**
 * Drops own transactions that are buried, and those that can never confirm since a buried one spends the same coin;
 * the latter are told in `lost`. First sightings of buried transactions go too. The same state when nothing is dropped.
 */
export function settleOwnTransactions(
  state: WalletState,
  ledger: Ledger,
  tipHeight: number,
): { readonly state: WalletState; readonly lost: readonly OwnTransaction[] } {
  const heights = new Map(ledger.transactions.map(({ facts, height }) => [facts.txid, height]));
  const isBuried = (id: string | undefined): boolean => {
    const height = id === undefined ? undefined : heights.get(id);
    return height !== undefined && tipHeight - height + 1 >= SAFE_DEPTH;
  };
  const isLost = ({ txid: id, tx }: OwnTransaction): boolean =>
    !heights.has(id) && tx.inputs.some((input) => isBuried(ledger.spenders.get(outPointKey(input))));
  const lost = state.ownTransactions.filter(isLost);
  const kept = state.ownTransactions.filter((own) => !isBuried(own.txid) && !lost.includes(own));
  const stale = [...state.firstSeenSeconds.keys()].filter(isBuried);
  if (kept.length === state.ownTransactions.length && stale.length === 0) return { lost, state };
  const firstSeenSeconds = new Map(state.firstSeenSeconds);
  for (const id of stale) firstSeenSeconds.delete(id);
  return { lost, state: { ...state, firstSeenSeconds, ownTransactions: kept } };
}

/** Raw own transactions that still wait for a block, parents first: to publish again at start and with every block. */
export function unconfirmedOwnTransactions(state: WalletState, ledger: Ledger): readonly Uint8Array[] {
  const own = new Map(state.ownTransactions.map(({ txid: id, tx }) => [id, tx]));
  return ledger.transactions.flatMap(({ facts, height }) => {
    const tx = own.get(facts.txid);
    return tx && height === undefined ? [encodeTx(tx)] : [];
  });
}
