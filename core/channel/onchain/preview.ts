import { type Result, err, must, ok } from '../../lib/result.ts';
import type { FeeratePerKw, Msat } from '../../lib/units.ts';
import { anchorsCostSat, commitmentFeeSat } from '../../tx/commitment.ts';
import type { DesiredClaim, DesiredCommitment } from '../../tx/desired-claim.ts';
import type { ChannelAction } from '../commands.ts';
import type { Context, Transition } from '../context.ts';
import type { ChannelKeys } from '../keys.ts';
import { isOffered } from '../spec.ts';
import { type Direction, type FundedChannel, type HtlcEntry, STAGE, htlcKey, isRestored } from '../types.ts';
import { type KnownCommitment, knownCommitment } from './confirmed.ts';
import { publishCommitment } from './failing.ts';
import { fundingSpent, outputSpent } from './onchain.ts';
import { type AtRates, type HtlcOutcome, type Place, type PreviewedTransaction, anchorChild, atRates, ownCommitment, ownHtlcTx, peerTakes, soleClaim, theirCommitment } from './previewed.ts';

export type { AtRates, HtlcOutcome, PreviewedTransaction } from './previewed.ts';

export interface PreviewParams {
  /** Who publishes. */
  readonly commitment: 'ours' | 'theirs';
  /** The height of the chain when the commitment is published: the next block can hold it. */
  readonly atHeight: number;
  readonly feerates: AtRates<FeeratePerKw>;
}

export interface PreviewedHtlc {
  readonly direction: Direction;
  readonly id: bigint;
  readonly amountMsat: Msat;
  readonly cltvExpiry: number;
  /** Too small for an output: what of it is ours is lost. */
  readonly trimmed: boolean;
  /** As we know it now. Of an HTLC that we offered: whether the peer showed it to us. */
  readonly preimageKnown: boolean;
}

export interface PreviewSummary {
  /** What our wallet has more in the end, fees that it pays included; negative when there is nothing to get. */
  readonly backSat: AtRates<bigint>;
  /** When the last of it can be in a block; undefined when nothing comes. */
  readonly backAtHeight: AtRates<number | undefined>;
  /** What is ours but too small for an output of the commitment. */
  readonly lostToDustSat: bigint;
  /** Outputs that would be ours but are not worth taking at that rate. */
  readonly leftSat: AtRates<bigint>;
  /** What our own transactions after the commitment pay. */
  readonly feesSat: AtRates<bigint>;
}

export interface ClosePreview {
  /** `theirs_next`: signed by us, while the one before is not revoked yet; either may confirm. */
  readonly commitment: 'ours' | 'theirs' | 'theirs_next';
  readonly commitmentNumber: number;
  /** The commitment stands first; what depends on another stands after it. */
  readonly transactions: readonly PreviewedTransaction[];
  readonly htlcs: readonly PreviewedHtlc[];
  /** If every HTLC ends as it looks now: `summarize` tells of the other outcomes. */
  readonly summary: PreviewSummary;
  /** Our balance when the main output is left out. */
  readonly mainDustSat: bigint;
}

export type PreviewFault =
  /** The funding output is spent already. */
  | 'already_spent'
  /** After a proven data loss our own commitment is never published. */
  | 'fallen_behind';

const WHICH = { ours: 'localCurrent', theirs: 'remoteCurrent', theirs_next: 'remoteNext' } as const;

/**
 * What a forced close would do, before it is done: one preview for our commitment, one or two for the peer's. Nothing is
 * estimated beside the real thing: the channel machine itself is told, on a copy of the channel, that the commitment
 * confirmed at the next block and that each second stage did as early as it could; what it then wants to claim is
 * measured with the builders that will make it.
 */
export function previewForceClose(channel: FundedChannel, keys: ChannelKeys, params: PreviewParams): Result<readonly ClosePreview[], PreviewFault> {
  if (channel.spend || channel.phase === 'closed') return err('already_spent');
  if (params.commitment === 'ours' || isRestored(channel)) return channel.phase === 'fallen_behind' ? err('fallen_behind') : ok([preview(channel, keys, 'ours', params)!]);
  return ok((['theirs', 'theirs_next'] as const).flatMap((which) => preview(channel, keys, which, params) ?? []));
}

