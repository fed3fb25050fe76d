import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Violation } from './source.ts';

const PATH = 'docs/dependencies.md';

/** Checks that docs/dependencies.md gives a reason for every package of package.json, and for no other. */
export function checkDependencies(root: string): {
  readonly packageCount: number;
  readonly violations: readonly Violation[];
} {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >;
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies'];
  const declared = new Set(groups.flatMap((group) => Object.keys(manifest[group] ?? {})));
  const lines = existsSync(join(root, PATH)) ? readFileSync(join(root, PATH), 'utf8').split('\n') : [];
  const described = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const cell = line.startsWith('| `') ? (line.split('|')[1] ?? '') : '';
    for (const [, name = ''] of cell.matchAll(/`([^`]+)`/gu)) described.set(name, index + 1);
  }
  const missing = [...declared].filter((name) => !described.has(name));
  const stale = [...described].filter(([name]) => !declared.has(name));
  return {
    packageCount: declared.size,
    violations: [
      ...missing.map((name) => ({
        path: PATH,
        line: 1,
        rule: `${name} has no line`,
        advice: 'Say what for, why this one, what it replaces',
      })),
      ...stale.map(([name, line]) => ({
        path: PATH,
        line,
        rule: `${name} is not in package.json`,
        advice: 'Delete the line',
      })),
    ],
  };
}
