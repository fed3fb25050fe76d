import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, ShellAnswer } from '../../core/api.ts';
import { ask, createWallet, type Hands, handsOn, openChannel, PASSWORD, receiveCoins, receivingAddress } from '../../build/desktop/hands.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { groups } from '../../renderer/format/amounts.ts';
import { serverRig, TOWER_ID } from '../support/tower-server.ts';
import { axeFaults, complaints, onStandIn, openStage, type Stage } from './support.ts';

/** What keeps a wallet going: versions, logs, licences, settings, a fee that was too low, coins kept back, watchtowers. */
describe('the upkeep of a wallet', () => {
  let stage: Stage;
  let folder: string;
  let app: RunningApp;
  let hands: Hands;
  const call = async <T>(method: string, params: unknown = {}): Promise<T> => {
    const answer = (await ask(app.page, method, params)) as { readonly ok: boolean; readonly value: T; readonly error?: unknown };
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.value;
  };
  const text = async (): Promise<string> => (await hands.page.locator('main').innerText()).replaceAll(/[\u2009\u202F]/gu, ' ');
  const radio = (name: string): Promise<void> => hands.page.getByRole('radio', { name, exact: true }).click({ force: true });
  const dialogOf = (role: 'dialog' | 'alertdialog' = 'dialog') => hands.page.getByRole(role);

  beforeAll(async () => {
    stage = await openStage();
    folder = stage.folder();
    app = await stage.open({ userData: folder });
    hands = handsOn(app.page);
    await createWallet(hands);
    await receiveCoins(hands, stage.practice, 5_000_000n);
  });
  afterAll(() => stage.end());

  test('coins that came and no channel: every screen leads to the next step', async () => {
    const { page, go, press, sees } = hands;
    await go('Home');
    await sees('Next: open a channel');
    expect(await axeFaults(app)).toEqual([]);
    await press('To the channels');
    await sees(/You can use up to/u);
    expect(await page.getByRole('button', { name: 'Open a channel' }).count()).toBe(1);
    await press('Open a channel');
    await page.getByText('With whom?').click();
    await sees(/a large node that is always on/u);
    expect(await axeFaults(app)).toEqual([]);
    await go('Receive');
    await page.getByRole('main').getByRole('button', { name: 'Receive on chain' }).click();
    await page.locator('.receive-cols .groups').waitFor();
  });

  test('a build of one’s own says that it asks nobody for a newer version', async () => {
    await hands.go('Settings');
    await hands.press('Look for a newer version');
    await hands.sees('This program was built without a release key');
    expect(await axeFaults(app)).toEqual([]);
  });

  onStandIn.each<readonly [ShellAnswer<'shell.checkUpdate'>, readonly string[]]>([
    [{ state: 'current', version: '0.1.0', dateMs: 0 }, ['You have the newest version', '0.1.0, of 1 Jan 1970']],
    [{ state: 'newer', version: '7.8.9', dateMs: 0 }, ['Version 7.8.9 is out', 'Nothing is urgent']],
    [{ state: 'urgent', version: '7.8.9', dateMs: 0 }, ['Update soon: version 7.8.9 is out', 'money may be at risk']],
    [{ state: 'unreachable' }, ['Nobody answered', 'is not known']],
    ...(['malformed', 'wrong_signature', 'wrong_channel', 'replayed', 'expired', 'downgrade'] as const).map(
      (why) => [{ state: 'refused', why } as const, ['The answer cannot be trusted', { malformed: 'could not be read', wrong_signature: 'not signed with the key', wrong_channel: 'another kind of release', replayed: 'older than one', expired: 'out of date', downgrade: 'a lower version' }[why]]] as const,
    ),
  ])('whatever a look for a newer version brings is said in words: %j', async (answer, sentences) => {
    await app.evaluate(({ ipcMain }, value) => void ipcMain.handlers.set('sferic:shell.checkUpdate', async () => ({ ok: true, value })), answer);
    await hands.go('Settings');
    await hands.press('Look for a newer version');
    for (const sentence of sentences) await hands.sees(sentence);
  });

  onStandIn('the folder of the logs is handed to the system, and is there', async () => {
    await hands.press('Show the logs');
    await expect.poll(() => app.evaluate(({ _log }) => _log.opened.length)).toBe(1);
    const [opened] = await app.evaluate(({ _log }) => [..._log.opened]);
    expect(opened).toBe(join(folder, 'logs'));
    expect(existsSync(join(opened ?? '', 'sferic.log'))).toBe(true);
    await app.evaluate(({ shell }) => void (shell.openPath = async () => 'no such folder'));
    await hands.press('Show the logs');
    await hands.sees('The folder of the logs could not be opened. Nothing was changed.');
  });

  test('what is inside is listed with its licences, without a network', async () => {
    await hands.press('What is inside');
    await dialogOf().getByText('react-aria-components', { exact: true }).click();
    await dialogOf().locator('details[open] pre').getByText(/Apache License\s+Version 2\.0/u).waitFor();
    for (const name of ['sqlite3', 'bcoin', 'zod']) expect(await dialogOf().getByText(name, { exact: true }).count()).toBe(1);
    for (const name of ['vitest', 'electron-builder']) expect(await dialogOf().getByText(name, { exact: true }).count()).toBe(0);
    expect(await axeFaults(app)).toEqual([]);
    await dialogOf().getByRole('button', { name: 'Close' }).click();
  });

  onStandIn('unit, balance in the tray and idle lock do at once what they say', async () => {
    const toolTip = (): Promise<string | undefined> => app.evaluate(({ Tray }) => Tray.made[0]?.toolTip.replaceAll('\u2009', ' '));
    const trayToggle = () => hands.page.getByText('Show the balance beside the clock').click();
    await hands.go('Settings');
    await radio('BTC');
    await hands.go('Home');
    await hands.page.locator('.ledger tr', { hasText: 'On chain' }).getByText(/^0\.05/u).waitFor();
    await hands.go('Settings');
    await radio('sat');
    expect(await toolTip()).toBe('Sferic');
    await trayToggle();
    await expect.poll(toolTip).toBe('Sferic – 5 000 000 sat');
    await radio('5 min');
    await app.evaluate(({ powerMonitor }) => void (powerMonitor.idleSeconds = 300));
    await hands.sees('Unlock your wallet');
    await app.evaluate(({ powerMonitor }) => void (powerMonitor.idleSeconds = 0));
    expect(await toolTip()).toBe('Sferic');
    await hands.fill('Password', PASSWORD);
    await hands.press('Unlock');
    await hands.sees('You can pay over Lightning');
    await expect.poll(toolTip).toBe('Sferic – 5 000 000 sat');
    await hands.go('Settings');
    await trayToggle();
    await expect.poll(toolTip).toBe('Sferic');
  });

  test('what fees may cost is chosen once, and stands where something is paid or opened', async () => {
    await hands.go('Settings');
    await radio('0.5%');
    await radio('Cheap');
    await expect.poll(() => call('shell.state')).toMatchObject({ paymentFeePercent: 0.5, chainSpeed: 'slow' });
    expect(await axeFaults(app)).toEqual([]);
    await hands.go('Channels');
    await hands.press('Open a channel');
    expect(await hands.page.getByRole('radio', { name: 'Cheap', exact: true }).isChecked()).toBe(true);
    await hands.go('Settings');
    await radio('1%');
    await radio('An hour');
    await expect.poll(() => call('shell.state')).toMatchObject({ paymentFeePercent: 1, chainSpeed: 'normal' });
    for (const paymentFeePercent of [-1, 11, '1']) expect(await ask(app.page, 'shell.set', { paymentFeePercent })).toMatchObject({ ok: false, error: { code: 'bad_request' } });
  });

  test('a picture of a code in the clipboard is read like one from a file', async () => {
    const address = await receivingAddress(hands);
    const png = (await hands.page.locator('.receive-cols svg.qr').screenshot()).toString('base64');
    await hands.go('Home');
    await hands.page.getByLabel('Anything to pay or to look at').evaluate((field, base64) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], 'screen.png', { type: 'image/png' }));
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, png);
    await hands.sees('Is this where the coins should go?');
    expect((await text()).replaceAll(/\s/gu, '')).toContain(address);
  });

  test('a payment that waits is replaced by one with a higher fee, under its old name', async () => {
    const { page, go, fill, press, sees } = hands;
    const { address } = await stage.practice.neighbour.rpc.call('wallet.newAddress', {});
    await go('Pay');
    await fill('Invoice or address', `bitcoin:${address}?amount=0.003`);
    await press('Look at it');
    await press(/^Send 300/u);
    await sees('It counts for the payee after the first block.');
    await press('Follow it in History');
    await fill('Your name for it', 'rent');
    await press('Save');
    await page.getByRole('main').getByText('rent').first().waitFor();
    const [before] = await call<Answer<'wallet.transactions'>>('wallet.transactions', { limit: 1 });
    await press('Raise the fee');
    const inDialog = dialogOf().getByRole('button', { name: 'Raise the fee' });
    await fill(/^New fee rate/u, 'much');
    await sees('This is not a fee rate: a number from 1 to 1000.');
    expect(await inDialog.isDisabled()).toBe(true);
    await fill(/^New fee rate/u, '1');
    await sees(/It pays about [\d.]+ sat per vbyte already\. Nothing was changed\./u);
    expect(await inDialog.isDisabled()).toBe(true);
    expect(await axeFaults(app)).toEqual([]);
    await fill(/^New fee rate/u, '30');
    await sees('the change of this transaction');
    const plan = await call<Answer<'wallet.prepareBump'>>('wallet.prepareBump', { txid: before?.txid, feerateSatPerVb: 30 });
    const shown = (await dialogOf().innerText()).replaceAll(/[\u2009\u202F]/gu, ' ');
    for (const amount of [plan.feeSat, plan.extraFeeSat, before?.feeSat ?? 0n]) expect(shown).toContain(`${groups(BigInt(amount)).replaceAll('\u2009', ' ')} sat`);
    expect(shown).toContain('30 sat per vbyte');
    expect(await axeFaults(app)).toEqual([]);
    if (app.kind === 'stand-in') await app.evaluate(({ dialog }) => void dialog.asked.splice(0));
    await inDialog.click();
    await sees('This is the transaction that counts now.');
    if (app.kind === 'stand-in') expect((await app.evaluate(({ dialog }) => dialog.asked[0]?.detail ?? '')).replaceAll('\u2009', ' ')).toContain(`Fee: ${groups(BigInt(plan.feeSat)).replaceAll('\u2009', ' ')} sat at most`);
    const [after, other] = await call<Answer<'wallet.transactions'>>('wallet.transactions', { limit: 2 });
    expect(after).toMatchObject({ label: 'rent', kind: 'sent' });
    expect(after?.txid).not.toBe(before?.txid);
    expect(BigInt(after?.feeSat ?? 0n)).toBeGreaterThan(BigInt(before?.feeSat ?? 0n));
    expect(other?.kind).toBe('received');
    await stage.practice.chain.mine(1);
    await expect.poll(async () => (await call<Answer<'wallet.transactions'>>('wallet.transactions', { limit: 1 }))[0]?.height).toBeGreaterThan(0);
    await expect.poll(() => page.getByRole('main').getByRole('button', { name: 'Raise the fee' }).count()).toBe(0);
  });

  test('coins kept for closing: the refusal says why and what is possible; the switch is explicit and for this amount only', async () => {
    const { page, go, fill, press, sees } = hands;
    await openChannel(hands, stage.practice, 1_000_000n);
    const balance = await call<Readonly<Record<'spendableSat' | 'availableSat' | 'closeReserveSat', string>>>('wallet.balance');
    expect(Number(balance.closeReserveSat)).toBeGreaterThan(10_000);
    const tooMuch = String(Number(balance.spendableSat) - 5_000);
    const { address } = await stage.practice.neighbour.rpc.call('wallet.newAddress', {});

    await go('Channels');
    await press('Open a channel');
    await fill('Peer', stage.practice.neighbour.address);
    await fill('How much', tooMuch);
    await press(/^Open the channel/u);
    await sees('This would use the coins kept for closing channels');
    expect(await axeFaults(app)).toEqual([]);
    await press(/^Change the amount to \d/u);
    expect(Number((await page.getByLabel('How much', { exact: true }).inputValue()).replaceAll('\u2009', ''))).toBeLessThanOrEqual(Number(balance.availableSat));
    expect(await page.getByText('This would use the coins kept').count()).toBe(0);

    await go('Pay');
    await fill('Invoice or address', address);
    await press('Look at it');
    await fill('Amount', tooMuch);
    await sees('This would use the coins kept for closing channels');
    // What it would cost is still there, and the button cannot be pressed.
    await page.getByRole('button', { name: /^Send \d/u }).and(page.locator(':disabled')).waitFor();
    await sees('Together');
    await press(/^Change the amount to \d/u);
    await page.getByRole('button', { name: /^Send \d/u }).and(page.locator(':enabled')).waitFor();
    await fill('Amount', tooMuch);
    await page.getByText('Use the kept coins all the same').click();
    await sees('The coins kept for closing channels are used too');
    // Another amount is another decision.
    await fill('Amount', String(Number(tooMuch) - 1));
    await sees('This would use the coins kept for closing channels');
    await page.getByText('Use the kept coins all the same').click();
    if (app.kind === 'stand-in') await app.evaluate(({ dialog }) => void dialog.asked.splice(0));
    await press(/^Send \d/u);
    await sees('It counts for the payee after the first block.');
    if (app.kind === 'stand-in') expect(await app.evaluate(({ dialog }) => dialog.asked[0]?.detail)).toContain('The coins that are kept for closing channels go too.');
    expect(Number((await call<typeof balance>('wallet.balance')).spendableSat)).toBeLessThan(Number(balance.closeReserveSat));
  });

  test('everything on chain goes without a guess at the fee', async () => {
    const other = await stage.open({ userData: stage.folder() });
    const there = handsOn(other.page);
    await there.press(/^Create a wallet/u);
    await there.fill('Password', PASSWORD);
    await there.fill('The same again', PASSWORD);
    await there.page.getByText('Add a passphrase').click();
    await there.fill('Passphrase', 'of my own');
    const make = there.page.getByRole('button', { name: 'Create the wallet' });
    expect(await make.isDisabled()).toBe(true);
    await there.fill('The passphrase again', 'of my');
    await there.sees('The two are not the same.');
    expect(await make.isDisabled()).toBe(true);
    await there.fill('The passphrase again', 'of my own');
    await make.click();
    await there.press('Later');
    await there.sees('You can pay over Lightning');
    await receiveCoins(there, stage.practice, 70_000n);
    const { address } = await stage.practice.neighbour.rpc.call('wallet.newAddress', {});
    await there.go('Pay');
    await there.fill('Invoice or address', address);
    await there.press('Look at it');
    await there.page.getByText('Everything that is on chain').click();
    await there.press(/^Send 6\d/u);
    await there.sees('It counts for the payee after the first block.');
    expect(await ask(other.page, 'wallet.balance')).toMatchObject({ value: { spendableSat: '0' } });
    expect(await complaints(other)).toEqual([]);
    await other.close();
  });

  test('a watchtower is added after a question, stands guard, and is removed', async () => {
    const { page, go, fill, press, sees } = hands;
    const { port } = await serverRig();
    await go('Backup');
    await sees('No watchtower looks out for this wallet.');
    await press('Add a watchtower');
    await fill('Address of the watchtower', 'tower');
    await sees(/This is not the address of a watchtower/u);
    await radio('I do');
    await sees(/Only for a tower of your own/u);
    await radio('Somebody else');
    await fill('Address of the watchtower', `${toHex(TOWER_ID)}@127.0.0.1:${port}`);
    expect(await axeFaults(app)).toEqual([]);
    await dialogOf().getByRole('button', { name: 'Add a watchtower' }).click();
    await sees('on guard');
    await sees("somebody else's · has every old state · block 77");
    if (app.kind === 'stand-in') expect(await app.evaluate(({ dialog }) => dialog.asked.at(-1)?.message)).toBe('Let this watchtower guard your channels?');
    expect(await axeFaults(app)).toEqual([]);
    await page.getByRole('main').getByRole('button', { name: 'Remove' }).click();
    await dialogOf('alertdialog').getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('main').getByRole('button', { name: 'Remove' }).click();
    await dialogOf('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await sees('No watchtower looks out for this wallet.');
    expect(await call('tower.list')).toEqual([]);
  });

  test('all of this without a fault in the page', async () => {
    expect(await complaints(app)).toEqual([]);
  });
});
