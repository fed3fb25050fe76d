import { afterEach, expect, test } from 'vitest';
import { seededRandom } from '../../support/mutate.ts';
import { payUntil, publishOld, punishable, startTowerWorld, untilGuarded, untilTaken, type TowerWorld } from '../../support/tower-world.ts';

/** 10 000 and 200 were run by hand; these keep the suite short. */
const UPDATES = Number(process.env['SFERIC_TOWER_UPDATES'] ?? 1_200);
const DRAWN = Number(process.env['SFERIC_TOWER_DRAWN'] ?? 30);
const SEED = Number(process.env['SFERIC_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const PATIENCE_MS = 170_000 + (UPDATES + 40 * DRAWN) * 60;

let world: TowerWorld | undefined;
afterEach(async ({ task }) => {
  if (world && task.result?.state === 'fail') for (const { log } of world.towers) console.info('tower', log.slice(-60).join('\n'));
  await world?.stop();
  world = undefined;
}, 60_000);

function draw(random: ReturnType<typeof seededRandom>, count: number, below: number): readonly number[] {
  const numbers = new Set<number>();
  while (numbers.size < Math.min(count, below)) numbers.add(random.below(below));
  return [...numbers];
}

test('whichever revoked state is published, a tower takes every output, also after it was killed', async () => {
  console.log(`seed ${SEED}`);
  const random = seededRandom(SEED);
  world = await startTowerWorld();
  const { chain, wallet, cheater } = world;
  const tower = await world.addTower('signed');
  const startedAt = performance.now();
  await payUntil(world, random, UPDATES / 2);
  await tower.kill();
  await payUntil(world, random, UPDATES * 0.6);
  const [away] = await wallet.rpc.call('tower.list');
  expect(away!.state).not.toBe('connected');
  expect(away!.behind).toBeGreaterThan(0);
  await tower.start();
  await payUntil(world, random, UPDATES);
  const paidAt = performance.now();
  const revoked = await untilGuarded(world);
  const guardedAt = performance.now();
  await wallet.kill();

  const base = await chain.height();
  const killAt = new Set([Math.floor(DRAWN / 3), Math.floor((2 * DRAWN) / 3)]);
  const seen = { states: 0, withHtlcs: 0, outputs: 0 };
  const scripts = new Set<string>();
  for (const [index, number] of draw(random, DRAWN, revoked).entries()) {
    const old = cheater.state(number);
    const outputs = punishable(old);
    const id = await publishOld(world, old);
    if (killAt.has(index)) {
      await tower.kill();
      await tower.start();
    }
    const takers = await untilTaken(chain, id, outputs);
    await chain.mine(1);
    for (const { txid, script } of takers) {
      expect((await chain.tx(txid))?.height, `state ${number}`).toBe(base + 2);
      scripts.add(script);
    }
    seen.states += 1;
    seen.withHtlcs += old.commitment.htlcs.length > 0 ? 1 : 0;
    seen.outputs += outputs.length;
    await chain.invalidate(base + 1);
  }
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
  console.log(`${cheater.count()} commitments in ${seconds(startedAt, paidAt)} s, last upload ${seconds(paidAt, guardedAt)} s later; ${JSON.stringify(seen)} in ${seconds(guardedAt, performance.now())} s`);
  expect(seen.states).toBe(DRAWN);
  expect(seen.withHtlcs).toBeGreaterThan(0);
  expect(seen.withHtlcs).toBeLessThan(DRAWN);
  // All of it goes to the wallet.
  expect(scripts.size).toBe(1);
}, PATIENCE_MS);
