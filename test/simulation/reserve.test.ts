import { describe, expect, test } from 'vitest';
import type { Answer } from '../../core/api.ts';
import { toHex } from '../../core/lib/bytes.ts';
import type { ApiFailure } from '../../core/node/app.ts';
import { CrashRig } from '../support/crash-rig.ts';
import { type SETTINGS, isIdle, isQuiet, openParams, startOf, stranger } from '../support/crash-scenarios.ts';
import type { SideName } from '../support/rig-keys.ts';

const nothing = (): void => undefined;

async function rigOf(setting: keyof typeof SETTINGS): Promise<{ readonly rig: CrashRig; readonly alarms: string[] }> {
  const start = await startOf(setting);
  const alarms: string[] = [];
  const watcher = { onSend: nothing, onDelivered: nothing, onDurable: nothing, onStarted: nothing, onPublish: nothing, onLog: (_: SideName, level: string, text: string) => void (level === 'alarm' && alarms.push(text)) };
  const rig = new CrashRig(start.image, { without: start.without }, {}, watcher);
  await rig.settle(() => isQuiet(rig));
  return { rig, alarms };
}

type Method = Parameters<CrashRig['call']>[1];
async function ask<M extends Method>(rig: CrashRig, side: SideName, method: M, params: Parameters<typeof rig.call<M>>[2]): Promise<{ readonly answer?: unknown; readonly failure?: ApiFailure }> {
  const call = rig.call(side, method, params);
  await rig.settle(() => isIdle(rig) && call.state !== 'open');
  return call.state === 'answered' ? { answer: call.answer } : { failure: call.answer as ApiFailure };
}

/** A block, and what the nodes make of it. */
async function block(rig: CrashRig): Promise<void> {
  rig.chain.mine();
  await rig.settle(() => isIdle(rig));
}

const everything = { address: stranger };

