import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Input, Label, TextField } from 'react-aria-components';
import { useI18n } from '../../i18n/context.ts';

/** To a state by its number; one that is not there yet leads to the newest. */
export function JumpForm({ highest, onJump }: { readonly highest: number; readonly onJump: (number: number) => void }) {
  const { t } = useI18n();
  const [text, setText] = useState('');
  const digits = text.replaceAll(/[\s\u2009_]/gu, '');
  const isNumber = /^\d{1,15}$/u.test(digits);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isNumber) onJump(Math.min(Number(digits), highest));
  };
  return (
    <form className="jump" onSubmit={submit}>
      <TextField value={text} onChange={setText} className="jump-field" autoComplete="off" maxLength={20} inputMode="numeric">
        <Label>{t('states.jump')}</Label>
        <Input className="input" />
      </TextField>
      <Button submit size="small" isDisabled={!isNumber}>
        {t('states.jump.button')}
      </Button>
    </form>
  );
}
