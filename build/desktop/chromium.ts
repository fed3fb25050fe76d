import { findChromium } from '../electron-stand-in/chromium-path.ts';
import { canInstallDebianPackages, installDebianPackages } from '../system.mjs';

const PACKAGES = ['chromium', 'fonts-dejavu-core', 'fonts-noto-cjk'];
export const CHROMIUM_COMMAND = `apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`;

/** Chromium and the letters of our languages, installed where that is possible without asking. False: there is none. */
export function ensureChromium(): boolean {
  if (findChromium()) return true;
  return canInstallDebianPackages() && installDebianPackages(PACKAGES) && findChromium() !== undefined;
}
