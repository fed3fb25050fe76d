import { fromHex, fromUtf8, toHex, utf8 } from '../lib/bytes.ts';
import { foreign } from '../lib/sanitize.ts';
import type { Message } from '../wire/messages.ts';
import { retellFunding } from './funding-events.ts';
import { answerQuery } from './gossip-answers.ts';
import type { SfericNode } from './node.ts';
import type { Turn } from './turns.ts';

/** One message of a peer whose init is done, to whoever it is for. */
export function receiveMessage(node: SfericNode, turn: Turn, nodeId: string, message: Message): void {
  const answer = answerQuery(message);
  if (answer) {
    turn.after(() => node.peers.send(nodeId, answer));
    return;
  }
  if (message.name === 'channel_update') {
    node.policies.receive(node.channels.of(fromHex(nodeId)), fromHex(nodeId), message);
    return;
  }
  if (node.openings.receive(turn, nodeId, message) || !('channelId' in message)) return;
  if (message.channelId.every((byte) => byte === 0)) aboutAllChannels(node, turn, nodeId, message);
  else aboutChannel(node, turn, nodeId, { message, channelId: message.channelId });
}

function logForeign(node: SfericNode, nodeId: string, message: Message): void {
  if (message.name === 'error' || message.name === 'warning') node.ports.log.warn(`peer sent ${message.name}`, { nodeId, text: foreign(fromUtf8(message.data)) });
}

/** BOLT 1: an error without channel ends them all; a warning is for the log. */
function aboutAllChannels(node: SfericNode, turn: Turn, nodeId: string, message: Message): void {
  logForeign(node, nodeId, message);
  if (message.name !== 'error') return;
  for (const channel of node.channels.of(fromHex(nodeId))) node.channels.command(turn, channel.config.channelNumber, { kind: 'receive', message });
}

function aboutChannel(node: SfericNode, turn: Turn, nodeId: string, { message, channelId }: { readonly message: Message; readonly channelId: Uint8Array }): void {
  const channel = node.channels.byId(channelId);
  if (!channel || toHex(channel.config.peerNodeId) !== nodeId) {
    // Only a question about a channel deserves an answer: anything else may be left over from one that is gone.
    if (message.name === 'channel_reestablish') turn.after(() => node.peers.send(nodeId, { name: 'error', channelId, data: utf8('unknown channel') }));
    return;
  }
  logForeign(node, nodeId, message);
  const { channelNumber } = channel.config;
  const isReestablish = message.name === 'channel_reestablish';
  if (isReestablish && node.isRecovering && channel.link.status === 'offline') connectChannel(node, turn, nodeId, channelNumber);
  node.channels.command(turn, channelNumber, { kind: 'receive', message });
  if (isReestablish) retellFunding(node, turn, channelNumber);
}

export function peerReady(node: SfericNode, turn: Turn, nodeId: string): void {
  // In recovery the peer speaks first: what it says tells whether this copy is stale.
  if (node.isRecovering) return;
  for (const channel of node.channels.of(fromHex(nodeId))) connectChannel(node, turn, nodeId, channel.config.channelNumber);
}

function connectChannel(node: SfericNode, turn: Turn, nodeId: string, channelNumber: number): void {
  node.channels.command(turn, channelNumber, {
    kind: 'connect', simpleClose: node.peers.supports(nodeId, 'simpleClose'), anySegwit: node.peers.supports(nodeId, 'shutdownAnysegwit'),
  }); // prettier-ignore
}

export function peerGone(node: SfericNode, turn: Turn, nodeId: string): void {
  node.openings.disconnected(turn, nodeId);
  for (const channel of node.channels.of(fromHex(nodeId))) node.channels.command(turn, channel.config.channelNumber, { kind: 'disconnect' });
}
