import { sha256 } from '../crypto/hash.ts';
import { equal, toHex } from '../lib/bytes.ts';
import type { FeeratePerKw } from '../lib/units.ts';
import type { MessageOf } from '../wire/messages.ts';
import type { ChannelAction, ChannelCommand } from './commands.ts';
import { type Context, STORE, type Transition, stay } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { checkFeeUpdate, checkOffer, checkReceivedAdd } from './limits.ts';
import { FEERATE_FLOOR_PER_KW } from '../lib/units.ts';
import { maxFeeratePerKw } from './policy.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type Commitments, type FundedChannel, type HtlcEntry, type Removal, STAGE, htlcKey } from './types.ts';

type CommandOf<K extends ChannelCommand['kind']> = Extract<ChannelCommand, { readonly kind: K }>;

const withCommitments = (channel: FundedChannel, commitments: Commitments): FundedChannel => ({ ...channel, commitments });

/** Why no update of ours may be sent now, if so (BOLT 2, "Closing Initiation"; I-25). */
function blocked(channel: FundedChannel): ChannelFault | undefined {
  if (channel.phase !== 'normal') return fault('closing_in_progress', 'normal', channel.phase);
  if (channel.link.status !== 'live') return fault('not_live', 'live', channel.link.status);
  if (channel.localShutdown || channel.remoteShutdownScript) return fault('shutting_down');
  return undefined;
}

/** BOLT 2, "Adding an HTLC": offers one, or says why not; nothing is half done. */
export function offerHtlc(channel: FundedChannel, command: CommandOf<'offer_htlc'>, ctx: Context): Transition {
  const { commitments } = channel;
  const id = commitments.nextOfferedId;
  const key = htlcKey('offered', id);
  const entry: HtlcEntry = {
    add: {
      direction: 'offered', id, amountMsat: command.amountMsat, paymentHash: command.paymentHash, cltvExpiry: command.cltvExpiry,
      onionRoutingPacket: command.onionRoutingPacket, pathKey: undefined,
    },
    stage: STAGE.proposed, sequence: commitments.nextSequence, removal: undefined,
  }; // prettier-ignore
  const refused = blocked(channel);
  const checked = refused ? err(refused) : checkOffer(channel, key, entry, ctx.blockHeight);
  if (!checked.ok) return [channel, [{ kind: 'htlc_refused', reference: command.reference, fault: checked.error }]];
  const next = withCommitments(channel, { ...checked.value, nextOfferedId: id + 1n, nextSequence: commitments.nextSequence + 1 });
  return [next, [STORE, { kind: 'htlc_offered', reference: command.reference, id }, { kind: 'send', message: addMessage(channel, entry) }]];
}

export const addMessage = ({ channelId }: FundedChannel, { add }: HtlcEntry): MessageOf<'update_add_htlc'> => ({
  name: 'update_add_htlc', channelId, id: add.id, amountMsat: add.amountMsat, paymentHash: add.paymentHash, cltvExpiry: add.cltvExpiry,
  onionRoutingPacket: add.onionRoutingPacket,
}); // prettier-ignore

export function removalMessage({ channelId }: FundedChannel, id: bigint, what: Removal): MessageOf<'update_fulfill_htlc' | 'update_fail_htlc' | 'update_fail_malformed_htlc'> {
  switch (what.kind) {
    case 'fulfill':
      return { name: 'update_fulfill_htlc', channelId, id, paymentPreimage: what.paymentPreimage, ...tlvsOf(what.attributionData) };
    case 'fail':
      return { name: 'update_fail_htlc', channelId, id, reason: what.reason, ...tlvsOf(what.attributionData) };
    case 'fail_malformed':
      return { name: 'update_fail_malformed_htlc', channelId, id, sha256OfOnion: what.sha256OfOnion, failureCode: what.failureCode };
  }
}

const tlvsOf = (attributionData: Extract<Removal, { kind: 'fail' }>['attributionData']) => (attributionData ? { tlvs: { attributionData } } : {});

/**
 * BOLT 2, "Removing an HTLC": ends a received HTLC that is irrevocably committed. Told twice it does nothing, so that a
 * payment may repeat itself after a restart. While offline the removal waits in the state.
 */
export function removeHtlc(channel: FundedChannel, id: bigint, what: Removal): Transition {
  const key = htlcKey('received', id);
  const entry = channel.commitments.htlcs.get(key);
  if (!entry || entry.removal || entry.stage !== STAGE.irrevocable) return stay(channel);
  if (what.kind === 'fulfill' && !equal(sha256(what.paymentPreimage), entry.add.paymentHash)) throw new Error('bug: preimage of another hash');
  const { commitments } = channel;
  const removal = { what, stage: STAGE.proposed, sequence: commitments.nextSequence };
  const next = withCommitments(channel, {
    ...commitments,
    nextSequence: commitments.nextSequence + 1,
    htlcs: new Map(commitments.htlcs).set(key, { ...entry, removal }),
  });
  const live = channel.link.status === 'live' && (channel.phase === 'normal');
  return [next, live ? [STORE, { kind: 'send', message: removalMessage(channel, id, what) }] : [STORE]];
}

