import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Sbom {
  serialNumber?: string;
  metadata: { timestamp?: string };
  readonly components: readonly { readonly name: string; readonly version: string; readonly hashes?: readonly unknown[] }[];
}

/**
 * Every package that the wallet ships, from the lock file, as CycloneDX. npm puts the time and a random number into it; here
 * they come from the lock file, so that the same sources give the same document.
 */
export function sbomOf(root: string): Sbom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--omit', 'dev', '--omit', 'optional', '--package-lock-only'];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20, shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  const sbom = JSON.parse(stdout) as Sbom;
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  sbom.serialNumber = `urn:uuid:${[hash.slice(0, 8), hash.slice(8, 12), `4${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`, hash.slice(20, 32)].join('-')}`;
  delete sbom.metadata.timestamp;
  return sbom;
}
