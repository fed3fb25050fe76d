import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../core/lib/bytes.ts';

/** Something that must not be found, in every form that a program writes bytes or text in. */
export interface Needle {
  readonly name: string;
  readonly forms: readonly Buffer[];
}

const hexForms = (hex: string): readonly Buffer[] => [Buffer.from(hex), Buffer.from(hex.toUpperCase()), Buffer.from(hex, 'utf16le')];

/** Base64 of the bytes wherever they begin in what is encoded; the characters that neighbours share are left out. */
function base64Forms(secret: Uint8Array): readonly Buffer[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64').replaceAll('=', '');
    const own = text.slice(before === 0 ? 0 : before + 1, -1);
    return [Buffer.from(own), Buffer.from(own.replaceAll('+', '-').replaceAll('/', '_'))];
  });
}

const listForms = (secret: Uint8Array): readonly Buffer[] => [
  Buffer.from([...secret].join(',')),
  Buffer.from([...secret].join(', ')),
  Buffer.from([...secret].map((byte, i) => `"${i}":${byte}`).join(',')),
];

/** Raw, hex, base64, a list of numbers; backwards too, as Bitcoin likes to write. */
export function bytesNeedle(name: string, secret: Uint8Array): Needle {
  const backwards = secret.slice().reverse();
  return {
    name,
    forms: [Buffer.from(secret), Buffer.from(backwards), ...hexForms(toHex(secret)), ...hexForms(toHex(backwards)), ...base64Forms(secret), ...listForms(secret)],
  };
}

export const textNeedle = (name: string, text: string): Needle => ({
  name,
  forms: [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(toHex(Buffer.from(text))), Buffer.from(encodeURIComponent(text)), ...base64Forms(Buffer.from(text))],
});

const SEPARATORS = [' ', ',', ', ', '\n', '","', '", "', "', '", '%20', '+', '-', '_'];

/** Any three of the words in a row: enough to be too much. */
export const wordsNeedles = (mnemonic: string): readonly Needle[] =>
  mnemonic.split(' ').flatMap((_, at, words) => {
    const three = words.slice(at, at + 3);
    if (three.length < 3) return [];
    const texts = SEPARATORS.flatMap((separator) => [three.join(separator), three.join(separator).toUpperCase()]);
    return [{ name: `words ${at + 1} to ${at + 3}`, forms: texts.flatMap((text) => textNeedle('', text).forms) }];
  });

/** Names of the needles that are in there. */
export const found = (haystack: Uint8Array, needles: readonly Needle[]): readonly string[] => {
  const bytes = Buffer.from(haystack.buffer, haystack.byteOffset, haystack.length);
  return needles.filter(({ forms }) => forms.some((form) => bytes.includes(form))).map(({ name }) => name);
};

/** Contents of every file under a folder, by path; sockets have none. */
export async function filesUnder(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = new Map<string, Buffer>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return files;
}
