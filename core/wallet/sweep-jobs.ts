import { toHex } from '../lib/bytes.ts';
import { must, unreachable } from '../lib/result.ts';
import { dustLimitSat } from '../bitcoin/script.ts';
import { type OutPoint, type Tx, outPointKey, txWeight } from '../bitcoin/transaction.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import { anchorTemplate, claimsTemplate, htlcTemplate, type SweepTemplate } from './sweep-template.ts';
import { feeAtLeast } from '../lib/units.ts';
import { CALM_TARGET_BLOCKS, type Stake } from './sweep-terms.ts';
import type { SweepEntry, SweepInput, SweepReason, SweepState } from './sweep-types.ts';

/** One transaction to be decided on: which outputs, what for, and what it is worth. */
export interface SweepJob {
  readonly reason: SweepReason;
  readonly channelNumbers: readonly number[];
  readonly outPoints: readonly OutPoint[];
  readonly template: SweepTemplate;
  readonly stake: Stake;
  /** Our commitment, when the job is to pay for it. */
  readonly parent: { readonly tx: Tx; readonly weight: number; readonly feeSat: bigint } | undefined;
}

export interface SweepJobs {
  /** By urgency: who comes first has the first choice of coins. */
  readonly jobs: readonly SweepJob[];
  readonly uneconomic: readonly OutPoint[];
}

/** Far under the standard weight, and few enough not to be a prey of one bad input. */
const MAX_BATCH_CLAIMS = 100;

export const isDue = (claim: DesiredClaim, height: number): boolean => claim.earliestHeight <= height + 1;

/** Has its fee from the peer's signature: nothing can be decided about it. */
export const isPresigned = ({ method }: DesiredClaim): boolean =>
  method.kind === 'htlc_tx' && method.channelType === 'static_remotekey';

export function reasonOf({ method }: DesiredClaim): SweepReason {
  if (method.kind === 'htlc_tx')
    return method.htlcTransaction.htlc.direction === 'offered' ? 'htlc_timeout' : 'htlc_success';
  const { kind } = method.claim;
  switch (kind) {
    case 'to_local_delayed':
    case 'to_remote':
      return 'sweep';
    case 'revoked_to_local':
    case 'revoked_htlc':
    case 'revoked_second_stage':
      return 'penalty';
    case 'offered_htlc_timeout_remote':
      return 'htlc_timeout';
    case 'received_htlc_success_remote':
      return 'htlc_success';
    case 'anchor':
      return 'commitment';
    default:
      return unreachable(kind);
  }
}

type Memory = Pick<Stake, 'sinceHeight' | 'lastFeeratePerKw'>;
function memoryOf(entries: readonly (SweepEntry | undefined)[], height: number): Memory {
  const known = entries.filter((entry) => entry !== undefined);
  return {
    sinceHeight: Math.min(height, ...known.map((entry) => entry.sinceHeight)),
    lastFeeratePerKw: Math.max(0, ...known.map((entry) => entry.feeratePerKw)),
  };
}

export function jobsOf(state: SweepState, input: SweepInput): SweepJobs {
  const { height, claims } = input;
  const due = claims.filter((claim) => isDue(claim, height) && !isPresigned(claim));
  const alone = due.filter((claim) => !mayShare(claim));
  const { batches, uneconomic } = batched(due.filter(mayShare), state, input);
  const jobs = [
    ...input.commitments.flatMap((commitment) => commitmentJob(commitment, state, input) ?? []),
    ...alone.map((claim) => claimJob(claim, state, input)),
    ...batches.map((batch) => batchJob(batch, state, input)),
  ];
  return { jobs: jobs.toSorted(byUrgency), uneconomic };
}

const keyOf = ({ outPoints }: SweepJob): string => outPointKey(must(outPoints[0], 'an outpoint'));
const byUrgency = (a: SweepJob, b: SweepJob): number =>
  (a.stake.deadlineHeight ?? Number.MAX_SAFE_INTEGER) - (b.stake.deadlineHeight ?? Number.MAX_SAFE_INTEGER) ||
  Number(b.stake.contested) - Number(a.stake.contested) ||
  (keyOf(a) < keyOf(b) ? -1 : 1);

function commitmentJob(commitment: DesiredCommitment, { entries }: SweepState, input: SweepInput): SweepJob | undefined {
  const { anchor, tx, feeSat, changeScript, channelNumber, deadlineHeight, atStakeSat, lostAtDeadlineSat } = commitment;
  if (!anchor) return undefined;
  const { outPoint } = anchor.claim;
  return {
    reason: 'commitment', channelNumbers: [channelNumber], outPoints: [outPoint], template: anchorTemplate(anchor, changeScript),
    parent: { tx, feeSat, weight: txWeight(tx) },
    stake: {
      kind: 'commitment', valueSat: atStakeSat, lostAtDeadlineSat, keepSat: 0n, deadlineHeight, contested: false,
      ...memoryOf([entries.get(outPointKey(outPoint))], input.height),
    },
  }; // prettier-ignore
}