function preview(channel: FundedChannel, keys: ChannelKeys, which: ClosePreview['commitment'], { atHeight, feerates }: PreviewParams): ClosePreview | undefined {
  const known = knownCommitment(channel, keys, WHICH[which]);
  if (!known) return undefined;
  const confirmedAt = atHeight + 1;
  const place = (height: number, dependsOn: readonly number[], htlc?: HtlcOutcome): Place => ({ feerates, walletScript: channel.walletScript, height, dependsOn, htlc });
  const ctx = contextAt(channel, keys, atHeight, feerates);
  const transactions: PreviewedTransaction[] = [];
  if (which === 'ours') {
    const desired = desiredCommitment(channel, ctx);
    const parent = ownCommitment(desired, place(confirmedAt, []));
    transactions.push(parent, ...(desired.anchor ? [anchorChild(desired.anchor.claim, parent, place(confirmedAt, [0]))] : []));
  } else transactions.push(theirCommitment(known, place(confirmedAt, [])));

  const simulation = simulate(channel, known, ctx, confirmedAt);
  for (const claim of simulation.claims) {
    const height = Math.max(claim.earliestHeight, confirmedAt + 1);
    const entry = entryAt(known, claim);
    const htlc = entry && outcomeOf(entry, !isOffered(entry));
    const { method } = claim;
    if (method.kind === 'claim') {
      transactions.push(soleClaim(method.claim, entry ? 'claim' : 'sweep', place(height, [0], htlc), claim.deadlineHeight));
      continue;
    }
    const index = transactions.length;
    const [second] = simulation.secondStage(claim, height);
    const sweep = second?.method.kind === 'claim' ? soleClaim(second.method.claim, 'sweep', place(second.earliestHeight, [index], htlc), second.deadlineHeight) : undefined;
    const first = ownHtlcTx({ ...claim, method }, sweep, place(height, [0], htlc));
    // A second stage that nobody starts is not swept either.
    transactions.push(first, ...(sweep ? [onlyAfter(sweep, first)] : []));
  }
  for (const htlcTransaction of known.commitment.htlcs) {
    const entry = entryOf(known, htlcTransaction.vout);
    // The peer takes what we offered by the preimage, and what it offered when it has expired.
    const height = isOffered(entry) ? confirmedAt + 1 : Math.max(entry.add.cltvExpiry, confirmedAt) + 1;
    transactions.push(peerTakes(htlcTransaction, known, place(height, [0], outcomeOf(entry, isOffered(entry)))));
  }
  const partial = { commitment: which, commitmentNumber: known.number, transactions, htlcs: known.spec.htlcs.map((entry) => previewedHtlc(known, entry)), mainDustSat: mainDustSat(channel, known) };
  return { ...partial, summary: summarize(partial) };
}

const onlyAfter = (sweep: PreviewedTransaction, first: PreviewedTransaction): PreviewedTransaction => ({
  ...sweep,
  uneconomicAt: atRates(sweep.uneconomicAt, (left, i) => left || first.uneconomicAt[i]),
  walletDeltaSat: atRates(sweep.walletDeltaSat, (delta, i) => (first.uneconomicAt[i] ? 0n : delta)),
});

/**
 * What a close comes to when the HTLCs end as `preimageKnown` says (whoever received it shows the preimage); without it,
 * as they look now: what we offered comes back and what we cannot claim does not.
 */
export function summarize(
  { transactions, htlcs, mainDustSat }: Omit<ClosePreview, 'summary'>,
  preimageKnown: (htlc: PreviewedHtlc) => boolean = (htlc) => htlc.preimageKnown,
): PreviewSummary {
  const outcomes = new Map(htlcs.map((htlc) => [htlcKey(htlc.direction, htlc.id), preimageKnown(htlc)]));
  const ours = transactions.filter(({ by, label, htlc }) => by === 'us' && label !== 'commitment' && (!htlc || outcomes.get(htlcKey(htlc.direction, htlc.id)) === htlc.preimageKnown));
  const made = atRates([0, 1, 2], (i) => ours.filter(({ uneconomicAt, neededAt }) => !uneconomicAt[i as 0] && neededAt[i as 0]));
  const sum = (of: readonly PreviewedTransaction[], value: (tx: PreviewedTransaction) => bigint): bigint => of.reduce((total, tx) => total + value(tx), 0n);
  const isOurs = (htlc: PreviewedHtlc): boolean => (htlc.direction === 'received') === preimageKnown(htlc);
  return {
    backSat: atRates(made, (txs, i) => sum(txs, ({ walletDeltaSat }) => walletDeltaSat[i])),
    backAtHeight: atRates(made, (txs, i) => txs.filter(({ walletDeltaSat }) => walletDeltaSat[i] > 0n).reduce<number | undefined>((last, { confirmableAtHeight }) => Math.max(last ?? 0, confirmableAtHeight), undefined)),
    lostToDustSat: mainDustSat + htlcs.reduce((total, htlc) => (htlc.trimmed && isOurs(htlc) ? total + htlc.amountMsat / 1000n : total), 0n),
    leftSat: atRates([0, 1, 2], (i) => sum(ours.filter(({ uneconomicAt, dependsOn }) => uneconomicAt[i as 0] && dependsOn[0] === 0), ({ valueSat }) => valueSat)),
    feesSat: atRates(made, (txs, i) => sum(txs, ({ feeSat }) => feeSat[i])),
  }; // prettier-ignore
}

