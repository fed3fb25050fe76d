import { expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../../core/lib/bytes.ts';
import { TransactionTimes } from '../../../core/node/transaction-times.ts';
import { Turn } from '../../../core/node/turns.ts';

const NOW_SECONDS = 1_780_000_000;
const known = (txid: string, height: number | undefined) => ({ facts: { txid, inputKeys: ['foreign:0'], outputs: [], outputSumSat: 0n, vsize: 100, isCoinbase: false }, height, txIndex: 0, ownOrder: undefined });
const contextOf = (transactions: readonly ReturnType<typeof known>[], firstSeen: readonly (readonly [string, number])[] = []) =>
  ({ ledger: { transactions, coins: new Map(), spenders: new Map() }, wallet: { firstSeenSeconds: new Map(firstSeen), labels: new Map() }, tipHeight: 1000, nowSeconds: NOW_SECONDS }) as never;
const timesOf = (times: TransactionTimes, context: never, header: (height: number) => number | undefined = () => undefined) => Object.fromEntries(times.timed(context, header).map(({ txid, timeSeconds }) => [txid, timeSeconds]));

test('a time is kept when the wallet has forgotten it, and through a restart; an old one is dated by its header, or by its height', async () => {
  const times = new TransactionTimes();
  const turn = new Turn();
  times.note(turn, contextOf([known('aa', undefined), known('bb', 1000), known('cc', 400)], [['aa', NOW_SECONDS - 77]]));
  const later = contextOf([known('aa', 1001), known('bb', 1000), known('cc', 400)]);
  const expected = { aa: NOW_SECONDS - 77, bb: NOW_SECONDS, cc: NOW_SECONDS - 600 * 600 };
  expect(timesOf(times, later)).toEqual(expected);
  expect(timesOf(times, later, (height) => (height === 400 || height === 1000 ? 123 : undefined))).toEqual({ ...expected, cc: 123 });

  const records = turn.batch()!.records!;
  const again = new TransactionTimes();
  await again.load({ list: async (_: string, { prefix }: { readonly prefix: string }) => records.filter(({ key }) => key.startsWith(prefix)).map(({ key, value }) => ({ key, value: utf8(fromUtf8(value!)) })) } as never);
  expect(timesOf(again, later)).toEqual(expected);
  const quiet = new Turn();
  again.note(quiet, later);
  expect(quiet.batch()).toBeUndefined();
});
