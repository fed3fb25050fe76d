import { type Result, err } from '../lib/result.ts';
import { type Sat, maxBigint } from '../lib/units.ts';
import { type TxOutput, outPointKey, sameOutPoint, virtualSize } from '../bitcoin/transaction.ts';
import type { Coin, Ledger } from './ledger.ts';
import { SEQUENCE_REPLACEABLE, feeAtRate, feerateFault, settlePlan } from './plan.ts';
import type { PlanFault, PlanShape, TransactionPlan } from './plan.ts';
import type { OwnTransaction } from './state.ts';

/** What a replacement pays for its own relay on top of all that it replaces (Bitcoin Core's default). */
export const INCREMENTAL_RELAY_SAT_PER_VB = 1;
/** Coins that a replacement may add. */
const MAX_ADDED_COINS = 50;

export type BumpFault =
  | PlanFault
  | { readonly code: 'already_confirmed' }
  /** Ours only: something was built on top, which a replacement would undo. A child can pay instead. */
  | { readonly code: 'has_descendants'; readonly txid: string }
  /** It spends or did not offer what we can replace. */
  | { readonly code: 'not_replaceable' }
  /** The rate must be above this one. */
  | { readonly code: 'feerate_not_higher'; readonly currentSatPerVb: number };

export interface BumpRequest {
  readonly own: OwnTransaction;
  readonly ledger: Ledger;
  /** Unspent coins that may join: confirmed ones only are used (BIP 125, rule 2). */
  readonly coins: readonly Coin[];
  readonly feerateSatPerVb: number;
  /** Where change goes when the original has none. */
  readonly changeScript: Uint8Array;
  readonly entropy: Uint8Array;
  /** An output that may become smaller to pay the fee, such as that of a sweep; change is used when left out. */
  readonly shrinkVout?: number;
}

/**
 * A replacement of our own unconfirmed transaction that pays the same outputs from less change, or from more coins
 * (BIP 125; rules 3 and 4: the old fee, and relay for its own size on top).
 */
export function planReplacement(request: BumpRequest): Result<TransactionPlan, BumpFault> {
  const { own, ledger, feerateSatPerVb, entropy } = request;
  const fault = feerateFault(feerateSatPerVb) ?? replacementFault(request);
  if (fault) return err(fault);
  const originals = own.tx.inputs.map((input) => ledger.coins.get(outPointKey(input)));
  if (originals.includes(undefined)) return err({ code: 'not_replaceable' });
  const spent = originals as readonly Coin[];
  const { payments, rest } = splitOutputs(request);
  const shape: PlanShape = {
    outputs: payments, rest, entropy, sequence: SEQUENCE_REPLACEABLE, locktime: own.tx.locktime,
    feeAt: (vsize) => maxBigint(feeAtRate(feerateSatPerVb, vsize), own.feeSat + feeAtRate(INCREMENTAL_RELAY_SAT_PER_VB, vsize)),
  }; // prettier-ignore
  const extra = request.coins
    .filter((coin) => coin.height !== undefined && !spent.some((original) => sameOutPoint(original, coin)))
    .toSorted((a, b) => (a.amountSat < b.amountSat ? 1 : a.amountSat > b.amountSat ? -1 : 0))
    .slice(0, MAX_ADDED_COINS);
  let planned: Result<TransactionPlan, PlanFault> = settlePlan(spent, shape);
  for (let count = 1; !planned.ok && planned.error.code === 'insufficient_funds' && count <= extra.length; count++) {
    planned = settlePlan([...spent, ...extra.slice(0, count)], shape);
  }
  return planned;
}

function replacementFault({ own, ledger, feerateSatPerVb }: BumpRequest): BumpFault | undefined {
  const standing = ledger.transactions.find(({ facts }) => facts.txid === own.txid);
  if (!standing) return { code: 'not_replaceable' };
  if (standing.height !== undefined) return { code: 'already_confirmed' };
  // A channel's funding transaction keeps its id: what hangs on it is signed already.
  if (own.tx.inputs.some(({ sequence }) => sequence > SEQUENCE_REPLACEABLE)) return { code: 'not_replaceable' };
  const outputs = new Set(own.tx.outputs.map((_, vout) => outPointKey({ txid: own.txid, vout })));
  const child = ledger.transactions.find(({ facts }) => facts.inputKeys.some((key) => outputs.has(key)));
  if (child) return { code: 'has_descendants', txid: child.facts.txid };
  const currentSatPerVb = Number(own.feeSat) / virtualSize(own.tx);
  return feerateSatPerVb > currentSatPerVb ? undefined : { code: 'feerate_not_higher', currentSatPerVb };
}

/** Change is what came back to a change address of ours. */
function splitOutputs({
  own,
  ledger,
  changeScript,
  shrinkVout,
}: BumpRequest): Pick<PlanShape, 'rest'> & { readonly payments: readonly TxOutput[] } {
  const isChange = (vout: number): boolean =>
    ledger.coins.get(outPointKey({ txid: own.txid, vout }))?.path.branch === 'change';
  const restVout = shrinkVout ?? own.tx.outputs.findIndex((_, vout) => isChange(vout));
  return {
    payments: own.tx.outputs.filter((_, vout) => vout !== restVout),
    rest: {
      kind: shrinkVout === undefined ? 'change' : 'sweep',
      script: own.tx.outputs[restVout]?.script ?? changeScript,
    },
  };
}

export interface ChildRequest {
  /** Unspent outputs of ours of the unconfirmed parent. */
  readonly parentCoins: readonly Coin[];
  readonly parentVsize: number;
  /** Zero when it is not known: the child then pays for both alone. */
  readonly parentFeeSat: Sat;
  /** For parent and child together. */
  readonly feerateSatPerVb: number;
  /** An address of ours that takes what is left. */
  readonly toScript: Uint8Array;
  readonly tipHeight: number;
  readonly entropy: Uint8Array;
}

/** A child that spends the parent's outputs to ourselves and pays so much that both have the rate asked for (CPFP). */
export function planChild(request: ChildRequest): Result<TransactionPlan, PlanFault> {
  const { parentCoins, parentVsize, parentFeeSat, feerateSatPerVb, toScript, tipHeight, entropy } = request;
  const fault = feerateFault(feerateSatPerVb);
  if (fault) return err(fault);
  return settlePlan(parentCoins, {
    outputs: [], entropy, sequence: SEQUENCE_REPLACEABLE, locktime: tipHeight,
    rest: { kind: 'sweep', script: toScript },
    feeAt: (vsize) => maxBigint(feeAtRate(feerateSatPerVb, parentVsize + vsize) - parentFeeSat, feeAtRate(1, vsize)),
  }); // prettier-ignore
}
