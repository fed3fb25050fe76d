import type { WatchEvent } from '../chain/watcher.ts';
import type { FundedChannel } from '../channel/types.ts';
import type { Tx } from '../bitcoin/transaction.ts';
import { Channels } from './channels.ts';
import type { SfericNode } from './node.ts';
import type { Turn } from './turns.ts';

export function watchFunding(node: SfericNode, turn: Turn, channel: FundedChannel): void {
  node.onchain.watch(turn, channel.fundingOutPoint, Channels.fundingScript(channel), Math.max(0, channel.createdAtHeight - 1));
}

/** What the chain says of funding outputs, as commands to their channels. */
export function fundingEvents(node: SfericNode, turn: Turn, events: readonly WatchEvent[]): void {
  for (const event of events) {
    const channel = event.kind === 'tip' ? undefined : node.channels.byFunding(event.outPoint);
    if (channel && event.kind !== 'tip') fundingEvent(node, turn, channel.config.channelNumber, event);
  }
}

const isCoinbase = (tx: Tx): boolean => tx.inputs[0]?.txid === '00'.repeat(32);

function fundingEvent(node: SfericNode, turn: Turn, channelNumber: number, event: Exclude<WatchEvent, { kind: 'tip' }>): void {
  switch (event.kind) {
    case 'output_seen':
      return;
    case 'output_confirmed':
    case 'output_wrong': {
      const { height, txIndex } = event.kind === 'output_confirmed' ? event : { height: node.onchain.height, txIndex: 0 };
      const output = event.tx.outputs[event.outPoint.vout];
      node.channels.command(turn, channelNumber, { kind: 'funding_confirmed', height, txIndex, output, isCoinbase: isCoinbase(event.tx) });
      return;
    }
    case 'output_unconfirmed':
    case 'output_gone':
      node.channels.command(turn, channelNumber, { kind: 'funding_confirmed', height: undefined, txIndex: 0, output: undefined, isCoinbase: false });
      return;
    case 'spend_seen': {
      const { tx, place } = event.spend;
      node.channels.command(turn, channelNumber, { kind: 'funding_spent', tx, height: place.kind === 'block' ? place.height : undefined });
      return;
    }
    case 'spend_confirmed':
      node.channels.command(turn, channelNumber, { kind: 'funding_spent', tx: event.spend.tx, height: event.height });
      return;
    case 'spend_unconfirmed': {
      const spend = node.onchain.spendOf(event.outPoint);
      if (spend) node.channels.command(turn, channelNumber, { kind: 'funding_spent', tx: spend.tx, height: undefined });
      return;
    }
    case 'spend_undone':
      node.channels.command(turn, channelNumber, { kind: 'funding_unspent' });
  }
}

/** A channel that came online after its funding confirmed has not sent its channel_ready yet. */
export function retellFunding(node: SfericNode, turn: Turn, channelNumber: number): void {
  const channel = node.channels.get(channelNumber);
  if (channel?.phase !== 'opening' || channel.fundingHeight === undefined) return;
  const funding = node.onchain.creationOf(channel.fundingOutPoint);
  if (funding?.place.kind !== 'block') return;
  const { tx, place } = funding;
  node.channels.command(turn, channelNumber, {
    kind: 'funding_confirmed', height: place.height, txIndex: place.txIndex, output: tx.outputs[channel.fundingOutPoint.vout], isCoinbase: isCoinbase(tx),
  }); // prettier-ignore
}
