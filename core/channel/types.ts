import type { OutPoint } from '../bitcoin/transaction.ts';
import type { SecretStore } from '../crypto/commitment-secrets.ts';
import type { FeeratePerKw, Msat, Sat } from '../lib/units.ts';
import type { Basepoints } from '../tx/keys.ts';
import type { ClosingVariant } from '../tx/closing.ts';
import type { ChannelType } from '../tx/weights.ts';

/** Terms that one side announced in open_channel or accept_channel; they bind the other side (BOLT 2). */
export interface ChannelParams {
  readonly dustLimitSatoshis: Sat;
  readonly maxHtlcValueInFlightMsat: Msat;
  /** What the other side must keep. */
  readonly channelReserveSatoshis: Sat;
  readonly htlcMinimumMsat: Msat;
  /** How long the other side must wait for its own main output. */
  readonly toSelfDelay: number;
  readonly maxAcceptedHtlcs: number;
  readonly basepoints: Basepoints;
  /** Empty when that side did not commit to one. */
  readonly upfrontShutdownScript: Uint8Array;
}

/** What was agreed at the opening and never changes. */
export interface ChannelConfig {
  /** n of our key path m/9735'/coin'/1'/n'. */
  readonly channelNumber: number;
  readonly peerNodeId: Uint8Array;
  readonly isOpener: boolean;
  readonly temporaryChannelId: Uint8Array;
  readonly channelType: ChannelType;
  /** The `channel_type` vector as it went over the wire. */
  readonly channelTypeVector: Uint8Array;
  readonly fundingSatoshis: Sat;
  readonly pushMsat: Msat;
  readonly minimumDepth: number;
  readonly local: ChannelParams;
  readonly remote: ChannelParams;
}

/**
 * The five states of an update (BOLT 2, "Normal Operation"), seen from whoever sent it: proposed; in the receiver's
 * commitment; the receiver's older one revoked; in the sender's commitment too; the sender's older one revoked.
 */
export const STAGE = { proposed: 0, signed: 1, acked: 2, countersigned: 3, irrevocable: 4 } as const;
export type Stage = (typeof STAGE)[keyof typeof STAGE];

export type Direction = 'offered' | 'received';

/** The fixed part of an HTLC; offered = by us. Identified by channel, direction and id, never by hash. */
export interface HtlcAdd {
  readonly direction: Direction;
  readonly id: bigint;
  readonly amountMsat: Msat;
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
  readonly onionRoutingPacket: Uint8Array;
  readonly pathKey: Uint8Array | undefined;
}

export interface AttributionData {
  readonly htlcHoldTimes: Uint8Array;
  readonly truncatedHmacs: Uint8Array;
}

