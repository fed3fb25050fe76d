import { type OutPoint, type Tx, encodeTx, txidBytes, txidFromBytes } from '../bitcoin/transaction.ts';
import { verify } from '../crypto/secp256k1.ts';
import { equal } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type FeeratePerKw, type Msat, type Sat, msat, sat, toMsat } from '../lib/units.ts';
import { buildCommitment } from '../tx/commitment.ts';
import { fundingOutputScript } from '../tx/funding.ts';
import type { Feature } from '../wire/features.ts';
import { type MessageOf, channelIdOf } from '../wire/messages.ts';
import { parseChannelType } from './channel-type.ts';
import { type Context, STORE, type Transition } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { type ChannelKeys, basepointsOf, pointAt } from './keys.ts';
import { POLICY, channelReserveSat, minimumDepthFor } from './policy.ts';
import { commitmentParams, signRemote } from './sign.ts';
import { type Spec, VIEW, specOf } from './spec.ts';
import { type ChannelConfig, type ChannelParams, type Commitments, type FundedChannel, offline } from './types.ts';
import { announcedParams, checkAccept, checkOpen } from './validate.ts';

/** What is agreed on the way to a funding transaction; lives in memory only and is gone with the connection (BOLT 2). */
export interface Proposal {
  readonly channelNumber: number;
  readonly peerNodeId: Uint8Array;
  readonly temporaryChannelId: Uint8Array;
  readonly fundingSatoshis: Sat;
  readonly pushMsat: Msat;
  readonly feeratePerKw: FeeratePerKw;
  readonly channelTypeVector: Uint8Array;
  readonly localAlias: bigint;
  readonly negotiated: (feature: Feature) => boolean;
}

export interface OpenerWaitsForAccept {
  readonly kind: 'opener_waits_for_accept';
  readonly proposal: Proposal;
  readonly local: ChannelParams;
}
export interface OpenerWaitsForFunding {
  readonly kind: 'opener_waits_for_funding';
  readonly proposal: Proposal;
  readonly config: ChannelConfig;
  readonly remoteFirstPoint: Uint8Array;
  /** What the funding transaction must pay to, in exactly the proposal's amount. */
  readonly fundingScript: Uint8Array;
}
export interface OpenerWaitsForSignature extends Omit<OpenerWaitsForFunding, 'kind'> {
  readonly kind: 'opener_waits_for_signature';
  readonly fundingOutPoint: OutPoint;
  readonly channelId: Uint8Array;
}
export interface FundeeWaitsForCreated {
  readonly kind: 'fundee_waits_for_created';
  readonly proposal: Proposal;
  readonly config: ChannelConfig;
  readonly remoteFirstPoint: Uint8Array;
}
export type Handshake = OpenerWaitsForAccept | OpenerWaitsForFunding | OpenerWaitsForSignature | FundeeWaitsForCreated;

function localParams(keys: ChannelKeys, fundingSat: Sat, theirDustLimitSat: Sat): ChannelParams {
  return {
    dustLimitSatoshis: POLICY.dustLimitSat,
    maxHtlcValueInFlightMsat: toMsat(fundingSat),
    channelReserveSatoshis: channelReserveSat(fundingSat, theirDustLimitSat),
    htlcMinimumMsat: POLICY.htlcMinimumMsat,
    toSelfDelay: POLICY.toSelfDelayBlocks,
    maxAcceptedHtlcs: POLICY.maxAcceptedHtlcs,
    basepoints: basepointsOf(keys),
    upfrontShutdownScript: new Uint8Array(0),
  };
}

const wireParams = ({ basepoints, upfrontShutdownScript: _, ...limits }: ChannelParams, keys: ChannelKeys) => ({
  ...limits, ...basepoints, firstPerCommitmentPoint: pointAt(keys, 0),
}); // prettier-ignore

/** BOLT 2, "The open_channel Message". */
export function proposeChannel(proposal: Proposal, ctx: Context): readonly [OpenerWaitsForAccept, MessageOf<'open_channel'>] {
  const local = localParams(ctx.keys, proposal.fundingSatoshis, sat(0n));
  const { temporaryChannelId, fundingSatoshis, pushMsat, feeratePerKw } = proposal;
  return [
    { kind: 'opener_waits_for_accept', proposal, local },
    {
      name: 'open_channel', chainHash: ctx.chainHash, temporaryChannelId, fundingSatoshis, pushMsat, feeratePerKw,
      ...wireParams(local, ctx.keys), channelFlags: 0,
      tlvs: { upfrontShutdownScript: local.upfrontShutdownScript, channelType: proposal.channelTypeVector },
    },
  ]; // prettier-ignore
}

const configOf = (proposal: Proposal, isOpener: boolean, minimumDepth: number, local: ChannelParams, remote: ChannelParams): ChannelConfig => ({
  channelNumber: proposal.channelNumber, peerNodeId: proposal.peerNodeId, isOpener, temporaryChannelId: proposal.temporaryChannelId,
  channelType: parseChannelType(proposal.channelTypeVector, () => true)?.channelType ?? 'static_remotekey',
  channelTypeVector: proposal.channelTypeVector, fundingSatoshis: proposal.fundingSatoshis, pushMsat: proposal.pushMsat, minimumDepth, local, remote,
}); // prettier-ignore

