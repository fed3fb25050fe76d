import { type FeeratePerKw, floorSat, type Msat, type Sat, sat } from '../lib/units.ts';
import { compare } from '../lib/bytes.ts';
import { p2wpkh, p2wsh } from '../bitcoin/script.ts';
import { SIGHASH_ALL } from '../bitcoin/sighash.ts';
import {
  type OutPoint,
  type Tx,
  type TxOutput,
  txidFromBytes,
  unsignedInput,
  withWitness,
} from '../bitcoin/transaction.ts';
import { sha256 } from '../crypto/hash.ts';
import { fundingWitness } from './funding.ts';
import { type Htlc, type HtlcTransaction, htlcTransaction, trimThresholdSat } from './htlc.ts';
import type { CommitmentKeys } from './keys.ts';
import { anchorScript, htlcScripts, toLocalScript, toRemoteAnchorsScript } from './scripts.ts';
import {
  outPointToBytes,
  serializeOutputs,
  type SingleInputTx,
  singleInputSighash,
  txidBytesOf,
} from './single-input.ts';
import { ANCHOR_SAT, anchorsCostSat, type ChannelType, commitmentFeeSat } from './weights.ts';

export { type Htlc, type HtlcTransaction, isTrimmed, signedHtlcTx } from './htlc.ts';
export { anchorsCostSat, type ChannelType, commitmentFeeSat } from './weights.ts';

/** Local is the owner of the commitment: who may broadcast it. */
export interface CommitmentParams {
  readonly channelType: ChannelType;
  readonly fundingOutPoint: OutPoint;
  readonly capacitySat: Sat;
  /** The witness script of the funding output. */
  readonly fundingScript: Uint8Array;
  /** Counts up from 0, under 2^48. */
  readonly commitmentNumber: number;
  readonly obscuringFactor: bigint;
  readonly ownerIsOpener: boolean;
  readonly keys: CommitmentKeys;
  /** The funding keys. */
  readonly anchorPubkeys: { readonly local: Uint8Array; readonly remote: Uint8Array };
  /** What the other party demands of the owner, in blocks. */
  readonly toSelfDelay: number;
  /** The owner's. */
  readonly dustLimitSat: Sat;
  readonly feeratePerKw: FeeratePerKw;
  /** Balances without what is in HTLCs, before fee and anchors. */
  readonly toLocalMsat: Msat;
  readonly toRemoteMsat: Msat;
  readonly htlcs: readonly Htlc[];
}

export interface CommitmentOutput extends TxOutput {
  readonly kind: 'to_local' | 'to_remote' | 'local_anchor' | 'remote_anchor' | 'offered_htlc' | 'received_htlc';
  /** Absent when `to_remote` is P2WPKH. */
  readonly witnessScript?: Uint8Array;
  /** There for both HTLC kinds. */
  readonly htlc?: Htlc;
}

export interface Commitment {
  /** Unsigned. */
  readonly tx: Tx;
  readonly txid: string;
  /** What both parties sign: BIP 143 of the funding input, SIGHASH_ALL. */
  readonly sighash: Uint8Array;
  /** What the transaction pays: the base fee, trimmed outputs and fractions of a satoshi. */
  readonly feeSat: Sat;
  /** In the order of the transaction. */
  readonly outputs: readonly CommitmentOutput[];
  /** In the order of the outputs, which is that of `htlc_signatures`. */
  readonly htlcs: readonly HtlcTransaction[];
}

const LOW_24_BITS = 0xff_ffffn;

/** 48 bits that hide the commitment number from the chain's readers (BOLT 3, "Commitment Transaction"). */
export const obscuringFactor = (openerPaymentBasepoint: Uint8Array, accepterPaymentBasepoint: Uint8Array): bigint =>
  sha256(openerPaymentBasepoint, accepterPaymentBasepoint)
    .subarray(26)
    .reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);