/** BOLT 2, "Updating Fees", the opener's side; silently nothing when it is not possible now. */
export function updateFee(channel: FundedChannel, feeratePerKw: FeeratePerKw): Transition {
  const { config, commitments } = channel;
  if (!config.isOpener || blocked(channel)) return stay(channel);
  const next: Commitments = {
    ...commitments,
    feeUpdates: [...commitments.feeUpdates, { feeratePerKw, stage: STAGE.proposed, sequence: commitments.nextSequence }],
    nextSequence: commitments.nextSequence + 1,
  };
  if ((['remote', 'local'] as const).some((owner) => checkFeeUpdate(channel, next, owner, feeratePerKw))) return stay(channel);
  return [withCommitments(channel, next), [STORE, { kind: 'send', message: { name: 'update_fee', channelId: channel.channelId, feeratePerKw } }]];
}

export function receiveAdd(channel: FundedChannel, message: MessageOf<'update_add_htlc'>): Result<Transition, ChannelFault> {
  const { commitments } = channel;
  if (channel.remoteShutdownScript) return err(fault('shutting_down'));
  if (message.id !== commitments.nextReceivedId) return err(fault('unexpected_htlc_id', commitments.nextReceivedId, message.id));
  const key = htlcKey('received', message.id);
  const entry: HtlcEntry = {
    add: {
      direction: 'received', id: message.id, amountMsat: message.amountMsat, paymentHash: message.paymentHash, cltvExpiry: message.cltvExpiry,
      onionRoutingPacket: message.onionRoutingPacket, pathKey: message.tlvs?.pathKey,
    },
    stage: STAGE.proposed, sequence: 0, removal: undefined,
  }; // prettier-ignore
  const checked = checkReceivedAdd(channel, key, entry);
  return checked.ok ? ok([withCommitments(channel, { ...checked.value, nextReceivedId: message.id + 1n }), []]) : checked;
}

/** An HTLC that we offered, which is in both commitments and not removed yet. */
function removable(channel: FundedChannel, id: bigint): Result<HtlcEntry, ChannelFault> {
  const entry = channel.commitments.htlcs.get(htlcKey('offered', id));
  if (!entry || entry.stage !== STAGE.irrevocable) return err(fault('unknown_htlc', undefined, id));
  return entry.removal ? err(fault('htlc_already_removed', undefined, id)) : ok(entry);
}

function received(channel: FundedChannel, entry: HtlcEntry, what: Removal, actions: readonly ChannelAction[]): Transition {
  const htlcs = new Map(channel.commitments.htlcs).set(htlcKey('offered', entry.add.id), { ...entry, removal: { what, stage: STAGE.proposed, sequence: 0 } });
  return [withCommitments(channel, { ...channel.commitments, htlcs }), actions];
}

/** The preimage is passed on before anything is committed: it is ours from here on (BOLT 2, "Forwarding HTLCs"). */
export function receiveFulfill(channel: FundedChannel, message: MessageOf<'update_fulfill_htlc'>): Result<Transition, ChannelFault> {
  const entry = removable(channel, message.id);
  if (!entry.ok) return entry;
  const { paymentHash } = entry.value.add;
  const { paymentPreimage } = message;
  if (!equal(sha256(paymentPreimage), paymentHash)) return err(fault('invalid_preimage', toHex(paymentHash)));
  const attributionData = message.tlvs?.attributionData;
  const what: Removal = { kind: 'fulfill', paymentPreimage, attributionData };
  return ok(received(channel, entry.value, what, [STORE, { kind: 'htlc_fulfilled', id: message.id, paymentHash, paymentPreimage, attributionData }]));
}

export function receiveFail(channel: FundedChannel, message: MessageOf<'update_fail_htlc' | 'update_fail_malformed_htlc'>): Result<Transition, ChannelFault> {
  const entry = removable(channel, message.id);
  if (!entry.ok) return entry;
  if (message.name === 'update_fail_htlc') {
    return ok(received(channel, entry.value, { kind: 'fail', reason: message.reason, attributionData: message.tlvs?.attributionData }, []));
  }
  const BADONION = 0x8000;
  if (!(message.failureCode & BADONION)) return err(fault('missing_badonion_bit', undefined, message.failureCode));
  return ok(received(channel, entry.value, { kind: 'fail_malformed', sha256OfOnion: message.sha256OfOnion, failureCode: message.failureCode }, []));
}

export function receiveFee(channel: FundedChannel, message: MessageOf<'update_fee'>, ctx: Context): Result<Transition, ChannelFault> {
  const { config, commitments } = channel;
  if (config.isOpener) return err(fault('fee_update_from_wrong_side'));
  const { feeratePerKw } = message;
  const most = maxFeeratePerKw(ctx.feerates.commitment);
  if (feeratePerKw < FEERATE_FLOOR_PER_KW || feeratePerKw > most) return err(fault('feerate_out_of_bounds', `${FEERATE_FLOOR_PER_KW} to ${most}`, feeratePerKw));
  // Only the newest of the not yet signed ones counts, so a flood of them takes no memory.
  const kept = commitments.feeUpdates.filter((update) => update.stage !== STAGE.proposed);
  const next: Commitments = { ...commitments, feeUpdates: [...kept, { feeratePerKw, stage: STAGE.proposed, sequence: 0 }] };
  const refused = checkFeeUpdate(channel, next, 'local', feeratePerKw);
  return refused ? err(refused) : ok([withCommitments(channel, next), []]);
}