/** BOLT 2, "The accept_channel Message", the receiver. */
export function receiveAccept(state: OpenerWaitsForAccept, message: MessageOf<'accept_channel'>): Result<OpenerWaitsForFunding, ChannelFault> {
  const { proposal, local } = state;
  const refused = checkAccept(message, proposal, local);
  if (refused) return err(refused);
  const remote = announcedParams(message);
  const config = configOf(proposal, true, message.minimumDepth, local, remote);
  const fundingScript = fundingOutputScript(local.basepoints.fundingPubkey, remote.basepoints.fundingPubkey);
  return ok({ kind: 'opener_waits_for_funding', proposal, config, remoteFirstPoint: message.firstPerCommitmentPoint, fundingScript });
}

function firstCommitments(config: ChannelConfig, feeratePerKw: FeeratePerKw, remoteFirstPoint: Uint8Array): Commitments {
  const openerMsat = msat(toMsat(config.fundingSatoshis) - config.pushMsat);
  return {
    localNumber: 0, remoteNumber: 0, awaitingRevocation: false, lastSentWasRevoke: false,
    ourMsat: config.isOpener ? openerMsat : config.pushMsat, theirMsat: config.isOpener ? config.pushMsat : openerMsat, feeratePerKw,
    htlcs: new Map(), feeUpdates: [], nextOfferedId: 0n, nextReceivedId: 0n, nextSequence: 0,
    localSignature: new Uint8Array(64), localHtlcSignatures: [], remoteCurrentPoint: remoteFirstPoint, remoteNextPoint: undefined,
    revealedSecrets: [],
  }; // prettier-ignore
}

const firstSpec = (commitments: Commitments, weAreOpener: boolean): Spec => specOf(commitments, VIEW.localCurrent, weAreOpener);

/** BOLT 2, "The funding_created Message": the transaction is known, and unknown to everybody else. */
export function fundingKnown(state: OpenerWaitsForFunding, fundingOutPoint: OutPoint, ctx: Context): readonly [OpenerWaitsForSignature, MessageOf<'funding_created'>] {
  const { proposal, config, remoteFirstPoint } = state;
  const spec = firstSpec(firstCommitments(config, proposal.feeratePerKw, remoteFirstPoint), true);
  const { signature } = signRemote({ config, fundingOutPoint }, ctx.keys, { number: 0, point: remoteFirstPoint, spec });
  const fundingTxid = txidBytes(fundingOutPoint.txid);
  return [
    { ...state, kind: 'opener_waits_for_signature', fundingOutPoint, channelId: channelIdOf(fundingTxid, fundingOutPoint.vout) },
    { name: 'funding_created', temporaryChannelId: proposal.temporaryChannelId, fundingTxid, fundingOutputIndex: fundingOutPoint.vout, signature },
  ];
}

/** A wallet script that nobody was given before, asked for only once there is a channel: its closing and claim outputs go there. */
export type FreshScript = () => Uint8Array;

function openedChannel(
  { config, proposal, remoteFirstPoint }: { readonly proposal: Proposal; readonly config: ChannelConfig; readonly remoteFirstPoint: Uint8Array },
  funding: { readonly fundingOutPoint: OutPoint; readonly channelId: Uint8Array; readonly signature: Uint8Array },
  freshScript: FreshScript,
  ctx: Context,
): Result<FundedChannel, ChannelFault> {
  const { fundingOutPoint, channelId, signature } = funding;
  const commitments = { ...firstCommitments(config, proposal.feeratePerKw, remoteFirstPoint), localSignature: signature };
  const spec = firstSpec(commitments, config.isOpener);
  const ours = buildCommitment(commitmentParams({ config, fundingOutPoint }, 'local', { number: 0, point: pointAt(ctx.keys, 0), spec }));
  if (!verify(signature, ours.sighash, config.remote.basepoints.fundingPubkey)) return err(fault('invalid_commitment_signature'));
  return ok({
    phase: 'opening', config, channelId, fundingOutPoint, fundingTx: undefined, createdAtHeight: ctx.blockHeight, walletScript: freshScript(),
    fundingHeight: undefined, shortChannelId: undefined, localAlias: proposal.localAlias, remoteAlias: undefined,
    channelReadySent: false, channelReadyReceived: false, commitments, localShutdown: undefined, remoteShutdownScript: undefined,
    closingTxids: [], closingTxs: [], closeReason: undefined, spend: undefined, outputSpends: [], penaltyHtlcs: [], settledHtlcs: [], closeBooked: false,
    link: {
      ...offline, status: 'live', reestablishReceived: true,
      simpleClose: proposal.negotiated('simpleClose'), anySegwit: proposal.negotiated('shutdownAnysegwit'),
    },
  }); // prettier-ignore
}

