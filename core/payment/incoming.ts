import { toHex } from '../lib/bytes.ts';
import { ok, unreachable } from '../lib/result.ts';
import { type Msat, msat } from '../lib/units.ts';
import type { Failure } from '../onion/failures.ts';
import { createInvoice } from './create-invoice.ts';
import { failPart, fulfillPart, invoiceExpiresAtMs, judge, unknownDetails } from './final-hop.ts';
import type {
  HtlcSet, IncomingAction, IncomingCommand, IncomingContext, IncomingPayment, IncomingState, IncomingStep, ReceivedPart, SettledPart, Settlement, WaitingPart,
} from './incoming-types.ts'; // prettier-ignore
import { PAYMENT_LIMITS } from './limits.ts';

type Step = readonly [IncomingPayment, readonly IncomingAction[]];
type Received = Extract<IncomingCommand, { kind: 'htlc_received' }>;
interface HtlcKey {
  readonly channelNumber: number;
  readonly id: bigint;
}

/**
 * One invoice of ours and the HTLCs for it (BOLT 4, "Basic Multi-Part Payments", the final node), by payment hash;
 * undefined for a hash that is not ours. The preimage leaves only behind the `store` of the state `settling`.
 */
export function transition(state: IncomingState, command: IncomingCommand, ctx: IncomingContext): IncomingStep {
  switch (command.kind) {
    case 'create':
      return create(state, command.request, ctx);
    case 'htlc_received':
      return received(state, command, ctx);
    case 'htlc_removed':
      return state ? removed(state, command, command.fulfilled) : [state, []];
    case 'reconcile':
      return state ? reconciled(state, command.openHtlcs) : [state, []];
    case 'tick':
      return state ? tick(state, ctx) : [state, []];
    case 'cancel':
      return state?.status === 'open' ? end(state, 'cancelled', ctx) : [state, []];
    default:
      return unreachable(command);
  }
}

function create(state: IncomingState, request: Extract<IncomingCommand, { kind: 'create' }>['request'], ctx: IncomingContext): IncomingStep {
  // The same entropy twice is our own bug: the old invoice must not be overwritten.
  if (state) throw new Error('bug: an invoice with this hash exists');
  const invoice = createInvoice(request, ctx);
  if (!invoice.ok) return [state, [{ kind: 'reply', result: invoice }]];
  const { amountMsat, invoiceText } = invoice.value;
  return [invoice.value, [{ kind: 'store' }, { kind: 'journal', event: { kind: 'invoice_created', amountMsat } }, { kind: 'reply', result: ok(invoiceText) }]];
}

const isPart =
  ({ channelNumber, id }: HtlcKey) =>
  (part: ReceivedPart): boolean =>
    part.channelNumber === channelNumber && part.htlcId === id;

function received(state: IncomingState, command: Received, ctx: IncomingContext): IncomingStep {
  const key = { channelNumber: command.channelNumber, id: command.add.id };
  if (state) {
    const settled = state.settlement?.parts.find(isPart(key));
    if (settled) return [state, settled.status === 'lost' ? [] : [fulfillPart(settled, state.paymentPreimage, ctx.nowMs)]];
    const waiting = state.sets.find(({ parts }) => parts.some(isPart(key)));
    if (waiting) return settleIfComplete(state, toldAgain(waiting, key), ctx, []);
  }
  const judgement = judge(state, command, ctx);
  if (judgement.kind === 'end' || !state) return [state, judgement.kind === 'end' ? [judgement.end] : []];
  const { part, totalMsat } = judgement;
  const set = state.sets.find((one) => one.totalMsat === totalMsat);
  if (!hasRoom(state, set, ctx)) return [state, [failPart(part, { name: 'temporary_node_failure' }, ctx.nowMs)]];
  const told: WaitingPart = { ...part, told: true };
  const grown: HtlcSet = set ? { ...set, parts: [...set.parts, told] } : { totalMsat, firstSeenMs: ctx.nowMs, parts: [told] };
  return settleIfComplete(state, grown, ctx, [{ kind: 'store' }]);
}

