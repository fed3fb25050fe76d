import { unreachable } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { decodeTx } from '../bitcoin/transaction.ts';
import type { Message } from '../wire/messages.ts';
import type { ChannelAction, ChannelCommand } from './commands.ts';
import { receiveCommitment, receiveRevocation, sendCommitment } from './commit.ts';
import { type Context, STORE, type Transition, stay } from './context.ts';
import { type ChannelFault, type ChannelFaultCode, fault, faultText } from './errors.ts';
import { receiveClosingComplete, receiveClosingSig, receiveClosingSigned } from './negotiation.ts';
import { errorAction, failChannel, pastDeadline, publishCommitment } from './onchain/failing.ts';
import { fundingSpent, fundingUnspent, outputSpent, outputUnspent, resolve } from './onchain/onchain.ts';
import { fundingAgain, fundingConfirmed, openingBlock, receiveChannelReady } from './opening.ts';
import { exceedsDustCap } from './limits.ts';
import { disconnect, receiveReestablish, reestablishMessage, undoUnsigned } from './reestablish.ts';
import { negotiateWhenClean, receiveShutdown, requestShutdown, sendShutdown } from './shutdown.ts';
import { type FundedChannel, STAGE, offline } from './types.ts';
import { offerHtlc, receiveAdd, receiveFail, receiveFee, receiveFulfill, removeHtlc, updateFee } from './updates.ts';

/**
 * The whole life of a funded channel as one pure function. What must be durable before the rest of the actions is marked
 * by `store`; nothing here waits, draws random numbers or knows the time.
 */
export function transition(channel: FundedChannel, command: ChannelCommand, ctx: Context): Transition {
  switch (command.kind) {
    case 'receive':
      return receive(channel, command.message, ctx);
    case 'connect':
      return connect(channel, command, ctx);
    case 'disconnect':
      return disconnect(channel);
    case 'offer_htlc':
      return offerHtlc(channel, command, ctx);
    case 'fulfill_htlc': {
      const fulfilled = removeHtlc(channel, command.id, { kind: 'fulfill', paymentPreimage: command.paymentPreimage, attributionData: command.attributionData });
      // On chain the preimage opens another output at once.
      return channel.phase === 'closing' ? then(fulfilled, (next) => resolve(next, ctx)) : fulfilled;
    }
    case 'fail_htlc':
      return removeHtlc(channel, command.id, { kind: 'fail', reason: command.reason, attributionData: command.attributionData });
    case 'fail_malformed_htlc':
      return removeHtlc(channel, command.id, { kind: 'fail_malformed', sha256OfOnion: command.sha256OfOnion, failureCode: command.failureCode });
    case 'update_fee':
      return updateFee(channel, command.feeratePerKw);
    case 'sign':
      return channel.link.status === 'live' && mayCommit(channel) ? then(sendCommitment(channel, ctx), (next) => then(sendShutdown(next), (sent) => negotiateWhenClean(sent, ctx))) : stay(channel);
    case 'shutdown':
      return then(requestShutdown(channel, command.script, command.reason), (next) => negotiateWhenClean(next, ctx));
    case 'force_close':
      return failChannel(channel, command.reason, undefined, ctx);
    case 'block':
      return block(channel, ctx);
    case 'funding_confirmed':
      return fundingConfirmed(channel, command, ctx);
    case 'funding_spent':
      return fundingSpent(channel, command.tx, command.height, command.penaltyRecord, ctx);
    case 'output_spent':
      return outputSpent(channel, command.outPoint, command.tx, command.height, ctx);
    case 'output_unspent':
      return outputUnspent(channel, command.outPoint, ctx);
    case 'funding_unspent':
      return fundingUnspent(channel);
    case 'data_lost':
      return channel.phase === 'closing' || channel.phase === 'closed' ? stay(channel) : fallBehind(channel);
    default:
      return unreachable(command);
  }
}

function then([channel, actions]: Transition, step: (channel: FundedChannel) => Transition): Transition {
  const [next, more] = step(channel);
  return [next, more.length === 0 ? actions : [...actions, ...more]];
}

const BEHIND = 'please close this channel: our data is older than yours';

/** I-23: nothing of ours is published any more; the peer is asked to close by its commitment. */
function fallBehind(channel: FundedChannel): Transition {
  if (channel.phase === 'fallen_behind') return stay(channel);
  return [
    { ...channel, phase: 'fallen_behind', closeReason: 'data_loss' },
    [
      STORE, { kind: 'journal', event: { kind: 'fallen_behind' } }, { kind: 'alarm', code: 'we_lost_data', detail: '' },
      ...(channel.link.status === 'offline' ? [] : [errorAction(channel, BEHIND)]),
    ],
  ]; // prettier-ignore
}