const openedEvent = (channel: FundedChannel) => ({
  kind: 'journal' as const,
  event: {
    kind: 'opened' as const, isOpener: channel.config.isOpener ? 1 : 0, fundingTxid: txidBytes(channel.fundingOutPoint.txid),
    fundingOutputIndex: channel.fundingOutPoint.vout, capacitySat: channel.config.fundingSatoshis, pushMsat: channel.config.pushMsat,
    channelType: channel.config.channelType,
  },
}); // prettier-ignore

/** BOLT 2, "The funding_signed Message": only with the peer's signature stored may the funding transaction leave. */
export function receiveFundingSigned(
  state: OpenerWaitsForSignature,
  message: MessageOf<'funding_signed'>,
  { freshScript, signedFundingTx }: { readonly freshScript: FreshScript; readonly signedFundingTx: () => Tx },
  ctx: Context,
): Result<Transition, ChannelFault> {
  const unsigned = openedChannel(state, { fundingOutPoint: state.fundingOutPoint, channelId: state.channelId, signature: message.signature }, freshScript, ctx);
  if (!unsigned.ok) return unsigned;
  const fundingTx = signedFundingTx();
  const channel: FundedChannel = { ...unsigned.value, fundingTx: encodeTx(fundingTx) };
  const { fundingSatoshis, pushMsat } = channel.config;
  return ok([
    channel,
    [
      STORE,
      openedEvent(channel),
      { kind: 'ledger', reason: 'open', deltaMsat: toMsat(fundingSatoshis), reference: channel.fundingOutPoint.txid },
      ...(pushMsat > 0n ? [{ kind: 'ledger', reason: 'push', deltaMsat: -pushMsat, reference: channel.fundingOutPoint.txid } as const] : []),
      { kind: 'publish', label: 'funding', tx: fundingTx },
    ],
  ]);
}

/** BOLT 2, "The open_channel Message", the receiver: every rejection that it demands, then our terms. */
export function receiveOpen(
  message: MessageOf<'open_channel'>,
  given: Pick<Proposal, 'channelNumber' | 'peerNodeId' | 'localAlias' | 'negotiated'>,
  ctx: Context,
): Result<readonly [FundeeWaitsForCreated, MessageOf<'accept_channel'>], ChannelFault> {
  const local = localParams(ctx.keys, message.fundingSatoshis, message.dustLimitSatoshis);
  const refused = checkOpen(message, given.negotiated, local, ctx);
  if (refused) return err(refused);
  const channelType = message.tlvs?.channelType ?? new Uint8Array(0);
  const proposal: Proposal = {
    ...given, temporaryChannelId: message.temporaryChannelId, fundingSatoshis: message.fundingSatoshis, pushMsat: message.pushMsat,
    feeratePerKw: message.feeratePerKw, channelTypeVector: channelType,
  }; // prettier-ignore
  const minimumDepth = minimumDepthFor(message.fundingSatoshis);
  const config = configOf(proposal, false, minimumDepth, local, announcedParams(message));
  return ok([
    { kind: 'fundee_waits_for_created', proposal, config, remoteFirstPoint: message.firstPerCommitmentPoint },
    {
      name: 'accept_channel', temporaryChannelId: message.temporaryChannelId, minimumDepth, ...wireParams(local, ctx.keys),
      tlvs: { upfrontShutdownScript: local.upfrontShutdownScript, channelType },
    },
  ]); // prettier-ignore
}

/** BOLT 2, "The funding_created Message", the receiver: stored before our signature leaves. */
export function receiveFundingCreated(state: FundeeWaitsForCreated, message: MessageOf<'funding_created'>, freshScript: FreshScript, ctx: Context): Result<Transition, ChannelFault> {
  const fundingOutPoint: OutPoint = { txid: txidFromBytes(message.fundingTxid), vout: message.fundingOutputIndex };
  const channelId = channelIdOf(message.fundingTxid, message.fundingOutputIndex);
  const opened = openedChannel(state, { fundingOutPoint, channelId, signature: message.signature }, freshScript, ctx);
  if (!opened.ok) return opened;
  const channel = opened.value;
  const { signature } = signRemote(channel, ctx.keys, { number: 0, point: state.remoteFirstPoint, spec: firstSpec(channel.commitments, false) });
  return ok([
    channel,
    [
      STORE,
      openedEvent(channel),
      ...(channel.config.pushMsat > 0n ? [{ kind: 'ledger', reason: 'push', deltaMsat: channel.config.pushMsat, reference: fundingOutPoint.txid } as const] : []),
      { kind: 'send', message: { name: 'funding_signed', channelId, signature } },
    ],
  ]);
}

/** Whether a message belongs to this handshake. */
export const isFor = (state: Handshake, id: Uint8Array): boolean =>
  equal(state.proposal.temporaryChannelId, id) || (state.kind === 'opener_waits_for_signature' && equal(state.channelId, id));
