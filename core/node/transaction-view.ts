import type { Answer } from '../api.ts';
import { scriptToAddress } from '../bitcoin/address.ts';
import type { Network } from '../bitcoin/network.ts';
import { outPointKey } from '../bitcoin/transaction.ts';
import type { FundedChannel } from '../channel/types.ts';
import type { WalletTransaction } from '../wallet/transactions.ts';
import type { SfericNode } from './node.ts';

type View = Answer<'wallet.transactions'>[number];
type Channel = Pick<FundedChannel, 'fundingOutPoint' | 'spend' | 'outputSpends'>;

/** Others than us make transactions with hundreds of outputs; the amounts of all stand in the net and the fee. */
const MOST_PAID = 20;

export interface TransactionContext {
  readonly network: Network;
  readonly fundingTxids: ReadonlySet<string>;
  /** The transactions that spent funding outputs. */
  readonly closingTxids: ReadonlySet<string>;
  /** Whether `txid:vout` is an output of a channel: its funding, or what came out of that. */
  readonly isOfChannel: (key: string) => boolean;
}

/** `isWatched`: what the node looks out for since it was started; what channels saw spent is known for good. */
export function transactionContext(network: Network, channels: readonly Channel[], isWatched: (key: string) => boolean): TransactionContext {
  const spent = new Set(channels.flatMap(({ outputSpends }) => outputSpends.map(({ outPoint }) => outPointKey(outPoint))));
  return {
    network, fundingTxids: new Set(channels.map(({ fundingOutPoint }) => fundingOutPoint.txid)), closingTxids: new Set(channels.flatMap(({ spend }) => spend?.txid ?? [])),
    isOfChannel: (key) => spent.has(key) || isWatched(key),
  }; // prettier-ignore
}

export const transactionContextOf = (node: SfericNode): TransactionContext => transactionContext(node.config.network, node.channels.all(), (key) => node.isChannelOutput(key));

function kindOf(line: WalletTransaction, { fundingTxids, closingTxids, isOfChannel }: TransactionContext): View['kind'] {
  if (fundingTxids.has(line.txid)) return 'channel_open';
  // What is swept from a channel that was closed by force is as little an income as what a closing transaction pays at once.
  if (closingTxids.has(line.txid) || line.foreignInputKeys.some(isOfChannel)) return 'channel_close';
  if (line.netSat > 0n) return 'received';
  return line.feeSat !== undefined && line.netSat === -line.feeSat ? 'moved' : 'sent';
}

export function transactionView(line: WalletTransaction, context: TransactionContext): View {
  const { txid, netSat, feeSat, height, timeSeconds, label, foreignOutputs } = line;
  const isPaidByUs = feeSat !== undefined && foreignOutputs.length > 0;
  return {
    txid, netSat, kind: kindOf(line, context),
    ...(feeSat === undefined ? {} : { feeSat }),
    ...(height === undefined ? {} : { height }),
    ...(timeSeconds === undefined ? {} : { timeMs: timeSeconds * 1000 }),
    ...(label === undefined ? {} : { label }),
    ...(isPaidByUs ? { paid: foreignOutputs.slice(0, MOST_PAID).map(({ script, amountSat }) => paidTo(script, amountSat, context.network)) } : {}),
  }; // prettier-ignore
}

function paidTo(script: Uint8Array, amountSat: bigint, network: Network): NonNullable<View['paid']>[number] {
  const address = scriptToAddress(script, network);
  return { ...(address === undefined ? {} : { address }), amountSat };
}