const mayCommit = (channel: FundedChannel): boolean => channel.phase === 'normal';

const dead = (channel: FundedChannel): boolean => channel.phase === 'failing' || channel.phase === 'closing' || channel.phase === 'closed';

/** Once the close is on chain an error has no use, and after one that both signed it would make a peer that has not seen it publish its commitment (I-33). */
const closedAnswer = (channel: FundedChannel): ChannelAction =>
  channel.phase !== 'failing' ? { kind: 'send', message: { name: 'warning', channelId: channel.channelId, data: new TextEncoder().encode('this channel is closed') } } : errorAction(channel, 'this channel is closed');

/** BOLT 2, "Message Retransmission": a failed channel repeats its error, every other one says where it is. */
function connect(channel: FundedChannel, command: Extract<ChannelCommand, { readonly kind: 'connect' }>, ctx: Context): Transition {
  if (channel.phase === 'closed') return stay(channel);
  const link = { ...offline, status: 'reestablishing', simpleClose: command.simpleClose, anySegwit: command.anySegwit } as const;
  const [undone, told] = undoUnsigned(channel);
  const linked: FundedChannel = { ...undone, link };
  // Only who still waits for our commitment to confirm says so: repeated for ever, an error would end every connection.
  if (dead(channel)) return [linked, [...told, ...(channel.phase === 'failing' ? [errorAction(channel, 'this channel is closed')] : [])]];
  return [linked, [...told, { kind: 'send', message: reestablishMessage(channel, ctx) }, { kind: 'journal', event: { kind: 'connected' } }]];
}

/** Each block: deadlines, repeated publishing, waiting claims. Heights decide, never the clock (I-35). */
function block(channel: FundedChannel, ctx: Context): Transition {
  switch (channel.phase) {
    case 'opening':
      return openingBlock(channel, ctx);
    case 'normal':
    case 'negotiating': {
      if (pastDeadline(channel, ctx.blockHeight)) return failChannel(channel, 'htlc_deadline', undefined, ctx);
      const newest = channel.closingTxs.at(-1);
      return [channel, [...fundingAgain(channel), ...(newest ? [{ kind: 'publish', label: 'closing', tx: decodeTx(newest) } as const] : [])]];
    }
    case 'failing':
      // A funding transaction that is not ours and was never seen leaves nothing to publish.
      return channel.fundingHeight === undefined && !channel.fundingTx ? openingBlock(channel, ctx) : [channel, publishCommitment(channel, ctx)];
    case 'closing':
      return then([channel, fundingAgain(channel)], (same) => resolve(same, ctx));
    case 'fallen_behind':
    case 'closed':
      return stay(channel);
    default:
      return unreachable(channel.phase);
  }
}

/** A fault in these ends the connection and not the channel: the peer may come back with a better message. */
const ONLY_DISCONNECT: ReadonlySet<ChannelFaultCode> = new Set([
  'unexpected_message', 'not_live', 'closing_in_progress', 'invalid_shutdown_script', 'closing_fee_out_of_bounds', 'invalid_closing_signature', 'pending_updates',
]); // prettier-ignore

function warn(channel: FundedChannel, why: ChannelFault): Transition {
  const text = faultText(why);
  return [channel, [{ kind: 'send', message: { name: 'warning', channelId: channel.channelId, data: new TextEncoder().encode(text) } }, { kind: 'disconnect', reason: text }]];
}

const outcome = (channel: FundedChannel, result: Result<Transition, ChannelFault>, ctx: Context): Transition => {
  if (result.ok) return result.value;
  return ONLY_DISCONNECT.has(result.error.code) ? warn(channel, result.error) : failChannel(channel, 'protocol_violation', result.error, ctx);
};

function receive(channel: FundedChannel, message: Message, ctx: Context): Transition {
  if (channel.phase === 'closed' || channel.link.status === 'offline') return stay(channel);
  if (message.name === 'error') return peerError(channel, message.data, ctx);
  if (message.name === 'warning') return stay(channel);
  if (channel.phase === 'fallen_behind') return message.name === 'channel_reestablish' ? [channel, [errorAction(channel, BEHIND)]] : stay(channel);
  if (dead(channel)) return message.name === 'channel_reestablish' ? [channel, [closedAnswer(channel)]] : stay(channel);
  if (message.name === 'channel_reestablish') return reestablish(channel, message, ctx);
  if (channel.link.status !== 'live') return warn(channel, fault('unexpected_message', 'channel_reestablish', message.name));
  return live(channel, message, ctx);
}

