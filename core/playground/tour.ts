/** `npm run tour`: the whole life of a channel in the terminal, on a Bitcoin network that lives in this computer's memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, EventName } from '../api.ts';
import { createApp } from '../index.ts';
import type { App } from '../node/app.ts';
import { silentLogger } from '../node/log.ts';
import { type ChainHandle, startChainProcess } from './chain-client.ts';
import { type Neighbour, startNeighbour } from './neighbour.ts';
import { scriptOf } from './regtest-address.ts';

const colour = process.stdout.isTTY ? (code: number, text: string): string => `\x1b[${code}m${text}\x1b[0m` : (_: number, text: string): string => text;
const bold = (text: string): string => colour(1, text);
const dim = (text: string): string => colour(2, text);
const green = (text: string): string => colour(32, text);

const started = performance.now();
let step = 0;
const title = (text: string): void => console.log(`\n${bold(`${++step}. ${text}`)}`);
const say = (text: string): void => console.log(`   ${text}`);
const sats = (amount: bigint): string => `${amount.toString().replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ')} sat`;
const msats = (amount: bigint): string => (amount % 1000n === 0n ? sats(amount / 1000n) : `${sats(amount / 1000n)} ${amount % 1000n} msat`);
const short = (hex: string): string => `${hex.slice(0, 8)}…${hex.slice(-4)}`;

/** Waits for the engine's own word instead of asking again and again. */
async function when<T>(source: Pick<App, 'subscribe'>, event: EventName, look: () => Promise<T | undefined>): Promise<T> {
  const TIMEOUT_MS = 20_000;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(() => reject(new Error(`waited in vain for ${event}`))), TIMEOUT_MS);
    const stop = source.subscribe((name) => {
      if (name === event) void check();
    });
    let over = false;
    const done = (end: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      stop();
      end();
    };
    const check = async (): Promise<void> => {
      try {
        const found = await look();
        if (found !== undefined) done(() => resolve(found));
      } catch (error) {
        done(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    };
    void check();
  });
}

/** What each side of a channel holds, as a bar. */
function bar(channel: Answer<'channel.get'>): string {
  const width = 40;
  const ours = Math.round((Number(channel.ourMsat) / 1000 / Number(channel.capacitySat)) * width);
  return `you ${sats(channel.ourMsat / 1000n)} ${green('█'.repeat(ours))}${dim('█'.repeat(width - ours))} ${sats(channel.theirMsat / 1000n)} neighbour`;
}

