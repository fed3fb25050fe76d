import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openHighWater } from '../../../core/io/high-water.ts';
import { type TestFolder, isPrivate, testFolder } from './folder.ts';

let folder: TestFolder;
let path: string;
beforeEach(() => {
  folder = testFolder();
  path = join(folder.outside, 'high-water');
});
afterEach(() => folder.remove());

describe('high-water mark', () => {
  test('only rises, per channel, and is there after it was opened again', async () => {
    const marks = await openHighWater(path);
    expect(marks.read(0)).toBeUndefined();
    await marks.raise(0, 0);
    await Promise.all([marks.raise(3, 7), marks.raise(3, 5), marks.raise(200, 2 ** 48 - 1), marks.raise(3, 9)]);
    await marks.raise(3, 8);
    await marks.close();
    const again = await openHighWater(path);
    expect([0, 1, 3, 200, 9999].map(again.read)).toEqual([0, undefined, 9, 2 ** 48 - 1, undefined]);
    await again.raise(3, 10);
    await again.close();
    const last = await openHighWater(path);
    expect(last.read(3)).toBe(10);
    await last.close();
    expect(isPrivate(path)).toBe(true);
  });

  test('refuses numbers that are none', async () => {
    const marks = await openHighWater(path);
    await expect(marks.raise(-1, 0)).rejects.toThrow(RangeError);
    await expect(marks.raise(2 ** 20, 0)).rejects.toThrow(RangeError);
    await expect(marks.raise(1, 0.5)).rejects.toThrow(RangeError);
    await marks.close();
  });

  test('falls back to the write before when the last one was torn at any byte, and never to a wrong number', async () => {
    const marks = await openHighWater(path);
    await marks.raise(1, 100);
    const before = readFileSync(path);
    await marks.raise(1, 357);
    await marks.close();
    const after = readFileSync(path);
    for (let cut = 0; cut <= 32; cut++) {
      writeFileSync(path, Buffer.concat([after.subarray(0, 32 + cut), before.subarray(32 + cut)]));
      const torn = await openHighWater(path);
      expect([100, 357]).toContain(torn.read(1));
      await torn.close();
    }
  });

  test('with both copies of a channel damaged is an error for that channel alone', async () => {
    const marks = await openHighWater(path);
    for (const number of [1, 2]) for (const channel of [1, 2]) await marks.raise(channel, number);
    await marks.close();
    const file = readFileSync(path);
    file[32 + 3]! ^= 1;
    file[32 + 16 + 15]! ^= 1;
    writeFileSync(path, file);
    const damaged = await openHighWater(path);
    expect(() => damaged.read(1)).toThrow('corrupt_record');
    await expect(damaged.raise(1, 5)).rejects.toMatchObject({
      fault: { code: 'corrupt_record', table: 'high-water', key: '1' },
    });
    expect(damaged.read(2)).toBe(2);
    await damaged.close();
    // One channel's mark in another's place is no mark.
    file.copy(file, 32, 64, 96);
    writeFileSync(path, file);
    const moved = await openHighWater(path);
    expect(() => moved.read(1)).toThrow('corrupt_record');
    await moved.close();
  });
});
