import { type OutPoint, txidBytes, txidFromBytes } from '../bitcoin/transaction.ts';
import { type Codec, bytes, bytes16, mapped, optional, struct, u32, u64 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { isPoint } from '../crypto/secp256k1.ts';
import { feeratePerKw, msat } from '../lib/units.ts';
import { channelIdOf } from '../wire/messages.ts';
import { channelConfig } from './codec.ts';
import { type ChannelConfig, type FundedChannel, offline } from './types.ts';

/**
 * What of a channel never changes: enough to find it on chain, to have its peer close it, and to take what that pays us. No
 * secret, and no state: nothing that could be published can come out of it.
 */
export interface StaticChannel {
  readonly config: ChannelConfig;
  readonly fundingOutPoint: OutPoint;
  readonly createdAtHeight: number;
  /** As far as it was known when the backup was made. */
  readonly fundingHeight: number | undefined;
  readonly shortChannelId: bigint | undefined;
  readonly walletScript: Uint8Array;
  /** Where a close together pays us, when it is not the wallet's script. */
  readonly shutdownScript: Uint8Array | undefined;
}

const outPoint: Codec<OutPoint> = mapped(struct({ txid: bytes(32), vout: u32 }), ({ txid, vout }) => ({ txid: txidFromBytes(txid), vout }), ({ txid, vout }) => ({ txid: txidBytes(txid), vout }));

/** Keys that are no points would only show when something is computed with them. */
const soundConfig: Codec<ChannelConfig> = mapped(channelConfig, (config) => {
  const points = [config.peerNodeId, ...[config.local, config.remote].flatMap(({ basepoints }) => Object.values(basepoints) as Uint8Array[])];
  if (!points.every(isPoint)) throw new DecodeError('not a point of the curve');
  return config;
}, (config) => config); // prettier-ignore

/** The part of a backup file that is about one channel. */
export const staticChannel: Codec<StaticChannel> = struct({
  config: soundConfig, fundingOutPoint: outPoint, createdAtHeight: u32, fundingHeight: optional(u32), shortChannelId: optional(u64),
  walletScript: bytes16, shutdownScript: optional(bytes16),
}); // prettier-ignore

export const staticIdOf = ({ fundingOutPoint: { txid, vout } }: Pick<StaticChannel, 'fundingOutPoint'>): Uint8Array => channelIdOf(txidBytes(txid), vout);

export const staticPartOf = ({ config, fundingOutPoint, createdAtHeight, fundingHeight, shortChannelId, walletScript, localShutdown }: FundedChannel): StaticChannel => ({
  config, fundingOutPoint, createdAtHeight, fundingHeight, shortChannelId, walletScript, shutdownScript: localShutdown?.script,
}); // prettier-ignore

/**
 * A channel of which nothing else is known. It begins as one that has fallen behind: nothing of ours is published, the peer is
 * shown that we are at the beginning and asked to close. No commitment can be built of it: its amounts and points are not real.
 */
export function restoredChannel({ shutdownScript, ...known }: StaticChannel): FundedChannel {
  return {
    ...known, phase: 'fallen_behind', closeReason: 'restored', channelId: staticIdOf(known), fundingTx: undefined,
    localAlias: 0n, remoteAlias: undefined, channelReadySent: true, channelReadyReceived: true,
    commitments: {
      localNumber: 0, remoteNumber: 0, awaitingRevocation: false, lastSentWasRevoke: false, ourMsat: msat(0n), theirMsat: msat(0n), feeratePerKw: feeratePerKw(0),
      htlcs: new Map(), feeUpdates: [], nextOfferedId: 0n, nextReceivedId: 0n, nextSequence: 0, localSignature: new Uint8Array(64), localHtlcSignatures: [],
      remoteCurrentPoint: new Uint8Array(33), remoteNextPoint: undefined, revealedSecrets: [],
    },
    localShutdown: shutdownScript && { script: shutdownScript, sent: true }, remoteShutdownScript: undefined,
    closingTxids: [], closingTxs: [], spend: undefined, outputSpends: [], penaltyHtlcs: [], settledHtlcs: [], closeBooked: false, link: offline,
  }; // prettier-ignore
}
