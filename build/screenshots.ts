/** `npm run screenshots`: every screen in light and dark, three languages and two sizes, into docs/screens/. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { CHROMIUM_COMMAND, ensureChromium } from './desktop/chromium.ts';
import { ask, type Hands, handsOn, makeInvoice, PASSWORD, setLook } from './desktop/hands.ts';
import { type Practice, startPractice } from './desktop/practice.ts';
import { walk, walkPlayground } from './desktop/walk.ts';
import { launch, ROOT, type RunningApp } from './electron-stand-in/launch.ts';

const FOLDER = join(ROOT, 'docs/screens');
const SIZES = [{ width: 1280, height: 800 }, { width: 900, height: 600 }] as const; // prettier-ignore
const LANGUAGES = ['en', 'zh-Hans', 'zh-Hant'] as const;
const THEMES = ['light', 'dark'] as const;

/** The same moment in every language, colour and size: the screen stays as it is while its look changes. */
async function shootAll(app: RunningApp, name: string): Promise<void> {
  for (const size of SIZES) {
    await app.page.setViewportSize(size);
    for (const language of LANGUAGES) {
      for (const theme of THEMES) {
        await setLook(app, { language, theme });
        await app.page.evaluate(() => document.querySelector('#main')?.scrollTo(0, 0));
        await app.page.screenshot({ path: join(FOLDER, `${name}-${language}-${theme}-${size.width}.png`), animations: 'disabled' });
      }
    }
  }
  await setLook(app, { language: 'en', theme: 'light' });
  await app.page.setViewportSize(SIZES[0]);
}

/** Moments that the walk does not stop at. */
async function shootMore(hands: Hands, practice: Practice, shoot: (name: string) => Promise<void>): Promise<void> {
  const { page, go, press, fill, sees } = hands;
  await makeInvoice(hands, 21_000n, 'Workshop seat, 5 December');
  await shoot('receive');
  const { invoice } = await practice.neighbour.rpc.call('invoice.create', { amountMsat: 24_900_000n, description: 'Tide tables 2027, yearly print' });
  await go('Pay');
  await fill('Invoice or address', invoice);
  await press('Look at it');
  await page.getByRole('button', { name: /^Pay \d/u }).waitFor();
  await shoot('pay');
  await go('Channels');
  await press('Open a channel');
  await fill('Peer', practice.neighbour.address);
  await fill('How much', '750000');
  await shoot('open-channel');
  for (const screen of ['Channels', 'History', 'Backup', 'Settings']) {
    await go(screen);
    await shoot(screen.toLowerCase());
  }
  await go('Channels');
  await page.getByRole('main').getByRole('button', { name: 'History' }).click();
  await page.getByRole('button', { name: 'State 4', exact: true }).click();
  await sees('Revoked by the peer');
  await shoot('channel-history');
  await go('Channels');
  await press(/^Close by force/u);
  await sees('Comes back to you');
  await shoot('force-close');
  await press('Keep it open');
  await go('Home');
  await ask(page, 'shell.lock');
  await sees('Unlock your wallet');
  await shoot('locked');
  await fill('Password', PASSWORD);
  await press('Unlock');
  await sees('You can spend now');
}

if (!ensureChromium()) throw new Error(`No Chromium: sudo ${CHROMIUM_COMMAND}`);
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
await bundle();
const userData = mkdtempSync(join(tmpdir(), 'sferic-screens-'));
const practice = await startPractice();
try {
  const app = await launch({ userData, env: practice.env });
  const shoot = (name: string): Promise<void> => shootAll(app, name);
  await shoot('welcome');
  const hands = await walk(app, practice, {
    snap: async (name) => {
      if (['home-empty', 'home', 'paid'].includes(name)) await shoot(name);
    },
  });
  await shootMore(handsOn(hands.page), practice, shoot);
  await walkPlayground(app, { snap: shoot });
  await app.close();
  console.log(`Written to ${FOLDER}`);
} finally {
  await practice.stop();
  rmSync(userData, { recursive: true, force: true });
}