async function tour(app: App, chain: ChainHandle, neighbour: Neighbour): Promise<void> {
  const onlyChannel = async (): Promise<Answer<'channel.get'>> => (await app.call('channel.list', { includeClosed: true }))[0]!;

  title('A wallet from fresh words');
  const { mnemonic } = await app.call('vault.create', { password: 'a password for the tour', words: 12, passphrase: '' });
  say(`Twelve words are the only backup (never use these): ${dim(mnemonic)}`);
  const info = await app.call('node.info', {});
  say(`Your node: ${short(info.nodeId!)}   second node, another process: ${short(neighbour.nodeId)}`);
  await when(app, 'chain.updated', async () => ((await app.call('node.info', {})).chain?.state === 'synced' ? true : undefined));

  title('Coins');
  const { address } = await app.call('wallet.newAddress', { kind: 'p2wpkh' });
  await chain.pay(scriptOf(address)!, 5_000_000n);
  // The neighbour needs some too: whoever accepts a channel with anchors must be able to close it.
  await chain.pay(scriptOf((await neighbour.rpc.call('wallet.newAddress', {})).address)!, 1_000_000n);
  await chain.mine(1);
  const hasCoins = <B extends { readonly confirmedSat: bigint }>(now: B): B | undefined => (now.confirmedSat > 0n ? now : undefined);
  const balance = await when(app, 'wallet.updated', async () => hasCoins(await app.call('wallet.balance', {})));
  // Each side sees the block in its own time, and only it tells.
  await neighbour.rpc.call('node.subscribe');
  await when({ subscribe: neighbour.rpc.on }, 'wallet.updated', async () => hasCoins(await neighbour.rpc.call('wallet.balance')));
  say(`${address} received ${sats(balance.confirmedSat)}, in a block.`);

  title('A channel');
  const opened = await app.call('channel.open', { peer: neighbour.address, capacitySat: 2_000_000n });
  say(`Funding transaction ${short(opened.fundingTxid)}; both sides wait for three blocks.`);
  await chain.mine(3);
  const channel = await when(app, 'channel.updated', async () => {
    const now = await onlyChannel();
    return now.state === 'normal' ? now : undefined;
  });
  say(`Open as ${channel.shortChannelId}, ${channel.channelType}. ${bar(channel)}`);
  say(dim(`You can send ${msats(channel.sendableMsat)}: the rest is the reserve (${sats(channel.ourReserveSat)}) and the fee of closing.`));

  title('Payments');
  for (const [amountMsat, description] of [[250_000_000n, 'a book'], [4_200_000n, 'a coffee'], [1_000n, 'one satoshi']] as const) {
    const { invoice } = await neighbour.rpc.call('invoice.create', { amountMsat, description });
    const began = performance.now();
    const paid = await app.call('payment.send', { invoice, payAgain: false, timeoutMs: 20_000 });
    if (paid.state !== 'succeeded') throw new Error(`the payment failed: ${paid.failure?.message}`);
    say(`You paid ${msats(paid.amountMsat)} for ${description}: ${green('arrived')} in ${(performance.now() - began).toFixed(0)} ms, proof ${short(paid.paymentPreimage!)}`);
  }
  const mine = await app.call('invoice.create', { amountMsat: 100_000_000n, description: 'change back', expirySeconds: 3600 });
  await neighbour.rpc.call('payment.send', { invoice: mine.invoice });
  await when(app, 'invoice.updated', async () => ((await app.call('invoice.get', { paymentHash: mine.paymentHash })).state === 'paid' ? true : undefined));
  say(`The neighbour paid you ${msats(100_000_000n)}.`);
  say(bar(await onlyChannel()));

  title('What the channel did');
  const history = await app.call('channel.history', { channelId: opened.channelId, limit: 1000 });
  const own = history.filter(({ kind }) => kind === 'local_commitment');
  for (const { detail } of own.slice(-4)) {
    const changes = detail['changes'];
    const what = (Array.isArray(changes) ? changes : []).map((change) => `${change['direction'] === '0' ? 'sent' : 'received'} ${msats(BigInt(change['amountMsat']!))} ${['added', 'fulfilled', 'failed'][Number(change['change'])]}`);
    say(`state ${String(detail['number']).padStart(2)}: you ${sats(BigInt(String(detail['ourMsat'])) / 1000n).padStart(13)}, neighbour ${sats(BigInt(String(detail['theirMsat'])) / 1000n).padStart(11)}  ${dim(what.join(', ') || 'no change')}`);
  }
  say(dim(`${history.length} entries in all; every state before the last is revoked: publishing one would cost its owner everything.`));

  title('Closing together');
  await app.call('channel.close', { channelId: opened.channelId });
  const closing = await when(app, 'channel.updated', async () => (await onlyChannel()).closingTxid);
  await chain.mine(6);
  const closed = await when(app, 'wallet.updated', async () => {
    const now = await app.call('wallet.balance', {});
    return now.unconfirmedSat === 0n && now.confirmedSat > 4_000_000n ? now : undefined;
  });
  say(`Closing transaction ${short(closing)} is six blocks deep. On chain again: ${sats(closed.confirmedSat)}.`);
  say(`Of 5 000 000 sat you spent 154 201 sat on payments; the rest of the difference, ${sats(5_000_000n - 154_201n - closed.confirmedSat)}, are transaction fees.`);
}

async function main(): Promise<void> {
  console.log(bold('Sferic') + ' – a tour on a Bitcoin network of its own, with no real coins.');
  const chain = await startChainProcess();
  const source = `electrum:tcp://127.0.0.1:${chain.electrumPort}`;
  const dataDir = await mkdtemp(join(tmpdir(), 'sferic-tour-'));
  let neighbour: Neighbour | undefined;
  let app: App | undefined;
  try {
    [neighbour, app] = await Promise.all([startNeighbour(source), createApp({ network: 'regtest', dataDir, chain: [source], log: silentLogger })]);
    await tour(app, chain, neighbour);
    console.log(`\n${green('Done')} in ${((performance.now() - started) / 1000).toFixed(1)} s. Next: npm test, or npm run headless -- --help for a node of your own.`);
  } finally {
    await app?.stop();
    await neighbour?.stop();
    await chain.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

await main();
