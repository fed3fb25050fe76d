import { expect, test } from 'vitest';
import { licencesOf } from '../../../build/licences.ts';
import { treeOf } from './tree.ts';

const LOCK = {
  packages: {
    '': { name: 'wallet' },
    'node_modules/zod': { version: '4.0.0', license: 'MIT' },
    'node_modules/a': { version: '1.0.0', license: 'MIT' },
    'node_modules/a/node_modules/zod': { version: '3.0.0', license: 'MIT' },
    'node_modules/@scope/b': { version: '2.0.0', license: 'ISC' },
    'node_modules/vitest': { version: '5.0.0', license: 'MIT', dev: true },
    'node_modules/only-mac': { version: '1.0.0', license: 'MIT', optional: true },
  },
};

test('lists what is shipped, by name, each text once; a package without one keeps its name', () => {
  const root = treeOf({
    'package-lock.json': JSON.stringify(LOCK), 'node_modules/zod/LICENSE': 'The text\r\n', 'node_modules/a/LICENSE.md': 'The text\n', 'node_modules/a/node_modules/zod/license': 'Another text', 'node_modules/vitest/LICENSE': 'no',
  }); // prettier-ignore
  expect(licencesOf(root)).toEqual({
    packages: [
      { name: '@scope/b', version: '2.0.0', licence: 'ISC' }, { name: 'a', version: '1.0.0', licence: 'MIT', text: 0 },
      { name: 'zod', version: '3.0.0', licence: 'MIT', text: 1 }, { name: 'zod', version: '4.0.0', licence: 'MIT', text: 0 },
    ],
    texts: ['The text', 'Another text'],
  }); // prettier-ignore
});

test('without a lock file nothing is claimed', () => {
  expect(licencesOf(treeOf({ 'package.json': '{}' }))).toEqual({ packages: [], texts: [] });
});
