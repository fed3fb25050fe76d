import { Field } from '../../components/field.tsx';
import { useI18n } from '../../i18n/context.ts';

export const MIN_PASSWORD = 8;
export interface NewPassword {
  readonly password: string;
  readonly again: string;
}
export const isGoodPassword = ({ password, again }: NewPassword): boolean => password.length >= MIN_PASSWORD && password === again;

export type Strength = 'short' | 'weak' | 'fair' | 'strong';

/** Bits that a guesser needs at most: kinds of characters, less what repeats or counts up. */
export function strengthOf(password: string): Strength {
  if (password.length < MIN_PASSWORD) return 'short';
  const alphabet = [[/[a-z]/u, 26], [/[A-Z]/u, 26], [/\d/u, 10], [/[^\p{L}\d]/u, 20], [/[^\P{L}a-zA-Z]/u, 100]] as const; // prettier-ignore
  const size = alphabet.reduce((sum, [kind, count]) => (kind.test(password) ? sum + count : sum), 0);
  const codes = [...password].map((character) => character.codePointAt(0) ?? 0);
  const surprising = codes.filter((code, at) => at === 0 || ![-1, 0, 1].includes(code - (codes[at - 1] ?? 0)));
  const bits = Math.min(surprising.length, new Set(codes).size * 2) * Math.log2(Math.max(size, 2));
  return bits < 45 ? 'weak' : bits < 70 ? 'fair' : 'strong';
}

const STEPS: readonly Strength[] = ['short', 'weak', 'fair', 'strong'];

/** A password twice, with how long it would withstand. */
export function PasswordFields({ value, onChange, isChange = false }: { readonly value: NewPassword; readonly onChange: (value: NewPassword) => void; readonly isChange?: boolean }) {
  const { t } = useI18n();
  const strength = strengthOf(value.password);
  const step = STEPS.indexOf(strength);
  const isOther = value.again !== '' && value.again !== value.password;
  return (
    <>
      <Field label={t(isChange ? 'password.changed' : 'password.new')} type="password" value={value.password} onChange={(password) => onChange({ ...value, password })} secret help={t('password.help')} />
      {value.password !== '' && (
        <div className={`strength strength-${strength}`} role="status">
          <svg className="bar bar-thin" aria-hidden="true">
            <rect className="fill-line" width="100%" height="100%" />
            <rect className="strength-fill" width={`${(step + 1) * 25}%`} height="100%" />
          </svg>
          <span className="small">{t(`strength.${strength}`)}</span>
        </div>
      )}
      <Field label={t('password.again')} type="password" value={value.again} onChange={(again) => onChange({ ...value, again })} secret {...(isOther ? { error: t('password.differs') } : {})} />
    </>
  );
}
