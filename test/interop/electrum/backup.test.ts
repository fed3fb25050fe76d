/** Our data folder is lost; from words and a backup file we ask Electrum to close, and Electrum, whose judge is its own code, pays us. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { must } from '../../../core/lib/result.ts';
import { electrumAvailable, until } from '../../support/electrum-daemon.ts';
import { type Channel, PASSWORD } from '../../support/sferic-process.ts';
import { book, feeOf, feesOf, outputsOf, ourCoinsOnChain } from './aftermath.ts';
import { World } from './world.ts';

const PUSH_SAT = 900_000n;

describe.skipIf(!electrumAvailable())('words and a backup file', { timeout: 120_000 }, () => {
  let world: World;
  beforeEach(async () => void (world = await World.create()), 60_000);
  afterEach(() => world?.stop());

  /** What the commitment `txid` of Electrum pays us of what we had, to the satoshi: whoever opened pays the fee. */
  async function expectPaysUs({ ourMsat, isOpener, channelType }: Channel, txid: string): Promise<{ readonly vout: number; readonly amountSat: bigint }> {
    const anchorsSat = channelType === 'anchors' ? 660n : 0n;
    const amountSat = ourMsat / 1000n - (isOpener ? (await feeOf(world, txid)) + anchorsSat : 0n);
    const found = (await outputsOf(world, txid)).find((output) => output.amountSat === amountSat);
    return must(found, `an output of ${amountSat} sat`);
  }

  it('bring back what is ours in channels of every kind, also one that was never used', async () => {
    const { sferic, electrum, chain } = world;
    const used = await world.openAndConfirm('us', PUSH_SAT);
    expect(await electrum.pay((await world.invoiceOfOurs(200_000n)).invoice)).toMatchObject({ success: true });
    expect(await world.payElectrum(120_000n)).toMatchObject({ state: 'succeeded' });
    await world.untilAgreed(used);
    const untouched = await world.openAndConfirm('us', PUSH_SAT);
    const theirs = await world.openAndConfirm('electrum', PUSH_SAT);
    const points = [used, untouched, theirs];
    const { file, channels } = await sferic.call('backup.run', {});
    expect(channels).toBe(3);
    const { mnemonic } = await sferic.call('vault.revealSeed', { password: PASSWORD });
    const before = await Promise.all(points.map(async (point) => must(await sferic.channel(point), 'the channel')));
    expect(before[0]!.localCommitmentNumber).toBeGreaterThan(0);
    expect(before[1]).toMatchObject({ localCommitmentNumber: 0, remoteCommitmentNumber: 0 });

    await sferic.stop();
    await rm(join(sferic.dir, 'data'), { recursive: true });
    sferic.forgetWire();
    await sferic.start({ mnemonic });
    const coinsSat = (await sferic.call('wallet.balance', {})).confirmedSat;
    expect(await sferic.call('backup.restore', { file })).toEqual({ restored: 3, skipped: 0 });
    await world.reconnect();

    const paid = [];
    for (const view of before) {
      const txid = await chain.untilSpent(view.fundingTxid, view.fundingVout);
      paid.push({ txid, ...(await expectPaysUs(view, txid)) });
    }
    expect(sferic.wire).toContain('> channel_reestablish');
    expect(sferic.wire).toContain('> error');
    await world.mine(1);
    const sweeps = [];
    for (const { txid, vout } of paid) sweeps.push(await chain.untilSpent(txid, vout));
    await world.mine(1);
    const gainedSat = paid.reduce((sum, { amountSat }) => sum + amountSat, 0n) - (await feesOf(world, sweeps));
    await sferic.untilConfirmed(coinsSat + gainedSat);
    expect(await ourCoinsOnChain(world)).toBe(coinsSat + gainedSat);
    for (const point of points) {
      expect(await sferic.channel(point)).toMatchObject({ spendClass: 'future', closeReason: 'restored', isRestored: true });
      await electrum.untilChannel(point, 'CLOSED', 'REDEEMED');
    }
    await world.mine(100);
    await until('the channels to be closed', () => sferic.channels(), (views) => views.every(({ state }) => state === 'closed'));
    const books = await until('the books', () => book(world), ({ restored }) => restored === -gainedSat * 1000n);
    expect(books['wallet']).toBe((coinsSat + gainedSat) * 1000n);
    expect(Object.keys(books).filter((account) => /^(channel|closing|penalties)/u.test(account))).toEqual([]);
    expect(sferic.alarms).toEqual([]);
  });
});
