import { err, ok, type Result } from '../lib/result.ts';
import { compare } from '../lib/bytes.ts';
import { floorSat, type Msat, type Sat, sat } from '../lib/units.ts';
import { dustLimitSat, OP } from '../bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../bitcoin/sighash.ts';
import { type OutPoint, type Tx, type TxOutput, unsignedInput, withWitness } from '../bitcoin/transaction.ts';
import { type FundingSignature, fundingWitness } from './funding.ts';
import { BOLT_SIGNATURE_BYTES, INPUT_WEIGHT, outputWeight, TX_OVERHEAD_WEIGHT, witnessWeight } from './weights.ts';

/** The funding output that a closing transaction spends. */
export interface ClosedFunding {
  readonly fundingOutPoint: OutPoint;
  readonly capacitySat: Sat;
  /** The witness script of the funding output. */
  readonly fundingScript: Uint8Array;
}

export interface ClosingTx {
  /** Unsigned. */
  readonly tx: Tx;
  /** What both parties sign: BIP 143 of the funding input, SIGHASH_ALL. */
  readonly sighash: Uint8Array;
}

export type ClosingFault =
  /** Whoever pays the fee does not have that much. */
  | 'fee_above_balance'
  /** Every output would be dust. */
  | 'no_outputs';

/** Weight of a closing transaction that pays to these scripts, with signatures of 73 bytes. */
export const closingWeight = (scripts: readonly Uint8Array[]): number =>
  TX_OVERHEAD_WEIGHT +
  INPUT_WEIGHT +
  witnessWeight(0, BOLT_SIGNATURE_BYTES, BOLT_SIGNATURE_BYTES, 71) +
  scripts.reduce((sum, script) => sum + outputWeight(script), 0);

function inOutputOrder(a: TxOutput, b: TxOutput): number {
  if (a.amountSat === b.amountSat) return compare(a.script, b.script);
  return a.amountSat < b.amountSat ? -1 : 1;
}

interface ClosingForm {
  readonly sequence: number;
  readonly locktime: number;
  readonly outputs: readonly TxOutput[];
}

function closingTx(funding: ClosedFunding, form: ClosingForm): Result<ClosingTx, ClosingFault> {
  if (form.outputs.length === 0) return err('no_outputs');
  const tx: Tx = {
    version: 2,
    inputs: [unsignedInput(funding.fundingOutPoint, form.sequence)],
    outputs: form.outputs.toSorted(inOutputOrder),
    locktime: form.locktime,
  };
  return ok({ tx, sighash: sighashV0(tx, 0, funding.fundingScript, funding.capacitySat, SIGHASH_ALL) });
}

export interface LegacyClosingParams extends ClosedFunding {
  readonly localScript: Uint8Array;
  readonly remoteScript: Uint8Array;
  readonly localMsat: Msat;
  readonly remoteMsat: Msat;
  readonly localIsOpener: boolean;
  readonly feeSat: Sat;
  /** That of the party which signs: outputs under it are left out. */
  readonly dustLimitSat: Sat;
}

/** The transaction of `closing_signed` (BOLT 3, "Legacy Closing Transaction"). */
export function legacyClosingTx(params: LegacyClosingParams): Result<ClosingTx, ClosingFault> {
  const { localIsOpener, feeSat } = params;
  const localSat = floorSat(params.localMsat) - (localIsOpener ? feeSat : 0n);
  const remoteSat = floorSat(params.remoteMsat) - (localIsOpener ? 0n : feeSat);
  if (localSat < 0n || remoteSat < 0n) return err('fee_above_balance');
  const outputs = [
    { amountSat: sat(localSat), script: params.localScript },
    { amountSat: sat(remoteSat), script: params.remoteScript },
  ].filter(({ amountSat }) => amountSat > 0n && amountSat >= params.dustLimitSat);
  return closingTx(params, { sequence: 0xffff_ffff, locktime: 0, outputs });
}

/** Which outputs a transaction of `option_simple_close` has, by the names of BOLT 2's TLVs. */
export type ClosingVariant = 'closer_output_only' | 'closee_output_only' | 'closer_and_closee_outputs';

/** The closer sends `closing_complete` and pays the fee. */
export interface SimpleClosingParams extends ClosedFunding {
  readonly closerScript: Uint8Array;
  readonly closeeScript: Uint8Array;
  readonly closerMsat: Msat;
  readonly closeeMsat: Msat;
  readonly feeSat: Sat;
  readonly locktime: number;
}

const isOpReturn = (script: Uint8Array): boolean => script[0] === OP.RETURN;

// An OP_RETURN output that held anything would not relay.
const payment = (amountSat: bigint, script: Uint8Array): TxOutput => ({
  amountSat: sat(isOpReturn(script) ? 0n : amountSat),
  script,
});

function simpleOutputs(
  params: SimpleClosingParams,
): { readonly closer: TxOutput; readonly closee: TxOutput } | undefined {
  const closerSat = floorSat(params.closerMsat) - params.feeSat;
  if (closerSat < 0n) return undefined;
  return {
    closer: payment(closerSat, params.closerScript),
    closee: payment(floorSat(params.closeeMsat), params.closeeScript),
  };
}

/** One transaction of `closing_complete` (BOLT 3, "Closing Transaction"); dust is not judged here. */
export function simpleClosingTx(params: SimpleClosingParams, variant: ClosingVariant): Result<ClosingTx, ClosingFault> {
  const both = simpleOutputs(params);
  if (!both) return err('fee_above_balance');
  const outputs = {
    closer_output_only: [both.closer],
    closee_output_only: [both.closee],
    closer_and_closee_outputs: [both.closer, both.closee],
  }[variant];
  return closingTx(params, { sequence: 0xffff_fffd, locktime: params.locktime, outputs });
}

const isDust = ({ amountSat, script }: TxOutput): boolean => amountSat < dustLimitSat(script);

/**
 * The variants that the closer signs (BOLT 2, "Closing Negotiation: closing_complete and closing_sig"): who has less may
 * drop the own output and must when it is dust; who has at least as much offers the other a way to drop theirs.
 */
export function closerVariants(params: SimpleClosingParams): Result<readonly ClosingVariant[], ClosingFault> {
  const outputs = simpleOutputs(params);
  if (!outputs) return err('fee_above_balance');
  if (isDust(outputs.closer) && isDust(outputs.closee)) return err('no_outputs');
  if (params.closerMsat < params.closeeMsat) {
    return ok(isDust(outputs.closer) ? ['closee_output_only'] : ['closer_and_closee_outputs']);
  }
  return ok(isDust(outputs.closee) ? ['closer_output_only'] : ['closer_output_only', 'closer_and_closee_outputs']);
}

/** The variant that the closee signs of those present in `closing_complete`; undefined when the right one is missing. */
export function closeeVariant(
  params: SimpleClosingParams,
  present: readonly ClosingVariant[],
): ClosingVariant | undefined {
  const closee = payment(floorSat(params.closeeMsat), params.closeeScript);
  const wanted = isDust(closee)
    ? 'closer_output_only'
    : present.includes('closer_and_closee_outputs')
      ? 'closer_and_closee_outputs'
      : 'closee_output_only';
  return present.includes(wanted) ? wanted : undefined;
}

/** Ready to be sent. */
export const signedClosingTx = (
  { tx }: Pick<ClosingTx, 'tx'>,
  { fundingScript }: Pick<ClosedFunding, 'fundingScript'>,
  one: FundingSignature,
  two: FundingSignature,
): Tx => withWitness(tx, 0, fundingWitness(fundingScript, one, two));
