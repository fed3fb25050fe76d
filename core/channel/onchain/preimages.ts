import type { Tx } from '../../bitcoin/transaction.ts';
import { sameOutPoint, type OutPoint } from '../../bitcoin/transaction.ts';
import { sha256 } from '../../crypto/hash.ts';
import { equal } from '../../lib/bytes.ts';
import { type Direction, type FundedChannel, htlcKey } from '../types.ts';

/** The preimage of an HTLC as far as we have it: given by a payment of ours, by the peer, or read from the chain. */
export function knownPreimage(channel: FundedChannel, direction: Direction, id: bigint): Uint8Array | undefined {
  const what = channel.commitments.htlcs.get(htlcKey(direction, id))?.removal?.what;
  return what?.kind === 'fulfill' ? what.paymentPreimage : undefined;
}

/** The preimage that a spend of an HTLC output shows, wherever in the witness it stands (BOLT 5, "MUST extract"). */
export function revealedPreimage(tx: Tx, outPoint: OutPoint, paymentHash: Uint8Array): Uint8Array | undefined {
  const input = tx.inputs.find((candidate) => sameOutPoint(candidate, outPoint));
  return input?.witness.find((item) => item.length === 32 && equal(sha256(item), paymentHash));
}