function obscured(commitmentNumber: number, factor: bigint): { readonly locktime: number; readonly sequence: number } {
  const bits = BigInt(commitmentNumber) ^ factor;
  return {
    locktime: 0x2000_0000 + Number(bits & LOW_24_BITS),
    sequence: 0x8000_0000 + Number((bits >> 24n) & LOW_24_BITS),
  };
}

/** Undefined when locktime and sequence do not have a commitment transaction's form, as those of a closing transaction. */
export function commitmentNumberOf(tx: Tx, factor: bigint): number | undefined {
  const [input, another] = tx.inputs;
  if (!input || another || tx.locktime >>> 24 !== 0x20 || input.sequence >>> 24 !== 0x80) return undefined;
  const bits = (BigInt(input.sequence & 0xff_ffff) << 24n) | BigInt(tx.locktime & 0xff_ffff);
  return Number(bits ^ factor);
}

const orZero = (amountSat: bigint): Sat => sat(amountSat > 0n ? amountSat : 0n);

const p2wshOutput = (kind: CommitmentOutput['kind'], amountSat: Sat, witnessScript: Uint8Array): CommitmentOutput => ({
  kind,
  amountSat,
  script: p2wsh(witnessScript),
  witnessScript,
});

/** Amount, script, then expiry; equal HTLCs keep the order of their ids (BOLT 3, "Transaction Output Ordering"). */
function inOutputOrder(a: CommitmentOutput, b: CommitmentOutput): number {
  if (a.amountSat !== b.amountSat) return a.amountSat < b.amountSat ? -1 : 1;
  const byScript = compare(a.script, b.script);
  if (byScript !== 0 || !a.htlc || !b.htlc) return byScript;
  return a.htlc.cltvExpiry - b.htlc.cltvExpiry || (a.htlc.id < b.htlc.id ? -1 : 1);
}

function htlcOutputs(params: CommitmentParams): CommitmentOutput[] {
  const scripts = htlcScripts(params.keys, params.channelType);
  const least = { offered: trimThresholdSat('offered', params), received: trimThresholdSat('received', params) };
  const outputs: CommitmentOutput[] = [];
  for (const htlc of params.htlcs) {
    const amountSat = floorSat(htlc.amountMsat);
    if (amountSat < least[htlc.direction]) continue;
    const witnessScript =
      htlc.direction === 'offered'
        ? scripts.offered(htlc.paymentHash)
        : scripts.received(htlc.paymentHash, htlc.cltvExpiry);
    outputs.push({ ...p2wshOutput(`${htlc.direction}_htlc`, amountSat, witnessScript), htlc });
  }
  return outputs;
}

/** BOLT 3, "to_remote Output". */
function toRemoteOutput({ channelType, keys }: CommitmentParams, amountSat: Sat): CommitmentOutput {
  return channelType === 'anchors'
    ? p2wshOutput('to_remote', amountSat, toRemoteAnchorsScript(keys.remotePaymentPubkey))
    : { kind: 'to_remote', amountSat, script: p2wpkh(keys.remotePaymentPubkey) };
}

/** Steps 2 to 9 of BOLT 3, "Commitment Transaction Construction". */
function commitmentOutputs(params: CommitmentParams, delayedScript: Uint8Array): CommitmentOutput[] {
  const { channelType, dustLimitSat, anchorPubkeys, ownerIsOpener } = params;
  // 2, 4, 5: HTLCs that are not trimmed
  const outputs = htlcOutputs(params);
  const hasHtlcs = outputs.length > 0;
  // 2, 3: the opener pays base fee and anchors, as far as the balance goes
  const costSat = commitmentFeeSat(channelType, params.feeratePerKw, outputs.length) + anchorsCostSat(channelType);
  const toLocalSat = orZero(params.toLocalMsat / 1000n - (ownerIsOpener ? costSat : 0n));
  const toRemoteSat = orZero(params.toRemoteMsat / 1000n - (ownerIsOpener ? 0n : costSat));
  // 6, 7: main outputs that are not dust; one of nothing is none, even under a dust limit of zero
  const hasToLocal = toLocalSat > 0n && toLocalSat >= dustLimitSat;
  const hasToRemote = toRemoteSat > 0n && toRemoteSat >= dustLimitSat;
  if (hasToLocal) outputs.push(p2wshOutput('to_local', toLocalSat, delayedScript));
  if (hasToRemote) outputs.push(toRemoteOutput(params, toRemoteSat));
  // 8: an anchor for everyone who has something in this transaction
  if (channelType === 'anchors') {
    if (hasToLocal || hasHtlcs)
      outputs.push(p2wshOutput('local_anchor', ANCHOR_SAT, anchorScript(anchorPubkeys.local)));
    if (hasToRemote || hasHtlcs)
      outputs.push(p2wshOutput('remote_anchor', ANCHOR_SAT, anchorScript(anchorPubkeys.remote)));
  }
  // 9
  return outputs.toSorted(inOutputOrder);
}

