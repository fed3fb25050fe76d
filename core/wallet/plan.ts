import { type Result, err, ok } from '../lib/result.ts';
import { type Sat, sat } from '../lib/units.ts';
import { sha256 } from '../crypto/hash.ts';
import { dustLimitSat } from '../bitcoin/script.ts';
import { INPUT_WEIGHT, inputKindOf, signInputs } from '../bitcoin/signer.ts';
import { type Tx, type TxOutput, txWeight, unsignedInput } from '../bitcoin/transaction.ts';
import type { Coin } from './ledger.ts';
import type { WalletKeys } from './keys.ts';

/** Below this nobody relays. */
export const MIN_FEERATE_SAT_PER_VB = 1;
/** A rate above this is a mistake, whatever the user says. */
export const MAX_FEERATE_SAT_PER_VB = 1000;
/** A fee above this share of the amount needs the user's word ... */
export const MAX_FEE_PERCENT = 10n;
/** ... unless it is this small. */
export const HARMLESS_FEE_SAT = 2_000n;
/** Bitcoin Core relays no heavier transaction. */
export const MAX_STANDARD_WEIGHT = 400_000;

/** Says that the transaction may be replaced (BIP 125), and lets the lock time count. */
export const SEQUENCE_REPLACEABLE = 0xffff_fffd;
/** For transactions whose id others rely on: not offered for replacement, but the lock time counts. */
export const SEQUENCE_FINAL_ID = 0xffff_fffe;

export type PlanFault =
  /** `missingSat` more would do, fees included. */
  | { readonly code: 'insufficient_funds'; readonly missingSat: Sat; readonly feeSat: Sat; readonly availableSat: Sat }
  | { readonly code: 'dust_amount'; readonly amountSat: Sat; readonly limitSat: Sat }
  | { readonly code: 'no_outputs' }
  | { readonly code: 'feerate_too_low'; readonly limitSatPerVb: number }
  | { readonly code: 'feerate_too_high'; readonly limitSatPerVb: number }
  /** Over `MAX_FEE_PERCENT` of the amount: ask, then plan again with `acceptsHighFee`. */
  | {
      readonly code: 'fee_share_too_high';
      readonly feeSat: Sat;
      readonly amountSat: Sat;
      readonly limitPercent: number;
    }
  /** What has to stay in the wallet, for closing channels, would not. */
  | { readonly code: 'below_reserve'; readonly remainingSat: Sat; readonly reserveSat: Sat }
  | { readonly code: 'transaction_too_large'; readonly weight: number; readonly limitWeight: number };

/** A transaction that is decided but not signed; its id is final, since all inputs are segwit. */
export interface TransactionPlan {
  readonly unsigned: Tx;
  /** In the order of the inputs. */
  readonly coins: readonly Coin[];
  readonly feeSat: Sat;
  /** Of the signed transaction; a signature that happens to be shorter makes it up to one smaller an input. */
  readonly vsize: number;
  readonly changeVout: number | undefined;
  /** Of all outputs but change. */
  readonly amountSat: Sat;
}

/** Everything that decides the transaction apart from which coins pay for it. */
export interface PlanShape {
  readonly outputs: readonly TxOutput[];
  /** Takes what the outputs and the fee leave. */
  readonly rest: { readonly kind: 'change' | 'sweep'; readonly script: Uint8Array };
  /** Fee in satoshi at a size in vB. */
  readonly feeAt: (vsize: number) => bigint;
  readonly sequence: number;
  readonly locktime: number;
  /** 32 random bytes: they order inputs and outputs, so that the change output cannot be told by its place. */
  readonly entropy: Uint8Array;
}

const sumSat = (of: readonly { readonly amountSat: bigint }[]): bigint =>
  of.reduce((sum, { amountSat }) => sum + amountSat, 0n);

export const feeAtRate = (feerateSatPerVb: number, vsize: number): bigint => BigInt(Math.ceil(feerateSatPerVb * vsize));

export function feerateFault(feerateSatPerVb: number): PlanFault | undefined {
  if (!(feerateSatPerVb >= MIN_FEERATE_SAT_PER_VB))
    return { code: 'feerate_too_low', limitSatPerVb: MIN_FEERATE_SAT_PER_VB };
  if (feerateSatPerVb > MAX_FEERATE_SAT_PER_VB)
    return { code: 'feerate_too_high', limitSatPerVb: MAX_FEERATE_SAT_PER_VB };
  return undefined;
}

export function dustFault(outputs: readonly TxOutput[]): PlanFault | undefined {
  for (const { amountSat, script } of outputs) {
    const limitSat = dustLimitSat(script);
    if (amountSat < limitSat) return { code: 'dust_amount', amountSat, limitSat: sat(limitSat) };
  }
  return undefined;
}

/** Virtual bytes that a coin adds to a transaction. */
export const inputVsize = (coin: { readonly script: Uint8Array }): number => inputWeight(coin.script) / 4;

function inputWeight(script: Uint8Array): number {
  const kind = inputKindOf(script);
  if (!kind) throw new Error('bug: a coin with a script that is not ours');
  return INPUT_WEIGHT[kind];
}

function unsignedTx(coins: readonly Coin[], outputs: readonly TxOutput[], { sequence, locktime }: PlanShape): Tx {
  return { version: 2, inputs: coins.map((coin) => unsignedInput(coin, sequence)), outputs, locktime };
}

/** Weight once signed: two for the segwit marker, and per input what its witness adds to the 41 bytes of its base. */
const signedWeight = (tx: Tx, coins: readonly Coin[]): number =>
  txWeight(tx) + 2 + coins.reduce((sum, { script }) => sum + inputWeight(script) - 41 * 4, 0);

