import { writeFileSync } from 'node:fs';
import type { SerializedError, TestCase, TestModule, TestModuleState, TestRunEndReason } from 'vitest/node';
import { DefaultReporter } from 'vitest/node';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a CI reads: the last line of all output. */
export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** A file that could not be loaded and an error outside any test count as one failure each, a test that never ended too. */
export function countResults(modules: readonly TestModule[], outsideErrorCount: number): Counts {
  const byState = { passed: 0, failed: outsideErrorCount, skipped: 0, pending: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) byState[test.result().state]++;
    byState.failed += module.errors().length;
    for (const suite of module.children.allSuites()) byState.failed += suite.errors().length;
  }
  return { passed: byState.passed, failed: byState.failed + byState.pending, skipped: byState.skipped };
}

/**
 * One line a test file, the failures in full at the end, and the sum over all suites: into the file that
 * SFERIC_TEST_COUNTS names (for build/test.ts), else as the last line.
 */
export default class PlainReporter extends DefaultReporter {
  constructor() {
    super({ summary: false });
  }

  protected override printTestSuite(): void {}

  protected override printTestCase(moduleState: TestModuleState, test: TestCase): void {
    if (test.result().state === 'failed') super.printTestCase(moduleState, test);
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    super.onTestRunEnd(modules, errors, reason);
    const counts = countResults(modules, errors.length);
    const file = process.env['SFERIC_TEST_COUNTS'];
    if (file) writeFileSync(file, JSON.stringify(counts));
    else console.log(`\n${closingLine(counts)}`);
  }
}
