import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Native code and what finds it: everything else is inside our bundles. Of each package the files that are needed when it runs. */
const NATIVE: Readonly<Record<string, readonly RegExp[]>> = {
  sqlite3: [/^lib\/[\w-]+\.js$/u, /^build\/Release\/node_sqlite3\.node$/u],
  bindings: [/^bindings\.js$/u],
  'file-uri-to-path': [/^index\.js$/u],
  secp256k1: [/^(?:index|bindings)\.js$/u, /^lib\/(?!elliptic)[\w-]+\.js$/u, new RegExp(`^prebuilds/${process.platform}-${process.arch}/.*\\.node$`, 'u')],
  'node-gyp-build': [/^(?:index|node-gyp-build)\.js$/u],
};
/** The chain of the playground, whose process loads it; pure JavaScript, with all that it needs. */
const CHAIN = 'bcoin';
const CHAIN_FILES = [/\.js(?:on)?$/u, new RegExp(`^prebuilds/${process.platform}-${process.arch}/.*\\.node$`, 'u')];
const CHAIN_NEEDLESS = /(?:^|\/)(?:tests?|bench|browser|docs?|examples?|migrate|etc|node_modules|\.[^/]+)\//u;
/** Headers and macros for compiling. */
const FOR_COMPILERS: ReadonlySet<string> = new Set(['nan', 'napi-macros', 'node-addon-api']);
const LICENCE = /^LICEN[CS]E(?:\.\w+)?$/iu;

type Manifest = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string; readonly dependencies?: Readonly<Record<string, string>> };

const manifestIn = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1).replaceAll('\\', '/')); // prettier-ignore

/** Where a package lies, seen from whoever needs it: there may be several versions. */
const folderOf = (dependent: string, name: string): string => realpathSync(dirname(createRequire(join(dependent, 'package.json')).resolve(`${name}/package.json`)));

/** Of its dependencies those that are packed. */
const packedOf = ({ dependencies = {} }: Manifest): [string, string][] => Object.entries(dependencies).filter(([name]) => name in NATIVE);

/** With what matters when it runs. */
function shortened(manifest: Manifest): object {
  const { name, version, main, license } = manifest;
  const kept = packedOf(manifest);
  return { name, version, ...(main === undefined ? {} : { main }), license, ...(kept.length > 0 ? { dependencies: Object.fromEntries(kept) } : {}) };
}

/** With all that it needs, side by side: none of them is needed in two versions. */
function copyPackage(dependent: string, to: string, name: string): void {
  const from = folderOf(dependent, name);
  const wanted = [...(NATIVE[name] ?? []), LICENCE];
  const target = join(to, 'node_modules', name);
  for (const file of filesIn(from).filter((path) => !path.includes('node_modules/') && wanted.some((pattern) => pattern.test(path)))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(from, file), join(target, file));
  }
  const manifest = manifestIn(from);
  writeFileSync(join(target, 'package.json'), JSON.stringify(shortened(manifest), null, 2));
  for (const [needed] of packedOf(manifest)) copyPackage(from, to, needed);
}

/** A package and what it needs, each where Node will look for it: beside the others, or inside whoever needs another version. */
function copyTree(dependent: string, places: readonly string[], name: string): void {
  const from = folderOf(dependent, name);
  const manifest = manifestIn(from);
  const placeOf = (place: string): string => join(place, 'node_modules', name);
  const known = places.find((place) => existsSync(placeOf(place)));
  if (known !== undefined && manifestIn(placeOf(known)).version === manifest.version) return;
  const target = placeOf(known === undefined ? (places.at(-1) ?? '') : (places[0] ?? ''));
  for (const file of filesIn(from).filter((path) => !CHAIN_NEEDLESS.test(path) && (LICENCE.test(path) || CHAIN_FILES.some((pattern) => pattern.test(path))))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(from, file), join(target, file));
  }
  const { version, main, license, dependencies = {} } = manifest;
  const needed = Object.fromEntries(Object.entries(dependencies).filter(([needs]) => !FOR_COMPILERS.has(needs)));
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name, version, ...(main === undefined ? {} : { main }), license, dependencies: needed }, null, 2));
  for (const needs of Object.keys(needed)) copyTree(from, [target, ...places], needs);
}

/**
 * Lays out in one folder exactly what the packed program holds: our bundles, native code, licences. A packer that has to find
 * out by itself what to take along takes more, and not always the same.
 */
export function stage(root: string, to: string): void {
  const dist = join(root, 'dist');
  if (!existsSync(join(dist, 'main/main.js'))) throw new Error('nothing is compiled: npm run build');
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const part of ['main', 'preload', 'renderer']) cpSync(join(dist, part), join(to, part), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  const project = manifestIn(root);
  const direct = packedOf(project);
  for (const [name] of direct) copyPackage(root, to, name);
  copyTree(root, [to], CHAIN);
  const { name, version, description, license } = project;
  writeFileSync(join(to, 'package.json'), JSON.stringify({ name, productName: 'Sferic', version, description, license, author: 'Sferic', type: 'module', main: 'main/main.js', dependencies: { ...Object.fromEntries(direct), [CHAIN]: manifestIn(join(to, 'node_modules', CHAIN)).version } }, null, 2));
}
