import type { PlayWire } from '../../api.ts';
import type { FundedChannel } from '../../channel/types.ts';
import { toHex } from '../../lib/bytes.ts';
import type { PlayNode } from './play-node.ts';
import { remainsOf } from './remains.ts';
import type { WalletChannel, World } from './world.ts';

const BLOCKS = 8;
type Channel = PlayWire['channels'][number];
type Node = PlayWire['nodes'][number];

const STATES: Readonly<Record<WalletChannel['state'], Channel['state'] | undefined>> = {
  opening: 'opening', normal: 'open', shutting_down: 'closing', negotiating: 'closing', failing: 'failing', fallen_behind: 'failing', closing: 'closing', closed: undefined,
}; // prettier-ignore

/** Payments under way, as the node's side of the channel knows them: what it received, we offered. */
const htlcsOf = (theirs: FundedChannel | undefined, node: PlayNode): Channel['htlcs'] =>
  [...(theirs?.commitments.htlcs.values() ?? [])]
    .filter(({ removal }) => removal === undefined)
    .map(({ add }) => ({ from: add.direction === 'received' ? ('you' as const) : node.id, amountMsat: add.amountMsat.toString(), cltvExpiryHeight: add.cltvExpiry }));

type Amounts = Pick<Channel, 'ourMsat' | 'theirMsat' | 'htlcs'>;

/** What each has in the channel. Once its commitment is in a block: what is still on its way to each, and undefined when all of it was taken. */
function amountsOf(world: World, channel: WalletChannel, htlcs: Channel['htlcs']): Amounts | undefined {
  const closing = world.closings.get(channel.channelId);
  const shares = closing?.transaction?.height === undefined ? undefined : world.kinds.openShares(channel.closingTxid);
  if (!closing || !shares) return { ourMsat: (channel.ourMsat - channel.offeredMsat).toString(), theirMsat: (channel.theirMsat - channel.receivedMsat).toString(), htlcs };
  if (shares.length === 0) return undefined;
  const { ourSat, theirSat, locked } = remainsOf(shares, closing.outputs);
  const htlcOf = (amountSat: bigint): Channel['htlcs'][number] | undefined => htlcs.find(({ amountMsat }) => BigInt(amountMsat) / 1000n === amountSat);
  return {
    ourMsat: (ourSat * 1000n).toString(), theirMsat: (theirSat * 1000n).toString(),
    htlcs: locked.map(({ amountSat, height }) => ({ from: 'you', cltvExpiryHeight: height, ...htlcOf(amountSat), amountMsat: (amountSat * 1000n).toString() })),
  }; // prettier-ignore
}

function channelOf(world: World, channel: WalletChannel): Channel | undefined {
  const id = world.nodeByKey(channel.peerNodeId);
  const state = world.kinds.isCheat(channel.closingTxid) && channel.state !== 'closed' ? 'punished' : STATES[channel.state];
  if (!id || !state || world.kinds.isClosed(channel.closingTxid)) return undefined;
  const node = world.nodeOf(id);
  const theirs = node.channels.find(({ channelId }) => toHex(channelId) === channel.channelId);
  const old = state === 'open' && node.isOnline ? node.bestOldState(channel.channelId) : undefined;
  const amounts = amountsOf(world, channel, htlcsOf(theirs, node));
  return amounts && {
    node: id, channelId: channel.channelId, state, isLive: channel.live, capacitySat: channel.capacitySat.toString(),
    ...amounts, states: channel.localCommitmentNumber + 1,
    ...(old ? { cheatMsat: old.commitments.ourMsat.toString() } : {}),
  }; // prettier-ignore
}

const nodeOf = (node: PlayNode): Node => ({
  id: node.id, nodeId: node.nodeId, address: node.address, isOnline: node.isOnline, isSilent: node.isSilent, onChainSat: node.onChainSat.toString(),
}); // prettier-ignore

/** Everything that the screen shows, but the tour and the tab. */
export function viewOf(world: World): PlayWire {
  const { index } = world.host.chain;
  const heights = Array.from({ length: BLOCKS }, (_, back) => index.height - back).filter((height) => height >= 0);
  return {
    height: index.height, youSat: world.youSat.toString(),
    waiting: [...world.kinds.of(index.mempoolTxids)],
    blocks: heights.map((height) => ({ height, transactions: [...world.kinds.of(index.block(height)?.txids ?? [])] })),
    nodes: [...world.nodes.values()].map(nodeOf),
    channels: world.walletChannels.flatMap((channel) => channelOf(world, channel) ?? []),
    log: world.diary.entries,
  }; // prettier-ignore
}
