import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { txid as txidOf, type OutPoint, type Tx } from '../../../core/bitcoin/transaction.ts';
import type { ChainTip, HistoryEntry } from '../../../core/chain/port.ts';
import {
  applyHistory, applyTip, emptyWatcher, MAX_TOLD_DEPTH, outputStatus, STALE_TIP_SECONDS, tipAge, watchOutput,
  type OutputStatus, type WatchedOutput, type WatcherState, type WatchEvent,
} from '../../../core/chain/watcher.ts'; // prettier-ignore
import { must } from '../../../core/lib/result.ts';
import { sat } from '../../../core/lib/units.ts';

const SCRIPT = new Uint8Array(34).fill(5);
const makeTx = (n: number, spends: OutPoint | undefined, script: Uint8Array): Tx => ({
  version: 2, locktime: n, outputs: [{ amountSat: sat(5000n), script }],
  inputs: [{ ...(spends ?? { txid: 'aa'.repeat(32), vout: n }), scriptSig: new Uint8Array(0), sequence: 0, witness: [] }],
}); // prettier-ignore

const funding = makeTx(1, undefined, SCRIPT);
const outPoint: OutPoint = { txid: txidOf(funding), vout: 0 };
const spendA = makeTx(2, outPoint, new Uint8Array(22));
const spendB = makeTx(3, outPoint, new Uint8Array(22));
const tipAt = (height: number, branch = 0): ChainTip => ({ height, hash: `${branch}-${height}`, timeSeconds: height * 600 });
const entry = (tx: Tx, height?: number, txIndex = 1): HistoryEntry =>
  ({ tx, txid: txidOf(tx), height, txIndex: height === undefined ? undefined : txIndex }); // prettier-ignore

/** Applies tips and histories in turn; collects what was told. */
function play(steps: readonly (ChainTip | readonly HistoryEntry[])[]): { state: WatcherState; told: string[] } {
  const told: string[] = [];
  const note = (events: readonly WatchEvent[]): void => {
    for (const event of events) if (event.kind !== 'tip') told.push(event.kind + ('depth' in event ? ` ${event.height}/${event.depth}` : ''));
  };
  let [state] = watchOutput(emptyWatcher, outPoint, SCRIPT);
  for (const step of steps) {
    const [next, events] = 'height' in step ? applyTip(state, step) : applyHistory(state, { script: SCRIPT, entries: step });
    note(events);
    state = next;
  }
  return { state, told };
}

describe('a watched output', () => {
  it('is seen, confirmed block by block, spent, and the spend grows deep', () => {
    expect(play([
      tipAt(10), [entry(funding)], [entry(funding, 11)], tipAt(11), tipAt(12),
      [entry(funding, 11), entry(spendA)], [entry(funding, 11), entry(spendA, 13)], tipAt(13), tipAt(14),
    ]).told).toEqual([
      'output_seen', 'output_confirmed 11/1', 'output_confirmed 11/2',
      'spend_seen', 'output_confirmed 11/3', 'spend_confirmed 13/1', 'output_confirmed 11/4', 'spend_confirmed 13/2',
    ]); // prettier-ignore
  });

  it('loses its block and its spend in a reorg and gets others', () => {
    expect(play([
      tipAt(12), [entry(funding, 11), entry(spendA, 12)], [entry(funding), entry(spendA)], tipAt(10, 1),
      [entry(funding, 11, 4), entry(spendB, 11, 5)], tipAt(11, 1), [], tipAt(11, 2),
    ]).told).toEqual([
      'output_confirmed 11/2', 'spend_confirmed 12/1', 'output_unconfirmed', 'spend_unconfirmed', 'spend_undone', 'spend_seen',
      'output_confirmed 11/1', 'spend_confirmed 11/1', 'output_unconfirmed', 'output_gone', 'spend_undone',
    ]); // prettier-ignore
  });

  it('moved to another block of the same height tells both', () => {
    expect(play([tipAt(11), [entry(funding, 11, 1)], [entry(funding, 11, 2)]]).told)
      .toEqual(['output_confirmed 11/1', 'output_unconfirmed', 'output_confirmed 11/1']); // prettier-ignore
  });

  it('with another script than agreed never confirms', () => {
    const wrong = { ...outPoint, vout: 1 };
    let [state] = watchOutput(emptyWatcher, wrong, SCRIPT);
    [state] = applyTip(state, tipAt(20));
    const [after, events] = applyHistory(state, { script: SCRIPT, entries: [entry(funding, 11)] });
    expect(events.map(({ kind }) => kind)).toEqual(['output_wrong']);
    expect(outputStatus(after, wrong)?.creation.kind).toBe('wrong');
  });

  it('watched late is told at once', () => {
    let [state] = applyTip(emptyWatcher, tipAt(20));
    [state] = applyHistory(state, { script: SCRIPT, entries: [entry(funding, 11), entry(spendA)] });
    expect(watchOutput(state, outPoint, SCRIPT)[1].map(({ kind }) => kind)).toEqual(['output_confirmed', 'spend_seen']);
  });

  it('a confirmed spend beats one that waits, in whatever order they are told', () => {
    for (const entries of [[entry(spendA), entry(spendB, 12)], [entry(spendB, 12), entry(spendA)]]) {
      const { state } = play([tipAt(12), [entry(funding, 11), ...entries]]);
      expect(outputStatus(state, outPoint)?.spend?.txid).toBe(txidOf(spendB));
    }
  });

  it('depth is told up to its end only', () => {
    expect(play([[entry(funding, 1)], tipAt(MAX_TOLD_DEPTH), tipAt(MAX_TOLD_DEPTH + 1), tipAt(MAX_TOLD_DEPTH + 9)]).told)
      .toEqual(['output_seen', `output_confirmed 1/${MAX_TOLD_DEPTH}`]); // prettier-ignore
  });
});

