import type { Answer } from '../../../core/api.ts';
import type { Values } from '../../i18n/context.ts';
import type { MessageKey } from '../../i18n/en.ts';
import { remedyOf } from './failure-text.ts';

type Payment = Pick<Answer<'payment.get'>, 'state' | 'attempts' | 'parts' | 'failure'>;

export interface PaymentStep {
  readonly key: Extract<MessageKey, `pay.step.${string}`>;
  readonly values?: Values;
  /** `wait`: it has not happened yet, and is worded so. */
  readonly mark: 'done' | 'live' | 'wait' | 'failed';
}

/** Part of it may have arrived: nobody knows. */
export const isUnknown = ({ failure }: Pick<Payment, 'failure'>): boolean => failure !== undefined && remedyOf(failure) === 'ask';

/** What happened to a payment, in order, and what has still to happen. */
export function stepsOf(payment: Payment): readonly PaymentStep[] {
  const { state, attempts, parts } = payment;
  if (state === 'failed' && attempts === 0) return [{ key: 'pay.step.none', mark: 'failed' }];
  const started: PaymentStep = { key: 'pay.step.started', mark: 'done' };
  if (isUnknown(payment)) return [started, { key: 'pay.step.unknown', mark: 'failed' }];
  const values = { attempts: Math.max(1, attempts), parts: Math.max(1, parts) };
  switch (state) {
    case 'pending':
      return [started, { key: 'pay.step.way.pending', values, mark: 'live' }, { key: 'pay.step.proof.wait', mark: 'wait' }];
    case 'succeeded':
      return [started, { key: 'pay.step.way.succeeded', values, mark: 'done' }, { key: 'pay.step.proof', mark: 'done' }];
    case 'failed':
      return [started, { key: 'pay.step.way.failed', values, mark: 'failed' }, { key: 'pay.step.back', mark: 'done' }];
  }
}
