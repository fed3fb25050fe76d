import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, createWallet, type Hands, handsOn, openChannel, PASSWORD, payInvoice, receiveCoins } from '../../build/desktop/hands.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { axeFaults, complaints, openStage, type Stage } from './support.ts';

interface Wire<T> {
  readonly ok: boolean;
  readonly value: T;
  readonly error?: { readonly code: string };
}
type Balance = Readonly<Record<'spendableSat' | 'confirmedSat' | 'unconfirmedSat', string>>;
type ChannelLine = Readonly<Record<'channelId' | 'state' | 'ourMsat' | 'theirMsat', string>> & { readonly isRestored?: boolean };

/** From the first channel to its coins in another folder: words, a file, and a peer that answers. */
describe('the backup file of the channels', () => {
  let stage: Stage;
  let app: RunningApp;
  let hands: Hands;
  let userData: string;
  let kept: string;
  let file: string;
  let words: readonly string[];
  /** Before the disk is lost: what was on chain, and ours in the channels. */
  let onChainSat = 0n;
  let inChannelsMsat = 0n;

  const call = async <T>(method: string, params: unknown = {}): Promise<T> => {
    const answer = (await ask(app.page, method, params)) as Wire<T>;
    if (!answer.ok) throw new Error(JSON.stringify(answer.error));
    return answer.value;
  };
  const onChain = async (): Promise<bigint> => {
    const { confirmedSat, unconfirmedSat } = await call<Balance>('wallet.balance');
    return BigInt(confirmedSat) + BigInt(unconfirmedSat);
  };
  const saveTo = (filePath: string): Promise<void> => app.evaluate(({ dialog }, path) => void Object.assign(dialog, { showSaveDialog: async () => ({ canceled: path === '', filePath: path }) }), filePath);
  const asked = (): Promise<readonly { readonly message: string; readonly detail: string }[]> => app.evaluate(({ dialog }) => dialog.asked.splice(0));
  const pick = (path: string): Promise<void> => hands.page.locator('main input[type=file]').setInputFiles(path);
  const open = async (): Promise<void> => {
    app = await stage.open({ userData });
    hands = handsOn(app.page);
  };
  /** The keyboard's way to something, and no other. */
  const reach = async (wanted: RegExp): Promise<void> => {
    for (let count = 0; count < 80; count++) {
      await hands.page.keyboard.press('Tab');
      if (wanted.test(await hands.page.evaluate(() => document.activeElement?.textContent ?? ''))) return;
    }
    throw new Error(`the keyboard does not reach ${wanted}`);
  };

  beforeAll(async () => {
    stage = await openStage();
    kept = stage.folder();
    file = join(kept, 'channels.backup');
    userData = stage.folder();
    await open();
    words = await createWallet(hands);
  });
  afterAll(() => {
    process.kill(stage.practice.neighbour.pid, 'SIGCONT');
    return stage.end();
  });

  test('without a channel there is nothing to save, and the screen says so', async () => {
    const { go, sees, page } = hands;
    await go('Backup');
    await sees('nothing to save yet');
    expect(await page.getByRole('button', { name: 'Save the file' }).isDisabled()).toBe(true);
    expect(await axeFaults(app)).toEqual([]);
  });

  test('with a channel Home gives a hint, and the file is saved by keyboard alone, where the person chose, and proven', async () => {
    const { go, sees, press, page } = hands;
    await receiveCoins(hands, stage.practice, 5_000_000n);
    await openChannel(hands, stage.practice, 1_000_000n);
    await go('Home');
    await sees('One thing to do: save the backup file');
    await sees(/Your channel is in no backup file yet/u);
    expect(await axeFaults(app)).toEqual([]);
    await press('To the backup');
    await sees('never made');
    await saveTo('');
    await press('Save the file');
    await expect.poll(() => page.getByRole('button', { name: 'Save the file' }).isEnabled()).toBe(true);
    expect(await page.getByText('Saved, read again').count()).toBe(0);
    await sees('never made');
    await saveTo(file);
    await reach(/^Save the file$/u);
    await page.keyboard.press('Enter');
    await sees(/^Saved, read again, and opened with your words/u);
    await sees('complete');
    await sees(/It holds 1 channel, every one that is open/u);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await axeFaults(app)).toEqual([]);
    await go('Home');
    await sees('The chain is up to date, your words are written down, and this wallet watches your channels.');
  });

  test('payments do not make it old, another channel does', async () => {
    const { go, sees, press, fill, page } = hands;
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 200_000_000n, description: 'a lamp' });
    await payInvoice(hands, invoice);
    await go('Backup');
    await sees('complete');
    // Whoever has two channels keeps coins to close them.
    await stage.practice.give((await stage.practice.neighbour.rpc.call('wallet.newAddress', {})).address, 1_000_000n);
    await go('Channels');
    await press('Open a channel');
    await fill('Peer', stage.practice.neighbour.address);
    await fill('How much', '600000');
    await press(/^Open the channel/u);
    await sees(/of \d+ confirmations/u);
    await stage.practice.chain.mine(3);
    await sees('2 channels are open');
    await go('Backup');
    await sees('not complete any more');
    await pick(file);
    await sees('This file opens with your words');
    await sees('One open channel is not in it: save a new file.');
    expect(await page.getByText('in this wallet', { exact: true }).count()).toBe(1);
    expect(await page.getByText('not in the file', { exact: true }).count()).toBe(1);
    // All that it holds is here: nothing is offered that would close a channel.
    expect(await page.getByRole('button', { name: /^Get your share back/u }).count()).toBe(0);
    expect(await axeFaults(app)).toEqual([]);
    await go('Home');
    await sees(/A channel is newer than your backup file/u);
  });

  test('where nothing can be written that is said, and an older file stays whole', async () => {
    const { go, sees, press } = hands;
    const before = readFileSync(file, 'utf8');
    await go('Backup');
    await saveTo(join(kept, 'no such folder', 'x.backup'));
    await press('Save the file');
    await sees(/could not be written there\. There is no new backup/u);
    mkdirSync(join(kept, 'folder.backup'));
    await saveTo(join(kept, 'folder.backup'));
    await press('Save the file');
    await sees(/could not be written there/u);
    expect(readFileSync(file, 'utf8')).toBe(before);
    await saveTo(file);
    await press('Save the file');
    await sees(/It holds 2 channels, every one that is open/u);
    expect(readFileSync(file, 'utf8')).not.toBe(before);
  });

  test('a folder that is chosen keeps it by itself, and loses it to nothing', async () => {
    const { go, sees, press, page } = hands;
    const folder = join(kept, 'stick');
    mkdirSync(folder);
    const choose = (filePath: string): Promise<void> => app.evaluate(({ dialog }, path) => void Object.assign(dialog, { showOpenDialog: async () => ({ canceled: path === '', filePaths: path === '' ? [] : [path] }) }), filePath);
    await go('Backup');
    await choose('');
    await press('Keep it in a folder…');
    expect(await call('shell.state')).not.toHaveProperty('keptBackup');
    await choose(folder);
    await press('Keep it in a folder…');
    await sees('Kept by itself in');
    await expect.poll(() => readdirSync(folder).length).toBe(1);
    expect(await call('backup.drill', { file: readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8').trim() })).toMatchObject({ channels: [{ isKnown: true }, { isKnown: true }], missing: [] });
    expect(await axeFaults(app)).toEqual([]);
    rmSync(folder, { recursive: true });
    await stage.practice.chain.mine(1);
    expect(await call('shell.state')).toMatchObject({ keptBackup: { folder } });
    await press('Keep it there no longer');
    await page.getByRole('button', { name: /^Keep it in a folder/u }).waitFor();
  });

  test('a file that is none, or damaged, or of another wallet is refused in words, dropped or picked', async () => {
    const { go, sees, page } = hands;
    await go('Backup');
    const bad = join(kept, 'bad.backup');
    writeFileSync(bad, 'hello');
    await pick(bad);
    await sees('This is no backup file of Sferic.');
    const good = readFileSync(file, 'utf8').trim();
    const middle = Math.floor(good.length / 2);
    const damaged = `${good.slice(0, middle)}${good[middle] === 'A' ? 'B' : 'A'}${good.slice(middle + 1)}`;
    await page.locator('.drop').evaluate((area, content) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content], 'x.backup'));
      area.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, damaged);
    await sees(/This backup file is damaged|belongs to another wallet/u);
    writeFileSync(bad, 'A'.repeat(300_000));
    await pick(bad);
    await sees(/it is too large/u);
    writeFileSync(bad, '');
    await pick(bad);
    await sees('This file cannot be read.');
    expect(await axeFaults(app)).toEqual([]);
  });

  test('the disk is lost: words and file in another folder, and the peers are asked after a yes of the person', async () => {
    onChainSat = await onChain();
    inChannelsMsat = (await call<readonly ChannelLine[]>('channel.list')).reduce((sum, { ourMsat }) => sum + BigInt(ourMsat), 0n);
    expect(await complaints(app)).toEqual([]);
    await app.close();
    rmSync(userData, { recursive: true });

    // Away for now, so that it can be seen what is known of a channel before its peer has answered.
    process.kill(stage.practice.neighbour.pid, 'SIGSTOP');
    userData = stage.folder();
    await open();
    const { press, fill, sees, page } = hands;
    await press(/^Restore a wallet/u);
    await sees(/^If you have one, the peers of its channels/u);
    await fill('Words of the seed', words.join(' '));
    await fill('Password', PASSWORD);
    await fill('The same again', PASSWORD);
    await pick(file);
    await sees(/^A file is chosen/u);
    expect(await axeFaults(app)).toEqual([]);
    await page.getByRole('button', { name: 'Restore the wallet' }).click();
    await sees('Your wallet is restored');
    await app.evaluate(({ dialog }) => void dialog.answers.push(1));
    await press('Get your share back…');
    await sees(/you did not confirm it/iu);
    expect(await call('channel.list')).toEqual([]);
    expect(await axeFaults(app)).toEqual([]);
    await asked();
    await press('Try again');
    await sees('The peers of 2 channels are being asked to close them');
    const [question] = await asked();
    expect(question?.message).toContain('There are 2.');
    expect(await axeFaults(app)).toEqual([]);
    await press('To the wallet');
    await sees('You can pay over Lightning');
  });

  test('no figure is made up for them, and the same file a second time closes nothing more', async () => {
    const { go, sees, page } = hands;
    const channels = await call<readonly ChannelLine[]>('channel.list', { includeClosed: true });
    expect(channels.map(({ isRestored }) => isRestored)).toEqual([true, true]);
    await go('Channels');
    await sees('asks the peer to close');
    await sees('From the backup file: its peer is asked to close it');
    await sees(/If it never comes back, this channel cannot be closed/u);
    expect(await page.locator('.ch .bar, section .bar').count()).toBe(0);
    expect((await page.getByRole('main').innerText()).replaceAll(/\s/gu, '')).not.toMatch(/\b0sat(?:yours|thepeer)/u);
    expect(await axeFaults(app)).toEqual([]);
    await go('Backup');
    await pick(file);
    await sees('This file opens with your words');
    expect(await page.getByRole('button', { name: /^Get your share back/u }).count()).toBe(0);
    expect(await call('backup.restore', { file: readFileSync(file, 'utf8').trim() })).toEqual({ restored: 0, skipped: 2 });
    expect(await asked()).toEqual([]);
    await go('Home');
    await sees('The peers of 2 channels are asked to close them');
    await go('Channels');
    await page.getByRole('main').getByRole('button', { name: 'History' }).click();
    await sees(/The states of this channel were in the data that was lost/u);
    expect(await axeFaults(app)).toEqual([]);
  });

  test('the peer closes, and the coins are back to the satoshi, less fees of blocks', async () => {
    process.kill(stage.practice.neighbour.pid, 'SIGCONT');
    await stage.practice.chain.untilMempool(2);
    await stage.practice.chain.mine(1);
    await hands.go('Channels');
    await hands.sees('closing on chain');
    for (let block = 0; block < 12; block++) {
      await stage.practice.chain.mine(1);
      await expect.poll(async () => (await call<{ readonly chain: { readonly height: number } }>('node.info')).chain.height).toBe(await stage.practice.chain.height());
      if ((await onChain()) > onChainSat) break;
    }
    await expect.poll(onChain, { timeout: 20_000 }).toBeGreaterThan(onChainSat + inChannelsMsat / 1000n - 12_000n);
    expect(await onChain()).toBeLessThanOrEqual(onChainSat + inChannelsMsat / 1000n);
    await stage.practice.chain.mine(110);
    await expect.poll(async () => (await call<readonly ChannelLine[]>('channel.list')).length, { timeout: 20_000 }).toBe(0);
    expect(await axeFaults(app)).toEqual([]);
    await hands.go('Home');
    await hands.sees('You can pay over Lightning');
    expect(await complaints(app)).toEqual([]);
  });

  test('it can be brought back later too, on the Backup screen', async () => {
    const other = await stage.open({ userData: stage.folder() });
    const there = handsOn(other.page);
    await there.press(/^Restore a wallet/u);
    await there.fill('Words of the seed', words.join(' '));
    await there.fill('Password', PASSWORD);
    await there.fill('The same again', PASSWORD);
    await other.page.getByRole('button', { name: 'Restore the wallet' }).click();
    await there.sees('You can pay over Lightning');
    await there.go('Backup');
    await other.page.locator('main input[type=file]').setInputFiles(file);
    await there.sees(/2 channels of the file are not in this wallet/u);
    expect(await axeFaults(other)).toEqual([]);
    await there.press('Get your share back…');
    await there.sees('The peers of 2 channels are being asked to close them');
    await there.press('To the channels');
    expect(await complaints(other)).toEqual([]);
    await other.close();
  });
});
