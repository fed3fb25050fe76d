import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { invoiceOfNobody } from '../../core/playground/invoice-of-nobody.ts';
import type { RunningApp } from '../electron-stand-in/launch.ts';
import { ask, createWallet, type Hands, handsOn, makeInvoice, openChannel, PASSWORD, passQuiz, payInvoice, receiveCoins, wordsOn } from './hands.ts';
import type { Practice } from './practice.ts';
import type { Shoot } from './scenes-playground.ts';
import { lossScenes, upkeepScenes } from './scenes-upkeep.ts';

interface Stage {
  readonly hands: Hands;
  readonly practice: Practice;
  readonly shoot: Shoot;
}

const invoiceOf = async ({ neighbour }: Practice, sat: bigint | undefined, description: string): Promise<string> =>
  (await neighbour.rpc.call('invoice.create', { ...(sat === undefined ? {} : { amountMsat: sat * 1000n }), description })).invoice; // prettier-ignore

/** From the first screen to Home, with a look at each step. */
async function making({ hands, shoot }: Stage): Promise<void> {
  const { page, press, fill, sees } = hands;
  await sees('How do you want to start?');
  await shoot('welcome');
  await press(/^Restore a wallet/u);
  await sees('Restore from your words');
  await shoot('restore');
  await press('Back');
  await press(/^Create a wallet/u);
  await fill('Password', PASSWORD);
  await fill('The same again', PASSWORD);
  await shoot('create');
  await press('Create the wallet');
  await sees('Write these 12 words on paper');
  await shoot('words');
  await page.getByRole('button', { name: 'Show', exact: true }).click({ timeout: 500 }).catch(() => undefined);
  const words = await wordsOn(page);
  await press('I have written them down');
  await sees('Check what you wrote');
  await shoot('quiz');
  await passQuiz(hands, words);
  await sees('You can pay over Lightning');
}

/** What each screen says when there is nothing on it yet. */
async function nothingYet({ hands, shoot }: Stage): Promise<void> {
  const { page, go, sees } = hands;
  await sees('Nothing has happened yet');
  await shoot('home-empty');
  await go('Channels');
  await sees('A channel makes payments instant');
  await shoot('channels-empty');
  await go('History');
  await sees('Nothing has happened yet');
  await shoot('history-empty');
  await go('Receive');
  await sees('Nothing can arrive over Lightning yet');
  await shoot('receive-empty');
  await page.getByRole('radio', { name: 'On chain' }).check({ force: true });
  await page.locator('.receive-cols .groups').waitFor();
  await shoot('receive-on-chain');
  await go('Pay');
  await shoot('pay-empty');
}

async function opening({ hands, practice, shoot }: Stage): Promise<void> {
  const { page, go, press, fill, sees } = hands;
  await receiveCoins(hands, practice, 5_000_000n);
  await go('Channels');
  await press('Open a channel');
  await fill('Peer', practice.neighbour.address);
  await fill('How much', '2000000');
  await page.getByText(/^about/u).first().waitFor();
  await shoot('open-channel');
  await press(/^Open the channel/u);
  await sees(/of \d+ confirmations/u);
  await shoot('channel-opening');
  await practice.chain.mine(3);
  await sees('One channel is open');
}

async function paying({ hands, practice, shoot }: Stage): Promise<void> {
  const { page, go, press, fill, sees } = hands;
  const review = async (input: string): Promise<void> => {
    await go('Pay');
    await fill('Invoice or address', input);
    await press('Look at it');
  };
  await payInvoice(hands, await invoiceOf(practice, 250_000n, 'Second-hand book: The Sea Around Us'));
  const incoming = await makeInvoice(hands, 100_000n, 'Half of the ferry tickets');
  await practice.neighbour.rpc.call('payment.send', { invoice: incoming });
  await sees('It has arrived');
  await shoot('received');
  await payInvoice(hands, await invoiceOf(practice, 4_200n, 'Coffee and cake'));
  await shoot('paid');
  await review(await invoiceOf(practice, 24_900n, 'Tide tables 2027, yearly print'));
  await page.getByRole('button', { name: /^Pay \d/u }).and(page.locator(':enabled')).waitFor();
  await shoot('pay');
  await review(await invoiceOf(practice, undefined, 'A donation, as much as you like'));
  await sees('This invoice leaves the amount to you.');
  await shoot('pay-amountless');
  await review(await invoiceOf(practice, 3_000_000n, 'Sailing course'));
  await sees('Cannot be paid right now');
  await shoot('pay-impossible');
  const { address } = await practice.neighbour.rpc.call('wallet.newAddress', {});
  await review(`bitcoin:${address}?amount=0.003`);
  await page.getByRole('button', { name: /^Send \d/u }).and(page.locator(':enabled')).waitFor();
  await shoot('pay-address');
  await review(invoiceOfNobody({ hintNodeId: practice.neighbour.nodeId, amountSat: 12_500n, description: 'Two tickets, row 7' }));
  await press(/^Pay \d/u);
  await sees('It did not arrive');
  await shoot('pay-failed');
  await makeInvoice(hands, 21_000n, 'Workshop seat, 5 December');
  await shoot('receive');
  await go('Home');
  await sees('One thing to do: save the backup file');
  await shoot('home');
}

