import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { allowedLink, confine, CONTENT_SECURITY_POLICY, isOurs, refusePermissions, servePages, webPreferences } from '../../../electron/security.ts';

const folder = mkdtempSync(join(tmpdir(), 'sferic-pages-'));
mkdirSync(join(folder, 'site'));
writeFileSync(join(folder, 'site', 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'site', 'notes.txt'), 'no page');
writeFileSync(join(folder, 'secret.html'), 'secret');
afterAll(() => rmSync(folder, { recursive: true }));
const serve = servePages(join(folder, 'site'));

describe('pages', () => {
  test.each(['app://wallet/', 'app://wallet/index.html', 'app://wallet/none.html', 'app://wallet/notes.txt', 'app://other/index.html'])('%s carries the policy, whatever the answer', async (url) => {
    const { headers } = await serve(new Request(url));
    expect(headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
  test('the policy is the agreed one, word by word', () => {
    expect(CONTENT_SECURITY_POLICY).toBe("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'none'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'");
  });
  test.each(['app://wallet/../secret.html', 'app://wallet/%2e%2e/secret.html', 'app://wallet/..%2fsecret.html', 'app://wallet/..%5csecret.html', 'app://wallet//secret.html', 'app://wallet/%00', 'app://wallet/%', 'app://other/index.html', 'app://wallet/notes.txt'])('%s gives nothing', async (url) => {
    const answer = await serve(new Request(url));
    expect(answer.status).toBeGreaterThanOrEqual(403);
    expect(await answer.text()).toBe('');
  });
  test('only GET', async () => {
    expect((await serve(new Request('app://wallet/index.html', { method: 'POST' }))).status).toBe(403);
  });
  test('ours is the origin and nothing that begins like it', () => {
    expect(['app://wallet', 'app://wallet/index.html'].map(isOurs)).toEqual([true, true]);
    expect(['app://wallet.evil/', 'app://walletx', 'APP://wallet/', 'https://wallet/', '', 'about:blank'].map(isOurs)).toEqual(Array(6).fill(false));
  });
});

test('every window has these preferences and no others, and there is one place that makes windows', () => {
  expect(webPreferences('/preload.cjs')).toEqual({
    preload: '/preload.cjs', sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false, webSecurity: true,
    allowRunningInsecureContent: false, experimentalFeatures: false, webviewTag: false, navigateOnDragDrop: false, spellcheck: false, safeDialogs: true, devTools: false,
  }); // prettier-ignore
  const root = join(import.meta.dirname, '../../../electron');
  const makers = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && /new (?:BrowserWindow|BrowserView|WebContentsView)\b/u.test(readFileSync(join(root, name), 'utf8')));
  expect(makers).toEqual(['window.ts']);
});

describe('links', () => {
  test.each(['https://mempool.space/tx/ab', 'https://github.com/a/b#c'])('%s is opened', (url) => expect(allowedLink(url)).toBe(url));
  test.each([
    'http://mempool.space/', 'https://mempool.space.evil.example/', 'https://evil.example/https://mempool.space', 'https://mempool.space@evil.example/', 'https://user:pw@mempool.space/',
    'https://mempool.space:8443/', 'file:///etc/passwd', 'smb://host/share', '//mempool.space/', '\\\\host\\share', 'https:\\\\mempool.space', 'javascript:alert(1)', 'ms-msdt:/id', 'data:text/html,x',
    'https://mempool。space/', 'https://mеmpool.space/', 'https://mempool.space/\u202e', 'https://mempool.space/ x', 'https://mem\tpool.space/', '', 'https://__proto__/', 'https://constructor/', `https://mempool.space/${'a'.repeat(3000)}`,
  ])('%j is not', (url) => expect(allowedLink(url)).toBeUndefined()); // prettier-ignore
});

describe('the page stays where it is', () => {
  type Handler = (...args: never[]) => unknown;
  const handlers = new Map<string, Handler>();
  const opened: string[] = [];
  confine({ on: (name: string, handler: Handler) => handlers.set(name, handler), setWindowOpenHandler: (handler: Handler) => handlers.set('open', handler) } as never, (url) => opened.push(url));
  test.each(['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'])('%s is prevented', (name) => {
    let isPrevented = false;
    handlers.get(name)?.({ preventDefault: () => (isPrevented = true) } as never);
    expect(isPrevented).toBe(true);
  });
  test('no window is opened; the link goes to the list of hosts', () => {
    expect(handlers.get('open')?.({ url: 'https://evil.example/' } as never)).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://evil.example/']);
  });
  test('every permission is refused, camera, clipboard and files included', () => {
    let request: Handler = () => undefined;
    let check: Handler = () => undefined;
    let device: Handler = () => undefined;
    refusePermissions({ setPermissionRequestHandler: (h: Handler) => (request = h), setPermissionCheckHandler: (h: Handler) => (check = h), setDevicePermissionHandler: (h: Handler) => (device = h) } as never);
    const answers: boolean[] = [];
    for (const permission of ['media', 'clipboard-read', 'geolocation', 'notifications', 'fullscreen', 'openExternal', 'fileSystem', 'hid']) request(...([{}, permission, (isGranted: boolean) => answers.push(isGranted)] as never[]));
    expect(new Set(answers)).toEqual(new Set([false]));
    expect([check(), device()]).toEqual([false, false]);
  });
});
