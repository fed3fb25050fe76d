import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { apiDocument, checkApiDocument } from '../../../build/api-docs.ts';
import { ERROR_CODES, events, methods } from '../../../core/api.ts';

test('docs/api.md is up to date', () => {
  expect(checkApiDocument(fileURLToPath(new URL('../../..', import.meta.url))).violations).toEqual([]);
});

test('it names every method, parameter, event and error', () => {
  const lines = new Set(apiDocument().split('\n'));
  const text = apiDocument();
  for (const [name, { summary, params }] of Object.entries(methods)) {
    expect(lines).toContain(`### ${name}`);
    expect(text).toContain(summary);
    for (const parameter of Object.keys(params.shape)) expect(text).toContain(`| \`${parameter}\` |`);
  }
  for (const name of [...Object.keys(events), ...ERROR_CODES]) expect(text).toContain(`| \`${name}\` |`);
  expect(text).toContain('| `timeoutMs` | whole number from 0 to 600000 | `60000` |');
});

test('its links lead somewhere', () => {
  const anchors = new Set([...apiDocument().matchAll(/^#+ (.*)$/gmu)].map(([, title = '']) => title.toLowerCase().replaceAll(/[^\w -]/gu, '').replaceAll(' ', '-'))); // prettier-ignore
  const links = [...apiDocument().matchAll(/\]\(#([^)]*)\)/gu)].map(([, anchor]) => anchor);
  expect(links.length).toBeGreaterThan(10);
  for (const anchor of links) expect(anchors).toContain(anchor);
});

test('a difference is one violation with its line', () => {
  const root = mkdtempSync(join(tmpdir(), 'sferic-docs-'));
  try {
    mkdirSync(join(root, 'docs'));
    const [first = '', ...rest] = apiDocument().split('\n');
    writeFileSync(join(root, 'docs/api.md'), [first, 'a line too many', ...rest].join('\n'));
    expect(checkApiDocument(root).violations).toEqual([{ path: 'docs/api.md', line: 2, rule: 'differs from core/api.ts', advice: 'Run: npm run docs' }]);
    rmSync(join(root, 'docs/api.md'));
    expect(checkApiDocument(root).violations).toHaveLength(1);
  } finally {
    rmSync(root, { recursive: true });
  }
});
