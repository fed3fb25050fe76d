import { decodeTx, txid } from '../../bitcoin/transaction.ts';
import { POLICY } from '../../channel/policy.ts';
import { closeTogetherTerms } from '../../channel/negotiation.ts';
import { previewForceClose } from '../../channel/onchain/preview.ts';
import { signedLocalCommitment } from '../../channel/sign.ts';
import { channelTypeVector, preferredChannelType } from '../../channel/channel-type.ts';
import { type FundedChannel, isRestored } from '../../channel/types.ts';
import { isPoint } from '../../crypto/secp256k1.ts';
import { parseNodeId, parsePeerAddress } from '../../lib/address.ts';
import { toHex } from '../../lib/bytes.ts';
import { must } from '../../lib/result.ts';
import { feerateFromSatPerVb, msat, sat } from '../../lib/units.ts';
import { ApiFailure } from '../app.ts';
import { commitmentFeerate } from '../keep-feerate.ts';
import type { SfericNode } from '../node.ts';
import type { PeerTarget } from '../peers.ts';
import { type Prospect, closeReserveSat } from '../reserve.ts';
import { previewView } from '../preview-view.ts';
import { channelView } from '../views.ts';
import { peerAddressFailure, peerFailure } from '../words.ts';
import { type Handlers, inTurn } from './handler.ts';
import { scriptOfAddress } from './wallet.ts';

type ChannelMethod =
  | 'peer.connect' | 'peer.disconnect' | 'peer.list' | 'channel.open' | 'channel.list' | 'channel.get' | 'channel.close' | 'channel.forceClose'
  | 'channel.previewClose' | 'channel.previewForceClose'; // prettier-ignore

/** Blocks: slow, medium, fast. */
const PREVIEW_TARGETS = [144, 6, 2] as const;

const oldCopy = (): ApiFailure => new ApiFailure('recovery_mode', 'This copy of the data is old: publishing it would lose the money. The peer is asked to close.');

const restoredOnly = (): ApiFailure =>
  new ApiFailure('channel_closing', 'This channel came from a backup file, which holds no transaction that could close it. Nothing was published. Wait for the peer: it is asked to close on every connection.');

/** `nodeid@host:port`, or the id alone of a peer whose address is known. */
function targetOf(node: SfericNode, text: string): PeerTarget {
  const id = parseNodeId(text.trim());
  const known = id && node.peers.targetOf(toHex(id));
  if (id && node.peers.isReady(toHex(id))) return known ?? { nodeId: id, host: '', port: 0 };
  if (known) return known;
  const address = parsePeerAddress(text, node.config.network.defaultPort);
  if (!address.ok) throw peerAddressFailure(address.error);
  if (!isPoint(address.value.nodeId)) throw new ApiFailure('peer_address_malformed', 'This is not the address of a peer: the node id is no valid public key, so a digit is wrong. Nothing was spent. Copy it again.');
  if (toHex(address.value.nodeId) === toHex(node.nodeId)) throw new ApiFailure('peer_address_malformed', 'This is the address of this wallet itself. Nothing was spent. Choose another peer.');
  return address.value;
}

async function connect(node: SfericNode, text: string): Promise<string> {
  const target = targetOf(node, text);
  const nodeId = toHex(target.nodeId);
  if (node.peers.isReady(nodeId)) return nodeId;
  const result = await node.peers.connect(target);
  if (!result.ok) throw peerFailure(result.error);
  await inTurn(node, (turn) => node.rememberPeer(turn, target));
  return nodeId;
}

export function channelOf(node: SfericNode, channelId: string): FundedChannel {
  const channel = node.channels.byId(channelId);
  if (!channel) throw new ApiFailure('not_found', 'There is no such channel.');
  return channel;
}

