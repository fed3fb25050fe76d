import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

test('the tour in the terminal lives through a channel and ends with it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'core/playground/tour.ts')], { cwd: ROOT });
  expect(stdout.split('\n').filter((line) => /^\d\. /u.test(line))).toHaveLength(6);
  expect(stdout).toMatch(/six blocks deep\. On chain again: 4 84\d \d{3} sat/u);
});
