import { type Codec, amountMsat, amountSat, bytes, bytes16, bytes32, decodeWith, encodeWith, feerate, flag, list16, mapped, optional, struct, tagged, text16, u16, u32, u64, u8 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import type { SecretStore } from '../crypto/commitment-secrets.ts';
import { must } from '../lib/result.ts';
import { penaltyHtlcs } from './onchain/penalty-record.ts';
import { type ChannelConfig, type CloseReason, type Commitments, type Direction, type FundedChannel, type HtlcEntry, type Phase, STAGE, type SpendClass, type Stage, htlcKey, offline } from './types.ts';

/** First byte of every record; a new layout gets a new number and a reader for the old one. */
const VERSION = 1;

/** A closed list of names stored by position: append only. */
function named<N extends string>(names: readonly N[]): Codec<N> {
  return {
    encode: (w, name) => w.u8(names.indexOf(name)),
    decode: (r) => {
      const name = names[r.u8()];
      if (name === undefined) throw new DecodeError('unknown name');
      return name;
    },
  };
}

const PHASES: readonly Phase[] = ['opening', 'normal', 'negotiating', 'failing', 'fallen_behind', 'closing', 'closed'];
const SPEND_CLASSES: readonly SpendClass[] = ['mutual', 'local', 'remote', 'next_remote', 'revoked', 'future', 'unknown', 'lost_local'];
const CLOSE_REASONS: readonly CloseReason[] = [
  'user', 'peer_shutdown', 'peer_error', 'protocol_violation', 'htlc_deadline', 'peer_broadcast', 'data_loss', 'funding_timeout', 'restored',
]; // prettier-ignore
const DIRECTIONS: readonly Direction[] = ['offered', 'received'];

const stage: Codec<Stage> = mapped(u8, (value) => {
  if (value > STAGE.irrevocable) throw new DecodeError(`stage ${value}`);
  return value as Stage;
}, (value) => value); // prettier-ignore
/** Commitment numbers have 48 bits, which a double holds exactly. */
const count: Codec<number> = mapped(u64, (value) => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DecodeError(`number ${value}`);
  return Number(value);
}, BigInt); // prettier-ignore
const point = bytes(33);
const hash = bytes(32);
const signature = bytes(64);
const outPoint = struct({ txid: text16, vout: u32 });

const params = struct({
  dustLimitSatoshis: amountSat, maxHtlcValueInFlightMsat: amountMsat, channelReserveSatoshis: amountSat, htlcMinimumMsat: amountMsat,
  toSelfDelay: u16, maxAcceptedHtlcs: u16,
  basepoints: struct({ fundingPubkey: point, revocationBasepoint: point, paymentBasepoint: point, delayedPaymentBasepoint: point, htlcBasepoint: point }),
  upfrontShutdownScript: bytes16,
}); // prettier-ignore

/** What was agreed at the opening: of a channel's record, and of a backup. */
export const channelConfig: Codec<ChannelConfig> = struct({
  channelNumber: u32, peerNodeId: point, isOpener: flag, temporaryChannelId: hash, channelType: named(['static_remotekey', 'anchors']),
  channelTypeVector: bytes16, fundingSatoshis: amountSat, pushMsat: amountMsat, minimumDepth: u32, local: params, remote: params,
}); // prettier-ignore

const secretStore: Codec<SecretStore> = list16(optional(struct({ index: u64, secret: hash })));

/** Where each HTLC stands; its unchanging part lies in a record of its own. */
const htlcStage = struct({
  direction: named(DIRECTIONS), id: u64, stage, sequence: count, removal: optional(struct({ stage, sequence: count })),
}); // prettier-ignore

const stored = struct({
  version: u8, phase: named(PHASES), config: channelConfig, channelId: hash, fundingOutPoint: outPoint, fundingTx: optional(bytes32), createdAtHeight: u32,
  walletScript: bytes16, fundingHeight: optional(u32), shortChannelId: optional(u64), localAlias: u64, remoteAlias: optional(u64),
  channelReadySent: flag, channelReadyReceived: flag,
  localNumber: count, remoteNumber: count, awaitingRevocation: flag, lastSentWasRevoke: flag, ourMsat: amountMsat, theirMsat: amountMsat,
  feeratePerKw: feerate, htlcs: list16(htlcStage), feeUpdates: list16(struct({ feeratePerKw: feerate, stage, sequence: count })),
  nextOfferedId: u64, nextReceivedId: u64, nextSequence: count, localSignature: signature, localHtlcSignatures: list16(signature),
  remoteCurrentPoint: point, remoteNextPoint: optional(point), revealedSecrets: secretStore,
  localShutdown: optional(struct({ script: bytes16, sent: flag })), remoteShutdownScript: optional(bytes16),
  closingTxids: list16(text16), closingTxs: list16(bytes32), closeReason: optional(named(CLOSE_REASONS)),
  spend: optional(struct({ txid: text16, rawTx: bytes32, spendClass: named(SPEND_CLASSES), commitmentNumber: optional(count), height: optional(u32) })),
  outputSpends: list16(struct({ outPoint, txid: text16, rawTx: bytes32, height: optional(u32) })), penaltyHtlcs: mapped(bytes16, (raw) => decodeWith(penaltyHtlcs, raw), (value) => encodeWith(penaltyHtlcs, value)),
  settledHtlcs: list16(text16), closeBooked: flag,
}); // prettier-ignore

