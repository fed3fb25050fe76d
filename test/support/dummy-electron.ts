import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** By which the fuses of Electron's binary are found; a version and a count follow, then one state for each. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSE_COUNT = 9;
/** As Electron ships: whoever packs has to change them. */
const AS_SHIPPED = '101100011'.slice(0, FUSE_COUNT);

/** An archive of nothing: lengths of 32 bits, then its directory as JSON. */
function emptyAsar(): Uint8Array {
  const json = Buffer.from('{"files":{}}');
  const head = Buffer.alloc(16);
  for (const [at, value] of [4, json.length + 8, json.length + 4, json.length].entries()) head.writeUInt32LE(value, at * 4);
  return Buffer.concat([head, json]);
}

/** A folder that looks to a packer like an unpacked Electron for Linux. It does not run. */
export function makeDummyElectron(folder: string, version: string): void {
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'));
  const binary = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(4096), Buffer.from(SENTINEL), Buffer.from([1, FUSE_COUNT]), Buffer.from(AS_SHIPPED), Buffer.alloc(4096)]);
  writeFileSync(join(folder, 'electron'), binary);
  chmodSync(join(folder, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'icudtl.dat', 'resources.pak']) writeFileSync(join(folder, name), name);
  for (const name of ['en-US.pak', 'zh-CN.pak', 'zh-TW.pak', 'de.pak', 'fr.pak']) writeFileSync(join(folder, 'locales', name), name);
  writeFileSync(join(folder, 'resources', 'default_app.asar'), emptyAsar());
  writeFileSync(join(folder, 'version'), version);
}
