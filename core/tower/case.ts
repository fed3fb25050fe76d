import { type Codec, bytes32, decodeWith, encodeWith, flag, list16, optional, struct, text16, u16, u32, u8 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { type OutPoint, type Tx, decodeTx, encodeTx, outPointKey, txid } from '../bitcoin/transaction.ts';
import { toHex } from '../lib/bytes.ts';
import type { FeeratePerKw } from '../lib/units.ts';
import { type Justice, decodeJustice } from './justice.ts';
import { JUSTICE_FEERATES } from './make.ts';
import { type Rung, type Target, laterTargets, rungsOf, targetsOf } from './targets.ts';

/** Blocks on a spend after which no reorganisation is expected to take it back. */
export const RESOLVED_DEPTH = 6;

/** A confirmed spend of an output that the case is about. */
export interface CaseSpend {
  readonly outPoint: OutPoint;
  readonly txid: string;
  readonly rawTx: Uint8Array;
  readonly height: number;
}

/** Where the ladder stands for an output: which step was published last, and at which height. */
export interface Climb {
  readonly key: string;
  readonly rung: number;
  readonly height: number;
}

/** A revoked commitment that was published, until all of it is taken for good. */
export interface Case {
  readonly rawTx: Uint8Array;
  /** Undefined after a reorganisation took it back, until it confirms again. */
  readonly height: number | undefined;
  /** Plain texts of `Justice`. */
  readonly justices: readonly Uint8Array[];
  readonly spends: readonly CaseSpend[];
  readonly climbs: readonly Climb[];
  readonly isDone: boolean;
}

const outPoint = struct({ txid: text16, vout: u32 });
const codec: Codec<Case & { readonly format: number }> = struct({
  format: u8, rawTx: bytes32, height: optional(u32), justices: list16(bytes32),
  spends: list16(struct({ outPoint, txid: text16, rawTx: bytes32, height: u32 })), climbs: list16(struct({ key: text16, rung: u16, height: u32 })), isDone: flag,
}); // prettier-ignore

export const encodeCase = (value: Case): Uint8Array => encodeWith(codec, { ...value, format: 1 });
export function decodeCase(record: Uint8Array): Case {
  const { format: _, ...value } = decodeWith(codec, record);
  return value;
}

/** An output with the steps that a tower can take it at. */
interface Open {
  readonly key: string;
  readonly outPoint: OutPoint;
  readonly rungs: readonly Rung[];
}

/** Undefined for bytes that are no justice, or one that fits nothing of this transaction: anybody may send such. */
function usable(plain: Uint8Array, tx: Tx): Justice | undefined {
  try {
    const justice = decodeJustice(plain);
    return targetsOf(justice, tx).some((target, index) => rungsOf(justice, index, target, JUSTICE_FEERATES).length > 0) ? justice : undefined;
  } catch (error) {
    if (error instanceof DecodeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Undefined when none of the plain texts can take anything. */
export function openCase(tx: Tx, height: number, plains: readonly Uint8Array[]): Case | undefined {
  const justices = [...new Map(plains.map((plain) => [toHex(plain), plain])).values()].filter((plain) => usable(plain, tx));
  return justices.length === 0 ? undefined : { rawTx: encodeTx(tx), height, justices, spends: [], climbs: [], isDone: false };
}

const spendOf = (value: Case, key: string): CaseSpend | undefined => value.spends.find((spend) => outPointKey(spend.outPoint) === key);

/**
 * What there is to take, by output. A second stage counts from when the HTLC transaction is in a block: its delay leaves
 * time, and until then its fee should not climb.
 */
function openings(value: Case): readonly Open[] {
  const tx = decodeTx(value.rawTx);
  const id = txid(tx);
  const spenders = new Map(value.spends.filter((spend) => spend.outPoint.txid === id).map((spend) => [spend.txid, spend.rawTx]));
  const found = new Map<string, Open>();
  for (const justice of value.justices.map(decodeJustice)) {
    const first = targetsOf(justice, tx);
    const later = justice.proof.kind === 'own' ? [...spenders.values()].flatMap((raw) => laterTargets(justice, decodeTx(raw))) : [];
    for (const [index, target] of [...first, ...later].entries()) enter(found, { justice, index, target, exists: (txid) => txid === id || spenders.has(txid) });
  }
  return [...found.values()];
}

interface Candidate {
  readonly justice: Justice;
  readonly index: number;
  readonly target: Target;
  readonly exists: (txid: string) => boolean;
}

function enter(found: Map<string, Open>, { justice, index, target, exists }: Candidate): void {
  const { outPoint } = target.claim;
  const key = outPointKey(outPoint);
  if (found.has(key) || !exists(outPoint.txid)) return;
  const rungs = rungsOf(justice, index, target, JUSTICE_FEERATES);
  if (rungs.length > 0) found.set(key, { key, outPoint, rungs });
}

/** A block was added: `txs` are its transactions by id. The same case when nothing of it is in there. */
export function caseAfterBlock(value: Case, height: number, txs: ReadonlyMap<string, Tx>): Case {
  const id = txid(decodeTx(value.rawTx));
  const related = new Set([id, ...value.spends.map((spend) => spend.txid)]);
  const spends: CaseSpend[] = [];
  for (const [spender, tx] of txs) {
    for (const { txid: parent, vout } of tx.inputs) {
      // A child in the same block stands behind its parent.
      if (related.has(parent)) spends.push({ outPoint: { txid: parent, vout }, txid: spender, rawTx: encodeTx(tx), height });
    }
    if (spends.at(-1)?.txid === spender) related.add(spender);
  }
  const isHere = txs.has(id);
  if (spends.length === 0 && !isHere) return value;
  const fresh = new Set(spends.map((spend) => outPointKey(spend.outPoint)));
  const kept = value.spends.filter((spend) => !fresh.has(outPointKey(spend.outPoint)));
  return { ...value, height: isHere ? height : value.height, spends: [...kept, ...spends] };
}

/** Every block from `height` on was taken back. */
export function caseAfterReorg(value: Case, height: number): Case {
  const spends = value.spends.filter((spend) => spend.height < height);
  const isGone = value.height !== undefined && value.height >= height;
  if (!isGone && spends.length === value.spends.length) return value;
  return { ...value, height: isGone ? undefined : value.height, spends, isDone: false };
}

export interface Publication {
  readonly key: string;
  readonly rawTx: Uint8Array;
  readonly feeratePerKw: FeeratePerKw;
  /** Whether there is a higher step for when the network finds this one too low. */
  readonly canClimb: boolean;
}

/** A step higher with every block, never lower; it starts at what the estimate wants. */
function nextRung({ rungs }: Open, last: Climb | undefined, tipHeight: number, estimatePerKw: number): number {
  const top = rungs.length - 1;
  if (last) return Math.min(last.height === tipHeight ? last.rung : last.rung + 1, top);
  const enough = rungs.findIndex(({ feeratePerKw }) => feeratePerKw >= estimatePerKw);
  return enough < 0 ? top : enough;
}

/** What to publish now, all of it, also what is in mempools already: one transaction an output. */
export function publications(value: Case, tipHeight: number, estimatePerKw: number): readonly [Case, readonly Publication[]] {
  // Taken back by a reorganisation: when it confirms again, its block tells.
  if (value.height === undefined) return [value, []];
  const published: Publication[] = [];
  const climbs = new Map(value.climbs.map((climb) => [climb.key, climb]));
  for (const open of openings(value)) {
    if (spendOf(value, open.key)) continue;
    const rung = nextRung(open, climbs.get(open.key), tipHeight, estimatePerKw);
    const { rawTx, feeratePerKw } = open.rungs[rung]!;
    climbs.set(open.key, { key: open.key, rung, height: tipHeight });
    published.push({ key: open.key, rawTx, feeratePerKw, canClimb: rung < open.rungs.length - 1 });
  }
  return [published.length === 0 ? value : { ...value, climbs: [...climbs.values()] }, published];
}

/** The network wants more for this output than it was offered. */
export const climbed = (value: Case, key: string): Case => ({
  ...value,
  climbs: value.climbs.map((climb) => (climb.key === key ? { ...climb, rung: climb.rung + 1 } : climb)),
});

/** Everything that could be taken is spent, by whomever, and deep. */
export function isResolved(value: Case, tipHeight: number): boolean {
  const isDeep = (height: number | undefined): boolean => height !== undefined && tipHeight - height + 1 >= RESOLVED_DEPTH;
  return isDeep(value.height) && value.spends.every((spend) => isDeep(spend.height)) && openings(value).every(({ key }) => isDeep(spendOf(value, key)?.height));
}
