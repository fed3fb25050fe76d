import { sha256 } from '../crypto/hash.ts';
import { equal, equalConstantTime } from '../lib/bytes.ts';
import { unreachable } from '../lib/result.ts';
import { msat } from '../lib/units.ts';
import { beginPayment } from './begin.ts';
import { type Step, advance, merged, openParts, progress } from './advance.ts';
import { type ReadFailure, learn, readRemoval } from './failure.ts';
import type { OutgoingAction, OutgoingCommand, OutgoingContext, OutgoingPart, OutgoingPayment, PartFailure } from './outgoing-types.ts';
import { onionOf, referenceOf } from './part.ts';
import { feeOf } from './plan.ts';

export type OutgoingState = OutgoingPayment | undefined;
export type OutgoingStep = readonly [OutgoingState, readonly OutgoingAction[]];

/**
 * One payment of ours (BOLT 4, "Basic Multi-Part Payments", the writer), by payment hash; undefined before the first
 * `pay`. The interpreter makes a step's `store` durable, in one commit with the channel's step that caused it, before
 * anything else of it happens; after a restart it gives `reconcile` first.
 */
export function transition(state: OutgoingState, command: OutgoingCommand, ctx: OutgoingContext): OutgoingStep {
  if (command.kind === 'pay') return beginPayment(state, command, ctx);
  if (!state) return [state, []];
  switch (command.kind) {
    case 'htlc_offered':
      return offered(state, command.reference, command.id);
    case 'htlc_refused': {
      const part = state.parts.find(({ partId }) => referenceOf(state.paymentHash, partId) === command.reference);
      return part?.status === 'pending' ? partFailed(state, part, { kind: 'refused', fault: command.fault.code }, ctx) : [state, []];
    }
    case 'htlc_fulfilled':
      return fulfilled(state, partWith(state, command), command.paymentPreimage, ctx);
    case 'htlc_failed': {
      const part = partWith(state, command);
      return part?.status === 'offered' ? returned(state, part, readRemoval(state, part, command.removal), ctx) : [state, []];
    }
    case 'htlc_dropped': {
      const part = partWith(state, command);
      // Its id goes to another HTLC now.
      return part?.status === 'offered' ? partFailed(state, { ...part, htlcId: undefined }, { kind: 'never_committed' }, ctx) : [state, []];
    }
    case 'htlc_resolved_on_chain': {
      const part = partWith(state, command);
      if (command.outcome.kind === 'fulfilled') return fulfilled(state, part, command.outcome.paymentPreimage, ctx);
      return part?.status === 'offered' ? partFailed(state, part, { kind: 'timed_out_on_chain' }, ctx) : [state, []];
    }
    case 'reconcile':
      return reconciled(state, command.openHtlcs, ctx);
    case 'tick':
      return advance([state, []], ctx);
    case 'cancel':
      if (state.status !== 'pending' || state.giveUp) return [state, []];
      return advance([{ ...state, giveUp: { reason: 'cancelled', part: undefined } }, [{ kind: 'store' }]], ctx);
    default:
      return unreachable(command);
  }
}

const partWith = (state: OutgoingPayment, htlc: { readonly channelNumber: number; readonly id: bigint }): OutgoingPart | undefined =>
  state.parts.find(({ channelNumber, htlcId }) => channelNumber === htlc.channelNumber && htlcId === htlc.id);

const withPart = (state: OutgoingPayment, part: OutgoingPart): OutgoingPayment => ({
  ...state,
  parts: state.parts.map((one) => (one.partId === part.partId ? part : one)),
});

function offered(state: OutgoingPayment, reference: string, id: bigint): OutgoingStep {
  const part = state.parts.find(({ partId }) => referenceOf(state.paymentHash, partId) === reference);
  if (part?.status !== 'pending') return [state, []];
  return [withPart(state, { ...part, status: 'offered', htlcId: id }), [{ kind: 'store' }]];
}

/** A preimage is final at once, whatever the other parts do, and whatever we believed of this one. */
function fulfilled(state: OutgoingPayment, part: OutgoingPart | undefined, paymentPreimage: Uint8Array, ctx: OutgoingContext): OutgoingStep {
  if (!part || part.status === 'fulfilled') return [state, []];
  const reference = referenceOf(state.paymentHash, part.partId);
  if (!equalConstantTime(sha256(paymentPreimage), state.paymentHash)) return [state, [{ kind: 'alarm', code: 'invalid_preimage', reference }]];
  const first = state.status !== 'succeeded';
  const paid = withPart(state, { ...part, status: 'fulfilled', failure: undefined });
  const next: OutgoingPayment = { ...paid, status: 'succeeded', paymentPreimage, failure: undefined, giveUp: undefined, completedAtMs: state.completedAtMs !== undefined && !first ? state.completedAtMs : ctx.nowMs };
  const feeMsat = feePaidMsat(next);
  const actions: OutgoingAction[] = [
    { kind: 'store' },
    { kind: 'journal', event: { kind: 'part_fulfilled', partId: part.partId, amountMsat: part.amountMsat, feeMsat: part.feeMsat } },
  ];
  if (part.status === 'failed') actions.push({ kind: 'alarm', code: 'fulfilled_after_failure', reference });
  if (part.feeMsat > 0n) actions.push({ kind: 'ledger', reason: 'routing_fee', amountMsat: part.feeMsat, reference });
  if (first) {
    actions.push(
      { kind: 'journal', event: { kind: 'payment_succeeded', amountMsat: next.amountMsat, feeMsat } },
      { kind: 'event', event: { kind: 'succeeded', paymentPreimage, amountMsat: next.amountMsat, feeMsat } },
    );
  } else actions.push(progress(next));
  return [next, actions];
}