const contextAt = (channel: FundedChannel, keys: ChannelKeys, blockHeight: number, [slow, medium, fast]: AtRates<FeeratePerKw>): Context => ({
  keys, blockHeight, feerates: { closing: slow, commitment: medium, urgent: fast }, chainHash: new Uint8Array(32),
}); // prettier-ignore

function desiredCommitment(channel: FundedChannel, ctx: Context): DesiredCommitment {
  const action = publishCommitment(channel, ctx).find((candidate) => candidate.kind === 'commitment');
  return must(action?.kind === 'commitment' ? action.desired : undefined, 'our commitment');
}

const claimsOf = (actions: readonly ChannelAction[]): readonly DesiredClaim[] => actions.findLast((action) => action.kind === 'claims')?.claims ?? [];

interface Simulation {
  /** Right after the commitment confirmed, with every preimage known. */
  readonly claims: readonly DesiredClaim[];
  /** What there is to claim of our HTLC transaction when that confirmed at `height`. */
  readonly secondStage: (claim: DesiredClaim, height: number) => readonly DesiredClaim[];
}

function simulate(channel: FundedChannel, known: KnownCommitment, ctx: Context, confirmedAt: number): Simulation {
  const at = (blockHeight: number): Context => ({ ...ctx, blockHeight });
  const [closing, actions]: Transition = fundingSpent(withAllPreimages(channel, known), known.commitment.tx, confirmedAt, undefined, at(confirmedAt));
  return {
    claims: claimsOf(actions),
    secondStage: ({ method, outPoint }, height) => {
      if (method.kind !== 'htlc_tx') return [];
      const { tx } = method.htlcTransaction;
      const [after, more] = outputSpent(closing, outPoint, tx, height, at(height));
      const id = must(after.outputSpends.at(-1), 'the spend that was just told').txid;
      return claimsOf(more).filter((claim) => claim.outPoint.txid === id);
    },
  };
}

const NO_PREIMAGE = new Uint8Array(32);

/** Received HTLCs of this commitment as if we had their preimages; the length is what matters. */
function withAllPreimages(channel: FundedChannel, { spec }: KnownCommitment): FundedChannel {
  const htlcs = new Map(channel.commitments.htlcs);
  for (const entry of spec.htlcs) {
    if (isOffered(entry) || entry.removal?.what.kind === 'fulfill') continue;
    const what = { kind: 'fulfill', paymentPreimage: NO_PREIMAGE, attributionData: undefined } as const;
    htlcs.set(htlcKey(entry.add.direction, entry.add.id), { ...entry, removal: { stage: entry.removal?.stage ?? STAGE.proposed, sequence: entry.removal?.sequence ?? 0, what } });
  }
  return { ...channel, commitments: { ...channel.commitments, htlcs } };
}

const outcomeOf = ({ add }: HtlcEntry, preimageKnown: boolean): HtlcOutcome => ({ direction: add.direction, id: add.id, preimageKnown });

function entryOf(known: KnownCommitment, vout: number): HtlcEntry {
  const htlc = must(known.commitment.outputs[vout]?.htlc, 'the HTLC of the output');
  const direction = (htlc.direction === 'offered') === (known.owner === 'local') ? 'offered' : 'received';
  return must(known.spec.htlcs.find(({ add }) => add.direction === direction && add.id === htlc.id), 'the HTLC');
} // prettier-ignore

/** The HTLC whose output a claim on the commitment takes; undefined for a main output. */
const entryAt = (known: KnownCommitment, { outPoint }: DesiredClaim): HtlcEntry | undefined =>
  known.commitment.outputs[outPoint.vout]?.htlc ? entryOf(known, outPoint.vout) : undefined;

function previewedHtlc(known: KnownCommitment, { add, removal }: HtlcEntry): PreviewedHtlc {
  const direction = (add.direction === 'offered') === (known.owner === 'local') ? 'offered' : 'received';
  const trimmed = !known.commitment.htlcs.some(({ htlc }) => htlc.id === add.id && htlc.direction === direction);
  return { direction: add.direction, id: add.id, amountMsat: add.amountMsat, cltvExpiry: add.cltvExpiry, trimmed, preimageKnown: removal?.what.kind === 'fulfill' };
}

function mainDustSat({ config }: FundedChannel, { owner, spec, commitment }: KnownCommitment): bigint {
  if (commitment.outputs.some(({ kind }) => kind === (owner === 'local' ? 'to_local' : 'to_remote'))) return 0n;
  const { channelType, isOpener } = config;
  const costSat = isOpener ? commitmentFeeSat(channelType, spec.feeratePerKw, commitment.htlcs.length) + anchorsCostSat(channelType) : 0n;
  const leftSat = spec.ourMsat / 1000n - costSat;
  return leftSat > 0n ? leftSat : 0n;
}
