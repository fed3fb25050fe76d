import { outPointKey, sameOutPoint, type OutPoint, type Tx } from '../bitcoin/transaction.ts';
import { equal, toHex } from '../lib/bytes.ts';
import { unreachable } from '../lib/result.ts';
import type { ChainTip, HistoryEntry, ScriptHistory } from './port.ts';

/** Depth is told block by block up to here, where a channel is forgotten; deeper blocks change nothing any more. */
export const MAX_TOLD_DEPTH = 100;
/** No new block for so long: new HTLCs wait, the user is warned. */
export const STALE_TIP_SECONDS = 60 * 60;

/** Where a transaction is. `depth` is 1 in the tip block and at most MAX_TOLD_DEPTH. */
export type Place =
  | { readonly kind: 'mempool' }
  | { readonly kind: 'block'; readonly height: number; readonly txIndex: number; readonly depth: number };

/** `wrong` means that the transaction is there but that output of it is missing or pays another script: never to be trusted. */
export type Creation =
  | { readonly kind: 'unseen' }
  | { readonly kind: 'wrong'; readonly tx: Tx }
  | { readonly kind: 'seen'; readonly tx: Tx; readonly place: Place };

export interface Spend {
  readonly tx: Tx;
  readonly txid: string;
  readonly inputIndex: number;
  readonly place: Place;
}

/** All that is known of a watched output; follows from the histories and the tip alone, never from how they came. */
export interface OutputStatus {
  readonly creation: Creation;
  readonly spend: Spend | undefined;
}

export interface WatchedOutput {
  readonly outPoint: OutPoint;
  readonly script: Uint8Array;
  readonly status: OutputStatus;
}

export interface WatcherState {
  readonly tip: ChainTip | undefined;
  /** By outPointKey. */
  readonly outputs: ReadonlyMap<string, WatchedOutput>;
  /** By script in hex; every script that was ever told, so that an output may be watched later than its script. */
  readonly histories: ReadonlyMap<string, readonly HistoryEntry[]>;
}

export type WatchEvent =
  | { readonly kind: 'tip'; readonly tip: ChainTip; readonly previous: ChainTip | undefined }
  /** In the mempool for the first time, or again. */
  | { readonly kind: 'output_seen'; readonly outPoint: OutPoint; readonly tx: Tx }
  | { readonly kind: 'output_wrong'; readonly outPoint: OutPoint; readonly tx: Tx }
  /** Once a block until MAX_TOLD_DEPTH, and again when it moved to another block (after `output_unconfirmed`). */
  | { readonly kind: 'output_confirmed'; readonly outPoint: OutPoint; readonly tx: Tx; readonly height: number; readonly txIndex: number; readonly depth: number }
  /** Its block is gone; the transaction may still be in the mempool. */
  | { readonly kind: 'output_unconfirmed'; readonly outPoint: OutPoint }
  /** Not even in the mempool any more. */
  | { readonly kind: 'output_gone'; readonly outPoint: OutPoint }
  | { readonly kind: 'spend_seen'; readonly outPoint: OutPoint; readonly spend: Spend }
  | { readonly kind: 'spend_confirmed'; readonly outPoint: OutPoint; readonly spend: Spend; readonly height: number; readonly depth: number }
  | { readonly kind: 'spend_unconfirmed'; readonly outPoint: OutPoint; readonly txid: string }
  /** This spend is no more: replaced, evicted or reorganised away. Another one may follow. */
  | { readonly kind: 'spend_undone'; readonly outPoint: OutPoint; readonly txid: string };

export type Watched = readonly [WatcherState, readonly WatchEvent[]];

const UNSEEN: OutputStatus = { creation: { kind: 'unseen' }, spend: undefined };

export const emptyWatcher: WatcherState = { tip: undefined, outputs: new Map(), histories: new Map() };

/** Idempotent. Tells at once what is known already. */
export function watchOutput(state: WatcherState, outPoint: OutPoint, script: Uint8Array): Watched {
  const key = outPointKey(outPoint);
  if (state.outputs.has(key)) return [state, []];
  return reviewed(state, [{ outPoint, script, status: UNSEEN }]);
}

export function forgetOutput(state: WatcherState, outPoint: OutPoint): WatcherState {
  const outputs = new Map(state.outputs);
  outputs.delete(outPointKey(outPoint));
  return { ...state, outputs };
}

/** Forgets a script's history too; for when nothing of it is watched any more. */
export function forgetScript(state: WatcherState, script: Uint8Array): WatcherState {
  const histories = new Map(state.histories);
  histories.delete(toHex(script));
  return { ...state, histories };
}

/** The script's complete history, as the source tells it each time. */
export function applyHistory(state: WatcherState, { script, entries }: ScriptHistory): Watched {
  const histories = new Map(state.histories).set(toHex(script), entries);
  const touched = [...state.outputs.values()].filter((output) => equal(output.script, script));
  return reviewed({ ...state, histories }, touched);
}

/** A new best block; depths follow from it. A tip told twice changes nothing. */
export function applyTip(state: WatcherState, tip: ChainTip): Watched {
  const previous = state.tip;
  if (previous && previous.height === tip.height && previous.hash === tip.hash) return [state, []];
  const [next, events] = reviewed({ ...state, tip }, [...state.outputs.values()]);
  return [next, [{ kind: 'tip', tip, previous }, ...events]];
}

export const outputStatus = (state: WatcherState, outPoint: OutPoint): OutputStatus | undefined =>
  state.outputs.get(outPointKey(outPoint))?.status;

export interface TipAge {
  readonly ageSeconds: number;
  readonly isStale: boolean;
}

