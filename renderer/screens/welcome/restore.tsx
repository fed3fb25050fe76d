import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { isGoodPassword, PasswordFields } from './password.tsx';

const countOf = (mnemonic: string): number => mnemonic.trim().split(/\s+/u).filter(Boolean).length;

/** A wallet from words that exist. */
export function RestoreWallet({ onBack, onDone }: { readonly onBack: () => void; readonly onDone: () => void }) {
  const { t } = useI18n();
  const [mnemonic, setMnemonic] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [password, setPassword] = useState({ password: '', again: '' });
  const restore = useAction('vault.restore');
  const count = countOf(mnemonic);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const given = { password: password.password, mnemonic: mnemonic.trim().toLowerCase().replaceAll(/\s+/gu, ' '), passphrase };
    if (!(await restore.run(given))) return;
    setMnemonic('');
    setPassword({ password: '', again: '' });
    onDone();
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="stack-tight">
        <h1>{t('restore.title')}</h1>
        <p className="muted">{t('restore.text')}</p>
      </div>
      <Field label={t('restore.words')} value={mnemonic} onChange={setMnemonic} multiline secret autoFocus maxLength={400} help={t('restore.count', { count })} />
      <details className="more">
        <summary>{t('passphrase.had')}</summary>
        <div className="stack more-body">
          <Field label={t('passphrase')} type="password" value={passphrase} onChange={setPassphrase} secret maxLength={1000} />
        </div>
      </details>
      <PasswordFields value={password} onChange={setPassword} />
      <Notice kind="warning" title={t('restore.channels')}>
        <p>{t('restore.channels.text')}</p>
      </Notice>
      <Problem error={restore.error} />
      <div className="button-row">
        <Button look="primary" size="large" submit isDisabled={![12, 24].includes(count) || !isGoodPassword(password)} isBusy={restore.isBusy}>
          {restore.isBusy ? t('restore.busy') : t('restore.button')}
        </Button>
        <Button size="large" onPress={onBack} isDisabled={restore.isBusy}>
          {t('back')}
        </Button>
      </div>
    </form>
  );
}
