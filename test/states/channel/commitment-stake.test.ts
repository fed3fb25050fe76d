import { expect, it } from 'vitest';
import { type ChannelPair, type SideName, actionsOf, fulfill, offer, reachNormal } from '../../support/channel-pair.ts';

const stakeOf = (pair: ChannelPair, side: SideName) => {
  const { atStakeSat, lostAtDeadlineSat, tx } = actionsOf(pair.copy().do(side, { kind: 'force_close', reason: 'user' }), 'commitment')[0]!.desired;
  return { atStakeSat, lostAtDeadlineSat, amounts: tx.outputs.map(({ amountSat }) => amountSat) };
};

it('what is at stake in our commitment is our balance in it, and the HTLCs that are ours to take', () => {
  const pair = reachNormal({ pushMsat: 500_000_000n });
  const quiet = stakeOf(pair, 'bob');
  expect(quiet).toMatchObject({ atStakeSat: 500_000n, lostAtDeadlineSat: 0n });

  pair.do('bob', offer(0, 40_000_000n, 800));
  pair.do('alice', offer(1, 30_000_000n, 800));
  pair.do('alice', offer(2, 300_000n, 800));
  pair.run();
  // Bob offered 40 000 sat, and could not claim what alice offers; 300 sat were trimmed.
  expect(stakeOf(pair, 'bob')).toMatchObject({ atStakeSat: 500_000n, lostAtDeadlineSat: 40_000n });
  pair.do('bob', fulfill(1, 0n));
  expect(stakeOf(pair, 'bob')).toMatchObject({ atStakeSat: 530_000n, lostAtDeadlineSat: 70_000n });
  const { atStakeSat, amounts } = stakeOf(pair, 'alice');
  // The opener pays the fee from its balance, and what is at stake stands in outputs.
  expect(amounts).toContain(atStakeSat - 30_000n);
});

it('is nothing where nothing is ours', () => {
  expect(stakeOf(reachNormal({ pushMsat: 0n }), 'bob')).toMatchObject({ atStakeSat: 0n, lostAtDeadlineSat: 0n });
});
