import { useState } from 'react';
import { request } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Icon } from '../../components/icon.tsx';
import { useI18n } from '../../i18n/context.ts';

/** Over every screen, so that nobody takes these coins for money. */
export function PlayBanner() {
  const { t } = useI18n();
  const [isAsking, setAsking] = useState(false);
  return (
    <aside className="play-banner" aria-label={t('screen.playground')}>
      <Icon name="playground" small />
      <strong>{t('playground.banner')}</strong>
      <Button size="small" onPress={() => setAsking(true)}>
        {t('playground.leave')}
      </Button>
      <Dialog
        title={t('playground.leave.title')}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        alert
        actions={
          <>
            <Button onPress={() => setAsking(false)}>{t('playground.stay')}</Button>
            <Button look="primary" onPress={() => void request('playground.stop', {})}>
              {t('playground.leave')}
            </Button>
          </>
        }
      >
        <p>{t('playground.leave.text')}</p>
      </Dialog>
    </aside>
  );
}
