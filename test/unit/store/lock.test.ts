import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockFolder } from '../../../core/io/lock.ts';
import { startChild } from './child.ts';
import { type TestFolder, testFolder } from './folder.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

describe('lock of the data folder', () => {
  test('is held once in this process, also under another name, until it is released', async () => {
    const lock = await lockFolder(folder.data);
    await expect(lockFolder(folder.data)).rejects.toMatchObject({ fault: { code: 'in_use' } });
    symlinkSync(folder.data, join(folder.outside, 'link'));
    await expect(lockFolder(join(folder.outside, 'link'))).rejects.toThrow('in_use');
    // A refused attempt must not have loosened it for other processes either.
    const child = startChild('hold-lock', [folder.data]);
    await child.untilLines(1);
    await child.kill();
    expect(child.lines).toEqual(['in_use']);
    await lock.release();
    await lock.release();
    await (await lockFolder(folder.data)).release();
  });

  test('of a process that was killed is free at once, with nothing to clean up', async () => {
    const child = startChild('hold-lock', [folder.data]);
    await child.untilLines(1);
    expect(child.lines).toEqual(['held']);
    await expect(lockFolder(folder.data)).rejects.toThrow('in_use');
    await child.kill();
    await (await lockFolder(folder.data)).release();
  });

  test('is won by one of those that start together', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 4; round++) {
      const children = Array.from({ length: 4 }, () => startChild('hold-lock', [folder.data]));
      await Promise.all(children.map((child) => child.untilLines(1)));
      expect(children.flatMap((child) => child.lines).toSorted()).toEqual(['held', 'in_use', 'in_use', 'in_use']);
      await Promise.all(children.map((child) => child.kill()));
    }
    const inOneProcess = await Promise.allSettled(Array.from({ length: 4 }, () => lockFolder(folder.data)));
    const held = inOneProcess.filter((outcome) => outcome.status === 'fulfilled');
    expect(held).toHaveLength(1);
    await held[0]?.value.release();
  });

  test('says in words why a folder cannot be used', async () => {
    writeFileSync(join(folder.outside, 'file'), '');
    await expect(lockFolder(join(folder.outside, 'file'))).rejects.toMatchObject({
      fault: { code: 'not_writable', reason: expect.stringContaining('a file where the folder should be') },
    });
  });
});
