import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../../core/io/sqlite/connection.ts';
import { DATABASE_NAME } from '../../../core/io/sqlite/open.ts';
import { type Store, StoreError } from '../../../core/store/port.ts';
import { createSealer } from '../../../core/store/sealing.ts';
import { DATA_KEY, type TestFolder, openTestStore, testFolder } from './folder.ts';

const channel = { id: 2, name: 'channel' };
const sealer = createSealer(DATA_KEY, randomBytes);

describe('sealer', () => {
  test('opens what it sealed, and draws a new nonce each time', () => {
    const plain = new Uint8Array([1, 2, 3]);
    const [first, second] = [sealer.seal(channel, 'k', plain), sealer.seal(channel, 'k', plain)];
    expect(sealer.open(channel, 'k', first)).toEqual(plain);
    expect(first).not.toEqual(second);
    expect(sealer.open(channel, 'empty', sealer.seal(channel, 'empty', new Uint8Array()))).toEqual(new Uint8Array());
  });

  test('refuses every flipped bit, every truncation, and any other place', () => {
    const sealed = sealer.seal(channel, 'k', new Uint8Array([1, 2, 3]));
    const refused = new StoreError({ code: 'corrupt_record', table: 'channel', key: 'k' });
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => sealer.open(channel, 'k', flipped)).toThrow(refused);
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => sealer.open(channel, 'k', sealed.subarray(0, length))).toThrow(refused);
    expect(() => sealer.open(channel, 'l', sealed)).toThrow(StoreError);
    expect(() => sealer.open({ id: 3, name: 'channelHtlc' }, 'k', sealed)).toThrow(StoreError);
    expect(() => createSealer(new Uint8Array(32), randomBytes).open(channel, 'k', sealed)).toThrow(StoreError);
  });

  test('wipes its own copy of the key only, also when the key is a Buffer', () => {
    const key = Buffer.from(DATA_KEY);
    createSealer(key, randomBytes).wipe();
    expect(new Uint8Array(key)).toEqual(DATA_KEY);
  });
});

describe('tampering with the database file', () => {
  let folder: TestFolder;
  beforeEach(async () => {
    folder = testFolder();
    const { store } = await openTestStore(folder);
    await store.commit({
      records: [
        { table: 'channel', key: 'a', value: new Uint8Array([1]) },
        { table: 'channel', key: 'b', value: new Uint8Array([2]) },
        { table: 'channelHtlc', key: 'a', value: new Uint8Array([3]) },
      ],
      journal: [1, 2].map((event) => ({ subject: 's', timeMs: 1000, event: new Uint8Array([event]) })),
      ledger: ['p', 'q'].map((debit) => ({
        timeMs: 1000,
        debit,
        credit: 'c',
        amountMsat: 7n,
        reason: 'r',
        reference: 'x',
      })),
    });
    await store.close();
  });
  afterEach(() => folder.remove());

  async function afterSql(sql: string): Promise<Store> {
    const connection = await connect(folder.path(DATABASE_NAME));
    await connection.exec(sql);
    await connection.close();
    const { store } = await openTestStore(folder);
    folder.onRemove(() => store.close());
    return store;
  }
  const swap = (table: string, one: string, other: string): string =>
    `CREATE TEMP TABLE kept AS SELECT value FROM ${table} WHERE ${one};
     UPDATE ${table} SET value = (SELECT value FROM ${table} WHERE ${other}) WHERE ${one};
     UPDATE ${table} SET value = (SELECT value FROM kept) WHERE ${other}`;

  test('swapped records', async () => {
    const store = await afterSql(swap('records', "table_id = 2 AND key = 'a'", "table_id = 2 AND key = 'b'"));
    await expect(store.get('channel', 'a')).rejects.toMatchObject({
      fault: { code: 'corrupt_record', table: 'channel', key: 'a' },
    });
    await expect(store.list('channel')).rejects.toThrow('corrupt_record');
    expect(await store.get('channelHtlc', 'a')).toEqual(new Uint8Array([3]));
  });

  test('a value moved to the same key of another table', async () => {
    const store = await afterSql(
      "UPDATE records SET value = (SELECT value FROM records WHERE table_id = 3 AND key = 'a') WHERE table_id = 2 AND key = 'a'",
    );
    await expect(store.get('channel', 'a')).rejects.toThrow('corrupt_record');
  });

  test('a flipped bit in the middle of a value', async () => {
    const store = await afterSql(
      "UPDATE records SET value = CAST(substr(value, 1, 20) || x'00' || substr(value, 22) AS BLOB) WHERE table_id = 2 AND key = 'a'",
    );
    await expect(store.get('channel', 'a')).rejects.toThrow('corrupt_record');
  });

  test.each([
    ['swapped events', swap('journal', 'sequence = 1', 'sequence = 2')],
    ['another subject', "UPDATE journal SET subject = 't' WHERE sequence = 1"],
    ['another time', 'UPDATE journal SET time = 1001 WHERE sequence = 1'],
    ['another place', 'UPDATE journal SET sequence = 9 WHERE sequence = 1'],
  ])('journal: %s', async (_name, sql) => {
    const store = await afterSql(sql);
    await expect(store.journal({})).rejects.toMatchObject({ fault: { code: 'corrupt_record', table: 'journal' } });
  });

  test.each([
    ['swapped amounts', swap('ledger', 'sequence = 1', 'sequence = 2')],
    ['another account', "UPDATE ledger SET debit = 'q' WHERE sequence = 1"],
    ['accounts exchanged', 'UPDATE ledger SET debit = credit, credit = debit WHERE sequence = 1'],
  ])('ledger: %s', async (_name, sql) => {
    const store = await afterSql(sql);
    await expect(store.ledger({})).rejects.toMatchObject({ fault: { code: 'corrupt_record', table: 'ledger' } });
  });

  test('swapped account sums are found at the start', async () => {
    const swapped = afterSql(swap('records', "table_id = 100 AND key = 'p'", "table_id = 100 AND key = 'c'"));
    await expect(swapped).rejects.toMatchObject({ fault: { code: 'corrupt_record', table: 'balance' } });
  });
});
