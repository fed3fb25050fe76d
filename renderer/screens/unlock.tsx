import { type FormEvent, useState } from 'react';
import { Button } from '../components/button.tsx';
import { Toggle } from '../components/choice.tsx';
import { Field } from '../components/field.tsx';
import { Mark } from '../components/icon.tsx';
import { Problem } from '../components/problem.tsx';
import { useI18n } from '../i18n/context.ts';
import { useAction } from '../state/action.ts';
import { useShell } from '../state/shell.ts';

/** Asks for the password: at the start, and when only the window is locked. */
export function Unlock() {
  const { t } = useI18n();
  const { shell, vault } = useShell();
  const [password, setPassword] = useState('');
  const [remember, setRemember] = useState(false);
  /** The field begins anew with each, and takes the keyboard again. */
  const [tries, setTries] = useState(0);
  const unlock = useAction('shell.unlock');
  const quick = useAction('shell.quickUnlock');
  const isNodeRunning = vault?.state === 'unlocked';
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    quick.clear();
    const isOpen = await unlock.run({ password, remember });
    setPassword('');
    if (!isOpen) setTries((before) => before + 1);
  };
  return (
    <main className="gate" id="main">
      <form className="gate-card stack" onSubmit={(event) => void submit(event)}>
        <Mark />
        <div className="stack-tight">
          <h1>{t('unlock.title')}</h1>
          <p className="muted">{isNodeRunning ? t('unlock.running') : t('unlock.stopped')}</p>
        </div>
        <Field key={tries} label={t('password')} type="password" value={password} onChange={setPassword} autoFocus secret />
        {shell.quickUnlock === 'off' && (
          <Toggle isOn={remember} onChange={setRemember}>
            {t('unlock.remember')}
          </Toggle>
        )}
        <Problem error={unlock.error ?? quick.error} />
        <div className="button-row">
          <Button look="primary" size="large" submit isDisabled={password === ''} isBusy={unlock.isBusy}>
            {unlock.isBusy ? t('unlock.busy') : t('unlock.button')}
          </Button>
          {shell.quickUnlock === 'on' && (
            <Button size="large" icon="key" isBusy={quick.isBusy} onPress={() => void quick.run({})}>
              {t('unlock.quick')}
            </Button>
          )}
        </div>
        <p className="small faint">{t('unlock.forgotten')}</p>
      </form>
    </main>
  );
}
