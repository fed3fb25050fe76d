import type { Spend, WatchEvent } from '../chain/watcher.ts';
import { commitmentNumberOf } from '../tx/commitment.ts';
import { channelObscuringFactor } from '../channel/sign.ts';
import type { FundedChannel } from '../channel/types.ts';
import { type OutPoint, type Tx, outPointKey, sameOutPoint } from '../bitcoin/transaction.ts';
import { Channels } from './channels.ts';
import type { SfericNode } from './node.ts';
import { revokedRecordKey } from './records.ts';
import type { Turn } from './turns.ts';

export function watchFunding(node: SfericNode, turn: Turn, channel: FundedChannel): void {
  node.outputOwners.set(outPointKey(channel.fundingOutPoint), channel.config.channelNumber);
  node.onchain.watch(turn, channel.fundingOutPoint, Channels.fundingScript(channel), Math.max(0, channel.createdAtHeight - 1));
}

type OutputEvent = Exclude<WatchEvent, { kind: 'tip' }>;

/** What the chain says of watched outputs, as commands to the channels that they belong to. */
export function fundingEvents(node: SfericNode, turn: Turn, events: readonly WatchEvent[]): void {
  for (const event of events) {
    if (event.kind === 'tip') continue;
    const channel = node.channels.byFunding(event.outPoint);
    if (channel) fundingEvent(node, turn, channel, event);
    else outputEvent(node, turn, event);
  }
}

const isCoinbase = (tx: Tx): boolean => tx.inputs[0]?.txid === '00'.repeat(32);
const heightOf = ({ place }: Spend): number | undefined => (place.kind === 'block' ? place.height : undefined);

function fundingEvent(node: SfericNode, turn: Turn, channel: FundedChannel, event: OutputEvent): void {
  const { channelNumber } = channel.config;
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
    case 'spend_seen':
    case 'spend_confirmed':
    case 'spend_unconfirmed': {
      const spend = node.onchain.spendOf(event.outPoint);
      if (spend) fundingSpend(node, turn, channel, spend);
      return;
    }
    case 'spend_undone':
      node.channels.command(turn, channelNumber, { kind: 'funding_unspent' });
  }
}

/** A commitment that may be revoked needs its record, which lies in the store; everything else is told at once. */
function fundingSpend(node: SfericNode, turn: Turn, channel: FundedChannel, spend: Spend): void {
  const { channelNumber } = channel.config;
  const number = commitmentNumberOf(spend.tx, channelObscuringFactor(channel.config));
  const mayBeRevoked = number !== undefined && number < channel.commitments.remoteNumber;
  if (!mayBeRevoked) {
    node.channels.command(turn, channelNumber, { kind: 'funding_spent', tx: spend.tx, height: heightOf(spend), penaltyRecord: undefined });
    return;
  }
  node.ports.store.get('revoked', revokedRecordKey(channelNumber, number)).then(
    (penaltyRecord) =>
      node.turns.enqueue((later) => {
        // As it is now: a reorg may have come while the record was read.
        const now = node.onchain.spendOf(channel.fundingOutPoint);
        if (now?.txid === spend.txid) node.channels.command(later, channelNumber, { kind: 'funding_spent', tx: now.tx, height: heightOf(now), penaltyRecord });
      }),
    (error: unknown) => node.ports.log.error('a penalty record could not be read', { reason: String(error) }),
  );
}

/**
 * The watcher's memory ends with the program: of a spend that a channel saw before, and that a reorganisation or a
 * replacement took away while nobody looked, it cannot tell that it is undone. Once the chain is known again, this does.
 */
export function undoVanished(node: SfericNode, turn: Turn): void {
  for (const { phase, config, spend, fundingOutPoint, outputSpends } of node.channels.all()) {
    if (phase === 'closed') continue;
    if (spend && node.onchain.isUnspent(fundingOutPoint)) {
      node.channels.command(turn, config.channelNumber, { kind: 'funding_unspent' });
      continue;
    }
    for (const { outPoint } of outputSpends) {
      if (node.onchain.isUnspent(outPoint)) node.channels.command(turn, config.channelNumber, { kind: 'output_unspent', outPoint });
    }
  }
}

/** Outputs of closing transactions, which their channels asked to watch. */
export function watchChannelOutput(node: SfericNode, turn: Turn, channel: FundedChannel, output: { readonly outPoint: OutPoint; readonly script: Uint8Array }): void {
  node.outputOwners.set(outPointKey(output.outPoint), channel.config.channelNumber);
  node.onchain.watch(turn, output.outPoint, output.script, channel.spend?.height ?? channel.createdAtHeight);
}

function outputEvent(node: SfericNode, turn: Turn, event: OutputEvent): void {
  const channelNumber = node.outputOwners.get(outPointKey(event.outPoint));
  const channel = channelNumber === undefined ? undefined : node.channels.get(channelNumber);
  if (channelNumber === undefined || !channel) return;
  const { outPoint } = event;
  if (event.kind === 'spend_undone') {
    node.channels.command(turn, channelNumber, { kind: 'output_unspent', outPoint });
    return;
  }
  if (event.kind !== 'spend_seen' && event.kind !== 'spend_confirmed' && event.kind !== 'spend_unconfirmed') return;
  const spend = node.onchain.spendOf(outPoint);
  if (!spend) return;
  const known = channel.outputSpends.find((other) => sameOutPoint(other.outPoint, outPoint));
  if (known?.txid === spend.txid && known.height === heightOf(spend)) return;
  node.channels.command(turn, channelNumber, { kind: 'output_spent', outPoint, tx: spend.tx, height: heightOf(spend) });
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