function claimJob(desired: DesiredClaim, { entries }: SweepState, { height }: SweepInput): SweepJob {
  const { method, amountSat, destinationScript, deadlineHeight, contested, outPoint, channelNumber } = desired;
  const template =
    method.kind === 'claim' ? claimsTemplate([method], destinationScript) : htlcTemplate(method, destinationScript);
  const reason = reasonOf(desired);
  const keepSat = dustLimitSat(must(template.outputs[0]?.script ?? template.rest.script, 'the script that is paid'));
  return {
    reason, template, channelNumbers: [channelNumber], outPoints: [outPoint], parent: undefined,
    stake: {
      kind: reason === 'penalty' ? 'penalty' : 'claim', valueSat: amountSat, lostAtDeadlineSat: amountSat, keepSat, deadlineHeight, contested,
      ...memoryOf([entries.get(outPointKey(outPoint))], height),
    },
  }; // prettier-ignore
}

/** Nobody else can ever spend these, so that one cannot be held up by another. */
const mayShare = ({ method, contested, deadlineHeight }: DesiredClaim): boolean =>
  method.kind === 'claim' && !contested && deadlineHeight === undefined;

/**
 * Batches stay as they went out while all of their outputs are wanted; what is left of others, and what is new, is grouped
 * anew. Only what goes to the same script is taken together: by the script the books know the channel.
 */
function batched(
  claims: readonly DesiredClaim[],
  state: SweepState,
  input: SweepInput,
): { readonly batches: readonly (readonly DesiredClaim[])[]; readonly uneconomic: readonly OutPoint[] } {
  const byKey = new Map(claims.map((claim) => [outPointKey(claim.outPoint), claim]));
  const batches: (readonly DesiredClaim[])[] = [];
  const uneconomic: OutPoint[] = [];
  const add = (group: readonly DesiredClaim[]): void => {
    if (group.length === 0) return;
    const market = Math.max(input.minRelayFeeratePerKw, input.feerateFor(CALM_TARGET_BLOCKS));
    const rate = Math.max(
      market,
      memoryOf(
        group.map(({ outPoint }) => state.entries.get(outPointKey(outPoint))),
        input.height,
      ).lastFeeratePerKw,
    );
    const worth = group.filter((claim) => isWorthItsWeight(claim, rate));
    uneconomic.push(...group.filter((claim) => !worth.includes(claim)).map(({ outPoint }) => outPoint));
    for (let at = 0; at < worth.length; at += MAX_BATCH_CLAIMS) batches.push(worth.slice(at, at + MAX_BATCH_CLAIMS));
  };
  for (const { outPoints } of state.published) {
    const members = outPoints.flatMap((outPoint) => byKey.get(outPointKey(outPoint)) ?? []);
    for (const { outPoint } of members) byKey.delete(outPointKey(outPoint));
    if (members.length === outPoints.length) batches.push(members);
    else if (members.length > 0) add(members);
  }
  const fresh = [...byKey.values()].toSorted((a, b) => (outPointKey(a.outPoint) < outPointKey(b.outPoint) ? -1 : 1));
  for (const group of Map.groupBy(fresh, ({ destinationScript }) => toHex(destinationScript)).values()) add(group);
  return { batches, uneconomic };
}

const isWorthItsWeight = ({ method, amountSat, destinationScript }: DesiredClaim, rate: number): boolean =>
  method.kind === 'claim' &&
  amountSat > feeAtLeast(must(claimsTemplate([method], destinationScript).inputs[0], 'the input').weight, rate);

function batchJob(claims: readonly DesiredClaim[], { entries }: SweepState, { height }: SweepInput): SweepJob {
  const { destinationScript } = must(claims[0], 'a claim');
  const outPoints = claims.map(({ outPoint }) => outPoint);
  return {
    reason: 'sweep', outPoints, parent: undefined,
    channelNumbers: [...new Set(claims.map(({ channelNumber }) => channelNumber))],
    template: claimsTemplate(claims.flatMap(({ method }) => (method.kind === 'claim' ? [method] : [])), destinationScript),
    stake: {
      kind: 'claim', valueSat: claims.reduce((sum, { amountSat }) => sum + amountSat, 0n), lostAtDeadlineSat: 0n, keepSat: dustLimitSat(destinationScript),
      deadlineHeight: undefined, contested: false, ...memoryOf(outPoints.map((outPoint) => entries.get(outPointKey(outPoint))), height),
    },
  }; // prettier-ignore
}
