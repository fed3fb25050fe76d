import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningApp } from '../electron-stand-in/launch.ts';
import { ask, createWallet, type Hands, handsOn, openChannel, PASSWORD, receiveCoins } from './hands.ts';
import type { Practice } from './practice.ts';
import { startPracticeTower } from './practice-tower.ts';
import type { Shoot } from './scenes-playground.ts';

interface Stage {
  readonly app: RunningApp;
  readonly hands: Hands;
  readonly practice: Practice;
  readonly shoot: Shoot;
}

/** While the other side stands still; it goes on after, whatever happened. */
async function away(practice: Practice, scene: () => Promise<void>): Promise<void> {
  process.kill(practice.neighbour.pid, 'SIGSTOP');
  try {
    await scene();
  } finally {
    process.kill(practice.neighbour.pid, 'SIGCONT');
  }
}

const review = async ({ go, fill, press }: Hands, input: string): Promise<void> => {
  await go('Pay');
  await fill('Invoice or address', input);
  await press('Look at it');
};
const addressOf = async ({ neighbour }: Practice): Promise<string> => (await neighbour.rpc.call('wallet.newAddress', {})).address;

/** A payment that is under way, and a peer that went away with the channel. */
async function waiting({ hands, practice, shoot }: Stage): Promise<void> {
  const { page, go, press, sees } = hands;
  const { invoice } = await practice.neighbour.rpc.call('invoice.create', { amountMsat: 7_700_000n, description: 'A map of the coast' });
  await away(practice, async () => {
    await review(hands, invoice);
    await press(/^Pay \d/u);
    await sees('Your payment is on its way');
    await shoot('pay-pending');
  });
  await sees('Proof of payment');
  await away(practice, async () => {
    await ask(page, 'peer.disconnect', { nodeId: practice.neighbour.nodeId });
    await go('Channels');
    await page.locator('.ch').getByText('peer away').waitFor();
    await shoot('channel-away');
  });
  await go('Channels');
  await page.locator('.ch .tag-success').first().waitFor();
}

/** A fee that is raised, its entry in the ledger, and the coins that are kept for closing. */
async function onChain({ hands, practice, shoot }: Stage): Promise<void> {
  const { page, go, press, sees, fill } = hands;
  await review(hands, `bitcoin:${await addressOf(practice)}?amount=0.003`);
  await press(/^Send 300/u);
  await press('Follow it in History');
  await press('Raise the fee');
  await fill(/^New fee rate/u, '24');
  await sees('Costs more by');
  await shoot('raise-fee');
  await page.getByRole('dialog').getByRole('button', { name: 'Raise the fee' }).click();
  await sees('This is the transaction that counts now.');
  await sees(/^\d entries$/u);
  await shoot('raise-fee-done');
  await practice.chain.mine(1);
  await go('History');
  const list = page.getByRole('region', { name: 'Entries, newest first' });
  await list.getByText('Sent on chain').first().click();
  await page.getByText(/^(?:in )?block \d/iu).first().waitFor();
  await shoot('history-on-chain', page.locator('.activity-cols .facts'));
  const { value } = (await ask(page, 'wallet.balance')) as { readonly value: { readonly spendableSat: string } };
  await review(hands, await addressOf(practice));
  await fill('Amount', String(Number(value.spendableSat) - 5_000));
  await sees('This would use the coins kept for closing channels');
  await shoot('reserve');
}

/** A watchtower, the backup file of the channels, and what the program is made of. */
async function keeping({ app, hands, practice, shoot }: Stage): Promise<void> {
  const { page, go, press, sees, fill } = hands;
  const tower = await startPracticeTower(practice);
  const folder = mkdtempSync(join(tmpdir(), 'sferic-scenes-'));
  try {
    await go('Backup');
    await press('Add a watchtower');
    await fill('Address of the watchtower', tower.address);
    await shoot('tower-add');
    await page.getByRole('dialog').getByRole('button', { name: 'Add a watchtower' }).click();
    await sees('on guard');
    await sees(/has every old state/u);
    await shoot('backup-tower', page.locator('.tower'));
    if (app.kind === 'stand-in') {
      const filePath = join(folder, 'channels.backup');
      await app.evaluate(({ dialog }, path) => void Object.assign(dialog, { showSaveDialog: async () => ({ canceled: false, filePath: path }) }), filePath);
      await press('Save the file');
      await sees(/^Saved, read again/u);
      await page.locator('main input[type=file]').setInputFiles(filePath);
      await sees('This file opens with your words');
      await shoot('backup-file', page.locator('.check-file'));
    }
    await page.getByRole('main').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await sees('No watchtower looks out for this wallet.');
  } finally {
    await tower.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  await go('Settings');
  await press('What is inside');
  await page.getByRole('dialog').getByText('react-aria-components', { exact: true }).click();
  await page.getByRole('dialog').locator('details[open] pre').waitFor();
  await shoot('settings-licences');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
}

/** What keeps a wallet going, in one that has a channel with the neighbour. */
export async function upkeepScenes(app: RunningApp, practice: Practice, shoot: Shoot): Promise<void> {
  const stage = { app, hands: handsOn(app.page), practice, shoot };
  for (const scenes of [waiting, onChain, keeping]) await scenes(stage);
}

interface LossStage {
  readonly open: () => Promise<RunningApp>;
  readonly shooter: (app: RunningApp) => Shoot;
  readonly practice: Practice;
}

/** A wallet with a channel that was in use for a while; its words and the text of its backup file. */
async function lostWallet({ open, practice }: LossStage): Promise<{ readonly words: readonly string[]; readonly file: string }> {
  const app = await open();
  const hands = handsOn(app.page);
  const words = await createWallet(hands);
  await receiveCoins(hands, practice, 3_000_000n);
  await practice.give(await addressOf(practice), 1_000_000n);
  await openChannel(hands, practice, 1_000_000n);
  const { value } = (await ask(app.page, 'backup.run')) as { readonly value: { readonly file: string } };
  await app.close();
  return { words, file: value.file };
}

/** A wallet whose disk is lost, from its words and the file of its channels; the peer is away until the last picture. `open` opens a new folder each time. */
export async function lossScenes(stage: LossStage): Promise<void> {
  const { open, shooter, practice } = stage;
  const { words, file } = await lostWallet(stage);
  const app = await open();
  const { page, press, fill, sees, go } = handsOn(app.page);
  const shoot = shooter(app);
  await away(practice, async () => {
    await press(/^Restore a wallet/u);
    await fill('Words of the seed', words.join(' '));
    await fill('Password', PASSWORD);
    await fill('The same again', PASSWORD);
    await page.locator('main input[type=file]').setInputFiles({ name: 'channels.backup', mimeType: 'text/plain', buffer: Buffer.from(file) });
    await sees(/^A file is chosen/u);
    // What was typed is not for a picture.
    await shoot('restore-file', page.locator('.welcome-main .notice-success'));
    await page.getByRole('button', { name: 'Restore the wallet' }).click();
    await sees('Your wallet is restored');
    await shoot('restore-channels');
    await press('Get your share back…');
    await sees(/being asked to close/u);
    await shoot('restore-channels-done');
    await press('To the wallet');
    await sees('You can pay over Lightning');
    await sees(/asked to close it$/u);
    await shoot('home-restored');
    await go('Channels');
    await sees('From the backup file: its peer is asked to close it');
    await shoot('channel-restored');
  });
  await app.close();
}
