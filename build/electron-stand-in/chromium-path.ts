import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const KNOWN = [
  '/usr/lib/chromium/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** A Chromium of this computer, or undefined. CHROMIUM in the environment names another. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  if (named) return named;
  const onPath = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...KNOWN, ...onPath].find((path) => existsSync(path));
}

export function chromiumPath(): string {
  const found = findChromium();
  if (!found) throw new Error('No Chromium on this computer. On Debian or Ubuntu: sudo apt-get install chromium');
  return found;
}

/** Chromium's made-up camera, which shows a film. */
export const cameraFlags = (film: string | undefined): readonly string[] => (film === undefined ? [] : ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]);
