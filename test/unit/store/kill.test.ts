import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openHighWater } from '../../../core/io/high-water.ts';
import { childScript, startChild } from './child.ts';
import { type TestFolder, openTestStore, testFolder } from './folder.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

describe('kill -9 during commits', () => {
  test('loses nothing that was acknowledged, leaves nothing half, never looks stale', { timeout: 60_000 }, async () => {
    for (const linesBeforeKill of [1, 7, 60, 300, 301, 900]) {
      const child = startChild('commit-forever', [folder.data, folder.outside]);
      await child.untilLines(linesBeforeKill);
      await child.kill();
      const { store, fence } = await openTestStore(folder, { reserveBytes: 4096 });
      expect(fence).toEqual({ kind: 'ok' });
      const keys = new Set((await store.list('setting')).map(({ key }) => key));
      const missing = child.lines.filter((line) => !keys.has(`n${line}`));
      expect(child.lines.length).toBeGreaterThanOrEqual(linesBeforeKill);
      expect(missing).toEqual([]);
      // What shares a batch shares its fate.
      expect((await store.journal({})).length).toBe(keys.size);
      expect((await store.ledger({})).length).toBe(keys.size);
      expect(await store.balanceMsat('a')).toBe(BigInt(keys.size));
      expect(await store.count('setting')).toBe(keys.size);
      const marks = await openHighWater(folder.path('high-water'));
      // Never above the database, never below what was acknowledged.
      expect(marks.read(1)).toBeGreaterThanOrEqual(Math.max(...child.lines.map(Number)));
      expect(keys).toContain(`n${marks.read(1)}`);
      await marks.close();
      await store.close();
    }
  });
});

describe.skipIf(process.platform === 'win32' || !existsSync('/bin/bash'))('a disk that refuses to write', () => {
  test('freezes the store; everything acknowledged is there afterwards', async () => {
    const limited = spawnSync(
      '/bin/bash',
      ['-c', 'ulimit -f 300 && exec "$0" "$@"', process.execPath, childScript('hit-file-limit'), folder.data],
      { encoding: 'utf8' },
    );
    expect(limited.stderr).toBe('');
    const { faults, committed, readable, reserve } = JSON.parse(limited.stdout) as Record<string, unknown>;
    expect({ faults, reserve }).toEqual({ faults: ['write_failed', 'write_failed'], reserve: 'missing' });
    expect(committed).toBeGreaterThan(10);
    expect(readable).toBe(committed);
    const { store, reserve: reserveAfter } = await openTestStore(folder);
    folder.onRemove(() => store.close());
    expect(await store.count('setting')).toBe(committed);
    expect(reserveAfter).toBe('held');
  });
});
