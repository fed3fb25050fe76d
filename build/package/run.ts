import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Configuration } from 'electron-builder';
import { bundle } from '../bundle.ts';
import { fileList, filesOfAsar } from './asar.ts';
import { builderConfig } from './config.ts';
import { sbomOf } from './sbom.ts';
import { stage } from './stage.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = `npm run package                  installers for this system, in dist-package; fetches Electron and the installers' tools
npm run package -- --dir         the unpacked program only: needs no more than Electron
npm run package -- --dir --electron <folder>   with an unpacked Electron that is here already: no network at all`;

/** Packs the compiled program. The folder of the unpacked program. */
export async function pack({ root = ROOT, output, isDir, electronDist }: { readonly root?: string; readonly output: string; readonly isDir: boolean; readonly electronDist?: string | undefined }): Promise<string> {
  // Loaded here only: it is large, and nobody but who packs needs it.
  const { build } = await import('electron-builder');
  const staged = join(output, 'staged');
  stage(root, staged);
  await build({ dir: isDir, projectDir: root, config: builderConfig({ root, staged, output, electronDist }) as unknown as Configuration });
  const unpacked = readdirSync(output, { withFileTypes: true }).find((entry) => entry.isDirectory() && (entry.name.endsWith('unpacked') || entry.name.startsWith('mac')));
  if (!unpacked) throw new Error(`electron-builder left no program in ${output}`);
  return join(output, unpacked.name);
}

/** Where the archive lies in an unpacked program. */
export const asarIn = (unpacked: string): string => join(unpacked, process.platform === 'darwin' ? 'Sferic.app/Contents/Resources/app.asar' : 'resources/app.asar');

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dir: { type: 'boolean', default: false }, electron: { type: 'string' }, help: { type: 'boolean', default: false } } });
  if (values.help) return console.log(USAGE);
  await bundle();
  const output = join(ROOT, 'dist-package');
  mkdirSync(output, { recursive: true });
  const unpacked = await pack({ output, isDir: values.dir, electronDist: values.electron });
  const { text, sha256 } = fileList(filesOfAsar(asarIn(unpacked)));
  writeFileSync(join(output, 'files.txt'), text);
  writeFileSync(join(output, 'sbom.cdx.json'), `${JSON.stringify(sbomOf(ROOT), null, 2)}\n`);
  console.log(`${unpacked}\nfiles.txt: ${text.split('\n').length - 1} files, sha256 ${sha256}\nsbom.cdx.json`);
}

if (import.meta.main) await main();
