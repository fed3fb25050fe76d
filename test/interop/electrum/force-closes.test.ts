/** Unilateral closes with HTLCs in flight both ways, whoever opened and whoever closes: everybody gets what is theirs, to the satoshi. */
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { electrumAvailable, until } from '../../support/electrum-daemon.ts';
import { expectBookToBe, expectClosedAtDepth100, feeOf, feesOf, heightOf, mineUntilSpent, outputsOf } from './aftermath.ts';
import { FLIGHT_SAT, holdBothWays, type FlightName } from './in-flight.ts';
import { CAPACITY_SAT, COINS_SAT, World, type Opener } from './world.ts';

const PUSH_SAT = 900_000n;
/** What Electrum asks us to wait for our own money: the lowest that it takes. */
const OUR_DELAY = 144;
/** What we ask of Electrum. */
const THEIR_DELAY = 720;
const REORG_SAFE_DEPTH = 6;

const CASES: readonly (readonly [closer: Opener, opener: Opener])[] = [['electrum', 'us'], ['us', 'us'], ['electrum', 'electrum'], ['us', 'electrum']]; // prettier-ignore

/** Who gets each HTLC in the end: by its preimage, or by its expiry. */
const GETS: Readonly<Record<FlightName, Opener>> = { offered: 'electrum', offeredInVain: 'us', received: 'us', receivedInVain: 'electrum' };
const FLIGHT = Object.keys(FLIGHT_SAT) as readonly FlightName[];
const other = (side: Opener): Opener => (side === 'us' ? 'electrum' : 'us');

