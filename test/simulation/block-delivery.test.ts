import { expect, test } from 'vitest';
import { toHex } from '../../core/lib/bytes.ts';
import { chance } from '../support/chance.ts';
import { viewOf } from '../support/invariant-views.ts';
import { type Delivery, honestDelivery } from './world/chain-port.ts';
import { wealthMsat } from './world/money.ts';
import { Play } from './world/play.ts';
import { isQuiet, runUntil, startOf } from './world/starts.ts';
import { Watch } from './world/watch.ts';
import { World } from './world/world.ts';

const NAMES = ['A', 'B'] as const;

/** How blocks come: one tip each or several at once, and how each is told. */
const STYLES = {
  'one by one': { batch: () => 1, delivery: () => honestDelivery },
  'three at once': { batch: () => 3, delivery: () => honestDelivery },
  'any number at once': { batch: (draw) => 1 + Math.floor(draw() * 9), delivery: () => honestDelivery },
  'every second one skipped': { batch: () => 1, delivery: (draw) => ({ ...honestDelivery, skip: () => draw() < 0.5 }) },
  'told twice': { batch: () => 1, delivery: () => ({ ...honestDelivery, twice: () => true }) },
  'told late and twice': { batch: () => 2, delivery: (draw) => ({ ...honestDelivery, asItWas: () => true, twice: () => draw() < 0.5 }) },
} as const satisfies Readonly<Record<string, { readonly batch: (draw: () => number) => number; readonly delivery: (draw: () => number) => Delivery }>>;

/** A pays and closes by force in the middle of it; `steps` later B dies for good. What is left when all is buried. */
async function endOf(style: keyof typeof STYLES, steps: number): Promise<string> {
  const watch = new Watch();
  const world = new World({ names: NAMES, seed: 1, watcher: watch, from: await startOf('pair'), order: () => 0 });
  watch.world = world;
  const play = new Play(world, watch);
  for (const name of NAMES) world.start(name);
  await runUntil(world, () => isQuiet(world, NAMES));
  play.pay('A', 'B', 30_000_000n);
  play.pay('B', 'A', 20_000_000n);
  await play.run(steps);
  const [channel] = world.node('A').channels.all();
  world.kill('B');
  play.forceClose('A', channel!);
  await runUntil(world, () => world.lanes.waiting === 0);

  const draw = chance(steps);
  world.place('A').delivery = STYLES[style].delivery(draw);
  for (let mined = 0; mined < 1_060; ) {
    const batch = STYLES[style].batch(draw);
    for (let i = 0; i < batch; i++) world.chain.mine({ quiet: true });
    mined += batch;
    world.chain.tellTip();
    await runUntil(world, () => world.lanes.waiting === 0);
  }
  world.place('A').delivery = honestDelivery;
  world.chain.mine();
  await runUntil(world, () => world.lanes.waiting === 0);
  expect(watch.evidence.broken).toEqual([]);
  const disk = viewOf(world.durable('A'));
  const payments = [...disk.outgoing.values(), ...disk.incoming.values()].map(({ paymentHash, status }) => `${toHex(paymentHash).slice(0, 8)} ${status}`);
  // Whether two outputs are swept together depends on when their heights are heard of; that costs fees, and nothing else.
  const fees = world.chain.confirmed().reduce((sum, { txid, tx }) => (watch.publisherOf.get(txid) === 'A' ? sum + (world.chain.feeSatOf(tx) ?? 0n) : sum), 0n);
  return `${disk.channels.map(({ phase, spend, settledHtlcs }) => `${phase} ${spend?.spendClass} ${settledHtlcs}`)}; ${payments}; ${wealthMsat(world, 'A') + fees * 1000n} msat`;
}

test.each([34])('I-31: however blocks are told, the same is left (closed after %i steps)', async (steps) => {
  const expected = await endOf('one by one', steps);
  expect(expected).toContain('closed local');
  for (const style of Object.keys(STYLES) as (keyof typeof STYLES)[]) expect(await endOf(style, steps), style).toBe(expected);
});
