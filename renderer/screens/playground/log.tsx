import type { PlayState } from '../../../core/api.ts';
import { useI18n } from '../../i18n/context.ts';
import { inSentence, useNames } from './play.ts';

/** What happened and why, newest first. */
export function PlayLog({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const nameOf = useNames();
  if (play.log.length === 0) return <p className="play-panel muted">{t('play.log.empty')}</p>;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <ol className="play-log" tabIndex={0} aria-label={t('play.side.log')}>
      {play.log.map(({ id, height, code, node, amountSat, blocks }) => (
        <li key={id} className={`log-${code}`}>
          <span>{t(`playLog.${code}`, { node: node ? nameOf(node) : '', amount: inSentence(amountSat ?? 0n), blocks: blocks ?? 0 })}</span>
          <span className="row-sub">{t('play.log.at', { height: inSentence(BigInt(height)) })}</span>
        </li>
      ))}
    </ol>
  );
}
