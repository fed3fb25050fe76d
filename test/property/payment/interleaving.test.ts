import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../core/onion/failures.ts';
import { World } from './world.ts';

const failures: readonly Failure[] = [
  { name: 'temporary_channel_failure', channelUpdate: new Uint8Array(0) },
  { name: 'temporary_node_failure' },
  { name: 'unknown_next_peer' },
];
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), refuse: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('travel' as const), pick: fc.nat(9), failure: fc.option(fc.constantFrom(...failures), { freq: 4, nil: undefined }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('answer' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash_payer' as const), committed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash_payee' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 70_000 }), blocks: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pay' as const), consentToPayAgain: fc.constant(false) }) },
);
const scenario = fc.record({
  channels: fc.array(fc.record({ peer: fc.constantFrom('payee' as const, 'alice' as const), capacityMsat: fc.bigInt({ min: 0n, max: 1_500_000n }) }), { minLength: 1, maxLength: 5 }),
  amountMsat: fc.bigInt({ min: 1n, max: 2_000_000n }),
  maxFeeMsat: fc.bigInt({ min: 0n, max: 12_000n }),
  attemptsLimit: fc.integer({ min: 1, max: 12 }),
  events: fc.array(event, { maxLength: 60 }),
});

describe('a payment under any order of parts, failures and restarts', () => {
  it('stays within its limit, succeeds at most once, always ends, and both sides agree', { timeout: 60_000 }, () => {
    let paid = 0;
    fc.assert(
      fc.property(scenario, ({ channels, amountMsat, maxFeeMsat, attemptsLimit, events }) => {
        const world = new World(channels, amountMsat, maxFeeMsat, attemptsLimit);
        const check = (): void => {
          expect(world.spentMsat).toBeLessThanOrEqual(amountMsat + maxFeeMsat);
          expect(world.successes).toBeLessThanOrEqual(1);
          // I-18: the preimage is out only when the whole amount is there.
          const there = world.htlcs.reduce((sum, { arrived, done }) => (arrived && done !== 'failed' ? sum + arrived.amountMsat : sum), 0n);
          expect(world.reveals === 0 || there >= amountMsat).toBe(true);
          expect(world.payer?.attempts ?? 0).toBeLessThanOrEqual(attemptsLimit);
        };
        world.begin();
        for (const step of events) {
          if (step.kind === 'take') world.takeOffer(step.refuse);
          if (step.kind === 'travel') world.travel(step.pick, step.failure);
          if (step.kind === 'answer') world.answer(step.pick);
          if (step.kind === 'crash_payer') world.crashPayer(step.committed);
          if (step.kind === 'crash_payee') world.crashPayee();
          if (step.kind === 'pass') world.pass(step.ms, step.blocks);
          if (step.kind === 'pay') world.begin({ consentToPayAgain: step.consentToPayAgain });
          check();
        }
        world.settle();
        check();
        expect(world.payer?.status).not.toBe('pending');
        expect(world.payer?.parts.filter(({ status }) => status === 'pending' || status === 'offered') ?? []).toEqual([]);
        expect(world.payer?.status === 'succeeded').toBe(world.payee.status === 'paid');
        expect(world.payee.sets).toEqual([]);
        const succeeded = world.payer?.status === 'succeeded';
        if (succeeded) paid++;
        const fees = world.payer?.parts.reduce((sum, part) => (part.status === 'fulfilled' ? sum + part.feeMsat : sum), 0n) ?? 0n;
        expect(world.spentMsat).toBe(succeeded ? amountMsat + fees : 0n);
        expect(world.successes).toBe(succeeded ? 1 : 0);
      }),
      { numRuns: 300 },
    );
    // The scenarios are no use if hardly any payment gets through.
    expect(paid).toBeGreaterThan(60);
  });
});
