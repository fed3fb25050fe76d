/** Shows that the test network and the Electrum driver work: two Electrum wallets open, pay both ways and close, with no code of ours between. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChainProcess, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { electrumAvailable, ElectrumDaemon } from '../../support/electrum-daemon.ts';

describe.skipIf(!electrumAvailable())('two Electrum wallets on the test network', { timeout: 120_000 }, () => {
  let chain: ChainHandle;
  let [alice, bob]: ElectrumDaemon[] = [];

  beforeAll(async () => {
    chain = await startChainProcess();
    [alice, bob] = await Promise.all([
      ElectrumDaemon.create(chain.electrumPort),
      ElectrumDaemon.create(chain.electrumPort),
    ]);
  }, 120_000);

  afterAll(async () => {
    await Promise.all([alice?.remove(), bob?.remove()]);
    await chain?.stop();
  });

  it('opens, pays both ways, survives kill -9, closes', async () => {
    const [a, b] = [alice!, bob!];
    await chain.pay(scriptOf(await a.newAddress())!, 10_000_000n);
    await chain.mine(1);
    await a.untilConfirmed(10_000_000n);

    const point = await a.openChannel(await b.nodeUri(), { fundingSat: 2_000_000n, pushSat: 500_000n });
    await chain.untilTx(point.slice(0, 64));
    await chain.mine(3); // Electrum's minimum_depth
    await Promise.all([a.untilChannel(point, 'OPEN'), b.untilChannel(point, 'OPEN')]);

    expect(await a.pay(await b.invoice(100_000n, 'A to B'))).toMatchObject({
      success: true,
      preimage: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await b.pay(await a.invoice(40_000n, 'B to A'))).toMatchObject({ success: true });
    expect(await b.channel(point)).toMatchObject({ local_balance: 560_000, remote_balance: 1_440_000 });

    await b.stop({ kill: true });
    await b.start();
    await a.connect(await b.nodeUri());
    await Promise.all([a.untilChannel(point, 'OPEN'), b.untilChannel(point, 'OPEN')]);

    const closing = await a.closeChannel(point);
    await chain.untilTx(closing);
    await chain.mine(1);
    await Promise.all([a.untilChannel(point, 'CLOSED', 'REDEEMED'), b.untilChannel(point, 'CLOSED', 'REDEEMED')]);
    const { confirmed } = await b.untilConfirmed(560_000n);
    expect(confirmed).toBe(560_000n);
  });
});
