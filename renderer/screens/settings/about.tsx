import { useState } from 'react';
import type { ShellAnswer } from '../../../core/api.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { NotYet } from '../../components/empty.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { localeOf } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useShell } from '../../state/shell.ts';
import { LicencesDialog } from './licences.tsx';

type Update = ShellAnswer<'shell.checkUpdate'>;
const KIND = { current: 'success', newer: 'info', urgent: 'danger', refused: 'warning', unreachable: 'warning', unavailable: 'info' } as const;

/** What a question for a newer version has brought. */
function UpdateAnswer({ update }: { readonly update: Update }) {
  const { t, language } = useI18n();
  const date = update.dateMs === undefined ? '–' : new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium' }).format(update.dateMs);
  const values = { version: update.version ?? '–', date };
  return (
    <Notice kind={KIND[update.state]} live title={t(`update.${update.state}`, values)}>
      {update.why !== undefined && <p>{t(`update.why.${update.why}`)}</p>}
      <p>{t(`update.${update.state}.text`, values)}</p>
    </Notice>
  );
}

/** Which version this is, whether there is a newer one, and what it is made of. */
export function About() {
  const { t } = useI18n();
  const { shell } = useShell();
  const look = useAction('shell.checkUpdate');
  const logs = useAction('shell.showLogs');
  const [update, setUpdate] = useState<Update>();
  const [isListing, setListing] = useState(false);
  return (
    <Card title={t('settings.about')}>
      <dl className="facts">
        <dt>Sferic</dt>
        <dd>{shell.version}</dd>
        <dt>{t('settings.licence')}</dt>
        <dd>MIT</dd>
      </dl>
      <div className="button-row">
        <Button
          icon="retry"
          isBusy={look.isBusy}
          onPress={() => {
            setUpdate(undefined);
            void look.run({}).then(setUpdate);
          }}
        >
          {t(look.isBusy ? 'update.busy' : 'update.look')}
        </Button>
        <Button onPress={() => setListing(true)}>{t('licences.button')}</Button>
        <Button onPress={() => void logs.run({})}>{t('logs.show')}</Button>
      </div>
      {update && <UpdateAnswer update={update} />}
      <p className="small muted">{t('update.text')}</p>
      <p className="small muted">{t('logs.text')}</p>
      <Problem error={look.error ?? logs.error} />
      <LicencesDialog isOpen={isListing} onClose={() => setListing(false)} />
      <NotYet title={t('settings.fiat')}>{t('settings.fiat.text')}</NotYet>
    </Card>
  );
}