const toldAgain = (set: HtlcSet, key: HtlcKey): HtlcSet => ({
  ...set,
  parts: set.parts.map((part) => (isPart(key)(part) ? { ...part, told: true } : part)),
});

/** I-34: what strangers can make us remember is bounded, per invoice and in all. */
function hasRoom(state: IncomingPayment, set: HtlcSet | undefined, ctx: IncomingContext): boolean {
  const parts = state.sets.reduce((sum, one) => sum + one.parts.length, 0);
  if (parts >= PAYMENT_LIMITS.maxPartsPerInvoice) return false;
  return set !== undefined || (state.sets.length < PAYMENT_LIMITS.maxSetsPerInvoice && state.sets.length + ctx.waitingSetsElsewhere < PAYMENT_LIMITS.maxWaitingSets);
}

const withSet = (state: IncomingPayment, set: HtlcSet): IncomingPayment => {
  const known = state.sets.some(({ totalMsat }) => totalMsat === set.totalMsat);
  return { ...state, sets: known ? state.sets.map((one) => (one.totalMsat === set.totalMsat ? set : one)) : [...state.sets, set] };
};

const sumOf = (parts: readonly ReceivedPart[]): Msat => msat(parts.reduce((sum, part) => sum + part.amountMsat, 0n));

/** I-18. Every part must be known to be there: one whose channel has not told of it since the start may be gone. */
const isComplete = ({ parts, totalMsat }: HtlcSet): boolean =>
  parts.every(({ told }) => told) && parts.reduce((sum, part) => sum + part.amtToForwardMsat, 0n) >= totalMsat;

const isLate = ({ parts }: HtlcSet, blockHeight: number): boolean =>
  parts.some(({ cltvExpiry }) => cltvExpiry < blockHeight + PAYMENT_LIMITS.settleMarginBlocks);

function settleIfComplete(before: IncomingPayment, set: HtlcSet, ctx: IncomingContext, waiting: readonly IncomingAction[]): Step {
  const state = withSet(before, set);
  if (isLate(set, ctx.blockHeight)) return failSet(state, set, 'expiry_near', ctx);
  return isComplete(set) ? settle(state, set, ctx) : [state, waiting];
}

function settle(state: IncomingPayment, set: HtlcSet, ctx: IncomingContext): Step {
  const settlement: Settlement = {
    totalMsat: set.totalMsat,
    settledAtMs: ctx.nowMs,
    parts: set.parts.map(({ told: _, ...part }): SettledPart => ({ ...part, status: 'fulfilling' })),
  };
  const receivedMsat = sumOf(set.parts);
  const others = state.sets.filter(({ totalMsat }) => totalMsat !== set.totalMsat).flatMap(({ parts }) => parts);
  return [
    { ...state, status: 'settling', sets: [], settlement },
    [
      { kind: 'store' },
      { kind: 'journal', event: { kind: 'set_settling', totalMsat: set.totalMsat, receivedMsat, parts: set.parts.length } },
      ...set.parts.map((part) => fulfillPart(part, state.paymentPreimage, ctx.nowMs)),
      ...others.map((part) => failPart(part, unknownDetails(part.amountMsat, ctx.blockHeight), ctx.nowMs)),
      { kind: 'event', event: { kind: 'settling', amountMsat: receivedMsat } },
    ],
  ];
}

type SetFailure = 'mpp_timeout' | 'expiry_near' | 'cancelled';

function failSet(state: IncomingPayment, set: HtlcSet, why: SetFailure, ctx: IncomingContext): Step {
  const failureFor = (part: ReceivedPart): Failure => (why === 'cancelled' ? unknownDetails(part.amountMsat, ctx.blockHeight) : { name: 'mpp_timeout' });
  return [
    { ...state, sets: state.sets.filter(({ totalMsat }) => totalMsat !== set.totalMsat) },
    [
      // First on disk that they are no longer counted: a part that failed must never complete a set.
      { kind: 'store' },
      { kind: 'journal', event: { kind: 'set_failed', totalMsat: set.totalMsat, parts: set.parts.length, why } },
      ...set.parts.map((part) => failPart(part, failureFor(part), ctx.nowMs)),
    ],
  ];
}

