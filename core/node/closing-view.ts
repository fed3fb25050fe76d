import type { Answer } from '../api.ts';
import { type OutPoint, type TxOutput, decodeTx, outPointKey } from '../bitcoin/transaction.ts';
import { p2wsh } from '../bitcoin/script.ts';
import type { ChannelKeys } from '../channel/keys.ts';
import { confirmedCommitment, endsUnknown, ownDelayedScript } from '../channel/onchain/confirmed.ts';
import { recoveredSat } from '../channel/onchain/onchain.ts';
import { toRemoteScript } from '../channel/onchain/scripts.ts';
import { POLICY } from '../channel/policy.ts';
import type { FundedChannel, FundingSpend } from '../channel/types.ts';
import { equal } from '../lib/bytes.ts';
import type { DesiredClaim } from '../tx/desired-claim.ts';
import { channelView } from './views.ts';

type Closing = Answer<'channel.closing'>;
type Output = Closing['outputs'][number];

const kindOf = ({ method }: DesiredClaim): Output['kind'] => {
  if (method.kind === 'htlc_tx') return 'htlc';
  switch (method.claim.kind) {
    case 'revoked_to_local':
    case 'revoked_htlc':
    case 'revoked_second_stage':
      return 'penalty';
    case 'to_remote':
    case 'to_local_delayed':
      return 'balance';
    case 'offered_htlc_timeout_remote':
    case 'received_htlc_success_remote':
      return 'htlc';
    default:
      return 'other';
  }
};

/** What an output was, now that nobody wants it any more. */
function kindOfTaken(channel: FundedChannel, keys: ChannelKeys, { txid, vout }: OutPoint): Output['kind'] {
  const { spend } = channel;
  if (!spend || spend.spendClass === 'revoked') return 'penalty';
  if (txid !== spend.txid) return 'htlc';
  if (endsUnknown(spend)) return paysOurBalance(channel, keys, spend, vout) ? 'balance' : 'other';
  const output = confirmedCommitment(channel, keys, spend)?.commitment.outputs[vout];
  if (output?.htlc) return 'htlc';
  if (output?.kind !== 'to_local' && output?.kind !== 'to_remote') return 'other';
  // Local and remote are seen from whoever published the commitment.
  return (output.kind === 'to_local') === (spend.spendClass === 'local') ? 'balance' : 'peer_balance';
}

/** Of a commitment that cannot be rebuilt only our balance is known, by its script. */
function paysOurBalance(channel: FundedChannel, keys: ChannelKeys, { spendClass, commitmentNumber, rawTx }: FundingSpend, vout: number): boolean {
  if (commitmentNumber === undefined) return false;
  const script = spendClass === 'lost_local' ? p2wsh(ownDelayedScript(channel, keys, commitmentNumber)) : toRemoteScript(channel.config, 'us');
  return equal(decodeTx(rawTx).outputs[vout]?.script ?? new Uint8Array(0), script);
}

export interface ClosingContext {
  /** What is still wanted of this channel. */
  readonly claims: readonly DesiredClaim[];
  readonly height: number;
  /** Whether a script is one of the wallet's. */
  readonly ownsScript: (script: Uint8Array) => boolean;
}

/** How a close goes on, from what the channel knows of the chain and what it still wants to take. */
export function closingView(channel: FundedChannel, keys: ChannelKeys, { claims, height, ownsScript }: ClosingContext): Closing {
  const { spend, outputSpends, closeReason, phase } = channel;
  const made = new Map<string, readonly TxOutput[]>([
    ...(spend ? [[spend.txid, decodeTx(spend.rawTx).outputs] as const] : []),
    ...outputSpends.map(({ txid, rawTx }) => [txid, decodeTx(rawTx).outputs] as const),
  ]);
  const amountOf = ({ txid, vout }: OutPoint): { readonly amountSat?: bigint } => {
    const output = made.get(txid)?.[vout];
    return output ? { amountSat: output.amountSat } : {};
  };
  // A second stage of ours pays a script of its own first; what comes out of that is wanted or taken in its turn.
  const goesOn = new Set([...claims.map(({ outPoint }) => outPoint.txid), ...outputSpends.map(({ outPoint }) => outPoint.txid)]);
  const isOurs = (txid: string): boolean => goesOn.has(txid) || (made.get(txid) ?? []).some(({ script }) => ownsScript(script));
  const wanted = new Map(claims.map((claim) => [outPointKey(claim.outPoint), claim]));
  const taken = outputSpends.map(({ outPoint, txid, height: takenHeight }): Output => {
    const claim = wanted.get(outPointKey(outPoint));
    wanted.delete(outPointKey(outPoint));
    return {
      ...outPoint, ...amountOf(outPoint), kind: claim ? kindOf(claim) : kindOfTaken(channel, keys, outPoint), takenBy: isOurs(txid) ? 'us' : 'peer', takenTxid: txid,
      ...(takenHeight === undefined ? {} : { takenHeight }),
    };
  }); // prettier-ignore
  const open = [...wanted.values()].map((claim): Output => ({
    txid: claim.outPoint.txid, vout: claim.outPoint.vout, amountSat: claim.amountSat, kind: kindOf(claim), earliestHeight: claim.earliestHeight,
    ...(claim.deadlineHeight === undefined ? {} : { deadlineHeight: claim.deadlineHeight }),
  })); // prettier-ignore
  const heights = [spend?.height, ...outputSpends.map((one) => one.height)];
  const isAllSeen = open.length === 0 && heights.every((one) => one !== undefined);
  return {
    state: channelView(channel, height).state, outputs: [...taken, ...open], backSat: spend ? recoveredSat(channel) : 0n,
    ...(closeReason === undefined ? {} : { reason: closeReason }),
    ...(spend
      ? {
          transaction: {
            txid: spend.txid, spendClass: spend.spendClass, ...(spend.commitmentNumber === undefined ? {} : { commitmentNumber: spend.commitmentNumber }),
            ...(spend.height === undefined ? {} : { height: spend.height }),
          },
        }
      : {}),
    ...(isAllSeen && phase !== 'opening' ? { finalAtHeight: Math.max(...heights.map((one) => one ?? 0)) + POLICY.forgetDepth - 1 } : {}),
  }; // prettier-ignore
}
