import { utf8 } from '../../lib/bytes.ts';
import { sat } from '../../lib/units.ts';
import { claimSequence } from '../../tx/claim.ts';
import type { Commitment } from '../../tx/commitment.ts';
import type { DesiredCommitment } from '../../tx/desired-claim.ts';
import type { ChannelAction } from '../commands.ts';
import { type Context, STORE, type Transition, stay } from '../context.ts';
import { type ChannelFault, faultText } from '../errors.ts';
import { fundingAgain } from '../opening.ts';
import { POLICY } from '../policy.ts';
import { signedLocalCommitment } from '../sign.ts';
import type { CloseReason, FundedChannel } from '../types.ts';
import { knownPreimage } from './preimages.ts';

/** Ends the channel by our own commitment (BOLT 5, "Failing a Channel"); never after a proven data loss (I-23). */
export function failChannel(channel: FundedChannel, closeReason: CloseReason, why: ChannelFault | undefined, ctx: Context): Transition {
  if (channel.phase === 'fallen_behind' || channel.phase === 'closing' || channel.phase === 'closed' || channel.phase === 'failing') return stay(channel);
  const next: FundedChannel = { ...channel, phase: 'failing', closeReason };
  const detail = why ? faultText(why) : closeReason.replaceAll('_', ' ');
  return [
    next,
    [
      STORE,
      { kind: 'journal', event: { kind: 'failing', reason: closeReason, detail } },
      ...(channel.link.status === 'offline' ? [] : [errorAction(channel, detail)]),
      ...publishCommitment(next, ctx),
    ],
  ];
}

/** BOLT 1, "The error and warning Messages". */
export const errorAction = (channel: FundedChannel, text: string): ChannelAction => ({ kind: 'send', message: { name: 'error', channelId: channel.channelId, data: utf8(text) } });

/** Our newest commitment, and the funding transaction before it in case that never got through. */
export function publishCommitment(channel: FundedChannel, ctx: Context): ChannelAction[] {
  return [...fundingAgain(channel), { kind: 'commitment', desired: desiredCommitment(channel, ctx) }];
}

export function desiredCommitment(channel: FundedChannel, ctx: Context): DesiredCommitment {
  const { commitment, tx } = signedLocalCommitment(channel, ctx.keys);
  const vout = commitment.outputs.findIndex(({ kind }) => kind === 'local_anchor');
  const output = commitment.outputs[vout];
  const anchor = output?.witnessScript && {
    privateKey: ctx.keys.fundingSecret,
    claim: {
      kind: 'anchor', witnessScript: output.witnessScript, outPoint: { txid: commitment.txid, vout }, amountSat: sat(output.amountSat),
      sequence: claimSequence('anchor', channel.config.channelType, 0),
    },
  } as const; // prettier-ignore
  return {
    channelNumber: channel.config.channelNumber, tx, feeSat: commitment.feeSat, changeScript: channel.walletScript, anchor: anchor || undefined,
    deadlineHeight: firstDeadline(channel), ...stakeOf(channel, commitment),
  }; // prettier-ignore
}

/** What was trimmed is lost either way, and what only the peer can claim is not ours. */
function stakeOf(channel: FundedChannel, { outputs, htlcs }: Commitment): Pick<DesiredCommitment, 'atStakeSat' | 'lostAtDeadlineSat'> {
  const ourHtlcs = htlcs.filter(({ htlc }) => htlc.direction === 'offered' || knownPreimage(channel, 'received', htlc.id));
  const lostAtDeadlineSat = ourHtlcs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  const balanceSat = outputs.reduce((sum, { kind, amountSat }) => (kind === 'to_local' ? sum + amountSat : sum), 0n);
  return { atStakeSat: balanceSat + lostAtDeadlineSat, lostAtDeadlineSat };
}

/** When the first HTLC could be lost: a received one that we can claim at its expiry, an offered one soon after it. */
export function firstDeadline(channel: FundedChannel): number | undefined {
  let first: number | undefined;
  for (const { add, removal } of channel.commitments.htlcs.values()) {
    const deadline = add.direction === 'offered' ? add.cltvExpiry + POLICY.claimDeadlineBlocks : removal?.what.kind === 'fulfill' ? add.cltvExpiry : undefined;
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
  }
  return first;
}

/** I-20 and I-21 (BOLT 2, "cltv_expiry_delta Selection"). */
export function pastDeadline(channel: FundedChannel, height: number): boolean {
  for (const { add, removal } of channel.commitments.htlcs.values()) {
    if (add.direction === 'offered' ? height >= add.cltvExpiry + POLICY.offeredGraceBlocks : removal?.what.kind === 'fulfill' && height >= add.cltvExpiry - POLICY.claimDeadlineBlocks) return true;
  }
  return false;
}
