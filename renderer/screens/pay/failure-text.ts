import type { Answer } from '../../../core/api.ts';
import type { I18n } from '../../i18n/context.ts';
import type { MessageKey } from '../../i18n/en.ts';

export type Failure = NonNullable<Answer<'payment.get'>['failure']>;

/** What is best done about it. */
export type Remedy = 'retry' | 'new_invoice' | 'ask';

/** Flags of a failure code (BOLT 4, "Failure Messages"). */
const FLAGS = [
  ['BADONION', 0x8000],
  ['PERM', 0x4000],
  ['NODE', 0x2000],
  ['UPDATE', 0x1000],
] as const;

/** `PERM|10` for 16394, as the BOLT writes it. */
export const flagsText = (code: number): string => [...FLAGS.filter(([, bit]) => (code & bit) !== 0).map(([name]) => name), String(code & 0x0fff)].join('|');

const REMEDY = {
  way_gone: 'new_invoice', way_busy: 'retry', no_route: 'retry', insufficient_balance: 'retry', needs_multi_part: 'new_invoice', amount_below_minimum: 'new_invoice', fee_limit_too_low: 'retry',
  onion_too_large: 'new_invoice', refused_by_payee: 'new_invoice', invoice_expired: 'new_invoice', deadline_passed: 'retry', attempts_exhausted: 'retry', cancelled: 'retry', outcome_unknown: 'ask', other: 'retry',
} as const satisfies Readonly<Record<string, Remedy>>; // prettier-ignore
type Kind = keyof typeof REMEDY;

/** The reason stands before the colon; where every way failed, the last answer says whether that will pass. */
export function kindOf({ code, failureCode }: Failure): Kind {
  const reason = code.split(':')[0] ?? '';
  if (reason === 'no_route' && failureCode !== undefined) return (failureCode & 0x4000) !== 0 ? 'way_gone' : 'way_busy';
  return Object.hasOwn(REMEDY, reason) ? (reason as Kind) : 'other';
}

export const remedyOf = (failure: Failure): Remedy => REMEDY[kindOf(failure)];

export const failureText = (failure: Failure, t: I18n['t']): string => t(`failure.${kindOf(failure)}`);
export const remedyText = (failure: Failure, t: I18n['t']): string => t(`failure.${kindOf(failure)}.do`);

/** What a node on the way said, in the protocol's own words; undefined when nobody said anything that could be read. */
export function toldText({ failureCode, failureName, hop, atPayee }: Failure, t: I18n['t']): string | undefined {
  if (failureCode === undefined) return undefined;
  const told = t('failure.told', { name: failureName ?? '?', code: String(failureCode), flags: flagsText(failureCode) });
  const by: MessageKey | undefined = atPayee ? 'failure.by.payee' : hop === undefined ? undefined : hop === 0 ? 'failure.by.peer' : 'failure.by.node';
  return by === undefined ? told : t('failure.told.by', { told, by: t(by, { hop: String((hop ?? 0) + 1) }) });
}
