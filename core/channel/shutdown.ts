import { equal } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import type { MessageOf } from '../wire/messages.ts';
import type { ChannelAction } from './commands.ts';
import { type Context, STORE, type Transition, stay } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { startNegotiation } from './negotiation.ts';
import { isShutdownScript } from './shutdown-script.ts';
import { hasOurProposals, isClean } from './spec.ts';
import { type CloseReason, type FundedChannel, STAGE } from './types.ts';

/** BOLT 2, "Closing Initiation": from now on no HTLC is added; `shutdown` leaves as soon as nothing of ours is unsigned. */
export function requestShutdown(channel: FundedChannel, script: Uint8Array, closeReason: CloseReason): Transition {
  if (channel.localShutdown || (channel.phase !== 'normal' && channel.phase !== 'opening')) return stay(channel);
  const upfront = channel.config.local.upfrontShutdownScript;
  const localShutdown = { script: upfront.length > 0 ? upfront : script, sent: false };
  const [next, actions] = sendShutdown({ ...channel, localShutdown, closeReason: channel.closeReason ?? closeReason });
  return [next, [STORE, ...actions]];
}

export function receiveShutdown(channel: FundedChannel, message: MessageOf<'shutdown'>): Result<Transition, ChannelFault> {
  const script = message.scriptpubkey;
  if (!isShutdownScript(script, channel.link)) return err(fault('invalid_shutdown_script'));
  const upfront = channel.config.remote.upfrontShutdownScript;
  if (upfront.length > 0 && !equal(upfront, script)) return err(fault('invalid_shutdown_script', 'the script promised at the opening'));
  const unsigned = [...channel.commitments.htlcs.values()].some((htlc) => htlc.add.direction === 'received' && htlc.stage === STAGE.proposed);
  if (unsigned) return err(fault('pending_updates'));
  const known: FundedChannel = { ...channel, remoteShutdownScript: script };
  if (channel.localShutdown) return ok([known, [STORE]]);
  const [next, actions] = requestShutdown(known, channel.walletScript, 'peer_shutdown');
  return ok([next, [...actions, { kind: 'journal', event: { kind: 'shutdown', byUs: 0 } }]]);
}

/** Sends a shutdown that is due; called after every commitment that we signed. */
export function sendShutdown(channel: FundedChannel): Transition {
  const { localShutdown, commitments, config } = channel;
  const due = localShutdown && !localShutdown.sent && channel.link.status === 'live' && !hasOurProposals(commitments, config.isOpener);
  if (!due) return stay(channel);
  const actions: ChannelAction[] = [
    STORE,
    { kind: 'journal', event: { kind: 'shutdown', byUs: 1 } },
    { kind: 'send', message: { name: 'shutdown', channelId: channel.channelId, scriptpubkey: localShutdown.script } },
  ];
  return [{ ...channel, localShutdown: { ...localShutdown, sent: true } }, actions];
}

/** Starts the closing negotiation once both shutdowns are exchanged and both commitments are empty and equal. */
export function negotiateWhenClean(channel: FundedChannel, ctx: Context): Transition {
  const { localShutdown, remoteShutdownScript, link, phase } = channel;
  const ready = localShutdown?.sent && remoteShutdownScript && link.status === 'live' && !link.negotiation;
  if (!ready || !isClean(channel.commitments) || (phase !== 'normal' && phase !== 'opening' && phase !== 'negotiating')) return stay(channel);
  const entered: FundedChannel = { ...channel, phase: 'negotiating' };
  const [next, actions] = startNegotiation(entered, ctx);
  return [next, [STORE, ...actions]];
}
