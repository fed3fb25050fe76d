import { describe, expect, test } from 'vitest';
import { checkImportLaw, mayImportFolder } from '../../../build/import-law.ts';
import { LAYERS, SIDEWAYS } from '../../../build/import-law-table.ts';
import { describe as describeViolation } from '../../../build/source.ts';
import { treeOf } from './tree.ts';

const PACKAGES = [
  '@noble/hashes',
  '@noble/secp256k1',
  '@scure/btc-signer',
  'hash-wasm',
  'secp256k1',
  'zod',
  'electron',
  'undescribed',
];
const MANIFEST = JSON.stringify({ dependencies: Object.fromEntries(PACKAGES.map((name) => [name, '1.0.0'])) });

/** `line: rule` of every breach in a project of one file. */
function breachesOf(path: string, text: string): readonly string[] {
  const { fileCount, violations } = checkImportLaw(treeOf({ 'package.json': MANIFEST, [path]: text }));
  expect(fileCount).toBe(1);
  return violations.map(({ line, rule }) => `${line}: ${rule}`);
}

describe('layers of core', () => {
  test.each([
    ['core/channel/a.ts', "import { x } from '../tx/b.ts';"],
    ['core/channel/states/normal.ts', "import { x } from '../../lib/units.ts'; import { y } from '../machine.ts';"],
    ['core/tx/a.ts', "import { x } from '../bitcoin/script.ts'; export * from '../crypto/hash.ts';"],
    ['core/node/api.ts', "import type { Request } from '../api.ts';"],
    ['core/index.ts', "import { x } from './node/node.ts'; import { y } from './playground/chain.ts';"],
    ['core/playground/tour.ts', "import { x } from '../index.ts';"],
    ['core/api.ts', "import { sat } from './lib/units.ts'; import { z } from 'zod';"],
  ])('%s may do: %s', (path, text) => {
    expect(breachesOf(path, text)).toEqual([]);
  });

  test.each([
    ['core/lib/a.ts', "import { x } from '../codec/b.ts';", '1: core/lib must not import core/codec (upward)'],
    ['core/tx/a.ts', "\nimport type { X } from '../channel/b.ts';", '2: core/tx must not import core/channel (upward)'],
    ['core/tx/a.ts', "export { x } from '../wire/b.ts';", '1: core/tx must not import core/wire (sideways)'],
    ['core/tx/a.ts', "export * from '../node/b.ts';", '1: core/tx must not import core/node (upward)'],
    ['core/tx/a.ts', "export type T = import('../node/b.ts').T;", '1: core/tx must not import core/node (upward)'],
    ['core/store/a.ts', "export const x = import('../node/b.ts');", '1: core/store must not import core/node (upward)'],
    ['core/node/a.ts', "import { x } from '../index.ts';", '1: core/node must not import core/top (upward)'],
    ['core/chain/a.ts', "import { x } from '../api.ts';", '1: core/chain must not know the contract'],
    ['core/api.ts', "import { x } from './codec/b.ts';", '1: the contract must not import core/codec'],
    ['core/misc/a.ts', "import { x } from '../lib/b.ts';", '1: core/misc has no layer'],
    ['core/node/a.ts', "import { x } from '../../electron/b.ts';", '1: core must not import electron'],
    ['core/node/a.ts', "import { x } from '../../test/support/b.ts';", '1: core must not import test'],
  ])('%s may not do: %s', (path, text, breach) => {
    expect(breachesOf(path, text)).toEqual([breach]);
  });

  test('the table of exceptions closes no circle', () => {
    const folders = LAYERS.flat();
    const stepsFrom = (from: string) => folders.filter((to) => to !== from && mayImportFolder(from, to));
    for (const folder of folders) {
      const reached = new Set<string>();
      const queue = stepsFrom(folder);
      for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
        if (!reached.has(at)) queue.push(...stepsFrom(at));
        reached.add(at);
      }
      expect(reached, `what ${folder} reaches`).not.toContain(folder);
    }
    for (const { reason } of SIDEWAYS) expect(reason.length).toBeGreaterThan(20);
  });
});

