import * as curve from '@noble/secp256k1';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';

/*
 * Commitment and HTLC transactions of BOLT 3 written a second time, from its text, with the curve library alone. It
 * shares nothing with core/, so that a mistake there cannot hide here.
 */

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

function littleEndian(value: bigint | number, bytes: number): number[] {
  let rest = BigInt(value);
  return Array.from({ length: bytes }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}
const size = (length: number): number[] => (length < 253 ? [length] : [253, ...littleEndian(length, 2)]);
const push = (data: Uint8Array): Uint8Array => join([data.length], data);
const sizedBytes = (data: Uint8Array): Uint8Array => join(size(data.length), data);
const twice = (data: Uint8Array): Uint8Array => sha256(sha256(data));

function pushNumber(value: number): Uint8Array {
  if (value === 0) return Uint8Array.of(0);
  if (value <= 16) return Uint8Array.of(0x50 + value);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  if (bytes.at(-1)! >= 128) bytes.push(0);
  return push(Uint8Array.from(bytes));
}

const number = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes)}`);
const pointOf = (bytes: Uint8Array): curve.Point => curve.Point.fromBytes(bytes);
export const pointOfSecret = (secret: Uint8Array): Uint8Array => curve.getPublicKey(secret);

/** Base point plus the hash of commitment point and base point as a scalar. */
const derived = (base: Uint8Array, point: Uint8Array): Uint8Array =>
  pointOf(base).add(curve.Point.BASE.multiply(number(sha256(join(point, base))))).toBytes();
const revocationKey = (base: Uint8Array, point: Uint8Array): Uint8Array =>
  pointOf(base)
    .multiply(number(sha256(join(base, point))))
    .add(pointOf(point).multiply(number(sha256(join(point, base)))))
    .toBytes();

export const signatureFits = (signature: Uint8Array, hash: Uint8Array, key: Uint8Array): boolean =>
  curve.verify(signature, hash, key, { prehash: false });

const p2wsh = (witnessScript: Uint8Array): Uint8Array => join([0, 32], sha256(witnessScript));
const hash160 = (data: Uint8Array): Uint8Array => ripemd160(sha256(data));

const order = (a: Uint8Array, b: Uint8Array): number => {
  const [x, y] = [hex(a), hex(b)];
  return x < y ? -1 : x > y ? 1 : 0;
};

export const fundingWitnessScript = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const [first, second] = order(a, b) < 0 ? [a, b] : [b, a];
  return join([0x52], push(first), push(second), [0x52, 0xae]);
};

const delayedScript = (revocation: Uint8Array, delayed: Uint8Array, delay: number): Uint8Array =>
  join([0x63], push(revocation), [0x67], pushNumber(delay), [0xb2, 0x75], push(delayed), [0x68, 0xac]);
const anchorWitnessScript = (key: Uint8Array): Uint8Array => join(push(key), [0xac, 0x73, 0x64, 0x60, 0xb2, 0x68]);

interface HtlcKeys {
  readonly revocation: Uint8Array;
  readonly own: Uint8Array;
  readonly other: Uint8Array;
}

function htlcWitnessScript(htlc: SecondHtlc, keys: HtlcKeys, anchors: boolean): Uint8Array {
  const hash = push(ripemd160(htlc.paymentHash));
  const head = join([0x76, 0xa9], push(hash160(keys.revocation)), [0x87, 0x63, 0xac, 0x67], push(keys.other), [0x7c, 0x82, 0x01, 0x20, 0x87]);
  const body = htlc.byOwner
    ? join([0x64, 0x75, 0x52, 0x7c], push(keys.own), [0x52, 0xae, 0x67, 0xa9], hash, [0x88, 0xac, 0x68])
    : join([0x63, 0xa9], hash, [0x88, 0x52, 0x7c], push(keys.own), [0x52, 0xae, 0x67, 0x75], pushNumber(htlc.cltvExpiry), [0xb1, 0x75, 0xac, 0x68]);
  return join(head, body, anchors ? [0x51, 0xb2, 0x75, 0x68] : [0x68]);
}

export interface SecondHtlc {
  /** Offered by the owner of the commitment. */
  readonly byOwner: boolean;
  readonly id: bigint;
  readonly amountMsat: bigint;
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
}

/** What one side announced at the opening. */
export interface SecondTerms {
  readonly dustLimitSat: bigint;
  /** How long the other side waits. */
  readonly toSelfDelay: number;
  readonly funding: Uint8Array;
  readonly revocation: Uint8Array;
  readonly payment: Uint8Array;
  readonly delayed: Uint8Array;
  readonly htlc: Uint8Array;
}

export interface SecondParams {
  readonly anchors: boolean;
  readonly capacitySat: bigint;
  readonly fundingTxid: Uint8Array;
  readonly fundingOutputIndex: number;
  readonly owner: SecondTerms;
  readonly other: SecondTerms;
  readonly ownerIsOpener: boolean;
  readonly number: bigint;
  readonly point: Uint8Array;
  readonly feeratePerKw: number;
  readonly ownerMsat: bigint;
  readonly otherMsat: bigint;
  readonly htlcs: readonly SecondHtlc[];
}

export interface SecondOutput {
  readonly kind: 'to_local' | 'to_remote' | 'local_anchor' | 'remote_anchor' | 'htlc';
  readonly amountSat: bigint;
  readonly script: Uint8Array;
  readonly htlc?: SecondHtlc;
  readonly witnessScript?: Uint8Array;
}

export interface SecondCommitment {
  readonly txid: string;
  readonly serialized: Uint8Array;
  readonly outputs: readonly SecondOutput[];
  readonly baseFeeSat: bigint;
  readonly trimmed: readonly SecondHtlc[];
  readonly sighash: Uint8Array;
  /** In the order of the outputs, with the key that must have signed. */
  readonly htlcSighashes: readonly { readonly hash: Uint8Array; readonly key: Uint8Array }[];
}

const HTLC_TIMEOUT_WEIGHT = 663n;
const HTLC_SUCCESS_WEIGHT = 703n;
const ANCHOR_SAT = 330n;

/** Below this many satoshi the HTLC has no output. */
export const trimThreshold = (dustLimitSat: bigint, feeratePerKw: number, byOwner: boolean, anchors: boolean): bigint =>
  dustLimitSat + (anchors ? 0n : ((byOwner ? HTLC_TIMEOUT_WEIGHT : HTLC_SUCCESS_WEIGHT) * BigInt(feeratePerKw)) / 1000n);

const serialize = (input: Uint8Array, outputs: readonly { readonly amountSat: bigint; readonly script: Uint8Array }[], locktime: number): Uint8Array =>
  join(littleEndian(2, 4), [1], input, size(outputs.length), ...outputs.map((output) => join(littleEndian(output.amountSat, 8), sizedBytes(output.script))), littleEndian(locktime, 4));

interface Spend {
  readonly outPoint: Uint8Array;
  readonly sequence: number;
  readonly witnessScript: Uint8Array;
  readonly amountSat: bigint;
}

/** BIP 143 for a transaction with one input; `single` is SINGLE | ANYONECANPAY. */
function sighashOf(spend: Spend, outputs: readonly { readonly amountSat: bigint; readonly script: Uint8Array }[], locktime: number, single: boolean): Uint8Array {
  const sequence = littleEndian(spend.sequence, 4);
  const zero = new Uint8Array(32);
  const outputBytes = join(...outputs.map((output) => join(littleEndian(output.amountSat, 8), sizedBytes(output.script))));
  return twice(
    join(
      littleEndian(2, 4), single ? zero : twice(spend.outPoint), single ? zero : twice(Uint8Array.from(sequence)), spend.outPoint,
      sizedBytes(spend.witnessScript), littleEndian(spend.amountSat, 8), sequence, twice(outputBytes), littleEndian(locktime, 4),
      littleEndian(single ? 0x83 : 1, 4),
    ),
  ); // prettier-ignore
}

export function secondCommitment(params: SecondParams): SecondCommitment {
  const { anchors, owner, other, point, feeratePerKw, ownerIsOpener } = params;
  const revocation = revocationKey(other.revocation, point);
  const keys: HtlcKeys = { revocation, own: derived(owner.htlc, point), other: derived(other.htlc, point) };
  const delayed = delayedScript(revocation, derived(owner.delayed, point), other.toSelfDelay);

  const outputs: SecondOutput[] = [];
  const trimmed: SecondHtlc[] = [];
  for (const htlc of params.htlcs) {
    const amountSat = htlc.amountMsat / 1000n;
    if (amountSat < trimThreshold(owner.dustLimitSat, feeratePerKw, htlc.byOwner, anchors)) trimmed.push(htlc);
    else {
      const witnessScript = htlcWitnessScript(htlc, keys, anchors);
      outputs.push({ kind: 'htlc', amountSat, script: p2wsh(witnessScript), htlc, witnessScript });
    }
  }
  const weight = BigInt((anchors ? 1124 : 724) + 172 * outputs.length);
  const baseFeeSat = (weight * BigInt(feeratePerKw)) / 1000n;
  const cost = baseFeeSat + (anchors ? 2n * ANCHOR_SAT : 0n);
  const least0 = (amount: bigint): bigint => (amount < 0n ? 0n : amount);
  const toLocal = least0(params.ownerMsat / 1000n - (ownerIsOpener ? cost : 0n));
  const toRemote = least0(params.otherMsat / 1000n - (ownerIsOpener ? 0n : cost));
  const anyHtlc = outputs.length > 0;
  const hasLocal = toLocal >= owner.dustLimitSat;
  const hasRemote = toRemote >= owner.dustLimitSat;
  if (hasLocal) outputs.push({ kind: 'to_local', amountSat: toLocal, script: p2wsh(delayed) });
  if (hasRemote) {
    const script = anchors ? p2wsh(join(push(other.payment), [0xad, 0x51, 0xb2])) : join([0, 20], hash160(other.payment));
    outputs.push({ kind: 'to_remote', amountSat: toRemote, script });
  }
  if (anchors && (hasLocal || anyHtlc)) outputs.push({ kind: 'local_anchor', amountSat: ANCHOR_SAT, script: p2wsh(anchorWitnessScript(owner.funding)) });
  if (anchors && (hasRemote || anyHtlc)) outputs.push({ kind: 'remote_anchor', amountSat: ANCHOR_SAT, script: p2wsh(anchorWitnessScript(other.funding)) });
  outputs.sort(
    (a, b) =>
      Number(a.amountSat - b.amountSat) || order(a.script, b.script) || (a.htlc?.cltvExpiry ?? 0) - (b.htlc?.cltvExpiry ?? 0) ||
      Number((a.htlc?.id ?? 0n) - (b.htlc?.id ?? 0n)),
  ); // prettier-ignore

  const [opener, accepter] = ownerIsOpener ? [owner, other] : [other, owner];
  const obscured = params.number ^ number(sha256(join(opener.payment, accepter.payment)).subarray(26));
  const sequence = 0x80000000 + Number(obscured >> 24n);
  const locktime = 0x20000000 + Number(obscured & 0xffffffn);
  const outPoint = join(params.fundingTxid, littleEndian(params.fundingOutputIndex, 4));
  const serialized = serialize(join(outPoint, [0], littleEndian(sequence, 4)), outputs, locktime);
  const id = twice(serialized);
  const funding = fundingWitnessScript(owner.funding, other.funding);
  const htlcSighashes = outputs.flatMap(({ htlc, witnessScript, amountSat }, vout) => {
    if (!htlc || !witnessScript) return [];
    const weightOfKind = htlc.byOwner ? HTLC_TIMEOUT_WEIGHT : HTLC_SUCCESS_WEIGHT;
    const fee = anchors ? 0n : (weightOfKind * BigInt(feeratePerKw)) / 1000n;
    const spend: Spend = { outPoint: join(id, littleEndian(vout, 4)), sequence: anchors ? 1 : 0, witnessScript, amountSat };
    const hash = sighashOf(spend, [{ amountSat: amountSat - fee, script: p2wsh(delayed) }], htlc.byOwner ? htlc.cltvExpiry : 0, anchors);
    return [{ hash, key: keys.other }];
  });
  return {
    txid: hex(id.slice().reverse()), serialized, outputs, baseFeeSat, trimmed, htlcSighashes,
    sighash: sighashOf({ outPoint, sequence, witnessScript: funding, amountSat: params.capacitySat }, outputs, locktime, false),
  }; // prettier-ignore
}
