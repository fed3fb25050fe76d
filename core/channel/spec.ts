import { type FeeratePerKw, type Msat, msat } from '../lib/units.ts';
import { type Commitments, type HtlcEntry, STAGE, type Stage } from './types.ts';

/** The least stage at which an update of either side is part of a commitment. */
export interface View {
  readonly ours: Stage;
  readonly theirs: Stage;
}

export const VIEW = {
  /** Our newest commitment, which the peer signed. */
  localCurrent: { ours: STAGE.countersigned, theirs: STAGE.signed },
  /** What the peer would sign for us now. */
  localPending: { ours: STAGE.acked, theirs: STAGE.proposed },
  /** The peer's commitment that it has not revoked. */
  remoteCurrent: { ours: STAGE.acked, theirs: STAGE.irrevocable },
  /** The one that we signed while the current one is not revoked yet. */
  remoteNext: { ours: STAGE.signed, theirs: STAGE.countersigned },
  /** What we would sign for the peer now. */
  remotePending: { ours: STAGE.proposed, theirs: STAGE.acked },
} as const satisfies Record<string, View>;

/** What a commitment holds: balances after all HTLCs in it, before fee and anchors. */
export interface Spec {
  readonly ourMsat: Msat;
  readonly theirMsat: Msat;
  readonly feeratePerKw: FeeratePerKw;
  readonly htlcs: readonly HtlcEntry[];
}

export const isOffered = (htlc: HtlcEntry): boolean => htlc.add.direction === 'offered';

/** Of HTLCs that are not settled for good: the settled balance of whoever offered them still holds it. */
export const inFlightMsat = ({ htlcs }: Commitments, direction: HtlcEntry['add']['direction']): Msat =>
  msat([...htlcs.values()].reduce((sum, { add }) => (add.direction === direction ? sum + add.amountMsat : sum), 0n));

/** The adder's stage counts for the addition, the other side's for the removal. */
const addedIn = (htlc: HtlcEntry, view: View): boolean => htlc.stage >= (isOffered(htlc) ? view.ours : view.theirs);
const removedIn = (htlc: HtlcEntry, view: View): boolean =>
  htlc.removal !== undefined && htlc.removal.stage >= (isOffered(htlc) ? view.theirs : view.ours);

/** The contents of one commitment, folded from the settled balances and the HTLCs. */
export function specOf(commitments: Commitments, view: View, weAreOpener: boolean): Spec {
  let ours: bigint = commitments.ourMsat;
  let theirs: bigint = commitments.theirMsat;
  const htlcs: HtlcEntry[] = [];
  for (const htlc of commitments.htlcs.values()) {
    if (!addedIn(htlc, view)) continue;
    const amount = htlc.add.amountMsat;
    const removed = removedIn(htlc, view);
    const fulfilled = removed && htlc.removal?.what.kind === 'fulfill';
    if (!removed) htlcs.push(htlc);
    if (isOffered(htlc)) {
      if (!removed || fulfilled) ours -= amount;
      if (fulfilled) theirs += amount;
    } else {
      if (!removed || fulfilled) theirs -= amount;
      if (fulfilled) ours += amount;
    }
  }
  const least = weAreOpener ? view.ours : view.theirs;
  const feerate = commitments.feeUpdates.findLast((update) => update.stage >= least)?.feeratePerKw ?? commitments.feeratePerKw;
  return { ourMsat: msat(ours), theirMsat: msat(theirs), feeratePerKw: feerate, htlcs };
}

/** Moves every update of one side from `from` to `to`; the same object when nothing moved. */
export function advance(
  commitments: Commitments,
  weAreOpener: boolean,
  moves: { readonly ours?: readonly [from: Stage, to: Stage]; readonly theirs?: readonly [from: Stage, to: Stage] },
): Commitments {
  const moved = (stage: Stage, mine: boolean): Stage => {
    const move = mine ? moves.ours : moves.theirs;
    return move && stage === move[0] ? move[1] : stage;
  };
  const htlcs = new Map<string, HtlcEntry>();
  for (const [key, htlc] of commitments.htlcs) {
    const offered = isOffered(htlc);
    const stage = moved(htlc.stage, offered);
    const removalStage = htlc.removal && moved(htlc.removal.stage, !offered);
    const same = stage === htlc.stage && removalStage === htlc.removal?.stage;
    htlcs.set(
      key,
      same ? htlc : { ...htlc, stage, removal: htlc.removal && removalStage !== undefined ? { ...htlc.removal, stage: removalStage } : undefined },
    );
  }
  const feeUpdates = commitments.feeUpdates.map((update) => ({ ...update, stage: moved(update.stage, weAreOpener) }));
  return { ...commitments, htlcs, feeUpdates };
}

