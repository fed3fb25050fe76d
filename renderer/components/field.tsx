import { type ReactNode, type RefObject, useRef } from 'react';
import { FieldError, Input, Label, Text, TextArea, TextField } from 'react-aria-components';
import { groupedInput } from '../format/amounts.ts';
import { useI18n } from '../i18n/context.ts';
import { useShell } from '../state/shell.ts';
import { Icon } from './icon.tsx';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: ReactNode;
  readonly error?: string | undefined;
  readonly placeholder?: string;
  readonly type?: 'text' | 'password' | 'search';
  readonly multiline?: boolean;
  readonly unit?: string;
  readonly autoFocus?: boolean;
  readonly maxLength?: number;
  readonly isDisabled?: boolean;
  /** Nothing that a keyboard app could learn or correct. */
  readonly secret?: boolean;
  readonly mono?: boolean;
  readonly onBlur?: () => void;
  readonly inputRef?: RefObject<HTMLInputElement | null>;
}

/** A browser may keep an element long after it was taken away; what a person typed into it goes at once. */
const emptyAtTheEnd = (element: HTMLInputElement | HTMLTextAreaElement | null) => (): void => {
  if (!element) return;
  element.value = '';
  element.defaultValue = '';
};

export function Field(props: FieldProps) {
  const { label, value, onChange, help, error, placeholder = '', type = 'text', multiline = false, unit, autoFocus = false, maxLength = 10_000, isDisabled = false, secret = false, mono = false, onBlur, inputRef } = props;
  const ref = secret || type === 'password' ? emptyAtTheEnd : undefined;
  const className = mono ? 'input code' : 'input';
  return (
    <TextField className="field" value={value} onChange={onChange} {...(onBlur ? { onBlur } : {})} isInvalid={error !== undefined} isDisabled={isDisabled} autoFocus={autoFocus} maxLength={maxLength} autoComplete="off" autoCorrect="off" spellCheck="false">
      <Label>{label}</Label>
      <div className={unit ? 'field-with-unit' : undefined}>
        {multiline ? <TextArea ref={ref} className="input" placeholder={placeholder} rows={3} translate={secret ? 'no' : undefined} /> : <Input ref={ref ?? inputRef} className={className} type={type} placeholder={placeholder} />}
        {unit && <span className="unit">{unit}</span>}
      </div>
      {help && (
        <Text slot="description" className="help">
          {help}
        </Text>
      )}
      <FieldError className="field-error">
        <Icon name="warning" small />
        <span>{error}</span>
      </FieldError>
    </TextField>
  );
}

/** An amount in the unit of the settings, its digits in groups as everywhere: while somebody types at its end, and again when they leave it. */
export function AmountField({ onChange, ...props }: Omit<FieldProps, 'unit' | 'type' | 'placeholder'>) {
  const { shell } = useShell();
  const { t } = useI18n();
  const caret = useRef<HTMLInputElement | null>(null);
  const grouped = (text: string): string => groupedInput(text, shell.unit);
  // A text that changes elsewhere than at its end would throw the caret there.
  const isAtEnd = (text: string): boolean => (caret.current?.selectionStart ?? text.length) === text.length;
  return (
    <Field
      {...props}
      inputRef={caret}
      onChange={(text) => onChange(isAtEnd(text) ? grouped(text) : text)}
      onBlur={() => {
        // To look at an amount is not to change it: a change takes back what was agreed to for it.
        if (grouped(props.value) !== props.value) onChange(grouped(props.value));
      }}
      unit={shell.unit === 'sat' ? 'sat' : 'BTC'}
      placeholder={t('amount.placeholder')}
      maxLength={30}
    />
  );
}
