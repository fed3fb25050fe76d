import { type FeeratePerKw, type Sat, feeratePerKw, sat } from '../lib/units.ts';
import { must } from '../lib/result.ts';
import { type OutPoint, type Tx, outPointKey, outputSumSat, txWeight, txid } from '../bitcoin/transaction.ts';
import { sign } from '../crypto/secp256k1.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import { signedHtlcTx } from '../tx/htlc.ts';
import { CoinPool } from './sweep-coins.ts';
import { type Decision, decide, storedFor } from './sweep-decide.ts';
import { type SweepJob, isDue, isPresigned, jobsOf, reasonOf } from './sweep-jobs.ts';
import { signSettled } from './sweep-template.ts';
import { rateOfFee } from './sweep-terms.ts';
import type {
  PublishedSweep,
  ShortOfCoins,
  SweepEntry,
  SweepInput,
  SweepPackage,
  SweepPlan,
  SweepState,
} from './sweep-types.ts';

/** What nobody wants any more is remembered so long, in case a reorg brings it back. */
export const REMEMBERED_BLOCKS = 144;

const NO_AUX_RAND = new Uint8Array(32);

const keysOf = (outPoints: readonly OutPoint[]): readonly string[] => outPoints.map(outPointKey);

/** By what the memory knows it: the anchor's outpoint, or the funding output when there is none. */
const commitmentOutPoint = ({ anchor, tx }: DesiredCommitment): OutPoint =>
  anchor?.claim.outPoint ?? must(tx.inputs[0], 'the funding input');

/** Wallet coins in sweeps that are remembered: no other transaction of the wallet should take them while they wait. */
export const coinsInFlight = ({ published }: SweepState): readonly OutPoint[] =>
  published.flatMap(({ coins }) => coins);

/**
 * Which transactions to offer for the next block, and at which fee, so that the channels get what they want on chain (BOLT
 * 5). To be called with every block, and whenever the wishes change: the answer always holds all that should be in the
 * mempool, also what went out before (safety catalogue rows 16 to 19, I-28).
 */
export function planSweeps(state: SweepState, given: SweepInput): SweepPlan {
  const input = {
    ...given,
    claims: unique(given.claims, ({ outPoint }) => outPoint),
    commitments: unique(given.commitments, commitmentOutPoint),
  };
  const listed = new Set([
    ...input.claims.map(({ outPoint }) => outPointKey(outPoint)),
    ...input.commitments.map((one) => outPointKey(commitmentOutPoint(one))),
  ]);
  // One whose outputs are not all wanted has lost an input to another transaction: no mempool holds it.
  const isLive = ({ outPoints }: PublishedSweep): boolean => keysOf(outPoints).every((key) => listed.has(key));
  const live = state.published.filter(isLive);
  const pool = new CoinPool(input.coins, input.height, state.published, isLive);
  const { jobs, uneconomic: crumbs } = jobsOf(state, input);

  const uneconomic: OutPoint[] = [...crumbs];
  const shortOfCoins: ShortOfCoins[] = [];
  const packages: SweepPackage[] = [...presigned(state, input)];
  const published: PublishedSweep[] = [];
  for (const job of jobs) {
    const stored = storedFor(job, live);
    const keys = new Set(keysOf(job.outPoints));
    const rivals = live.filter((sweep) => keysOf(sweep.outPoints).some((key) => keys.has(key)));
    const decision = decide(job, stored, rivals, pool, input);
    if (decision.kind === 'uneconomic') uneconomic.push(...job.outPoints);
    else if (decision.missingSat !== undefined) shortOfCoins.push(shortage(job, decision.missingSat));
    const sweep = sweepOf(job, decision, input);
    if (sweep) {
      pool.take(sweep.coins);
      published.push(sweep);
    }
    pool.release(stored);
    if (sweep || decision.kind === 'parent') packages.push(packageOf(job, decision, sweep));
  }
  return {
    state: nextState({ state, listed, packages, published, jobs, height: input.height }),
    packages,
    shortOfCoins,
    uneconomic,
  };
}

const unique = <T>(wanted: readonly T[], outPointOf: (one: T) => OutPoint): readonly T[] => [
  ...new Map(wanted.map((one) => [outPointKey(outPointOf(one)), one])).values(),
];

const shortage = ({ channelNumbers, outPoints, stake }: SweepJob, missingSat: Sat): ShortOfCoins => ({
  channelNumber: must(channelNumbers[0], 'the channel'), outPoint: must(outPoints[0], 'the outpoint'), deadlineHeight: stake.deadlineHeight, missingSat,
}); // prettier-ignore

function sweepOf(
  { outPoints, parent }: SweepJob,
  decision: Decision,
  { keys, auxRand = NO_AUX_RAND }: SweepInput,
): PublishedSweep | undefined {
  if (decision.kind === 'again') return decision.sweep;
  if (decision.kind !== 'build') return undefined;
  const { settled } = decision;
  const { feeSat, weight, coins } = settled;
  const tx = signSettled(settled, keys, auxRand);
  return {
    outPoints, feeSat, tx, weight: txWeight(tx), coins: coins.map(({ txid: id, vout }) => ({ txid: id, vout })),
    feeratePerKw: rateOfFee(feeSat + (parent?.feeSat ?? 0n), weight + (parent?.weight ?? 0)),
  }; // prettier-ignore
}