/** What routing has cost so far: of the parts that were fulfilled. */
export const feePaidMsat = (state: OutgoingPayment) => feeOf(state.parts.filter(({ status }) => status === 'fulfilled'));

const journalOf = (partId: number, failure: PartFailure): OutgoingAction => ({
  kind: 'journal',
  event: {
    kind: 'part_failed',
    partId,
    what: failure.kind === 'refused' ? failure.fault : failure.kind,
    failureCode: 'failureCode' in failure ? failure.failureCode : undefined,
    hop: failure.kind === 'returned' ? failure.hop : undefined,
  },
});

const ended = (state: OutgoingPayment, part: OutgoingPart, failure: PartFailure): Step => [
  withPart(state, { ...part, status: 'failed', failure }),
  [{ kind: 'store' }, journalOf(part.partId, failure)],
];

function partFailed(state: OutgoingPayment, part: OutgoingPart, failure: PartFailure, ctx: OutgoingContext): OutgoingStep {
  const [next, actions] = ended(state, part, failure);
  return advance([failure.kind === 'refused' ? limitChannel(next, part, failure.fault) : next, actions], ctx);
}

const AMOUNT_FAULTS: readonly string[] = ['insufficient_balance', 'in_flight_exceeded', 'dust_exposure_exceeded'];

/** Half of what was refused where the amount was the matter, nothing otherwise: retries come to an end. */
function limitChannel(state: OutgoingPayment, part: OutgoingPart, fault: string): OutgoingPayment {
  const limitMsat = msat(AMOUNT_FAULTS.includes(fault) ? (part.amountMsat + part.feeMsat) / 2n : 0n);
  const others = state.channelLimits.filter(({ channelNumber }) => channelNumber !== part.channelNumber);
  return { ...state, channelLimits: [...others, { channelNumber: part.channelNumber, limitMsat }] };
}

function returned(state: OutgoingPayment, part: OutgoingPart, read: ReadFailure, ctx: OutgoingContext): OutgoingStep {
  const [next, actions] = ended(state, part, read.failure);
  const { routes, refusedByPayee, waitForParts } = learn(state, part, read, ctx.network);
  const giveUp = next.giveUp ?? (refusedByPayee ? { reason: 'refused_by_payee' as const, part: read.failure } : undefined);
  return advance([{ ...next, routes, giveUp, waitForParts: next.waitForParts || waitForParts }, actions], ctx);
}

/**
 * After a restart. A part without HTLC may be in a channel all the same, when its answer was lost: its onion tells. If
 * no channel holds it, it was never committed. An HTLC that we knew and no channel holds has ended unseen: then nobody
 * can say that paying again would be paying once.
 */
function reconciled(state: OutgoingPayment, openHtlcs: Extract<OutgoingCommand, { kind: 'reconcile' }>['openHtlcs'], ctx: OutgoingContext): OutgoingStep {
  let step: Step = [state, []];
  for (const part of openParts(state)) {
    const [now, actions] = step;
    const inChannel = openHtlcs.filter(({ channelNumber }) => channelNumber === part.channelNumber);
    if (part.htlcId === undefined) {
      const onion = onionOf(state, part);
      const found = onion.ok ? inChannel.find(({ onionRoutingPacket }) => equal(onionRoutingPacket, onion.value.packet)) : undefined;
      const [next, more]: OutgoingStep = found ? offered(now, referenceOf(state.paymentHash, part.partId), found.id) : ended(now, part, { kind: 'never_committed' });
      step = [next ?? now, merged(actions, more)];
    } else if (!inChannel.some(({ id }) => id === part.htlcId)) {
      const [next, more] = ended(now, part, { kind: 'vanished' });
      const alarm: OutgoingAction = { kind: 'alarm', code: 'part_vanished', reference: referenceOf(state.paymentHash, part.partId) };
      step = [{ ...next, giveUp: { reason: 'outcome_unknown', part: { kind: 'vanished' } } }, merged(actions, [...more, alarm])];
    }
  }
  return advance(step, ctx);
}

