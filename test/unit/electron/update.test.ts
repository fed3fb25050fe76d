import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { newKeyPem, publicKeyOf, type ReleaseFacts, signManifest } from '../../../build/package/sign.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { checkRelease } from '../../../electron/release.ts';
import { compareVersions, judgeManifest, MAX_MANIFEST_BYTES, type UpdateContext } from '../../../electron/update.ts';

const KEY = newKeyPem();
const NOW = Date.parse('2026-11-21T12:00:00Z');
const FACTS: ReleaseFacts = {
  channel: 'stable', sequence: 5, version: '1.4.0', minVersion: '1.2.0', date: '2026-11-20T00:00:00.000Z', validUntil: '2027-02-20T00:00:00.000Z',
  files: [{ name: 'sferic-1.4.0-linux-x64.AppImage', size: 1000, sha512: 'ab'.repeat(64) }],
}; // prettier-ignore
const CONTEXT: UpdateContext = { publicKey: publicKeyOf(KEY), channel: 'stable', ourVersion: '1.3.9', lastSequence: 4, lastVersion: '1.3.9', nowMs: NOW };
const MANIFEST = signManifest(FACTS, KEY);
const judged = (facts: Partial<ReleaseFacts>, context: Partial<UpdateContext> = {}) => judgeManifest(signManifest({ ...FACTS, ...facts }, KEY), { ...CONTEXT, ...context });

describe('a signed manifest', () => {
  test('tells of a newer version, of the same one, and of one that matters', () => {
    expect(judged({})).toMatchObject({ ok: true, isNewer: true, isUrgent: false, release: { version: '1.4.0' } });
    expect(judged({}, { ourVersion: '1.4.0' })).toMatchObject({ ok: true, isNewer: false });
    expect(judged({}, { ourVersion: '1.5.0' })).toMatchObject({ ok: true, isNewer: false });
    expect(judged({}, { ourVersion: '1.1.9' })).toMatchObject({ ok: true, isUrgent: true });
    expect(judged({}, { lastSequence: 5, lastVersion: '1.4.0' })).toMatchObject({ ok: true });
  });

  test('by another key is refused', () => expect(judgeManifest(signManifest(FACTS, newKeyPem()), CONTEXT)).toEqual({ ok: false, why: 'wrong_signature' }));
  test('that is older than one seen before is refused', () => expect(judged({ sequence: 3 })).toEqual({ ok: false, why: 'replayed' }));
  test('that names a lower version than one seen before is refused', () => expect(judged({ version: '1.3.8' })).toEqual({ ok: false, why: 'downgrade' }));
  test('of another channel is refused', () => expect(judged({ channel: 'beta' })).toEqual({ ok: false, why: 'wrong_channel' }));
  test('that is over is refused: somebody may keep a newer one back', () => expect(judged({ validUntil: '2026-11-21T11:59:59.000Z' })).toEqual({ ok: false, why: 'expired' }));
  test('for another program is refused', () => expect(judgeManifest(signManifest({ ...FACTS, product: 'other' } as ReleaseFacts, KEY), CONTEXT)).toEqual({ ok: false, why: 'malformed' }));

  test('that was cut off, changed or blown up is refused, and nothing of it is thrown', () => {
    fc.assert(
      fc.property(fc.nat(MANIFEST.length - 1), fc.integer({ min: 1, max: 127 }), (at, change) => {
        const changed = `${MANIFEST.slice(0, at)}${String.fromCodePoint((MANIFEST.codePointAt(at) ?? 0) ^ change)}${MANIFEST.slice(at + 1)}`;
        const verdict = judgeManifest(changed, CONTEXT);
        // White space around the two fields is nobody's.
        expect(!verdict.ok || JSON.stringify(JSON.parse(changed)) === JSON.stringify(JSON.parse(MANIFEST))).toBe(true);
        if (at < MANIFEST.trimEnd().length) expect(judgeManifest(MANIFEST.slice(0, at), CONTEXT).ok).toBe(false);
      }),
    );
    for (const text of ['', 'null', '[]', '{}', '{"payload":"{}","signature":""}', '<html>', ' '.repeat(MAX_MANIFEST_BYTES + 1)]) expect(judgeManifest(text, CONTEXT)).toEqual({ ok: false, why: 'malformed' });
  });

  test('versions compare by number', () => {
    expect(['1.10.0', '1.9.0', '0.99.99', '1.9.1'].sort(compareVersions)).toEqual(['0.99.99', '1.9.0', '1.9.1', '1.10.0']);
    expect(compareVersions('1.2.3', '1.2.3')).toBe(0);
  });
});

describe('looking for a newer version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sferic-release-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const look = (name: string, text: string | Error, key: string | undefined = CONTEXT.publicKey) =>
    checkRelease({
      file: join(folder, name), log: silentLogger, nowMs: () => NOW, key, url: 'https://releases.invalid/manifest.json', ourVersion: '1.3.9',
      fetchText: () => (text instanceof Error ? Promise.reject(text) : Promise.resolve(text)),
    }); // prettier-ignore

  test('remembers what it saw: an older manifest is refused the next time', async () => {
    expect(await look('seen', MANIFEST)).toEqual({ state: 'newer', version: '1.4.0', dateMs: Date.parse(FACTS.date) });
    expect(JSON.parse(readFileSync(join(folder, 'seen'), 'utf8'))).toEqual({ sequence: 5, version: '1.4.0' });
    expect(await look('seen', signManifest({ ...FACTS, sequence: 4, version: '1.3.9' }, KEY))).toEqual({ state: 'refused', why: 'replayed' });
    expect(await look('seen', signManifest({ ...FACTS, sequence: 6, version: '1.3.9' }, KEY))).toEqual({ state: 'refused', why: 'downgrade' });
  });
  test('without a server nothing is known; without a release key nothing is asked', async () => {
    expect(await look('none', new Error('away'))).toEqual({ state: 'unreachable' });
    expect(await checkRelease({ file: join(folder, 'none'), log: silentLogger, nowMs: () => NOW, fetchText: () => Promise.reject(new Error('asked')) })).toEqual({ state: 'unavailable' });
  });
});