function packageOf(
  { parent, reason, channelNumbers, outPoints }: SweepJob,
  decision: Decision,
  sweep: PublishedSweep | undefined,
): SweepPackage {
  const replaces = decision.kind === 'build' ? decision.replaces.map(({ tx }) => txid(tx)) : [];
  const parentFeeSat = parent?.feeSat ?? 0n;
  return {
    reason, channelNumbers, outPoints, replaces,
    txs: [...(parent ? [parent.tx] : []), ...(sweep ? [sweep.tx] : [])],
    step: decision.kind === 'again' ? 'again' : replaces.length > 0 ? 'replacement' : 'first',
    feeSat: sat((sweep?.feeSat ?? 0n) + parentFeeSat),
    feeratePerKw: sweep?.feeratePerKw ?? rateOfFee(parentFeeSat, parent?.weight ?? 1),
    coins: sweep?.coins ?? [],
  }; // prettier-ignore
}

/** Without anchors: commitments and HTLC transactions whose fee was fixed when they were signed. They go out as they are. */
function presigned({ entries }: SweepState, { height, claims, commitments }: SweepInput): readonly SweepPackage[] {
  const stepOf = (outPoint: OutPoint): SweepPackage['step'] =>
    (entries.get(outPointKey(outPoint))?.feeratePerKw ?? 0) > 0 ? 'again' : 'first';
  const alone = (tx: Tx, feeSat: bigint) => ({
    txs: [tx],
    feeSat: sat(feeSat),
    feeratePerKw: rateOfFee(feeSat, txWeight(tx)),
    coins: [],
    replaces: [],
  });
  const first = commitments.filter(({ anchor }) => !anchor).map((commitment): SweepPackage => {
    const outPoint = commitmentOutPoint(commitment);
    return { ...alone(commitment.tx, commitment.feeSat), reason: 'commitment', step: stepOf(outPoint), channelNumbers: [commitment.channelNumber], outPoints: [outPoint] };
  }); // prettier-ignore
  const second = claims.filter((claim) => isPresigned(claim) && isDue(claim, height)).map((claim): SweepPackage => {
    const { outPoint, channelNumber, amountSat } = claim;
    const tx = presignedTx(claim);
    return { ...alone(tx, amountSat - outputSumSat(tx)), reason: reasonOf(claim), step: stepOf(outPoint), channelNumbers: [channelNumber], outPoints: [outPoint] };
  }); // prettier-ignore
  return [...first, ...second];
}

function presignedTx({ method }: DesiredClaim): Tx {
  if (method.kind !== 'htlc_tx') throw new Error('bug: no HTLC transaction');
  const { htlcTransaction, channelType, remoteSignature, preimage, privateKey } = method;
  return signedHtlcTx(
    htlcTransaction,
    channelType,
    sign(htlcTransaction.localSighash, privateKey),
    remoteSignature,
    preimage,
  );
}

interface Outcome {
  readonly state: SweepState;
  readonly listed: ReadonlySet<string>;
  readonly packages: readonly SweepPackage[];
  readonly published: readonly PublishedSweep[];
  readonly jobs: readonly SweepJob[];
  readonly height: number;
}

function nextState({ state, listed, packages, published, jobs, height }: Outcome): SweepState {
  const rates = new Map<string, FeeratePerKw>();
  for (const job of jobs) for (const key of keysOf(job.outPoints)) rates.set(key, feeratePerKw(0));
  for (const one of packages) for (const key of keysOf(one.outPoints)) rates.set(key, one.feeratePerKw);
  const outPoints = new Map(
    [...jobs, ...packages].flatMap((of) => of.outPoints).map((outPoint) => [outPointKey(outPoint), outPoint]),
  );
  const entries = new Map<string, SweepEntry>();
  for (const [key, entry] of state.entries) {
    if (listed.has(key)) entries.set(key, { ...entry, lastWantedHeight: height });
    else if (height - entry.lastWantedHeight < REMEMBERED_BLOCKS) entries.set(key, entry);
  }
  for (const [key, rate] of rates) {
    const known = entries.get(key);
    const { txid: id, vout } = must(outPoints.get(key), 'the outpoint');
    const fresh = { outPoint: { txid: id, vout }, sinceHeight: height, lastWantedHeight: height };
    entries.set(key, { ...(known ?? fresh), feeratePerKw: feeratePerKw(Math.max(rate, known?.feeratePerKw ?? 0)) });
  }
  // Kept for a reorg, unless something newer spends the same.
  const spent = new Set(published.flatMap(({ outPoints: taken, coins }) => keysOf([...taken, ...coins])));
  const remembered = state.published.filter(
    (sweep) =>
      !keysOf([...sweep.outPoints, ...sweep.coins]).some((key) => spent.has(key)) &&
      keysOf(sweep.outPoints).some((key) => entries.has(key)),
  );
  return { entries, published: [...published, ...remembered] };
}
