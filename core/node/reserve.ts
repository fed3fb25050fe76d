import { parseChannelType } from '../channel/channel-type.ts';
import type { Proposal } from '../channel/handshake.ts';
import { STRESS_FEERATE_PER_KW, mayAcceptChannel, newChannelReserveSat, requiredReserveSat } from '../channel/onchain/reserve.ts';
import type { FundedChannel } from '../channel/types.ts';
import type { Result } from '../lib/result.ts';
import { type Sat, maxBigint, sat } from '../lib/units.ts';
import type { ChannelType } from '../tx/weights.ts';
import { type CoinWithStatus, spendableCoins } from '../wallet/ledger.ts';
import type { PlanFault, TransactionPlan } from '../wallet/plan.ts';

/** A channel that may come to be. */
export type Prospect = Pick<Proposal, 'channelTypeVector' | 'feeratePerKw'>;

const typeOf = ({ channelTypeVector }: Prospect): ChannelType => parseChannelType(channelTypeVector, () => true)?.channelType ?? 'static_remotekey';
const reserveOf = (one: Prospect): bigint => newChannelReserveSat(typeOf(one), one.feeratePerKw, STRESS_FEERATE_PER_KW);
const sumOf = (prospects: readonly Prospect[]): bigint => prospects.reduce((sum, one) => sum + reserveOf(one), 0n);

/** What must stay spendable so that every one of these channels can be closed by force, at a rate of bad times (I-30). */
export const closeReserveSat = (channels: readonly FundedChannel[], prospects: readonly Prospect[] = []): Sat =>
  sat(requiredReserveSat(channels, STRESS_FEERATE_PER_KW) + sumOf(prospects));

export const sumSat = (coins: readonly CoinWithStatus[]): bigint => coins.reduce((sum, { amountSat }) => sum + amountSat, 0n);

/**
 * Why a peer's channel is not accepted, if so. Only confirmed coins count: no child of a commitment may spend others.
 * `others` are on their way too and will need theirs. The first one is taken by a wallet without coins as well: that is how
 * most people get their first ones, and one channel is what can be lost by it, never many.
 */
export function inboundRefusal(channels: readonly FundedChannel[], coins: readonly CoinWithStatus[], proposal: Prospect, others: readonly Prospect[]): string | undefined {
  if (others.length === 0 && channels.every(({ phase }) => phase === 'closed')) return undefined;
  const spendableSat = sat(maxBigint(0n, sumSat(spendableCoins(coins, true)) - sumOf(others)));
  const accepted = mayAcceptChannel({ channels, stressFeeratePerKw: STRESS_FEERATE_PER_KW, spendableSat, channelType: typeOf(proposal), feeratePerKw: proposal.feeratePerKw });
  return accepted.ok ? undefined : 'too few coins on chain here to close another channel with anchors safely';
}

/** A few steps do: each takes off what was missing, and only change or another coin can make it a little more. */
const MAX_STEPS = 10;

/** The most below `wantedSat` that a plan lets out; 0 when nothing can be. */
export function mostPossibleSat(wantedSat: bigint, plan: (amountSat: Sat) => Result<TransactionPlan, PlanFault>): Sat {
  let amountSat = wantedSat;
  for (let step = 0; step < MAX_STEPS && amountSat > 0n; step++) {
    const planned = plan(sat(amountSat));
    if (planned.ok) return sat(amountSat);
    const { error } = planned;
    if (error.code === 'below_reserve') amountSat -= error.reserveSat - error.remainingSat;
    else if (error.code === 'insufficient_funds') amountSat -= error.missingSat;
    else break;
  }
  return sat(0n);
}
