import { DecodeError } from '../codec/reader.ts';
import { decodeTx, txidBytes, type Tx, encodeTx } from '../bitcoin/transaction.ts';
import { hash256 } from '../crypto/hash.ts';
import { concat, equal } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';

/** A block of 1 000 000 bytes without witnesses holds at most 16 666 transactions of 60 bytes: 15 levels. */
export const MAX_MERKLE_DEPTH = 15;
const AMBIGUOUS_BYTES = 64;

export type MerkleErrorCode = 'depth' | 'position' | 'ambiguous_transaction' | 'inner_transaction' | 'duplicate_sibling' | 'root';

export interface MerkleClaim {
  readonly tx: Tx;
  /** Its id, checked by the caller against `tx`. */
  readonly txid: string;
  readonly txIndex: number;
  /** Wire order, from the bottom up. */
  readonly branch: readonly Uint8Array[];
  /** Wire order, of a checked header. */
  readonly merkleRoot: Uint8Array;
}

/** Whether a transaction stands at that place of that block. */
export function verifyMerkleBranch({ tx, txid, txIndex, branch, merkleRoot }: MerkleClaim): Result<undefined, MerkleErrorCode> {
  if (branch.length > MAX_MERKLE_DEPTH || branch.some((sibling) => sibling.length !== 32)) return err('depth');
  if (!Number.isSafeInteger(txIndex) || txIndex < 0 || txIndex >= 2 ** branch.length) return err('position');
  // CVE-2017-12842: 64 bytes can be read as a transaction and as an inner node, so one may pose as the other.
  if (strippedLength(tx) === AMBIGUOUS_BYTES) return err('ambiguous_transaction');
  let node: Uint8Array = txidBytes(txid);
  let isLast = false;
  for (const [level, sibling] of branch.entries()) {
    const isRight = ((txIndex >> level) & 1) === 1;
    const same = equal(sibling, node);
    // CVE-2012-2459: a row of odd length repeats its last node, so a node may equal its right sibling, and then stands
    // last in every row above; as the right one of equal siblings it would be the repetition, which is no transaction.
    if (same ? isRight : isLast && !isRight) return err('duplicate_sibling');
    if (same) isLast = true;
    const inner = isRight ? concat(sibling, node) : concat(node, sibling);
    if (isTransaction(inner)) return err('inner_transaction');
    node = hash256(inner);
  }
  return equal(node, merkleRoot) ? ok(undefined) : err('root');
}

/**
 * Root over all transaction ids of a block (wire order); `duplicate_sibling` when two different places hold equal nodes,
 * by which the same root would stand for another list (CVE-2012-2459).
 */
export function merkleRootOf(txids: readonly Uint8Array[]): Result<Uint8Array, 'empty' | 'duplicate_sibling'> {
  let row = txids;
  if (row.length === 0) return err('empty');
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) {
      const left = row[i]!;
      const right = row[i + 1];
      if (right && equal(left, right)) return err('duplicate_sibling');
      above.push(hash256(concat(left, right ?? left)));
    }
    row = above;
  }
  return ok(row[0]!);
}

function strippedLength(tx: Tx): number {
  return encodeTx({ ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness: [] })) }).length;
}

function isTransaction(inner: Uint8Array): boolean {
  try {
    const tx = decodeTx(inner);
    return tx.inputs.length > 0 && tx.outputs.length > 0;
  } catch (e) {
    if (e instanceof DecodeError) return false;
    throw e;
  }
}