describe('I-30, what has to stay for closing channels', () => {
  test('is nothing without channels, and then everything goes', async () => {
    const { rig } = await rigOf('empty');
    const { closeReserveSat, availableSat, spendableSat } = rig.node('A').balance();
    expect([closeReserveSat, availableSat]).toEqual([0n, spendableSat]);
    expect(await ask(rig, 'A', 'wallet.send', everything)).toHaveProperty('answer.txid');
  });

  test('is nothing for channels without anchors, which carry their own fees', async () => {
    const { rig } = await rigOf('static');
    expect(rig.node('A').balance().closeReserveSat).toBe(0n);
    expect(await ask(rig, 'A', 'wallet.send', everything)).toHaveProperty('answer.txid');
  });

  test('is not sent, unless the user says so; the refusal says how much is possible, and that is', async () => {
    const { rig } = await rigOf('anchors');
    const { closeReserveSat, availableSat, spendableSat } = rig.node('A').balance();
    expect(closeReserveSat).toBeGreaterThan(50_000n);
    expect(availableSat).toBe(spendableSat - closeReserveSat);
    const { failure } = await ask(rig, 'A', 'wallet.send', everything);
    expect(failure?.code).toBe('below_reserve');
    const possibleSat = BigInt(failure!.data!['possibleSat']!);
    expect(failure!.message).toContain(`At most ${possibleSat} sat can be sent`);
    // Only the fee lies between.
    expect(availableSat - possibleSat).toBeGreaterThan(0n);
    expect(availableSat - possibleSat).toBeLessThan(5_000n);
    expect((await ask(rig, 'A', 'wallet.prepareSend', { ...everything, amountSat: possibleSat + 1n })).failure?.code).toBe('below_reserve');
    expect(await ask(rig, 'A', 'wallet.prepareSend', { ...everything, amountSat: possibleSat })).toHaveProperty('answer.feeSat');
    expect(await ask(rig, 'A', 'wallet.send', { ...everything, amountSat: possibleSat })).toHaveProperty('answer.txid');
    await block(rig);
    expect(rig.node('A').balance().spendableSat).toBeGreaterThanOrEqual(closeReserveSat);
    expect(await ask(rig, 'A', 'wallet.send', { ...everything, spendReserve: true })).toHaveProperty('answer.txid');
    expect(rig.node('A').balance().spendableSat).toBe(0n);
  });

  test('is not spent on a higher fee either, unless the user says so', async () => {
    const { rig } = await rigOf('anchors');
    const { failure } = await ask(rig, 'A', 'wallet.send', everything);
    const { answer } = await ask(rig, 'A', 'wallet.send', { ...everything, amountSat: BigInt(failure!.data!['possibleSat']!) });
    const { txid } = answer as { readonly txid: string };
    expect((await ask(rig, 'A', 'wallet.bumpFee', { txid, feerateSatPerVb: 40 })).failure?.code).toBe('below_reserve');
    expect((await ask(rig, 'A', 'wallet.prepareBump', { txid, feerateSatPerVb: 40 })).failure?.code).toBe('below_reserve');
    const before = rig.node('A').onchain.wallet.ownTransactions.length;
    const plan = (await ask(rig, 'A', 'wallet.prepareBump', { txid, feerateSatPerVb: 40, spendReserve: true })).answer as Answer<'wallet.prepareBump'>;
    expect(plan.extraFeeSat).toBe(plan.feeSat - plan.oldFeeSat);
    expect(plan.feerateSatPerVb).toBeGreaterThan(plan.oldFeerateSatPerVb);
    expect(plan.coins.some(({ isAdded }) => !isAdded)).toBe(true);
    // The limit holds to the satoshi, and looking has changed nothing.
    const over = await ask(rig, 'A', 'wallet.bumpFee', { txid, feerateSatPerVb: 40, spendReserve: true, maxFeeSat: plan.feeSat - 1n });
    expect(over.failure).toMatchObject({ code: 'fee_limit_too_low', data: { feeSat: `${plan.feeSat}`, limitSat: `${plan.feeSat - 1n}` } });
    expect(rig.node('A').onchain.wallet.ownTransactions).toHaveLength(before);
    expect(await ask(rig, 'A', 'wallet.bumpFee', { txid, feerateSatPerVb: 40, spendReserve: true, maxFeeSat: plan.feeSat })).toMatchObject({ answer: { feeSat: plan.feeSat } });
  });

  test('pays for a close when blocks are dear, after all that was possible was sent', async () => {
    const { rig, alarms } = await rigOf('anchors');
    const { failure } = await ask(rig, 'A', 'wallet.send', everything);
    await ask(rig, 'A', 'wallet.send', { ...everything, amountSat: BigInt(failure!.data!['possibleSat']!) });
    await block(rig);
    rig.chain.feerate = 50;
    for (let waitedMs = 0; waitedMs < 600_000; ) waitedMs += await rig.tick(600_000);
    const channel = rig.node('A').channels.all()[0]!;
    expect(await ask(rig, 'A', 'channel.forceClose', { channelId: toHex(channel.channelId) })).toHaveProperty('answer.txid');
    await block(rig);
    expect(rig.node('A').channels.all()[0]!.spend?.height).toBeDefined();
    expect(alarms.filter((text) => text.includes('short_of_coins'))).toEqual([]);
  });

  test('is not put into a channel, and the new channel needs its own', async () => {
    const { rig } = await rigOf('anchors');
    const { closeReserveSat, spendableSat } = rig.node('A').balance();
    const all = spendableSat - closeReserveSat - 2_000n;
    const { failure } = await ask(rig, 'A', 'channel.open', { ...openParams, capacitySat: all, pushMsat: 0n });
    expect(failure?.code).toBe('below_reserve');
    const possibleSat = BigInt(failure!.data!['possibleSat']!);
    expect(all - possibleSat).toBeGreaterThan(50_000n);
    expect(await ask(rig, 'A', 'channel.open', { ...openParams, capacitySat: possibleSat, pushMsat: 0n })).toHaveProperty('answer.fundingTxid');
    await block(rig);
    const after = rig.node('A').balance();
    expect(after.spendableSat).toBeGreaterThanOrEqual(after.closeReserveSat);
  });

  test('may go into a channel when the user says so', async () => {
    const { rig } = await rigOf('anchors');
    const capacitySat = rig.node('A').balance().availableSat;
    expect(await ask(rig, 'A', 'channel.open', { ...openParams, capacitySat, pushMsat: 0n, spendReserve: true })).toHaveProperty('answer.fundingTxid');
  });
});

describe('a channel that a peer opens', () => {
  test('without anchors is no matter for a wallet without coins', async () => {
    const { rig } = await rigOf('static');
    await ask(rig, 'B', 'wallet.send', { ...everything, spendReserve: true });
    await block(rig);
    expect(await ask(rig, 'A', 'channel.open', openParams)).toHaveProperty('answer.fundingTxid');
  });

  test('with anchors is taken by a wallet without coins when it is its first, and no second one', async () => {
    const { rig } = await rigOf('empty');
    await ask(rig, 'B', 'wallet.send', { ...everything, spendReserve: true });
    await block(rig);
    expect(await ask(rig, 'A', 'channel.open', openParams)).toHaveProperty('answer.fundingTxid');
    const second = await ask(rig, 'A', 'channel.open', openParams);
    expect(second.failure?.code).toBe('channel_refused');
    expect(second.failure?.message).toContain('too few coins on chain here to close another channel with anchors safely');
    expect(rig.node('B').channels.all()).toHaveLength(1);
  });

  test('is accepted only while the reserve of those on their way holds too', async () => {
    const { rig } = await rigOf('empty');
    // Enough for two.
    await ask(rig, 'B', 'wallet.send', { ...everything, amountSat: 500_000n - 130_000n });
    await block(rig);
    const calls = [1, 2, 3].map(() => rig.call('A', 'channel.open', openParams));
    await rig.settle(() => isIdle(rig) && calls.every(({ state }) => state !== 'open'));
    expect(calls.map(({ state }) => state).sort()).toEqual(['answered', 'answered', 'refused']);
    expect(calls.map(({ answer }) => String((answer as ApiFailure).message)).join()).toContain('too few coins on chain here');
  });
}); // prettier-ignore
