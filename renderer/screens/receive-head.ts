import type { Answer } from '../../core/api.ts';
import type { MessageKey } from '../i18n/en.ts';

export type Way = 'lightning' | 'chain' | 'both';
type Invoice = Pick<Answer<'invoice.get'>, 'state' | 'expiresAtMs'>;

export interface ReceiveHead {
  readonly key: MessageKey;
  /** What is said of how much can arrive: over Lightning up to a limit, on chain anything. */
  readonly detail?: 'lightning' | 'chain';
}

export const isOver = ({ state, expiresAtMs }: Invoice, nowMs: number): boolean => state === 'expired' || state === 'cancelled' || (state !== 'receiving' && nowMs >= expiresAtMs);

/** The question of the screen, and once something is there to be shown what it is for. */
export function headOf(way: Way, invoice: Invoice | undefined, nowMs: number): ReceiveHead {
  if (way === 'chain') return { key: 'receive.title.chain', detail: 'chain' };
  if (!invoice) return { key: 'receive.title', detail: 'lightning' };
  if (invoice.state === 'paid') return { key: 'receive.arrived' };
  return { key: isOver(invoice, nowMs) ? 'receive.title.expired' : 'receive.title.waiting' };
}
