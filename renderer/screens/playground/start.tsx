import { useEffect, useState } from 'react';
import { PLAY_STEPS, type PlayStep } from '../../../core/api.ts';
import { request } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useEvent } from '../../state/use-event.ts';

/** Starts the network at once and says how far it is; the window goes over to it by itself. */
export function StartPlayground({ onBack }: { readonly onBack: () => void }) {
  const { t } = useI18n();
  const [step, setStep] = useState<PlayStep>('chain');
  const start = useAction('playground.start');
  const { run } = start;
  useEvent((name, data) => name === 'playground.progress' && setStep((data as { readonly step: PlayStep }).step));
  useEffect(() => void run({}), [run]);
  const at = PLAY_STEPS.indexOf(step);
  return (
    <div className="stack">
      <div className="stack-tight">
        <h1>{t('playground.starting')}</h1>
        <p className="muted">{t('playground.text')}</p>
      </div>
      {!start.error && (
        <ol className="play-steps" aria-busy="true">
          {PLAY_STEPS.map((name, index) => (
            <li key={name} className={index > at ? 'faint' : undefined} aria-current={index === at ? 'step' : undefined}>
              <Icon name={index < at ? 'check' : index === at ? 'clock' : 'unsigned'} small />
              <span>{t(`playground.step.${name}`)}</span>
            </li>
          ))}
        </ol>
      )}
      <Problem error={start.error} />
      <div className="button-row">
        {start.error && (
          <Button look="primary" onPress={() => void run({})}>
            {t('playground.start.again')}
          </Button>
        )}
        <Button onPress={() => void request('playground.stop', {}).then(onBack)}>{t('back')}</Button>
      </div>
    </div>
  );
}
