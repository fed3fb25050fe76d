import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoreError, type Store, type StoreFault } from '../../../core/store/port.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { type TestFolder, openTestStore, testFolder } from './folder.ts';

/** A store that can be closed and opened again, and made to fail. */
interface Subject {
  readonly store: Store;
  readonly reopen: () => Promise<Store>;
  readonly failNext: () => Promise<StoreFault['code']>;
}

const folders: TestFolder[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove();
});

async function sqliteSubject(): Promise<Subject> {
  const folder = testFolder();
  folders.push(folder);
  let { store } = await openTestStore(folder, { maxPageCount: 400, reserveBytes: 4096 });
  folder.onRemove(() => store.close());
  return {
    store,
    reopen: async () => {
      await store.close();
      ({ store } = await openTestStore(folder));
      return store;
    },
    failNext: async () => {
      const tooLarge = store.commit({
        records: [{ table: 'setting', key: 'large', value: new Uint8Array(2_000_000) }],
      });
      await expect(tooLarge).rejects.toThrow('disk_full');
      return 'disk_full';
    },
  };
}

async function memorySubject(): Promise<Subject> {
  let store = createMemoryStore();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = createMemoryStore(store.image());
      return store;
    },
    failNext: async () => {
      store.failNextCommit({ code: 'disk_full' });
      await expect(store.commit({ records: [put('large', 1)] })).rejects.toThrow('disk_full');
      return 'disk_full';
    },
  };
}

const put = (key: string, ...bytes: number[]) => ({ table: 'setting', key, value: new Uint8Array(bytes) }) as const;
const keysOf = (records: readonly { readonly key: string }[]): readonly string[] => records.map(({ key }) => key);
const event = (subject: string, ...bytes: number[]) => ({
  subject,
  timeMs: 1_800_000_000_000,
  event: new Uint8Array(bytes),
});
const move = (debit: string, credit: string, amountMsat: bigint) => ({
  timeMs: 1_800_000_000_001,
  debit,
  credit,
  amountMsat,
  reason: 'payment',
  reference: 'ab',
});

