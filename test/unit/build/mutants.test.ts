import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutants } from '../../mutate/mutants/index.ts';

const times = (text: string, part: string): number => text.split(part).length - 1;

describe('the deliberate faults of npm run mutate', () => {
  it('are at least 40, each with a name of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40);
    expect(new Set(mutants.map(({ fault }) => fault)).size).toBe(mutants.length);
  });

  it.each(mutants.map((mutant) => [mutant.fault, mutant] as const))('%s: its line stands once where it says', (_, { file, find, replace, tests }) => {
    expect(times(readFileSync(file, 'utf8'), find)).toBe(1);
    expect(replace).not.toBe(find);
    expect(tests.filter((path) => !existsSync(`test/${path}`))).toEqual([]);
  });
});
