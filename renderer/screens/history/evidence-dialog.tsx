import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Toggle } from '../../components/choice.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';

/** A file that shows somebody else what happened in a channel, without a secret in it. */
export function EvidenceDialog({ channelId, isOpen, onClose }: { readonly channelId: string; readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useI18n();
  const [isRedacted, setRedacted] = useState(true);
  const save = useAction('shell.saveExport');
  const run = async (): Promise<void> => {
    const done = await save.run({ fileName: `sferic-channel-${channelId.slice(0, 8)}.json`, what: 'evidence', channelId, redact: isRedacted });
    if (done?.isSaved) onClose();
  };
  return (
    <Dialog
      title={t('evidence.title')}
      isOpen={isOpen}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button look="primary" icon="download" isBusy={save.isBusy} onPress={() => void run()}>
            {t('evidence.save')}
          </Button>
        </>
      }
    >
      <p>{t('evidence.text')}</p>
      <p className="small muted">{t('evidence.without')}</p>
      <Toggle isOn={isRedacted} onChange={setRedacted}>
        {t('evidence.redact')}
      </Toggle>
      <Problem error={save.error} />
    </Dialog>
  );
}
