import { type Result, err, ok } from '../lib/result.ts';
import { type Sat, sat } from '../lib/units.ts';
import { dustLimitSat } from '../bitcoin/script.ts';
import { selectInputs } from '../bitcoin/signer.ts';
import { type TxOutput, txid } from '../bitcoin/transaction.ts';
import type { Coin } from './ledger.ts';
import {
  SEQUENCE_FINAL_ID,
  SEQUENCE_REPLACEABLE,
  dustFault,
  feeAtRate,
  feerateFault,
  inputVsize,
  limitFault,
  settlePlan,
  sizeOf,
} from './plan.ts';
import type { PlanFault, PlanShape, TransactionPlan } from './plan.ts';

/** More inputs than this do not fit into a standard transaction. */
const MAX_INPUTS = 1400;
/** Enough for nearly every payment, and selected from in a moment. */
const FIRST_LOOK = 200;

interface Terms {
  /** What may be spent: see `spendableCoins`. */
  readonly coins: readonly Coin[];
  /** Any fraction, 1 to 1000. */
  readonly feerateSatPerVb: number;
  readonly changeScript: Uint8Array;
  /** Height of the best block: the transaction is valid from the next one on, so that nobody gains by mining an old block anew. */
  readonly tipHeight: number;
  /** 32 random bytes. */
  readonly entropy: Uint8Array;
  /** What must stay spendable afterwards; nothing when left out. */
  readonly reserveSat?: Sat;
  /** The user has seen that the fee is over a tenth of the amount. */
  readonly acceptsHighFee?: boolean;
}

export interface SendRequest extends Terms {
  readonly outputs: readonly TxOutput[];
  /** Spends all coins and sends what outputs and fee leave to this script. */
  readonly sweepTo?: Uint8Array;
  /** Spends all coins, the user having chosen them; what is left is change. */
  readonly spendAll?: boolean;
}

/** Pays `outputs`, or sweeps. The plan is data: sign it with `signPlan`, or drop it. */
export function planSend(request: SendRequest): Result<TransactionPlan, PlanFault> {
  return plan(request, SEQUENCE_REPLACEABLE);
}

function plan(request: SendRequest, sequence: number): Result<TransactionPlan, PlanFault> {
  const { coins, outputs, sweepTo, feerateSatPerVb, changeScript, tipHeight, entropy } = request;
  if (outputs.length === 0 && !sweepTo) return err({ code: 'no_outputs' });
  const refused = feerateFault(feerateSatPerVb) ?? dustFault(outputs);
  if (refused) return err(refused);
  const shape: PlanShape = {
    outputs, sequence, entropy, locktime: tipHeight,
    rest: sweepTo ? { kind: 'sweep', script: sweepTo } : { kind: 'change', script: changeScript },
    feeAt: (vsize) => feeAtRate(feerateSatPerVb, vsize),
  }; // prettier-ignore
  const worthwhile = coins.filter((coin) => Number(coin.amountSat) > inputVsize(coin) * feerateSatPerVb);
  const selected =
    sweepTo || request.spendAll ? worthwhile : (selectCoins(worthwhile, shape, feerateSatPerVb) ?? worthwhile);
  const planned = settlePlan(selected, shape);
  if (!planned.ok) return planned;
  const spendableSat = sat(coins.reduce((sum, { amountSat }) => sum + amountSat, 0n));
  const fault = limitFault(planned.value, {
    spendableSat,
    reserveSat: request.reserveSat ?? sat(0n),
    acceptsHighFee: request.acceptsHighFee === true,
  });
  return fault ? err(fault) : planned;
}

const byAmountDown = (a: Coin, b: Coin): number => (a.amountSat < b.amountSat ? 1 : a.amountSat > b.amountSat ? -1 : 0);

/** Undefined when all of them are not enough. */
function selectCoins(coins: readonly Coin[], shape: PlanShape, feerateSatPerVb: number): readonly Coin[] | undefined {
  const biggest = coins.toSorted(byAmountDown);
  const outSat = shape.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  for (const count of [FIRST_LOOK, MAX_INPUTS]) {
    const candidates = biggest.slice(0, count);
    const totalSat = candidates.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    if (totalSat < outSat) continue;
    const selected = selectInputs({
      candidates, outputs: shape.outputs, feerateSatPerVb, changeScript: shape.rest.script, dustSat: dustLimitSat(shape.rest.script),
    }); // prettier-ignore
    if (selected) return selected;
    if (candidates.length === coins.length) return undefined;
  }
  return undefined;
}

export interface FundingRequest extends Terms {
  /** Output script of the channel's 2-of-2 (BOLT 3, "Funding Transaction Output"). */
  readonly fundingScript: Uint8Array;
  /** `all`: whatever the coins leave after the fee. */
  readonly amountSat: Sat | 'all';
}

export interface FundingPlan extends TransactionPlan {
  /** Known before anything is signed (segwit); hold the signed transaction back until the peer's signature is stored. */
  readonly txid: string;
  readonly vout: number;
  readonly fundingSat: Sat;
}

/** A channel's funding transaction: reserve its coins, then sign with `signPlan` once the peer's signature is durable. */
export function planFunding({ fundingScript, amountSat, ...terms }: FundingRequest): Result<FundingPlan, PlanFault> {
  const request: SendRequest =
    amountSat === 'all'
      ? { ...terms, outputs: [], sweepTo: fundingScript }
      : { ...terms, outputs: [{ script: fundingScript, amountSat }] };
  const planned = plan(request, SEQUENCE_FINAL_ID);
  if (!planned.ok) return planned;
  const { unsigned, changeVout } = planned.value;
  const vout = unsigned.outputs.findIndex((_, index) => index !== changeVout);
  return ok({ ...planned.value, vout, txid: txid(unsigned), fundingSat: unsigned.outputs[vout]!.amountSat });
}

/** What a sweep of these coins would deliver to a script: the most that can be sent. */
export function maxSendableSat(coins: readonly Coin[], script: Uint8Array, feerateSatPerVb: number): Sat {
  const worthwhile = coins.filter((coin) => Number(coin.amountSat) > inputVsize(coin) * feerateSatPerVb);
  const shape: PlanShape = {
    outputs: [], rest: { kind: 'sweep', script }, feeAt: (vsize) => feeAtRate(feerateSatPerVb, vsize), sequence: SEQUENCE_REPLACEABLE,
    locktime: 0, entropy: new Uint8Array(32),
  }; // prettier-ignore
  const { feeSat } = sizeOf(worthwhile, [{ script, amountSat: sat(0n) }], shape);
  const leftSat = worthwhile.reduce((sum, { amountSat }) => sum + amountSat, 0n) - feeSat;
  return sat(leftSat < dustLimitSat(script) ? 0n : leftSat);
}
