import { describe, expect, expectTypeOf, it } from 'vitest';
import type { maxOffer } from '../../../core/channel/limits.ts';
import type { ChannelAction, ChannelCommand } from '../../../core/channel/commands.ts';
import { POLICY } from '../../../core/channel/policy.ts';
import type { AttributionData, EndHtlc, FailedRemoval, OfferHtlc, OfferLimit, ReceivedHtlc } from '../../../core/payment/border.ts';
import type { IncomingCommand } from '../../../core/payment/incoming-types.ts';
import { PAYMENT_LIMITS } from '../../../core/payment/limits.ts';
import type { OutgoingCommand } from '../../../core/payment/outgoing-types.ts';

type ActionOf<K extends ChannelAction['kind']> = Extract<ChannelAction, { kind: K }>;
type CommandOf<K extends ChannelCommand['kind']> = Extract<ChannelCommand, { kind: K }>;
type Outgoing<K extends OutgoingCommand['kind']> = Omit<Extract<OutgoingCommand, { kind: K }>, 'channelNumber'>;
type Incoming<K extends IncomingCommand['kind']> = Omit<Extract<IncomingCommand, { kind: K }>, 'channelNumber' | 'attribution'>;

/** Compile-time: `tsc -p test` fails when the channel's border and its copy drift apart. */
describe('the border between payments and channels', () => {
  it('payments speak the channel’s commands', () => {
    expectTypeOf<OfferHtlc>().toExtend<CommandOf<'offer_htlc'>>();
    expectTypeOf<Extract<EndHtlc, { kind: 'fulfill_htlc' }>>().toExtend<CommandOf<'fulfill_htlc'>>();
    expectTypeOf<Extract<EndHtlc, { kind: 'fail_htlc' }>>().toExtend<CommandOf<'fail_htlc'>>();
    expectTypeOf<Extract<EndHtlc, { kind: 'fail_malformed_htlc' }>>().toExtend<CommandOf<'fail_malformed_htlc'>>();
    expectTypeOf<AttributionData>().toExtend<NonNullable<CommandOf<'fulfill_htlc'>['attributionData']>>();
  });
  it('payments understand the channel’s actions', () => {
    expectTypeOf<ActionOf<'htlc_offered'>>().toExtend<Outgoing<'htlc_offered'>>();
    expectTypeOf<ActionOf<'htlc_refused'>>().toExtend<Outgoing<'htlc_refused'>>();
    expectTypeOf<ActionOf<'htlc_fulfilled'>>().toExtend<Outgoing<'htlc_fulfilled'>>();
    expectTypeOf<ActionOf<'htlc_failed'>>().toExtend<Outgoing<'htlc_failed'>>();
    expectTypeOf<ActionOf<'htlc_failed'>['removal']>().toExtend<FailedRemoval>();
    expectTypeOf<ActionOf<'htlc_received'>>().toExtend<Incoming<'htlc_received'>>();
    expectTypeOf<ActionOf<'htlc_received'>['add']>().toExtend<ReceivedHtlc>();
    expectTypeOf<ActionOf<'htlc_removed'>>().toExtend<Incoming<'htlc_removed'>>();
    expectTypeOf<ReturnType<typeof maxOffer>['limit']>().toExtend<OfferLimit>();
  });
  it('shares its numbers', () => {
    expect(PAYMENT_LIMITS.maxExpiryBlocks).toBe(POLICY.maxExpiryBlocks);
    expect(PAYMENT_LIMITS.settleMarginBlocks).toBe(POLICY.claimDeadlineBlocks + POLICY.reorgSafeDepth);
    expect(PAYMENT_LIMITS.minFinalCltvExpiryDelta).toBeGreaterThan(PAYMENT_LIMITS.settleMarginBlocks);
  });
});
