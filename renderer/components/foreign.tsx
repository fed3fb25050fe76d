import { foreign } from '../../core/lib/sanitize.ts';
import { useI18n } from '../i18n/context.ts';
import { Icon } from './icon.tsx';

/** Text of somebody else: made harmless, marked, set apart from the direction of ours, never a link. */
export function Foreign({ text, wrap = false }: { readonly text: string; readonly wrap?: boolean }) {
  const { t } = useI18n();
  return (
    <span className={wrap ? 'foreign foreign-wrap' : 'foreign'} title={t('foreign.title')}>
      <Icon name="foreign" />
      <bdi className="text">{foreign(text)}</bdi>
    </span>
  );
}
