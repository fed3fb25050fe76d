import { describe, expect, test } from 'vitest';
import { must } from '../../core/lib/result.ts';
import type { FaultPlan } from '../support/crash-rig.ts';
import type { Sabotage } from '../support/rig-store.ts';
import { runScenario } from '../support/crash-run.ts';
import { SCENARIOS, startOf } from '../support/crash-scenarios.ts';
import { onChainSat } from '../support/invariants-at-rest.ts';
import { Sweep, linesOf, summaryOf } from '../support/crash-sweep.ts';

const scenarioOf = (name: string) => must(SCENARIOS.find((scenario) => scenario.name === name), name);

// A break at every message of a payment, a fee change and a close, and a death at every boundary of what is said again.
describe('a node dies while it says again what was lost', () => {
  const all = process.env['CRASH_SAMPLES'] !== undefined;
  const names = ['paying and being paid, one payment', 'update_fee, static_remotekey', 'simple close by the opener', 'legacy close by the fundee'];
  test.each(all ? SCENARIOS.map(({ name }) => name) : names)('%s', { timeout: 600_000 }, async (name) => {
    const sweep = await Sweep.of(scenarioOf(name));
    await sweep.everyBoundaryAfterEveryBreak();
    console.log(`reestablish, ${summaryOf(sweep.report)}`);
    expect(linesOf(sweep.report)).toEqual([]);
  });
});

// I-22 and I-23 where somebody is behind: a disk that forgets its last commit is an old copy of the data.
describe('a node whose disk forgot the last commit', () => {
  test('never publishes what it revoked, and an honest peer closes for it', { timeout: 300_000 }, async () => {
    const scenario = scenarioOf('paying and being paid, one payment');
    const start = await startOf(scenario.setting);
    const base = await runScenario(scenario, start, {});
    let behind = 0;
    for (let at = 16; at <= base.points.length; at += 2) {
      const { broken, rig } = await runScenario(scenario, start, { kills: [{ at, victims: ['A'] }] }, { sabotage: 'disk_forgets' });
      expect(broken.filter((line) => line.includes('published revoked'))).toEqual([]);
      if (!broken.some((line) => line.startsWith('I-23'))) continue;
      behind++;
      expect(broken).not.toContain('I-33: A closes by force');
      expect(broken).toContain('I-33: B closes by force');
      for (let block = 0; block < 8; block++) {
        rig.chain.mine();
        await rig.drain();
      }
      // 600 000 sat less what was in flight, the commitment's fee and the sweep's.
      expect(onChainSat(rig, 'A') - onChainSat(base.rig, 'A')).toBeGreaterThan(560_000n);
    }
    expect(behind).toBeGreaterThan(3);
  });
});

describe('the harness finds what is wrong', () => {
  const faulty: readonly (readonly [Sabotage, string, FaultPlan, string])[] = [
    ['disk_lies', 'paying and being paid, one payment', {}, 'I-5'],
    ['mark_not_raised', 'paying and being paid, one payment', {}, 'I-5'],
    ['goes_on_frozen', 'paying and being paid, one payment', { failCommit: 3 }, 'I-7'],
    ['ledger_torn', 'paying and being paid, one payment', {}, 'I-13'],
    ['htlcs_torn', 'paying and being paid, one payment', {}, 'threw'],
    ['disk_forgets', 'paying and being paid, one payment', { kills: [{ at: 20, victims: ['A'] }] }, 'I-6'],
    ['disk_forgets', 'paying and being paid, one payment', { kills: [{ at: 20, victims: ['A'] }] }, 'I-1'],
  ];
  test.each(faulty)('%s in %s', async (sabotage, name, plan, invariant) => {
    const scenario = scenarioOf(name);
    const { broken } = await runScenario(scenario, await startOf(scenario.setting), plan, { sabotage });
    expect(broken.map((line) => line.split(':')[0])).toContain(invariant);
  });
});
