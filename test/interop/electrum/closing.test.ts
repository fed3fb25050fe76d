/** Co-operative closes with Electrum (closing_signed: it has no option_simple_close), whoever opened and whoever closes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { electrumAvailable } from '../../support/electrum-daemon.ts';
import { strike, type Blow, type Place } from './interruption.ts';
import { CAPACITY_SAT, COINS_SAT, World, type Opener } from './world.ts';

const PUSH_SAT = 200_000n;
/** Fractions of a satoshi, of which a closing transaction knows nothing. */
const ODD_MSAT = 12_345_678n;
const CASES: readonly (readonly [closer: Opener, opener: Opener])[] = [['us', 'us'], ['electrum', 'us'], ['us', 'electrum'], ['electrum', 'electrum']]; // prettier-ignore

/** Between them every message of a close, lost or delivered, by every blow. */
const BROKEN_OFF: readonly (readonly [at: string, closer: Opener, opener: Opener, blow: Blow, place: Place])[] = (
  [
    ['us', 'us', 'cut', ['>', 'shutdown', 'after', 1]],
    ['us', 'electrum', 'kill us', ['<', 'shutdown', 'before', 1]],
    ['us', 'electrum', 'kill electrum', ['<', 'closing_signed', 'before', 1]],
    ['electrum', 'us', 'kill us', ['>', 'shutdown', 'before', 1]],
    ['electrum', 'us', 'kill electrum', ['>', 'closing_signed', 'after', 1]],
    ['electrum', 'electrum', 'cut', ['>', 'closing_signed', 'before', 1]],
  ] as const
).map(([closer, opener, blow, place]) => [`${blow} at ${place.join(' ')}`, closer, opener, blow, place]);

describe.skipIf(!electrumAvailable())('closing together with Electrum', { timeout: 60_000 }, () => {
  let world: World;
  let ourCoinsSat = COINS_SAT;
  let theirCoinsSat = COINS_SAT;
  beforeAll(async () => void (world = await World.create()), 60_000);
  afterAll(() => world?.stop());

  const close = async (closer: Opener, point: string): Promise<unknown> =>
    closer === 'us' ? world.sferic.call('channel.close', { channelId: (await world.sferic.channel(point))!.channelId }) : world.electrum.closeChannel(point);

  /** One channel from its opening to its end, `close` being how it ends. */
  async function live(closer: Opener, opener: Opener, close: (point: string) => Promise<unknown>): Promise<void> {
    const point = await world.openAndConfirm(opener, PUSH_SAT);
    const fundingTxid = point.slice(0, 64);
    const { feeSat: fundingFeeSat } = (await world.chain.tx(fundingTxid))!;
    const invoice = await world.electrum.invoice(0n);
    expect(await world.sferic.call('payment.send', { invoice, amountMsat: ODD_MSAT })).toMatchObject({ state: 'succeeded' });
    const ourMsat = (opener === 'us' ? CAPACITY_SAT - PUSH_SAT : PUSH_SAT) * 1000n - ODD_MSAT;
    await world.untilOurs(point, ourMsat);

    await close(point);
    const closingTxid = await world.chain.untilSpent(fundingTxid, Number(point.slice(65)));
    await world.mine(6);
    await world.electrum.untilChannel(point, 'CLOSED', 'REDEEMED');

    // The opener pays the fee; of each balance the fraction of a satoshi is lost.
    const { feeSat } = (await world.chain.tx(closingTxid))!;
    const lostSat = 1n;
    expect(feeSat).toBeGreaterThan(100n);
    expect(feeSat).toBeLessThan(40_000n);
    const ourShareSat = ourMsat / 1000n - (opener === 'us' ? feeSat - lostSat : 0n);
    const theirShareSat = CAPACITY_SAT - feeSat - ourShareSat;
    const openingCostSat = CAPACITY_SAT + fundingFeeSat;
    ourCoinsSat += ourShareSat - (opener === 'us' ? openingCostSat : 0n);
    theirCoinsSat += theirShareSat - (opener === 'electrum' ? openingCostSat : 0n);

    await world.sferic.untilConfirmed(ourCoinsSat);
    expect((await world.electrum.untilConfirmed(theirCoinsSat)).confirmed).toBe(theirCoinsSat);
    expect(await world.sferic.channel(point)).toMatchObject({ spendClass: 'mutual', closingTxid, closeReason: closer === 'us' ? 'user' : 'peer_shutdown' });
    expect(world.sferic.alarms).toEqual([]);
  }

  it.for(CASES)('%s closing what %s opened: every satoshi is where it should be', async ([closer, opener]) => {
    await live(closer, opener, (point) => close(closer, point));
  });

  it.for(BROKEN_OFF)('%s, %s closing what %s opened: the close goes on', async ([, closer, opener, blow, place]) => {
    await live(closer, opener, (point) => strike(world, blow, place, () => close(closer, point)));
  });

  it('and in the end both wallets, our book and the chain say the same', async () => {
    const coins = await world.sferic.call('wallet.coins', {});
    const scripts = [...new Set(coins.map(({ address }) => scriptOf(address)!))];
    const onChain = (await Promise.all(scripts.map((script) => world.chain.balanceOf(script)))).reduce((sum, x) => sum + x, 0n);
    expect(onChain).toBe(ourCoinsSat);
    expect(await world.sferic.call('wallet.balance', {})).toMatchObject({ confirmedSat: ourCoinsSat, unconfirmedSat: 0n, reservedSat: 0n, spendableSat: ourCoinsSat });
    const addresses = await world.electrum.call<readonly string[]>('listaddresses', { funded: true });
    const electrumOnChain = (await Promise.all(addresses.map((address) => world.chain.balanceOf(scriptOf(address)!)))).reduce((sum, x) => sum + x, 0n);
    expect(electrumOnChain).toBe(theirCoinsSat);

    const book = await world.sferic.call('ledger.balances', {});
    expect(book.find(({ account }) => account === 'wallet')?.balanceMsat).toBe(ourCoinsSat * 1000n);
    for (const { account, balanceMsat } of book) if (/^(channel|closing):/.test(account)) expect([account, balanceMsat]).toEqual([account, 0n]);
    expect(book.reduce((sum, { balanceMsat }) => sum + balanceMsat, 0n)).toBe(0n);
  });
});