function live(channel: FundedChannel, message: Message, ctx: Context): Transition {
  const operating = channel.phase === 'normal';
  const out = (result: Result<Transition, ChannelFault>): Transition => outcome(channel, result, ctx);
  const unexpected = (): Transition => warn(channel, fault('unexpected_message', channel.phase, message.name));
  switch (message.name) {
    case 'channel_ready':
      return channel.phase === 'negotiating' ? stay(channel) : out(receiveChannelReady(channel, message));
    case 'update_add_htlc':
      return operating ? out(receiveAdd(channel, message)) : unexpected();
    case 'update_fulfill_htlc':
      return operating ? out(receiveFulfill(channel, message)) : unexpected();
    case 'update_fail_htlc':
    case 'update_fail_malformed_htlc':
      return operating ? out(receiveFail(channel, message)) : unexpected();
    case 'update_fee':
      return operating ? out(receiveFee(channel, message, ctx)) : unexpected();
    case 'commitment_signed':
      return operating ? then(out(receiveCommitment(channel, message, ctx)), (next) => negotiateWhenClean(next, ctx)) : unexpected();
    case 'revoke_and_ack':
      return operating ? then(out(receiveRevocation(channel, message)), (next) => negotiateWhenClean(next, ctx)) : unexpected();
    case 'shutdown':
      return then(out(receiveShutdown(channel, message)), (next) => negotiateWhenClean(next, ctx));
    case 'closing_signed':
      return channel.phase === 'negotiating' && !channel.link.simpleClose ? out(receiveClosingSigned(channel, message, ctx)) : unexpected();
    case 'closing_complete':
      return channel.phase === 'negotiating' && channel.link.simpleClose ? out(receiveClosingComplete(channel, message, ctx)) : unexpected();
    case 'closing_sig':
      return channel.phase === 'negotiating' && channel.link.simpleClose ? out(receiveClosingSig(channel, message, ctx)) : unexpected();
    case 'open_channel':
    case 'accept_channel':
    case 'funding_created':
    case 'funding_signed':
    case 'stfu':
    case 'start_batch':
    case 'tx_abort':
    case 'channel_reestablish':
    case 'announcement_signatures':
      return stay(channel);
    default:
      return stay(channel);
  }
}

/** An error ends the channel (BOLT 1); a peer that fell behind asks us to close this way. */
function peerError(channel: FundedChannel, data: Uint8Array, ctx: Context): Transition {
  const event: ChannelAction = { kind: 'journal', event: { kind: 'peer_error', text: new TextDecoder().decode(data.subarray(0, 200)) } };
  if (dead(channel) || channel.phase === 'fallen_behind') return [channel, [event]];
  // What both have signed already costs less and comes sooner than a commitment.
  const closing = channel.phase === 'negotiating' ? channel.closingTxs.at(-1) : undefined;
  if (closing) return [channel, [event, { kind: 'publish', label: 'closing', tx: decodeTx(closing) }]];
  return then([channel, [event]], (same) => failChannel(same, 'peer_error', undefined, ctx));
}

function reestablish(channel: FundedChannel, message: Extract<Message, { readonly name: 'channel_reestablish' }>, ctx: Context): Transition {
  if (channel.link.reestablishReceived) return warn(channel, fault('unexpected_message', undefined, message.name));
  const result = receiveReestablish(channel, message, ctx);
  switch (result.kind) {
    case 'go':
      return then(then(then(result.transition, sendShutdown), repeatReceived), (next) => negotiateWhenClean(next, ctx));
    case 'we_are_behind':
      return fallBehind(channel);
    case 'peer_is_behind':
      return [{ ...channel, link: { ...channel.link, reestablishReceived: true } }, [{ kind: 'alarm', code: 'peer_lost_data', detail: '' }]];
    case 'fail':
      return failChannel(channel, 'protocol_violation', result.fault, ctx);
    default:
      return unreachable(result);
  }
}

/** Payments hear again of every received HTLC that waits for their word: they may have missed it before a restart. */
function repeatReceived(channel: FundedChannel): Transition {
  const waiting = [...channel.commitments.htlcs.values()].filter((htlc) => htlc.add.direction === 'received' && htlc.stage === STAGE.irrevocable && !htlc.removal);
  return [channel, waiting.map((htlc): ChannelAction => ({ kind: 'htlc_received', add: htlc.add, overDustCap: exceedsDustCap(channel, htlc.add) }))];
}
