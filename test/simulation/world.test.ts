import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { reportOf, runCampaign } from './world/campaign.ts';
import { SCENARIOS } from './world/scenarios.ts';

/** SIMULATE_STEPS and SIMULATE_SEED for longer runs; a failure prints the command that repeats it alone. */
const STEPS = Number(process.env['SIMULATE_STEPS'] ?? 50_000);
const FIXED_STEPS = 25_000;
const FIXED_SEED = 20_240;
/** Ten times what a quiet machine takes. */
const PATIENCE_MS = 400_000;
const NEW_SEED = Number(process.env['SIMULATE_SEED'] ?? randomInt(2 ** 32));

test.each([['a fixed seed', FIXED_SEED, FIXED_STEPS, false], ['a new seed, every scenario', NEW_SEED, STEPS, true]] as const)('nobody honest loses more than fees, whatever happens: %s', async (_, seed, steps, everyOnce) => {
  const result = await runCampaign({ steps, seed, everyOnce });
  const report = reportOf(seed, result);
  console.log(report);
  expect(result.failures.map(({ scenario, broken }) => [scenario, ...broken]), report).toEqual([]);
  expect(result.steps).toBeGreaterThanOrEqual(steps);
}, PATIENCE_MS); // prettier-ignore

test('the same seed is the same run, step by step', async () => {
  const options = { steps: 1, seed: 7, only: 'force closes in a storm' } as const;
  const logs: string[][] = [];
  for (let i = 0; i < 2; i++) await runCampaign({ ...options, onEpisode: (_, __, { log }) => void logs.push([...log]) });
  expect(logs[0]!.length).toBeGreaterThan(50);
  expect(logs[0]).toEqual(logs[1]);
});

test('every scenario has a name of its own', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  expect(SCENARIOS.filter(({ behaviour }) => behaviour).length).toBeGreaterThanOrEqual(40);
});
