import { type FormEvent, useState } from 'react';
import { request } from '../client/client.ts';
import { Button } from '../components/button.tsx';
import { Card } from '../components/card.tsx';
import { NotYet } from '../components/empty.tsx';
import { Field } from '../components/field.tsx';
import { Notice } from '../components/notice.tsx';
import { Problem } from '../components/problem.tsx';
import { ScreenHead } from '../components/screen-head.tsx';
import { timeText } from '../format/times.ts';
import { useI18n } from '../i18n/context.ts';
import { useAction } from '../state/action.ts';
import { useAnswer } from '../state/answers.ts';
import { useShell } from '../state/shell.ts';
import { ChannelFile, fileState, useBackupStatus } from './channel-file.tsx';
import { Towers } from './towers.tsx';
import { Quiz } from './welcome/quiz.tsx';
import { SecretWords } from './welcome/secret-words.tsx';

interface Seed {
  readonly mnemonic: string;
  readonly hasPassphrase: boolean;
}

/** The words, after the password was given once more; gone again when this is left. */
function Revealed({ seed, isConfirmed, onDone }: { readonly seed: Seed; readonly isConfirmed: boolean; readonly onDone: () => void }) {
  const { t } = useI18n();
  const [isChecking, setChecking] = useState(false);
  if (isChecking) return <Quiz mnemonic={seed.mnemonic} onBack={() => setChecking(false)} onPassed={() => void request('vault.confirmSeed', {}).then(onDone)} />;
  return (
    <div className="stack">
      <SecretWords mnemonic={seed.mnemonic} />
      {seed.hasPassphrase && <Notice kind="warning">{t('backup.passphrase')}</Notice>}
      <div className="button-row">
        {!isConfirmed && (
          <Button look="primary" onPress={() => setChecking(true)}>
            {t('words.written')}
          </Button>
        )}
        <Button onPress={onDone}>{t('words.away')}</Button>
      </div>
    </div>
  );
}

function Reveal({ onSeed }: { readonly onSeed: (seed: Seed) => void }) {
  const { t } = useI18n();
  const [password, setPassword] = useState('');
  const reveal = useAction('vault.revealSeed');
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const seed = await reveal.run({ password });
    setPassword('');
    if (seed) onSeed(seed);
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <p>{t('backup.reveal.text')}</p>
      <Field label={t('password')} type="password" value={password} onChange={setPassword} secret />
      <Problem error={reveal.error} />
      <div className="button-row">
        <Button icon="eye" submit isDisabled={password === ''} isBusy={reveal.isBusy}>
          {t('backup.reveal')}
        </Button>
      </div>
    </form>
  );
}

/** Nobody is told that everything can be restored while a channel is in no file. */
const TITLE = { none: 'backup.title.good', good: 'backup.title.good', missing: 'backup.title.noFile', old: 'backup.title.oldFile' } as const;

/** If this computer were lost now, what would I get back? */
export function Backup() {
  const { t, language } = useI18n();
  const isPlaying = useShell().shell.playground === 'on';
  const { value: status, refresh } = useAnswer('vault.status', {}, ['vault.updated']);
  const { value: channels } = useAnswer('channel.list', {}, ['channel.updated']);
  const [seed, setSeed] = useState<Seed>();
  const confirmedAtMs = status?.seedConfirmedAtMs;
  const count = channels?.length ?? 0;
  const { value: file } = useBackupStatus();
  const state = count === 0 || !file ? 'none' : fileState(file);
  if (isPlaying) return <ScreenHead question={t('playground.noSeed')} detail={t('playground.noSeed.text')} />;
  return (
    <>
      <ScreenHead question={t(confirmedAtMs === undefined ? 'backup.title.missing' : TITLE[state])} detail={confirmedAtMs === undefined ? t('backup.never') : t('backup.confirmed', { time: timeText(confirmedAtMs, language) })} />
      <div className="cols backup-cols">
        <div className="stack">
          <Card title={t('backup.words')} aside={status && <span className={confirmedAtMs === undefined ? 'tag tag-warning' : 'tag tag-success'}>{t(confirmedAtMs === undefined ? 'backup.tag.missing' : 'backup.tag.good')}</span>}>
            {seed ? (
              <Revealed
                seed={seed}
                isConfirmed={confirmedAtMs !== undefined}
                onDone={() => {
                  setSeed(undefined);
                  refresh();
                }}
              />
            ) : (
              <Reveal onSeed={setSeed} />
            )}
          </Card>
          <Towers />
        </div>
        <div className="stack">
          <ChannelFile />
          <Card title={t('backup.lost')}>
            <dl className="facts">
              <dt>{t('home.onChain')}</dt>
              <dd>{t('backup.lost.chain')}</dd>
              <dt>{t('backup.channels', { count })}</dt>
              <dd>{t('backup.lost.channels', { state })}</dd>
            </dl>
            <Notice kind="warning" title={t('backup.copy')}>
              <p>{t('backup.copy.text')}</p>
            </Notice>
          </Card>
          <Card title={t('backup.more')}>
            <NotYet title={t('backup.peers')}>{t('backup.peers.text')}</NotYet>
          </Card>
        </div>
      </div>
    </>
  );
}
