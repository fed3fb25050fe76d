import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HeadlessPair, bobsAddress, fund, openChannel, startHeadlessPair, until } from '../../support/headless-pair.ts';

const CAPACITY_SAT = 1_000_000n;
const DELAY_BLOCKS = 720;

let pair: HeadlessPair;
beforeAll(async () => {
  pair = await startHeadlessPair({ source: 'electrum', kdf: 'floor' });
}, 60_000);
afterAll(() => pair.stop());

test('a forced close over the socket: shown beforehand, then done, and it comes to what was shown', { timeout: 120_000 }, async () => {
  const { alice, bob, chain } = pair;
  await fund(pair, alice, 2_000_000n);
  const channelId = await openChannel(pair, CAPACITY_SAT, bobsAddress(pair));
  const height = await chain.height();
  const ask = (more: object = {}) => alice.rpc.call('channel.previewForceClose', { channelId, ...more });

  const now = await ask();
  expect(now.atHeight).toBe(height);
  const [ours] = now.previews;
  expect(ours).toMatchObject({ commitment: 'ours', htlcs: [] });
  expect(ours!.transactions.map(({ label }) => label)).toEqual(['commitment', 'anchor_child', 'sweep']);
  expect(ours!.transactions.map(({ confirmableAtHeight }) => confirmableAtHeight - height)).toEqual([1, 1, 1 + DELAY_BLOCKS]);
  expect(ours!.summary.backAtHeight).toEqual([1, 1, 1].map((blocks) => height + blocks + DELAY_BLOCKS));

  const { sleep } = await alice.rpc.call('node.info');
  expect(sleep).toEqual({});
  const { closeReserveSat, availableSat, spendableSat } = await alice.rpc.call('wallet.balance');
  expect(closeReserveSat).toBeGreaterThan(0n);
  expect(availableSat).toBe(spendableSat - closeReserveSat);

  // The peer has to wait instead of us, and no child of ours is needed.
  const theirs = (await ask({ commitment: 'theirs' })).previews[0]!;
  expect(theirs).toMatchObject({ commitment: 'theirs' });
  expect(theirs.transactions[0]!.by).toBe('peer');
  expect(theirs.summary.backAtHeight[1]).toBe(height + 2);

  const later = (await ask({ atHeight: height + 10 })).previews[0]!;
  expect(later.transactions.map(({ confirmableAtHeight }) => confirmableAtHeight)).toEqual(ours!.transactions.map(({ confirmableAtHeight }) => confirmableAtHeight + 10));
  await expect(ask({ atHeight: height - 1 })).rejects.toMatchObject({ code: 'bad_request' });
  await expect(ask({ channelId: '00'.repeat(32) })).rejects.toMatchObject({ code: 'not_found' });

  // At a rate at which nothing is worth its fee everything is left.
  const [cheap, , dear] = (await ask({ feeratesSatPerVb: [1, 10, 1000] })).previews[0]!.summary.backSat;
  expect(cheap).toBeGreaterThan(dear);

  const before = (await alice.rpc.call('wallet.balance')).spendableSat;
  await bob.stop();
  const { txid } = await alice.rpc.call('channel.forceClose', { channelId });
  expect(ours!.transactions[0]!.txid).toBe(txid);
  await expect(ask()).resolves.toMatchObject({ previews: [{ transactions: [{ txid }, {}, {}] }] });
  await chain.untilMempool(ours!.transactions[1]!.neededAt[1] ? 2 : 1);
  await chain.mine(1);
  await until('the commitment', () => alice.rpc.call('channel.get', { channelId }), ({ state }) => state === 'closing');
  await expect(ask()).rejects.toMatchObject({ code: 'channel_closing' });
  await chain.mine(DELAY_BLOCKS - 1);
  await chain.untilMempool(1);
  await chain.mine(1);
  expect(await chain.height()).toBe(ours!.summary.backAtHeight[1]);
  const after = await until('what comes back', () => alice.rpc.call('wallet.balance'), ({ confirmedSat, unconfirmedSat }) => unconfirmedSat === 0n && confirmedSat > before);
  expect(now.previews[0]!.summary.backSat).toContain(after.confirmedSat - before);
}); // prettier-ignore
