import { type OutPoint, type Tx, decodeTx, encodeTx, sameOutPoint, txid, txidBytes } from '../../bitcoin/transaction.ts';
import { equal } from '../../lib/bytes.ts';
import { unreachable } from '../../lib/result.ts';
import type { DesiredClaim, WatchedOutput } from '../../tx/desired-claim.ts';
import type { AlarmCode, ChannelAction } from '../commands.ts';
import { type Context, STORE, type Transition, stay } from '../context.ts';
import { POLICY, isReorgSafe } from '../policy.ts';
import { type FundedChannel, type FundingSpend, type OutputSpend, type PenaltyHtlc, hasLostState, isRestored } from '../types.ts';
import { classifySpend, confirmedCommitment, endsUnknown } from './confirmed.ts';
import { desiredCommitment, pastDeadline } from './failing.ts';
import { decodeRevokedState } from './penalty-record.ts';
import { lostCommitmentClaims, ownCommitmentClaims } from './own-commitment.ts';
import { learnPreimages, settleHtlcs } from './settle.ts';
import { futureCommitmentClaims, penaltyClaims, theirCommitmentClaims } from './their-commitment.ts';

const ALARM_OF: Partial<Record<FundingSpend['spendClass'], AlarmCode>> = {
  unknown: 'unknown_funding_spend', future: 'future_commitment', lost_local: 'future_commitment', revoked: 'revoked_commitment',
}; // prettier-ignore

/** The funding output is spent: classify it, say so, and take what is ours. `penalty` is the record of that number. */
export function fundingSpent(channel: FundedChannel, tx: Tx, height: number | undefined, penalty: Uint8Array | undefined, ctx: Context): Transition {
  const id = txid(tx);
  const isSame = channel.spend?.txid === id;
  if (isSame && channel.spend?.height === height) return stay(channel);
  const { spendClass, commitmentNumber } = classifySpend(channel, ctx.keys, tx);
  const spend: FundingSpend = { txid: id, rawTx: encodeTx(tx), spendClass, commitmentNumber, height };
  // A state that we signed and know nothing of proves as well as the peer's own word that ours is revoked (I-23): should
  // this spend vanish again, ours is not offered in its place.
  const known: readonly PenaltyHtlc[] = penalty && spendClass === 'revoked' ? decodeRevokedState(penalty).htlcs.map(({ amountMsat: _, ...htlc }) => htlc) : [];
  const provesLoss = (spendClass === 'future' || spendClass === 'lost_local') && !isRestored(channel);
  const closing: FundedChannel = {
    ...channel, phase: 'closing', closeReason: provesLoss ? 'data_loss' : (channel.closeReason ?? 'peer_broadcast'), spend, penaltyHtlcs: known,
    outputSpends: isSame ? channel.outputSpends : [],
  }; // prettier-ignore
  // That a restored channel ends in a state of which nothing is known is what everybody waits for.
  const isExpected = isRestored(channel) && spendClass !== 'unknown';
  const alarm = isSame || isExpected ? undefined : ALARM_OF[spendClass];
  const [next, actions] = resolve(closing, ctx);
  return [
    next,
    [
      STORE,
      { kind: 'journal', event: { kind: 'funding_spent', txid: txidBytes(id), spendClass, height } },
      ...(alarm ? [{ kind: 'alarm', code: alarm, detail: id } as const] : []),
      ...actions,
    ],
  ];
}

/** An output of the closing transaction, or of a second stage, is spent; told again when its height changes. */
export function outputSpent(channel: FundedChannel, outPoint: OutPoint, tx: Tx, height: number | undefined, ctx: Context): Transition {
  const spent: OutputSpend = { outPoint: { txid: outPoint.txid, vout: outPoint.vout }, txid: txid(tx), rawTx: encodeTx(tx), height };
  const others = channel.outputSpends.filter((other) => !sameOutPoint(other.outPoint, outPoint));
  const [next, actions] = resolve({ ...channel, outputSpends: [...others, spent] }, ctx);
  return [next, [STORE, ...actions]];
}

export function outputUnspent(channel: FundedChannel, outPoint: OutPoint, ctx: Context): Transition {
  if (!channel.outputSpends.some((spent) => sameOutPoint(spent.outPoint, outPoint))) return stay(channel);
  const [next, actions] = resolve({ ...channel, outputSpends: channel.outputSpends.filter((spent) => !sameOutPoint(spent.outPoint, outPoint)) }, ctx);
  return [next, [STORE, ...actions]];
}

/** A reorganisation took the spend out of the chain, and it is not in the mempool either. */
export function fundingUnspent(channel: FundedChannel): Transition {
  if (!channel.spend || channel.phase === 'closed') return stay(channel);
  // A close that both signed may have been seen before its signature came to us: seen once, it is ours to publish as well.
  const isAgreed = channel.spend.spendClass === 'mutual' && channel.closingTxs.length === 0 && !isRestored(channel);
  const closingTxs = isAgreed ? [channel.spend.rawTx] : channel.closingTxs;
  // Whoever once closed on chain goes on wanting it closed: our own commitment is offered again.
  const phase = hasLostState(channel) ? 'fallen_behind' : closingTxs.length > 0 ? 'negotiating' : 'failing';
  return [{ ...channel, phase, closingTxs, spend: undefined, outputSpends: [], penaltyHtlcs: [] }, [STORE, { kind: 'journal', event: { kind: 'funding_unspent' } }]];
}

interface Findings {
  readonly claims: readonly DesiredClaim[];
  readonly watches: readonly WatchedOutput[];
}
const NOTHING: Findings = { claims: [], watches: [] };