/** How an HTLC ends. Only its receiver can remove it. */
export type Removal =
  | { readonly kind: 'fulfill'; readonly paymentPreimage: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail'; readonly reason: Uint8Array; readonly attributionData: AttributionData | undefined }
  | { readonly kind: 'fail_malformed'; readonly sha256OfOnion: Uint8Array; readonly failureCode: number };

export interface HtlcEntry {
  readonly add: HtlcAdd;
  readonly stage: Stage;
  /** Order in which we sent it; our own updates only. */
  readonly sequence: number;
  readonly removal: { readonly what: Removal; readonly stage: Stage; readonly sequence: number } | undefined;
}

export interface FeeUpdate {
  readonly feeratePerKw: FeeratePerKw;
  readonly stage: Stage;
  readonly sequence: number;
}

/** Both commitments of a channel: everything that changes while it is used. */
export interface Commitments {
  /** Number of our newest commitment; all before it are revoked. */
  readonly localNumber: number;
  /** Number of the peer's newest commitment whose predecessor it revoked. */
  readonly remoteNumber: number;
  /** We signed remoteNumber + 1 and wait for the revocation of remoteNumber. */
  readonly awaitingRevocation: boolean;
  /** Which of commitment_signed and revoke_and_ack we sent last: retransmission keeps the order. */
  readonly lastSentWasRevoke: boolean;
  /** Balances with every irrevocable change applied; HTLCs are taken off by the views. */
  readonly ourMsat: Msat;
  readonly theirMsat: Msat;
  readonly feeratePerKw: FeeratePerKw;
  /** By direction and id: `o12`, `r0`. In order of arrival. */
  readonly htlcs: ReadonlyMap<string, HtlcEntry>;
  readonly feeUpdates: readonly FeeUpdate[];
  readonly nextOfferedId: bigint;
  readonly nextReceivedId: bigint;
  readonly nextSequence: number;
  /** The peer's signatures on our newest commitment and its HTLC transactions. */
  readonly localSignature: Uint8Array;
  readonly localHtlcSignatures: readonly Uint8Array[];
  readonly remoteCurrentPoint: Uint8Array;
  /** Undefined until channel_ready brought it. */
  readonly remoteNextPoint: Uint8Array | undefined;
  readonly revealedSecrets: SecretStore;
}

export const htlcKey = (direction: Direction, id: bigint): string => `${direction === 'offered' ? 'o' : 'r'}${id}`;

export interface LocalShutdown {
  readonly script: Uint8Array;
  readonly sent: boolean;
}

/** Where the closing negotiation stands on this connection; it starts anew on each. */
export interface ClosingNegotiation {
  /** Legacy: what we proposed last and the range that we gave with it. */
  readonly proposedFeeSat: Sat | undefined;
  readonly theirFeeSat: Sat | undefined;
  /** option_simple_close: our closing_complete that is not answered yet. */
  readonly pendingComplete: { readonly feeSat: Sat; readonly locktime: number; readonly closeeScript: Uint8Array; readonly variants: readonly ClosingVariant[] } | undefined;
  /** A closing transaction is signed by both on this connection. */
  readonly done: boolean;
}

/**
 * Who ended the channel and how. `future`: a commitment of the peer, and `lost_local` one of ours, of a state that this
 * database does not know; they and unknown ones raise an alarm, unless the channel came from a backup.
 */
export type SpendClass = 'mutual' | 'local' | 'remote' | 'next_remote' | 'revoked' | 'future' | 'unknown' | 'lost_local';

export interface FundingSpend {
  readonly txid: string;
  readonly rawTx: Uint8Array;
  readonly spendClass: SpendClass;
  readonly commitmentNumber: number | undefined;
  /** Undefined while it waits in the mempool. */
  readonly height: number | undefined;
}

/** Who took an output of the closing transaction, or of a second stage. */
export interface OutputSpend {
  readonly outPoint: OutPoint;
  readonly txid: string;
  readonly rawTx: Uint8Array;
  readonly height: number | undefined;
}

/** An HTLC of a revoked commitment of the peer, seen from us; its amount stands in the transaction. */
export interface PenaltyHtlc {
  readonly direction: Direction;
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
}

export type CloseReason =
  | 'user' | 'peer_shutdown' | 'peer_error' | 'protocol_violation' | 'htlc_deadline' | 'peer_broadcast' | 'data_loss' | 'funding_timeout' | 'restored'; // prettier-ignore

export type Phase = 'opening' | 'normal' | 'negotiating' | 'failing' | 'fallen_behind' | 'closing' | 'closed';

/**
 * A channel whose funding transaction is known. Phases: `opening` until both channel_ready, `normal` (also with
 * shutdown under way), `negotiating` the closing transaction, `failing` (our commitment is published),
 * `fallen_behind` (data loss, proven or by a restore: never publish, the peer must close), `closing` (the funding output is spent),
 * `closed` (irrevocably).
 */
export interface FundedChannel {
  readonly phase: Phase;
  readonly config: ChannelConfig;
  readonly channelId: Uint8Array;
  readonly fundingOutPoint: OutPoint;
  /** Ours, signed, to be published again until it confirms; undefined when the peer opened. */
  readonly fundingTx: Uint8Array | undefined;
  readonly createdAtHeight: number;
  /** Script of our wallet that closing and claim outputs go to. */
  readonly walletScript: Uint8Array;
  readonly fundingHeight: number | undefined;
  readonly shortChannelId: bigint | undefined;
  readonly localAlias: bigint;
  readonly remoteAlias: bigint | undefined;
  readonly channelReadySent: boolean;
  readonly channelReadyReceived: boolean;
  readonly commitments: Commitments;
  readonly localShutdown: LocalShutdown | undefined;
  readonly remoteShutdownScript: Uint8Array | undefined;
  /** Transaction ids of every closing transaction that we ever signed. */
  readonly closingTxids: readonly string[];
  /** The closing transactions that we can publish, newest last. */
  readonly closingTxs: readonly Uint8Array[];
  readonly closeReason: CloseReason | undefined;
  readonly spend: FundingSpend | undefined;
  /** Spends of the closing transaction's outputs and of second stages, as far as they are seen. */
  readonly outputSpends: readonly OutputSpend[];
  /** Of the revoked commitment that was published. */
  readonly penaltyHtlcs: readonly PenaltyHtlc[];
  /** Keys of HTLCs whose end on chain was told to the payments. */
  readonly settledHtlcs: readonly string[];
  /** What we had here has left the channel's account in the books; never done twice. */
  readonly closeBooked: boolean;
  readonly link: Link;
}

/** It came from a backup: only what never changes is known of it, and its balances stand at 0. */
export const isRestored = ({ closeReason }: Pick<FundedChannel, 'closeReason'>): boolean => closeReason === 'restored';
/** Its newest state is not known here: nothing of ours may ever be published (I-23). */
export const hasLostState = ({ closeReason }: Pick<FundedChannel, 'closeReason'>): boolean => closeReason === 'data_loss' || closeReason === 'restored';

/** Of this connection only; never stored. */
export interface Link {
  readonly status: 'offline' | 'reestablishing' | 'live';
  readonly simpleClose: boolean;
  readonly anySegwit: boolean;
  readonly reestablishReceived: boolean;
  readonly negotiation: ClosingNegotiation | undefined;
}

export const offline: Link = { status: 'offline', simpleClose: false, anySegwit: false, reestablishReceived: false, negotiation: undefined };
