import { describe, expect, test } from 'vitest';
import type { EventData, EventName } from '../../core/api.ts';
import { type Tx, decodeTx, encodeTx, txid, unsignedInput } from '../../core/bitcoin/transaction.ts';
import { PENALTY_MARGIN_BLOCKS } from '../../core/channel/onchain/sleep-budget.ts';
import { POLICY } from '../../core/channel/policy.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { must } from '../../core/lib/result.ts';
import { sat } from '../../core/lib/units.ts';
import { sleepView } from '../../core/node/status.ts';
import { betrayed, cutOff } from '../support/crash-enforcement.ts';
import { CrashRig } from '../support/crash-rig.ts';
import { CAPACITY_SAT, type Start, isIdle, isQuiet, startOf } from '../support/crash-scenarios.ts';
import { onChainSat } from '../support/invariants-at-rest.ts';
import type { SideName } from '../support/rig-keys.ts';

type Sleep = EventData<'sleep.updated'>;

const nothing = (): void => undefined;

interface World {
  readonly rig: CrashRig;
  readonly alarms: string[];
  /** What A told of its sleep. */
  readonly told: Sleep[];
}

async function worldOf(start: Start): Promise<World> {
  const alarms: string[] = [];
  const told: Sleep[] = [];
  const rig = new CrashRig(start.image, { without: start.without, isolated: start.isolated ?? false }, {}, {
    onSend: nothing, onDelivered: nothing, onDurable: nothing, onStarted: nothing, onPublish: nothing,
    onLog: (side: SideName, level: string, line: string) => void (side === 'A' && level === 'alarm' && alarms.push(line)),
    onEvent: (side: SideName, name: EventName, data: unknown) => void (side === 'A' && name === 'sleep.updated' && told.push(data as Sleep)),
  }); // prettier-ignore
  rig.chain.feerate = 20;
  await rig.settle(() => isIdle(rig));
  return { rig, alarms, told };
}

const channelOf = (rig: CrashRig) => must(rig.node('A').channels.all()[0], 'the channel');
const budgetOf = (rig: CrashRig): Sleep => must(sleepView(rig.node('A')), 'what A says');

/** A is off for so many blocks; `meanwhile` comes right after each of them. */
async function sleeps(rig: CrashRig, blocks: number, meanwhile: () => void = nothing): Promise<void> {
  rig.kill('A');
  for (let i = 0; i < blocks; i++) {
    rig.chain.mine();
    meanwhile();
    await rig.drain();
  }
  rig.start('A');
  await rig.settle(() => isIdle(rig));
}

async function untilClosed(rig: CrashRig, meanwhile: () => void = nothing): Promise<void> {
  for (let block = 0; block < 1_200 && channelOf(rig).phase !== 'closed'; block++) {
    rig.chain.mine();
    meanwhile();
    await rig.settle(() => isIdle(rig));
  }
  expect(channelOf(rig).phase).toBe('closed');
}

/** Takes each output that is still there as soon as the delay of the cheater's own balance is over. */
const thief = ({ rig }: World, commitment: Tx) => () => {
  commitment.outputs.forEach(({ amountSat }, vout) => {
    const input = unsignedInput({ txid: txid(commitment), vout }, POLICY.toSelfDelayBlocks);
    if (amountSat > 2_000n) rig.chain.publish(encodeTx({ version: 2, inputs: [input], outputs: [{ amountSat: sat(amountSat - 1_000n), script: Uint8Array.of(0x51) }], locktime: 0 }));
  });
};

describe('off for just as long as it says', () => {
  /** What A has more in the end, when B publishes what it revoked as soon as A is off. */
  async function robbed(offFor: (said: Sleep) => number): Promise<{ readonly said: Sleep; readonly gainedSat: bigint }> {
    const { start, commitment } = await betrayed('anchors');
    const world = await worldOf(start);
    const { rig } = world;
    await rig.settle(() => isQuiet(rig));
    const said = budgetOf(rig);
    const beforeSat = onChainSat(rig, 'A');
    expect(rig.chain.publish(encodeTx(decodeTx(encodeTx(commitment)))).ok).toBe(true);
    world.told.length = 0;
    await sleeps(rig, offFor(said), thief(world, commitment));
    // What was not seen yet is never taken for a quiet time.
    expect(world.told[0]?.untilHeight).toBe(Math.max(must(said.untilHeight, 'a height') + 1, rig.chain.height));
    await untilClosed(rig, thief(world, commitment));
    return { said, gainedSat: onChainSat(rig, 'A') - beforeSat };
  }

  test('a cheater gets nothing, and all is ours; off for longer, and it may get all that it took', { timeout: 240_000 }, async () => {
    const { said, gainedSat } = await robbed(({ blocks }) => must(blocks, 'blocks'));
    expect(said).toMatchObject({ blocks: POLICY.toSelfDelayBlocks - PENALTY_MARGIN_BLOCKS, reason: 'breach_delay' });
    expect(gainedSat).toBeGreaterThan(CAPACITY_SAT - 22_000n);
    const late = await robbed(({ blocks }) => must(blocks, 'blocks') + PENALTY_MARGIN_BLOCKS + 1);
    expect(late.gainedSat).toBeLessThan(CAPACITY_SAT / 2n);
  });

  /** What becomes of a payment that A accepted and cannot tell B of, when A is off. */
  async function unheard(offFor: (said: Sleep) => number) {
    const world = await worldOf(await cutOff('anchors'));
    const { rig, alarms } = world;
    const said = budgetOf(rig);
    const beforeSat = onChainSat(rig, 'A');
    await sleeps(rig, offFor(said));
    await untilClosed(rig);
    return { ...world, said, gainedSat: onChainSat(rig, 'A') - beforeSat, lost: alarms.some((line) => line.includes('settled_htlc_lost')) };
  }

  test('a payment that was accepted is claimed; off for longer, and its payer takes it back', { timeout: 240_000 }, async () => {
    const intime = await unheard(({ blocks }) => must(blocks, 'blocks'));
    const { said, rig } = intime;
    expect(said).toMatchObject({ reason: 'htlc_expiry', channelId: toHex(channelOf(rig).channelId) });
    expect(said.blocks).toBeGreaterThan(20);
    expect(said.blocks).toBeLessThan(POLICY.toSelfDelayBlocks - PENALTY_MARGIN_BLOCKS);
    expect(intime.lost).toBe(false);
    const late = await unheard(({ blocks }) => must(blocks, 'blocks') + POLICY.claimDeadlineBlocks + 10);
    expect(late.lost).toBe(true);
    // The payment is lost to more than what B, which closed then, paid for the close instead of us.
    expect(intime.gainedSat).toBeGreaterThan(late.gainedSat);
  });
});

describe('sleep.updated', () => {
  test('is told once the chain has told of everything, and with every block that changes it', async () => {
    const { rig, told } = await worldOf(await cutOff('anchors'));
    const first = budgetOf(rig);
    expect(told).toEqual([first]);
    expect(first).toMatchObject({ channelId: toHex(channelOf(rig).channelId), reason: 'htlc_expiry', untilHeight: rig.chain.height + must(first.blocks, 'blocks') });
    await rig.tick(5_000);
    expect(told.length).toBe(1);
    rig.chain.mine();
    await rig.settle(() => isIdle(rig));
    expect(told.slice(1)).toEqual([{ ...first, blocks: must(first.blocks, 'blocks') - 1 }]);
  });

  test('says nothing of blocks while there is nothing to lose', async () => {
    const { told } = await worldOf(await startOf('empty'));
    expect(told).toEqual([{}]);
  });
});
