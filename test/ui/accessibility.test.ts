import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Hands, handsOn, makeInvoice, PASSWORD, setLook } from '../../build/desktop/hands.ts';
import { walk } from '../../build/desktop/walk.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { axeFaults, complaints, openStage, type Stage } from './support.ts';

describe('every screen for everybody', () => {
  let stage: Stage;
  let app: RunningApp;
  let hands: Hands;

  const faults = (): Promise<readonly string[]> => axeFaults(app);

  beforeAll(async () => {
    stage = await openStage();
    app = await stage.open({ userData: stage.folder() });
    hands = handsOn(app.page);
  });
  afterAll(() => stage.end());

  test('Welcome, its steps, and what the walk passes', async () => {
    expect(await faults()).toEqual([]);
    await hands.press(/^Restore a wallet/u);
    expect(await faults()).toEqual([]);
    await hands.press('Back');
    const found: string[] = [];
    await walk(app, stage.practice, { snap: async () => void found.push(...(await faults())) });
    expect(found).toEqual([]);
  });

  test.each(['Home', 'Pay', 'Receive', 'Channels', 'History', 'Backup', 'Playground', 'Settings'])('%s', async (screen) => {
    await hands.go(screen);
    await hands.page.locator('main h1').waitFor();
    expect(await faults()).toEqual([]);
  });

  test('an invoice, a dialog, a locked window, Chinese', async () => {
    await makeInvoice(hands, 21_000n, 'tea');
    expect(await faults()).toEqual([]);
    await hands.go('Channels');
    await hands.press(/^Close by force/u);
    await hands.page.getByRole('alertdialog').waitFor();
    expect(await faults()).toEqual([]);
    await hands.press('Keep it open');
    await setLook(app, { language: 'zh-Hant' });
    expect(await faults()).toEqual([]);
    await setLook(app, { language: 'en' });
    await ask(app.page, 'shell.lock');
    await hands.sees('Unlock your wallet');
    expect(await faults()).toEqual([]);
    await hands.fill('Password', PASSWORD);
    await hands.press('Unlock');
    await hands.sees('You can pay over Lightning');
  });

  test('a payment by keyboard alone', async () => {
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 1_234_000n, description: 'by keyboard' });
    const { keyboard } = hands.page;
    const focusOn = async (name: RegExp): Promise<void> => {
      for (let step = 0; step < 60; step++) {
        await keyboard.press('Tab');
        const label = await hands.page.evaluate(() => {
          const element = document.activeElement as HTMLInputElement | null;
          return element?.labels?.[0]?.textContent ?? element?.getAttribute('aria-label') ?? element?.textContent ?? '';
        });
        if (name.test(label)) return;
      }
      throw new Error(`the keyboard does not reach ${name}`);
    };
    await hands.go('Home');
    await focusOn(/^Anything to pay/u);
    await keyboard.insertText(invoice);
    await keyboard.press('Enter');
    await hands.sees('Is this what you want to pay?');
    await hands.page.getByRole('button', { name: /^Pay 1/u }).and(hands.page.locator(':enabled')).waitFor();
    await focusOn(/^Pay 1/u);
    await keyboard.press('Enter');
    await hands.sees('Proof of payment');
  });

  test('at twice the size nothing is cut off sideways', async () => {
    await hands.page.setViewportSize({ width: 640, height: 400 });
    for (const screen of ['Home', 'Receive', 'Channels', 'Settings']) {
      await hands.go(screen);
      await hands.page.locator('main h1').waitFor();
      const over = await hands.page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, (document.querySelector('main')?.scrollWidth ?? 0) - (document.querySelector('main')?.clientWidth ?? 0)));
      expect(over, screen).toBeLessThanOrEqual(0);
    }
    await hands.page.setViewportSize({ width: 1280, height: 800 });
  });

  test('all of this without a fault in the page', async () => {
    expect(await complaints(app)).toEqual([]);
  });
});
