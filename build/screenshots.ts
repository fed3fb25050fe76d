/** `npm run screenshots`: every screen in light and dark, three languages and two sizes, into docs/screens/. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Locator } from 'playwright-core';
import { bundle } from './bundle.ts';
import { CHROMIUM_COMMAND, ensureChromium } from './desktop/chromium.ts';
import { setLook } from './desktop/hands.ts';
import { startPractice } from './desktop/practice.ts';
import { playgroundScenes } from './desktop/scenes-playground.ts';
import { recoveryScenes, walletScenes } from './desktop/scenes-wallet.ts';
import { smallPng } from './desktop/small-png.ts';
import { launch, ROOT, type RunningApp } from './electron-stand-in/launch.ts';

const USAGE = `npm run screenshots                               every picture
npm run screenshots -- home pay                   those whose name begins so; the walk through all screens is the same
npm run screenshots -- --look zh-Hans-dark-900    in one look only; may repeat
npm run screenshots -- --into <folder>            to another folder than docs/screens
npm run screenshots -- --part wallet              wallet, playground or recovery only`;

const SIZES = [{ width: 1280, height: 800 }, { width: 900, height: 600 }] as const; // prettier-ignore
const LANGUAGES = ['en', 'zh-Hans', 'zh-Hant'] as const;
const THEMES = ['light', 'dark'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { look: { type: 'string', multiple: true, default: [] }, into: { type: 'string' }, part: { type: 'string', multiple: true, default: [] }, help: { type: 'boolean', default: false } },
}); // prettier-ignore
const FOLDER = values.into ?? join(ROOT, 'docs/screens');
/** Every way in which a screen is looked at. */
const LOOKS = SIZES.flatMap((size) => LANGUAGES.flatMap((language) => THEMES.map((theme) => ({ size, language, theme, look: `${language}-${theme}-${size.width}` })))).filter(({ look }) => values.look.length === 0 || values.look.includes(look)); // prettier-ignore
const isWanted = (name: string): boolean => positionals.length === 0 || positionals.some((start) => name.startsWith(start));
const isPart = (name: string): boolean => values.part.length === 0 || values.part.includes(name);

/** The same moment in every language, colour and size: the screen stays as it is while its look changes. */
const shooter = (app: RunningApp) => async (name: string, at?: Locator): Promise<void> => {
  if (!isWanted(name)) return;
  const { page } = app;
  // Nothing looks as if it were pointed at, and nothing moves. A picture that stops movements by itself loses dialogs now and then.
  await page.mouse.move(2, 2);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const { size, language, theme, look } of LOOKS) {
    await page.setViewportSize(size);
    await setLook(app, { language, theme });
    await page.evaluate(() => document.querySelector('#main')?.scrollTo(0, 0));
    await at?.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished, effect }) => (effect?.getComputedTiming().iterations === Infinity ? undefined : finished))));
    writeFileSync(join(FOLDER, `${name}-${look}.png`), smallPng(await page.screenshot()));
  }
  await setLook(app, { language: 'en', theme: 'light' });
  await page.emulateMedia({ reducedMotion: null });
  await page.setViewportSize(SIZES[0]);
};

async function shootAll(): Promise<void> {
  if (!ensureChromium()) throw new Error(`No Chromium: sudo ${CHROMIUM_COMMAND}`);
  if (values.look.length + positionals.length + values.part.length === 0) rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  await bundle();
  const folders: string[] = [];
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'sferic-screens-'));
    folders.push(made);
    return made;
  };
  const practice = await startPractice();
  try {
    if (isPart('playground')) {
      const app = await launch({ userData: folder() });
      await playgroundScenes(app, shooter(app));
      await app.close();
    }
    const userData = folder();
    const open = (): Promise<RunningApp> => launch({ userData, env: practice.env });
    if (isPart('wallet')) {
      const app = await open();
      await walletScenes(app, practice, shooter(app));
      await app.close();
    }
    if (isPart('recovery')) await recoveryScenes({ open, openElsewhere: () => launch({ userData: folder(), env: practice.env }), shooter, practice, userData, copyFolder: folder() });
    console.log(`Written to ${FOLDER}`);
  } finally {
    await practice.stop();
    for (const made of folders) rmSync(made, { recursive: true, force: true });
  }
}

if (values.help) console.log(USAGE);
else await shootAll();
