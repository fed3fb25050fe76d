import { Card } from '../components/card.tsx';
import { NotYet } from '../components/empty.tsx';
import { Notice } from '../components/notice.tsx';
import { ScreenHead } from '../components/screen-head.tsx';
import { useI18n } from '../i18n/context.ts';
import { useShell } from '../state/shell.ts';

/** What happens if ...? The place is here; its network of nodes is not in this version. */
export function Playground() {
  const { t } = useI18n();
  const { shell } = useShell();
  return (
    <>
      <ScreenHead question={t('playground.title')} detail={t('playground.text')} />
      <div className="stack narrow">
        {shell.isPractice && (
          <Notice title={t('playground.practice')}>
            <p>{t('playground.practice.text')}</p>
          </Notice>
        )}
        <Card title={t('playground.later')}>
          <NotYet title={t('playground.network')}>{t('playground.network.text')}</NotYet>
          <NotYet title={t('playground.cheat')}>{t('playground.cheat.text')}</NotYet>
          <NotYet title={t('playground.tours')}>{t('playground.tours.text')}</NotYet>
        </Card>
      </div>
    </>
  );
}
