import { useI18n } from '../i18n/context.ts';
import { timeText } from '../format/times.ts';
import { groups } from '../format/amounts.ts';
import { useAnswer } from '../state/answers.ts';
import { useShell } from '../state/shell.ts';
import { Icon } from './icon.tsx';

export const NETWORK_IS_REAL = 'mainnet';

/** Network, chain, peers: what the wallet sees right now. */
export function StatusBar() {
  const { t, language } = useI18n();
  const { shell } = useShell();
  const { value: info } = useAnswer('node.info', {}, ['chain.updated', 'peer.updated', 'channel.updated']);
  const chain = info?.chain;
  return (
    <footer className="status">
      <ul>
        <li>
          <span className={shell.network === NETWORK_IS_REAL ? 'tag tag-accent' : 'tag'}>{shell.playground === 'on' ? t('network.playground') : shell.isPractice ? t('network.practice') : t(`network.${shell.network}`)}</span>
        </li>
        {chain && (
          <li>
            <Icon name="block" small />
            <span>
              {t('status.block')} <b>{groups(BigInt(chain.height))}</b>
            </span>
            {chain.tipTimeMs !== undefined && <span className="faint">{timeText(chain.tipTimeMs, language, { isPast: true })}</span>}
          </li>
        )}
        {info && (
          <li>
            <Icon name="channels" small />
            <span>{t('status.peers', { count: info.peers })}</span>
          </li>
        )}
      </ul>
      <span className="status-end">{chain ? t(`chain.${chain.state}`) : ''}</span>
    </footer>
  );
}
