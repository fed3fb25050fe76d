/** Electrum publishes a revoked commitment, with HTLCs in it, and loses everything that was in the channel to us. */
import { copyFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electrumAvailable, until } from '../../support/electrum-daemon.ts';
import { expectBookToBe, expectClosedAtDepth100, feeOf, feesOf, heightOf, outputsOf } from './aftermath.ts';
import { FLIGHT_SAT, offerBothWays, type Hashes } from './in-flight.ts';
import { CAPACITY_SAT, COINS_SAT, World } from './world.ts';

const PUSH_SAT = 900_000n;
/** What Electrum pays away after the state that it goes back to. */
const PAID_LATER_SAT = 500_000n;

/** Our wallet's share of a channel that Electrum cheated in: all of it, less these fees. */
interface Loot {
  readonly point: string;
  readonly closingTxid: string;
  /** Transactions of ours, and those of Electrum whose outputs we took. */
  readonly spenders: readonly string[];
}

describe.skipIf(!electrumAvailable())('Electrum cheats', { timeout: 60_000 }, () => {
  let world: World;
  let coinsSat = COINS_SAT;
  const theirCoinsSat = COINS_SAT;
  const booked = { pushed: 0n, 'payments:sent': 0n, 'payments:received': 0n, 'fees:onchain': 0n, penalties: 0n };
  beforeAll(async () => void (world = await World.create()), 60_000);
  afterAll(() => world?.stop());

  /** Both HTLCs of the state that will be revoked end well, and then Electrum pays more. */
  async function goOn(point: string, { offered, received }: Pick<Hashes, 'offered' | 'received'>): Promise<void> {
    const { sferic, electrum } = world;
    await electrum.settleHtlcs(true);
    await sferic.withhold(false);
    await until('our payment to succeed', async () => (await sferic.call('payment.get', { paymentHash: offered })).state, (state) => state === 'succeeded');
    await until('our invoice to be paid', async () => (await sferic.call('invoice.get', { paymentHash: received })).state, (state) => state === 'paid');
    await world.untilAgreed(point);
    expect(await electrum.pay((await world.invoiceOfOurs(PAID_LATER_SAT)).invoice)).toMatchObject({ success: true });
    await world.untilOurs(point, (CAPACITY_SAT - PUSH_SAT - FLIGHT_SAT.offered + FLIGHT_SAT.received + PAID_LATER_SAT) * 1000n);
  }

  /** Every output of the commitment and of what Electrum made of it is in our wallet, and the book says what that was. */
  async function expectAllToBeOurs({ point, closingTxid, spenders }: Loot): Promise<void> {
    const { sferic, electrum } = world;
    const fundingFeeSat = await feeOf(world, point.slice(0, 64));
    const feesSat = (await feeOf(world, closingTxid)) + (await feesOf(world, spenders));
    const lootSat = CAPACITY_SAT - feesSat;
    coinsSat += lootSat - CAPACITY_SAT - fundingFeeSat;
    await sferic.untilConfirmed(coinsSat);
    expect((await electrum.balance()).confirmed).toBe(theirCoinsSat);
    const heights = await Promise.all([closingTxid, ...spenders].map((txid) => heightOf(world, txid)));
    await expectClosedAtDepth100(world, point, Math.max(...heights));

    expect(await sferic.channel(point)).toMatchObject({ spendClass: 'revoked', closingTxid, closeReason: 'peer_broadcast' });
    expect(sferic.alarms.at(-1)).toMatchObject({ code: 'revoked_commitment' });
    const ourSat = CAPACITY_SAT - PUSH_SAT - FLIGHT_SAT.offered + FLIGHT_SAT.received + PAID_LATER_SAT;
    booked.pushed += PUSH_SAT;
    booked['payments:sent'] += FLIGHT_SAT.offered;
    booked['payments:received'] -= FLIGHT_SAT.received + PAID_LATER_SAT;
    booked['fees:onchain'] += fundingFeeSat;
    booked.penalties -= lootSat - ourSat;
    await expectBookToBe(world, { wallet: coinsSat, outside: -COINS_SAT, ...booked });
  }

  it('by a commitment that it kept: we take both balances and both HTLCs', async () => {
    const { electrum, chain } = world;
    const point = await world.openAndConfirm('us', PUSH_SAT);
    const hashes = await offerBothWays(world, point);
    const revoked = await electrum.commitmentHex(point);
    await goOn(point, hashes);

    const submitted = await chain.submit(revoked);
    expect(submitted).toMatchObject({ accepted: true });
    const closingTxid = submitted.txid;
    await world.mine(1);
    const outputs = await outputsOf(world, closingTxid);
    expect(outputs).toHaveLength(4);
    const spenders = await Promise.all(outputs.map(({ vout }) => chain.untilSpent(closingTxid, vout)));
    await world.mine(1);
    await expectAllToBeOurs({ point, closingTxid, spenders });
  });

  it('by an old copy of its wallet, which takes an HTLC too while we sleep: we take what it took', async () => {
    const { electrum, sferic, chain } = world;
    const point = await world.openAndConfirm('us', PUSH_SAT);
    const hashes = await offerBothWays(world, point);
    const old = `${electrum.walletFile}.old`;
    await electrum.stop();
    await copyFile(electrum.walletFile, old);
    await electrum.start();
    await world.reconnect();
    await goOn(point, hashes);
    await electrum.stop();
    await copyFile(old, electrum.walletFile);
    // Nobody reaches it: from our first message it would learn that its copy is stale, and not close.
    await electrum.start({ config: { lightning_listen: null } });

    // We sleep while it cheats and takes the HTLC to its own revocable script.
    await sferic.stop();
    const closingTxid = await electrum.forceClose(point);
    const outputs = await outputsOf(world, closingTxid);
    expect(outputs).toHaveLength(4);
    const { vout: taken } = outputs.find(({ amountSat }) => amountSat === FLIGHT_SAT.offered)!;
    await chain.mine(1);
    const secondStage = await chain.untilSpent(closingTxid, taken);
    await chain.mine(1);
    const unspent = outputs.filter(({ vout }) => vout !== taken);
    expect(await Promise.all(unspent.map(({ vout }) => chain.spenderOf(closingTxid, vout)))).toEqual(unspent.map(() => undefined));

    await sferic.start();
    const spenders = [secondStage, await chain.untilSpent(secondStage, 0), ...(await Promise.all(unspent.map(({ vout }) => chain.untilSpent(closingTxid, vout))))];
    await world.mine(1);
    await expectAllToBeOurs({ point, closingTxid, spenders });
  });
});
