import { useState } from 'react';
import type { PlayState } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Bar } from '../../components/bar.tsx';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/choice.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { inSentence } from './play.ts';

const SECONDS = ['10', '60', '600'] as const;
type Seconds = (typeof SECONDS)[number];
/** 0.01 mBTC, the price of a second in the story. */
const PRICE_SAT = 1_000n;
const EVERY_MS = 1_000;

/** Pays by the second, with a counter that runs and a limit that holds. */
export function TabPanel({ tab }: { readonly tab: PlayState['tab'] }) {
  const { t } = useI18n();
  const [seconds, setSeconds] = useState<Seconds>('10');
  const start = useAction('playground.tab');
  const stop = useAction('playground.tabStop');
  const isRunning = tab?.isRunning === true;
  const limitSat = PRICE_SAT * BigInt(seconds);
  return (
    <div className="stack">
      {!isRunning && <Segments<Seconds> label={t('tab.limit')} value={seconds} onChange={setSeconds} options={SECONDS.map((value) => [value, t('tab.limit.seconds', { seconds: value })] as const)} />}
      {tab && (
        <div className="tab-counter">
          <p className="small muted">{t('tab.paid')}</p>
          <p className="answer">
            <Amount sat={tab.paidSat} />
          </p>
          <Bar
            label={t('tab.paid')}
            parts={[
              { msat: tab.paidSat * 1000n, fill: 'inflight' },
              { msat: (tab.limitSat - tab.paidSat) * 1000n, fill: 'remote' },
            ]}
          />
          <p className="small muted">
            {t('tab.of', { limit: inSentence(tab.limitSat), price: inSentence(tab.priceSat) })}
          </p>
          <p className="small muted">{t('tab.count', { count: tab.payments })}</p>
          {tab.end && (
            <p className="small" role="status">
              {t(`tab.end.${tab.end}`)}
            </p>
          )}
        </div>
      )}
      <Problem error={start.error ?? stop.error} />
      <div className="button-row">
        {isRunning ? (
          <Button look="primary" isBusy={stop.isBusy} onPress={() => void stop.run({})}>
            {t('tab.stop')}
          </Button>
        ) : (
          <Button look={tab?.end ? 'plain' : 'primary'} icon="play" isBusy={start.isBusy} onPress={() => void start.run({ everyMs: EVERY_MS, priceSat: PRICE_SAT, limitSat })}>
            {tab?.end ? t('tab.start.again', { limit: inSentence(limitSat) }) : t('tab.start')}
          </Button>
        )}
      </div>
    </div>
  );
}
