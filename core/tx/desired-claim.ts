import type { OutPoint, Tx } from '../bitcoin/transaction.ts';
import type { HtlcTransaction } from './commitment.ts';
import type { Claim } from './claim.ts';
import type { ChannelType } from './weights.ts';

/** How an output is taken. */
export type ClaimMethod =
  /** By a transaction of our own making. */
  | { readonly kind: 'claim'; readonly claim: Claim; readonly privateKey: Uint8Array }
  /** From our own commitment, by the HTLC transaction that the peer has signed; with anchors it needs fee inputs. */
  | {
      readonly kind: 'htlc_tx'; readonly htlcTransaction: HtlcTransaction; readonly channelType: ChannelType; readonly remoteSignature: Uint8Array;
      readonly preimage: Uint8Array | undefined; readonly privateKey: Uint8Array;
    }; // prettier-ignore

/** An output that is ours to take and not taken yet. The list is made anew with every block; whoever sweeps keeps the fees. */
export interface DesiredClaim {
  readonly channelNumber: number;
  readonly outPoint: OutPoint;
  readonly amountSat: bigint;
  /** Script of our wallet that it is paid to; the same each time, so that repeated transactions are the same. */
  readonly destinationScript: Uint8Array;
  readonly method: ClaimMethod;
  /** The first height at which a block may hold it. */
  readonly earliestHeight: number;
  /** From this height on somebody else can take it; undefined when nobody ever can. */
  readonly deadlineHeight: number | undefined;
  /** Somebody else can take it already, or could make a shared transaction invalid: it must stand alone. */
  readonly contested: boolean;
}

export interface WatchedOutput {
  readonly outPoint: OutPoint;
  readonly script: Uint8Array;
}

/** Our own commitment on its way into a block. */
export interface DesiredCommitment {
  readonly channelNumber: number;
  readonly tx: Tx;
  readonly feeSat: bigint;
  /** Script of our wallet for the child's change. */
  readonly changeScript: Uint8Array;
  /** Our anchor, by which a child can pay for it; undefined without anchors or when it has none. */
  readonly anchor: { readonly claim: Claim; readonly privateKey: Uint8Array } | undefined;
  /** The first height at which an HTLC in it could be lost if it has not confirmed. */
  readonly deadlineHeight: number | undefined;
  /** What of its outputs is ours, and out of reach if it never confirms: the most that it is worth bringing into a block. */
  readonly atStakeSat: bigint;
  /** Of that, the HTLCs, which others can take after the deadline; our balance only waits. */
  readonly lostAtDeadlineSat: bigint;
}
