import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface PackedFile {
  readonly path: string;
  readonly size: number;
  /** Beside the archive: native code has to be a file of its own. */
  readonly isUnpacked: boolean;
  readonly sha256: string;
}

interface Entry {
  readonly files?: Readonly<Record<string, Entry>>;
  readonly size?: number;
  readonly offset?: string;
  readonly unpacked?: boolean;
  readonly link?: string;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Its directory: four lengths of 32 bits, then JSON; contents follow. */
function headerOf(archive: Uint8Array): { readonly root: Entry; readonly contentsAt: number } {
  const view = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const headerBytes = view.readUInt32LE(4);
  const jsonBytes = view.readUInt32LE(12);
  return { root: JSON.parse(view.subarray(16, 16 + jsonBytes).toString('utf8')) as Entry, contentsAt: 8 + headerBytes };
}

/** Everything that an asar archive and the folder beside it hold, in the order of paths, with a hash of each. */
export function filesOfAsar(path: string): readonly PackedFile[] {
  const archive = readFileSync(path);
  const { root, contentsAt } = headerOf(archive);
  const found: PackedFile[] = [];
  const visit = (entry: Entry, at: string): void => {
    if (entry.files) {
      for (const [name, child] of Object.entries(entry.files)) visit(child, at === '' ? name : `${at}/${name}`);
      return;
    }
    if (entry.link !== undefined) throw new Error(`a link in the archive: ${at}`);
    const start = contentsAt + Number(entry.offset ?? 0);
    const bytes = entry.unpacked === true ? readFileSync(`${path}.unpacked/${at}`) : archive.subarray(start, start + (entry.size ?? 0));
    found.push({ path: at, size: bytes.length, isUnpacked: entry.unpacked === true, sha256: sha256(bytes) });
  };
  visit(root, '');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One line a file, and the hash of all lines: two builds from the same sources have the same. */
export function fileList(files: readonly PackedFile[]): { readonly text: string; readonly sha256: string } {
  const text = files.map(({ path, size, isUnpacked, sha256: hash }) => `${hash} ${`${size}`.padStart(9)} ${isUnpacked ? 'unpacked' : 'packed  '} ${path}\n`).join('');
  return { text, sha256: sha256(Buffer.from(text)) };
}