describe('around core', () => {
  test.each([
    [
      'renderer/app.tsx',
      "import type { Api } from '../core/api.ts'; import { sat } from '../core/lib/units.ts'; import './app.css'; export const a = <b/>;",
    ],
    [
      'electron/main.ts',
      "import { start } from '../core/index.ts'; import { app } from 'electron'; import { join } from 'node:path';",
    ],
    [
      'test/unit/tx/a.test.ts',
      "import { x } from '../../../core/tx/b.ts'; import { readFileSync } from 'node:fs'; import * as n from '@noble/secp256k1';",
    ],
    ['test/ui/a.test.ts', "import type { App } from 'electron';"],
  ])('%s may do: %s', (path, text) => {
    expect(breachesOf(path, text)).toEqual([]);
  });

  test.each([
    ['renderer/app.tsx', "import { x } from '../core/lib/bytes.ts';", '1: renderer must not import core/lib/bytes.ts'],
    ['renderer/app.tsx', "import { x } from '../electron/ipc.ts';", '1: renderer must not import electron/ipc.ts'],
    ['renderer/app.tsx', "import { x } from 'node:fs';", '1: node:fs outside core/io'],
    ['electron/main.ts', "import { x } from '../core/node/node.ts';", '1: electron must not import core/node/node.ts'],
    ['electron/main.ts', "import { x } from '../core/index.tsx';", '1: electron must not import core/index.tsx'],
    ['test/ui/a.test.ts', "import { app } from 'electron';", '1: electron at run time in a test'],
  ])('%s may not do: %s', (path, text, breach) => {
    expect(breachesOf(path, text)).toEqual([breach]);
  });
});

describe("Node's modules and packages", () => {
  test.each([
    ['core/io/tcp.ts', "import { connect } from 'node:net'; import { argon2id } from 'hash-wasm';"],
    ['core/headless.ts', "import { createServer } from 'node:net';"],
    ['core/cli.ts', "import { connect } from 'node:net';"],
    ['core/playground/tour.ts', "import { spawn } from 'node:child_process';"],
    ['core/crypto/secp256k1.ts', "import * as noble from '@noble/secp256k1';"],
    ['core/crypto/secp256k1-native.ts', "import native from 'secp256k1';"],
    ['core/bitcoin/script.ts', "import { Script } from '@scure/btc-signer/script.js';"],
  ])('%s may do: %s', (path, text) => {
    expect(breachesOf(path, text)).toEqual([]);
  });

  test.each([
    ['core/node/a.ts', "import { x } from 'node:fs';", '1: node:fs outside core/io'],
    ['core/store/a.ts', "import type { x } from 'node:fs/promises';", '1: node:fs/promises outside core/io'],
    ['core/io/a.ts', "import { x } from 'fs';", "1: Node's fs without its prefix"],
    [
      'core/crypto/hd.ts',
      "import * as noble from '@noble/secp256k1';",
      '1: @noble/secp256k1 belongs in core/crypto/secp256k1',
    ],
    [
      'core/io/a.ts',
      "import { createRequire } from 'node:module';\nexport const x = createRequire(import.meta.url)('secp256k1/bindings.js');",
      '2: secp256k1 belongs in core/crypto/secp256k1, core/io/native-curve.ts',
    ],
    [
      'core/wallet/a.ts',
      "import { selectUTXO } from '@scure/btc-signer';",
      '1: @scure/btc-signer belongs in core/bitcoin/',
    ],
    ['core/tx/a.ts', "import { sha256 } from '@noble/hashes/sha2.js';", '1: @noble/hashes belongs in core/crypto/'],
    ['core/crypto/kdf.ts', "import { argon2id } from 'hash-wasm';", '1: hash-wasm belongs in core/io/'],
    ['core/io/a.ts', "import x from 'left-pad';", '1: the package left-pad is not in package.json'],
    ['core/io/a.ts', "import x from 'undescribed';", '1: the package undescribed has no home'],
  ])('%s may not do: %s', (path, text, breach) => {
    expect(breachesOf(path, text)).toEqual([breach]);
  });
});

