import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Segments } from '../../components/choice.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { Icon } from '../../components/icon.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useShell } from '../../state/shell.ts';
import { Actions } from './actions.tsx';
import { Blocks } from './blocks.tsx';
import { PlayLog } from './log.tsx';
import { Network } from './network.tsx';
import { usePlay } from './play.ts';
import { StartPlayground } from './start.tsx';
import { Tours } from './tours.tsx';

const CAN = ['1', '2', '3', '4'] as const;
type Side = 'do' | 'tours' | 'log';

/** What happens if ...? A network to find out on, and the way to it. */
export function Playground() {
  const { shell } = useShell();
  const [isStarting, setStarting] = useState(false);
  if (shell.playground === 'on') return <Board />;
  if (isStarting) {
    return (
      <div className="narrow">
        <StartPlayground onBack={() => setStarting(false)} />
      </div>
    );
  }
  return <Offer hasFailed={shell.playground === 'failed'} onStart={() => setStarting(true)} />;
}

function Offer({ hasFailed, onStart }: { readonly hasFailed: boolean; readonly onStart: () => void }) {
  const { t } = useI18n();
  return (
    <>
      <ScreenHead question={t('playground.title')} detail={t('playground.text')} />
      <div className="stack narrow">
        {hasFailed && (
          <Notice kind="warning" title={t('playground.failed')}>
            <p>{t('playground.failed.text')}</p>
          </Notice>
        )}
        <Card title={t('playground.what')} foot={<Button look="primary" size="large" icon="play" onPress={onStart}>{t('playground.start')}</Button>}>
          <ul className="play-steps">
            {CAN.map((number) => (
              <li key={number}>
                <Icon name="check" small />
                <span>{t(`playground.what.${number}`)}</span>
              </li>
            ))}
          </ul>
          <p className="small muted">{t('playground.own')}</p>
        </Card>
      </div>
    </>
  ); // prettier-ignore
}

function Board() {
  const { t } = useI18n();
  const play = usePlay();
  const [chosen, setChosen] = useState<Side>();
  const [isAsking, setAsking] = useState(false);
  const reset = useAction('playground.reset');
  // Whoever walks a tour stays with the tours when it ends.
  const [hasToured, setToured] = useState(false);
  if (play?.tour && !hasToured) setToured(true);
  const side = chosen ?? (hasToured ? 'tours' : 'do');
  if (!play) return <Skeleton />;
  return (
    <>
      <ScreenHead
        question={t('playground.title')}
        actions={
          <Button icon="retry" isBusy={reset.isBusy} onPress={() => setAsking(true)}>
            {t('playground.reset')}
          </Button>
        }
      />
      <Problem error={reset.error} />
      <div className="cols play-cols">
        <section className="card play-stage" aria-label={t('play.picture')}>
          <Network play={play} />
          <Blocks play={play} />
        </section>
        <section className="card play-side" aria-label={t('play.side')}>
          <div className="play-side-head">
            <Segments<Side>
              label={t('play.side')}
              hideLabel
              value={side}
              onChange={setChosen}
              options={[
                ['do', t('play.side.do')],
                ['tours', t('play.side.tours')],
                ['log', t('play.side.log')],
              ]}
            />
          </div>
          {side === 'do' ? <Actions play={play} /> : side === 'tours' ? <Tours play={play} /> : <PlayLog play={play} />}
        </section>
      </div>
      <Dialog
        title={t('playground.reset.title')}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        alert
        actions={
          <>
            <Button onPress={() => setAsking(false)}>{t('cancel')}</Button>
            <Button
              look="primary"
              onPress={() => {
                setAsking(false);
                void reset.run({});
              }}
            >
              {t('playground.reset')}
            </Button>
          </>
        }
      >
        <p>{t('playground.reset.text')}</p>
      </Dialog>
    </>
  );
}
