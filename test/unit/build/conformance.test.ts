import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkConformance } from '../../../build/conformance.ts';
import { treeOf } from './tree.ts';

const HEAD = '# Conformance\n\n| BOLT section | requirement | file | test |\n| --- | :-- | --- | --- |\n';
const TEST_FILE = `
// it('only a comment')
import { describe, it } from 'vitest';
describe('adding an HTLC', () => {
  it('refuses what the peer\\'s reserve cannot bear', () => {});
  it(\`answers \${code} with an error\`, () => {});
});
`;

function check(...rows: readonly string[]) {
  const root = treeOf({
    'core/channel/spec.ts': '',
    'core/channel/other.ts': '',
    'test/unit/channel/spec.test.ts': TEST_FILE,
    'docs/conformance.md': HEAD + rows.join('\n'),
  });
  const { rowCount, violations } = checkConformance(root);
  return { rowCount, faults: violations.map(({ line, rule }) => `${line}: ${rule}`) };
}

describe('conformance table', () => {
  test.each([
    "| 2, Adding | ours | core/channel/spec.ts | test/unit/channel/spec.test.ts › the peer's reserve |",
    '| 2, Adding | ours | `core/channel/spec.ts` | `test/unit/channel/spec.test.ts › adding an HTLC › reserve` |',
    '| 2, Adding | a \\| b | core/channel/spec.ts<br>core/channel/other.ts | test/unit/channel/spec.test.ts › with an error |',
  ])('accepts %s', (row) => {
    expect(check(row)).toEqual({ rowCount: 1, faults: [] });
  });

  test('counts rows, not headers nor examples in a code fence', () => {
    const row = '| 2, Adding | ours | core/channel/spec.ts | test/unit/channel/spec.test.ts › reserve |';
    expect(check(row, row, '', '```', '| a | b | c | d |', '```').rowCount).toBe(2);
    expect(check()).toEqual({ rowCount: 0, faults: [] });
  });

  test.each([
    [
      '| 2 | r | core/channel/gone.ts | test/unit/channel/spec.test.ts › reserve |',
      'the file core/channel/gone.ts does not exist',
    ],
    [
      '| 2 | r | core/channel/spec.ts | test/unit/gone.test.ts › reserve |',
      'the test file test/unit/gone.test.ts does not exist',
    ],
    [
      '| 2 | r | core/channel/spec.ts | test/unit/channel/spec.test.ts › removing |',
      'test/unit/channel/spec.test.ts has no test titled "removing"',
    ],
    [
      '| 2 | r | core/channel/spec.ts | test/unit/channel/spec.test.ts › only a comment |',
      'test/unit/channel/spec.test.ts has no test titled "only a comment"',
    ],
    [
      '| 2 | r | core/channel/spec.ts | test/unit/channel/spec.test.ts › removing › reserve |',
      'test/unit/channel/spec.test.ts has no test titled "removing"',
    ],
    [
      '| 2 | r | core/channel/spec.ts | test/unit/channel/spec.test.ts |',
      '"test/unit/channel/spec.test.ts" is not of the form: test file › test title',
    ],
    [
      '| 2 | r | core/channel/spec.ts | test/unit/channel/spec.test.ts ›  › reserve |',
      '"test/unit/channel/spec.test.ts ›  › reserve" is not of the form: test file › test title',
    ],
    ['| 2 | r | core/channel/spec.ts | core/channel/spec.ts › x |', '"core/channel/spec.ts" is not a path under test/'],
    [
      '|  | r | core/channel/spec.ts | test/unit/channel/spec.test.ts › reserve |',
      'the column "BOLT section" is empty',
    ],
    ['| 2 | r | core/channel/spec.ts |', '3 cells instead of 4'],
  ])('refuses %s', (row, fault) => {
    expect(check(row)).toEqual({ rowCount: 1, faults: [`5: ${fault}`] });
  });

  test('a missing table is a fault', () => {
    expect(checkConformance(treeOf({ 'README.md': '' })).violations.map(({ rule }) => rule)).toEqual([
      'the file does not exist',
    ]);
  });
});

describe('the catalogue of failures in docs/safety.md', () => {
  test('has its 37 rows in order', () => {
    const rows = readFileSync('docs/safety.md', 'utf8').matchAll(/^\| (\d+) \|/gmu);
    expect([...rows].map(([, row]) => Number(row))).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
  });
});
