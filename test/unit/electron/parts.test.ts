import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { cleanLink, linkOf, watchLinks } from '../../../electron/deep-links.ts';
import { quickUnlock } from '../../../electron/secrets.ts';
import { openSettings } from '../../../electron/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'sferic-shell-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('links of the system', () => {
  test.each(['lightning:lnbcrt1qqq', 'LIGHTNING:LNBC1QQQ', 'bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.001&label=a%20b', 'lightning://lnbc1qq'])('%s may be shown', (link) => expect(cleanLink(link)).toBe(link));
  test.each(['https://example.org', 'lightning:', 'lightning:a b', 'lightning:abc\n--inspect', 'bitcoin:abc"def', "bitcoin:abc'", 'bitcoin:abc?x=<b>', 'bitcoin:abc?amount=1&amount=2', 'bitcoin:abc?amount=1&AMOUNT=2', 'lightning:аbc', `lightning:${'a'.repeat(5000)}`, 'javascript:lightning:abc'])('%j may not', (link) => expect(cleanLink(link)).toBeUndefined());
  test('of a command line at most one link is taken, and no option is ever looked at', () => {
    expect(linkOf(['app', '--', 'lightning:abc'])).toBe('lightning:abc');
    expect(linkOf(['app', '--inspect', '--load-extension=/x', '--no-sandbox'])).toBeUndefined();
    expect(linkOf(['app', 'lightning:abc', 'bitcoin:abc'])).toBeUndefined();
    expect(linkOf(['lightning:abc'])).toBeUndefined();
  });
  test('whatever the argument, what comes out is plain and short', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string().map((text) => `lightning:${text}`), fc.string().map((text) => `bitcoin:a?${text}`)), (text) => {
      const link = cleanLink(text);
      expect(link === undefined || /^[\x21-\x7e]{1,4096}$/u.test(link)).toBe(true);
    })); // prettier-ignore
  });
  /** What somebody who made a link would try: options of Electron and Node, other schemes, quotes, controls, escapes, doubles. */
  const hostile = fc.oneof(
    fc.constantFrom('--inspect', '--inspect-brk=0.0.0.0:9229', '--load-extension=/tmp/x', '--no-sandbox', '--remote-debugging-port=1', '--user-data-dir=/x', '--', '-e', '--require=/x', '/tmp/file.html'),
    fc.tuple(fc.constantFrom('lightning:', 'LIGHTNING:', 'bitcoin:', 'lightning://', 'bitcoin://', 'lnurlp:', 'javascript:', 'file:///', 'https://'), fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('lnbc1qq', 'abc?x=%0a--inspect', 'abc" --inspect', 'abc%00', '../../etc', 'abc#frag', 'abc?a=1&a=2', `a${'b'.repeat(5000)}`))).map(([scheme, rest]) => scheme + rest),
    fc.string({ unit: 'binary', maxLength: 60 }),
  ); // prettier-ignore

  test('of any command line comes one plain link or none, and of two links none', () => {
    fc.assert(fc.property(fc.array(hostile, { maxLength: 6 }), (args) => {
      const link = linkOf(['program', ...args]);
      const links = args.filter((argument) => /^(?:lightning|bitcoin):/iu.test(argument));
      if (link === undefined) return;
      expect(links).toEqual([link]);
      expect(link).toMatch(/^(?:lightning|bitcoin):(?:\/\/)?[A-Za-z0-9]+(?:\?[A-Za-z0-9=&%.+\-_~:,]*)?$/iu);
      expect(link.length).toBeLessThanOrEqual(4096);
    }), { numRuns: 2000 }); // prettier-ignore
  });

  test('the parser is quick, whatever it is given', () => {
    // Takes so many steps that a slow one would not come back.
    for (const text of [`lightning:${'a'.repeat(4000)}!`, `bitcoin:a?${'='.repeat(2000)} `, `bitcoin:${'a?'.repeat(2000)}`, 'lightning:'.repeat(400)]) {
      for (let round = 0; round < 2000; round++) expect(cleanLink(text)).toBeUndefined();
    }
  });

  test('whichever way a link comes, it is handed on for review and nothing else is done', () => {
    const app = new EventEmitter();
    const shown: string[] = [];
    let nowMs = 0;
    let focused = 0;
    watchLinks(app as never, (uri) => shown.push(uri), () => void focused++, () => (nowMs += 1000)); // prettier-ignore
    let isPrevented = false;
    app.emit('open-url', { preventDefault: () => (isPrevented = true) }, 'lightning:abc');
    app.emit('open-url', { preventDefault: () => undefined }, 'lightning:abc --inspect');
    app.emit('second-instance', {}, ['program', '--inspect', 'bitcoin:abc?amount=1']);
    app.emit('second-instance', {}, ['program', '--inspect']);
    expect([shown, isPrevented, focused]).toEqual([['lightning:abc', 'bitcoin:abc?amount=1'], true, 2]);
  });

  test('a flood of links shows two a second', () => {
    const app = new EventEmitter();
    const shown: string[] = [];
    let nowMs = 0;
    watchLinks(app as never, (uri) => shown.push(uri), () => undefined, () => nowMs); // prettier-ignore
    for (let count = 0; count < 100; count++, nowMs += 10) app.emit('second-instance', {}, ['app', `lightning:abc${count}`]);
    expect(shown).toHaveLength(2);
  });
});

