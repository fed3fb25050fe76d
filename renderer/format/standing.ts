import type { Answer } from '../../core/api.ts';

type Channel = Answer<'channel.get'>;
type Closing = Answer<'channel.closing'>;
type Spent = Pick<Channel, 'spendClass' | 'closingCommitmentNumber'>;
interface Signed {
  readonly revokedAtMs?: number | undefined;
}

/** What may happen to a commitment; `over`: it was signed, and another transaction spent the channel. */
export type Standing = 'signed' | 'revoked' | 'unsigned' | 'published' | 'over';

/** Once the channel is spent, one transaction was published, and no other can be any more. */
export function standingIn({ spendClass, closingCommitmentNumber }: Spent, owner: 'ours' | 'theirs', number: number, side: Signed | undefined): Standing {
  const standing = !side ? 'unsigned' : side.revokedAtMs === undefined ? 'signed' : 'revoked';
  if (spendClass === undefined) return standing;
  if (closingCommitmentNumber === number && (spendClass === 'local' || spendClass === 'lost_local') === (owner === 'ours')) return 'published';
  return standing === 'signed' ? 'over' : standing;
}

/** The marks that can stand in the table of a channel, before and after it is spent. */
export const standingsOf = ({ spendClass }: Pick<Channel, 'spendClass'>): readonly Standing[] => (spendClass === undefined ? ['signed', 'revoked', 'unsigned'] : ['published', 'over', 'revoked', 'unsigned']);

/** What can still be published in a channel that is closing: `waits` until a block holds what spends it, `none` where nothing was ever in it. */
export type Outcome = 'waits' | 'stands' | 'final' | 'none';
export function outcomeOf({ state, transaction }: Pick<Closing, 'state' | 'transaction'>): Outcome {
  if (state === 'closed') return transaction ? 'final' : 'none';
  return transaction?.height === undefined ? 'waits' : 'stands';
}

const OWNER = { local: 'ours', lost_local: 'ours', remote: 'theirs', next_remote: 'theirs', future: 'theirs', revoked: 'revoked' } as const;

/** Whose transaction spent the channel. */
export function spenderOf({ spendClass, commitmentNumber }: NonNullable<Closing['transaction']>): 'mutual' | 'unknown' | (typeof OWNER)[keyof typeof OWNER] {
  if (spendClass === 'mutual') return 'mutual';
  return commitmentNumber !== undefined && spendClass in OWNER ? OWNER[spendClass as keyof typeof OWNER] : 'unknown';
}