export interface PlanSize {
  readonly weight: number;
  readonly vsize: number;
  readonly feeSat: bigint;
}

export function sizeOf(coins: readonly Coin[], outputs: readonly TxOutput[], shape: PlanShape): PlanSize {
  const weight = signedWeight(unsignedTx(coins, outputs, shape), coins);
  const vsize = Math.ceil(weight / 4);
  return { weight, vsize, feeSat: shape.feeAt(vsize) };
}

/**
 * The transaction that spends exactly these coins. What is left goes to `rest`; change below its dust limit goes to the
 * fee instead, a sweep below it is refused.
 */
export function settlePlan(coins: readonly Coin[], shape: PlanShape): Result<TransactionPlan, PlanFault> {
  const { outputs, rest } = shape;
  const inSat = sumSat(coins);
  const outSat = sumSat(outputs);
  const restLimitSat = dustLimitSat(rest.script);
  const withRest = sizeOf(coins, [...outputs, { amountSat: sat(0n), script: rest.script }], shape);
  const restSat = inSat - outSat - withRest.feeSat;
  if (restSat >= restLimitSat) {
    return finishPlan({ coins, size: withRest, shape, restSat });
  }
  const without = sizeOf(coins, outputs, shape);
  const neededSat = rest.kind === 'sweep' ? outSat + withRest.feeSat + restLimitSat : outSat + without.feeSat;
  if (inSat < neededSat || rest.kind === 'sweep') {
    const feeSat = sat(rest.kind === 'sweep' ? withRest.feeSat : without.feeSat);
    return err({ code: 'insufficient_funds', missingSat: sat(neededSat - inSat), feeSat, availableSat: sat(inSat) });
  }
  return finishPlan({ coins, size: { ...without, feeSat: inSat - outSat }, shape, restSat: undefined });
}

function finishPlan({
  coins,
  size,
  shape,
  restSat,
}: {
  readonly coins: readonly Coin[];
  readonly size: PlanSize;
  readonly shape: PlanShape;
  readonly restSat: bigint | undefined;
}): Result<TransactionPlan, PlanFault> {
  if (size.weight > MAX_STANDARD_WEIGHT) {
    return err({ code: 'transaction_too_large', weight: size.weight, limitWeight: MAX_STANDARD_WEIGHT });
  }
  const rest = restSat === undefined ? undefined : { amountSat: sat(restSat), script: shape.rest.script };
  const outputs = shuffled(rest ? [...shape.outputs, rest] : shape.outputs, shape.entropy, 1);
  const orderedCoins = shuffled(coins, shape.entropy, 2);
  const changeVout = rest && shape.rest.kind === 'change' ? outputs.indexOf(rest) : undefined;
  const amountSat = sat(sumSat(outputs) - (changeVout === undefined ? 0n : rest!.amountSat));
  const unsigned = unsignedTx(orderedCoins, outputs, shape);
  return ok({ unsigned, coins: orderedCoins, changeVout, amountSat, feeSat: sat(size.feeSat), vsize: size.vsize });
}

/** Fisher and Yates, with numbers drawn from hashes of the entropy. */
function shuffled<T>(items: readonly T[], entropy: Uint8Array, purpose: number): readonly T[] {
  if (entropy.length !== 32) throw new RangeError('entropy is 32 bytes');
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const drawn = sha256(entropy, Uint8Array.of(purpose, last & 0xff, last >> 8));
    const chosen = ((drawn[0]! << 16) | (drawn[1]! << 8) | drawn[2]!) % (last + 1);
    [order[last], order[chosen]] = [order[chosen]!, order[last]!];
  }
  return order;
}

export interface PlanLimits {
  /** All that could be spent now, also what the plan leaves alone. */
  readonly spendableSat: Sat;
  /** What must remain. */
  readonly reserveSat: Sat;
  readonly acceptsHighFee: boolean;
}

/** The rules that a finished plan must keep before it may be signed. */
export function limitFault(
  plan: TransactionPlan,
  { spendableSat, reserveSat, acceptsHighFee }: PlanLimits,
): PlanFault | undefined {
  const { feeSat, amountSat, vsize } = plan;
  if (feeSat > HARMLESS_FEE_SAT && feeSat * 100n > amountSat * MAX_FEE_PERCENT && !acceptsHighFee) {
    return { code: 'fee_share_too_high', feeSat, amountSat, limitPercent: Number(MAX_FEE_PERCENT) };
  }
  // Dust that joins the fee can lift a small transaction a little over the rate asked for.
  if (Number(feeSat) / vsize > 2 * MAX_FEERATE_SAT_PER_VB)
    return { code: 'feerate_too_high', limitSatPerVb: MAX_FEERATE_SAT_PER_VB };
  const remainingSat = spendableSat - amountSat - feeSat;
  if (remainingSat < reserveSat)
    return { code: 'below_reserve', reserveSat, remainingSat: sat(remainingSat < 0n ? 0n : remainingSat) };
  return undefined;
}

/**
 * Signs every input. `auxRand`: 32 random bytes for Schnorr (BIP 340). The secrets are zeroed afterwards.
 */
export function signPlan(plan: TransactionPlan, keys: Pick<WalletKeys, 'secretOf'>, auxRand: Uint8Array): Tx {
  const privateKeys = plan.coins.map(({ path }) => keys.secretOf(path));
  try {
    return signInputs({ tx: plan.unsigned, spent: plan.coins, privateKeys, auxRand });
  } finally {
    for (const key of privateKeys) key.fill(0);
  }
}