describe('quick unlock', () => {
  const keychain = (backend: string, isThere = true) => ({
    isEncryptionAvailable: () => isThere,
    getSelectedStorageBackend: () => backend as never,
    encryptString: (text: string) => Buffer.from([...Buffer.from(text)].map((byte) => byte ^ 0x55)),
    decryptString: (sealed: Buffer) => {
      if (sealed.length === 0) throw new Error('not sealed by this keychain');
      return Buffer.from([...sealed].map((byte) => byte ^ 0x55)).toString();
    },
  });
  test.each(['basic_text', 'unknown'])('on Linux with %s there is none, and nothing is written', async (backend) => {
    const file = join(folder, backend);
    const unlock = quickUnlock(keychain(backend), file, 'linux');
    await unlock.remember('password');
    expect([await unlock.state(), await unlock.recall()]).toEqual(['unavailable', undefined]);
    expect(existsSync(file)).toBe(false);
  });
  test('no keychain at all, on any system', async () => {
    expect(await quickUnlock(keychain('', false), join(folder, 'none'), 'darwin').state()).toBe('unavailable');
  });
  test('kept sealed and private, recalled, forgotten', async () => {
    const file = join(folder, 'kept');
    const unlock = quickUnlock(keychain('gnome_libsecret'), file, 'linux');
    expect(await unlock.state()).toBe('off');
    await unlock.remember('correct horse');
    expect([await unlock.state(), await unlock.recall()]).toEqual(['on', 'correct horse']);
    expect(readFileSync(file).toString()).not.toContain('correct horse');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await unlock.forget();
    expect(await unlock.state()).toBe('off');
  });
  test('what another keychain sealed is forgotten, the password still opens', async () => {
    const file = join(folder, 'other');
    writeFileSync(file, '');
    const unlock = quickUnlock(keychain('kwallet6'), file, 'linux');
    expect([await unlock.recall(), await unlock.state()]).toEqual([undefined, 'off']);
  });
});

describe('settings', () => {
  test.each(['', '{', '[]', 'null', '{"theme":"pink","idleLockMinutes":-1,"chainSources":7,"network":"moon"}'])('a file of %j gives the defaults', (content) => {
    const path = join(folder, 'settings.json');
    writeFileSync(path, content);
    expect(openSettings(path, {}).get()).toEqual({ theme: 'system', language: 'system', unit: 'sat', idleLockMinutes: 10, trayBalance: false, paymentFeePercent: 1, chainSpeed: 'normal', network: 'mainnet', chainSources: [], backupFolder: '' });
  });
  test('what the environment gives wins, is not written, and gives way to a choice', () => {
    const path = join(folder, 'given.json');
    const settings = openSettings(path, { network: 'regtest' });
    settings.set({ theme: 'dark' });
    expect(settings.get().network).toBe('regtest');
    expect(openSettings(path, {}).get()).toMatchObject({ network: 'mainnet', theme: 'dark' });
    settings.set({ network: 'signet' });
    expect(settings.get().network).toBe('signet');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
