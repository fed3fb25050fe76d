import { bobsAddress, fund, startHeadlessPair, untilUsable } from '../../support/headless-pair.ts';
import { type Figure, figure } from '../figures.ts';

/** A coin for each side and round: whoever accepts many channels needs coins to close them. */
const COIN_SAT = 500_000n;

const ROUNDS = 5;
/** As many as a peer may have unconfirmed with us. */
const AT_ONCE = 4;
const CAPACITY_SAT = 1_000_000n;

/** From the wish to the first payment that could go: handshake, funding, eight blocks, channel_ready. */
export async function measureOpenings(): Promise<readonly Figure[]> {
  const pair = await startHeadlessPair({ source: 'electrum', kdf: 'floor' });
  const { alice, bob, chain } = pair;
  try {
    await fund(pair, alice, CAPACITY_SAT + 50_000n, ROUNDS * AT_ONCE);
    for (const node of [alice, bob]) await fund(pair, node, COIN_SAT, ROUNDS);
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      const opened = [];
      for (let i = 0; i < AT_ONCE; i++)
        opened.push(
          await alice.rpc.call('channel.open', {
            peer: bobsAddress(pair),
            capacitySat: CAPACITY_SAT,
            pushMsat: CAPACITY_SAT * 500n,
          }),
        );
      await chain.untilMempool(AT_ONCE);
      await chain.mine(8);
      for (const { channelId } of opened) await Promise.all([alice, bob].map((node) => untilUsable(node, channelId)));
    }
    return [figure('channel_opens_per_s', ((ROUNDS * AT_ONCE) / (performance.now() - startedAt)) * 1000, '1/s')];
  } finally {
    await pair.stop();
  }
}
