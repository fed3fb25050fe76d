/** Both wallets restart with channels open, and the chain takes funding transactions back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electrumAvailable, until } from '../../support/electrum-daemon.ts';
import { CAPACITY_SAT, World, type Opener } from './world.ts';

const PUSH_SAT = 1_000_000n;

describe.skipIf(!electrumAvailable())('restarts and reorgs with Electrum', { timeout: 60_000 }, () => {
  let world: World;
  const points: string[] = [];
  const total = async (): Promise<bigint> => (await Promise.all(points.map((point) => world.untilAgreed(point)))).reduce((sum, x) => sum + x, 0n);
  beforeAll(async () => void (world = await World.create()), 60_000);
  afterAll(() => world?.stop());

  async function reconnect(): Promise<void> {
    await world.reconnect();
    await Promise.all(points.map((point) => world.untilOpen(point)));
  }

  /** Over whichever channels the payers choose. */
  async function payBothWays(): Promise<void> {
    const before = await total();
    expect(await world.payElectrum(70_001n)).toMatchObject({ state: 'succeeded' });
    expect(await world.electrum.pay((await world.invoiceOfOurs(50_002n)).invoice)).toMatchObject({ success: true });
    expect(await total()).toBe(before - 70_001n + 50_002n);
  }

  it.for([['us', 1], ['us', 2], ['electrum', 1], ['electrum', 2]] as const)('%s opening, the funding is reorged away at %i confirmations', async ([opener, depth]: readonly [Opener, number]) => {
    const point = await world.open(opener, PUSH_SAT);
    await world.mine(depth);
    const confirmations = async () => (await world.sferic.channel(point))!.confirmations;
    await until('our confirmations', confirmations, (n) => n === depth);
    await world.chain.reorg(depth);
    await world.untilSynced();
    await until('our loss of them', confirmations, (n) => n === 0);
    // Neither has given the channel up, and neither calls it ready.
    await world.mine(2);
    await until('our confirmations', confirmations, (n) => n === 2);
    expect((await world.sferic.channel(point))!.state).toBe('opening');
    await world.mine(1);
    await world.untilOpen(point);
    points.push(point);
    expect((await world.sferic.channel(point))!.shortChannelId).toBe((await world.electrum.channel(point))!.short_channel_id);
    await payBothWays();
    await world.expectNoHarm(point);
  }); // prettier-ignore

  it('the funding is reorged away from channels in use: they stay in use', async () => {
    const point = await world.openAndConfirm('us', PUSH_SAT);
    points.push(point);
    await world.chain.reorg(3);
    await world.untilSynced();
    await until('our loss of the confirmations', async () => (await world.sferic.channel(point))!.confirmations, (n) => n === 0);
    await payBothWays();
    await world.mine(1);
    const height = await world.chain.height();
    await until('our new name of the channel', async () => (await world.sferic.channel(point))!.shortChannelId, (id) => id?.startsWith(`${height}x`) ?? false);
    await payBothWays();
  });

  it.for([['we', true, false], ['Electrum', false, true], ['both', true, true]] as const)('%s restart in peace: payments go on', async ([, ours, theirs]) => {
    await Promise.all([ours && world.sferic.stop(), theirs && world.electrum.stop()]);
    await Promise.all([ours && world.sferic.start(), theirs && world.electrum.start()]);
    await reconnect();
    await payBothWays();
  }); // prettier-ignore

  it('both are killed: payments go on, over what is left of everything', async () => {
    await Promise.all([world.sferic.stop({ kill: true }), world.electrum.stop({ kill: true })]);
    await Promise.all([world.sferic.start(), world.electrum.start()]);
    await reconnect();
    await payBothWays();
    for (const point of points) {
      await world.expectNoHarm(point);
      await world.untilBooked(point, (await world.untilAgreed(point)) * 1000n);
    }
    expect(points).toHaveLength(5);
    expect(await total()).toBe(5n * (CAPACITY_SAT - PUSH_SAT) + 10n * (50_002n - 70_001n));
  });
});