/**
 * The commitment transaction of one party and its HTLC transactions (BOLT 3, "Commitment Transaction Construction").
 * Hashes and HTLC transactions' bytes are made when they are first asked for. Never throws for balances: an opener who
 * cannot pay the whole fee is left with nothing, and when not even the anchors are covered the fee is 0 and the transaction
 * worthless; such states are refused before they come here.
 */
export function buildCommitment(params: CommitmentParams): Commitment {
  const { locktime, sequence } = obscured(params.commitmentNumber, params.obscuringFactor);
  const delayedScript = toLocalScript(params.keys, params.toSelfDelay);
  const outputs = commitmentOutputs(params, delayedScript);
  let paidSat = 0n;
  for (const { amountSat } of outputs) paidSat += amountSat;

  let parts: SingleInputTx | undefined;
  const partsOf = (): SingleInputTx =>
    (parts ??= {
      outPointBytes: outPointToBytes(params.fundingOutPoint),
      sequence,
      outputCount: outputs.length,
      outputBytes: serializeOutputs(outputs),
      locktime,
    });
  let idBytes: Uint8Array | undefined;
  const commitmentTxidBytes = (): Uint8Array => (idBytes ??= txidBytesOf(partsOf()));

  const htlcContext = {
    channelType: params.channelType,
    feeratePerKw: params.feeratePerKw,
    outputScript: p2wsh(delayedScript),
    commitmentTxidBytes,
  };
  const htlcs: HtlcTransaction[] = [];
  for (const [vout, { htlc, witnessScript, amountSat }] of outputs.entries()) {
    if (htlc && witnessScript) htlcs.push(htlcTransaction(htlcContext, { htlc, vout, witnessScript, amountSat }));
  }
  let txid: string | undefined;
  let sighash: Uint8Array | undefined;
  return {
    tx: {
      version: 2,
      inputs: [unsignedInput(params.fundingOutPoint, sequence)],
      outputs: outputs.map(({ amountSat, script }) => ({ amountSat, script })),
      locktime,
    },
    feeSat: orZero(params.capacitySat - paidSat),
    outputs,
    htlcs,
    get txid() {
      txid ??= txidFromBytes(commitmentTxidBytes());
      return txid;
    },
    get sighash() {
      const spent = { witnessScript: params.fundingScript, amountSat: params.capacitySat };
      sighash ??= singleInputSighash(partsOf(), spent, SIGHASH_ALL);
      return sighash;
    },
  };
}

/** Ready to be sent; both signatures compact, 64 bytes, local being that of the commitment's owner. */
export function signedCommitment(
  commitment: Pick<Commitment, 'tx'>,
  params: Pick<CommitmentParams, 'fundingScript' | 'anchorPubkeys'>,
  localSignature: Uint8Array,
  remoteSignature: Uint8Array,
): Tx {
  const witness = fundingWitness(
    params.fundingScript,
    { fundingPubkey: params.anchorPubkeys.local, signature: localSignature },
    { fundingPubkey: params.anchorPubkeys.remote, signature: remoteSignature },
  );
  return withWitness(commitment.tx, 0, witness);
}
