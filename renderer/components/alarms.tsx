import { ALARMS } from '../i18n/alarms.ts';
import { useI18n } from '../i18n/context.ts';
import { useAlarms } from '../state/alarms.ts';
import { useRoute } from '../state/route.ts';
import { useShell } from '../state/shell.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

/** What a person must hear of, and of which wallet it is told: in the playground there are two. */
export function Alarms() {
  const { t, language } = useI18n();
  const isPlaying = useShell().shell.playground === 'on';
  const { go } = useRoute();
  const { alarms, dismiss } = useAlarms();
  // The own wallet's first: there is something to lose.
  return [...alarms].sort((a, b) => (a.whose < b.whose ? -1 : 1)).map((alarm) => {
    const isPlay = alarm.whose === 'playground';
    const { channelId } = alarm;
    const actions = (
      <div className="button-row">
        {channelId !== undefined && isPlay === isPlaying && (
          <Button size="small" onPress={() => go({ screen: 'channels', channelId })}>
            {t('alarm.channel')}
          </Button>
        )}
        <Button size="small" onPress={() => dismiss(alarm)}>
          {t('alarm.dismiss')}
        </Button>
      </div>
    );
    return (
      <div className="alarm" key={alarm.whose}>
        <Notice kind={isPlay ? 'warning' : 'danger'} live title={t(isPlay ? 'alarm.play' : isPlaying ? 'alarm.own' : 'alarm.title')} action={actions}>
          <p>{(language === 'en' ? undefined : ALARMS[language][alarm.code]) ?? alarm.message}</p>
          {isPlay ? <p>{t('alarm.play.text')}</p> : isPlaying && <p>{t('alarm.own.text')}</p>}
        </Notice>
      </div>
    );
  });
}