/** Age by the header's own time, which may lie up to two hours ahead: never negative. */
export function tipAge(tip: ChainTip | undefined, nowSeconds: number): TipAge {
  if (!tip) return { ageSeconds: Infinity, isStale: true };
  const ageSeconds = Math.max(0, nowSeconds - tip.timeSeconds);
  return { ageSeconds, isStale: ageSeconds > STALE_TIP_SECONDS };
}

function reviewed(state: WatcherState, touched: readonly WatchedOutput[]): Watched {
  const outputs = new Map(state.outputs);
  const events: WatchEvent[] = [];
  for (const output of touched) {
    const status = statusOf(state, output);
    events.push(...differences(output.outPoint, output.status, status));
    outputs.set(outPointKey(output.outPoint), { ...output, status });
  }
  return [{ ...state, outputs }, events];
}

function statusOf(state: WatcherState, { outPoint, script }: WatchedOutput): OutputStatus {
  const entries = state.histories.get(toHex(script)) ?? [];
  return { creation: creationOf(state, entries, outPoint, script), spend: spendOf(state, entries, outPoint) };
}

function creationOf(state: WatcherState, entries: readonly HistoryEntry[], outPoint: OutPoint, script: Uint8Array): Creation {
  const entry = entries.find(({ txid }) => txid === outPoint.txid);
  if (!entry) return { kind: 'unseen' };
  const output = entry.tx.outputs[outPoint.vout];
  if (!output || !equal(output.script, script)) return { kind: 'wrong', tx: entry.tx };
  return { kind: 'seen', tx: entry.tx, place: placeOf(state, entry) };
}

/** A confirmed spend before one that merely waits: two can be told while a source still drops the loser of a double spend. */
function spendOf(state: WatcherState, entries: readonly HistoryEntry[], outPoint: OutPoint): Spend | undefined {
  let found: Spend | undefined;
  for (const entry of entries) {
    const inputIndex = entry.tx.inputs.findIndex((input) => sameOutPoint(input, outPoint));
    if (inputIndex < 0) continue;
    const spend: Spend = { tx: entry.tx, txid: entry.txid, inputIndex, place: placeOf(state, entry) };
    if (spend.place.kind === 'block') return spend;
    // The order in which a source lists its mempool must not matter.
    if (!found || spend.txid < found.txid) found = spend;
  }
  return found;
}

/** A block that our tip has not reached yet counts as the mempool: histories may run ahead of the tip. */
function placeOf({ tip }: WatcherState, { height, txIndex }: HistoryEntry): Place {
  if (height === undefined || txIndex === undefined || !tip || height > tip.height) return { kind: 'mempool' };
  return { kind: 'block', height, txIndex, depth: Math.min(tip.height - height + 1, MAX_TOLD_DEPTH) };
}

function differences(outPoint: OutPoint, before: OutputStatus, after: OutputStatus): WatchEvent[] {
  return [...creationEvents(outPoint, before.creation, after.creation), ...spendEvents(outPoint, before.spend, after.spend)];
}

function creationEvents(outPoint: OutPoint, before: Creation, after: Creation): WatchEvent[] {
  const placeBefore = before.kind === 'seen' ? before.place : undefined;
  switch (after.kind) {
    case 'unseen':
      return [...lostBlock(placeBefore, undefined, outPoint), ...(before.kind === 'unseen' ? [] : [{ kind: 'output_gone', outPoint } as const])];
    case 'wrong':
      return before.kind === 'wrong' ? [] : [{ kind: 'output_wrong', outPoint, tx: after.tx }];
    case 'seen': {
      const { place, tx } = after;
      const events = lostBlock(placeBefore, place, outPoint);
      if (before.kind !== 'seen' && place.kind === 'mempool') events.push({ kind: 'output_seen', outPoint, tx });
      if (place.kind === 'block' && !samePlace(placeBefore, place)) {
        const { height, txIndex, depth } = place;
        events.push({ kind: 'output_confirmed', outPoint, tx, height, txIndex, depth });
      }
      return events;
    }
    default:
      return unreachable(after);
  }
}

const lostBlock = (before: Place | undefined, after: Place | undefined, outPoint: OutPoint): WatchEvent[] =>
  before?.kind === 'block' && !sameBlockPlace(before, after) ? [{ kind: 'output_unconfirmed', outPoint }] : [];

function spendEvents(outPoint: OutPoint, before: Spend | undefined, after: Spend | undefined): WatchEvent[] {
  const events: WatchEvent[] = [];
  const same = before?.txid === after?.txid;
  if (before && !same) events.push({ kind: 'spend_undone', outPoint, txid: before.txid });
  if (!after) return events;
  const placeBefore = same ? before?.place : undefined;
  if (placeBefore?.kind === 'block' && !sameBlockPlace(placeBefore, after.place)) {
    events.push({ kind: 'spend_unconfirmed', outPoint, txid: after.txid });
  }
  if (!placeBefore && after.place.kind === 'mempool') events.push({ kind: 'spend_seen', outPoint, spend: after });
  if (after.place.kind === 'block' && !samePlace(placeBefore, after.place)) {
    events.push({ kind: 'spend_confirmed', outPoint, spend: after, height: after.place.height, depth: after.place.depth });
  }
  return events;
}

const sameBlockPlace = (a: Place, b: Place | undefined): boolean =>
  a.kind === 'block' && b?.kind === 'block' && a.height === b.height && a.txIndex === b.txIndex;

const samePlace = (a: Place | undefined, b: Place): boolean =>
  b.kind === 'block' && a?.kind === 'block' ? sameBlockPlace(a, b) && a.depth === b.depth : a?.kind === b.kind;
