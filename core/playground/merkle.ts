/** Merkle trees as Bitcoin builds them: an odd row repeats its last hash. All hashes in display order. */
import { doubleSha256 } from './raw-tx.ts';

const wire = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse();
const shown = (hash: Buffer): string => Buffer.from(hash).reverse().toString('hex');

export interface MerkleProof {
  readonly branch: readonly string[];
  readonly root: string;
}

/** The siblings from the leaf at `pos` up to the root. */
export function merkleProof(leaves: readonly string[], pos: number): MerkleProof {
  const branch: string[] = [];
  let row = leaves.map(wire);
  for (let at = pos; row.length > 1; at >>= 1) {
    if (row.length % 2 === 1) row.push(row.at(-1)!);
    branch.push(shown(row[at ^ 1]!));
    row = Array.from({ length: row.length / 2 }, (_, i) => doubleSha256(Buffer.concat([row[2 * i]!, row[2 * i + 1]!])));
  }
  return { branch, root: shown(row[0]!) };
}
