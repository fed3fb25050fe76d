import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import type { BrowserWindowConstructorOptions, MediaAccessPermissionRequest, Session, WebContents } from 'electron';

export const SCHEME = 'app';
export const ORIGIN = 'app://wallet';

/** Of every window. Written out, defaults too, so that a change of Electron's defaults changes nothing here. */
export const webPreferences = (preload: string): NonNullable<BrowserWindowConstructorOptions['webPreferences']> => ({
  preload,
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
  safeDialogs: true,
  devTools: false,
});

/** Scripts and styles of ours only, no network at all, no HTML from strings. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'none'", "font-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'", "require-trusted-types-for 'script'",
].join('; '); // prettier-ignore

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(self), microphone=(), display-capture=()',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.woff2': 'font/woff2',
}; // prettier-ignore

const refusal = (status: number): Response => new Response(null, { status, headers: HEADERS });

/** Files of one folder as `app://wallet/...`, each with the policy; nothing outside the folder, whatever the path says. */
export function servePages(folder: string): (request: Request) => Promise<Response> {
  return async ({ url, method }) => {
    const { host, pathname } = new URL(url);
    if (host !== 'wallet' || method !== 'GET') return refusal(403);
    try {
      const path = normalize(join(folder, decodeURIComponent(pathname === '/' ? '/index.html' : pathname)));
      const type = TYPES[extname(path)];
      if (!path.startsWith(folder + sep) || type === undefined) return refusal(403);
      return new Response(new Uint8Array(await readFile(path)), { headers: { ...HEADERS, 'content-type': type } });
    } catch {
      return refusal(404);
    }
  };
}

export const isOurs = (url: string): boolean => url === ORIGIN || url.startsWith(`${ORIGIN}/`);

interface Wish {
  readonly permission: string;
  readonly isMainFrame: boolean;
  /** Every address that says who asks; what is missing is nobody's. */
  readonly askers: readonly (string | undefined)[];
  readonly media: readonly (string | undefined)[];
}

/** Pictures of a camera and nothing beside them, for the top frame of our own page. */
const isCameraOnly = ({ permission, isMainFrame, askers, media }: Wish): boolean =>
  permission === 'media' && media.length === 1 && media[0] === 'video' && isMainFrame && askers.every((url) => url !== undefined && isOurs(url));

/** Every permission of web pages is refused, but the camera while the main process gives it to this page: a QR code is read with it. */
export function refusePermissions(session: Session, isCameraGiven: (pageId: number | undefined) => boolean): void {
  session.setPermissionRequestHandler((contents, permission, answer, details) => {
    const { isMainFrame, requestingUrl, securityOrigin, mediaTypes = [] }: MediaAccessPermissionRequest = details;
    answer(isCameraOnly({ permission, isMainFrame, askers: [requestingUrl, securityOrigin], media: mediaTypes }) && isCameraGiven(contents.id));
  });
  session.setPermissionCheckHandler((contents, permission, origin, { isMainFrame, requestingUrl = origin, securityOrigin, mediaType }) =>
    isCameraOnly({ permission, isMainFrame, askers: [origin, requestingUrl, securityOrigin], media: [mediaType] }) && isCameraGiven(contents?.id),
  );
  session.setDevicePermissionHandler(() => false);
}

/** A page stays where it is, opens nothing and embeds nothing. */
export function confine(contents: WebContents, openLink: (url: string) => void): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    openLink(url);
    return { action: 'deny' };
  });
}

/** Hosts whose pages may be opened in the system's browser, and why. */
const LINK_HOSTS: Readonly<Record<string, string>> = {
  'mempool.space': 'block explorer',
  'github.com': 'documentation and releases',
};

/** The address to hand to the system, or undefined: https, a listed host exactly, no login, no other port. */
export function allowedLink(text: string): string | undefined {
  // What a parser would drop or map to something else (tabs, full-width letters) never comes from a screen of ours.
  if (text.length > 2000 || !/^[\x21-\x7e]+$/u.test(text) || text.includes('\\') || !URL.canParse(text)) return undefined;
  const { protocol, hostname, username, password, port, href } = new URL(text);
  const isPlain = protocol === 'https:' && username === '' && password === '' && port === '';
  return isPlain && Object.hasOwn(LINK_HOSTS, hostname) ? href : undefined;
}
