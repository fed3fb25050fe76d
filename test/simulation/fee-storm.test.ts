import { expect, test } from 'vitest';
import { FeeStormRun } from './world/fee-storm.ts';

test('all channels closed by force at once, while blocks cost fifty times as much: no HTLC misses its deadline (I-27, I-28)', async () => {
  const storm = await new FeeStormRun(10).run();
  expect(storm).toMatchObject({ channels: 10, htlcs: 20, deadlinesMet: 20, broken: [] });
  expect(storm.leastBlocksLeft).toBeGreaterThan(18);
});
