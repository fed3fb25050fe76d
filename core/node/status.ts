import type { EventData } from '../api.ts';
import { fromHex } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import { foreign } from '../lib/sanitize.ts';
import type { SfericNode } from './node.ts';
import { closeReserveSat } from './reserve.ts';

/** What the contract tells of the node as it is now. */
export function balanceView(node: SfericNode): EventData<'wallet.updated'> {
  const { lockedSat, ...rest } = node.onchain.balance();
  const reserveSat = closeReserveSat(node.channels.all());
  return { ...rest, reservedSat: lockedSat, closeReserveSat: reserveSat, availableSat: rest.spendableSat > reserveSat ? rest.spendableSat - reserveSat : 0n };
}

export function chainStatusView(node: SfericNode): EventData<'chain.updated'> {
  const { state, tip, fault } = node.onchain.status;
  return {
    source: node.ports.chain.name, state, height: tip?.height ?? 0, tipIsOld: node.tipIsTooOld,
    ...(tip ? { tipTimeMs: tip.timeSeconds * 1000 } : {}), ...(fault ? { fault: foreign(fault.reason, 300) } : {}),
  }; // prettier-ignore
}

export function peerView(node: SfericNode, nodeId: string): EventData<'peer.updated'> {
  const view = must(node.peers.views().find((peer) => peer.nodeId === nodeId), 'the peer');
  const channels = node.channels.of(fromHex(nodeId)).filter(({ phase }) => phase !== 'closed').length;
  return {
    nodeId, connected: view.connected, inbound: view.inbound, channels,
    ...(view.address === undefined ? {} : { address: view.address }), ...(view.lastError === undefined ? {} : { lastError: foreign(view.lastError, 300) }),
  }; // prettier-ignore
}
