import { describe, expect, it } from 'vitest';
import { decodeTx, encodeTx, txid as txidOf, txidBytes, type Tx } from '../../../core/bitcoin/transaction.ts';
import { hash256 } from '../../../core/crypto/hash.ts';
import { merkleRootOf, verifyMerkleBranch } from '../../../core/chain/merkle.ts';
import { merkleProof } from '../../../core/playground/merkle.ts';
import { concat, fromHex, reversed } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';

const makeTx = (n: number, script = new Uint8Array(22).fill(n)): Tx => ({
  version: 2, locktime: n,
  inputs: [{ txid: n.toString(16).padStart(64, '0'), vout: n, scriptSig: new Uint8Array(0), sequence: 0, witness: [] }],
  outputs: [{ amountSat: sat(1000n), script }],
}); // prettier-ignore

const claimOf = (txs: readonly Tx[], txIndex: number) => {
  const { branch, root } = merkleProof(txs.map(txidOf), txIndex);
  const tx = txs[txIndex]!;
  return { tx, txid: txidOf(tx), txIndex, branch: branch.map((hash) => reversed(fromHex(hash))), merkleRoot: reversed(fromHex(root)) };
};

describe('Merkle proofs', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 11, 16, 33])('of every place in a block of %i', (size) => {
    const txs = Array.from({ length: size }, (_, n) => makeTx(n));
    for (let i = 0; i < size; i++) {
      const claim = claimOf(txs, i);
      expect(verifyMerkleBranch(claim)).toEqual({ ok: true, value: undefined });
      expect(merkleRootOf(txs.map((tx) => txidBytes(txidOf(tx))))).toEqual({ ok: true, value: claim.merkleRoot });
      const places = Array.from({ length: 2 ** claim.branch.length }, (_, place) => place);
      expect(places.filter((txIndex) => verifyMerkleBranch({ ...claim, txIndex }).ok)).toEqual([i]);
    }
  });

  it('refuses what leads elsewhere, is too deep or stands outside', () => {
    const claim = claimOf(Array.from({ length: 6 }, (_, n) => makeTx(n)), 2);
    const flipped = claim.branch.map((hash, i) => (i === 1 ? hash.map((byte) => byte ^ 1) : hash));
    expect(verifyMerkleBranch({ ...claim, branch: flipped })).toEqual({ ok: false, error: 'root' });
    expect(verifyMerkleBranch({ ...claim, branch: claim.branch.slice(1), txIndex: 1 })).toEqual({ ok: false, error: 'root' });
    expect(verifyMerkleBranch({ ...claim, txIndex: 8 })).toEqual({ ok: false, error: 'position' });
    expect(verifyMerkleBranch({ ...claim, txIndex: -1 })).toEqual({ ok: false, error: 'position' });
    expect(verifyMerkleBranch({ ...claim, branch: Array.from({ length: 16 }, () => new Uint8Array(32)) })).toEqual({ ok: false, error: 'depth' });
    expect(verifyMerkleBranch({ ...claim, branch: [new Uint8Array(31)] })).toEqual({ ok: false, error: 'depth' });
  });

  // A script of 4 bytes makes a transaction of exactly 64: 4 + 1 + 41 + 1 + 9 + 4 + 4.
  it('refuses a transaction of 64 bytes, which may be an inner node (CVE-2017-12842)', () => {
    const ambiguous = makeTx(1, new Uint8Array(4));
    expect(encodeTx(ambiguous).length).toBe(64);
    expect(verifyMerkleBranch(claimOf([makeTx(0), ambiguous], 1))).toEqual({ ok: false, error: 'ambiguous_transaction' });
  });

  it('refuses a proof that goes through a 64-byte transaction as if it were an inner node (CVE-2017-12842)', () => {
    // The attacker mines T of 64 bytes whose right half is the id of a transaction that is in no block. Grinding such an id
    // is the attacker's work; here the halves of T are given as they are, since the id is the caller's to check.
    const fake = makeTx(99);
    const bytes = encodeTx(makeTx(1, new Uint8Array(4)));
    const left = bytes.subarray(0, 32);
    const right = bytes.subarray(32);
    expect(decodeTx(concat(left, right)).outputs.length).toBe(1);
    const claim = { tx: fake, txid: Buffer.from(reversed(right)).toString('hex'), txIndex: 1, branch: [left], merkleRoot: hash256(bytes) };
    expect(verifyMerkleBranch(claim)).toEqual({ ok: false, error: 'inner_transaction' });
  });

  it('refuses the repeated copy of a last transaction (CVE-2012-2459)', () => {
    const txs = Array.from({ length: 3 }, (_, n) => makeTx(n));
    const claim = claimOf(txs, 2);
    expect(claim.branch[0]).toEqual(txidBytes(claim.txid));
    expect(verifyMerkleBranch(claim).ok).toBe(true);
    expect(verifyMerkleBranch({ ...claim, txIndex: 3 })).toEqual({ ok: false, error: 'duplicate_sibling' });
    const five = claimOf(Array.from({ length: 5 }, (_, n) => makeTx(n)), 4);
    expect(verifyMerkleBranch(five).ok).toBe(true);
    for (const txIndex of [5, 6, 7]) expect(verifyMerkleBranch({ ...five, txIndex })).toEqual({ ok: false, error: 'duplicate_sibling' });
  });

  it('a block that repeats transactions has no root of its own (CVE-2012-2459)', () => {
    const ids = [1, 2, 3].map((n) => txidBytes(txidOf(makeTx(n))));
    expect(merkleRootOf(ids).ok).toBe(true);
    expect(merkleRootOf([...ids, ids[2]!])).toEqual({ ok: false, error: 'duplicate_sibling' });
    const six = [1, 2, 3, 4, 5, 6].map((n) => txidBytes(txidOf(makeTx(n))));
    expect(merkleRootOf([...six, six[4]!, six[5]!])).toEqual({ ok: false, error: 'duplicate_sibling' });
    expect(merkleRootOf([])).toEqual({ ok: false, error: 'empty' });
  });
});