async function looking({ hands, shoot }: Stage): Promise<void> {
  const { page, go, press, sees, fill } = hands;
  await go('Channels');
  await sees('One channel is open');
  await shoot('channels');
  await press('Close together');
  await page.getByRole('alertdialog').waitFor();
  await shoot('close-together');
  await press('Cancel');
  await press(/^Close by force/u);
  await sees('Comes back to you');
  await shoot('force-close');
  await press('Keep it open');
  await page.getByRole('main').getByRole('button', { name: 'History' }).click();
  await page.getByRole('table', { name: 'Every state' }).waitFor();
  await shoot('channel-history');
  await page.getByRole('button', { name: 'State 4', exact: true }).click();
  await sees('Revoked by the peer');
  await shoot('channel-state', page.locator('.timeline-side .card').first());
  await shoot('channel-publishable', page.locator('.timeline-side .publish'));
  await page.getByText('What each place holds').click();
  await shoot('channel-tree', page.locator('.timeline-side .tree').first());
  await press(/^Save evidence/u);
  await page.getByRole('dialog').waitFor();
  await shoot('evidence');
  await press('Cancel');
  await go('History');
  const list = page.getByRole('region', { name: 'Entries, newest first' });
  await list.getByText('Coffee and cake').waitFor();
  await shoot('history');
  await list.getByText('Second-hand book').click();
  await sees(/^All arrived/u);
  await shoot('history-payment', page.locator('.course'));
  await fill('Search', 'ferry');
  await list.getByText('Coffee and cake').waitFor({ state: 'detached' });
  await shoot('history-search');
  for (const screen of ['Backup', 'Playground', 'Settings']) {
    await go(screen);
    await page.locator('main h1').waitFor();
    await shoot(screen.toLowerCase());
  }
  await shoot('settings-more', page.locator('main .card').last());
  await press('Change the password');
  await page.getByRole('dialog').getByLabel('Current password').waitFor();
  await shoot('settings-password');
  await press('Cancel');
  await go('Backup');
  await fill('Password', PASSWORD);
  await press('Show the words');
  await page.locator('ol.seed').waitFor();
  await shoot('backup-words');
  await press('Done');
  await go('Home');
  await ask(page, 'shell.lock');
  await sees('Unlock your wallet');
  await shoot('locked');
  await fill('Password', 'not the password');
  await press('Unlock');
  await sees(/does not open this wallet/u);
  await shoot('locked-wrong');
  await fill('Password', PASSWORD);
  await press('Unlock');
  await sees('You can pay over Lightning');
}

/** Closed without the peer: in the network, in a block, back, over. */
async function closing({ hands, practice, shoot }: Stage): Promise<void> {
  const { page, go, press, sees } = hands;
  await go('Channels');
  await press(/^Close by force/u);
  await page.getByText('I have seen what comes back and when').click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Close by force' }).click();
  await sees('It waits for a block');
  await practice.chain.untilMempool(1);
  await practice.chain.mine(1);
  await sees(/1 of 6 blocks deep/u);
  await shoot('channel-closing');
  await go('Home');
  await sees('Comes later');
  await shoot('home-closing');
  await practice.chain.mine(720);
  await practice.chain.untilMempool(1);
  await practice.chain.mine(1);
  await go('Channels');
  await sees(/came to your wallet in block/u);
  await shoot('channel-back');
  await page.getByRole('main').getByRole('button', { name: 'History' }).click();
  await page.getByRole('table', { name: 'Every state' }).waitFor();
  await shoot('channel-history-closed');
}

/** A wallet of one's own on the practice network, from its making to the close of its channel. */
export async function walletScenes(app: RunningApp, practice: Practice, shoot: Shoot): Promise<void> {
  const stage = { hands: handsOn(app.page), practice, shoot };
  for (const scenes of [making, nothingYet, opening, paying, looking]) await scenes(stage);
  await upkeepScenes(app, practice, shoot);
  await closing(stage);
}

interface RecoveryStage {
  readonly open: () => Promise<RunningApp>;
  readonly shooter: (app: RunningApp) => Shoot;
  readonly practice: Practice;
  readonly userData: string;
  readonly copyFolder: string;
  /** In a folder where nothing is yet. */
  readonly openElsewhere: () => Promise<RunningApp>;
}

/** A peer that is away; then an old copy of the database put back, which the wallet notices. */
export async function recoveryScenes({ open, openElsewhere, shooter, practice, userData, copyFolder }: RecoveryStage): Promise<void> {
  const data = join(userData, 'regtest');
  const isDatabase = (name: string): boolean => /\.(?:db|sqlite)(?:-wal|-shm)?$/u.test(name);
  const start = async (): Promise<{ readonly app: RunningApp; readonly hands: Hands }> => {
    const app = await open();
    const hands = handsOn(app.page);
    await hands.page.locator('h1').first().waitFor();
    if (await hands.page.getByText('Unlock your wallet').isVisible()) {
      await hands.fill('Password', PASSWORD);
      await hands.press('Unlock');
      await hands.sees('You can pay over Lightning');
    }
    return { app, hands };
  };
  const first = await start();
  if (!(await first.hands.page.getByText('You can pay over Lightning').isVisible())) {
    await createWallet(first.hands);
    await receiveCoins(first.hands, practice, 5_000_000n);
  }
  await openChannel(first.hands, practice, 1_000_000n);
  await first.app.close();
  for (const name of readdirSync(data).filter(isDatabase)) cpSync(join(data, name), join(copyFolder, name));

  const second = await start();
  await second.hands.go('Channels');
  await second.hands.page.locator('.ch .tag-success').first().waitFor();
  await payInvoice(second.hands, await invoiceOf(practice, 8_000n, 'Lunch'));
  await second.app.close();
  for (const name of readdirSync(data).filter(isDatabase)) rmSync(join(data, name));
  for (const name of readdirSync(copyFolder)) cpSync(join(copyFolder, name), join(data, name));

  const third = await start();
  await third.hands.sees('This copy of the wallet is old');
  const shoot = shooter(third.app);
  await shoot('recovery');
  await third.hands.press('To the channel');
  await third.hands.page.locator('.ch').first().waitFor();
  await shoot('recovery-channel');
  await third.app.close();
  await lossScenes({ open: openElsewhere, shooter, practice });
}
