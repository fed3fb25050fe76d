import { afterEach, expect, test } from 'vitest';
import { until } from '../../support/headless-pair.ts';
import { seededRandom } from '../../support/mutate.ts';
import { payUntil, publishOld, punishable, startTowerWorld, untilGuarded, untilTaken, type TowerWorld } from '../../support/tower-world.ts';

let world: TowerWorld | undefined;
afterEach(async ({ task }) => {
  if (world && task.result?.state === 'fail') {
    console.info('wallet', world.wallet.log.slice(-40).join('\n'));
    for (const { log } of world.towers) console.info('tower', log.slice(-60).join('\n'));
  }
  await world?.stop();
  world = undefined;
});

test('a tower punishes while the wallet is off, and the wallet finds the coins', async () => {
  world = await startTowerWorld();
  const { chain, wallet, cheater } = world;
  await world.addTower('signed');
  await payUntil(world, seededRandom(1), 12);
  await untilGuarded(world);
  const { confirmedSat: before } = await wallet.rpc.call('wallet.balance');
  await wallet.kill();

  const old = cheater.state(4);
  const outputs = punishable(old);
  expect(outputs.length).toBeGreaterThan(0);
  const id = await publishOld(world, old);
  const takers = await untilTaken(chain, id, outputs);
  await chain.mine(6);

  await wallet.start();
  const gained = takers.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  expect(gained).toBeGreaterThan(0n);
  // What the revoked state pays us directly, our own wallet takes; the justice is here already.
  const { confirmedSat } = await until('the coins of the justice', () => wallet.rpc.call('wallet.balance'), (balance) => balance.confirmedSat >= before + gained);
  expect(confirmedSat).toBe(before + gained);
  expect(new Set(takers.map(({ script }) => script)).size).toBe(1);
});
