import type { Locator } from 'playwright-core';
import type { RunningApp } from '../electron-stand-in/launch.ts';
import { handsOn } from './hands.ts';

export type Shoot = (name: string, at?: Locator) => Promise<void>;

/** The seconds in which it starts, held for as long as the picture takes. */
async function starting(app: RunningApp, shoot: Shoot): Promise<void> {
  if (app.kind !== 'stand-in') return;
  const { press, sees } = handsOn(app.page);
  await app.evaluate(({ ipcMain }) => {
    const kept = ipcMain.handlers.get('sferic:playground.start');
    ipcMain.handlers.set('sferic:playground.start', () => {
      if (kept) ipcMain.handlers.set('sferic:playground.start', kept);
      return new Promise(() => undefined);
    });
  });
  await press(/^Try it in the playground/u);
  await sees('The playground starts');
  await app.evaluate(({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]?.webContents.send('sferic:event', 'playground.progress', { step: 'coins' }));
  await shoot('playground-starting');
  await press('Back');
}

/** From the first start of the program through everything in the playground, the breach of a channel among it. */
export async function playgroundScenes(app: RunningApp, shoot: Shoot): Promise<void> {
  const { page } = app;
  const { go, press, sees } = handsOn(page);
  const side = (name: string): Promise<void> => page.getByRole('radio', { name, exact: true }).check({ force: true });
  const step = async (button: string, next: string): Promise<void> => {
    await press(button);
    await page.getByRole('heading', { level: 3, name: next, exact: true }).waitFor();
  };
  await sees('How do you want to start?');
  await shoot('first-start');
  await press(/^A wallet of my own/u);
  await sees('Where does the wallet see the chain?');
  await shoot('chain-source');
  await press('Back');
  await starting(app, shoot);
  await press(/^Try it in the playground/u);
  await press('Pay Café');
  await page.locator('.net').getByText(/^3\s599\s000$/u).waitFor();
  await shoot('playground-network');
  await go('Home');
  await sees('You can pay over Lightning');
  await shoot('playground-home');
  await go('Playground');
  await side('Tours');
  await sees('Choose a tour');
  await shoot('playground-tours');

  await press(/^A cheat and its penalty/u);
  await page.getByRole('heading', { level: 3, name: 'Half and half', exact: true }).waitFor();
  await shoot('tour-cheat');
  await step('Set up the channel', 'A new state');
  await step('Let Bob pay', 'Bob is tempted');
  await step('Let Bob cheat', 'Caught');
  await shoot('tour-cheat-caught');
  await go('Home');
  await sees('An alarm in the playground');
  await shoot('breach');
  await go('Channels');
  await page.locator('.ch', { hasText: 'closing on chain' }).first().click();
  await sees('How the close goes on');
  await shoot('breach-channel');
  await page.getByRole('main').getByRole('button', { name: 'History', exact: true }).click();
  await page.getByRole('table', { name: 'Every state' }).waitFor();
  await shoot('breach-history');
  await press('Got it');
  await go('Playground');
  await step('Mine two blocks', 'Everything is yours');
  await shoot('tour-cheat-end');
  await press('Finish');

  await sees('Choose a tour');
  await press(/^A tab paid by the second/u);
  await step('Set up the channel', 'Start the tab');
  await press('Start paying');
  await sees('The limit is reached. The wallet pays no more by itself.');
  await shoot('tour-tab');
  await step('Get up and go', 'Nothing of it is in the chain');
  await step('Close together', 'Two transactions in all');
  await press('Finish');

  await press(/^A payment that times out/u);
  await step('Set up the channel', 'Promise it');
  await step('Lock 5 000 000 sat', 'Locked');
  await shoot('tour-timeout');
  await step('Mine until it has expired', 'Taken back without him');
  await step('Mine the delay', 'Back');
  await press('Finish');

  await press(/^A loss of data/u);
  await step('Set up the channel, make the copy', 'Life goes on');
  await step('Pay Carol twice', 'The disk breaks');
  await step('Put the old copy back', 'She asks and does not publish');
  await shoot('tour-loss');
  await step('Mine until she has her coins', 'Nothing is lost');
  await press('Finish');
  await side('What happened');
  await shoot('playground-log');
}
