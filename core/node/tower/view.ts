import type { Answer } from '../../api.ts';
import { formatPeerAddress } from '../../lib/address.ts';
import { toHex } from '../../lib/bytes.ts';
import { foreign } from '../../lib/sanitize.ts';
import type { TowerView } from './towers.ts';

export function towerView({ target, state, lastError, lastSeenMs, blockHeight, isWatching, channels }: TowerView): Answer<'tower.list'>[number] {
  const { grade } = target;
  return {
    nodeId: toHex(target.nodeId), address: formatPeerAddress(target), grade, state, behind: channels.reduce((sum, { behind }) => sum + behind, 0),
    ...(lastSeenMs === undefined ? {} : { lastSeenMs }), ...(lastError === undefined ? {} : { lastError: foreign(lastError, 300) }),
    ...(blockHeight === undefined ? {} : { blockHeight }), ...(isWatching === undefined ? {} : { isWatching }),
    channels: channels.map(({ channel, acked, behind }) => ({
      channelId: toHex(channel.channelId), acked, behind,
      covers: grade === 'own' || channel.config.channelType === 'static_remotekey' ? ('everything' as const) : ('first_stage' as const),
    })),
  }; // prettier-ignore
}
