import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../core/codec/reader.ts';
import { useFastestCurve } from '../../../core/io/native-curve.ts';
import { runTarget } from '../../fuzz/engine.ts';
import { bytesTarget, nonsense, takes } from '../../fuzz/target.ts';
import { allTargets } from '../../fuzz/targets/all.ts';

useFastestCurve();

const options = { count: 50, seed: 3 };
const target = (feed: (input: Uint8Array) => boolean) => bytesTarget('a decoder', (random) => random.bytes(8), feed);

describe('hostile inputs show', () => {
  test('a decoder that refuses as it should', async () => {
    const outcome = await runTarget(target((input) => takes(() => { if (input[0]! % 2) throw new DecodeError('odd'); })), options); // prettier-ignore
    expect(outcome.failure).toBeUndefined();
    expect(outcome.accepted + outcome.refused).toBe(50);
    expect(outcome.accepted).toBeGreaterThan(10);
    expect(outcome.refused).toBeGreaterThan(10);
  });

  test('one that throws something else, with seed, number and input', async () => {
    const { failure, inputs } = await runTarget(target((input) => takes(() => { if (input[0]! > 200) throw new TypeError('a bug'); })), options); // prettier-ignore
    expect(failure).toMatch(/^seed 3, input \d+: "[0-9a-f]{16}"\nTypeError: a bug/);
    expect(inputs).toBeLessThanOrEqual(50);
  });

  test('one that gives nonsense', async () => {
    expect((await runTarget(target(() => nonsense('five legs')), options)).failure).toContain('nonsense: five legs');
  });

  test('one that takes long every time, not one that did once', async () => {
    const busy = (ms: number): boolean => {
      for (const until = performance.now() + ms; performance.now() < until; );
      return true;
    };
    expect((await runTarget(target(() => busy(60)), options)).failure).toMatch(/took [67]\d ms/);
    let runs = 0;
    expect((await runTarget(target(() => busy(runs++ === 0 ? 60 : 0)), options)).failure).toBeUndefined();
  });

  test('one that allocates what an input claims', async () => {
    expect((await runTarget(target(() => new Uint8Array(32 * 1024 * 1024).length > 0), options)).failure).toMatch(/took \d{8} bytes of memory for an input of 8/);
  });

  test('one that keeps what it was given', async () => {
    const kept: Uint8Array[] = [];
    expect((await runTarget(target(() => kept.push(new Uint8Array(1024 * 1024).fill(1)) > 0), { ...options, watchesMemory: true })).failure).toMatch(/bytes stayed in memory/);
  });
});

test.each(allTargets().map((one) => [one.name, one] as const))('%s survives hostile inputs', async (_, one) => {
  const { failure } = await runTarget(one, { count: 100, seed: Math.floor(Math.random() * 2 ** 32) });
  expect(failure).toBeUndefined();
});
