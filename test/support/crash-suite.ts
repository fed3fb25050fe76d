import { expect, test } from 'vitest';
import type { Scenario } from './crash-scenarios.ts';
import { Sweep, linesOf, summaryOf } from './crash-sweep.ts';

/** Double faults a scenario, drawn from CRASH_SEED; a failure names its seed, which replays it alone. */
const SAMPLES = Number(process.env['CRASH_SAMPLES'] ?? 12);
const SEED = Number(process.env['CRASH_SEED'] ?? 1);

/** Every boundary of every scenario with every victim, and some double faults. */
export function testEveryBoundary(scenarios: readonly Scenario[]): void {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', { timeout: 600_000 }, async (_, scenario) => {
    const sweep = await Sweep.of(scenario);
    await sweep.everyBoundary();
    await sweep.samples(SAMPLES, SEED);
    console.log(`${summaryOf(sweep.report)}; double faults from seed ${SEED}`);
    expect(linesOf(sweep.report)).toEqual([]);
    expect(sweep.report.runs).toBeGreaterThan(2 * sweep.report.points);
  });
}
