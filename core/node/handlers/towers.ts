import type { Method } from '../../api.ts';
import { parsePeerAddress } from '../../lib/address.ts';
import { fromHex, toHex } from '../../lib/bytes.ts';
import { isPoint } from '../../crypto/secp256k1.ts';
import { ApiFailure } from '../app.ts';
import { towerView } from '../tower/view.ts';
import { type Handlers, inTurn } from './handler.ts';

/** Each costs an appointment and its signatures for every state. */
const MAX_TOWERS = 5;

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
  'tower.list': (node) => node.towers.views().map(towerView),
};
