import { Button as AriaButton } from 'react-aria-components';
import { PLAY_TOURS, type PlayState, type PlayTour } from '../../../core/api.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import type { MessageKey } from '../../i18n/en.ts';
import { useI18n, type Values } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { inSentence } from './play.ts';
import { TabPanel } from './tab.tsx';

type Tour = NonNullable<PlayState['tour']>;

/** What the sentences of each step are called; the last step of all has nothing to do. */
const keyOf = (tour: PlayTour, step: number, part: 'title' | 'text' | 'do'): MessageKey => `tour.${tour}.${step}.${part}` as MessageKey;
/** The step at which the person pays by the second. */
const TAB_STEP = 1;

const valuesOf = (facts: Tour['facts']): Values => Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, inSentence(value)]));

export function Tours({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const begin = useAction('playground.tour');
  if (play.tour) return <Walk tour={play.tour} play={play} />;
  return (
    <div className="play-panel stack">
      <h2>{t('tour.choose')}</h2>
      <ul className="stack-tight">
        {PLAY_TOURS.map((id) => (
          <li key={id}>
            <AriaButton className="path tour-path" onPress={() => void begin.run({ tour: id })}>
              <Icon name="play" small />
              <span className="row-main">
                <span className="strong">{t(`tour.${id}`)}</span>
                <span className="small muted">{t(`tour.${id}.about`)}</span>
              </span>
              <Icon name="chevron" small />
            </AriaButton>
          </li>
        ))}
      </ul>
      <Problem error={begin.error} />
    </div>
  );
}

function Walk({ tour, play }: { readonly tour: Tour; readonly play: PlayState }) {
  const { t } = useI18n();
  const next = useAction('playground.tourNext');
  const end = useAction('playground.tourEnd');
  const { id, step, steps, isBusy, facts } = tour;
  const values = valuesOf(facts);
  const isOver = step === steps;
  const isTab = id === 'tab' && step === TAB_STEP;
  const canGo = !isTab || (play.tab !== undefined && play.tab.payments > 0);
  return (
    <>
      <div className="play-panel stack tour-body">
        <div className="between">
          <h2>{t(`tour.${id}`)}</h2>
          <span className="small muted nowrap">{t('tour.step', { step: step + 1, steps: steps + 1 })}</span>
        </div>
        <ol className="tour-list">
          {Array.from({ length: steps + 1 }, (_, at) => (
            <li key={at} aria-current={at === step ? 'step' : undefined} className={at > step ? 'faint' : undefined}>
              {at < step ? <Icon name="check" small /> : at === step ? <Icon name="chevron" small /> : <span />}
              <span>{t(keyOf(id, at, 'title'))}</span>
            </li>
          ))}
        </ol>
        {/* What runs stands above what can be read later. */}
        {isTab && play.tab && <TabPanel tab={play.tab} />}
        <div className="stack-tight" role="status">
          <h3>{t(keyOf(id, step, 'title'))}</h3>
          <p>{t(keyOf(id, step, 'text'), values)}</p>
        </div>
        {isTab && !play.tab && <TabPanel tab={undefined} />}
        {tour.fault !== undefined && (
          <Notice kind="warning" title={t('tour.fault')} live>
            <p>{t(`tour.fault.${tour.fault.code}`)}</p>
          </Notice>
        )}
        <Problem error={next.error ?? end.error} />
      </div>
      <div className="card-foot between">
        {isOver ? (
          <Button look="primary" onPress={() => void end.run({})}>
            {t('tour.finish')}
          </Button>
        ) : (
          <>
            <Button look="quiet" isDisabled={isBusy} onPress={() => void end.run({})}>
              {t('tour.leave')}
            </Button>
            <Button look="primary" isDisabled={!canGo} isBusy={isBusy || next.isBusy} onPress={() => void next.run({})}>
              {isBusy ? t('tour.busy') : t(keyOf(id, step, 'do'))}
            </Button>
          </>
        )}
      </div>
    </>
  );
}
