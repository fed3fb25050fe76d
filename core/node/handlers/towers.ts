import type { Answer, Method } from '../../api.ts';
import { formatPeerAddress, parsePeerAddress } from '../../lib/address.ts';
import { fromHex, toHex } from '../../lib/bytes.ts';
import { foreign } from '../../lib/sanitize.ts';
import { isPoint } from '../../crypto/secp256k1.ts';
import { ApiFailure } from '../app.ts';
import type { TowerView } from '../tower/towers.ts';
import { type Handlers, inTurn } from './handler.ts';

/** Each costs an appointment and its signatures for every state. */
const MAX_TOWERS = 5;

function viewOf({ target, state, lastError, lastSeenMs, blockHeight, isWatching, channels }: TowerView): Answer<'tower.list'>[number] {
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

export const towerHandlers: Handlers<Extract<Method, `tower.${string}`>> = {
  'tower.add': async (node, { address, grade }) => {
    const parsed = parsePeerAddress(address);
    if (!parsed.ok || !isPoint(parsed.value.nodeId)) throw new ApiFailure('peer_address_malformed', 'A watchtower is written nodeid@host:port, as it prints it when it starts. Nothing was done.');
    const { nodeId } = parsed.value;
    if (node.towers.size >= MAX_TOWERS && !node.towers.has(nodeId)) throw new ApiFailure('not_supported', `A wallet has at most ${MAX_TOWERS} watchtowers. Remove one first.`);
    await inTurn(node, (turn) => node.towers.add(turn, { ...parsed.value, grade }));
    return { nodeId: toHex(nodeId) };
  },
  'tower.remove': async (node, { nodeId }) => {
    const removed = await inTurn(node, (turn) => node.towers.remove(turn, fromHex(nodeId)));
    if (!removed) throw new ApiFailure('not_found', 'There is no such watchtower. Nothing was changed.');
    return {};
  },
  'tower.list': (node) => node.towers.views().map(viewOf),
};
