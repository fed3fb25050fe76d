import { fundingOutputScript } from '../tx/funding.ts';
import { equal } from '../lib/bytes.ts';
import { decodeTx } from '../bitcoin/transaction.ts';
import { isPoint } from '../crypto/secp256k1.ts';
import { type Result, err, ok } from '../lib/result.ts';
import type { MessageOf } from '../wire/messages.ts';
import { shortChannelIdOf } from '../wire/primitives.ts';
import type { ChannelAction, ChannelCommand } from './commands.ts';
import { type Context, STORE, type Transition, stay } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { pointAt } from './keys.ts';
import { POLICY } from './policy.ts';
import type { FundedChannel } from './types.ts';

const COINBASE_MATURITY = 100;

/** BOLT 2, "The channel_ready Message": always with the alias that hides where the channel stands on chain. */
export const channelReadyMessage = (channel: FundedChannel, ctx: Context): MessageOf<'channel_ready'> => ({
  name: 'channel_ready',
  channelId: channel.channelId,
  secondPerCommitmentPoint: pointAt(ctx.keys, 1),
  tlvs: { shortChannelId: channel.localAlias },
});

type FundingConfirmed = Extract<ChannelCommand, { readonly kind: 'funding_confirmed' }>;

/**
 * The funding output was seen in a block, or a reorg took it away. Nothing counts before script and amount of that very
 * output are what was agreed (CVE-2019-12998), also when the channel was already in use.
 */
export function fundingConfirmed(channel: FundedChannel, command: FundingConfirmed, ctx: Context): Transition {
  const { config, fundingOutPoint } = channel;
  if (command.height === undefined) {
    return channel.fundingHeight === undefined ? stay(channel) : [{ ...channel, fundingHeight: undefined }, [STORE]];
  }
  const { output } = command;
  const script = fundingOutputScript(config.local.basepoints.fundingPubkey, config.remote.basepoints.fundingPubkey);
  if (!output || output.amountSat !== config.fundingSatoshis || !equal(output.script, script)) {
    return [channel, [{ kind: 'alarm', code: 'funding_mismatch', detail: fundingOutPoint.txid }]];
  }
  const shortChannelId = shortChannelIdOf(command.height, command.txIndex, fundingOutPoint.vout);
  if (channel.fundingHeight === command.height && channel.shortChannelId === shortChannelId) return becomeReady(channel, command, ctx);
  const known: FundedChannel = { ...channel, fundingHeight: command.height, shortChannelId };
  const seen: ChannelAction[] = [STORE, { kind: 'journal', event: { kind: 'funding_confirmed', height: command.height, shortChannelId } }];
  const [next, actions] = becomeReady(known, command, ctx);
  return [next, [...seen, ...actions]];
}

function becomeReady(channel: FundedChannel, command: FundingConfirmed, ctx: Context): Transition {
  if (channel.phase !== 'opening' || channel.channelReadySent || channel.fundingHeight === undefined) return stay(channel);
  const depth = ctx.blockHeight - channel.fundingHeight + 1;
  const needed = command.isCoinbase ? COINBASE_MATURITY : Math.max(1, channel.config.minimumDepth);
  if (depth < needed || channel.link.status !== 'live') return stay(channel);
  const [next, actions] = whenBothReady({ ...channel, channelReadySent: true });
  return [next, [STORE, { kind: 'send', message: channelReadyMessage(channel, ctx) }, ...actions]];
}

const whenBothReady = (channel: FundedChannel): Transition =>
  channel.phase === 'opening' && channel.channelReadySent && channel.channelReadyReceived
    ? [{ ...channel, phase: 'normal' }, [{ kind: 'journal', event: { kind: 'ready' } }]]
    : stay(channel);

/** A repeated channel_ready may only bring another alias; its point is not looked at again. */
export function receiveChannelReady(channel: FundedChannel, message: MessageOf<'channel_ready'>): Result<Transition, ChannelFault> {
  const remoteAlias = message.tlvs?.shortChannelId ?? channel.remoteAlias;
  if (channel.channelReadyReceived || channel.commitments.remoteNumber > 0) {
    return ok(remoteAlias === channel.remoteAlias ? stay(channel) : [{ ...channel, remoteAlias }, [STORE]]);
  }
  if (!isPoint(message.secondPerCommitmentPoint)) return err(fault('invalid_pubkey', undefined, 'second_per_commitment_point'));
  const commitments = { ...channel.commitments, remoteNextPoint: message.secondPerCommitmentPoint };
  const [next, actions] = whenBothReady({ ...channel, commitments, channelReadyReceived: true, remoteAlias });
  return ok([next, [STORE, ...actions]]);
}

/** Our funding transaction while no block holds it: not yet, or no longer since a reorganisation. */
export const fundingAgain = ({ fundingTx, fundingHeight }: FundedChannel): readonly ChannelAction[] =>
  fundingTx && fundingHeight === undefined ? [{ kind: 'publish', label: 'funding', tx: decodeTx(fundingTx) }] : [];

/** Per block while opening: publish our funding again, give up on one that never came (BOLT 2). */
export function openingBlock(channel: FundedChannel, ctx: Context): Transition {
  if (channel.fundingHeight !== undefined) return stay(channel);
  if (channel.fundingTx) return [channel, fundingAgain(channel)];
  const waited = ctx.blockHeight - channel.createdAtHeight;
  if (waited < POLICY.fundingTimeoutBlocks) return stay(channel);
  return [{ ...channel, phase: 'closed', closeReason: 'funding_timeout' }, [STORE, { kind: 'journal', event: { kind: 'closed', recoveredSat: 0n } }, { kind: 'forget' }]];
}

