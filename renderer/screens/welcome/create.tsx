import { type FormEvent, useState } from 'react';
import { request } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/choice.tsx';
import { Field } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { isGoodPassword, PasswordFields } from './password.tsx';
import { Quiz } from './quiz.tsx';
import { SecretWords } from './secret-words.tsx';

interface CreateProps {
  readonly onBack: () => void;
  readonly onMade: () => void;
  readonly onDone: () => void;
}

const STEPS = ['password', 'words', 'check'] as const;

function Stepper({ current }: { readonly current: (typeof STEPS)[number] }) {
  const { t } = useI18n();
  const at = STEPS.indexOf(current);
  return (
    <ol className="stepper">
      {STEPS.map((step, index) => (
        <li key={step} className={index < at ? 'is-done' : index === 0 ? 'first' : undefined} aria-current={index === at ? 'step' : undefined}>
          <span className="dot">{index + 1}</span>
          {t(`create.step.${step}`)}
        </li>
      ))}
    </ol>
  );
}

/** Password, words on paper, and a look whether they are there. */
export function CreateWallet({ onBack, onMade, onDone }: CreateProps) {
  const { t } = useI18n();
  const [password, setPassword] = useState({ password: '', again: '' });
  const [words, setWords] = useState<'12' | '24'>('12');
  const [passphrase, setPassphrase] = useState('');
  const [passphraseAgain, setPassphraseAgain] = useState('');
  const [mnemonic, setMnemonic] = useState<string>();
  const [isChecking, setChecking] = useState(false);
  const create = useAction('vault.create');

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    onMade();
    const made = await create.run({ password: password.password, words: words === '12' ? 12 : 24, passphrase });
    setPassword({ password: '', again: '' });
    setPassphrase('');
    setPassphraseAgain('');
    if (made) setMnemonic(made.mnemonic);
  };
  const end = (): void => {
    setMnemonic(undefined);
    onDone();
  };

  if (mnemonic !== undefined && isChecking) {
    return (
      <>
        <Stepper current="check" />
        <Quiz mnemonic={mnemonic} onBack={() => setChecking(false)} onPassed={() => void request('vault.confirmSeed', {}).then(end)} />
      </>
    );
  }
  if (mnemonic !== undefined) {
    return (
      <>
        <Stepper current="words" />
        <div className="stack-tight">
          <h1>{t('words.title', { count: Number(words) })}</h1>
          <p className="muted">{t('words.text')}</p>
        </div>
        <SecretWords mnemonic={mnemonic} />
        <div className="button-row">
          <Button look="primary" size="large" onPress={() => setChecking(true)}>
            {t('words.written')}
          </Button>
          <Button size="large" look="quiet" onPress={end}>
            {t('words.later')}
          </Button>
        </div>
      </>
    );
  }
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <Stepper current="password" />
      <div className="stack-tight">
        <h1>{t('create.title')}</h1>
        <p className="muted">{t('create.text')}</p>
      </div>
      <PasswordFields value={password} onChange={setPassword} />
      <Segments
        label={t('create.words')}
        value={words}
        onChange={setWords}
        options={[
          ['12', t('create.words.12')],
          ['24', t('create.words.24')],
        ]}
      />
      <details className="more">
        <summary>{t('passphrase.more')}</summary>
        <div className="stack more-body">
          <Field label={t('passphrase')} type="password" value={passphrase} onChange={setPassphrase} secret help={t('passphrase.help')} maxLength={1000} />
          {passphrase !== '' && <Field label={t('passphrase.again')} type="password" value={passphraseAgain} onChange={setPassphraseAgain} secret maxLength={1000} {...(passphraseAgain !== '' && passphraseAgain !== passphrase ? { error: t('password.differs') } : {})} />}
        </div>
      </details>
      <Problem error={create.error} />
      <div className="button-row">
        <Button look="primary" size="large" submit isDisabled={!isGoodPassword(password) || (passphrase !== '' && passphraseAgain !== passphrase)} isBusy={create.isBusy}>
          {create.isBusy ? t('create.busy') : t('create.button')}
        </Button>
        <Button size="large" onPress={onBack} isDisabled={create.isBusy}>
          {t('back')}
        </Button>
      </div>
    </form>
  );
}
