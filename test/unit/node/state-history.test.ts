import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DIRECTION, HTLC_CHANGE, type JournalEvent, journalEvent } from '../../../core/channel/journal.ts';
import { encodeWith } from '../../../core/codec/codec.ts';
import { feeratePerKw, msat } from '../../../core/lib/units.ts';
import { StateHistory } from '../../../core/node/state-history.ts';
import type { JournalEntry } from '../../../core/store/port.ts';

const SUBJECT = 'channel:00000000';
const CAPACITY_MSAT = 1_000_000_000n;

const opened: JournalEvent = { kind: 'opened', isOpener: 1, fundingTxid: new Uint8Array(32), fundingOutputIndex: 0, capacitySat: CAPACITY_MSAT / 1000n, pushMsat: msat(7n), channelType: 'anchors' };
const commitment = (kind: 'local_commitment' | 'remote_commitment_signed', number: number): JournalEvent => ({
  kind, number: BigInt(number), ourMsat: msat(BigInt(number)), theirMsat: msat(CAPACITY_MSAT - BigInt(number)), feeratePerKw: feeratePerKw(253 + (number % 7)), htlcCount: number % 3,
  changes: [{ direction: DIRECTION.received, id: BigInt(number), amountMsat: msat(1n), paymentHash: new Uint8Array(32).fill(number % 256), change: HTLC_CHANGE.fulfilled }],
}); // prettier-ignore

/** A store with one journal; counts the rows that it gives away. */
function storeOf(length: number, at: (index: number) => { readonly sequence: number; readonly event: JournalEvent }) {
  const store = {
    rows: 0,
    journal: async ({ afterSequence, limit = Infinity, reverse = false }: { readonly afterSequence?: number; readonly limit?: number; readonly reverse?: boolean }): Promise<readonly JournalEntry[]> => {
      let low = 0;
      for (let high = length; low < high; ) {
        const middle = (low + high) >> 1;
        if (at(middle).sequence > (afterSequence ?? -1)) high = middle;
        else low = middle + 1;
      }
      const from = reverse ? Math.max(0, length - limit) : low;
      const entries = Array.from({ length: Math.min(limit, length - from) }, (_, index) => at(from + index));
      store.rows += entries.length;
      return entries.map(({ sequence, event }) => ({ sequence, subject: SUBJECT, timeMs: 1000 * sequence, event: encodeWith(journalEvent, event) }));
    },
  };
  return store;
}

type Step = 'ours' | 'theirs' | 'revoked' | 'away';
/** A journal in which the two sides drift apart, and connections come and go. */
function journalOf(steps: readonly (readonly [Step, gap: number])[]) {
  const events: { sequence: number; event: JournalEvent }[] = [{ sequence: 3, event: opened }];
  let [ours, theirs, revoked] = [0, 0, -1];
  for (const [step, gap] of steps) {
    const sequence = events.at(-1)!.sequence + 1 + gap;
    if (step === 'ours') events.push({ sequence, event: commitment('local_commitment', ++ours) });
    else if (step === 'theirs' && revoked === theirs - 1) events.push({ sequence, event: commitment('remote_commitment_signed', ++theirs) });
    else if (step === 'revoked' && revoked < theirs - 1) events.push({ sequence, event: { kind: 'remote_commitment_revoked', number: BigInt(++revoked) } });
    else events.push({ sequence, event: { kind: 'connected' } });
  }
  return { events, newest: { ours, theirs }, store: storeOf(events.length, (index) => events[index]!) };
}

const signedAt = (events: readonly { sequence: number; event: JournalEvent }[], kind: string, number: number) => events.find(({ event }) => event.kind === kind && 'number' in event && event.number === BigInt(number));

test('every state of any journal is found, with the moments of its signature and its revocation', async () => {
  const step = fc.tuple(fc.constantFrom<Step>('ours', 'theirs', 'revoked', 'away'), fc.integer({ min: 0, max: 40 }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 900 }), fc.nat(300), fc.integer({ min: 1, max: 40 }), async (steps, from, length) => {
      const { events, newest, store } = journalOf(steps);
      const to = Math.min(from + length - 1, Math.max(newest.ours, newest.theirs));
      const states = to < from ? [] : await new StateHistory(store, SUBJECT).page(from, to, newest);
      const expected = [];
      for (let number = from; number <= to; number++) {
        const of = (kind: 'local_commitment' | 'remote_commitment_signed', revokedBy: { sequence: number } | undefined) => {
          const signed = number === 0 ? events[0] : signedAt(events, kind, number);
          return signed && { signedAtMs: 1000 * signed.sequence, ...(revokedBy ? { revokedAtMs: 1000 * revokedBy.sequence } : {}) };
        };
        const ours = of('local_commitment', signedAt(events, 'local_commitment', number + 1));
        const theirs = of('remote_commitment_signed', signedAt(events, 'remote_commitment_revoked', number));
        if (ours ?? theirs) expected.push({ number, ...(ours ? { ours } : {}), ...(theirs ? { theirs } : {}) });
      }
      expect(states).toMatchObject(expected);
      expect(states).toHaveLength(expected.length);
      for (const { ours, theirs } of states) expect([ours, theirs].filter((side) => side && side.ourMsat + side.theirMsat !== CAPACITY_MSAT)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test('a state shows its balances, rate and HTLCs', async () => {
  const { store, newest } = journalOf([['ours', 0], ['theirs', 0], ['revoked', 0], ['ours', 5]]);
  expect((await new StateHistory(store, SUBJECT).page(0, 1, newest))[1]).toEqual({
    number: 1,
    ours: {
      ourMsat: 1n, theirMsat: CAPACITY_MSAT - 1n, htlcs: 1, feeratePerKw: 254, signedAtMs: 4000, revokedAtMs: 12_000,
      changes: [{ direction: 'received', id: 1n, amountMsat: 1n, paymentHash: '01'.repeat(32), change: 'fulfilled' }],
    },
    theirs: { ourMsat: 1n, theirMsat: CAPACITY_MSAT - 1n, htlcs: 1, feeratePerKw: 254, signedAtMs: 5000, changes: [{ direction: 'received', id: 1n, amountMsat: 1n, paymentHash: '01'.repeat(32), change: 'fulfilled' }] },
  }); // prettier-ignore
});

test.each([1, 64, 499_968, 777_777, 999_900])('a page around state %i of a million is found with few rows, drifting sides and all', async (from) => {
  // Three rows a state; for the first third of the time other subjects write ten times as much, and the peer is 500 states ahead.
  const AHEAD = 500;
  const at = (index: number) => {
    const sequence = index < 1_000_000 ? 10 * index + 1 : 9_000_000 + index;
    if (index === 0) return { sequence, event: opened };
    const number = Math.floor((index - 1) / 3) + 1;
    return { sequence, event: [commitment('remote_commitment_signed', number + AHEAD), commitment('local_commitment', number), { kind: 'remote_commitment_revoked', number: BigInt(number + AHEAD - 1) } as const][(index - 1) % 3]! };
  };
  const store = storeOf(3_000_001, at);
  const newest = { ours: 1_000_000, theirs: 1_000_000 + AHEAD };
  const states = await new StateHistory(store, SUBJECT).page(from, from + 63, newest);
  expect(states.map(({ number }) => number)).toEqual(Array.from({ length: 64 }, (_, index) => from + index));
  expect(states.every(({ ours }) => ours?.revokedAtMs !== undefined)).toBe(true);
  expect(states.every(({ number, theirs }) => (theirs?.ourMsat ?? BigInt(number)) === BigInt(number))).toBe(true);
  expect(store.rows).toBeLessThan(1800);
});
