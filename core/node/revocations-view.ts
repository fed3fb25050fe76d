import type { Answer } from '../api.ts';
import type { FundedChannel } from '../channel/types.ts';
import { FIRST_INDEX } from '../crypto/commitment-secrets.ts';

/**
 * The filled places of the tree (BOLT 3, "Efficient Per-commitment Secret Storage"): slot b holds the secret of an index that
 * ends in b zero bits, and from it follow the 2^b states up to that of the index. The secrets stay where they are.
 */
export function revocationsView({ commitments }: Pick<FundedChannel, 'commitments'>): Answer<'channel.revocations'> {
  const slots = commitments.revealedSecrets.flatMap((known, slot) => {
    if (!known) return [];
    const lastState = Number(FIRST_INDEX - known.index);
    return [{ slot, index: known.index.toString(16).padStart(12, '0'), firstState: Math.max(0, lastState - 2 ** slot + 1), lastState }];
  });
  return { revokedStates: commitments.remoteNumber, slots };
}
