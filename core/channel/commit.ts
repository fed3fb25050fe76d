import { commitmentSecret, insertSecret, secretIndexOf } from '../crypto/commitment-secrets.ts';
import { isPoint, isScalar, publicKey } from '../crypto/secp256k1.ts';
import { txidBytes } from '../bitcoin/transaction.ts';
import { equal } from '../lib/bytes.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import type { MessageOf } from '../wire/messages.ts';
import type { ChannelAction } from './commands.ts';
import { type Context, STORE, type Transition, stay } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { encodeRevokedState } from './onchain/penalty-record.ts';
import { type JournalEvent, DIRECTION, HTLC_CHANGE } from './journal.ts';
import { pointAt } from './keys.ts';
import { exceedsDustCap, trimmedIn } from './limits.ts';
import { signRemote, verifyLocal } from './sign.ts';
import { VIEW, type Spec, advance, hasChangesToSign, isOffered, settle, specOf } from './spec.ts';
import { type Commitments, type FundedChannel, type HtlcEntry, STAGE } from './types.ts';

/** Signs what waits to be signed, unless a revocation is still owed to us: then the next `sign` will (BOLT 2). */
export function sendCommitment(channel: FundedChannel, ctx: Context): Transition {
  const { commitments, config } = channel;
  if (commitments.awaitingRevocation || !hasChangesToSign(commitments, config.isOpener) || !commitments.remoteNextPoint) return stay(channel);
  const advanced = advance(commitments, config.isOpener, {
    ours: [STAGE.proposed, STAGE.signed],
    theirs: [STAGE.acked, STAGE.countersigned],
  });
  const next: Commitments = { ...advanced, awaitingRevocation: true, lastSentWasRevoke: false };
  const spec = specOf(next, VIEW.remoteNext, config.isOpener);
  const signed = { ...channel, commitments: next };
  return [
    signed,
    [
      STORE,
      { kind: 'journal', event: commitmentEvent('remote_commitment_signed', next.remoteNumber + 1, spec, changesBetween(commitments, next)) },
      { kind: 'send', message: commitmentMessage(signed, ctx) },
    ],
  ];
}

/** The commitment_signed for the peer's next commitment; signing is deterministic, so that a repetition is identical (I-2). */
export function commitmentMessage(channel: FundedChannel, ctx: Context): MessageOf<'commitment_signed'> {
  const { commitments, config } = channel;
  const { signature, htlcSignatures } = signRemote(channel, ctx.keys, {
    number: commitments.remoteNumber + 1,
    point: must(commitments.remoteNextPoint, 'the next point of the peer'),
    spec: specOf(commitments, VIEW.remoteNext, config.isOpener),
  });
  return {
    name: 'commitment_signed', channelId: channel.channelId, signature, htlcSignatures,
    tlvs: { fundingTxid: txidBytes(channel.fundingOutPoint.txid) },
  }; // prettier-ignore
}

/** The revocation of the commitment before `channel.commitments.localNumber`. */
export const revocationMessage = (channel: FundedChannel, ctx: Context): MessageOf<'revoke_and_ack'> => ({
  name: 'revoke_and_ack',
  channelId: channel.channelId,
  perCommitmentSecret: commitmentSecret(ctx.keys.commitmentSeed, channel.commitments.localNumber - 1),
  nextPerCommitmentPoint: pointAt(ctx.keys, channel.commitments.localNumber + 1),
});

/** BOLT 2, "Committing Updates So Far": a new commitment of ours, and at once the revocation of the one before. */
export function receiveCommitment(channel: FundedChannel, message: MessageOf<'commitment_signed'>, ctx: Context): Result<Transition, ChannelFault> {
  const { commitments, config } = channel;
  const signed = advance(commitments, config.isOpener, {
    theirs: [STAGE.proposed, STAGE.signed],
    ours: [STAGE.acked, STAGE.countersigned],
  });
  const number = commitments.localNumber + 1;
  const spec = specOf(signed, VIEW.localCurrent, config.isOpener);
  const verified = verifyLocal(channel, ctx.keys, number, spec, message);
  if (!verified.ok) return verified;
  const revoked = advance(signed, config.isOpener, {
    theirs: [STAGE.signed, STAGE.acked],
    ours: [STAGE.countersigned, STAGE.irrevocable],
  });
  const [settled, ended] = settle({
    ...revoked,
    localNumber: number,
    localSignature: message.signature,
    localHtlcSignatures: message.htlcSignatures,
    lastSentWasRevoke: true,
  });
  const next: FundedChannel = { ...channel, commitments: settled };
  return ok([
    next,
    [
      STORE,
      { kind: 'raise_high_water', revokedCommitmentNumber: number - 1 },
      { kind: 'journal', event: commitmentEvent('local_commitment', number, spec, changesBetween(commitments, signed)) },
      ...endings(ended),
      ...newlyIrrevocable(next, commitments),
      { kind: 'send', message: revocationMessage(next, ctx) },
    ],
  ]);
}

