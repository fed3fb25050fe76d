import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Icon, Mark } from '../../components/icon.tsx';
import type { IconName } from '../../components/icons.tsx';
import { Notice } from '../../components/notice.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useShell } from '../../state/shell.ts';
import { ChainSource } from '../settings/chain-source.tsx';
import { StartPlayground } from '../playground/start.tsx';
import { Preferences } from './preferences.tsx';
import { CreateWallet } from './create.tsx';
import { RestoreWallet } from './restore.tsx';

type Step = 'choose' | 'own' | 'create' | 'restore' | 'play';

interface WelcomeProps {
  /** The wallet exists, but its making goes on. */
  readonly onBusy: (isBusy: boolean) => void;
  readonly onChanged: () => void;
}

export function Path({ icon, title, text, onPress, first = false }: { readonly icon: IconName; readonly title: string; readonly text: string; readonly onPress: () => void; readonly first?: boolean }) {
  return (
    <AriaButton className={first ? 'path path-first' : 'path'} onPress={onPress}>
      <Icon name={icon} />
      <span className="row-main">
        <span className="strong lead">{title}</span>
        <span className="muted">{text}</span>
      </span>
      <Icon name="chevron" />
    </AriaButton>
  );
}

export function Welcome({ onBusy, onChanged }: WelcomeProps) {
  const { t } = useI18n();
  const { shell, vault } = useShell();
  const [step, setStep] = useState<Step>('choose');
  const needsChain = shell.engine !== 'running';
  const finish = (): void => {
    onBusy(false);
    onChanged();
  };
  return (
    <div className="welcome">
      <aside className="welcome-side">
        <div>
          <Mark />
          <p className="welcome-name">Sferic</p>
          <p className="welcome-lead">{t('welcome.lead')}</p>
        </div>
        <dl className="facts small">
          <dt>{t('welcome.keys')}</dt>
          <dd>{t('welcome.keys.text')}</dd>
          <dt>{t('welcome.account')}</dt>
          <dd>{t('welcome.account.text')}</dd>
          <dt>{t('welcome.checks')}</dt>
          <dd>{t('welcome.checks.text')}</dd>
        </dl>
        <Preferences />
      </aside>
      <main className="welcome-main" id="main">
        {step === 'play' ? (
          <StartPlayground onBack={() => setStep('choose')} />
        ) : step === 'choose' && (needsChain || vault?.state === 'missing') ? (
          <>
            <div className="stack-tight">
              <h1>{t('welcome.title')}</h1>
              {!needsChain && <p className="muted">{shell.isPractice ? t('welcome.practice') : t('welcome.network', { network: t(`network.${shell.network}`) })}</p>}
            </div>
            {shell.engineFault !== undefined && <Notice kind="danger">{shell.engineFault}</Notice>}
            <Path first icon="playground" title={t('welcome.play')} text={t('welcome.play.text')} onPress={() => setStep('play')} />
            {needsChain ? (
              <Path icon="key" title={t('welcome.own')} text={t('welcome.own.text')} onPress={() => setStep('own')} />
            ) : (
              <>
                <Path icon="plus" title={t('welcome.create')} text={t('welcome.create.text')} onPress={() => setStep('create')} />
                <Path icon="key" title={t('welcome.restore')} text={t('welcome.restore.text')} onPress={() => setStep('restore')} />
              </>
            )}
            <Notice title={t('welcome.know')}>
              <p>{t('welcome.know.text')}</p>
            </Notice>
          </>
        ) : needsChain ? (
          <ChainSource
            onConnected={() => {
              setStep('choose');
              onChanged();
            }}
            onBack={() => setStep('choose')}
            isFirst
          />
        ) : step === 'create' ? (
          <CreateWallet onBack={() => setStep('choose')} onMade={() => onBusy(true)} onDone={finish} />
        ) : (
          <RestoreWallet onBack={() => setStep('choose')} onMade={() => onBusy(true)} onDone={finish} />
        )}
      </main>
    </div>
  );
}
