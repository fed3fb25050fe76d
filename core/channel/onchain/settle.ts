import { decodeTx, sameOutPoint } from '../../bitcoin/transaction.ts';
import { equal } from '../../lib/bytes.ts';
import type { ChannelAction } from '../commands.ts';
import { POLICY, isReorgSafe } from '../policy.ts';
import { isOffered } from '../spec.ts';
import { type FundedChannel, type FundingSpend, type HtlcEntry, type OutputSpend, STAGE, htlcKey } from '../types.ts';
import { type KnownCommitment, endsUnknown } from './confirmed.ts';
import { revealedPreimage } from './preimages.ts';
import { revokedHtlcOutputs } from './their-commitment.ts';

type Settled = readonly [FundedChannel, readonly ChannelAction[]];

/** Preimages that spends of HTLC outputs show are passed on at once, from the mempool too: they are worth money upstream. */
export function learnPreimages(channel: FundedChannel): Settled {
  const htlcs = new Map(channel.commitments.htlcs);
  const actions: ChannelAction[] = [];
  for (const [key, entry] of channel.commitments.htlcs) {
    if (!isOffered(entry) || entry.removal?.what.kind === 'fulfill') continue;
    const paymentPreimage = channel.outputSpends.reduce<Uint8Array | undefined>(
      (found, { rawTx, outPoint }) => found ?? revealedPreimage(decodeTx(rawTx), outPoint, entry.add.paymentHash), undefined);
    if (!paymentPreimage) continue;
    const removal = { what: { kind: 'fulfill', paymentPreimage, attributionData: undefined }, stage: STAGE.proposed, sequence: 0 } as const;
    htlcs.set(key, { ...entry, removal });
    actions.push({ kind: 'htlc_fulfilled', id: entry.add.id, paymentHash: entry.add.paymentHash, paymentPreimage, attributionData: undefined });
  } // prettier-ignore
  return actions.length === 0 ? [channel, []] : [{ ...channel, commitments: { ...channel.commitments, htlcs } }, actions];
}

/**
 * HTLCs whose end can no longer change are told to the payments, each once (BOLT 5; catalogue rows 13 and 14). An HTLC
 * that the confirmed commitment does not hold ends with the commitment's own depth: never before, because a reorg could
 * still bring another commitment.
 */
export function settleHtlcs(channel: FundedChannel, spend: FundingSpend, known: KnownCommitment | undefined, blockHeight: number): Settled {
  if (spend.height === undefined || endsUnknown(spend)) return [channel, []];
  const isSafe = (height: number): boolean => isReorgSafe(channel.config.fundingSatoshis, height, blockHeight);
  const settled: string[] = [];
  const actions: ChannelAction[] = [];
  for (const [key, entry] of channel.commitments.htlcs) {
    if (channel.settledHtlcs.includes(key)) continue;
    const outcome = outcomeOf(channel, spend, known, entry, { blockHeight, isSafe });
    if (!outcome) continue;
    settled.push(key);
    actions.push(...tell(entry, outcome));
  }
  return settled.length === 0 ? [channel, []] : [{ ...channel, settledHtlcs: [...channel.settledHtlcs, ...settled] }, actions];
}

type Outcome = 'fulfilled' | 'failed';

function tell({ add, removal }: HtlcEntry, outcome: Outcome): ChannelAction[] {
  const { id, paymentHash, amountMsat } = add;
  const reference = `${add.direction}:${id}`;
  if (add.direction === 'received') {
    const removed: ChannelAction = { kind: 'htlc_removed', id, paymentHash, fulfilled: outcome === 'fulfilled' };
    return outcome === 'fulfilled' ? [{ kind: 'ledger', reason: 'received_on_chain', deltaMsat: amountMsat, reference }, removed] : [removed];
  }
  if (outcome === 'fulfilled') return [{ kind: 'ledger', reason: 'sent_on_chain', deltaMsat: -amountMsat, reference }];
  // A preimage was told when it came, and yet this one came back: the peer took another of the same hash, or slept.
  return removal?.what.kind === 'fulfill' ? [] : [{ kind: 'htlc_timed_out', id, paymentHash }];
}

