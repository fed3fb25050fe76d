import type { Answer } from '../../../core/api.ts';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAlarms } from '../../state/alarms.ts';
import { useAnswer } from '../../state/answers.ts';
import { useRoute } from '../../state/route.ts';
import { useShell } from '../../state/shell.ts';
import { fileState, useBackupStatus } from '../channel-file.tsx';

/** One line: is my money safe? The gravest matter first, and only that one. */
export function Safety({ channels }: { readonly channels: Answer<'channel.list'> }) {
  const { t } = useI18n();
  const { vault, shell } = useShell();
  const { go } = useRoute();
  const { value: status } = useAnswer('vault.status', {}, ['vault.updated']);
  const { value: info } = useAnswer('node.info', {}, ['chain.updated', 'peer.updated', 'channel.updated']);
  const chain = info?.chain;
  // What an alarm above says already is not said twice.
  const isTold = useAlarms().alarms.some(({ code, whose }) => code === 'revoked_commitment' && (whose === 'playground') === (shell.playground === 'on'));
  const cheated = channels.find(({ state, spendClass }) => state !== 'closed' && spendClass === 'revoked');
  const { value: backup } = useBackupStatus();
  const restored = channels.filter(({ isRestored, state }) => isRestored && state === 'fallen_behind').length;
  const offline = channels.filter(({ state, live }) => state === 'normal' && !live).length;
  if (vault?.recoveryReason !== undefined) {
    return (
      <Notice kind="danger" title={t('safety.recovery')}>
        <p>{t('safety.recovery.text')}</p>
      </Notice>
    );
  }
  if (!chain) return null;
  if (chain.state === 'away') return <Notice kind="danger" title={t('safety.away')}><p>{t('safety.away.text')}</p></Notice>; // prettier-ignore
  if (cheated && isTold) return null;
  if (cheated) {
    const action = (
      <Button size="small" onPress={() => go({ screen: 'channels', channelId: cheated.channelId })}>
        {t('safety.breach.button')}
      </Button>
    );
    return (
      <Notice kind="warning" title={t('safety.breach')} action={action}>
        <p>{t('safety.breach.text')}</p>
      </Notice>
    );
  }
  if (chain.state !== 'synced') return <Notice title={t('safety.syncing')}><p>{t('safety.syncing.text')}</p></Notice>; // prettier-ignore
  if (chain.tipIsOld) return <Notice kind="warning" title={t('safety.old')}><p>{t('safety.old.text')}</p></Notice>; // prettier-ignore
  if (restored > 0) {
    const action = (
      <Button size="small" onPress={() => go({ screen: 'channels' })}>
        {t('backupFile.toChannels')}
      </Button>
    );
    return (
      <Notice title={t('safety.restored', { count: restored })} action={action}>
        <p>{t('safety.restored.text', { count: restored })}</p>
      </Notice>
    );
  }
  if (status && status.seedConfirmedAtMs === undefined) {
    const action = (
      <Button size="small" onPress={() => go({ screen: 'backup' })}>
        {t('safety.seed.button')}
      </Button>
    );
    return (
      <Notice kind="warning" title={t('safety.seed')} action={action}>
        <p>{t('safety.seed.text')}</p>
      </Notice>
    );
  }
  if (offline > 0) return <Notice title={t('safety.offline', { count: offline })}><p>{t('safety.offline.text')}</p></Notice>; // prettier-ignore
  const hasChannels = channels.some(({ state }) => state !== 'closed');
  const file = backup && shell.playground !== 'on' ? fileState(backup) : 'none';
  if (file === 'missing' || file === 'old') {
    const action = (
      <Button size="small" onPress={() => go({ screen: 'backup' })}>
        {t('safety.file.button')}
      </Button>
    );
    return (
      <Notice kind="warning" title={t('safety.file')} action={action}>
        <p>{t(`safety.file.${file}`, { channels: backup?.channels ?? 0 })}</p>
      </Notice>
    );
  }
  return <Notice kind="success" line title={t('safety.good')}>{t(shell.playground === 'on' ? 'playground.safe' : hasChannels ? 'safety.good.text' : 'safety.good.noChannels')}</Notice>; // prettier-ignore
}
