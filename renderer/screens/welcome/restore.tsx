import { type FormEvent, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { BackupFilePick } from '../../components/backup-file-pick.tsx';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { Restored } from '../channel-file.tsx';
import { isGoodPassword, PasswordFields } from './password.tsx';

const countOf = (mnemonic: string): number => mnemonic.trim().split(/\s+/u).filter(Boolean).length;

interface RestoreWalletProps {
  readonly onBack: () => void;
  /** The wallet exists; its channels are still to be brought back. */
  readonly onMade: () => void;
  readonly onDone: () => void;
}

/** A wallet from words that exist, and its channels from a file, if there is one. */
export function RestoreWallet({ onBack, onMade, onDone }: RestoreWalletProps) {
  const { t } = useI18n();
  const [mnemonic, setMnemonic] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [password, setPassword] = useState({ password: '', again: '' });
  const [file, setFile] = useState<string>();
  const [isMade, setMade] = useState(false);
  const restore = useAction('vault.restore');
  const count = countOf(mnemonic);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const given = { password: password.password, mnemonic: mnemonic.trim().toLowerCase().replaceAll(/\s+/gu, ' '), passphrase };
    // Before the wallet exists: else the window would go over to it and forget the file.
    if (file !== undefined) onMade();
    if (!(await restore.run(given))) {
      if (file !== undefined) onDone();
      return;
    }
    setMnemonic('');
    setPassphrase('');
    setPassword({ password: '', again: '' });
    if (file === undefined) onDone();
    else setMade(true);
  };
  if (isMade && file !== undefined) return <RestoreChannels file={file} onDone={onDone} />;
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
      {file === undefined ? (
        <BackupFilePick label={t('backupFile.pick')} onFile={setFile} isDisabled={restore.isBusy}>
          <h2 className="field-label">{t('restore.file')}</h2>
          <p className="small muted">{t('restore.file.text')}</p>
        </BackupFilePick>
      ) : (
        <Notice
          kind="success"
          live
          title={t('restore.file')}
          action={
            <Button size="small" isDisabled={restore.isBusy} onPress={() => setFile(undefined)}>
              {t('restore.file.remove')}
            </Button>
          }
        >
          <p>{t('restore.file.chosen')}</p>
        </Notice>
      )}
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

/** The wallet is there; now its channels. The main process asks before their peers are told to close them. */
function RestoreChannels({ file, onDone }: { readonly file: string; readonly onDone: () => void }) {
  const { t } = useI18n();
  const restore = useAction('backup.restore');
  const [restored, setRestored] = useState<Answer<'backup.restore'>>();
  const [chosen, setChosen] = useState(file);
  const run = async (given: string): Promise<void> => {
    setChosen(given);
    const done = await restore.run({ file: given });
    if (done) setRestored(done);
  };
  return (
    <div className="stack">
      <h1>{t('restore.done')}</h1>
      {restored ? (
        <Restored restored={restored} hasButton={false} />
      ) : (
        <>
          <p>{t('restore.channels.next')}</p>
          {restore.error && (
            <>
              <Problem error={restore.error} title={t('restore.file.refused')} />
              <BackupFilePick label={t('backupFile.pick')} onFile={(text) => void run(text)} isBusy={restore.isBusy}>
                <p>{t('restore.file.refused.text')}</p>
              </BackupFilePick>
            </>
          )}
        </>
      )}
      <div className="button-row">
        {!restored && (
          <Button look="primary" size="large" isBusy={restore.isBusy} onPress={() => void run(chosen)}>
            {restore.error ? t('restore.file.again') : `${t('backupFile.restore')}…`}
          </Button>
        )}
        <Button look={restored ? 'primary' : 'plain'} size="large" isDisabled={restore.isBusy} onPress={onDone}>
          {t('restore.go')}
        </Button>
      </div>
    </div>
  );
}