interface Where {
  readonly blockHeight: number;
  readonly isSafe: (height: number) => boolean;
}

/** Undefined while it can still change. */
function outcomeOf(channel: FundedChannel, spend: FundingSpend, known: KnownCommitment | undefined, entry: HtlcEntry, where: Where): Outcome | undefined {
  const confirmedAt = spend.height ?? Infinity;
  const hasPreimage = entry.removal?.what.kind === 'fulfill';
  // A breach gives us everything: what we offered comes back, what we were owed is taken. Yet the cheater may show a preimage.
  if (!known) {
    if (!where.isSafe(confirmedAt) || (!hasPreimage && mayShowPreimage(channel, spend, entry, where))) return undefined;
    return hasPreimage ? 'fulfilled' : 'failed';
  }
  const output = outputOf(known, entry);
  if (output === undefined) return where.isSafe(confirmedAt) ? withoutOutput(known, entry) : undefined;
  const taken = channel.outputSpends.find(({ outPoint }) => sameOutPoint(outPoint, { txid: spend.txid, vout: output }));
  if (taken?.height !== undefined) return where.isSafe(taken.height) ? byWhom(taken, entry) : undefined;
  if (!where.isSafe(entry.add.cltvExpiry) || !where.isSafe(confirmedAt)) return undefined;
  // Expired and not taken: a received one that we cannot claim is the peer's, and a crumb nobody will ever pay the fee for.
  if (!isOffered(entry) && !hasPreimage) return 'failed';
  const isCrumb = (known.commitment.outputs[output]?.amountSat ?? 0n) < POLICY.abandonedClaimSat;
  if (!isCrumb) return undefined;
  return isOffered(entry) && hasPreimage ? 'fulfilled' : 'failed';
}

/** Whether an output of a breach for this hash is not taken for good: until then its preimage may come. */
function mayShowPreimage(channel: FundedChannel, spend: FundingSpend, { add }: HtlcEntry, { isSafe }: Where): boolean {
  if (spend.spendClass !== 'revoked' || add.direction === 'received') return false;
  const { outputs } = decodeTx(spend.rawTx);
  return revokedHtlcOutputs(channel, spend).some(({ vout, htlc }) => {
    if (htlc.direction !== 'offered' || !equal(htlc.paymentHash, add.paymentHash)) return false;
    const taken = channel.outputSpends.find(({ outPoint }) => sameOutPoint(outPoint, { txid: spend.txid, vout }));
    const isCrumb = (outputs[vout]?.amountSat ?? 0n) < POLICY.abandonedClaimSat;
    return !isCrumb && !(taken?.height !== undefined && isSafe(taken.height));
  });
}

const outputOf = (known: KnownCommitment, { add }: HtlcEntry): number | undefined => {
  const direction = (add.direction === 'offered') === (known.owner === 'local') ? 'offered' : 'received';
  return known.commitment.htlcs.find(({ htlc }) => htlc.direction === direction && htlc.id === add.id)?.vout;
};

/** Trimmed, never added there, or removed there already: the balances of the confirmed commitment say how it ended. */
function withoutOutput(known: KnownCommitment, entry: HtlcEntry): Outcome {
  const inSpec = known.spec.htlcs.some(({ add }) => htlcKey(add.direction, add.id) === htlcKey(entry.add.direction, entry.add.id));
  const fulfilled = entry.removal?.what.kind === 'fulfill';
  // A received one that was trimmed is lost to fees although its preimage is out; one that is gone was paid into our balance.
  return fulfilled && (isOffered(entry) || !inSpec) ? 'fulfilled' : 'failed';
}

/** Whoever shows the preimage got it: us if we received it, the peer if we offered it. */
function byWhom(taken: OutputSpend, entry: HtlcEntry): Outcome {
  return revealedPreimage(decodeTx(taken.rawTx), taken.outPoint, entry.add.paymentHash) ? 'fulfilled' : 'failed';
}

