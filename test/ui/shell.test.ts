import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, bridge, createWallet, type Hands, handsOn, openChannel, PASSWORD, payInvoice, receiveCoins, setLook } from '../../build/desktop/hands.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { complaints, onStandIn, openStage, type Stage } from './support.ts';

interface Asked {
  readonly message: string;
  readonly detail: string;
}
interface Answered {
  readonly ok: boolean;
  readonly value: never;
  readonly error?: { readonly code: string };
}

/** One wallet, in order: what the main process says and does beside the page. Not as practice, so that every question comes. */
describe('the shell around the page', () => {
  let stage: Stage;
  let folder: string;
  let app: RunningApp;
  let hands: Hands;
  const open = async (): Promise<void> => {
    app = await stage.open({ userData: folder, env: { SFERIC_PRACTICE: '0' } });
    hands = handsOn(app.page);
  };
  const unlock = async (): Promise<void> => {
    await hands.fill('Password', PASSWORD);
    await hands.press('Unlock');
    await hands.sees('You can pay over Lightning');
  };
  const asked = (): Promise<readonly Asked[]> => app.evaluate(({ dialog }) => dialog.asked.splice(0));
  const answerNext = (button: number): Promise<void> => app.evaluate(({ dialog }, at) => void dialog.answers.push(at), button);
  const call = async <T>(method: string, params: unknown = {}): Promise<T> => {
    const answer = (await ask(app.page, method, params)) as Answered;
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.value;
  };
  const invoiceOf = async (sat: bigint): Promise<{ readonly invoice: string; readonly paymentHash: string }> => stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: sat * 1000n, description: 'a thing' });
  const signal = (pid: number | undefined, name: NodeJS.Signals): void => void process.kill(pid ?? 0, name);
  const isConnected = async (): Promise<boolean> => (await call<readonly { readonly connected: boolean }[]>('peer.list')).some(({ connected }) => connected);
  const untilLive = async (): Promise<void> => {
    await expect.poll(async () => (await call<readonly { readonly live: boolean }[]>('channel.list')).every(({ live }) => live), { timeout: 30_000 }).toBe(true);
  };
  const stateOf = async (paymentHash: string): Promise<string> => (await call<{ readonly state: string }>('payment.get', { paymentHash })).state;

  beforeAll(async () => {
    stage = await openStage();
    folder = stage.folder();
    await open();
    await createWallet(hands);
    await receiveCoins(hands, stage.practice, 5_000_000n);
  });
  beforeEach(() => hands.page.bringToFront());
  afterAll(() => stage.end());

  test('opening a channel is asked by the main process, in its own words; no leaves everything as it is', async () => {
    await asked();
    await answerNext(1);
    const { go, press, fill, sees } = hands;
    await go('Channels');
    await press('Open a channel');
    await fill('Peer', stage.practice.neighbour.address);
    await fill('How much', '2000000');
    await press(/^Open the channel/u);
    await sees('You did not confirm it, so nothing was done.');
    const [question] = await asked();
    expect(question?.message.replaceAll('\u2009', ' ')).toBe('Open a channel of 2 000 000 sat?');
    expect(question?.detail.replaceAll(' ', '')).toContain(stage.practice.neighbour.nodeId);
    expect(await call('channel.list')).toEqual([]);
    await openChannel(hands, stage.practice, 2_000_000n);
    expect(await asked()).toHaveLength(1);
  });

  test('a small payment by hand is not asked; the same without a hand, and a large one, are', async () => {
    await untilLive();
    await payInvoice(hands, (await invoiceOf(10_000n)).invoice);
    expect(await asked()).toEqual([]);
    const { invoice, paymentHash } = await invoiceOf(11_000n);
    expect(await ask(app.page, 'payment.send', { invoice })).toMatchObject({ ok: true, value: { state: 'succeeded' } });
    const [silent] = await asked();
    expect(silent?.message.replaceAll('\u2009', ' ')).toBe('Pay 11 000 sat?');
    expect(silent?.detail.replaceAll(' ', '')).toContain(paymentHash);
    await payInvoice(hands, (await invoiceOf(200_000n)).invoice);
    expect(await asked()).toHaveLength(1);
  });

  test('a click that the page makes itself is no hand', async () => {
    const { invoice } = await invoiceOf(1_000n);
    // The last real touch was used up by the payment before.
    await app.page.evaluate(() => {
      for (const type of ['pointerdown', 'pointerup', 'keydown']) window.dispatchEvent(new Event(type, { bubbles: true }));
      document.querySelector('button')?.dispatchEvent(new PointerEvent('pointerup', { bubbles: true }));
    });
    await answerNext(1);
    expect(await bridge(app.page, 'shell.confirm', { method: 'payment.send', params: { invoice } })).toMatchObject({ ok: false, error: { code: 'not_confirmed' } });
    expect(await asked()).toHaveLength(1);
  });

  test('over the bridge: no token, an invented one, one for something else, one twice: nothing moves', async () => {
    const [first, second] = [await invoiceOf(2_000n), await invoiceOf(3_000n)];
    const confirmed = async (params: unknown): Promise<string> => ((await bridge(app.page, 'shell.confirm', { method: 'payment.send', params })) as { readonly value: { readonly token: string } }).value.token;
    const refusal = { ok: false, error: { code: 'not_confirmed' } };
    expect(await bridge(app.page, 'payment.send', { invoice: first.invoice })).toMatchObject(refusal);
    expect(await bridge(app.page, 'payment.send', { invoice: first.invoice }, '00'.repeat(32))).toMatchObject(refusal);
    expect(await bridge(app.page, 'payment.send', { invoice: second.invoice }, await confirmed({ invoice: first.invoice }))).toMatchObject(refusal);
    const token = await confirmed({ invoice: first.invoice });
    expect(await bridge(app.page, 'payment.send', { invoice: first.invoice }, token)).toMatchObject({ ok: true, value: { state: 'succeeded' } });
    expect(await bridge(app.page, 'payment.send', { invoice: first.invoice }, token)).toMatchObject(refusal);
    expect(await stage.practice.neighbour.rpc.call('invoice.get', { paymentHash: second.paymentHash })).toMatchObject({ state: 'open' });
    await asked();
  });

  test('the words are shown after a question too, and a lock takes every yes back', async () => {
    await answerNext(1);
    expect(await ask(app.page, 'vault.revealSeed', { password: PASSWORD })).toMatchObject({ ok: false, error: { code: 'not_confirmed' } });
    const confirmed = (await bridge(app.page, 'shell.confirm', { method: 'vault.revealSeed', params: { password: PASSWORD } })) as { readonly value: { readonly token: string } };
    await call('shell.lock');
    await hands.sees('Unlock your wallet');
    await unlock();
    expect(await bridge(app.page, 'vault.revealSeed', { password: PASSWORD }, confirmed.value.token)).toMatchObject({ ok: false, error: { code: 'not_confirmed' } });
    await asked();
  });

  onStandIn('after sleep the chain comes first, then the peers', async () => {
    const { chain } = stage.practice;
    await app.evaluate(({ powerMonitor }) => void powerMonitor.emit('suspend'));
    await expect.poll(isConnected).toBe(false);
    await chain.mine(5);
    const height = await chain.height();
    // The network is not back yet when the computer is.
    signal(chain.pid, 'SIGSTOP');
    await app.evaluate(({ powerMonitor }) => void powerMonitor.emit('resume'));
    const chainNow = async (): Promise<{ readonly state: string; readonly height: number }> => (await call<{ readonly chain: never }>('node.info')).chain;
    expect((await chainNow()).state).toBe('syncing');
    expect(await isConnected()).toBe(false);
    signal(chain.pid, 'SIGCONT');
    await expect.poll(chainNow, { timeout: 30_000 }).toMatchObject({ state: 'synced', height });
    await untilLive();
    await payInvoice(hands, (await invoiceOf(1_500n)).invoice);
    await asked();
  });

  onStandIn('menu, tray and notifications speak the language of the window; the balance is not in the tray', async () => {
    const labels = (): Promise<readonly unknown[]> => app.evaluate(({ Menu, Tray }) => [Menu.getApplicationMenu()?.getMenuItemById('receive')?.label, Tray.made[0]?.menu?.getMenuItemById('quit')?.label, Tray.made[0]?.toolTip]);
    expect(await labels()).toEqual(['Receive', 'Quit Sferic', 'Sferic']);
    await setLook(app, { language: 'zh-Hant' });
    expect(await labels()).toEqual(['收款', '結束 Sferic', 'Sferic']);
    await app.evaluate(({ BrowserWindow, _log }) => {
      _log.notifications.length = 0;
      for (const window of BrowserWindow.getAllWindows()) window.hasFocus = false;
    });
    const { invoice } = await call<{ readonly invoice: string }>('invoice.create', { amountMsat: '21000', description: 'tea' });
    await stage.practice.neighbour.rpc.call('payment.send', { invoice });
    await expect.poll(() => app.evaluate(({ _log }) => _log.notifications)).toEqual([{ title: 'Sferic', body: '收到一筆付款。' }]);
    await setLook(app, { language: 'en' });
  });

  onStandIn('an idle window locks itself, and so does a locked screen', async () => {
    await app.evaluate(({ powerMonitor }) => void powerMonitor.emit('lock-screen'));
    await hands.sees('Unlock your wallet');
    await unlock();
  });

  onStandIn('a page that crashes in mid-payment comes back to the same payment', async () => {
    const { neighbour } = stage.practice;
    const { invoice, paymentHash } = await invoiceOf(4_000n);
    const before = app.page;
    signal(neighbour.pid, 'SIGSTOP');
    try {
      expect(await ask(before, 'payment.send', { invoice, timeoutMs: 0 })).toMatchObject({ ok: true, value: { state: 'pending' } });
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer());
      await expect.poll(() => app.page === before, { timeout: 30_000 }).toBe(false);
      hands = handsOn(app.page);
      await hands.sees('You can pay over Lightning');
      await hands.page.locator('.ledger tr', { hasText: 'Payments under way' }).locator('.amount', { hasText: '4\u2009000' }).waitFor();
      expect(await stateOf(paymentHash)).toBe('pending');
    } finally {
      signal(neighbour.pid, 'SIGCONT');
    }
    await expect.poll(() => stateOf(paymentHash), { timeout: 30_000 }).toBe('succeeded');
    // The payee may still wait for the last word on the commitment.
    await expect.poll(async () => (await neighbour.rpc.call('invoice.get', { paymentHash })).state).toBe('paid');
    await asked();
  });

  test('quitting with a payment in flight says so, with the time that the computer may be off; no keeps it running', async () => {
    const { neighbour } = stage.practice;
    const { invoice, paymentHash } = await invoiceOf(5_000n);
    signal(neighbour.pid, 'SIGSTOP');
    try {
      await ask(app.page, 'payment.send', { invoice, timeoutMs: 0 });
      await asked();
      await answerNext(1);
      await app.evaluate(({ app: program }) => program.quit());
      await expect.poll(() => app.evaluate(({ dialog }) => dialog.asked.length)).toBe(1);
      const [question] = await asked();
      expect(question?.message).toBe('Quit Sferic now?');
      expect(question?.detail).toMatch(/Payments under way: 1\..*\nWhile Sferic is off nobody watches your channels\. Be back within about \d+ (?:hour|day)s?, before block \d+\./su);
      expect(await stateOf(paymentHash)).toBe('pending');
    } finally {
      signal(neighbour.pid, 'SIGCONT');
    }
    await expect.poll(() => stateOf(paymentHash), { timeout: 30_000 }).toBe('succeeded');
  });

  test('the main process is killed in mid-payment: started again, the payment ends as the payee says', async () => {
    const { neighbour } = stage.practice;
    const { invoice, paymentHash } = await invoiceOf(6_000n);
    signal(neighbour.pid, 'SIGSTOP');
    try {
      expect(await ask(app.page, 'payment.send', { invoice, timeoutMs: 0 })).toMatchObject({ ok: true, value: { state: 'pending' } });
      signal(app.pid, 'SIGKILL');
      await app.exited;
    } finally {
      signal(neighbour.pid, 'SIGCONT');
    }
    await open();
    await unlock();
    await expect.poll(() => stateOf(paymentHash), { timeout: 60_000 }).not.toBe('pending');
    await expect.poll(async () => (await neighbour.rpc.call('invoice.get', { paymentHash })).state).not.toBe('receiving');
    const payee = await neighbour.rpc.call('invoice.get', { paymentHash });
    expect([await stateOf(paymentHash), payee.state]).toEqual(payee.state === 'paid' ? ['succeeded', 'paid'] : ['failed', 'open']);
    await untilLive();
    await payInvoice(hands, (await invoiceOf(7_000n)).invoice);
    const spent = (await call<readonly { readonly ourMsat: string }[]>('channel.list'))[0];
    const theirs = (await neighbour.rpc.call('channel.list', {}))[0];
    expect(BigInt(spent?.ourMsat ?? 0)).toBe(theirs?.theirMsat);
    expect(await complaints(app)).toEqual([]);
  });

  test('an older copy of the database is noticed: it says so, sends nothing, publishes nothing', async () => {
    const data = join(folder, 'regtest');
    const names = readdirSync(data).filter((name) => /\.(?:db|sqlite)(?:-wal|-shm)?$/u.test(name));
    expect(names.length).toBeGreaterThan(0);
    expect(await app.close()).toBe(0);
    const old = stage.folder();
    for (const name of readdirSync(data)) if (/\.(?:db|sqlite)(?:-wal|-shm)?$/u.test(name)) cpSync(join(data, name), join(old, name));
    await open();
    await unlock();
    await untilLive();
    await payInvoice(hands, (await invoiceOf(8_000n)).invoice);
    expect(await app.close()).toBe(0);
    for (const name of names) if (existsSync(join(data, name))) rmSync(join(data, name));
    for (const name of readdirSync(old)) cpSync(join(old, name), join(data, name));
    await open();
    await unlock();
    await hands.sees('This copy of the wallet is old');
    expect(await call('vault.status')).toMatchObject({ recoveryReason: expect.any(String) });
    const [channel] = await call<readonly { readonly channelId: string }[]>('channel.list');
    // It has asked its peer to close; a commitment of ours would be one that it can punish.
    expect(['recovery_mode', 'channel_closing']).toContain(((await ask(app.page, 'channel.forceClose', { channelId: channel?.channelId })) as Answered).error?.code);
    await stage.practice.chain.untilMempool(1);
    await stage.practice.chain.mine(6);
    await expect.poll(async () => (await call<readonly { readonly spendClass?: string }[]>('channel.list'))[0]?.spendClass, { timeout: 30_000 }).toMatch(/^(?:remote|future)/u);
    // What is ours in the commitment of the peer comes back, less what was paid.
    const backSat = async (): Promise<bigint> => {
      await stage.practice.chain.mine(1);
      return BigInt((await call<{ readonly confirmedSat: string }>('wallet.balance')).confirmedSat);
    };
    await expect.poll(backSat, { timeout: 30_000 }).toBeGreaterThan(4_600_000n);
  });
});
