/** An old copy of our own data starts while Electrum is ahead: nothing of ours is published, Electrum is asked to close, and pays us. */
import { cp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { electrumAvailable, until } from '../../support/electrum-daemon.ts';
import { expectBookToBe, expectClosedAtDepth100, feeOf, heightOf, outputsOf } from './aftermath.ts';
import { CAPACITY_SAT, COINS_SAT, World } from './world.ts';

const PUSH_SAT = 900_000n;
const RECEIVED_LATER_SAT = 300_000n;
const SENT_LATER_SAT = 120_000n;
const OUR_LAST_SAT = CAPACITY_SAT - PUSH_SAT + RECEIVED_LATER_SAT - SENT_LATER_SAT;
const DATABASE = /^sferic\.db/;

describe.skipIf(!electrumAvailable())('an old copy of our data', { timeout: 60_000 }, () => {
  let world: World;
  beforeEach(async () => void (world = await World.create()), 60_000);
  afterEach(() => world?.stop());

  /**
   * We start from a copy that was made before the last payments; `isRestored` says of which files. Electrum is away meanwhile.
   * Answers with its newest commitment.
   */
  async function withOldCopy(isRestored: (name: string) => boolean): Promise<{ readonly point: string; readonly theirTxid: string }> {
    const { sferic, electrum } = world;
    const point = await world.openAndConfirm('us', PUSH_SAT);
    const data = join(sferic.dir, 'data');
    const old = join(sferic.dir, 'old');
    await sferic.stop();
    await cp(data, old, { recursive: true });
    await sferic.start();
    await world.reconnect();
    await world.untilOpen(point);
    expect(await electrum.pay((await world.invoiceOfOurs(RECEIVED_LATER_SAT)).invoice)).toMatchObject({ success: true });
    expect(await world.payElectrum(SENT_LATER_SAT)).toMatchObject({ state: 'succeeded' });
    await world.untilOurs(point, OUR_LAST_SAT * 1000n);
    const theirs = await electrum.commitmentHex(point);
    const [{ txid: theirTxid } = { txid: '' }] = await world.chain.check([theirs]);

    await Promise.all([sferic.stop(), electrum.stop()]);
    const newer = join(sferic.dir, 'newer');
    await rename(data, newer);
    await cp(old, data, { recursive: true });
    for (const name of await readdir(newer)) {
      if (!isRestored(name)) await cp(join(newer, name), join(data, name), { recursive: true });
    }
    await rm(newer, { recursive: true });
    sferic.forgetWire();
    await sferic.start();
    return { point, theirTxid };
  }

  /** Electrum closes by its newest commitment, and that pays us what we had last. */
  async function expectTheirClose(point: string, theirTxid: string): Promise<void> {
    const { sferic, electrum, chain } = world;
    expect(await chain.untilSpent(point.slice(0, 64), Number(point.slice(65)))).toBe(theirTxid);
    await world.mine(1);
    const feeSat = await feeOf(world, theirTxid);
    const ours = (await outputsOf(world, theirTxid)).find(({ amountSat }) => amountSat === OUR_LAST_SAT - feeSat)!;
    const sweep = await chain.untilSpent(theirTxid, ours.vout);
    await world.mine(1);
    const fundingFeeSat = await feeOf(world, point.slice(0, 64));
    const coinsSat = COINS_SAT - CAPACITY_SAT - fundingFeeSat + ours.amountSat - (await feeOf(world, sweep));
    await sferic.untilConfirmed(coinsSat);
    expect(await sferic.channel(point)).toMatchObject({ state: 'closing', spendClass: 'future', closingTxid: theirTxid, closeReason: 'data_loss' });
    await electrum.untilChannel(point, 'CLOSED', 'REDEEMED');
    await expectClosedAtDepth100(world, point, Math.max(await heightOf(world, theirTxid), await heightOf(world, sweep)));
    // What the lost payments moved, and what this close cost, nobody can tell apart any more.
    const believedSat = CAPACITY_SAT - PUSH_SAT;
    const gainedSat = coinsSat - (COINS_SAT - CAPACITY_SAT - fundingFeeSat + believedSat);
    await expectBookToBe(world, { wallet: coinsSat, outside: -COINS_SAT, pushed: PUSH_SAT, 'fees:onchain': fundingFeeSat, data_loss: -gainedSat });
  }

  async function expectNothingPublished(point: string): Promise<void> {
    expect(await world.chain.spenderOf(point.slice(0, 64), Number(point.slice(65)))).toBeUndefined();
    expect(await world.chain.mempoolTxids()).toEqual([]);
  }
  async function comeBack(): Promise<void> {
    await world.electrum.start();
    await world.reconnect();
  }
  const alarmCodes = (): readonly string[] => world.sferic.alarms.map(({ code }) => code);

  it('of the database alone: the notes beside it tell, before anybody is asked', async () => {
    const { point, theirTxid } = await withOldCopy((name) => DATABASE.test(name));
    const { sferic } = world;
    expect((await sferic.call('vault.status', {})).recoveryReason).toMatch(/older/);
    const { channelId, state, closeReason } = (await sferic.channel(point))!;
    expect({ state, closeReason }).toEqual({ state: 'fallen_behind', closeReason: 'data_loss' });
    await expect(sferic.call('channel.forceClose', { channelId })).rejects.toMatchObject({ code: 'recovery_mode' });
    await world.chain.mine(1);
    await sferic.untilSynced(await world.chain.height());
    await expectNothingPublished(point);
    await comeBack();
    await expectTheirClose(point, theirTxid);
    // The peer speaks first.
    const numbers = sferic.wire.filter((message) => message.endsWith('channel_reestablish'));
    expect(numbers.slice(0, 2)).toEqual(['< channel_reestablish', '> channel_reestablish']);
    expect(sferic.wire).toContain('> error');
  });

  it('of the whole folder: only Electrum can tell, and proves it', async () => {
    const { point, theirTxid } = await withOldCopy(() => true);
    const { sferic } = world;
    expect(await sferic.call('vault.status', {})).not.toHaveProperty('recoveryReason');
    // Or else Electrum closes on our numbers alone, before it has told its own.
    const { reached } = await sferic.order({ direction: 'out', when: 'before', message: 'channel_reestablish', occurrence: 1, action: 'lose' });
    await comeBack();
    await reached;
    await until('the proof', async () => alarmCodes(), (codes) => codes.includes('we_lost_data'));
    const { channelId } = (await sferic.channel(point))!;
    await expect(sferic.call('channel.forceClose', { channelId })).rejects.toMatchObject({ code: expect.stringMatching(/^(recovery_mode|channel_closing)$/) });
    await expectTheirClose(point, theirTxid);
    expect(sferic.wire).toContain('> error');
  });

  it('of the whole folder, and Electrum closes on our numbers: its commitment tells', async () => {
    const { point, theirTxid } = await withOldCopy(() => true);
    await expectNothingPublished(point);
    await comeBack();
    await expectTheirClose(point, theirTxid);
    // Whichever came first, its numbers or its commitment.
    expect(alarmCodes()).toContain('future_commitment');
  });
});
