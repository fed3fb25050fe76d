import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, createWallet, type Hands, handsOn, PASSWORD, setLook } from '../../build/desktop/hands.ts';
import { launch, type RunningApp } from '../../build/electron-stand-in/launch.ts';
import type { PlayState } from '../../core/api.ts';
import { axeFaults, complaints, onStandIn, openStage } from './support.ts';

/** The playground's process names its folder on its command line. */
const processesOf = (userData: string): readonly string[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(join(userData, 'playground'))); // prettier-ignore

interface Reply<T> {
  readonly ok: boolean;
  readonly value: T;
}
const thin = (text: string): RegExp => new RegExp(text.replaceAll(' ', '\\s'), 'u');

describe('the playground, from the first click of somebody who has nothing', () => {
  const userData = mkdtempSync(join(tmpdir(), 'sferic-ui-play-'));
  let app: RunningApp;
  let hands: Hands;
  const play = async (): Promise<PlayState> => ((await ask(app.page, 'playground.state')) as Reply<PlayState>).value;
  const side = (name: string): Promise<void> => app.page.getByRole('radio', { name, exact: true }).check({ force: true });
  /** Presses what the present step of a tour offers, and waits for the next one. */
  const step = async (button: string, next: string): Promise<void> => {
    await hands.press(button);
    await app.page.getByRole('heading', { level: 3, name: next, exact: true }).waitFor({ timeout: 60_000 });
  };

  beforeAll(async () => {
    app = await launch({ userData });
    hands = handsOn(app.page);
  });
  afterAll(async () => {
    await app.close();
    rmSync(userData, { recursive: true, force: true });
  });

  test('one click, no words, no password: the first payment within 20 seconds', async () => {
    const { page, press, sees } = hands;
    expect(await axeFaults(app)).toEqual([]);
    const began = performance.now();
    await press(/^Try it in the playground/u);
    await press('Pay Café');
    await page.locator('.net').getByText(thin('3 599 000')).waitFor();
    console.info(`from the click to the first payment: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await sees('Playground: nothing here is worth anything');
    expect((await play()).log.map(({ code }) => code)).toContain('paid');
  });

  test('every screen says that nothing here is worth anything, and is clean', async () => {
    for (const screen of ['Home', 'Pay', 'Receive', 'Channels', 'History', 'Backup', 'Settings', 'Playground']) {
      await hands.go(screen);
      await hands.page.locator('main h1').waitFor();
      await hands.page.getByRole('complementary', { name: 'Playground' }).getByText('nothing here is worth anything').waitFor();
    }
    for (const name of ['Tours', 'What happened', 'Do']) {
      await side(name);
      expect(await axeFaults(app), name).toEqual([]);
      await hands.page.setViewportSize({ width: 640, height: 400 });
      const over = await hands.page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, (document.querySelector('main')?.scrollWidth ?? 0) - (document.querySelector('main')?.clientWidth ?? 0)));
      expect(over, `${name}, at twice the size`).toBeLessThanOrEqual(0);
      await hands.page.setViewportSize({ width: 1280, height: 800 });
    }
  });

  test('by keyboard alone: whom, how much, and paid', async () => {
    const { keyboard } = hands.page;
    const reach = async (wanted: RegExp): Promise<void> => {
      for (let count = 0; count < 60; count++) {
        await keyboard.press('Tab');
        const label = await hands.page.evaluate(() => {
          const element = document.activeElement as HTMLInputElement | null;
          return element?.labels?.[0]?.textContent ?? element?.getAttribute('aria-label') ?? element?.textContent ?? '';
        });
        if (wanted.test(label)) return;
      }
      throw new Error(`the keyboard does not reach ${wanted}`);
    };
    await hands.go('Playground');
    await reach(/^Café$/u);
    await keyboard.press('ArrowLeft'); // Dave
    await reach(/^Amount/u);
    await keyboard.press('ControlOrMeta+a');
    await keyboard.insertText('250');
    await reach(/^Pay Dave/u);
    await keyboard.press('Enter');
    await hands.page.locator('.net').getByText(thin('9 999 750')).waitFor();
    await hands.go('Playground');
  });

  test('an invoice of a node, looked at and paid by hand on the screen of payments', async () => {
    const { press, sees, go } = hands;
    await press('Pay by hand, with an invoice');
    await sees('Is this what you want to pay?');
    await press(/^Pay 1/u);
    await sees('Proof of payment');
    await go('Playground');
    await hands.page.locator('.net').getByText(thin('3 598 000')).waitFor();
  });

  test('a node is switched off: its channel shows it, here and among the channels, and it comes back', async () => {
    const { page, press, go, sees } = hands;
    await page.getByRole('radio', { name: 'Carol', exact: true }).check({ force: true });
    await press('Switch Carol off');
    await page.locator('.net').getByText('switched off').waitFor();
    await page.locator('.net .edge-away').waitFor();
    await page.getByText('Carol: you have', { exact: false }).filter({ hasText: 'switched off' }).waitFor({ state: 'attached' });
    await go('Channels');
    await sees('peer away');
    await go('Playground');
    await page.getByRole('radio', { name: 'Carol', exact: true }).check({ force: true });
    await press('Switch Carol on');
    await page.locator('.net .edge-away').waitFor({ state: 'detached' });
    await page.getByText('Carol: you have', { exact: false }).filter({ hasText: 'open' }).waitFor({ state: 'attached' });
  });

  test('Bob cheats and is punished, watched in the window; the books are right', async () => {
    const { page, press, sees } = hands;
    await page.getByRole('radio', { name: 'Bob', exact: true }).check({ force: true });
    expect(await page.getByRole('button', { name: /^Let Bob cheat/u }).isDisabled()).toBe(true);
    await press('Let Bob pay you');
    await page.getByRole('button', { name: /^Let Bob cheat/u }).and(page.locator(':enabled')).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText(thin('5 000 000 sat')).waitFor();
    await dialog.getByRole('button', { name: /^Let Bob cheat/u }).click();
    await page.locator('.net .edge-punished').waitFor();
    await page.locator('.blocks .blk-cheat').waitFor();
    await page.locator('.blocks .blk-penalty').waitFor();
    await sees(/published an old, revoked state of a channel/u);
    expect(await axeFaults(app)).toEqual([]);
    const beforeSat = BigInt((await play()).youSat);
    await press('Mine 6');
    await expect.poll(async () => BigInt((await play()).youSat) - beforeSat, { timeout: 20_000 }).toBeGreaterThan(9_980_000n);
    const { value: lines } = (await ask(page, 'ledger.balances')) as Reply<readonly { readonly balanceMsat: string }[]>;
    expect(lines.reduce((sum, { balanceMsat }) => sum + BigInt(balanceMsat), 0n)).toBe(0n);
    await side('What happened');
    await sees('Bob published a revoked state, in which Bob had more than now.');
    await sees('Your wallet saw it and took the share of Bob with the revocation key. No need to wait, no need to ask.');
  });

  test('the tour of the cheat, to its end', async () => {
    await side('Tours');
    await hands.press(/^A cheat and its penalty/u);
    await step('Set up the channel', 'A new state');
    await step('Let Bob pay', 'Bob is tempted');
    await hands.sees(thin('You have 7 000 000 sat, Bob 3 000 000.'));
    await step('Let Bob cheat', 'Caught');
    expect(await axeFaults(app)).toEqual([]);
    await step('Mine two blocks', 'Everything is yours');
    await hands.sees(thin('Of the 10 000 000 sat of the channel, 9 99'));
    await hands.press('Finish');
  });

  test('a step that cannot be done says why in the language of the window, and is done later', async () => {
    const { page, press, sees } = hands;
    await side('Tours');
    await press(/^A payment that times out/u);
    await step('Set up the channel', 'Promise it');
    await side('Do');
    await page.getByRole('radio', { name: 'Dave', exact: true }).check({ force: true });
    await press('Switch Dave off');
    await page.locator('.net').getByText('switched off').waitFor();
    await side('Tours');
    await press('Lock 5 000 000 sat');
    await sees('The node of this tour is switched off. Switch it on under “Do”, then press the button again.');
    await setLook(app, { language: 'zh-Hant' });
    await sees('這個導覽的節點已關機。請在「操作」中把它開啟，然後再按一次按鈕。');
    await setLook(app, { language: 'en' });
    expect(await axeFaults(app)).toEqual([]);
    await side('Do');
    await page.getByRole('radio', { name: 'Dave', exact: true }).check({ force: true });
    await press('Switch Dave on');
    await page.locator('.net').getByText('switched off').waitFor({ state: 'detached' });
    await side('Tours');
    await press('Leave the tour');
  });

  onStandIn('an alarm says whose it is: of the playground, or of the own wallet, which is heard here too and after', async () => {
    const { page, press, sees, go } = hands;
    const onHome = page.getByText('A peer published a revoked state');
    await go('Home');
    await sees('An alarm in the playground');
    // Said once, and nothing green beside it.
    await sees('Where it is:');
    expect([await onHome.count(), await page.locator('.notice-success').count()]).toEqual([0, 0]);
    await sees('It is about the coins of the playground, which are worth nothing.');
    await app.evaluate(({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]?.webContents.send('sferic:event', 'shell.alarm', { code: 'short_of_coins', message: 'x', whose: 'own' }));
    await sees('Your own wallet: look at this now');
    expect(await page.locator('.alarm').allInnerTexts()).toEqual([expect.stringContaining('about your own coins'), expect.stringContaining('worth nothing')]);
    expect(await axeFaults(app)).toEqual([]);
    await page.locator('.alarm', { hasText: 'An alarm in the playground' }).getByRole('button', { name: 'Got it' }).click();
    await page.locator('.alarm', { hasText: 'In the playground' }).waitFor({ state: 'detached' });
    await page.locator('.alarm', { hasText: 'Your own wallet' }).waitFor();
    await press('Got it');
    await page.locator('.alarm').waitFor({ state: 'detached' });
    await onHome.waitFor();
    await go('Playground');
    await side('Tours');
  });

  test('the tour of the tab: a counter that runs, a limit that holds, two transactions', async () => {
    const { page, press, sees } = hands;
    await press(/^A tab paid by the second/u);
    await step('Set up the channel', 'Start the tab');
    expect(await page.getByRole('button', { name: 'Get up and go' }).isDisabled()).toBe(true);
    await press('Start paying');
    for (const paid of ['1 000', '2 000', '3 000']) await page.locator('.tab-counter .answer').getByText(thin(`^${paid}`)).waitFor();
    expect(await axeFaults(app)).toEqual([]);
    await sees('The limit is reached. The wallet pays no more by itself.');
    expect((await play()).tab).toMatchObject({ paidSat: '10000', payments: 10, isRunning: false });
    await step('Get up and go', 'Nothing of it is in the chain');
    await sees(thin('You paid 10 000 sat, in payments: 10.'));
    await step('Close together', 'Two transactions in all');
    await press('Finish');
  });

  test('the tour of the timeout, to its end', async () => {
    await hands.press(/^A payment that times out/u);
    await step('Set up the channel', 'Promise it');
    await step('Lock 5 000 000 sat', 'Locked');
    await hands.page.locator('.net .n-hoptext').getByText(thin('5 000 000 until block')).waitFor();
    expect(await axeFaults(app)).toEqual([]);
    await step('Mine until it has expired', 'Taken back without him');
    await step('Mine the delay', 'Back');
    await hands.press('Finish');
  });

  test('the tour of the loss, to its end', async () => {
    await hands.press(/^A loss of data/u);
    await step('Set up the channel, make the copy', 'Life goes on');
    await step('Pay Carol twice', 'The disk breaks');
    await step('Put the old copy back', 'She asks and does not publish');
    await step('Mine until she has her coins', 'Nothing is lost');
    await hands.press('Finish');
  });

  test('left: nothing of it remains, and the first screen is there again', async () => {
    const { page, press, sees } = hands;
    if (process.platform === 'linux') expect(processesOf(userData)).toHaveLength(1);
    expect(existsSync(join(userData, 'playground'))).toBe(true);
    await press('Leave');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Leave', exact: true }).click();
    await sees('How do you want to start?');
    expect(processesOf(userData)).toEqual([]);
    expect(existsSync(join(userData, 'playground'))).toBe(false);
    expect(await ask(page, 'playground.mine', { blocks: 1 })).toMatchObject({ ok: false, error: { code: 'not_found' } });
  });

  test('quit in the middle of it: no process and no folder remains', async () => {
    await hands.press(/^Try it in the playground/u);
    await hands.page.getByRole('button', { name: 'Pay Café' }).waitFor();
    expect(processesOf(userData)).toHaveLength(1);
    expect(await complaints(app)).toEqual([]);
    expect(await app.close()).toBe(0);
    expect(processesOf(userData)).toEqual([]);
    expect(existsSync(join(userData, 'playground'))).toBe(false);
  });

  test('killed in the middle of it: the process ends by itself, and the next start begins anew', async () => {
    app = await launch({ userData });
    hands = handsOn(app.page);
    await hands.press(/^Try it in the playground/u);
    await hands.press('Pay Café');
    await hands.page.locator('.net').getByText(thin('3 599 000')).waitFor();
    process.kill(app.pid, 'SIGKILL');
    await app.exited;
    await expect.poll(() => processesOf(userData), { timeout: 20_000 }).toEqual([]);
    app = await launch({ userData });
    hands = handsOn(app.page);
    await hands.press(/^Try it in the playground/u);
    await hands.page.locator('.net').getByText(thin('3 600 000')).waitFor();
  });

  test('the process of the playground dies: the window and the own wallet do not, and it can be started again', async () => {
    const [line = ''] = processesOf(userData);
    process.kill(Number.parseInt(line, 10), 'SIGKILL');
    await hands.sees('How do you want to start?');
    expect(await ask(app.page, 'shell.state')).toMatchObject({ value: { playground: 'failed' } });
    await hands.press(/^Try it in the playground/u);
    await hands.page.getByRole('button', { name: 'Pay Café' }).waitFor();
  });
});

describe('the playground beside a wallet of one\'s own', () => {
  test('the own node goes on; leaving leads back to it, and what locks the window is its password', async () => {
    const stage = await openStage();
    try {
      const app = await stage.open({ userData: stage.folder() });
      const hands = handsOn(app.page);
      await createWallet(hands);
      const idOf = async (): Promise<unknown> => ((await ask(app.page, 'node.info')) as Reply<{ readonly nodeId: string }>).value.nodeId;
      const own = await idOf();
      await hands.go('Playground');
      await hands.press('Start the playground');
      await hands.page.getByRole('button', { name: 'Pay Café' }).waitFor();
      expect(await idOf()).not.toBe(own);
      expect(await ask(app.page, 'vault.lock')).toMatchObject({ ok: false, error: { code: 'not_supported' } });
      expect(await ask(app.page, 'shell.connect', { network: 'regtest', chainSources: ['electrum:tcp://127.0.0.1:1'] })).toMatchObject({ ok: false });
      await hands.press('Leave');
      await hands.page.getByRole('alertdialog').getByRole('button', { name: 'Leave', exact: true }).click();
      await hands.sees('You can pay over Lightning');
      expect(await idOf()).toBe(own);

      await hands.go('Playground');
      await hands.press('Start the playground');
      await hands.page.getByRole('button', { name: 'Pay Café' }).waitFor();
      await hands.press('Lock the window');
      await hands.sees('Unlock your wallet');
      expect(await ask(app.page, 'playground.state')).toMatchObject({ ok: false, error: { code: 'locked' } });
      expect(await ask(app.page, 'wallet.balance')).toMatchObject({ ok: false, error: { code: 'locked' } });
      await hands.fill('Password', 'not the password');
      await hands.press('Unlock');
      await hands.sees(/does not open this wallet/u);
      await hands.fill('Password', PASSWORD);
      await hands.press('Unlock');
      await hands.sees('Playground: nothing here is worth anything');
      expect(await complaints(app)).toEqual([]);
    } finally {
      await stage.end();
    }
  });
});