describe.each([
  ['sqlite', sqliteSubject],
  ['memory', memorySubject],
])('%s store', (_name, make) => {
  test('gives back what was committed, also after it was opened again', async () => {
    const { store, reopen } = await make();
    await store.commit({
      records: [put('a', 1), put('b', 2)],
      journal: [event('channel:00000001', 7)],
      ledger: [move('x', 'y', 5n)],
    });
    await store.commit({ records: [put('a', 3), { table: 'setting', key: 'b', value: undefined }] });
    const check = async (opened: Store): Promise<void> => {
      expect(await opened.get('setting', 'a')).toEqual(new Uint8Array([3]));
      expect(await opened.get('setting', 'b')).toBeUndefined();
      expect(await opened.get('meta', 'a')).toBeUndefined();
      expect(await opened.journal({})).toEqual([{ sequence: 1, ...event('channel:00000001', 7) }]);
      expect(await opened.ledger({})).toEqual([{ sequence: 1, ...move('x', 'y', 5n) }]);
      expect(await opened.balances()).toEqual(
        new Map([
          ['x', 5n],
          ['y', -5n],
        ]),
      );
    };
    await check(store);
    const opened = await reopen();
    await check(opened);
    await opened.commit({ journal: [event('s', 8)], ledger: [move('y', 'x', 2n)] });
    expect((await opened.journal({})).map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(await opened.balanceMsat('x')).toBe(3n);
    expect(await opened.balanceMsat('nobody')).toBe(0n);
  });

  test('a value that was given or read does not hang on to the store', async () => {
    const { store } = await make();
    const value = new Uint8Array([1, 2]);
    await store.commit({ records: [{ table: 'setting', key: 'k', value }] });
    value.fill(9);
    (await store.get('setting', 'k'))?.fill(9);
    expect(await store.get('setting', 'k')).toEqual(new Uint8Array([1, 2]));
  });

  test('lists in key order, by prefix, in pages, both ways', async () => {
    const { store } = await make();
    const keys = ['a', 'a0', 'a00', 'a1', 'a~', 'b', 'b 1', 'b!', 'Z'];
    await store.commit({ records: keys.toReversed().map((key) => put(key, 1)) });
    const sorted = keys.toSorted();
    expect(keysOf(await store.list('setting'))).toEqual(sorted);
    expect(keysOf(await store.list('setting', { reverse: true }))).toEqual(sorted.toReversed());
    expect(keysOf(await store.list('setting', { prefix: 'a' }))).toEqual(['a', 'a0', 'a00', 'a1', 'a~']);
    expect(keysOf(await store.list('setting', { prefix: 'a', after: 'a0', limit: 2 }))).toEqual(['a00', 'a1']);
    expect(keysOf(await store.list('setting', { prefix: 'a', after: 'a1', limit: 2, reverse: true }))).toEqual([
      'a00',
      'a0',
    ]);
    expect(keysOf(await store.list('setting', { prefix: 'a', after: 'b', limit: 1, reverse: true }))).toEqual(['a~']);
    expect(keysOf(await store.list('setting', { prefix: 'b', after: 'a' }))).toEqual(['b', 'b 1', 'b!']);
    expect(keysOf(await store.list('setting', { prefix: 'c' }))).toEqual([]);
    expect(keysOf(await store.list('setting', { limit: 0 }))).toEqual([]);
    expect(keysOf(await store.list('meta'))).toEqual([]);
  });

  test('counts rows, not writes', async () => {
    const { store, reopen } = await make();
    expect(await store.count('setting')).toBe(0);
    await store.commit({ records: [put('a', 1), put('b', 1), put('a', 2)] });
    await store.commit({ records: [put('b', 3), { table: 'setting', key: 'none', value: undefined }] });
    expect(await store.count('setting')).toBe(2);
    await store.commit({ records: [{ table: 'setting', key: 'a', value: undefined }] });
    expect(await (await reopen()).count('setting')).toBe(1);
  });

  test('pages through journal and ledger, by subject and account, both ways', async () => {
    const { store } = await make();
    for (let i = 1; i <= 6; i++)
      await store.commit({
        journal: [event(i % 2 ? 'odd' : 'even', i)],
        ledger: [i % 2 ? move('p', 'q', BigInt(i)) : move('q', 'r', BigInt(i))],
      });
    const sequences = (entries: readonly { readonly sequence: number }[]): readonly number[] =>
      entries.map(({ sequence }) => sequence);
    expect(sequences(await store.journal({ subject: 'odd' }))).toEqual([1, 3, 5]);
    expect(sequences(await store.journal({ subject: 'odd', reverse: true, limit: 2 }))).toEqual([5, 3]);
    expect(sequences(await store.journal({ subject: 'odd', reverse: true, afterSequence: 3 }))).toEqual([1]);
    expect(sequences(await store.journal({ afterSequence: 2, limit: 2 }))).toEqual([3, 4]);
    expect(sequences(await store.journal({ reverse: true, limit: 2 }))).toEqual([6, 5]);
    expect(sequences(await store.ledger({ account: 'q' }))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sequences(await store.ledger({ account: 'p', reverse: true }))).toEqual([5, 3, 1]);
    expect(sequences(await store.ledger({ account: 'q', afterSequence: 3, limit: 2 }))).toEqual([4, 5]);
    expect(sequences(await store.ledger({ account: 'q', afterSequence: 3, reverse: true, limit: 2 }))).toEqual([2, 1]);
    expect(await store.balances()).toEqual(
      new Map([
        ['p', 9n],
        ['q', 3n],
        ['r', -12n],
      ]),
    );
  });

  test('batches given at once keep their order, the later write to a record wins', async () => {
    const { store } = await make();
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        store.commit({ records: [put('k', i % 256)], journal: [event('s', i % 256)] }),
      ),
    );
    expect(await store.get('setting', 'k')).toEqual(new Uint8Array([299 % 256]));
    expect((await store.journal({})).map(({ event: [first] }) => first)).toEqual(
      Array.from({ length: 300 }, (_, i) => i % 256),
    );
  });

  test('after a failed commit every later one fails with its fault, and reads go on', async () => {
    const { store, failNext, reopen } = await make();
    await store.commit({ records: [put('before', 1)], ledger: [move('x', 'y', 5n)] });
    const code = await failNext();
    const later = [store.commit({ records: [put('after', 1)] }), store.commit({ ledger: [move('x', 'y', 1n)] })];
    for (const commit of later) await expect(commit).rejects.toMatchObject({ name: 'StoreError', fault: { code } });
    expect(await store.get('setting', 'before')).toEqual(new Uint8Array([1]));
    expect(await store.balanceMsat('x')).toBe(5n);
    const opened = await reopen();
    expect(keysOf(await opened.list('setting'))).toEqual(['before']);
    await opened.commit({ records: [put('after', 1)] });
  });

  test('a batch that breaks the rules harms no other', async () => {
    const { store } = await make();
    const good = store.commit({ records: [put('good', 1)] });
    const bad = [
      store.commit({ records: [put('', 1)] }),
      store.commit({ records: [put('k\u00e9y', 1)] }),
      store.commit({ records: [put('a\nb', 1)] }),
      store.commit({ records: [put('k'.repeat(256), 1)] }),
      store.commit({ ledger: [move('x', 'y', 0n)] }),
      store.commit({ ledger: [move('x', 'y', -1n)] }),
      store.commit({ ledger: [move('x', 'x', 1n)] }),
      store.commit({ journal: [{ ...event('s', 1), timeMs: Number.NaN }] }),
    ];
    for (const commit of bad) await expect(commit).rejects.toThrow(RangeError);
    await good;
    await store.commit({ records: [put('later', 1)] });
    expect(keysOf(await store.list('setting'))).toEqual(['good', 'later']);
  });

  test('closing commits what was given; afterwards nothing goes in', async () => {
    const { store, reopen } = await make();
    const given = store.commit({ records: [put('last', 1)] });
    const opened = await reopen();
    await given;
    expect(keysOf(await opened.list('setting'))).toEqual(['last']);
    await expect(store.commit({ records: [put('late', 1)] })).rejects.toThrow(StoreError);
  });
});

describe('memory store', () => {
  test('batches share commits; a crash loses what was held back, and nothing else', async () => {
    const store = createMemoryStore();
    await Promise.all([1, 2, 3].map((i) => store.commit({ records: [put(`k${i}`, i)] })));
    expect(store.commitCount()).toBe(1);
    store.hold();
    const onResolved = vi.fn<() => void>();
    void store.commit({ records: [put('lost', 1)] }).then(onResolved);
    const image = store.crash();
    const restarted = createMemoryStore(image);
    expect(keysOf(await restarted.list('setting'))).toEqual(['k1', 'k2', 'k3']);
    expect(onResolved).not.toHaveBeenCalled();
  });

  test('an image is a point in time', async () => {
    const store = createMemoryStore();
    await store.commit({ records: [put('k', 1)] });
    const older = store.image();
    await store.commit({ records: [put('k', 2)] });
    expect(await createMemoryStore(older).get('setting', 'k')).toEqual(new Uint8Array([1]));
  });
});
