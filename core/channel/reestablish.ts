import { commitmentSecret, revealedSecret, secretIndexOf } from '../crypto/commitment-secrets.ts';
import { equal, isZero } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import type { Message, MessageOf } from '../wire/messages.ts';
import type { ChannelAction } from './commands.ts';
import { commitmentMessage, revocationMessage } from './commit.ts';
import { type Context, STORE, type Transition, stay } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { channelReadyMessage } from './opening.ts';
import { pointAt } from './keys.ts';
import { dropUnsigned, isOffered } from './spec.ts';
import { type FundedChannel, STAGE, offline } from './types.ts';
import { addMessage, removalMessage } from './updates.ts';

/** BOLT 2, "Message Retransmission": on a broken connection everything unsigned is undone. */
export function disconnect(channel: FundedChannel): Transition {
  if (channel.link.status === 'offline') return stay(channel);
  const [undone, actions] = undoUnsigned(channel);
  // A shutdown that was promised but not sent yet stays a promise; one that was sent is sent again.
  return [{ ...undone, link: offline }, [STORE, ...actions, { kind: 'journal', event: { kind: 'disconnected' } }]];
}

/** Also done when connecting: a program that died in the middle of an exchange never saw the connection break. */
export function undoUnsigned(channel: FundedChannel): Transition {
  const [commitments, dropped] = dropUnsigned(channel.commitments);
  const told = dropped.map(({ add }): ChannelAction => ({ kind: 'htlc_dropped', id: add.id, paymentHash: add.paymentHash }));
  return [{ ...channel, commitments }, told.length > 0 ? [STORE, ...told] : []];
}

/** What we tell the peer about where we are. */
export function reestablishMessage(channel: FundedChannel, ctx: Context): MessageOf<'channel_reestablish'> {
  const { commitments, channelId } = channel;
  const last = commitments.remoteNumber === 0 ? undefined : revealedSecret(commitments.revealedSecrets, secretIndexOf(commitments.remoteNumber - 1));
  return {
    name: 'channel_reestablish', channelId,
    nextCommitmentNumber: BigInt(commitments.localNumber + 1),
    nextRevocationNumber: BigInt(commitments.remoteNumber),
    yourLastPerCommitmentSecret: commitments.remoteNumber === 0 ? new Uint8Array(32) : must(last, 'the last secret of the peer'),
    myCurrentPerCommitmentPoint: pointAt(ctx.keys, commitments.localNumber),
  }; // prettier-ignore
}

export type ReestablishOutcome =
  | { readonly kind: 'go'; readonly transition: Transition }
  /** The peer proved that we lost data: our commitment is revoked and must never be published (I-23). */
  | { readonly kind: 'we_are_behind' }
  /** The peer lost data: it must say so by an error; until then nothing moves (BOLT 2). */
  | { readonly kind: 'peer_is_behind' }
  | { readonly kind: 'fail'; readonly fault: ChannelFault };

const fail = (code: ChannelFault['code'], expected?: unknown, actual?: unknown): ReestablishOutcome => ({ kind: 'fail', fault: fault(code, expected, actual) });

/** Compares both sides' numbers and sends again what was lost, in the order in which it was sent first (I-24). */
export function receiveReestablish(channel: FundedChannel, message: MessageOf<'channel_reestablish'>, ctx: Context): ReestablishOutcome {
  const { commitments } = channel;
  const { localNumber, remoteNumber, awaitingRevocation } = commitments;
  const limit = 1n << 48n;
  if (message.nextCommitmentNumber === 0n || message.nextCommitmentNumber >= limit || message.nextRevocationNumber >= limit) {
    return fail('reestablish_out_of_bounds', 'numbers from 1 to 2^48 - 1', `${message.nextCommitmentNumber}, ${message.nextRevocationNumber}`);
  }
  const theirNext = Number(message.nextCommitmentNumber);
  const theirRevocation = Number(message.nextRevocationNumber);
  if (theirRevocation > localNumber) {
    // I-22: a claim without the secret that proves it is a lie, and a lie must not stop us from closing.
    const proof = equal(message.yourLastPerCommitmentSecret, commitmentSecret(ctx.keys.commitmentSeed, theirRevocation - 1));
    return proof ? { kind: 'we_are_behind' } : fail('reestablish_unproven_claim', localNumber, theirRevocation);
  }
  if (!lastSecretFits(channel, message, ctx)) return fail('wrong_last_secret');
  const newestSigned = remoteNumber + (awaitingRevocation ? 1 : 0);
  if (theirRevocation < localNumber - 1 || theirNext < remoteNumber + 1) return { kind: 'peer_is_behind' };
  if (theirNext > newestSigned + 1) return fail('reestablish_unproven_claim', newestSigned + 1, theirNext);

  const repeatRevocation = theirRevocation === localNumber - 1;
  const repeatCommitment = awaitingRevocation && theirNext === remoteNumber + 1;
  const signed = repeatCommitment ? [...ourUpdates(channel, STAGE.signed), commitmentMessage(channel, ctx)] : [];
  const revoked = repeatRevocation ? [revocationMessage(channel, ctx)] : [];
  const ready = channel.channelReadySent && theirNext === 1 && localNumber === 0 ? [channelReadyMessage(channel, ctx)] : [];
  const shutdown: Message[] = channel.localShutdown?.sent ? [{ name: 'shutdown', channelId: channel.channelId, scriptpubkey: channel.localShutdown.script }] : [];
  const messages: Message[] = [
    ...ready,
    ...(commitments.lastSentWasRevoke ? [...signed, ...revoked] : [...revoked, ...signed]),
    // Shutdown may not follow updates that are not signed.
    ...shutdown,
    ...ourUpdates(channel, STAGE.proposed),
  ];
  const live: FundedChannel = { ...channel, link: { ...channel.link, status: 'live', reestablishReceived: true } };
  const sends = messages.map((sent): ChannelAction => ({ kind: 'send', message: sent }));
  // The program may have died between the commit and the second file: the mark comes before the secret here too.
  return { kind: 'go', transition: [live, repeatRevocation ? [{ kind: 'raise_high_water', revokedCommitmentNumber: localNumber - 1 }, ...sends] : sends] };
}

function lastSecretFits(channel: FundedChannel, message: MessageOf<'channel_reestablish'>, ctx: Context): boolean {
  const secret = message.yourLastPerCommitmentSecret;
  const number = Number(message.nextRevocationNumber);
  return number === 0 ? isZero(secret) : equal(secret, commitmentSecret(ctx.keys.commitmentSeed, number - 1));
}

/** Our updates at one stage, in the order in which they were made. */
function ourUpdates(channel: FundedChannel, stage: typeof STAGE.proposed | typeof STAGE.signed): Message[] {
  const { commitments, config } = channel;
  const updates: { readonly sequence: number; readonly message: Message }[] = [];
  for (const htlc of commitments.htlcs.values()) {
    if (isOffered(htlc)) {
      if (htlc.stage === stage) updates.push({ sequence: htlc.sequence, message: addMessage(channel, htlc) });
    } else if (htlc.removal?.stage === stage) {
      updates.push({ sequence: htlc.removal.sequence, message: removalMessage(channel, htlc.add.id, htlc.removal.what) });
    }
  }
  if (config.isOpener) {
    for (const update of commitments.feeUpdates) {
      if (update.stage !== stage) continue;
      updates.push({ sequence: update.sequence, message: { name: 'update_fee', channelId: channel.channelId, feeratePerKw: update.feeratePerKw } });
    }
  }
  return updates.sort((a, b) => a.sequence - b.sequence).map(({ message }) => message);
}
