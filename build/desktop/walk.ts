import { createWallet, type Hands, handsOn, makeInvoice, openChannel, payInvoice, receiveCoins } from './hands.ts';
import type { RunningApp } from '../electron-stand-in/launch.ts';
import type { Practice } from './practice.ts';

export type Snap = (name: string) => Promise<void>;

interface Telling {
  readonly say?: (text: string) => void;
  readonly snap?: Snap;
}

/** A minute in the playground: a payment, then the tour of the cheat. Begins on any screen of an open wallet and comes back to it. */
export async function walkPlayground({ page }: RunningApp, { say = () => undefined, snap = async () => undefined }: Telling = {}): Promise<void> {
  const { go, press, sees } = handsOn(page);
  await go('Playground');
  await snap('playground');
  await press('Start the playground');
  await press('Pay Café');
  await page.getByText(/^3\s599\s000$/u).first().waitFor();
  say('started the playground, paid the café');
  await snap('playground-network');
  await page.getByRole('radio', { name: 'Tours' }).check({ force: true });
  await press(/^A cheat and its penalty/u);
  for (const [button, next] of [['Set up the channel', 'A new state'], ['Let Bob pay', 'Bob is tempted'], ['Let Bob cheat', 'Caught']] as const) {
    await press(button);
    await page.getByRole('heading', { level: 3, name: next }).waitFor();
  }
  await snap('playground-cheat');
  await press('Mine two blocks');
  await page.getByRole('heading', { level: 3, name: 'Everything is yours' }).waitFor();
  say('watched a cheat and its penalty');
  await press('Finish');
  await press(/^A payment that times out/u);
  await press('Set up the channel');
  await press('Lock 5 000 000 sat');
  await page.getByRole('heading', { level: 3, name: 'Locked' }).waitFor();
  await snap('playground-timeout');
  await press('Leave');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Leave', exact: true }).click();
  await sees('You can pay over Lightning');
}

/** The first quarter of an hour with the wallet: create, receive, open, pay, be paid. `snap` is called where there is something to see. */
export async function walk(app: RunningApp, practice: Practice, { say = () => undefined, snap = async () => undefined }: Telling = {}): Promise<Hands> {
  const hands = handsOn(app.page);
  await snap('welcome');
  await createWallet(hands);
  say('made a wallet, checked its words');
  await snap('home-empty');
  await receiveCoins(hands, practice, 5_000_000n);
  say('received 5 000 000 sat on chain');
  await openChannel(hands, practice, 2_000_000n);
  say('opened a channel of 2 000 000 sat');
  await snap('channels');
  for (const [sat, description] of [[250_000n, 'a book'], [4_200n, 'a coffee']] as const) {
    const { invoice } = await practice.neighbour.rpc.call('invoice.create', { amountMsat: sat * 1000n, description });
    await payInvoice(hands, invoice);
    say(`paid ${sat} sat for ${description}`);
  }
  await snap('paid');
  const invoice = await makeInvoice(hands, 100_000n, 'change back');
  await practice.neighbour.rpc.call('payment.send', { invoice });
  await hands.sees('It has arrived');
  say('received 100 000 sat over Lightning');
  await snap('received');
  await hands.go('Home');
  await hands.sees('One thing to do: save the backup file');
  await snap('home');
  return hands;
}
