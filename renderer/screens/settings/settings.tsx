import { useState } from 'react';
import { request } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Segments, Toggle } from '../../components/choice.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import { isGoodPassword, PasswordFields } from '../welcome/password.tsx';
import { Preferences } from '../welcome/preferences.tsx';
import { About } from './about.tsx';
import { ChainSource } from './chain-source.tsx';
import { Fees } from './fees.tsx';

const MINUTES = ['0', '5', '10', '30', '60'] as const;
type Minutes = (typeof MINUTES)[number];

function ChangePassword({ onDone }: { readonly onDone: () => void }) {
  const { t } = useI18n();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState({ password: '', again: '' });
  const change = useAction('vault.changePassword');
  const submit = async (): Promise<void> => {
    if (!(await change.run({ password: old, newPassword: fresh.password }))) return;
    // What the keychain keeps is the old one.
    await request('shell.forgetUnlock', {});
    onDone();
  };
  return (
    <Dialog
      title={t('password.change')}
      isOpen
      onClose={onDone}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onPress={onDone}>{t('cancel')}</Button>
          <Button look="primary" submit isDisabled={old === '' || !isGoodPassword(fresh)} isBusy={change.isBusy}>
            {t('password.change')}
          </Button>
        </>
      }
    >
      <Field label={t('password.old')} type="password" value={old} onChange={setOld} secret autoFocus />
      <PasswordFields value={fresh} onChange={setFresh} isChange />
      <Problem error={change.error} />
    </Dialog>
  );
}

function Locking() {
  const { t } = useI18n();
  const { shell } = useShell();
  const isPlaying = shell.playground === 'on';
  const [isChanging, setChanging] = useState(false);
  const minutes = MINUTES.find((value) => Number(value) === shell.idleLockMinutes) ?? '10';
  return (
    <Card title={t('settings.lock')}>
      <Segments<Minutes> label={t('settings.idle')} value={minutes} onChange={(value) => void request('shell.set', { idleLockMinutes: Number(value) })} options={MINUTES.map((value) => [value, value === '0' ? t('settings.idle.never') : t('settings.idle.minutes', { count: Number(value) })] as const)} />
      <p className="small muted">{t(isPlaying ? 'playground.noLock' : 'settings.lock.text')}</p>
      <p className="small muted">{t(`quickUnlock.${shell.quickUnlock}`)}</p>
      <div className="button-row">
        <Button icon="lock" onPress={() => void request('shell.lock', {})}>
          {t('lock.window')}
        </Button>
        {!isPlaying && <Button onPress={() => void request('vault.lock', {})}>{t('lock.node')}</Button>}
        {shell.quickUnlock === 'on' && <Button onPress={() => void request('shell.forgetUnlock', {})}>{t('quickUnlock.forget')}</Button>}
        {!isPlaying && (
          <Button icon="key" onPress={() => setChanging(true)}>
            {t('password.change')}
          </Button>
        )}
      </div>
      {isChanging && <ChangePassword onDone={() => setChanging(false)} />}
    </Card>
  );
}

function Network() {
  const { t } = useI18n();
  const { shell } = useShell();
  const { value: info } = useAnswer('node.info', {}, ['chain.updated']);
  return (
    <Card title={t('settings.network')}>
      <dl className="facts">
        <dt>{t('settings.network')}</dt>
        <dd>{shell.playground === 'on' ? t('network.playground') : t(shell.isPractice ? 'network.practice' : `network.${shell.network}`)}</dd>
        {shell.chainSources.length > 0 && (
          <>
            <dt>{t('settings.sources')}</dt>
            <dd className="code">{shell.chainSources.join(', ')}</dd>
          </>
        )}
        {info?.nodeId && (
          <>
            <dt>{t('settings.node')}</dt>
            <dd>
              <Identifier text={info.nodeId} />
            </dd>
          </>
        )}
      </dl>
      {shell.playground === 'on' ? (
        <Notice>{t('playground.settings')}</Notice>
      ) : shell.isPractice ? (
        <Notice>{t('settings.practice')}</Notice>
      ) : (
        <details className="more">
          <summary>{t('settings.network.change')}</summary>
          <div className="more-body">
            <ChainSource onConnected={() => undefined} />
          </div>
        </details>
      )}
    </Card>
  );
}

export function Settings() {
  const { t } = useI18n();
  const { shell } = useShell();
  return (
    <>
      <ScreenHead question={t('screen.settings')} />
      <div className="cols settings-cols">
        <div className="stack">
          <Card title={t('settings.look')}>
            <Preferences />
            <Segments
              label={t('settings.unit')}
              value={shell.unit}
              onChange={(unit) => void request('shell.set', { unit })}
              options={[
                ['sat', 'sat'],
                ['btc', 'BTC'],
              ]}
            />
            <Toggle isOn={shell.trayBalance} onChange={(trayBalance) => void request('shell.set', { trayBalance })}>
              {t('settings.tray')}
            </Toggle>
          </Card>
          <Locking />
        </div>
        <div className="stack">
          <Network />
          <Fees />
          <About />
        </div>
      </div>
    </>
  );
}
