import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Licences {
  /** Sorted by name; `text` is a place in `texts`. */
  readonly packages: readonly { readonly name: string; readonly version: string; readonly licence: string; readonly text?: number }[];
  /** Each once. */
  readonly texts: readonly string[];
}

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

const FILE = /^(?:LICEN[CS]E|COPYING)(?:[.-][\w.-]+)?$/iu;

/** The text that a package brings, without what differs from system to system. */
function textIn(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).filter((file) => FILE.test(file)).sort()[0]; // prettier-ignore
  return name === undefined ? undefined : readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim();
}

/** Every package that the wallet ships, from the lock file, with the licence that it brings itself. The same sources give the same list. */
export function licencesOf(root: string): Licences {
  const lock = join(root, 'package-lock.json');
  if (!existsSync(lock)) return { packages: [], texts: [] };
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as { readonly packages: Readonly<Record<string, Locked>> };
  const texts: string[] = [];
  const found = new Map<string, Licences['packages'][number]>();
  for (const [path, { version = '', license = '', dev = false, optional = false, devOptional = false }] of Object.entries(packages)) {
    if (path === '' || dev || optional || devOptional) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const text = textIn(join(root, path));
    if (text !== undefined && !texts.includes(text)) texts.push(text);
    found.set(`${name} ${version}`, { name, version, licence: license, ...(text === undefined ? {} : { text: texts.indexOf(text) }) });
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  return { packages: sorted, texts };
}