/** BOLT 2, "Completing the Transition": the peer can no longer use its older commitment. */
export function receiveRevocation(channel: FundedChannel, message: MessageOf<'revoke_and_ack'>): Result<Transition, ChannelFault> {
  const { commitments, config } = channel;
  if (!commitments.awaitingRevocation) return err(fault('unexpected_revocation'));
  const secret = message.perCommitmentSecret;
  if (!isScalar(secret) || !equal(publicKey(secret), commitments.remoteCurrentPoint)) return err(fault('invalid_revocation'));
  if (!isPoint(message.nextPerCommitmentPoint)) return err(fault('invalid_pubkey', undefined, 'next_per_commitment_point'));
  const revealedSecrets = insertSecret(commitments.revealedSecrets, secretIndexOf(commitments.remoteNumber), secret);
  if (!revealedSecrets) return err(fault('invalid_revocation', 'a secret of the same tree'));
  const penalty = penaltyRecord(channel);
  const advanced = advance(commitments, config.isOpener, {
    ours: [STAGE.signed, STAGE.acked],
    theirs: [STAGE.countersigned, STAGE.irrevocable],
  });
  const [settled, ended] = settle({
    ...advanced,
    remoteNumber: commitments.remoteNumber + 1,
    awaitingRevocation: false,
    revealedSecrets,
    remoteCurrentPoint: must(commitments.remoteNextPoint, 'the next point of the peer'),
    remoteNextPoint: message.nextPerCommitmentPoint,
  });
  const next: FundedChannel = { ...channel, commitments: settled };
  return ok([
    next,
    [
      STORE,
      penalty,
      { kind: 'journal', event: { kind: 'remote_commitment_revoked', number: BigInt(commitments.remoteNumber) } },
      ...endings(ended),
      ...newlyIrrevocable(next, commitments),
    ],
  ]);
}

/** Kept from the moment when publishing the commitment becomes a breach. */
function penaltyRecord({ commitments, config }: FundedChannel): ChannelAction {
  const { ourMsat, theirMsat, feeratePerKw, htlcs } = specOf(commitments, VIEW.remoteCurrent, config.isOpener);
  const withOutput = htlcs.filter(({ add }) => !trimmedIn(config, 'remote', feeratePerKw, add)).map(({ add }) => add);
  return { kind: 'penalty', commitmentNumber: commitments.remoteNumber, record: encodeRevokedState({ ourMsat, theirMsat, feeratePerKw, htlcs: withOutput }) };
}

/** What the payments must hear of HTLCs that are gone for good. */
function endings(ended: readonly HtlcEntry[]): ChannelAction[] {
  return ended.flatMap(({ add, removal }): ChannelAction[] => {
    const what = must(removal, 'the removal').what;
    const reference = `${add.direction}:${add.id}`;
    if (add.direction === 'received') {
      const fulfilled = what.kind === 'fulfill';
      const removed: ChannelAction = { kind: 'htlc_removed', id: add.id, paymentHash: add.paymentHash, fulfilled };
      return fulfilled ? [{ kind: 'ledger', reason: 'payment_received', deltaMsat: add.amountMsat, reference }, removed] : [removed];
    }
    if (what.kind === 'fulfill') return [{ kind: 'ledger', reason: 'payment_sent', deltaMsat: -add.amountMsat, reference }];
    return [{ kind: 'htlc_failed', id: add.id, paymentHash: add.paymentHash, removal: what }];
  });
}

/** Received HTLCs that only now are in both commitments with all older ones revoked: not before may they be acted on. */
function newlyIrrevocable(channel: FundedChannel, before: Commitments): ChannelAction[] {
  const actions: ChannelAction[] = [];
  for (const [key, htlc] of channel.commitments.htlcs) {
    if (isOffered(htlc) || htlc.stage !== STAGE.irrevocable || before.htlcs.get(key)?.stage === STAGE.irrevocable) continue;
    actions.push({ kind: 'htlc_received', add: htlc.add, overDustCap: exceedsDustCap(channel, htlc.add) });
  }
  return actions;
}

type CommitmentChange = Extract<JournalEvent, { kind: 'local_commitment' }>['changes'][number];

/** Which HTLC updates moved between two states of the commitments: what the history shows for this step. */
function changesBetween(before: Commitments, after: Commitments): CommitmentChange[] {
  const changes: CommitmentChange[] = [];
  for (const [key, htlc] of after.htlcs) {
    const old = before.htlcs.get(key);
    const what = htlc.removal && htlc.removal.stage !== old?.removal?.stage ? (htlc.removal.what.kind === 'fulfill' ? HTLC_CHANGE.fulfilled : HTLC_CHANGE.failed)
      : htlc.stage !== old?.stage ? HTLC_CHANGE.added : undefined; // prettier-ignore
    if (what === undefined) continue;
    const { direction, id, amountMsat, paymentHash } = htlc.add;
    changes.push({ direction: DIRECTION[direction], id, amountMsat, paymentHash, change: what });
  }
  return changes;
}

const commitmentEvent = (kind: 'local_commitment' | 'remote_commitment_signed', number: number, spec: Spec, changes: CommitmentChange[]): JournalEvent => ({
  kind, number: BigInt(number), ourMsat: spec.ourMsat, theirMsat: spec.theirMsat, feeratePerKw: spec.feeratePerKw,
  htlcCount: spec.htlcs.length, changes,
}); // prettier-ignore
