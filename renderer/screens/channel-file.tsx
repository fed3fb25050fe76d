import { useState } from 'react';
import type { Answer } from '../../core/api.ts';
import { Amount } from '../components/amount.tsx';
import { BackupFilePick } from '../components/backup-file-pick.tsx';
import { Button } from '../components/button.tsx';
import { Card } from '../components/card.tsx';
import { Skeleton } from '../components/empty.tsx';
import { shortId } from '../components/identifier.tsx';
import { Notice } from '../components/notice.tsx';
import { Problem } from '../components/problem.tsx';
import { timeText } from '../format/times.ts';
import { useI18n } from '../i18n/context.ts';
import { useAction } from '../state/action.ts';
import { useAnswer } from '../state/answers.ts';
import { useRoute } from '../state/route.ts';
import { useShell } from '../state/shell.ts';

type Status = Answer<'backup.status'>;
type Drill = Answer<'backup.drill'>;

/** Whether the last file would bring back everything. */
export const fileState = ({ channels, file, isCurrent }: Status): 'none' | 'missing' | 'old' | 'good' => (channels === 0 && !file ? 'none' : !file ? 'missing' : isCurrent ? 'good' : 'old');
const TAG = { none: 'tag', missing: 'tag tag-warning', old: 'tag tag-warning', good: 'tag tag-success' } as const;

export const useBackupStatus = () => useAnswer('backup.status', {}, ['backup.updated']);

/** The file that brings the channels back: how it stands, making one, looking into one. */
export function ChannelFile() {
  const { t, language } = useI18n();
  const { value: status, error, refresh } = useBackupStatus();
  const save = useAction('shell.saveExport');
  const [saved, setSaved] = useState<'saved' | 'not_written'>();
  const state = status && fileState(status);
  const run = async (): Promise<void> => {
    setSaved(undefined);
    const done = await save.run({ fileName: `sferic-channels-${new Date().toISOString().slice(0, 10)}.backup`, what: 'backup' });
    if (done?.isSaved) setSaved('saved');
    else if (done?.why === 'not_written') setSaved('not_written');
    refresh();
  };
  return (
    <Card title={t('backupFile.title')} aside={state && <span className={TAG[state]}>{t(`backupFile.tag.${state}`)}</span>}>
      {!status && !error && <Skeleton />}
      <Problem error={error} />
      {status && state && <p>{t(`backupFile.${state}`, { channels: status.channels, held: status.file?.channels ?? 0, time: status.file ? timeText(status.file.madeAtMs, language, { isPast: true }) : '' })}</p>}
      <p>{t('backupFile.can')}</p>
      <p className="small muted">{t('backupFile.cannot')}</p>
      {state !== 'none' && <p className="small muted">{t('backupFile.when')}</p>}
      {saved === 'saved' && (
        <Notice kind="success" live>
          <p>{t('backupFile.saved')}</p>
        </Notice>
      )}
      {saved === 'not_written' && (
        <Notice kind="danger" live>
          <p>{t('backupFile.notWritten')}</p>
        </Notice>
      )}
      <Problem error={save.error} />
      <div className="button-row">
        <Button look={state === 'missing' || state === 'old' ? 'primary' : 'plain'} icon="disk" isDisabled={state === undefined || state === 'none'} isBusy={save.isBusy} onPress={() => void run()}>
          {t('backupFile.save')}
        </Button>
      </div>
      {state !== 'none' && <Kept />}
      <CheckFile />
    </Card>
  );
}

/** The folder in which the main process keeps the file; only it asks for one. */
function Kept() {
  const { t } = useI18n();
  const { keptBackup } = useShell().shell;
  const choose = useAction('shell.chooseBackupFolder');
  const forget = useAction('shell.forgetBackupFolder');
  return (
    <div className="stack-tight">
      {keptBackup ? (
        <>
          <p className="small">
            {t('backupFile.kept')} <bdi className="code">{keptBackup.folder}</bdi>
          </p>
          {!keptBackup.isWritten && (
            <Notice kind="warning" live>
              <p>{t('backupFile.kept.not')}</p>
            </Notice>
          )}
        </>
      ) : (
        <p className="small muted">{t('backupFile.keep.text')}</p>
      )}
      <Problem error={choose.error ?? forget.error} />
      <div className="button-row">
        {keptBackup ? (
          <Button size="small" isBusy={forget.isBusy} onPress={() => void forget.run({})}>
            {t('backupFile.forget')}
          </Button>
        ) : (
          <Button isBusy={choose.isBusy} onPress={() => void choose.run({})}>
            {t('backupFile.keep')}…
          </Button>
        )}
      </div>
    </div>
  );
}

