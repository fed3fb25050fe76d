import { createWallet, type Hands, handsOn, makeInvoice, openChannel, payInvoice, receiveCoins } from './hands.ts';
import type { RunningApp } from '../electron-stand-in/launch.ts';
import type { Practice } from './practice.ts';

export type Snap = (name: string) => Promise<void>;

/** The first quarter of an hour with the wallet: create, receive, open, pay, be paid. `snap` is called where there is something to see. */
export async function walk(app: RunningApp, practice: Practice, { say = () => undefined, snap = async () => undefined }: { readonly say?: (text: string) => void; readonly snap?: Snap } = {}): Promise<Hands> {
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
  await hands.sees('Nothing needs you now');
  await snap('home');
  return hands;
}
