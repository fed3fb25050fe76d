import { expect, test } from 'vitest';
import { toHex } from '../../core/lib/bytes.ts';
import { isQuiet, runUntil, startOf } from './world/starts.ts';
import { Watch } from './world/watch.ts';
import { World } from './world/world.ts';

test('a close that was seen, and is gone from all mempools when the node starts again, does not hold the channel up', async () => {
  const watch = new Watch();
  const world = new World({ names: ['A', 'B'], seed: 3, watcher: watch, from: await startOf('pair') });
  watch.world = world;
  for (const name of ['A', 'B'] as const) world.start(name);
  await runUntil(world, () => isQuiet(world, ['A', 'B']));
  const [channel] = world.node('A').channels.all();
  watch.unpeaceful.add(channel!.fundingOutPoint.txid);
  world.call('B', 'channel.forceClose', { channelId: toHex(channel!.channelId) }).catch(() => undefined);
  await runUntil(world, () => world.node('A').channels.all()[0]?.phase === 'closing');
  const seen = world.chain.spenderOf(channel!.fundingOutPoint)!;

  world.kill('A');
  world.kill('B');
  world.chain.evict(seen);
  world.start('A');
  await runUntil(world, () => world.node('A').channels.all()[0]?.phase === 'failing');
  world.chain.mine();
  await runUntil(world, () => world.chain.spenderOf(channel!.fundingOutPoint) !== undefined);
  // Closed once means closed: now by its own commitment.
  expect(world.chain.spenderOf(channel!.fundingOutPoint)).not.toBe(seen);
  for (let i = 0; i < 3; i++) {
    world.chain.mine();
    await runUntil(world, () => world.lanes.waiting === 0);
  }
  expect(world.node('A').channels.all()[0]?.spend).toMatchObject({ spendClass: 'local' });
  expect(watch.evidence.broken).toEqual([]);
});
