import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHighWaterFiles } from '../../../core/io/high-water-files.ts';
import { openHighWater } from '../../../core/io/high-water.ts';
import { type TestFolder, isPrivate, testFolder } from './folder.ts';

let folder: TestFolder;
let path: string;
beforeEach(() => {
  folder = testFolder();
  path = join(folder.outside, 'high-water');
});
afterEach(() => folder.remove());

const FAR = [2 ** 20, 1_234_567_890, 1_234_567_891, 2 ** 31 - 1];

test('marks of any channel number rise and are there after they were opened again', async () => {
  const marks = await openHighWaterFiles(path);
  expect(FAR.map(marks.read)).toEqual([undefined, undefined, undefined, undefined]);
  await Promise.all([marks.raise(3, 7), ...FAR.map((channel, i) => marks.raise(channel, i)), ...FAR.map((channel, i) => marks.raise(channel, 100 + i))]);
  await marks.raise(FAR[1]!, 5);
  await marks.close();
  const again = await openHighWaterFiles(path);
  expect([3, 4, ...FAR].map(again.read)).toEqual([7, undefined, 100, 101, 102, 103]);
  await again.raise(FAR[2]!, 900);
  await again.close();
  const last = await openHighWaterFiles(path);
  expect(last.read(FAR[2]!)).toBe(900);
  await last.close();
});

test('a number far up takes little room, in a file that only its owner reads', async () => {
  const marks = await openHighWaterFiles(path);
  for (const channel of FAR) await marks.raise(channel, 1);
  await marks.close();
  const files = readdirSync(folder.outside).filter((name) => name.startsWith('high-water'));
  // Two of them are neighbours.
  expect(files).toHaveLength(1 + FAR.length - 1);
  for (const name of files) {
    expect(statSync(join(folder.outside, name)).size).toBeLessThanOrEqual(32 * 1024);
    expect(isPrivate(join(folder.outside, name))).toBe(true);
  }
});

test('what a wallet counts from 0 lies in one file, as ever; nothing else is made before it is needed', async () => {
  const before = await openHighWater(path);
  await before.raise(5, 9);
  await before.close();
  const marks = await openHighWaterFiles(path);
  expect(marks.read(5)).toBe(9);
  await marks.close();
  expect(readdirSync(folder.outside).filter((name) => name.startsWith('high-water-'))).toEqual([]);
});

test('damage to a channel far up is an error for that channel alone', async () => {
  const marks = await openHighWaterFiles(path);
  for (const commitment of [1, 2]) for (const channel of [FAR[1]!, FAR[2]!]) await marks.raise(channel, commitment);
  await marks.close();
  const name = `${path}-${Math.floor(FAR[1]! / 1024).toString(16)}`;
  expect(existsSync(name)).toBe(true);
  const at = (FAR[1]! % 1024) * 32;
  writeFileSync(name, readFileSync(name).map((byte, i) => (i === at + 8 || i === at + 24 ? byte ^ 1 : byte)));
  const again = await openHighWaterFiles(path);
  expect(() => again.read(FAR[1]!)).toThrow('corrupt_record');
  expect(again.read(FAR[2]!)).toBe(2);
  await again.close();
});

test('refuses numbers that are none', async () => {
  const marks = await openHighWaterFiles(path);
  for (const [channel, commitment] of [[-1, 0], [2 ** 31, 0], [2 ** 25 + 0.5, 0], [2 ** 25, 0.5], [2 ** 25, -1]] as const) await expect(marks.raise(channel, commitment)).rejects.toThrow(RangeError);
  await marks.close();
});
