import { type FeeratePerKw, floorSat, type Msat, type Sat, sat } from '../lib/units.ts';
import { must } from '../lib/result.ts';
import { toDer } from '../bitcoin/der.ts';
import { SIGHASH_ALL, SIGHASH_SINGLE_ANYONECANPAY } from '../bitcoin/sighash.ts';
import {
  type Tx,
  type TxInput,
  type TxOutput,
  txidFromBytes,
  unsignedInput,
  withWitness,
} from '../bitcoin/transaction.ts';
import { outPointBytes, serializeOutputs, type SingleInputTx, singleInputSighash } from './single-input.ts';
import { type ChannelType, htlcFeeSat } from './weights.ts';

export interface Htlc {
  /** From the view of the commitment's owner. */
  readonly direction: 'offered' | 'received';
  readonly id: bigint;
  readonly amountMsat: Msat;
  /** 32 bytes. */
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
}

export interface TrimParams {
  readonly channelType: ChannelType;
  /** Of the commitment's owner. */
  readonly dustLimitSat: Sat;
  readonly feeratePerKw: FeeratePerKw;
}

/** Least amount of an HTLC that gets an output (BOLT 3, "Trimmed Outputs"). */
export const trimThresholdSat = (
  direction: Htlc['direction'],
  { channelType, dustLimitSat, feeratePerKw }: TrimParams,
): Sat => sat(dustLimitSat + htlcFeeSat(channelType, direction, feeratePerKw));

/** Whether what its HTLC transaction would pay is under the owner's dust limit, so that it has no output. */
export const isTrimmed = (htlc: Pick<Htlc, 'direction' | 'amountMsat'>, params: TrimParams): boolean =>
  floorSat(htlc.amountMsat) < trimThresholdSat(htlc.direction, params);

/** The unsigned HTLC-timeout (offered) or HTLC-success (received) transaction of an output of a commitment. */
export interface HtlcTransaction {
  readonly htlc: Htlc;
  /** Index of the commitment's output that it spends. */
  readonly vout: number;
  readonly tx: Tx;
  /** Of the output being spent. */
  readonly witnessScript: Uint8Array;
  /** Of the output being spent. */
  readonly amountSat: Sat;
  /** What the other party signs: ALL, or SINGLE|ANYONECANPAY with anchors, so that inputs and outputs may be added. */
  readonly remoteSighash: Uint8Array;
  /** What the owner signs when the transaction goes out as it is: ALL. */
  readonly localSighash: Uint8Array;
}

/** What the HTLC transactions of one commitment share. */
export interface HtlcTransactionContext {
  readonly channelType: ChannelType;
  readonly feeratePerKw: FeeratePerKw;
  /** Of the commitment transaction, in wire order; asked for when the first transaction is needed. */
  readonly commitmentTxidBytes: () => Uint8Array;
  /** P2WSH of the delayed script. */
  readonly outputScript: Uint8Array;
}

export const remoteHtlcSighashType = (channelType: ChannelType): number =>
  channelType === 'anchors' ? SIGHASH_SINGLE_ANYONECANPAY : SIGHASH_ALL;

interface SpentHtlcOutput {
  readonly htlc: Htlc;
  readonly vout: number;
  readonly witnessScript: Uint8Array;
  readonly amountSat: Sat;
}

/** BOLT 3, "HTLC-Timeout and HTLC-Success Transactions". Bytes and hashes are made when they are first asked for. */
export function htlcTransaction(context: HtlcTransactionContext, spent: SpentHtlcOutput): HtlcTransaction {
  const { channelType, feeratePerKw, outputScript } = context;
  const { htlc, vout, witnessScript, amountSat } = spent;
  const sequence = channelType === 'anchors' ? 1 : 0;
  const locktime = htlc.direction === 'offered' ? htlc.cltvExpiry : 0;
  const output = (): TxOutput => ({
    amountSat: sat(amountSat - htlcFeeSat(channelType, htlc.direction, feeratePerKw)),
    script: outputScript,
  });

  let parts: SingleInputTx | undefined;
  const sighashOf = (sighashType: number): Uint8Array => {
    parts ??= {
      outPointBytes: outPointBytes(context.commitmentTxidBytes(), vout),
      sequence,
      outputCount: 1,
      outputBytes: serializeOutputs([output()]),
      locktime,
    };
    return singleInputSighash(parts, spent, sighashType);
  };
  let tx: Tx | undefined;
  let localSighash: Uint8Array | undefined;
  let remoteSighash: Uint8Array | undefined;
  return {
    htlc,
    vout,
    witnessScript,
    amountSat,
    get tx() {
      tx ??= {
        version: 2,
        inputs: [unsignedInput({ txid: txidFromBytes(context.commitmentTxidBytes()), vout }, sequence)],
        outputs: [output()],
        locktime,
      };
      return tx;
    },
    get localSighash() {
      localSighash ??= sighashOf(SIGHASH_ALL);
      return localSighash;
    },
    get remoteSighash() {
      remoteSighash ??= channelType === 'anchors' ? sighashOf(SIGHASH_SINGLE_ANYONECANPAY) : this.localSighash;
      return remoteSighash;
    },
  };
}

export interface HtlcSignatures {
  /** Compact, 64 bytes, SIGHASH_ALL over the transaction as it goes out. */
  readonly localSignature: Uint8Array;
  /** Compact, 64 bytes, as it came in `htlc_signatures`. */
  readonly remoteSignature: Uint8Array;
  /** 32 bytes for a received HTLC, undefined for an offered one. */
  readonly preimage: Uint8Array | undefined;
}

/** Witness of the input that spends the HTLC output (BOLT 3, "HTLC-Timeout and HTLC-Success Transactions"). */
export function htlcWitness(
  { htlc, witnessScript }: Pick<HtlcTransaction, 'htlc' | 'witnessScript'>,
  channelType: ChannelType,
  { localSignature, remoteSignature, preimage }: HtlcSignatures,
): readonly Uint8Array[] {
  return [
    new Uint8Array(0),
    toDer(remoteSignature, remoteHtlcSighashType(channelType)),
    toDer(localSignature, SIGHASH_ALL),
    htlc.direction === 'received' ? must(preimage, 'preimage of a received HTLC') : new Uint8Array(0),
    witnessScript,
  ];
}

/** The HTLC transaction ready to be sent; with anchors it pays no fee and needs `withFeeInputs` first. */
export function signedHtlcTx(
  htlcTransaction: HtlcTransaction,
  channelType: ChannelType,
  localSignature: Uint8Array,
  remoteSignature: Uint8Array,
  preimage: Uint8Array | undefined,
): Tx {
  const signatures = { localSignature, remoteSignature, preimage };
  return withWitness(htlcTransaction.tx, 0, htlcWitness(htlcTransaction, channelType, signatures));
}

/**
 * With anchors: the HTLC transaction with wallet inputs that pay its fee, and their change. The HTLC's input and output
 * stay at index 0, which is what the other party's SINGLE|ANYONECANPAY signature covers; our own signature is made anew
 * over the whole (BOLT 5, "Generation of HTLC Transactions").
 */
export const withFeeInputs = (
  { tx }: Pick<HtlcTransaction, 'tx'>,
  feeInputs: readonly TxInput[],
  changeOutputs: readonly TxOutput[],
): Tx => ({ ...tx, inputs: [...tx.inputs, ...feeInputs], outputs: [...tx.outputs, ...changeOutputs] });
