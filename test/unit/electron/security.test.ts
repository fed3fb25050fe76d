import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createCamera } from '../../../electron/camera.ts';
import { createGestures } from '../../../electron/gestures.ts';
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
    expect(headers.get('permissions-policy')).toBe('camera=(self), microphone=(), display-capture=()');
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
});

describe('permissions', () => {
  const PAGE = 7;
  const OURS = 'app://wallet/';
  let nowMs = 0;
  let isLocked = false;
  let touch: (event: unknown, input: { readonly type: string }) => void = () => undefined;
  const gestures = createGestures(() => nowMs);
  gestures.watch({ on: (_name: string, listener: typeof touch) => (touch = listener) } as never);
  const camera = createCamera({ takeGesture: gestures.take, isLocked: () => isLocked, nowMs: () => nowMs });
  type Details = Readonly<Record<string, unknown>>;
  let request: (contents: unknown, permission: string, answer: (isGranted: boolean) => void, details: Details) => void = () => undefined;
  let check: (contents: unknown, permission: string, origin: string, details: Details) => boolean = () => true;
  let device: (details: Details) => boolean = () => true;
  const session = { setPermissionRequestHandler: (h: typeof request) => (request = h), setPermissionCheckHandler: (h: typeof check) => (check = h), setDevicePermissionHandler: (h: typeof device) => (device = h) };
  refusePermissions(session as never, (pageId) => pageId === PAGE && camera.isGiven());

  interface Wish {
    readonly permission: string;
    readonly media: readonly string[];
    readonly url: string;
    readonly isMainFrame: boolean;
    readonly pageId: number | undefined;
  }
  const CAMERA: Wish = { permission: 'media', media: ['video'], url: OURS, isMainFrame: true, pageId: PAGE };
  /** What the two handlers say; a check is about one kind of media. */
  const answers = ({ permission, media, url, isMainFrame, pageId }: Wish): readonly boolean[] => {
    const contents = pageId === undefined ? null : { id: pageId };
    const details = { isMainFrame, requestingUrl: `${url}index.html`, securityOrigin: url };
    const given: boolean[] = [];
    if (contents) request(contents, permission, (isGranted) => given.push(isGranted), { ...details, mediaTypes: media });
    return [...given, ...(media.length === 1 ? [check(contents, permission, url, { ...details, mediaType: media[0] })] : [])];
  };
  const touched = (): boolean => {
    touch({}, { type: 'mouseDown' });
    return camera.give();
  };
  const PERMISSIONS = [
    'media', 'display-capture', 'clipboard-read', 'clipboard-sanitized-write', 'geolocation', 'notifications', 'fullscreen', 'openExternal', 'fileSystem', 'hid', 'usb', 'serial', 'midi', 'pointerLock', 'mediaKeySystem', 'idle-detection',
    'screen-wake-lock', 'window-management', 'local-fonts', 'captured-surface-control', 'speaker-selection', 'unknown',
  ]; // prettier-ignore
  const ORIGINS = [OURS, 'https://wallet/', 'app://other/', 'app://wallet.evil/', 'file:///', 'null', ''];
  const MEDIA = [['video'], ['audio'], ['video', 'audio'], ['audio', 'video'], ['video', 'video'], ['unknown'], []];
  const wishes = PERMISSIONS.flatMap((permission) => ORIGINS.flatMap((url) => MEDIA.flatMap((media) => [true, false].flatMap((isMainFrame) => [PAGE, 8, undefined].map((pageId): Wish => ({ permission, url, media, isMainFrame, pageId })))))); // prettier-ignore
  const granted = (): readonly Wish[] => wishes.filter((wish) => answers(wish).some(Boolean));

  beforeEach(() => {
    camera.takeBack();
    gestures.take();
    isLocked = false;
  });

  test('none is granted unless the camera was given', () => {
    expect(granted()).toEqual([]);
    expect(device({})).toBe(false);
  });
  test('with the camera given: pictures alone, for the top frame of our page in our window, and nothing else', () => {
    expect(touched()).toBe(true);
    expect(granted()).toEqual([CAMERA]);
    expect(answers(CAMERA)).toEqual([true, true]);
    expect(device({})).toBe(false);
  });
  test('whatever does not say who asks, or for what, is refused', () => {
    expect(touched()).toBe(true);
    const said: boolean[] = [];
    const ask = (details: Details): void => request({ id: PAGE }, 'media', (isGranted) => said.push(isGranted), details);
    const whole = { isMainFrame: true, requestingUrl: OURS, securityOrigin: OURS };
    ask(whole);
    ask({ ...whole, mediaTypes: ['video'], securityOrigin: undefined });
    ask({ ...whole, mediaTypes: ['video'], requestingUrl: 'https://evil.example/' });
    ask({ ...whole, mediaTypes: ['video'], securityOrigin: 'https://evil.example/' });
    said.push(check({ id: PAGE }, 'media', OURS, whole), check({ id: PAGE }, 'media', OURS, { ...whole, mediaType: 'video', securityOrigin: undefined }), check({ id: PAGE }, 'media', 'https://evil.example/', { ...whole, mediaType: 'video' }));
    expect(said).toEqual(Array(7).fill(false));
  });
  test('it is given after a touch of the window only, once for each touch', () => {
    expect(camera.give()).toBe(false);
    expect(answers(CAMERA)).toEqual([false, false]);
    expect(touched()).toBe(true);
    camera.takeBack();
    expect(camera.give()).toBe(false);
    touch({}, { type: 'mouseMove' });
    expect(camera.give()).toBe(false);
    expect(answers(CAMERA)).toEqual([false, false]);
  });
  test('thirty seconds after the touch nothing is given any more', () => {
    touch({}, { type: 'keyDown' });
    nowMs += 10_000;
    expect(camera.give()).toBe(true);
    nowMs += 20_000;
    expect(answers(CAMERA)).toEqual([true, true]);
    nowMs += 1;
    expect(answers(CAMERA)).toEqual([false, false]);
  });
  test('it is taken back when the page has done with it, and a locked window gets none', () => {
    expect(touched()).toBe(true);
    camera.takeBack();
    expect(answers(CAMERA)).toEqual([false, false]);
    expect(touched()).toBe(true);
    isLocked = true;
    expect(answers(CAMERA)).toEqual([false, false]);
    expect(touched()).toBe(false);
  });
});
