import { expect, test } from 'vitest';
import { channelView } from '../../../core/node/views.ts';
import { fulfill, offer, reachNormal } from '../../support/channel-pair.ts';

test('what is under way is told apart on both sides, from the offer until it is settled for good', () => {
  const pair = reachNormal({ pushMsat: 300_000_000n });
  const inFlight = (): readonly bigint[] => (['alice', 'bob'] as const).flatMap((side) => {
    const { offeredMsat, receivedMsat } = channelView(pair[side], 500);
    return [offeredMsat, receivedMsat];
  }); // prettier-ignore
  const beforeMsat = channelView(pair.alice, 500).ourMsat;
  expect(inFlight()).toEqual([0n, 0n, 0n, 0n]);
  pair.do('alice', offer(0, 20_000_000n));
  pair.do('bob', offer(1, 7_000_000n));
  pair.run();
  expect(inFlight()).toEqual([20_000_000n, 7_000_000n, 7_000_000n, 20_000_000n]);
  expect(channelView(pair.alice, 500).ourMsat).toBe(beforeMsat);
  pair.do('bob', fulfill(0, 0n));
  pair.run();
  expect(inFlight()).toEqual([0n, 7_000_000n, 7_000_000n, 0n]);
  expect(channelView(pair.alice, 500).ourMsat).toBe(beforeMsat - 20_000_000n);
});