const attributionData = optional(struct({ htlcHoldTimes: bytes(80), truncatedHmacs: bytes(840) }));
const removal = tagged('kind', {
  fulfill: [1, { paymentPreimage: hash, attributionData }],
  fail: [2, { reason: bytes16, attributionData }],
  fail_malformed: [3, { sha256OfOnion: hash, failureCode: u16 }],
});
const storedHtlc = struct({
  version: u8, direction: named(DIRECTIONS), id: u64, amountMsat, paymentHash: hash, cltvExpiry: u32, onionRoutingPacket: bytes(1366),
  pathKey: optional(point), removal: optional(removal),
}); // prettier-ignore

/** The channel's record, without the contents of its HTLCs. */
export function encodeChannel(channel: FundedChannel): Uint8Array {
  const { commitments } = channel;
  const htlcs = [...commitments.htlcs.values()].map((htlc) => ({
    direction: htlc.add.direction, id: htlc.add.id, stage: htlc.stage, sequence: htlc.sequence,
    removal: htlc.removal && { stage: htlc.removal.stage, sequence: htlc.removal.sequence },
  })); // prettier-ignore
  return encodeWith(stored, { ...channel, ...commitments, version: VERSION, htlcs });
}

/** The part of an HTLC that is written when it comes and when its removal comes. */
export const encodeHtlc = ({ add, removal: gone }: HtlcEntry): Uint8Array => encodeWith(storedHtlc, { version: VERSION, ...add, removal: gone?.what });

/** Whether the record of an HTLC must be written again. */
export const htlcRecordChanged = (before: HtlcEntry | undefined, after: HtlcEntry): boolean => before?.add !== after.add || before.removal?.what !== after.removal?.what;

function versioned<T extends { readonly version: number }>(value: T): T {
  if (value.version !== VERSION) throw new DecodeError(`record version ${value.version}`);
  return value;
}

/** The channel as it was stored, offline. Throws DecodeError when records are malformed or do not fit together. */
export function decodeChannel(record: Uint8Array, htlcRecords: readonly Uint8Array[]): FundedChannel {
  const { version: _, htlcs: stages, ...value } = versioned(decodeWith(stored, record));
  const contents = new Map(
    htlcRecords.map((htlc) => {
      const { version: __, removal: what, ...add } = versioned(decodeWith(storedHtlc, htlc));
      return [htlcKey(add.direction, add.id), { add, what }];
    }),
  );
  const htlcs = new Map<string, HtlcEntry>();
  for (const at of stages) {
    const key = htlcKey(at.direction, at.id);
    const content = contents.get(key);
    if (!content || (at.removal && !content.what)) throw new DecodeError(`record of HTLC ${key} is missing`);
    htlcs.set(key, {
      add: content.add, stage: at.stage, sequence: at.sequence,
      removal: at.removal && { what: must(content.what, 'the removal'), stage: at.removal.stage, sequence: at.removal.sequence },
    }); // prettier-ignore
  }
  const {
    localNumber, remoteNumber, awaitingRevocation, lastSentWasRevoke, ourMsat, theirMsat, feeratePerKw, feeUpdates, nextOfferedId, nextReceivedId,
    nextSequence, localSignature, localHtlcSignatures, remoteCurrentPoint, remoteNextPoint, revealedSecrets, ...rest
  } = value; // prettier-ignore
  const commitments: Commitments = {
    localNumber, remoteNumber, awaitingRevocation, lastSentWasRevoke, ourMsat, theirMsat, feeratePerKw, htlcs, feeUpdates, nextOfferedId,
    nextReceivedId, nextSequence, localSignature, localHtlcSignatures, remoteCurrentPoint, remoteNextPoint, revealedSecrets,
  }; // prettier-ignore
  return { ...rest, commitments, link: offline };
}

