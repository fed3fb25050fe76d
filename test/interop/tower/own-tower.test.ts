import { afterEach, expect, test } from 'vitest';
import { encodeTx, txid } from '../../../core/bitcoin/transaction.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { startTowerWorld, payUntil, publishOld, untilGuarded, untilTaken, type TowerWorld } from '../../support/tower-world.ts';
import { seededRandom } from '../../support/mutate.ts';

let world: TowerWorld | undefined;
afterEach(async ({ task }) => {
  if (world && task.result?.state === 'fail') for (const { log, isRunning } of world.towers) console.info('tower', isRunning, log.slice(-60).join('\n'));
  await world?.stop();
  world = undefined;
});

test('with keys of its own person a tower also takes what the cheater carries to the second stage, where signatures made in advance cannot', async () => {
  world = await startTowerWorld();
  const { chain, wallet, cheater } = world;
  const [own, signed] = [await world.addTower('own'), await world.addTower('signed')];
  await payUntil(world, seededRandom(3), 60);
  const revoked = await untilGuarded(world);
  expect((await wallet.rpc.call('tower.list')).map(({ grade, channels }) => [grade, channels[0]!.covers])).toEqual([['own', 'everything'], ['signed', 'first_stage']]);
  await wallet.kill();

  const preimageOf = async (hash: Uint8Array): Promise<Uint8Array | undefined> => {
    const payment = await cheater.app.call('payment.get', { paymentHash: toHex(hash), direction: 'received' }).catch(() => undefined);
    return payment?.paymentPreimage === undefined ? undefined : fromHex(payment.paymentPreimage);
  };
  for (let number = revoked - 1; ; number--) {
    const old = cheater.state(number);
    const successes = await cheater.successes(old, preimageOf);
    if (successes.length === 0) continue;
    await own.stop();
    await signed.stop();
    const id = await publishOld(world, old);
    // The cheater is quicker than the towers, which come back only now.
    await chain.mineTxs(successes.map((tx) => toHex(encodeTx(tx))));
    await signed.start();
    const stages = successes.map(txid);
    const toLocal = old.commitment.outputs.findIndex(({ kind }) => kind === 'to_local');
    await untilTaken(chain, id, [toLocal]);
    for (const stage of stages) expect(await chain.spenderOf(stage, 0)).toBeUndefined();
    await own.start();
    for (const stage of stages) await untilTaken(chain, stage, [0]);
    return;
  }
});
