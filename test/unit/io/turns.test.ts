import { expect, test } from 'vitest';
import { Turns } from '../../../core/io/turns.ts';

test('work beyond the budget of a turn waits for the next turns, in order', async () => {
  let nowMs = 0;
  const turns = new Turns({ monotonicMs: () => nowMs });
  const done: number[] = [];
  for (let i = 0; i < 5; i++) {
    turns.run(() => {
      nowMs += 5;
      done.push(i);
    });
  }
  const seen: number[][] = [[...done]];
  while (done.length < 5) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push([...done]);
  }
  expect(seen[0]).toEqual([0, 1]);
  expect(seen[1]).toEqual([0, 1, 2, 3]);
  expect(done).toEqual([0, 1, 2, 3, 4]);
});

test('a task that is too long for any budget still gets its turn', async () => {
  let nowMs = 0;
  const turns = new Turns({ monotonicMs: () => nowMs });
  const done: number[] = [];
  const slow = (i: number) => () => {
    nowMs += 100;
    done.push(i);
  };
  for (let i = 0; i < 3; i++) turns.run(slow(i));
  expect(done).toEqual([0]);
  while (done.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(done).toEqual([0, 1, 2]);
});