export const channelHandlers: Handlers<ChannelMethod> = {
  'peer.connect': async (node, { address }) => ({ nodeId: await connect(node, address) }),
  'peer.disconnect': (node, { nodeId }) => {
    if (!node.peers.isReady(nodeId)) throw new ApiFailure('peer_not_connected', 'This peer is not connected.');
    node.peers.disconnect(nodeId, 'disconnected by the user');
    return {};
  },
  'peer.list': (node) => node.peers.views().map(({ nodeId }) => node.peerView(nodeId)),

  'channel.open': async (node, { peer, capacitySat, pushMsat, feerateSatPerVb, spendReserve }) => {
    if (capacitySat < POLICY.minFundingSat) throw new ApiFailure('funding_too_small', `A channel needs at least ${POLICY.minFundingSat} sat. Nothing was spent. Choose a larger amount.`, { minimumSat: POLICY.minFundingSat.toString() });
    if (capacitySat > POLICY.maxFundingSat) throw new ApiFailure('funding_too_large', `A channel holds at most ${POLICY.maxFundingSat} sat. Nothing was spent. Choose a smaller amount, or open two.`, { maximumSat: POLICY.maxFundingSat.toString() });
    if (pushMsat !== undefined && pushMsat > capacitySat * 1000n) throw new ApiFailure('bad_request', 'More would be given away than the channel holds.');
    if (!node.mayAddHtlcs || node.onchain.status.state !== 'synced') throw new ApiFailure('chain_behind', 'The wallet is not synchronised with the chain yet. Nothing was spent. Wait until it is.');
    const checkFunds = (prospects: readonly Prospect[]): void => node.funding.check(sat(capacitySat), spendReserve === true ? sat(0n) : closeReserveSat(node.channels.all(), prospects));
    checkFunds(node.openings.proposals());
    const nodeId = await connect(node, peer);
    const choice = preferredChannelType((feature) => node.peers.supports(nodeId, feature));
    const feeratePerKw = feerateSatPerVb === undefined ? commitmentFeerate(node, choice.channelType) : feerateFromSatPerVb(feerateSatPerVb);
    checkFunds([...node.openings.proposals(), { channelTypeVector: channelTypeVector(choice), feeratePerKw }]);
    const opening = await inTurn(node, (turn) => ({ done: node.openings.open(turn, nodeId, { fundingSatoshis: sat(capacitySat), pushMsat: msat(pushMsat ?? 0n), feeratePerKw, spendReserve: spendReserve === true }) }));
    const channel = await opening.done;
    // It is stored and goes out with every block anyway; waiting here means that the answer comes when the network has it.
    if (channel.fundingTx) await node.onchain.publish('funding', decodeTx(channel.fundingTx));
    return { channelNumber: channel.config.channelNumber, channelId: toHex(channel.channelId), fundingTxid: channel.fundingOutPoint.txid };
  },
  'channel.list': (node, { includeClosed }) =>
    node.channels.all().filter(({ phase }) => includeClosed || phase !== 'closed').map((channel) => channelView(channel, node.onchain.height)),
  'channel.get': (node, { channelId }) => channelView(channelOf(node, channelId), node.onchain.height),
  'channel.close': (node, { channelId, address }) => {
    const script = address === undefined ? undefined : scriptOfAddress(node, address);
    return inTurn(node, (turn) => {
      const channel = channelOf(node, channelId);
      if (isRestored(channel) && channel.phase === 'fallen_behind') throw restoredOnly();
      if (channel.phase !== 'normal' && channel.phase !== 'opening') throw new ApiFailure('channel_closing', 'This channel is closing already.');
      if (channel.link.status !== 'live') throw new ApiFailure('peer_not_connected', 'The peer is not connected, and closing together needs it. Wait for it, or close by force.');
      node.channels.command(turn, channel.config.channelNumber, { kind: 'shutdown', script: script ?? channel.walletScript, reason: 'user' });
      return {};
    });
  },
  'channel.previewClose': (node, { channelId }) => {
    const channel = channelOf(node, channelId);
    if (isRestored(channel)) throw restoredOnly();
    if (channel.phase !== 'normal' && channel.phase !== 'opening') throw new ApiFailure('channel_closing', 'This channel is closing already.');
    if (channel.link.status !== 'live') throw new ApiFailure('peer_not_connected', 'The peer is not connected, and without it nobody knows how it closes.');
    return { ...closeTogetherTerms(channel, { feerates: node.onchain.feerates() }) };
  },
  'channel.forceClose': (node, { channelId }) =>
    inTurn(node, (turn) => {
      const channel = channelOf(node, channelId);
      if (channel.phase === 'closing' || channel.phase === 'closed' || channel.phase === 'failing') throw new ApiFailure('channel_closing', 'This channel is closing already.');
      if (isRestored(channel)) throw restoredOnly();
      if (channel.phase === 'fallen_behind' || node.config.recoveryReason !== undefined) throw oldCopy();
      node.channels.command(turn, channel.config.channelNumber, { kind: 'force_close', reason: 'user' });
      return { txid: txid(signedLocalCommitment(channel, node.channels.keysOf(channel.config.channelNumber)).tx) };
    }),
  'channel.previewForceClose': (node, { channelId, commitment = 'ours', atHeight: asked, feeratesSatPerVb }) => {
    const channel = channelOf(node, channelId);
    const atHeight = asked ?? node.onchain.height;
    if (atHeight < node.onchain.height) throw new ApiFailure('bad_request', `The chain is at height ${node.onchain.height} already: a close can be looked at for that or a later one.`);
    const rates = feeratesSatPerVb ?? PREVIEW_TARGETS.map((target) => node.onchain.satPerVb(target).satPerVb);
    const [slow, medium, fast] = [must(rates[0], 'rate'), must(rates[1], 'rate'), must(rates[2], 'rate')];
    if (commitment === 'ours' && node.isRecovering) throw oldCopy();
    const previews = previewForceClose(channel, node.channels.keysOf(channel.config.channelNumber), {
      commitment, atHeight, feerates: [feerateFromSatPerVb(slow), feerateFromSatPerVb(medium), feerateFromSatPerVb(fast)],
    }); // prettier-ignore
    if (previews.ok) return { atHeight, feeratesSatPerVb: [slow, medium, fast], previews: previews.value.map(previewView) };
    throw previews.error === 'fallen_behind' ? (isRestored(channel) ? restoredOnly() : oldCopy()) : new ApiFailure('channel_closing', 'This channel is being closed already, so there is nothing to look at beforehand.');
  },
};
