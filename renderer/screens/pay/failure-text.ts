import type { Answer } from '../../../core/api.ts';
import type { Language } from '../../i18n/context.ts';
import { FAILURES } from '../../i18n/failures.ts';

type Failure = NonNullable<Answer<'payment.get'>['failure']>;

/** The engine's sentence in English; elsewhere that of the reason, which stands before the colon. */
export function failureText({ code, message }: Failure, language: Language): string {
  if (language === 'en') return message;
  return FAILURES[language][code.split(':')[0] ?? ''] ?? FAILURES[language]['other'] ?? message;
}
