import type { FundedChannel } from '../channel/types.ts';
import { type FeeratePerKw, feeratePerKw } from '../lib/units.ts';
import type { ChannelType } from '../tx/weights.ts';
import type { SfericNode } from './node.ts';
import type { Turn } from './turns.ts';

/** Anchor commitments need only enter the mempool; their children bring what is missing. */
const MAX_ANCHOR_COMMITMENT_FEERATE = feeratePerKw(2_500);
/** A fee rate that moved less is not worth an update. */
const FEE_UPDATE_STEP = 0.25;

export function commitmentFeerate({ onchain }: SfericNode, channelType: ChannelType): FeeratePerKw {
  const { commitment } = onchain.feerates();
  return channelType === 'anchors' && commitment > MAX_ANCHOR_COMMITMENT_FEERATE ? MAX_ANCHOR_COMMITMENT_FEERATE : commitment;
}

/** BOLT 2, "Updating Fees": the opener follows the market in steps that are worth a message. */
export function keepFeerate(node: SfericNode, turn: Turn, { config, commitments, phase }: FundedChannel): void {
  if (!config.isOpener || phase !== 'normal' || node.onchain.satPerVb(6).from === 'fallback') return;
  const wanted = commitmentFeerate(node, config.channelType);
  const current = commitments.feeUpdates.at(-1)?.feeratePerKw ?? commitments.feeratePerKw;
  if (Math.abs(wanted - current) / current < FEE_UPDATE_STEP) return;
  node.channels.command(turn, config.channelNumber, { kind: 'update_fee', feeratePerKw: wanted });
}
