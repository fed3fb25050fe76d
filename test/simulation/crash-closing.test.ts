import { describe, expect, test } from 'vitest';
import { SCENARIOS } from '../support/crash-scenarios.ts';
import { testEveryBoundary } from '../support/crash-suite.ts';
import { Sweep, linesOf } from '../support/crash-sweep.ts';

describe('a node dies, or its disk fails, at every boundary of closing together', () => {
  testEveryBoundary(SCENARIOS.filter(({ name }) => name.includes('close')));
});

// A slow disk outlived a connection: its channel_reestablish left on the next one, beside that one's own.
test('what a channel said on one connection never leaves on a later one', async () => {
  const sweep = await Sweep.of(SCENARIOS.find(({ name }) => name === 'simple close by the opener')!);
  await sweep.sample(7_067);
  expect(linesOf(sweep.report)).toEqual([]);
});