describe.skipIf(!electrumAvailable())('closing by force with HTLCs in flight', { timeout: 120_000 }, () => {
  let world: World;
  const coinsSat = { us: COINS_SAT, electrum: COINS_SAT };
  /** Of our book, in sat, over all channels. */
  const booked = { pushed: 0n, 'payments:sent': 0n, 'payments:received': 0n, 'fees:onchain': 0n };
  beforeAll(async () => void (world = await World.create({ config: { lightning_to_self_delay: OUR_DELAY } })), 60_000);
  afterAll(() => world?.stop());

  async function forceClose(closer: Opener, point: string): Promise<string> {
    if (closer === 'electrum') return world.electrum.forceClose(point);
    return (await world.sferic.call('channel.forceClose', { channelId: (await world.sferic.channel(point))!.channelId })).txid;
  }
  const paymentState = async (paymentHash: string) => (await world.sferic.call('payment.get', { paymentHash })).state;
  const invoiceState = async (paymentHash: string) => (await world.sferic.call('invoice.get', { paymentHash })).state;

  it.for(CASES)('%s closing what %s opened', async ([closer, opener]) => {
    const { sferic, electrum, chain } = world;
    const point = await world.openAndConfirm(opener, PUSH_SAT);
    const fundingFeeSat = await feeOf(world, point.slice(0, 64));
    const hashes = await holdBothWays(world, point);

    // The close itself: the peer sees it on the chain only.
    const closingTxid = await forceClose(closer, point);
    expect(await chain.untilSpent(point.slice(0, 64), Number(point.slice(65)))).toBe(closingTxid);
    await world.mine(1);
    const closedAt = await heightOf(world, closingTxid);
    await electrum.settleHtlcs(true);

    // Of the balances the opener's pays the fee.
    const closingFeeSat = await feeOf(world, closingTxid);
    const balanceSat = { [opener]: CAPACITY_SAT - PUSH_SAT - closingFeeSat, [other(opener)]: PUSH_SAT } as Record<Opener, bigint>;
    balanceSat.us -= FLIGHT_SAT.offered + FLIGHT_SAT.offeredInVain;
    balanceSat.electrum -= FLIGHT_SAT.received + FLIGHT_SAT.receivedInVain;
    const outputs = await outputsOf(world, closingTxid);
    const voutOf = (amountSat: bigint): number => must(outputs.find((output) => output.amountSat === amountSat)?.vout, `an output of ${amountSat} sat`);
    expect(outputs).toHaveLength(6);
    const spentBy = { us: new Set<string>(), electrum: new Set<string>() };
    const takenBy = new Map<FlightName, string>();
    async function take(name: FlightName, spender: Promise<string>): Promise<void> {
      takenBy.set(name, await spender);
      spentBy[GETS[name]].add(await spender);
    }

    // What has a preimage is taken at once.
    await take('offered', chain.untilSpent(closingTxid, voutOf(FLIGHT_SAT.offered)));
    await take('received', chain.untilSpent(closingTxid, voutOf(FLIGHT_SAT.received)));
    if (closer === 'electrum') spentBy.us.add(await chain.untilSpent(closingTxid, voutOf(balanceSat.us)));
    const sent = await until('our payment to be final', () => sferic.call('payment.get', { paymentHash: hashes.offered }), ({ state }) => state !== 'pending');
    expect(sent).toMatchObject({ state: 'succeeded', amountMsat: FLIGHT_SAT.offered * 1000n, feeMsat: 0n });
    expect(toHex(sha256(fromHex(sent.paymentPreimage!)))).toBe(hashes.offered);
    await world.mine(REORG_SAFE_DEPTH - 1);
    expect(await invoiceState(hashes.received)).not.toBe('paid');
    await world.mine(1);
    await until('our invoice to be paid', () => invoiceState(hashes.received), (state) => state === 'paid');

    // The others are their payers' again after they have expired.
    await sferic.release();
    await take('receivedInVain', mineUntilSpent(world, closingTxid, voutOf(FLIGHT_SAT.receivedInVain)));
    await take('offeredInVain', mineUntilSpent(world, closingTxid, voutOf(FLIGHT_SAT.offeredInVain)));
    await world.mine(REORG_SAFE_DEPTH - 1);
    expect(await paymentState(hashes.offeredInVain)).toBe('pending');
    await world.mine(1);
    await until('our payment to be final', () => paymentState(hashes.offeredInVain), (state) => state === 'failed');

    // Whoever closed waits for its own: the balance, and what its HTLC transactions brought. Electrum's is no concern of ours.
    const heightsOf = (txids: readonly string[]): Promise<number[]> => Promise.all(txids.map((txid) => heightOf(world, txid)));
    const takeOwn = async (): Promise<void> => {
      await world.mine(Math.max(1, closedAt + (closer === 'us' ? OUR_DELAY : THEIR_DELAY) - 1 - (await chain.height())));
      spentBy[closer].add(await mineUntilSpent(world, closingTxid, voutOf(balanceSat[closer])));
      for (const name of FLIGHT) if (GETS[name] === closer) spentBy[closer].add(await mineUntilSpent(world, takenBy.get(name)!, 0));
      await world.mine(1);
    };
    if (closer === 'us') await takeOwn();
    await expectClosedAtDepth100(world, point, Math.max(...(await heightsOf([closingTxid, ...takenBy.values(), ...spentBy.us]))));
    if (closer === 'electrum') await takeOwn();

    // Balances: what the rules give each, less the fees that each really paid.
    const claimFeesSat = { us: await feesOf(world, spentBy.us), electrum: await feesOf(world, spentBy.electrum) };
    for (const side of ['us', 'electrum'] as const) {
      const htlcsSat = FLIGHT.filter((name) => GETS[name] === side).reduce((sum, name) => sum + FLIGHT_SAT[name], 0n);
      coinsSat[side] += balanceSat[side] + htlcsSat - claimFeesSat[side] - (side === opener ? CAPACITY_SAT + fundingFeeSat : 0n);
    }
    await sferic.untilConfirmed(coinsSat.us);
    expect((await electrum.untilConfirmed(coinsSat.electrum)).confirmed).toBe(coinsSat.electrum);
    expect(await sferic.channel(point)).toMatchObject({
      spendClass: closer === 'us' ? 'local' : 'remote', closingTxid, closeReason: closer === 'us' ? 'user' : 'peer_broadcast',
    }); // prettier-ignore
    expect(sferic.alarms).toEqual([]);

    booked.pushed += opener === 'us' ? PUSH_SAT : -PUSH_SAT;
    booked['payments:sent'] += FLIGHT_SAT.offered;
    booked['payments:received'] -= FLIGHT_SAT.received;
    booked['fees:onchain'] += claimFeesSat.us + (opener === 'us' ? fundingFeeSat + closingFeeSat : 0n);
    await expectBookToBe(world, { wallet: coinsSat.us, outside: -COINS_SAT, ...booked });
  });
});
