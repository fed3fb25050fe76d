import type { App } from 'electron';

const MAX_CHARACTERS = 4096;
/** Scheme and what an invoice, an address or a BIP 21 query is made of; no quotes, spaces, controls or other scripts. */
const LINK = /^(?:lightning|bitcoin):(?:\/\/)?[A-Za-z0-9]{1,4000}(?:\?[A-Za-z0-9=&%.+\-_~:,]{0,2000})?$/iu;

/** A name that stands twice means one thing to us and another to somebody else. */
function saysTwice(link: string): boolean {
  const names = (link.split('?', 2)[1] ?? '').split('&').map((field) => field.split('=', 1)[0]?.toLowerCase());
  return new Set(names).size !== names.length;
}

/** Returns the link when it is one that may be shown for review. Nothing else ever happens with it. */
export const cleanLink = (text: string): string | undefined => (text.length <= MAX_CHARACTERS && LINK.test(text) && !saysTwice(text) ? text : undefined);

/** Of a command line: the only argument that is looked at is one link, and of two none. */
export function linkOf(argv: readonly string[]): string | undefined {
  const links = argv.slice(1).filter((argument) => /^(?:lightning|bitcoin):/iu.test(argument));
  return links.length === 1 ? cleanLink(links[0] ?? '') : undefined;
}

const FLOOD_MS = 500;

/** Links of the system, at most two a second. `--` keeps a link from being read as an option of ours. */
export function watchLinks(app: App, onLink: (uri: string) => void, focus: () => void, nowMs: () => number = Date.now): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  const take = (uri: string | undefined): void => {
    if (uri === undefined || nowMs() - lastMs < FLOOD_MS) return;
    lastMs = nowMs();
    onLink(uri);
  };
  if (app.isPackaged) for (const scheme of ['lightning', 'bitcoin']) app.setAsDefaultProtocolClient(scheme, process.execPath, ['--']);
  app.on('open-url', (event, url) => {
    event.preventDefault();
    take(cleanLink(url));
  });
  app.on('second-instance', (_event, argv) => {
    focus();
    take(linkOf(argv));
  });
}