/** Applies what became irrevocable to the settled balances and drops it; tells which HTLCs ended. */
export function settle(commitments: Commitments): readonly [Commitments, ended: readonly HtlcEntry[]] {
  let ours: bigint = commitments.ourMsat;
  let theirs: bigint = commitments.theirMsat;
  const ended: HtlcEntry[] = [];
  for (const htlc of commitments.htlcs.values()) {
    if (htlc.removal?.stage !== STAGE.irrevocable) continue;
    ended.push(htlc);
    if (htlc.removal.what.kind !== 'fulfill') continue;
    ours += isOffered(htlc) ? -htlc.add.amountMsat : htlc.add.amountMsat;
    theirs += isOffered(htlc) ? htlc.add.amountMsat : -htlc.add.amountMsat;
  }
  const settledFee = commitments.feeUpdates.findLast((update) => update.stage === STAGE.irrevocable);
  if (ended.length === 0 && !settledFee) return [commitments, ended];
  const gone = new Set(ended);
  return [
    {
      ...commitments,
      ourMsat: msat(ours),
      theirMsat: msat(theirs),
      htlcs: new Map([...commitments.htlcs].filter(([, htlc]) => !gone.has(htlc))),
      feeratePerKw: settledFee?.feeratePerKw ?? commitments.feeratePerKw,
      feeUpdates: commitments.feeUpdates.filter((update) => update.stage !== STAGE.irrevocable),
    },
    ended,
  ];
}

/** Updates of ours that no commitment_signed of ours covers yet, or of theirs that we did not countersign. */
export function hasChangesToSign(commitments: Commitments, weAreOpener: boolean): boolean {
  for (const htlc of commitments.htlcs.values()) {
    const offered = isOffered(htlc);
    if (htlc.stage === (offered ? STAGE.proposed : STAGE.acked)) return true;
    if (htlc.removal && htlc.removal.stage === (offered ? STAGE.acked : STAGE.proposed)) return true;
  }
  const waiting = weAreOpener ? STAGE.proposed : STAGE.acked;
  return commitments.feeUpdates.some((update) => update.stage === waiting);
}

/** Updates of ours that the peer may not have in any commitment. */
export function hasOurProposals(commitments: Commitments, weAreOpener: boolean): boolean {
  for (const htlc of commitments.htlcs.values()) {
    if (isOffered(htlc) ? htlc.stage === STAGE.proposed : htlc.removal?.stage === STAGE.proposed) return true;
  }
  return weAreOpener && commitments.feeUpdates.some((update) => update.stage === STAGE.proposed);
}

/** No HTLC and no fee change is on its way in either commitment: a closing transaction may be made (BOLT 2). */
export const isClean = (commitments: Commitments): boolean =>
  commitments.htlcs.size === 0 && commitments.feeUpdates.length === 0 && !commitments.awaitingRevocation;

/**
 * BOLT 2, "Message Retransmission": what was proposed and never signed did not happen. The peer's proposals go, and our
 * own additions and fee changes too (whoever wanted them may ask again); our removals stay, they are owed.
 */
export function dropUnsigned(commitments: Commitments): readonly [Commitments, droppedOffers: readonly HtlcEntry[]] {
  const kept = [...commitments.htlcs].filter(([, htlc]) => htlc.stage !== STAGE.proposed);
  const htlcs = new Map(kept.map(([key, htlc]) => [key, isOffered(htlc) && htlc.removal?.stage === STAGE.proposed ? { ...htlc, removal: undefined } : htlc]));
  const gone = [...commitments.htlcs.values()].filter((htlc) => htlc.stage === STAGE.proposed);
  const dropped = gone.filter(isOffered);
  // Ids go up by one each time, so that those of what is gone are used again.
  const firstGone = (of: readonly HtlcEntry[], next: bigint): bigint => of.reduce((least, { add }) => (add.id < least ? add.id : least), next);
  const nextOfferedId = firstGone(dropped, commitments.nextOfferedId);
  const nextReceivedId = firstGone(gone.filter((htlc) => !isOffered(htlc)), commitments.nextReceivedId);
  const feeUpdates = commitments.feeUpdates.filter((update) => update.stage !== STAGE.proposed);
  return [{ ...commitments, htlcs, nextReceivedId, nextOfferedId, feeUpdates }, dropped];
}
