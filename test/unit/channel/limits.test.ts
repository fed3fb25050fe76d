import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { maxOffer, maxReceive } from '../../../core/channel/limits.ts';
import { transition } from '../../../core/channel/machine.ts';
import { isTrimmed } from '../../../core/tx/commitment.ts';
import { feeratePerKw, msat } from '../../../core/lib/units.ts';
import { Walker, seeded, walks } from '../../support/channel-walk.ts';
import { type ChannelPair, type SideName, SIDES, actionsOf, offer, otherSide } from '../../support/channel-pair.ts';

/** The fault with which an offer of this amount is refused; undefined when it is made. */
function refusal(pair: ChannelPair, side: SideName, amountMsat: bigint): string | undefined {
  const [, actions] = transition(pair[side], offer(0, amountMsat), pair.ctx[side]);
  return actionsOf(actions, 'htlc_refused')[0]?.fault.code;
}

/** An amount that small costs no fee in some commitment, now or at twice the rate, so that more may be possible than promised. */
function mayBeTrimmed(pair: ChannelPair, side: SideName, amountMsat: bigint): boolean {
  const { config, commitments } = pair[side];
  return (['local', 'remote'] as const).some((owner) => isTrimmed(
    { direction: owner === 'local' ? 'offered' : 'received', amountMsat: msat(amountMsat) },
    { channelType: config.channelType, dustLimitSat: config[owner].dustLimitSatoshis, feeratePerKw: feeratePerKw(commitments.feeratePerKw * 2) },
  )); // prettier-ignore
}

it('the most that may be offered is accepted, and one msat more is refused for the reason given', () => {
  let offers = 0;
  fc.assert(
    fc.property(walks({ withShutdown: false, maxLength: 25 }), (walk) => {
      const walker = new Walker(walk);
      for (const op of walk.ops) walker.perform(op);
      walker.pair.run();
      for (const side of SIDES) {
        const { amountMsat, limit } = maxOffer(walker.pair[side]);
        if (amountMsat > 0n) {
          offers++;
          expect(refusal(walker.pair, side, amountMsat)).toBeUndefined();
        }
        const more = refusal(walker.pair, side, amountMsat + 1n);
        if (more === undefined) expect(mayBeTrimmed(walker.pair, side, amountMsat + 1n)).toBe(true);
        else expect(more).toBe({ reserve_and_fee: 'insufficient_balance', in_flight: 'in_flight_exceeded', htlc_count: 'too_many_htlcs', none: '', offline: '' }[limit]);
      }
    }),
    seeded(25),
  );
  expect(offers).toBeGreaterThan(10);
}, 60_000);

it('the most that the peer may offer, by what we know, is what it may offer', () => {
  fc.assert(
    fc.property(walks({ withShutdown: false, maxLength: 15 }), (walk) => {
      const walker = new Walker(walk);
      for (const op of walk.ops) walker.perform(op);
      walker.pair.run();
      for (const side of SIDES) {
        const promised = maxReceive(walker.pair[side]);
        if (promised > 0n && !mayBeTrimmed(walker.pair, otherSide(side), promised)) expect(refusal(walker.pair, otherSide(side), promised)).toBeUndefined();
      }
    }),
    seeded(15),
  );
}, 60_000);