describe('purity', () => {
  test.each([
    ['async function f() {}', 'async in a pure folder'],
    ['export const f = async () => 1;', 'async in a pure folder'],
    ['export class C { async m() {} }', 'async in a pure folder'],
    ['export const x = await f();', 'await in a pure folder'],
    ['for await (const x of xs) f(x);', 'for await in a pure folder'],
    ["export const x = import('./b.ts');", 'import() in a pure folder'],
    ['export type T = Promise<number>;', 'Promise in a pure folder'],
    ['export const x = Promise.resolve(1);', 'Promise in a pure folder'],
    ['export const now = Date.now();', 'Date in a pure folder'],
    ['export const now = new Date();', 'Date in a pure folder'],
    ['export const now = performance.now();', 'performance in a pure folder'],
    ['export const r = Math.random();', 'Math.random in a pure folder'],
    ['crypto.getRandomValues(x);', 'crypto.getRandomValues in a pure folder'],
    ['export const x = globalThis.anything;', 'globalThis in a pure folder'],
    ["console.log('x');", 'console in a pure folder'],
    ['setTimeout(f, 1);', 'setTimeout in a pure folder'],
    ['export const e = process.env;', 'process in a pure folder'],
    ['export const o = { process };', 'process in a pure folder'],
    ["export const x = fetch('http://127.0.0.1');", 'fetch in a pure folder'],
    ['export const x = Buffer.alloc(1);', 'Buffer outside core/io'],
    ['export const x = (b: Uint8Array) => b as Buffer;', 'Buffer outside core/io'],
    ['export const k = curve.utils.randomSecretKey();', 'randomSecretKey in a pure folder'],
  ])('refuses %s', (code, rule) => {
    expect(breachesOf('core/payment/a.ts', `// é and 𝄞 before it\n\n${code}`)).toEqual([`3: ${rule}`]);
  });

  test('refuses a source of randomness among the imported names', () => {
    expect(breachesOf('core/crypto/a.ts', "import { randomBytes } from '@noble/hashes/utils.js';")).toEqual([
      '1: randomBytes in a pure folder',
    ]);
  });

  test.each([
    'export const f = (process: number) => process + 1;',
    'export const x = machine.process(a.console, { process: 1, Date: 2 });',
    'export interface T { readonly process: number; fetch(): void }',
    "import { fetch } from './b.ts'; fetch();",
    '// Promise, Date.now(), process\nexport const x = "setTimeout(f)";',
    'export function* steps() { yield Math.max(1, 2); }',
  ])('lets %s pass', (code) => {
    expect(breachesOf('core/payment/a.ts', code)).toEqual([]);
  });

  test.each([
    'lib',
    'codec',
    'crypto',
    'bitcoin',
    'wire',
    'transport',
    'onion',
    'invoice',
    'tx',
    'channel',
    'graph',
    'payment',
    'wallet',
  ])('holds in core/%s', (folder) => {
    expect(breachesOf(`core/${folder}/deep/a.ts`, 'export const now = Date.now();')).toEqual([
      '1: Date in a pure folder',
    ]);
  });

  test.each(['chain', 'store', 'node', 'io', 'playground'])('does not hold in core/%s', (folder) => {
    expect(breachesOf(`core/${folder}/a.ts`, 'export const f = async () => Date.now();')).toEqual([]);
  });

  test('Buffer is for core/io and programs, not for core/node', () => {
    const code = 'export const x = Buffer.alloc(1);';
    expect(breachesOf('core/node/a.ts', code)).toEqual(['1: Buffer outside core/io']);
    expect(breachesOf('core/io/a.ts', code)).toEqual([]);
  });
});

test('a breach reads as place, rule and advice', () => {
  const root = treeOf({ 'package.json': MANIFEST, 'core/tx/a.ts': "\nimport { x } from '../node/b.ts';" });
  expect(checkImportLaw(root).violations.map(describeViolation)).toEqual([
    'core/tx/a.ts:2: core/tx must not import core/node (upward). Move what both need to a lower folder, or take it as an argument.',
  ]);
});

test('a file that does not parse is named', () => {
  const root = treeOf({ 'package.json': MANIFEST, 'core/tx/a.ts': 'const = 1;' });
  expect(() => checkImportLaw(root)).toThrow(/^core\/tx\/a\.ts: /u);
});
