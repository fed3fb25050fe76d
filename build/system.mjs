import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program of this name is on PATH. @param {string} program */
export function isOnPath(program) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) =>
    suffixes.some((suffix) => {
      const path = join(folder, program + suffix);
      try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
      } catch {
        return false;
      }
    }),
  );
}

export const canInstallDebianPackages = () => process.getuid?.() === 0 && isOnPath('apt-get');

/**
 * Installs Debian packages quietly; shows apt's words only when it fails.
 * @param {string[]} packages
 * @returns {boolean} whether apt-get succeeded
 */
export function installDebianPackages(packages) {
  console.log(`Installing Debian packages: ${packages.join(' ')} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { status, stdout, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (status === 0) continue;
    console.error(lastLines(`${stdout ?? ''}${stderr ?? ''}`, 15));
    return false;
  }
  return true;
}

/** The last lines of a program's output. @param {string} text @param {number} count */
export const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');
