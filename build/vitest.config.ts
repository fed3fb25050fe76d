import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const second = 1000;

interface Suite {
  readonly name: string;
  readonly timeoutMs: number;
  /** Suites of one group share the workers; a later group starts when the earlier is through. */
  readonly group: number;
  /** Run once before the suite. */
  readonly setup?: string;
  /** Where what it needs is missing. */
  readonly isSkipped?: boolean;
}

const SUITES: readonly Suite[] = [
  { name: 'unit', timeoutMs: 20 * second, group: 0 },
  { name: 'states', timeoutMs: 20 * second, group: 0 },
  { name: 'property', timeoutMs: 60 * second, group: 0 },
  { name: 'simulation', timeoutMs: 120 * second, group: 0 },
  // Other people's programs and our own processes: one file after another, nothing beside it.
  { name: 'interop', timeoutMs: 180 * second, group: 1 },
  { name: 'ui', timeoutMs: 120 * second, group: 2, setup: 'build/ui-setup.ts', isSkipped: process.env['SFERIC_SKIP_UI'] === '1' },
];

const projectOf = ({ name, timeoutMs, group, setup, isSkipped = false }: Suite): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    root,
    include: [`test/${name}/**/*.test.ts`],
    exclude: isSkipped ? ['**/*'] : [],
    ...(setup ? { globalSetup: setup } : {}),
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    sequence: { groupOrder: group },
    maxWorkers: group === 0 ? 2 : 1,
    fileParallelism: group === 0,
  },
});

export default defineConfig({
  root,
  test: {
    projects: SUITES.map(projectOf),
    pool: 'forks',
    maxWorkers: 2,
    reporters: [fileURLToPath(new URL('plain-reporter.ts', import.meta.url))],
  },
});
