import { validateMnemonic } from 'bip39';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type Hands, handsOn, makeInvoice, openChannel, PASSWORD, payInvoice, receiveCoins, setLook, wordsOn } from '../../build/desktop/hands.ts';
import { invoiceOfNobody } from '../../core/playground/invoice-of-nobody.ts';
import { axeFaults, complaints, onStandIn, openStage, type Stage } from './support.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';

/** One in sixteen last words would fit. */
const withWrongChecksum = (words: readonly string[]): string =>
  ['zoo', 'abandon', 'ability', 'able', 'about'].map((last) => [...words.slice(0, 11), last].join(' ')).find((phrase) => !validateMnemonic(phrase))!;

/** One person's first hour, in order: each test begins where the one before ended. */
describe('the first hour with the wallet, on the real engine', () => {
  let stage: Stage;
  let folder: string;
  let app: RunningApp;
  let hands: Hands;
  let words: string[];
  const reopen = async (options: { readonly args?: readonly string[] } = {}): Promise<void> => {
    app = await stage.open({ userData: folder, ...options });
    hands = handsOn(app.page);
  };
  const files = (path: string): string[] => readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? files(join(path, entry.name)) : [join(path, entry.name)]));

  beforeAll(async () => {
    stage = await openStage();
    folder = stage.folder();
    await reopen();
  });
  afterAll(() => stage.end());

  test('a wallet is made; a wrong answer in the quiz is told, the right ones confirm the words', async () => {
    const { page, press, fill, sees } = hands;
    await press(/^Create a wallet/u);
    await fill('Password', 'short');
    await sees('Too short: at least 8 characters');
    await fill('Password', PASSWORD);
    await fill('The same again', `${PASSWORD}x`);
    await sees('The two are not the same.');
    expect(await page.getByRole('button', { name: 'Create the wallet' }).isDisabled()).toBe(true);
    await fill('The same again', PASSWORD);
    await press('Create the wallet');
    await sees('Write these 12 words on paper');
    words = await wordsOn(page);
    expect(words).toHaveLength(12);
    await press('I have written them down');
    const labels = await page.locator('main label').allTextContents();
    for (const label of labels) await fill(label, 'zebra');
    await press('Check');
    await sees('Compare with the words on the screen once more.');
    for (const label of labels) await fill(label, words[Number(/\d+/u.exec(label)?.[0]) - 1] ?? '');
    await press('Check');
    await sees('Nothing needs you now');
    expect(await ask(page, 'vault.status')).toMatchObject({ ok: true, value: { state: 'unlocked', seedConfirmedAtMs: expect.any(Number) } });
  });

  test('after the seed screen no word of it is in the page, and nothing secret is in any file', async () => {
    const html = await hands.page.content();
    expect(words.filter((word) => new RegExp(`>${word}<`, 'u').test(html))).toEqual([]);
    const secrets = [words.join(' '), PASSWORD];
    for (const path of files(folder).filter((name) => !name.includes('/chromium/'))) {
      const content = readFileSync(path).toString('latin1');
      expect(secrets.filter((secret) => content.includes(secret)), path).toEqual([]);
    }
    const vault = files(folder).find((path) => path.includes('regtest') && path.includes('vault'));
    expect(statSync(vault ?? '').mode & 0o777).toBe(0o600);
  });

  test('coins arrive on chain, a channel opens', async () => {
    await receiveCoins(hands, stage.practice, 5_000_000n);
    await openChannel(hands, stage.practice, 2_000_000n);
    await hands.go('Home');
    await hands.page.locator('.answer', { hasText: '1 972 000' }).waitFor();
  });

  test('an amount stands in groups while it is typed; a digit put into the middle stays where it was put', async () => {
    const { page, go } = hands;
    await go('Receive');
    const field = page.getByLabel('Amount', { exact: true });
    await field.focus();
    await page.keyboard.type('2000000');
    expect(await field.inputValue()).toBe('2\u2009000\u2009000');
    await page.keyboard.press('Backspace');
    expect(await field.inputValue()).toBe('200\u2009000');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.type('57');
    expect([await field.inputValue(), await field.evaluate((input: HTMLInputElement) => input.selectionStart)]).toEqual(['25700\u2009000', 3]);
    await field.blur();
    await expect.poll(() => field.inputValue()).toBe('25\u2009700\u2009000');
    await field.fill('');
  });

  test('an invoice is paid with proof, and the neighbour has the money', async () => {
    const { invoice, paymentHash } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 250_000_123n, description: 'a book‮gnp.exe' });
    await payInvoice(hands, invoice);
    const text = await hands.page.locator('main').innerText();
    expect(text.replaceAll('\u2009', ' ')).toContain('250 000.123');
    expect(text).not.toContain('‮');
    expect(await stage.practice.neighbour.rpc.call('invoice.get', { paymentHash })).toMatchObject({ state: 'paid', receivedMsat: 250_000_123n });
  });

  test('an invoice of ours is paid, live', async () => {
    const invoice = await makeInvoice(hands, 100_000n, 'change back');
    await stage.practice.neighbour.rpc.call('payment.send', { invoice });
    await hands.sees('It has arrived');
    await hands.page.getByText('+100 000').first().waitFor();
  });

  test('a payment that cannot be made says why before anything is pressed', async () => {
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 3_000_000_000n, description: 'too much' });
    const { page, go, fill, press, sees } = hands;
    await go('Pay');
    await fill('Invoice or address', invoice);
    await press('Look at it');
    await sees('Cannot be paid right now');
    await sees(/3\u202F000\u202F000\u202Fsat are wanted, 1\u202F\d{3}\u202F\d{3}/u);
    expect(await page.getByRole('button', { name: /^Pay 3/u }).isDisabled()).toBe(true);
  });

  test('a payment that fails says in words what to do, and the protocol’s word for it only in small print', async () => {
    const { page, go, fill, press, sees } = hands;
    const invoice = invoiceOfNobody({ hintNodeId: stage.practice.neighbour.nodeId, amountSat: 12_500n, description: 'Two tickets' });
    await go('Pay');
    await fill('Invoice or address', invoice);
    await press('Look at it');
    await press(/^Pay \d/u);
    await sees('It did not arrive');
    await sees(/A node on the way does not know the next one.*Nothing was spent/u);
    await sees(/ask for a new invoice/u);
    await sees('In the words of the protocol (BOLT 4): unknown_next_peer, code 16394 (PERM|10), said by your peer');
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
    expect(await page.getByRole('main').innerText()).not.toContain('no_route');
    expect(await axeFaults(app)).toEqual([]);
    await press('Copy a message to the payee');
    if (app.kind === 'stand-in') await expect.poll(async () => (await app.evaluate(({ clipboard }) => clipboard.readText())).replaceAll(/[\u2009\u202F]/gu, ' ')).toContain('I could not pay your invoice for 12 500 sat: unknown_next_peer.');
    await setLook(app, { language: 'zh-Hans' });
    await sees(/途中的一个节点不认识下一个节点/u);
    await setLook(app, { language: 'en' });
    await press('Enter a new invoice');
    await page.getByLabel('Invoice or address').waitFor();
    if (app.kind !== 'stand-in') return;
    // The same payment, had the channel on the way only been full: that passes, so it can be tried again.
    await app.evaluate(({ ipcMain }) => {
      const name = 'sferic:payment.get';
      const real = ipcMain.handlers.get(name);
      ipcMain.handlers.set(name, async (...given: readonly unknown[]) => {
        const answer = (await real?.(...(given as [never]))) as { readonly value: { readonly failure?: object } };
        return answer.value.failure ? { ok: true, value: { ...answer.value, failure: { code: 'no_route:4103', message: 'x', failureCode: 4103, failureName: 'temporary_channel_failure', hop: 1, atPayee: false } } } : answer;
      });
      Object.assign(globalThis, { realPaymentGet: real });
    });
    await fill('Invoice or address', invoice);
    await press('Look at it');
    await press(/^Pay \d/u);
    await sees(/A channel on the way could not carry the payment just now/u);
    await sees(/code 4103 \(UPDATE\|7\), said by node 2 on the way/u);
    await press('Try again');
    await sees('Is this what you want to pay?');
    await app.evaluate(({ ipcMain }) => void ipcMain.handlers.set('sferic:payment.get', (globalThis as unknown as { readonly realPaymentGet: () => Promise<unknown> }).realPaymentGet));
  });

  test('an invoice that was paid already is not paid twice', async () => {
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 7_000_000n, description: 'once' });
    await payInvoice(hands, invoice);
    const { go, fill, press, sees } = hands;
    await go('Pay');
    await fill('Invoice or address', invoice);
    await press('Look at it');
    await sees(/paid already/u);
  });

  test('the one field leads to the right screen, and keeps no seed', async () => {
    const { page, go, fill, press, sees } = hands;
    const anything = 'Anything to pay or to look at';
    for (const [input, heading] of [[stage.practice.neighbour.address, 'Open a channel'], ['ab'.repeat(32), 'What happened'], ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 'Is this where the coins should go?']] as const) {
      await go('Home');
      await fill(anything, input);
      await press('Go');
      await page.getByRole('heading', { name: heading }).waitFor();
    }
    await go('Home');
    await fill(anything, words.join(' '));
    await press('Go');
    await sees(/look like the words of a seed/u);
    expect(await page.getByLabel(anything).inputValue()).toBe('');
  });

  test('coins are sent on chain after the cost was shown', async () => {
    const { page, go, fill, press, sees } = hands;
    const { address } = await stage.practice.neighbour.rpc.call('wallet.newAddress', {});
    await go('Pay');
    await fill('Invoice or address', `bitcoin:${address}?amount=0.003`);
    await press('Look at it');
    expect(await page.getByLabel('Amount', { exact: true }).inputValue()).toBe('300\u2009000');
    await press(/^Send 300/u);
    await sees('It counts for the payee after the first block.');
    await stage.practice.chain.untilMempool(1);
    await stage.practice.chain.mine(1);
  });

  test('the words are shown again only for the password', async () => {
    const { page, go, fill, press, sees } = hands;
    await go('Backup');
    await fill('Password', 'not the password');
    await press('Show the words');
    await sees(/does not open this wallet/u);
    await fill('Password', PASSWORD);
    await press('Show the words');
    await page.locator('ol.seed').waitFor();
    expect(await wordsOn(page)).toEqual(words);
    if (app.kind === 'stand-in') expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isProtected)).toBe(true);
    await page.evaluate(() => window.dispatchEvent(new Event('blur')));
    await sees(/^Hidden\./u);
    expect(await wordsOn(page)).not.toContain(words[0]);
    await press('Done');
  });

  test('a locked window shows and answers nothing; the node goes on', async () => {
    const { page, fill, press, sees } = hands;
    await press('Lock the window');
    await sees('Your node is running and watches your channels.');
    expect(await ask(page, 'wallet.balance')).toMatchObject({ ok: false, error: { code: 'locked' } });
    expect(await ask(page, 'vault.revealSeed', { password: PASSWORD })).toMatchObject({ ok: false, error: { code: 'locked' } });
    await fill('Password', 'wrong password');
    await press('Unlock');
    await sees(/does not open this wallet/u);
    await fill('Password', PASSWORD);
    await press('Unlock');
    await sees('You can pay over Lightning');
  });

  test('closed and opened again with a link: locked first, then the link is shown for review and nothing else', async () => {
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 5_000_000n, description: 'linked' });
    expect(await app.close()).toBe(0);
    await reopen({ args: [`lightning:${invoice}`] });
    const { fill, press, sees } = hands;
    await sees('Your node is not running yet. It starts when you unlock.');
    await fill('Password', PASSWORD);
    await press('Unlock');
    await sees('Is this what you want to pay?');
    expect(await ask(app.page, 'payment.list', { limit: 1 })).not.toMatchObject({ value: [{ description: 'linked' }] });
  });

  onStandIn('a page that crashes comes back with everything, the engine never noticed', async () => {
    await app.evaluate(({ BrowserWindow }) => void BrowserWindow.getAllWindows()[0]?.webContents.emit('render-process-gone', {}, { reason: 'crashed' }));
    await app.page.waitForEvent('load');
    await hands.sees('You can pay over Lightning');
    await hands.go('Channels');
    await hands.sees('One channel is open');
  });

  test('closing together brings the coins back', async () => {
    const { go, press, sees, page } = hands;
    await go('Channels');
    await page.getByRole('button', { name: 'Close together' }).and(page.locator(':enabled')).click();
    // What arrives is said before, and less than the share.
    await sees('Comes back to you, about');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Close together' }).click();
    await stage.practice.chain.untilMempool(1);
    await stage.practice.chain.mine(6);
    await sees('No channel is open');
    await press('Home');
    await page.locator('.ledger tr', { hasText: 'On chain' }).locator('.amount', { hasText: /^4\s\d{3}\s\d{3}/u }).waitFor();
  });

  test('closing by force asks first with the safer way in front, then publishes', async () => {
    await openChannel(hands, stage.practice, 1_000_000n);
    const { page, press, sees } = hands;
    await press(/^Close by force/u);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Keep it open' }).click();
    await press(/^Close by force/u);
    await page.getByText('I have seen what comes back and when').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Close by force' }).click();
    await stage.practice.chain.untilMempool(1);
    await stage.practice.chain.mine(1);
    await sees('closing on chain');
  });

  test('the same words restore the coins in another folder, in Chinese', async () => {
    const other = await stage.open({ userData: stage.folder() });
    const there = handsOn(other.page);
    await other.page.getByLabel('Language').selectOption('zh-Hans');
    await there.press(/^恢复钱包/u);
    await there.fill('助记词', withWrongChecksum(words));
    await there.fill('密码', PASSWORD);
    await there.fill('再输入一次', PASSWORD);
    await there.press('恢复钱包');
    await there.sees(/助记词有误/u);
    await there.fill('助记词', words.join('  '));
    await there.press('恢复钱包');
    await there.sees('闪电网络可付');
    await other.page.locator('.ledger tr', { hasText: '链上' }).locator('.amount', { hasText: /^3\s\d{3}\s\d{3}/u }).waitFor();
    expect(await complaints(other)).toEqual([]);
    await other.close();
  });

  test('quick unlock: offered, kept sealed, used, forgotten', async () => {
    const { press, sees, fill, page } = hands;
    await press('Lock the window');
    await page.getByText('Quick unlock: the keychain of this computer remembers it').click();
    await fill('Password', PASSWORD);
    await press('Unlock');
    await sees('You can pay over Lightning');
    expect(readFileSync(join(folder, 'quick-unlock')).toString('latin1')).not.toContain(PASSWORD);
    await press('Lock the window');
    await press('Use the keychain');
    await sees('You can pay over Lightning');
    expect(await ask(page, 'shell.forgetUnlock')).toMatchObject({ value: { quickUnlock: 'off' } });
  });

  onStandIn('a keychain in plain text is refused', async () => {
    const other = await stage.open({ userData: stage.folder(), keychain: 'basic_text' });
    expect(await ask(other.page, 'shell.state')).toMatchObject({ value: { quickUnlock: 'unavailable' } });
    await other.close();
  });

  onStandIn('a second start does not open a second engine', async () => {
    const { startStandIn } = await import('../../build/electron-stand-in/launch.ts');
    const second = startStandIn({ userData: folder, env: stage.practice.env }, undefined, 'ignore');
    expect(await new Promise((done) => second.once('exit', done))).toBe(0);
  });

  test('the page reported no fault and reached for nothing outside', async () => {
    expect(await complaints(app)).toEqual([]);
  });
});