/** What somebody who only hears the events believes. */
function believed(status: OutputStatus, event: WatchEvent): OutputStatus {
  const { creation, spend } = status;
  switch (event.kind) {
    case 'output_seen': return { spend, creation: { kind: 'seen', tx: event.tx, place: { kind: 'mempool' } } };
    case 'output_wrong': return { spend, creation: { kind: 'wrong', tx: event.tx } };
    case 'output_confirmed': {
      const { height, txIndex, depth, tx } = event;
      return { spend, creation: { kind: 'seen', tx, place: { kind: 'block', height, txIndex, depth } } };
    }
    case 'output_unconfirmed': return { spend, creation: creation.kind === 'seen' ? { ...creation, place: { kind: 'mempool' } } : creation };
    case 'output_gone': return { spend, creation: { kind: 'unseen' } };
    case 'spend_seen': case 'spend_confirmed': return { creation, spend: event.spend };
    case 'spend_unconfirmed': return { creation, spend: spend && { ...spend, place: { kind: 'mempool' } } };
    case 'spend_undone': return { creation, spend: undefined };
    case 'tip': return status;
    default: return event satisfies never;
  }
} // prettier-ignore

describe('whatever way the chain is delivered (I-31)', () => {
  interface World { readonly tip: ChainTip; readonly entries: readonly HistoryEntry[] }
  /** A random walk with reorgs: each step a world that could be told. */
  const walk = fc.array(fc.record({
    height: fc.integer({ min: 8, max: 14 }), branch: fc.integer({ min: 0, max: 2 }),
    fundingAt: fc.option(fc.integer({ min: 8, max: 14 }), { nil: undefined }), index: fc.integer({ min: 1, max: 2 }),
    spend: fc.constantFrom('none', 'a', 'b', 'both'), spendAt: fc.option(fc.integer({ min: 8, max: 14 }), { nil: undefined }),
    present: fc.boolean(),
  }), { minLength: 1, maxLength: 12 }).map((steps) => steps.map((s): World => {
    const mined = (at: number | undefined): number | undefined => (at !== undefined && at <= s.height ? at : undefined);
    const spends = [...(s.spend === 'a' || s.spend === 'both' ? [entry(spendA, mined(s.spendAt), 3)] : []), ...(s.spend === 'b' ? [entry(spendB, mined(s.spendAt), 3)] : []), ...(s.spend === 'both' ? [entry(spendB)] : [])];
    return { tip: tipAt(s.height, s.branch), entries: s.present ? [entry(funding, mined(s.fundingAt), s.index), ...spends] : [] };
  })); // prettier-ignore

  const finalOf = (state: WatcherState): WatchedOutput => must([...state.outputs.values()][0], 'output');

  it('the same world at the end is the same state, and the events say exactly that', () => {
    fc.assert(fc.property(walk, fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 12, maxLength: 12 }), (worlds, styles) => {
      const last = must(worlds.at(-1), 'world');
      let [direct] = watchOutput(emptyWatcher, outPoint, SCRIPT);
      [direct] = applyHistory(direct, { script: SCRIPT, entries: last.entries });
      [direct] = applyTip(direct, last.tip);

      let [state] = watchOutput(emptyWatcher, outPoint, SCRIPT);
      let belief = finalOf(state).status;
      const take = ([next, events]: readonly [WatcherState, readonly WatchEvent[]]): void => {
        state = next;
        belief = events.reduce(believed, belief);
        expect(belief).toEqual(finalOf(state).status);
      };
      worlds.forEach((world, i) => {
        const history = { script: SCRIPT, entries: world.entries };
        const style = i === worlds.length - 1 ? styles[i]! % 3 : styles[i]!;
        if (style === 4) return; // skipped altogether
        if (style === 1) take(applyTip(state, world.tip));
        take(applyHistory(state, history));
        if (style === 3) return; // its tip was never told
        take(applyTip(state, world.tip));
        if (style !== 2) return;
        const [before, twice] = [state, applyHistory(state, history)];
        expect(twice[1]).toEqual([]);
        expect(applyTip(before, world.tip)[1]).toEqual([]);
        take(twice);
      });
      expect(finalOf(state).status).toEqual(finalOf(direct).status);
    }), { numRuns: 500 });
  }); // prettier-ignore
});

describe('the age of the tip', () => {
  it('alarms after an hour, never for a header from the future, always without a tip', () => {
    const tip = tipAt(100);
    expect(tipAge(tip, 60_000 + STALE_TIP_SECONDS)).toEqual({ ageSeconds: STALE_TIP_SECONDS, isStale: false });
    expect(tipAge(tip, 60_001 + STALE_TIP_SECONDS).isStale).toBe(true);
    expect(tipAge(tip, 0)).toEqual({ ageSeconds: 0, isStale: false });
    expect(tipAge(undefined, 0).isStale).toBe(true);
  });
});