/** Looks into a file; where it holds channels that this wallet lacks, they can be brought back. */
function CheckFile() {
  const { t } = useI18n();
  const drill = useAction('backup.drill');
  const restore = useAction('backup.restore');
  const [looked, setLooked] = useState<{ readonly file: string; readonly drill: Drill }>();
  const [restored, setRestored] = useState<Answer<'backup.restore'>>();
  const look = async (file: string): Promise<void> => {
    setLooked(undefined);
    setRestored(undefined);
    restore.clear();
    const found = await drill.run({ file });
    if (found) setLooked({ file, drill: found });
  };
  const bringBack = async (file: string): Promise<void> => {
    const done = await restore.run({ file });
    if (!done) return;
    setRestored(done);
    setLooked(undefined);
  };
  return (
    <section className="stack-tight check-file" aria-label={t('backupFile.check')}>
      <BackupFilePick label={t('backupFile.pick')} onFile={(file) => void look(file)} isBusy={drill.isBusy}>
        <h3>{t('backupFile.check')}</h3>
        <p className="small muted">{t('backupFile.check.text')}</p>
      </BackupFilePick>
      <Problem error={drill.error} />
      {looked && <Found drill={looked.drill} isBusy={restore.isBusy} onRestore={() => void bringBack(looked.file)} />}
      <Problem error={restore.error} />
      {restored && <Restored restored={restored} />}
    </section>
  );
}

function Found({ drill, isBusy, onRestore }: { readonly drill: Drill; readonly isBusy: boolean; readonly onRestore: () => void }) {
  const { t, language } = useI18n();
  const lost = drill.channels.filter(({ isKnown }) => !isKnown);
  const lines = [...drill.channels.map((channel) => ({ channel, key: channel.isKnown ? 'backupFile.known' : 'backupFile.unknown' }) as const), ...drill.missing.map((channel) => ({ channel, key: 'backupFile.notIn' }) as const)];
  return (
    <div className="stack-tight" role="status">
      <Notice kind={drill.missing.length > 0 ? 'warning' : 'success'} title={t('backupFile.opens')}>
        <p>{t('backupFile.opens.text', { time: timeText(drill.madeAtMs, language, { isPast: true }), count: drill.channels.length })}</p>
        {drill.missing.length > 0 && <p>{t('backupFile.lacks', { count: drill.missing.length })}</p>}
      </Notice>
      {lines.length > 0 && (
        <ul className="rows file-channels" aria-label={t('backupFile.list')}>
          {lines.map(({ channel, key }) => (
            <li className="between small" key={channel.channelId}>
              <span className="code">{shortId(channel.peerNodeId)}</span>
              <Amount sat={channel.capacitySat} />
              <span className={key === 'backupFile.notIn' ? 'tag tag-warning' : 'tag'}>{t(key)}</span>
            </li>
          ))}
        </ul>
      )}
      {lost.length > 0 && (
        <>
          <p>{t('backupFile.restore.text', { count: lost.length })}</p>
          <div className="button-row">
            <Button look="primary" isBusy={isBusy} onPress={onRestore}>
              {t('backupFile.restore')}…
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

/** How many channels came back, and what happens with them now. */
export function Restored({ restored, hasButton = true }: { readonly restored: Answer<'backup.restore'>; readonly hasButton?: boolean }) {
  const { t } = useI18n();
  const { go } = useRoute();
  return (
    <Notice
      live
      title={t('backupFile.restored', { count: restored.restored })}
      action={
        hasButton && (
          <Button size="small" onPress={() => go({ screen: 'channels' })}>
            {t('backupFile.toChannels')}
          </Button>
        )
      }
    >
      {restored.restored > 0 && <p>{t('backupFile.restored.text')}</p>}
      {restored.skipped > 0 && <p>{t('backupFile.skipped', { count: restored.skipped })}</p>}
    </Notice>
  );
}