function tick(before: IncomingPayment, ctx: IncomingContext): Step {
  let step: Step = [before, []];
  for (const set of before.sets) {
    const timedOut = ctx.nowMs - set.firstSeenMs >= PAYMENT_LIMITS.mppTimeoutMs;
    if (!timedOut && !isLate(set, ctx.blockHeight)) continue;
    step = then(step, (state) => failSet(state, set, timedOut ? 'mpp_timeout' : 'expiry_near', ctx));
  }
  const [state] = step;
  const over = state.status === 'open' && state.sets.length === 0 && ctx.nowMs > invoiceExpiresAtMs(state);
  return over ? then(step, (now) => end(now, 'expired', ctx)) : step;
}

/** One `store`, in front. */
function then([state, actions]: Step, next: (state: IncomingPayment) => Step): Step {
  const [after, more] = next(state);
  const all = [...actions, ...more].filter(({ kind }) => kind !== 'store');
  return [after, [{ kind: 'store' }, ...all]];
}

function end(before: IncomingPayment, how: 'expired' | 'cancelled', ctx: IncomingContext): Step {
  let step: Step = [before, []];
  for (const set of before.sets) step = then(step, (state) => failSet(state, set, 'cancelled', ctx));
  return then(step, (state) => [
    { ...state, status: how },
    [{ kind: 'journal', event: { kind: 'invoice_ended', how } }, { kind: 'event', event: { kind: 'ended', how } }],
  ]);
}

function removed(state: IncomingPayment, key: HtlcKey, fulfilled: boolean): Step {
  const part = state.settlement?.parts.find(isPart(key));
  if (state.settlement && part) return part.status === 'fulfilling' ? settledPartEnded(state, state.settlement, part, fulfilled) : [state, []];
  const set = state.sets.find(({ parts }) => parts.some(isPart(key)));
  if (!set) return [state, []];
  const parts = set.parts.filter((one) => !isPart(key)(one));
  const sets = parts.length > 0 ? withSet(state, { ...set, parts }).sets : state.sets.filter((one) => one !== set);
  return [{ ...state, sets }, [{ kind: 'store' }]];
}

function settledPartEnded(state: IncomingPayment, settlement: Settlement, part: SettledPart, fulfilled: boolean): Step {
  const { channelNumber, htlcId, amountMsat } = part;
  const parts = settlement.parts.map((one) => (one === part ? { ...one, status: fulfilled ? ('fulfilled' as const) : ('lost' as const) } : one));
  const actions: IncomingAction[] = [{ kind: 'store' }];
  if (fulfilled) actions.push({ kind: 'ledger', reason: 'invoice_paid', amountMsat, reference: toHex(state.paymentHash) });
  else {
    actions.push(
      { kind: 'journal', event: { kind: 'received_part_lost', channelNumber, htlcId, amountMsat } },
      { kind: 'alarm', code: 'settled_htlc_lost', channelNumber, id: htlcId },
    );
  }
  const next = { ...state, settlement: { ...settlement, parts } };
  if (parts.some(({ status }) => status === 'fulfilling')) return [next, actions];
  const receivedParts = parts.filter(({ status }) => status === 'fulfilled');
  const receivedMsat = sumOf(receivedParts);
  actions.push(
    { kind: 'journal', event: { kind: 'received', receivedMsat, parts: receivedParts.length } },
    { kind: 'event', event: { kind: 'received', amountMsat: receivedMsat } },
  );
  return [{ ...next, status: 'paid' }, actions];
}

/** What no channel holds any more: a waiting part is not counted, a settled one left by its preimage, the only way we gave. */
function reconciled(before: IncomingPayment, openHtlcs: readonly HtlcKey[]): Step {
  const isGone = (part: ReceivedPart): boolean => !openHtlcs.some((key) => isPart(key)(part));
  const keys = [...before.sets.flatMap(({ parts }) => parts), ...(before.settlement?.parts ?? [])].filter(isGone);
  let step: Step = [before, []];
  for (const { channelNumber, htlcId } of keys) {
    const [state, actions] = step;
    const [next, more] = removed(state, { channelNumber, id: htlcId }, true);
    step = more.length > 0 ? then([state, actions], () => [next, more]) : step;
  }
  return step;
}
