import type { Answer } from '../../../core/api.ts';
import { useI18n } from '../../i18n/context.ts';

export type Channel = Answer<'channel.list'>[number];

/** The state of a channel in a word or two; colour repeats what the word says. */
export function ChannelTag({ channel, isBack = false }: { readonly channel: Channel; readonly isBack?: boolean }) {
  const { t } = useI18n();
  if (channel.state === 'normal') return channel.live ? <span className="tag tag-success">{t('channel.open')}</span> : <span className="tag">{t('channel.offline')}</span>;
  if (channel.state === 'closed') return <span className="tag">{t('channel.closed')}</span>;
  if (isBack) return <span className="tag">{t('channel.settled')}</span>;
  if (channel.isRestored && channel.state === 'fallen_behind') return <span className="tag tag-onchain">{t('channel.restored.short')}</span>;
  return <span className="tag tag-onchain">{t(`channel.${channel.state}`)}</span>;
}