/** Everything that a close still leaves to do, worked out anew from what is known: restarts and reorgs need no memory of it. */
export function resolve(channel: FundedChannel, ctx: Context): Transition {
  const { spend } = channel;
  if (!spend) return stay(channel);
  const known = confirmedCommitment(channel, ctx.keys, spend);
  const found = spend.height === undefined ? NOTHING : findingsOf(channel, spend, known, ctx);
  const [learned, preimages] = learnPreimages(channel);
  const [settled, endings] = settleHtlcs(learned, spend, known, ctx.blockHeight);
  const [booked, entries] = bookClose(settled, ctx.blockHeight);
  const [next, closed] = forgetWhenDone(booked, found, ctx.blockHeight);
  const changed = next !== channel;
  return [
    next,
    [
      ...(changed ? [STORE] : []),
      ...preimages,
      ...endings,
      ...entries,
      ...found.watches.map(({ outPoint, script }): ChannelAction => ({ kind: 'watch_output', outPoint, script })),
      { kind: 'claims', claims: closed.length > 0 ? [] : found.claims },
      ...(wantsOwnCommitment(next, spend, ctx.blockHeight) ? [{ kind: 'commitment', desired: desiredCommitment(next, ctx) } as const] : []),
      ...closed,
    ],
  ];
}

/**
 * While no spend is in a block our own commitment goes on being offered: the mempool that showed it to us may drop it, and
 * its child has to follow the market (I-28). So it does beside a commitment of the peer when we close by ourselves, or when
 * that one lies there past a deadline (pinning). Never after a proven data loss (I-23).
 */
function wantsOwnCommitment(channel: FundedChannel, { spendClass, height }: FundingSpend, blockHeight: number): boolean {
  if (height !== undefined || hasLostState(channel)) return false;
  if (spendClass === 'local') return true;
  if (spendClass !== 'remote' && spendClass !== 'next_remote' && spendClass !== 'revoked') return false;
  return (channel.closeReason !== 'peer_broadcast' && channel.closingTxs.length === 0) || pastDeadline(channel, blockHeight);
}

function findingsOf(channel: FundedChannel, spend: FundingSpend, known: ReturnType<typeof confirmedCommitment>, ctx: Context): Findings {
  switch (spend.spendClass) {
    case 'local':
      return known ? ownCommitmentClaims(channel, ctx.keys, spend, known) : NOTHING;
    case 'remote':
    case 'next_remote':
      return known ? theirCommitmentClaims(channel, ctx.keys, spend, known) : NOTHING;
    case 'revoked':
      return penaltyClaims(channel, ctx.keys, spend);
    case 'future':
      return futureCommitmentClaims(channel, ctx.keys, spend);
    case 'lost_local':
      return lostCommitmentClaims(channel, ctx.keys, spend);
    case 'mutual':
    case 'unknown':
      return NOTHING;
    default:
      return unreachable(spend.spendClass);
  }
}

/** Irrevocably resolved (BOLT 5): the close and every spend that matters to us are 100 blocks deep, and nothing is left to claim. */
function forgetWhenDone(channel: FundedChannel, { claims }: Findings, blockHeight: number): Transition {
  const { spend, outputSpends, commitments, settledHtlcs } = channel;
  const heights = [spend?.height, ...outputSpends.map(({ height }) => height)];
  const buried = heights.every((height) => height !== undefined && blockHeight - height + 1 >= POLICY.forgetDepth);
  const open = [...commitments.htlcs.keys()].some((key) => !settledHtlcs.includes(key)) && spend !== undefined && !endsUnknown(spend);
  const worthwhile = claims.some(({ amountSat }) => amountSat >= POLICY.abandonedClaimSat);
  if (!buried || open || worthwhile || channel.phase === 'closed') return stay(channel);
  return [{ ...channel, phase: 'closed' }, [{ kind: 'journal', event: { kind: 'closed', recoveredSat: recoveredSat(channel) } }, { kind: 'forget' }]];
}

/** What our closing transaction paid us; of a unilateral close, what went to the wallet's script. */
export function recoveredSat(channel: FundedChannel): bigint {
  const scripts = [channel.walletScript, ...(channel.localShutdown ? [channel.localShutdown.script] : [])];
  const txs = new Map([...(channel.spend ? [[channel.spend.txid, channel.spend.rawTx] as const] : []), ...channel.outputSpends.map(({ txid: id, rawTx }) => [id, rawTx] as const)]);
  return [...txs.values()].flatMap((raw) => decodeTx(raw).outputs).reduce((sum, output) => (scripts.some((script) => equal(script, output.script)) ? sum + output.amountSat : sum), 0n);
}

/** What we had in the channel leaves it in the books once, when the close can no longer be undone. */
function bookClose(channel: FundedChannel, blockHeight: number): Transition {
  const { spend } = channel;
  if (channel.closeBooked || spend?.height === undefined || !isReorgSafe(channel.config.fundingSatoshis, spend.height, blockHeight)) return stay(channel);
  const { ourMsat } = channel.commitments;
  // The books never knew what was in a restored one: what it brings is booked when the wallet sees it.
  if (isRestored(channel)) return [{ ...channel, closeBooked: true }, []];
  // What a closing transaction pays us is known now; claims pay their fees later, when the wallet sees them.
  const paidMsat = spend.spendClass === 'mutual' ? recoveredSat(channel) * 1000n : ourMsat;
  const entries: ChannelAction[] = [
    { kind: 'ledger', reason: 'close', deltaMsat: -paidMsat, reference: spend.txid },
    { kind: 'ledger', reason: 'close_fee', deltaMsat: paidMsat - ourMsat, reference: spend.txid },
  ];
  return [{ ...channel, closeBooked: true }, entries.filter((entry) => entry.kind === 'ledger' && entry.deltaMsat !== 0n)];
}

