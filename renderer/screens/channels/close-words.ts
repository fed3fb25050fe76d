import type { Answer } from '../../../core/api.ts';
import type { I18n } from '../../i18n/context.ts';
import { groups } from '../../format/amounts.ts';

const REASONS = ['user', 'peer_shutdown', 'peer_error', 'protocol_violation', 'htlc_deadline', 'peer_broadcast', 'data_loss', 'funding_timeout', 'restored'] as const;
const SPENDS = ['mutual', 'local', 'remote', 'next_remote', 'revoked', 'future', 'unknown', 'lost_local'] as const;
const isOneOf = <T extends string>(list: readonly T[], text: string | undefined): text is T => list.includes(text as T);

/** Why a channel ended, and by which transaction: what it means, in words. */
export function closeWords(channel: Pick<Answer<'channel.get'>, 'closeReason' | 'spendClass' | 'closingCommitmentNumber'>, t: I18n['t']): { readonly reason: string; readonly spend: string | undefined } {
  const { closeReason, spendClass, closingCommitmentNumber } = channel;
  return {
    reason: t(isOneOf(REASONS, closeReason) ? `closeReason.${closeReason}` : 'closeReason.other'),
    spend: isOneOf(SPENDS, spendClass) ? t(`spend.${spendClass}`, { state: closingCommitmentNumber === undefined ? '' : groups(BigInt(closingCommitmentNumber)) }) : undefined,
  };
}
