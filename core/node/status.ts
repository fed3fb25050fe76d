import type { EventData } from '../api.ts';
import type { FundedChannel } from '../channel/types.ts';
import { sleepBudget } from '../channel/onchain/sleep-budget.ts';
import { fromHex, toHex } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import { foreign } from '../lib/sanitize.ts';
import type { SfericNode } from './node.ts';
import type { ClosingContext } from './closing-view.ts';
import { closeReserveSat } from './reserve.ts';

/**
 * How long the node may be off (`blocks` from the height that it knows), and which channel says so. Undefined while the
 * chain has still to tell what happened meanwhile, or a spend waits for its record to be read: a theft that is not seen
 * yet would make it too long.
 */
export function sleepView(node: SfericNode): EventData<'sleep.updated'> | undefined {
  const { height, status } = node.onchain;
  if (!status.tip || status.state === 'connecting' || status.state === 'syncing') return undefined;
  const isUnjudged = (channel: FundedChannel): boolean => channel.phase !== 'closed' && node.onchain.spendOf(channel.fundingOutPoint)?.txid !== channel.spend?.txid;
  if (node.channels.all().some(isUnjudged)) return undefined;
  const { reasons: [first] } = sleepBudget(node.channels.all(), height);
  if (!first) return {};
  const { blocks, channelId, reason, htlcId } = first;
  return { blocks, untilHeight: height + blocks, channelId: toHex(channelId), reason, ...(htlcId === undefined ? {} : { htlcId }) };
} // prettier-ignore

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

/** What the view of a close needs beside the channel. */
export const closingContextOf = ({ sweeps, onchain }: SfericNode, channelNumber: number): ClosingContext => ({
  claims: sweeps.claimsOf(channelNumber), height: onchain.height, ownsScript: (script) => onchain.view.book.byScript.has(toHex(script)),
}); // prettier-ignore
